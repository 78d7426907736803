"""The API over HTTP, with `serve` doing all its works beside it: reports handed in, figures read, alerts seen.

The named alternative, in the same run: a bare FastAPI route that inserts one row into SQLite, served with the same
settings and called by the same client. Client and server share the cores; the client is lean, and counts all the same.
"""

import asyncio
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import orjson

from infra.clock import SystemClock
from infra.db.engine import make_engine
from infra.db.ledger import SqlLedger
from infra.observability.logging import configure_logging
from streams.core.days import instant_of
from streams.ports import Step
from streams.stages.aggregate import STAGE as AGGREGATE
from streams.topology import TOPOLOGY
from tests.bench.bench_counts import EVENTS, TEN_YEARS_DAYS
from tests.bench.city import SLUG, city_store
from tests.bench.data import reports
from tests.bench.load import as_fast_as_can_be, bare, checked, key_for, quantiles, served, steadily
from tests.bench.stores import bellwether, folder, new_store
from tests.bench.table import Result, against, report
from tests.support.events import envelope, incident
from tests.system.ledgers import wait_until
from tests.system.posting import Line, post, request

DAYS = 30
BATCH, BATCHES, BATCH_CLIENTS = 500, 120, 4
A_SECOND, SECONDS, STEADY_CLIENTS = 100, 30, 16
CLIENTS, EACH = 16, 400
WARM, ASKED = 5, 300
SEVERE, SEVERE_EVERY_S = 150, 0.2
AREA = "X01000019"
STORE_TIMEOUT_S = 60.0
WITHIN_S = 900.0
LOOK_AGAIN_S = 0.01
A_MINUTE_US = 60_000_000
OK, ACCEPTED = 200, 202
COUNTING = [step for step in TOPOLOGY if step.stage.name == AGGREGATE]
JSON = "application/json"

COUNTS = "/v1/counts?layer=ward-2014&from=2016-01-01&to=2025-12-31&by=area,month"
TENSION = "/v1/tension?layer=zone"
READS = {
    "counts, exact": (COUNTS, "counts:exact"),
    "counts, exact, whole as CSV": (f"{COUNTS}&format=csv", "counts:exact"),
    "counts, published": (COUNTS, "counts:read"),
    "tension, exact": (TENSION, "counts:exact"),
    "tension, published": (TENSION, "counts:read"),
}


class Bare(NamedTuple):
    """What the bare route does: its rate, and p50 and p99 of its answers at a steady rate and to many at once."""

    rate: Result
    steady: list[Result]
    crowded: list[Result]


def main() -> None:
    """Measure and report."""
    configure_logging("error")
    with folder() as where:
        least = measure_bare(where / "bare.db")
        results = [*least.steady, least.rate, *least.crowded]
        results += measure_posts(new_store("sqlite", where), least)
        results += measure_alerts(city_store("sqlite", where), least)
        file = where / "events.ndjson"
        with file.open("wb") as out:
            out.writelines(line + b"\n" for line in reports(EVENTS, TEN_YEARS_DAYS))
        for kind in ("sqlite", "postgresql"):
            results += measure_reads(kind, new_store(kind, where), file, least)
    report("api", results)


def measure_bare(store: Path) -> Bare:
    """Measure the bare route with bodies as large as a report."""

    def posts(n: int) -> list[bytes]:
        return [request("POST", "/rows", "", raw, JSON) for raw in reports(n, DAYS)]

    with bare(store) as port:
        steady = steadily(port, posts(A_SECOND * SECONDS), A_SECOND, STEADY_CLIENTS, ACCEPTED)
        rate, crowded = as_fast_as_can_be(port, posts(CLIENTS * EACH), CLIENTS, ACCEPTED)
    name = f"bare route, {CLIENTS} clients"
    return Bare(Result(name, rate, "posts/s"), quantiles("bare route, 100/s", steady), quantiles(name, crowded))


def beside(measured: Sequence[Result], others: Sequence[Result]) -> list[Result]:
    """Return p50 and p99 beside others."""
    pairs = zip(measured, others, strict=True)
    return [against(each.name, each.value, each.unit, other) for each, other in pairs]


