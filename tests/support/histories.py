"""Histories: what may be said of a few incidents of the small city, and how it may arrive. For Hypothesis.

Each moment and place stands here with what it means, written by hand, so that no oracle asks the code under test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from infra.db import tables
from infra.db.engine import transaction
from streams.ports import Observer
from tests.support.city import Bench
from tests.support.events import Raw, amendment, link, report, withdrawal

PROPERTY = settings(
    max_examples=16,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.generate],
)
"""For tests that work at a real ledger: the same examples in every run."""

Name = tuple[str, str]
NAMES: tuple[Name, ...] = (
    ("/centres/north", "a"),
    ("/centres/south", "a"),
    ("/centres/north", "b"),
    ("/centres/south", "c"),
)


class When(NamedTuple):
    """An occurrence, the London day under which it stands (None: the day reported), and whether it is dated."""

    raw: Mapping[str, str | bool]
    day: date | None
    dated: bool


class Moment(NamedTuple):
    """A moment, the London day on which it falls, and its rank among those of its table: equal instants are equal."""

    raw: str
    day: date
    rank: int


class Spot(NamedTuple):
    """A place, and the code of the area that counts it in each layer."""

    raw: Sequence[Raw]
    areas: Mapping[str, str]


OCCURRED = (
    When({"from": "2026-05-31T22:59:59Z"}, date(2026, 5, 31), dated=True),
    When({"from": "2026-05-31T23:30:00Z"}, date(2026, 6, 1), dated=True),
    When({"from": "2026-06-01T00:00:00+01:00"}, date(2026, 6, 1), dated=True),
    When({"from": "2026-03-29T00:30:00Z"}, date(2026, 3, 29), dated=True),
    When({"from": "2026-06-01"}, date(2026, 6, 1), dated=True),
    When({"from": "2026-05-29", "to": "2026-06-04"}, date(2026, 5, 29), dated=True),
    When({"from": "2026-05-29", "to": "2026-06-05"}, date(2026, 5, 29), dated=False),
    When({"from": "2026-05-20", "ongoing": True}, date(2026, 5, 20), dated=False),
    When({}, None, dated=False),
)
REPORTED = (
    Moment("2026-06-09T09:00:00Z", date(2026, 6, 9), 1),
    Moment("2026-06-09T10:00:00+01:00", date(2026, 6, 9), 1),
    Moment("2026-06-09", date(2026, 6, 9), 2),
    Moment("2026-06-09T23:30:00Z", date(2026, 6, 10), 3),
    Moment("2026-06-10T22:59:59.999999Z", date(2026, 6, 10), 4),
    Moment("2026-06-10", date(2026, 6, 10), 4),
)
MADE = (
    Moment("2026-06-11T10:00:00Z", date(2026, 6, 11), 1),
    Moment("2026-06-11T11:00:00+01:00", date(2026, 6, 11), 1),
    Moment("2026-06-11T12:30:00+02:00", date(2026, 6, 11), 2),
    Moment("2026-06-11T11:00:00Z", date(2026, 6, 11), 3),
)
RECEIVED = (
    Moment("2026-06-20", date(2026, 6, 20), 1),
    Moment("2026-06-20T23:30:00Z", date(2026, 6, 21), 2),
    Moment("2026-06-21T12:00:00Z", date(2026, 6, 21), 3),
    Moment("2026-06-30", date(2026, 6, 30), 4),
)
RECEIVED_DAYS = tuple(sorted({moment.day for moment in RECEIVED}))


def _area(layer: str, code: str) -> Sequence[Raw]:
    return [{"areas": [{"layer": layer, "code": code}]}]


SPOTS = (
    Spot(_area("small-area", "S11"), {"small-area": "S11", "ward": "W1", "city": "C"}),
    Spot(_area("small-area", "S12"), {"small-area": "S12", "ward": "W1", "city": "C"}),
    Spot(_area("small-area", "S21"), {"small-area": "S21", "ward": "W2", "city": "C"}),
    Spot(_area("ward", "W2"), {"ward": "W2", "city": "C"}),
    Spot([{"name": "ward 3"}], {"ward": "W3", "city": "C"}),
    Spot([{"kind": "online"}], {"city": "C"}),
    Spot([], {"city": "C"}),
    Spot([{"kind": "outside"}], {}),
)


@dataclass(frozen=True)
class Case:
    """What a report or amendment says of an incident."""

    when: When
    reported: Moment
    spot: Spot
    strands: tuple[str, ...]
    types: tuple[str, ...]
    recording: str
    centre: str

    def data(self) -> Raw:
        return {
            "occurred": dict(self.when.raw),
            "reported": self.reported.raw,
            "places": list(self.spot.raw),
            "strands": list(self.strands),
            "types": list(self.types),
            "recording": self.recording,
            "centre": self.centre,
        }

    @property
    def day(self) -> date:
        return self.when.day or self.reported.day


class Kind(Enum):
    REPORT = "report"
    AMENDMENT = "amendment"
    WITHDRAWAL = "withdrawal"
    LINK = "link"
    UNLINK = "unlink"


@dataclass(frozen=True)
class Fact:
    """One event of a history, as values that an oracle can read."""

    kind: Kind
    source: str
    id: str
    made: Moment
    received: Moment
    incident: Name
    revision: int = 1
    other: Name | None = None
    case: Case | None = None

    @property
    def identity(self) -> Name:
        return self.source, self.id

    def raw(self, *, with_receivedtime: bool = True) -> Raw:
        """Return the event; trusted imports believe its receivedtime."""
        event = self._event()
        return event | {"receivedtime": self.received.raw} if with_receivedtime else event

    def _event(self) -> Raw:
        source, time = self.source, self.made.raw
        if self.kind is Kind.WITHDRAWAL:
            return withdrawal(self.id, self.incident, self.revision, source=source, time=time)
        if self.other is not None:
            return link(
                self.id,
                self.incident,
                self.other,
                linked=self.kind is Kind.LINK,
                revision=self.revision,
                source=source,
                time=time,
            )
        data = self.case.data() if self.case else {}
        if self.kind is Kind.REPORT:
            return report(self.id, source=source, time=time, **data)
        return amendment(self.id, self.incident, self.revision, source=source, time=time, **data)


cases = st.builds(
    Case,
    when=st.sampled_from(OCCURRED),
    reported=st.sampled_from(REPORTED),
    spot=st.sampled_from(SPOTS),
    strands=st.sampled_from([("race",), ("religion",), ("race", "religion"), ("disability", "race", "religion")]),
    types=st.sampled_from([("threat",), ("threat", "verbal-abuse")]),
    recording=st.sampled_from(["reported", "reported", "reported", "proactive"]),
    centre=st.sampled_from(["library", "market"]),
)


@st.composite
def histories(draw: st.DrawFn, most: int = 10) -> list[Fact]:
    """Return reports of a few incidents and what else is said of them; some are amended or linked, never reported."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    facts = [
        Fact(Kind.REPORT, *name, draw(st.sampled_from(MADE)), draw(st.sampled_from(RECEIVED)), name, case=draw(cases))
        for name in names
        if draw(st.integers(0, 7))
    ]
    kinds = [Kind.AMENDMENT, Kind.WITHDRAWAL] + ([Kind.LINK, Kind.LINK, Kind.UNLINK] if len(names) > 1 else [])
    more = draw(st.lists(st.sampled_from(kinds), min_size=0 if facts else 1, max_size=most - len(facts)))
    return facts + [draw(_further(kind, f"{kind.value}-{serial}", names)) for serial, kind in enumerate(more)]


