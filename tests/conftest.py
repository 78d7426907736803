"""Fixtures: every test of the ledger runs on real SQLite and on real PostgreSQL."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.city import Bench
from tests.support.databases import postgresql_ledger, postgresql_url, sqlite_ledger, sqlite_url, stop_servers

SERVER_FOLDER = "BELLWETHER_TEST_SERVER_FOLDER"


def pytest_configure(config: pytest.Config) -> None:
    """Make a folder for the servers that all test processes of this run share."""
    if not hasattr(config, "workerinput"):
        os.environ[SERVER_FOLDER] = tempfile.mkdtemp(prefix="bellwether-servers-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop each server when the last process that used it is done, and leave nothing behind."""
    stop_servers()
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ[SERVER_FOLDER], ignore_errors=True)


@pytest.fixture(scope="session")
def server_folder() -> Path:
    """Return the folder of the PostgreSQL server that all test processes of one run share."""
    return Path(os.environ[SERVER_FOLDER]) / "server"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path, server_folder: Path) -> str:
    """Return the URL of a database without any schema."""
    return sqlite_url(tmp_path) if request.param == "sqlite" else postgresql_url(server_folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, server_folder: Path) -> str:
    """Return the URL of a ledger with no partnership."""
    return sqlite_ledger(tmp_path) if request.param == "sqlite" else postgresql_ledger(server_folder)


@pytest.fixture
def bench(database_url: str) -> Iterator[Bench]:
    """Return a ledger to work at."""
    made = Bench(database_url)
    yield made
    made.engine.dispose()
