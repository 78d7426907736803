"""The least that an API can do: a bare FastAPI route that inserts one row into SQLite, each with a commit of its own.

`python -m tests.bench.bare_app STORE PORT` serves it with the settings of our own server until it is told to stop.
"""

import sqlite3
import sys
import threading
from typing import Any

import orjson
from fastapi import FastAPI

from infra.cli.listening import Listener
from infra.cli.works import stop_on_signals
from tests.system.posting import LOOPBACK


def bare_app(store: str) -> FastAPI:
    """Return an app with the one route."""
    connection = sqlite3.connect(store, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE row (number INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    alone = threading.Lock()
    app = FastAPI()

    @app.post("/rows", status_code=202)
    def insert(body: dict[str, Any]) -> dict[str, int]:
        with alone:
            done = connection.execute("INSERT INTO row (body) VALUES (?)", (orjson.dumps(body),))
        return {"number": done.lastrowid or 0}

    return app


def main(store: str, port: str) -> None:
    """Serve until told to stop."""
    stop = threading.Event()
    stop_on_signals(stop)
    Listener(bare_app(store), LOOPBACK, int(port)).run(stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
