"""Fixtures: every test of the ledger runs on real SQLite and on real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.city import Bench
from tests.support.databases import postgresql_url, set_up, sqlite_url


@pytest.fixture(scope="session")
def server_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return the folder of the PostgreSQL server that all test processes of one run share."""
    base = tmp_path_factory.getbasetemp()
    return (base if worker_id == "master" else base.parent) / "postgresql"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path, server_folder: Path) -> str:
    """Return the URL of a database without any schema."""
    return sqlite_url(tmp_path) if request.param == "sqlite" else postgresql_url(server_folder)


@pytest.fixture
def database_url(empty_url: str) -> str:
    """Return the URL of a ledger with no partnership."""
    set_up(empty_url)
    return empty_url


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    """Return a ledger to work at."""
    made = Bench(database_url)
    yield made
    made.engine.dispose()
