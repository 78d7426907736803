"""Single reports from many callers at once, sharing commits, each answered when its own is durable.

The named alternative, in the same run: the same callers, each report with a commit of its own in bare sqlite3.
"""

import sqlite3
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.db.engine import make_engine, transaction
from infra.db.ledger import SqlLedger
from infra.db.partnerships import find_partnership
from streams.hosts.desk import IntakeDesk
from streams.hosts.shared_commit import SharedCommit
from streams.stages.intake import Outcome
from tests.bench.data import reports
from tests.bench.stores import folder, new_store
from tests.bench.table import Result, against, report

CALLERS = 16
EACH = 250
DAYS = 30
STORE_TIMEOUT_S = 60.0

Post = Callable[[bytes], None]


def main() -> None:
    """Measure and report."""
    results: list[Result] = []
    with folder() as where:
        results += _measure("bare sqlite3, a commit each", _bare(where / "bare.db"), None)
        for kind in ("sqlite", "postgresql"):
            engine = make_engine(new_store(kind, where), STORE_TIMEOUT_S)
            with transaction(engine, write=False) as connection:
                partnership = find_partnership(connection, None)
            shared = SharedCommit(IntakeDesk(SqlLedger(engine), partnership))
            results += _measure(f"shared commits, {kind}", _sharing(shared), results[0])
            shared.close()
            engine.dispose()
    report("posts", results)


def _measure(name: str, post: Post, other: Result | None) -> list[Result]:
    lines = list(reports(CALLERS * EACH, DAYS))
    took: list[float] = []

    def call(own: list[bytes]) -> None:
        for line in own:
            began = time.perf_counter()
            post(line)
            took.append((time.perf_counter() - began) * 1_000)

    began = time.perf_counter()
    with ThreadPoolExecutor(CALLERS) as threads:
        list(threads.map(call, [lines[first::CALLERS] for first in range(CALLERS)]))
    rate = len(lines) / (time.perf_counter() - began)
    p99 = Result(f"{name}, answer", statistics.quantiles(took, n=100, method="inclusive")[-1], "ms p99")
    return [Result(name, rate, "events/s") if other is None else against(name, rate, "events/s", other), p99]


def _bare(store: Path) -> Post:
    connection = sqlite3.connect(store, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE event (number INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    alone = threading.Lock()

    def post(line: bytes) -> None:
        with alone:
            connection.execute("INSERT INTO event (body) VALUES (?)", (line,))

    return post


def _sharing(shared: SharedCommit) -> Post:
    def post(line: bytes) -> None:
        (answer,) = shared.take([line], STORE_TIMEOUT_S)
        if answer.outcome is not Outcome.ACCEPTED:
            raise RuntimeError("a report was not accepted")

    return post


if __name__ == "__main__":
    main()
