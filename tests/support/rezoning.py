"""Changing zones and lookups of the small city while reports come in, and what is said of it."""

from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import select

from infra.db import tables
from infra.db.engine import transaction
from infra.db.geography import GeographyChange, LookupRow, NewArea
from infra.db.ledger import SqlLedger
from schemas.changes import Change, Delta, Rebuilt
from schemas.codec import decode_changes
from schemas.topics import CHANGES, EVENTS
from streams.ports import Observer
from streams.runner import Runner
from streams.stages import aggregate
from streams.stages.rebuild import is_barrier
from streams.topology import TOPOLOGY
from tests.support.city import Bench, QuietObserver
from tests.support.events import Raw, envelope

STEP = next(step for step in TOPOLOGY if step.stage.name == aggregate.STAGE)
Rows = list[tuple[str | int, ...]]


def with_zones(bench: Bench, *lookups: tuple[str, str]) -> int:
    """Make a partnership with zones Y and Z, and wards counted to them."""
    city = bench.partnership()
    zones = [NewArea("Y", "Why", None, None), NewArea("Z", "Zed", None, None)]
    with transaction(bench.engine, write=True) as connection:
        GeographyChange(connection, city, bench.clock).add_areas("zone", zones, None, None)
    rezone(bench, city, *lookups)
    return city


def rezone(bench: Bench, city: int, *lookups: tuple[str, str], layers: tuple[str, str] = ("ward", "zone")) -> int:
    """Count wards to zones."""
    if not lookups:
        return 0
    with transaction(bench.engine, write=True) as connection:
        change = GeographyChange(connection, city, bench.clock)
        return change.add_lookups(*layers, [LookupRow(*lookup) for lookup in lookups], None, None)


def confirmation(id_: str, written: str, *areas: tuple[str, str]) -> Raw:
    """Return that a place as written lies in some areas, by layer and code."""
    data = {
        "written": written,
        "areas": [{"layer": layer, "code": code} for layer, code in areas],
        "by": {"user": "analyst-1", "agency": "council"},
    }
    return envelope("bellwether.area.confirmed.v1", id_, "/decisions", "2026-06-30T10:00:00Z", data)


def zones(bench: Bench, city: int, **how: str) -> Rows:
    """Return the counts by zone."""
    return bench.rows(city, "area", layer="zone", **how)


def aggregator(bench: Bench, observer: Observer | None = None) -> Runner:
    """Return what runs aggregate in a process that has just begun."""
    ledger = SqlLedger(bench.engine, bench.clock)
    ledger.refresh()
    return Runner(STEP, ledger, ledger, observer or QuietObserver())


def count_all(bench: Bench, city: int, limit: int = 1_000, observer: Observer | None = None) -> None:
    """Have aggregate work a partnership's partition off, as a process does that has just begun."""
    runner, partition = aggregator(bench, observer), bench.ledger.partnership(city).partition
    while runner.work_off(partition, limit):
        pass


def keep_up(bench: Bench, city: int) -> None:
    """Have aggregate work a partnership's partition off, as a process does that has been there all along."""
    runner = Runner(STEP, bench.ledger, bench.ledger, QuietObserver())
    while runner.work_off(bench.ledger.partnership(city).partition, 1_000):
        pass


def told(bench: Bench, city: int) -> list[Change]:
    """Return all that aggregate has said of a partnership, one change after another."""
    log = tables.log
    wanted = select(log.c.body).where(log.c.topic == CHANGES.name, log.c.partnership == city).order_by(log.c.position)
    with transaction(bench.engine, write=False) as connection:
        return [change for body in connection.execute(wanted).scalars() for change in decode_changes(bytes(body))]


def rebuilt(bench: Bench, city: int) -> list[Rebuilt]:
    """Return what rebuilds have said."""
    return [change.what for change in told(bench, city) if isinstance(change.what, Rebuilt)]


def by_code(bench: Bench, city: int, deltas: Sequence[Delta]) -> list[tuple[int, int, str]]:
    """Return (n, day, codes of the areas) of deltas."""
    areas = bench.ledger.partnership(city).geography.area_by_number
    return sorted((d.n, d.day, " ".join(sorted(areas[a].code if a else "*" for a in d.areas))) for d in deltas)


def barriers(bench: Bench, city: int) -> int:
    """Return how many records of a partnership's log change how places count."""
    partition = bench.ledger.partnership(city).partition
    records = bench.ledger.read_log(EVENTS.name, partition, 1, bench.ledger.heads(EVENTS.name)[partition])
    return sum(record.partnership == city and is_barrier(record) for record in records)


def without_numbers(changes: Sequence[Change], areas: Callable[[int], str]) -> list[bytes]:
    """Return changes so that those of two partnerships can be compared: without positions, areas by their codes."""
    return [
        msgspec.json.encode(
            msgspec.structs.replace(change, position=0, partnership=0, event=0, what=_coded(change, areas))
        )
        for change in changes
    ]


def _coded(change: Change, areas: Callable[[int], str]) -> object:
    deltas = getattr(change.what, "deltas", None)
    if deltas is None:
        return change.what
    coded = [(*msgspec.structs.astuple(delta)[:5], sorted(map(areas, delta.areas)), delta.strands) for delta in deltas]
    return type(change.what).__name__, getattr(change.what, "generation", 0), sorted(coded)