def measure_posts(url: str, least: Bare) -> Iterator[Result]:
    """Yield what becomes of posts: singles at a steady rate, singles from many clients, and batches until counted."""
    ledger = SqlLedger(make_engine(url, STORE_TIMEOUT_S))
    key = key_for(url, "admin")
    with served(url) as port:
        posts = [post(key, [raw]) for raw in reports(A_SECOND * SECONDS, DAYS, seed=1)]
        took = steadily(port, posts, A_SECOND, STEADY_CLIENTS, ACCEPTED)
        yield from beside(quantiles(f"single posts, {A_SECOND}/s", took), least.steady)
        posts = [post(key, [raw]) for raw in reports(CLIENTS * EACH, DAYS, seed=2)]
        rate, took = as_fast_as_can_be(port, posts, CLIENTS, ACCEPTED)
        name = f"single posts, {CLIENTS} clients"
        yield against(name, rate, "posts/s", least.rate)
        yield from beside(quantiles(name, took), least.crowded)
        wait_until_worked_off(ledger)
        lines = list(reports(BATCH * BATCHES, DAYS, seed=3))
        posts = [post(key, lines[first : first + BATCH]) for first in range(0, len(lines), BATCH)]
        rate, took = as_fast_as_can_be(port, posts, BATCH_CLIENTS, ACCEPTED)
        name = f"batches of {BATCH}"
        yield against(f"{name}, {BATCH_CLIENTS} clients", rate * BATCH, "events/s", least.rate)
        yield from quantiles(name, took)
        began = time.perf_counter()
        wait_until_worked_off(ledger, COUNTING)
        yield Result(f"{name}, from the last answer until all {len(lines):,} count", time.perf_counter() - began, "s")
    ledger.engine.dispose()


def wait_until_worked_off(ledger: SqlLedger, steps: Collection[Step] = TOPOLOGY) -> None:
    """Wait until some stages have nothing left. Raises TimeoutError."""

    def is_worked_off() -> bool:
        positions = ledger.positions()
        return all(
            positions[step.stage.name, partition] == head
            for step in steps
            for partition, head in ledger.heads(step.input.name).items()
        )

    wait_until(is_worked_off, WITHIN_S)


def measure_reads(kind: str, url: str, file: Path, least: Bare) -> Iterator[Result]:
    """Yield how long warm reads take, one after another, with ten years of events."""
    bellwether("import", "events", str(file), url=url)
    ledger = SqlLedger(make_engine(url, STORE_TIMEOUT_S))
    with served(url) as port:
        wait_until_worked_off(ledger)  # an import leaves rules to whoever serves
        for name, (path, scope) in READS.items():
            asked = request("GET", path, key_for(url, scope))
            as_fast_as_can_be(port, [asked] * WARM, 1, OK)
            _, took = as_fast_as_can_be(port, [asked] * ASKED, 1, OK)
            yield from beside(quantiles(f"{name}, {kind}", took), least.steady)
    ledger.engine.dispose()


def measure_alerts(url: str, least: Bare) -> Iterator[Result]:
    """Yield how long it takes from the answer to a severe incident until its alert is listed."""
    key = key_for(url, "admin", partnership=SLUG)
    with served(url) as port:
        took = asyncio.run(seen_after_ms(port, key))
    yield from beside(quantiles("from 202 until the alert is listed", took), least.steady)


async def seen_after_ms(port: int, key: str) -> list[float]:
    """Hand severe incidents in, each after the alert about the one before has been closed; return how long each took.

    An alert that is open takes further incidents in, so that only a closed one leaves room for a new row.
    """
    line, listing = Line(port), request("GET", "/v1/alerts?state=open&layer=zone&limit=1", key)
    took, due = [], time.perf_counter()
    for number in range(SEVERE):
        checked(await line.ask(post(key, [severe(number)])), ACCEPTED)
        answered = time.perf_counter()
        while not (rows := checked(await line.ask(listing), OK).json()["rows"]):
            if time.perf_counter() > answered + WITHIN_S:
                raise TimeoutError("there was no alert in time")
            await asyncio.sleep(LOOK_AGAIN_S)
        took.append((time.perf_counter() - answered) * 1_000)
        closing = orjson.dumps({"reason": "SYNTHETIC, measured", "outcome": "real"})
        for act, body in (("acknowledge", b"{}"), ("close", closing)):
            checked(await line.ask(request("POST", f"/v1/alerts/{rows[0]['id']}/{act}", key, body, JSON)), OK)
        due += SEVERE_EVERY_S
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
    line.close()
    return took


def severe(number: int) -> bytes:
    """Return a report of an incident that has to be answered at once."""
    at = instant_of(SystemClock().now_us() - A_MINUTE_US)
    place = {"areas": [{"layer": "lsoa-2021", "code": AREA}]}
    harm = {"injury": "serious", "weapon": "none", "threat": "none", "damage": "none"}
    data = incident(occurred={"from": at}, reported=at, places=[place], harm=harm)
    event = envelope("bellwether.incident.reported.v1", f"severe-{number}", "/synthetic/bench", at, data)
    return orjson.dumps(event | {"marking": "synthetic"})


if __name__ == "__main__":
    main()
