"""A small invented city, and a bench to work its ledger at."""

import itertools
from collections.abc import Sequence
from datetime import date

from sqlalchemy import insert, select

from infra.db import tables
from infra.db.counts import CountQuery, CountTable, Dimension, count
from infra.db.engine import make_engine, transaction
from infra.db.geography import NewArea, import_areas
from infra.db.ledger import SqlLedger
from infra.db.loss_ledger import LossRow, loss_ledger
from infra.db.partnerships import create_partnership
from infra.db.verify import Difference, verify
from streams.hosts.desk import Answer, IntakeDesk
from streams.hosts.embedded import EmbeddedHost
from streams.ports import Observer
from streams.runner import Runner
from streams.stages.intake import tick
from streams.topology import TOPOLOGY
from tests.support.clock import FakeClock
from tests.support.databases import STORE_TIMEOUT_S
from tests.support.events import Raw, encoded

LAYERS = (("small-area", 10), ("ward", 20), ("city", 40))
_serial = itertools.count()


class QuietObserver:
    """Implements the runner's Observer, and remembers what it was told."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, str]] = []
        self.set_aside: list[tuple[str, int, int, str]] = []
        self.stops: list[tuple[str, str]] = []

    def step(self, stage: str, partition: int, step: str) -> None:
        self.steps.append((stage, partition, step))

    def handled(self, stage: str, partition: int, records: int, position: int) -> None:
        pass

    def quarantined(self, stage: str, partition: int, position: int, failure: str) -> None:
        self.set_aside.append((stage, partition, position, failure))

    def stopped(self, stage: str, because: str) -> None:
        self.stops.append((stage, because))


class Bench:
    """One ledger with a clock that stands still, and partnerships made as they are needed."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clock = FakeClock()
        self.engine = make_engine(url, STORE_TIMEOUT_S)
        self.ledger = SqlLedger(self.engine, self.clock)

    def partnership(self, time_zone: str = "Europe/London", slug: str | None = None) -> int:
        """Make a partnership with a small city: wards W1 to W3, small areas S11, S12 (in W1), S21 (in W2), city C."""
        slug = slug or f"city-{next(_serial)}-{id(self)}"
        with transaction(self.engine, write=True) as connection:
            number = create_partnership(connection, slug, "none", time_zone, self.clock.now_us())
            connection.execute(
                insert(tables.layer),
                [{"partnership": number, "name": name, "title": name, "rank": rank} for name, rank in LAYERS],
            )
            for layer, areas in (
                ("city", [NewArea("C", "Testing", None, None)]),
                ("ward", [NewArea(f"W{n}", f"Ward {n}", "C", None) for n in (1, 2, 3)]),
                ("small-area", [NewArea(f"S{n}", f"Small {n}", f"W{n // 10}", None) for n in (11, 12, 21)]),
            ):
                import_areas(connection, number, layer, areas, None, None)
        self.ledger.refresh()
        return number

    def desk(self, partnership: int) -> IntakeDesk:
        """Return where a partnership's events are handed in."""
        return IntakeDesk(self.ledger, partnership)

    def hand_in(self, partnership: int, *events: Raw, trusted: bool = False, batch: int | None = None) -> list[Answer]:
        """Hand events in as one unit."""
        return self.desk(partnership).take(encoded(*events), trusted=trusted, import_batch=batch)

    def play(self, partnership: int, events: Sequence[Raw], ticks_us: Sequence[int]) -> list[Answer]:
        """Take events as if each came in its own time."""
        return self.desk(partnership).play(encoded(*events), ticks_us)

    def tick(self, partnership: int) -> None:
        """Move a partnership's clock on to now."""
        there = self.ledger.partnership(partnership)
        self.ledger.intake_unit(lambda unit: tick(unit, there), 1)

    def ticked_at_us(self, partnership: int) -> dict[str, int]:
        """Return the last tick that each stage has handled."""
        clock = tables.stage_clock
        with transaction(self.engine, write=False) as connection:
            rows = connection.execute(select(clock).where(clock.c.partnership == partnership))
            return {row.stage: row.ticked_at_us for row in rows}

    def runners(self, observer: Observer | None = None) -> list[Runner]:
        """Return a runner for each stage."""
        return [Runner(step, self.ledger, self.ledger, observer or QuietObserver()) for step in TOPOLOGY]

    def drain(self, batch_size: int = 1_000, observer: Observer | None = None) -> int:
        """Have everything counted that has been handed in."""
        return EmbeddedHost(self.ledger, self.runners(observer), lambda: batch_size).drain()

    def counts(
        self,
        partnership: int,
        *by: str,
        layer: str = "ward",
        kind: str = "incident",
        basis: str = "occurred",
        first: str = "2000-01-01",
        last: str = "2099-12-31",
        as_of: str | None = None,
    ) -> CountTable:
        """Ask for counts."""
        query = CountQuery(
            layer=layer,
            first=date.fromisoformat(first),
            last=date.fromisoformat(last),
            by=tuple(Dimension(name) for name in by),
            kind=kind,
            basis=basis,
            as_of=None if as_of is None else date.fromisoformat(as_of),
        )
        return count(self.engine, partnership, query)

    def rows(self, partnership: int, *by: str, **how: str) -> list[tuple[str | int, ...]]:
        """Return the rows of counts."""
        return self.counts(partnership, *by, **how).rows

    def loss(self, partnership: int) -> Sequence[LossRow]:
        """Return the loss ledger."""
        return loss_ledger(self.engine, partnership)

    def verify(self, only: int | None = None) -> list[Difference]:
        """Rebuild and compare everything, or one partnership's."""
        return verify(self.engine, lambda _: None, only)
