"""`import events` from end to end, as a user runs it: intake, aggregate and all roll-ups, in two processes.

Beside it, in the same run: bare sqlite3 inserts of the same bytes, with as durable a commit for every thousand; once
with the id as key, which is the least that a store must do to know a duplicate, and once without any key.
"""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import orjson

from tests.bench.data import reports
from tests.bench.stores import bellwether, folder, new_store
from tests.bench.table import Result, against, report

TEN_YEARS_DAYS = 3_652
EVENTS = {"sqlite": 300_000, "postgresql": 100_000}


def main() -> None:
    """Measure and report."""
    with folder() as where:
        file = where / "events.ndjson"
        most = max(EVENTS.values())
        file.write_bytes(b"".join(line + b"\n" for line in reports(most, TEN_YEARS_DAYS)))
        results = [
            Result("bare sqlite3 inserts by id", _bare(file, where / "by-id.db", keyed=True), "events/s"),
            Result("bare sqlite3 inserts, no key", _bare(file, where / "no-key.db", keyed=False), "events/s"),
        ]
        for kind, events in EVENTS.items():
            rate = _import(kind, events, where)
            results.append(against(f"import events, {kind}", rate, "events/s", results[0]))
    report("import", results)


def _bare(file: Path, store: Path, *, keyed: bool) -> float:
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"CREATE TABLE event (id TEXT {'PRIMARY KEY' if keyed else ''}, body BLOB NOT NULL)")
        lines = [(orjson.loads(line)["id"], line) for line in file.read_bytes().splitlines()]
        os.sync()  # what is measured is this, not the writing back of the files made for it
        began = time.perf_counter()
        for first in range(0, len(lines), 1_000):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO event VALUES (?, ?)", lines[first : first + 1_000])
            connection.execute("COMMIT")
        return len(lines) / (time.perf_counter() - began)


def _import(kind: str, events: int, where: Path) -> float:
    """Return events a second, start of the process included."""
    file = where / f"{kind}.ndjson"
    file.write_bytes(b"".join(line + b"\n" for line in reports(events, TEN_YEARS_DAYS, seed=2)))
    url = new_store(kind, where)
    os.sync()
    began = time.perf_counter()
    bellwether("import", "events", str(file), url=url)
    took = time.perf_counter() - began
    bellwether("ledger", url=url)
    return events / took


if __name__ == "__main__":
    main()