@st.composite
def _further(draw: st.DrawFn, kind: Kind, id_: str, names: Sequence[Name]) -> Fact:
    pair = draw(st.permutations(names))
    of_pair = kind in (Kind.LINK, Kind.UNLINK)
    return Fact(
        kind,
        draw(st.sampled_from(["/centres/north", "/council/desk"])),
        id_,
        draw(st.sampled_from(MADE)),
        draw(st.sampled_from(RECEIVED)),
        pair[0],
        revision=draw(st.integers(1, 3) if of_pair else st.integers(2, 3)),
        other=pair[1] if of_pair else None,
        case=draw(cases) if kind is Kind.AMENDMENT else None,
    )


class Handover(NamedTuple):
    """A batch that is handed in as one unit, and how many records the stage then takes at a time (0: it rests)."""

    facts: list[Fact]
    drain: int


@st.composite
def deliveries(draw: st.DrawFn, facts: Sequence[Fact]) -> list[Handover]:
    """Return a way in which facts may arrive: in any order, some twice or more, in batches of any size."""
    again = draw(st.lists(st.sampled_from(facts), max_size=4)) if facts else []
    waiting = list(draw(st.permutations([*facts, *again])))
    handovers = []
    while waiting:
        size = draw(st.integers(1, len(waiting)))
        handovers.append(Handover(waiting[:size], draw(st.sampled_from([0, 0, 1, 2, 3, 100]))))
        waiting = waiting[size:]
    return handovers


def note_import(bench: Bench, partnership: int, file_name: str = "table.csv") -> int:
    """Begin an import, so that a trusted backfill can be named after it; return its number."""
    values = {
        "partnership": partnership,
        "command": "import events",
        "file_name": file_name,
        "started_at_us": bench.clock.now_us(),
    }
    table = tables.import_batch
    with transaction(bench.engine, write=True) as connection:
        return int(connection.execute(insert(table).returning(table.c.number), values).scalar_one())


def work_off(bench: Bench, partnership: int, limit: int = 1_000, observer: Observer | None = None) -> None:
    """Have one partnership's partition counted, in batches of `limit`."""
    partition = bench.ledger.partnership(partnership).partition
    for runner in bench.runners(observer):
        while runner.work_off(partition, limit):
            pass
