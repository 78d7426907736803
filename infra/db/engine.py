"""Engines and transactions, and what the database's errors mean to us."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from streams.ports import StoreUnavailableError

T = TypeVar("T")

CACHE_KIB = 65_536
CHECKPOINT_PAGES = 16_384
"""SQLite copies its write-ahead log back once it has grown by so many pages of 4 KiB: seldom, since it takes long."""
LOCK_POLL_S = 0.001
CONNECTIONS = 16
REPEATS = 20
REPEAT_WAIT_S = 0.005
REPEAT_STATES = {"40001", "40P01"}

_SQLITE_FAULTS = {
    "locked": ("store-busy", "another process holds the ledger; try again, or end that process"),
    "busy": ("store-busy", "another process holds the ledger; try again, or end that process"),
    "disk is full": ("store-full", "the disk is full; make room, then run the same command again"),
    "readonly": ("store-read-only", "the ledger's file or folder cannot be written; check its owner and rights"),
    "unable to open": ("store-unreachable", "the ledger's file cannot be opened; check that its folder exists"),
    "disk i/o": ("store-io", "the disk refused a read or write; make room or check it, then run the command again"),
    "malformed": ("store-damaged", "the ledger's file is damaged; restore it from a backup"),
    "not a database": ("store-damaged", "this file is not a ledger; name another one"),
    "no such table": ("store-schema", "run `bellwether db upgrade` first"),
    "no such column": ("store-schema", "run `bellwether db upgrade` first"),
}
_POSTGRESQL_FAULTS = {
    "42P01": ("store-schema", "run `bellwether db upgrade` first"),
    "42703": ("store-schema", "run `bellwether db upgrade` first"),
    "53100": ("store-full", "the database's disk is full; make room, then run the same command again"),
    "25006": ("store-read-only", "the database takes no writes; name the primary server"),
}


def make_engine(url: str, timeout_s: float, *, must_exist: bool = False) -> Engine:
    """Return an engine for a ledger on SQLite or PostgreSQL.

    Raises StoreUnavailableError for any other URL, and for a SQLite file that `must_exist` and does not.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreUnavailableError(
            "store-url", "the database URL cannot be read; see BELLWETHER_DATABASE_URL"
        ) from None
    if parsed.get_backend_name() == "sqlite":
        if must_exist and parsed.database and not Path(parsed.database).exists():
            raise StoreUnavailableError(
                "store-schema", "there is no ledger there yet; run `bellwether db upgrade` first"
            )
        return _sqlite_engine(url, timeout_s)
    if parsed.drivername == "postgresql+psycopg":
        return _postgresql_engine(url, timeout_s)
    raise StoreUnavailableError("store-url", "use sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME")


@contextmanager
def transaction(engine: Engine, *, write: bool) -> Iterator[Connection]:
    """Run a block in one transaction: the writer's on SQLite if `write`, else a snapshot of what is committed.

    Raises StoreUnavailableError where the database cannot be used.
    """
    with _explained(), engine.connect() as connection:
        connection.execution_options(ledger_write=write)
        with connection.begin():
            yield connection


def repeat_where_asked(work: Callable[[], T]) -> T:
    """Run a unit, again from its start where PostgreSQL asks for it (40001, 40P01). Raises StoreUnavailableError."""
    for attempt in range(1, REPEATS + 1):
        try:
            return work()
        except (DBAPIError, psycopg.Error) as error:
            said = error.orig if isinstance(error, DBAPIError) else error
            if getattr(said, "sqlstate", None) not in REPEAT_STATES:
                raise
            time.sleep(REPEAT_WAIT_S * attempt)
    raise StoreUnavailableError("store-contended", f"a unit had to be repeated {REPEATS} times; try again later")


def _sqlite_engine(url: str, timeout_s: float) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=CONNECTIONS,
        pool_timeout=timeout_s,
        connect_args={"check_same_thread": False, "isolation_level": None, "timeout": 0, "cached_statements": 256},
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: Any) -> None:
        _wait_for_lock(lambda: connection.execute("PRAGMA journal_mode = WAL"), timeout_s)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        raw = cast("sqlite3.Connection", connection.connection.driver_connection)
        if connection.get_execution_options().get("ledger_write"):
            _wait_for_lock(lambda: raw.execute("BEGIN IMMEDIATE"), timeout_s)
        else:
            raw.execute("BEGIN")

    return engine


def _postgresql_engine(url: str, timeout_s: float) -> Engine:
    engine = create_engine(
        url,
        pool_size=CONNECTIONS,
        pool_timeout=timeout_s,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": max(1, int(timeout_s)),
            "options": f"-c lock_timeout={int(timeout_s * 1000)} {_NO_COMPILING}",
        },
    )

    @event.listens_for(engine, "connect")
    def configure(connection: psycopg.Connection[Any], _record: Any) -> None:
        for statement in _TEMPORARY_TABLES:
            connection.execute(statement)
        connection.commit()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not connection.get_execution_options().get("ledger_write"):
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    return engine


_NO_COMPILING = "-c jit=off"
"""Where a PostgreSQL can compile statements it would do so by its guess of the cost, which is far off for counts."""

_TEMPORARY_TABLES = (
    "CREATE TEMPORARY TABLE incoming_event (source integer, id text, type text, place integer, digest bytea,"
    " body bytea) ON COMMIT DELETE ROWS",
    "CREATE TEMPORARY TABLE incoming_count_day (series integer, day integer, area integer, n integer)"
    " ON COMMIT DELETE ROWS",
    "CREATE TEMPORARY TABLE incoming_triangle (series integer, day integer, area integer, known_day integer,"
    " n integer) ON COMMIT DELETE ROWS",
)


def _wait_for_lock(action: Callable[[], object], timeout_s: float) -> None:
    """Try until SQLite lets us, asking every millisecond: its own waiting backs off to a tenth of a second."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            action()
            return
        except sqlite3.OperationalError as error:
            if ("locked" not in str(error) and "busy" not in str(error)) or time.monotonic() > deadline:
                raise
            time.sleep(LOCK_POLL_S)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn the database's way of saying that it cannot be used into ours."""
    try:
        yield
    except PoolTimeoutError:
        raise StoreUnavailableError("store-busy", "no connection came free in time; try again later") from None
    except DBAPIError as error:
        if (fault := _fault(error.orig)) is not None:
            raise StoreUnavailableError(*fault) from error
        raise
    except (sqlite3.DatabaseError, psycopg.Error) as error:  # what goes past SQLAlchemy, as COPY does
        if (fault := _fault(error)) is not None:
            raise StoreUnavailableError(*fault) from error
        raise


def _fault(error: BaseException | None) -> tuple[str, str] | None:
    if isinstance(error, sqlite3.Error):
        said = str(error).lower()
        return next((fault for sign, fault in _SQLITE_FAULTS.items() if sign in said), None)
    state = getattr(error, "sqlstate", None)
    if state in _POSTGRESQL_FAULTS:
        return _POSTGRESQL_FAULTS[state]
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and state not in REPEAT_STATES:
        return ("store-unreachable", "the database does not answer; check that it runs and can be reached")
    return None
