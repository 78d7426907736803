"""A store that is away for a while: its file is gone, or its server lets nobody in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from infra.db.engine import make_engine
from infra.db.ledger import SqlLedger
from tests.support.city import Bench


def impatient(url: str, timeout_s: float) -> Bench:
    """Return a bench that waits for a locked ledger no longer than that."""
    bench = Bench(url)
    bench.engine.dispose()
    bench.engine = make_engine(url, timeout_s)
    bench.ledger = SqlLedger(bench.engine, bench.clock)
    bench.ledger.refresh()
    return bench


@contextmanager
def store_away(bench: Bench) -> Iterator[None]:
    """Have nobody reach the store within the block."""
    if bench.engine.dialect.name == "sqlite":
        with _without_file(bench, Path(bench.url.removeprefix("sqlite:///"))):
            yield
    else:
        with _closed_to_all(bench):
            yield


@contextmanager
def _without_file(bench: Bench, file: Path) -> Iterator[None]:
    bench.engine.dispose()
    put_away = file.rename(file.with_suffix(".away"))
    file.mkdir()
    try:
        yield
    finally:
        file.rmdir()
        put_away.rename(file)


@contextmanager
def _closed_to_all(bench: Bench) -> Iterator[None]:
    url = make_url(bench.url)
    server = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    name = sql.Identifier(url.database or "")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [url.database])
        try:
            yield
        finally:
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
