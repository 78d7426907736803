"""Aggregate alone, working off a log that intake has filled: ten years of data, and one live month, which coalesces.

The named alternative, in the same run: reading the same log rows and doing nothing with them.
"""

import time
from collections.abc import Callable

from infra.cli.store import counting_host
from infra.db.engine import make_engine, transaction
from infra.db.ledger import SqlLedger
from infra.db.partnerships import find_partnership
from infra.observability.logging import configure_logging
from schemas.topics import EVENTS as EVENTS_TOPIC
from streams.hosts.desk import IntakeDesk
from tests.bench.data import reports
from tests.bench.stores import folder, new_store
from tests.bench.table import Result, against, report

EVENTS = 60_000
DAYS = {"ten years": 3_652, "one live month": 30}
UNIT = 1_000
STORE_TIMEOUT_S = 60.0


def main() -> None:
    """Measure and report."""
    configure_logging("warning")
    results: list[Result] = []
    with folder() as where:
        for kind in ("sqlite", "postgresql"):
            for name, days in DAYS.items():
                ledger = _filled(new_store(kind, where), days)
                bare = Result(f"reading alone, {name}, {kind}", _rate(ledger, _read), "events/s")
                drained = _rate(ledger, lambda ledger: counting_host(ledger).drain())
                results += [bare, against(f"aggregate, {name}, {kind}", drained, "events/s", bare)]
                ledger.engine.dispose()
    report("drain", results)


def _filled(url: str, days: int) -> SqlLedger:
    engine = make_engine(url, STORE_TIMEOUT_S)
    ledger = SqlLedger(engine)
    with transaction(engine, write=False) as connection:
        desk = IntakeDesk(ledger, find_partnership(connection, None))
    lines = list(reports(EVENTS, days))
    for first in range(0, EVENTS, UNIT):
        desk.take(lines[first : first + UNIT], trusted=True)
    return ledger


def _read(ledger: SqlLedger) -> int:
    partition, last = max(ledger.heads(EVENTS_TOPIC.name).items(), key=lambda head: head[1])
    return sum(
        len(ledger.read_log(EVENTS_TOPIC.name, partition, first, first + UNIT - 1)) for first in range(1, last, UNIT)
    )


def _rate(ledger: SqlLedger, work: Callable[[SqlLedger], int]) -> float:
    began = time.perf_counter()
    if work(ledger) < EVENTS:
        raise RuntimeError("the log was not worked off")
    return EVENTS / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
