"""From an incident handed in to the row that says who must be told, with `serve`'s own threads; and `serve` idle.

Beside it, in the same run and on the same database: one row inserted with as durable a commit.
"""

import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
from sqlalchemy import Engine, text

from infra.cli.serve import start
from infra.clock import SystemClock
from infra.db.engine import make_engine, transaction
from infra.db.ledger import SqlLedger
from infra.db.partnerships import find_partnership
from infra.observability.logging import configure_logging
from infra.settings import Settings
from streams.core.days import instant_of
from streams.hosts.desk import IntakeDesk
from streams.stages.intake import Outcome
from tests.bench.city import SLUG, city_store, resident_mib, started
from tests.bench.stores import folder
from tests.bench.table import Result, against, report
from tests.support.events import envelope, incident

INCIDENTS = 200
EVERY_S = 0.2
LOOK_AGAIN_S = 0.001
TOLD_WITHIN_S = 30.0
STORE_TIMEOUT_S = 30.0
SETTLED_AFTER_S = 10.0
IDLE_S = 60.0
A_MINUTE_US = 60_000_000
AREAS = ("X01000019", "X01000053", "X01000144")
"""One small area of each zone that has a task force."""


def main() -> None:
    """Measure and report."""
    configure_logging("error")
    results: list[Result] = []
    with folder() as where:
        for kind in ("sqlite", "postgresql"):
            url = city_store(kind, where)
            engine = make_engine(url, STORE_TIMEOUT_S)
            bare = _quantiles(f"one row inserted, {kind}", list(_bare_s(engine)))
            told = _quantiles(f"incident to delivery, {kind}", list(_told_s(engine, url)))
            results += bare
            results += [
                against(each.name, each.value, each.unit, other) for each, other in zip(told, bare, strict=True)
            ]
            engine.dispose()
            results += _idle(kind, url)
    report("alerts", results)


def _quantiles(name: str, took_s: list[float]) -> list[Result]:
    cuts = statistics.quantiles([each * 1_000 for each in took_s], n=100, method="inclusive")
    return [Result(name, cuts[49], "ms p50"), Result(name, cuts[98], "ms p99")]


def _bare_s(engine: Engine) -> Iterator[float]:
    """Yield how long one insert took, each with a commit of its own, as often a second."""
    with transaction(engine, write=True) as connection:
        connection.execute(text("CREATE TABLE bare (number INTEGER PRIMARY KEY, body TEXT NOT NULL)"))
    for number in _paced():
        began = time.perf_counter()
        with transaction(engine, write=True) as connection:
            connection.execute(text("INSERT INTO bare VALUES (:number, 'SYNTHETIC')"), {"number": number})
        yield time.perf_counter() - began


def _told_s(engine: Engine, url: str) -> Iterator[float]:
    """Yield how long it took from handing a severe incident in until there was a delivery for it."""
    stop = threading.Event()
    works = start(SqlLedger(engine), Settings(database_url=url), stop)
    with transaction(engine, write=False) as connection:
        partnership = find_partnership(connection, SLUG)
    desk = IntakeDesk(SqlLedger(engine), partnership)
    try:
        for number in _paced():
            before, event = _deliveries(engine), _severe(number)
            began = time.perf_counter()
            (answer,) = desk.take([event], trusted=False)
            if answer.outcome is not Outcome.ACCEPTED:
                raise RuntimeError(f"a report was not accepted: {answer.problems}")
            _wait(lambda: _deliveries(engine) > before)  # noqa: B023 - asked before the next is handed in
            yield time.perf_counter() - began
    finally:
        stop.set()
        for work in works:
            work.join()


def _paced() -> Iterator[int]:
    """Yield numbers, one every EVERY_S."""
    due = time.perf_counter()
    for number in range(INCIDENTS):
        yield number
        due += EVERY_S
        time.sleep(max(0.0, due - time.perf_counter()))


def _wait(happened: Callable[[], bool]) -> None:
    deadline = time.perf_counter() + TOLD_WITHIN_S
    while not happened():
        if time.perf_counter() > deadline:
            raise TimeoutError("there was no delivery in time")
        time.sleep(LOOK_AGAIN_S)


def _deliveries(engine: Engine) -> int:
    """Return the number of the newest delivery."""
    with transaction(engine, write=False) as connection:
        return int(connection.execute(text("SELECT coalesce(max(number), 0) FROM delivery")).scalar_one())


def _severe(number: int) -> bytes:
    at = instant_of(SystemClock().now_us() - A_MINUTE_US)
    place = {"areas": [{"layer": "lsoa-2021", "code": AREAS[number % len(AREAS)]}]}
    harm = {"injury": "serious", "weapon": "none", "threat": "none", "damage": "none"}
    data = incident(occurred={"from": at}, reported=at, places=[place], harm=harm)
    event = envelope("bellwether.incident.reported.v1", f"severe-{number}", "/synthetic/bench", at, data)
    return orjson.dumps(event | {"marking": "synthetic"})


def _idle(kind: str, url: str) -> Iterator[Result]:
    """Yield what `serve` costs where nothing happens but the clock."""
    process = started("serve", url=url)
    time.sleep(SETTLED_AFTER_S)
    before = _cpu_s(process.pid)
    time.sleep(IDLE_S)
    percent = (_cpu_s(process.pid) - before) / IDLE_S * 100
    resident = resident_mib(process.pid)
    process.terminate()
    if process.wait(STORE_TIMEOUT_S) != 0:
        raise RuntimeError("serve did not end well")
    yield Result(f"serve idle, {kind}", percent, "% of a core")
    yield Result(f"serve idle, memory, {kind}", resident, "MiB")


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
