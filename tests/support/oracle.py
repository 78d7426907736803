"""What counts must be, in the words of architecture.md section 2, written as plainly and as slowly as can be.

An incident holds as its greatest version by (revision, time, source, id); so does whether a pair is linked. Linked
reports form a cluster that counts once, at its least (reported, source, id) not withdrawn. Nothing here is imported
from the stages or from core.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tests.support.city import Bench
from tests.support.histories import Case, Fact, Kind, Name

LAYERS = ("small-area", "ward", "city")
AREA_NAMES = {
    "S11": "Small 11",
    "S12": "Small 12",
    "S21": "Small 21",
    "W1": "Ward 1",
    "W2": "Ward 2",
    "W3": "Ward 3",
    "C": "Testing",
}
KnownDays = Mapping[Name, date]
"""The day from which each event, by identity, is known."""

Question = tuple[str, str, tuple[str, ...]]
"""basis, layer, by"""
Reply = tuple[list[tuple[str | int, ...]], int, int]
"""rows, unplaced, undated"""
QUESTIONS: tuple[Question, ...] = (
    *(("occurred", layer, ("area",)) for layer in LAYERS),
    *(("occurred", layer, ("area", "strand", "month")) for layer in LAYERS),
    ("occurred", "ward", ("day", "area")),
    ("occurred", "city", ("week",)),
    ("occurred", "ward", ("area", "category", "centre", "month")),
    *(("received", layer, ("area", "strand", "day")) for layer in LAYERS),
    ("received", "ward", ("centre", "area")),
)
FEWER_QUESTIONS: tuple[Question, ...] = (
    ("occurred", "small-area", ("area", "strand", "month")),
    ("occurred", "ward", ("area",)),
    ("occurred", "ward", ("area", "category", "centre", "month")),
    ("received", "ward", ("area", "strand", "day")),
    ("received", "city", ("centre", "area")),
)


@dataclass(frozen=True)
class Counted:
    """One incident that counts, under a day."""

    case: Case
    day: date
    dated: bool


def known_as_received(facts: Iterable[Fact]) -> dict[Name, date]:
    """Return known days where receivedtime is believed."""
    return {fact.identity: fact.received.day for fact in facts}


def counted_incidents(facts: Sequence[Fact], known: KnownDays, as_of: date | None) -> list[Case]:
    """Return what counts, of what was known at the end of a day."""
    told = [fact for fact in facts if as_of is None or known[fact.identity] <= as_of]
    standing = {}
    for name in {fact.incident for fact in told if fact.other is None}:
        last = max((fact for fact in told if fact.other is None and fact.incident == name), key=_order)
        if last.kind is not Kind.WITHDRAWAL:
            standing[name] = last
    counted = []
    left = set(standing)
    while left:
        cluster = _all_linked_to({left.pop()}, _links_that_hold(told))
        left -= cluster
        first = min(cluster & standing.keys(), key=lambda name: (_case(standing[name]).reported.rank, *name))
        counted.append(_case(standing[first]))
    return counted


def _order(fact: Fact) -> tuple[int, int, str, str]:
    return fact.revision, fact.made.rank, fact.source, fact.id


def _case(fact: Fact) -> Case:
    assert fact.case is not None
    return fact.case


def _links_that_hold(told: Sequence[Fact]) -> list[frozenset[Name]]:
    pairs: dict[frozenset[Name], list[Fact]] = {}
    for fact in told:
        if fact.other is not None:
            pairs.setdefault(frozenset({fact.incident, fact.other}), []).append(fact)
    return [pair for pair, said in pairs.items() if max(said, key=_order).kind is Kind.LINK]


def _all_linked_to(reached: set[Name], links: Sequence[frozenset[Name]]) -> set[Name]:
    while True:
        wider = reached.union(*(pair for pair in links if pair & reached))
        if wider == reached:
            return reached
        reached = wider


def expected(
    facts: Sequence[Fact],
    known: KnownDays,
    as_of: date | None = None,
    questions: Sequence[Question] = FEWER_QUESTIONS,
) -> dict[Question, Reply]:
    """Return what each question must be answered, from what was known at the end of a day."""
    occurred = [Counted(case, case.day, case.when.dated) for case in counted_incidents(facts, known, as_of)]
    received = [
        Counted(_case(fact), known[fact.identity], dated=True)
        for fact in facts
        if fact.kind is Kind.REPORT and (as_of is None or known[fact.identity] <= as_of)
    ]
    return {
        question: _reply(occurred if question[0] == "occurred" else received, question[1], question[2])
        for question in questions
    }


def _reply(counted: Sequence[Counted], layer: str, by: Sequence[str]) -> Reply:
    in_periods = bool({"day", "week", "month"} & set(by))
    placed = [each for each in counted if layer in each.case.spot.areas]
    rows: Counter[tuple[str, ...]] = Counter()
    for each in placed:
        if each.dated or not in_periods:
            for row in _rows(each, layer, by):
                rows[row] += 1
    undated = sum(not each.dated for each in placed) if in_periods else 0
    return sorted((*row, n) for row, n in rows.items()), len(counted) - len(placed), undated


def _rows(each: Counted, layer: str, by: Sequence[str]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [()]
    for dimension in by:
        rows = [(*row, *value) for row in rows for value in _VALUES[dimension](each, layer)]
    return rows


def _area(each: Counted, layer: str) -> list[tuple[str, ...]]:
    code = each.case.spot.areas[layer]
    return [(code, AREA_NAMES[code])]


_VALUES: Mapping[str, Callable[[Counted, str], list[tuple[str, ...]]]] = {
    "area": _area,
    "day": lambda each, _: [(each.day.isoformat(),)],
    "week": lambda each, _: [(date.fromordinal(each.day.toordinal() - each.day.weekday()).isoformat(),)],
    "month": lambda each, _: [(each.day.strftime("%Y-%m"),)],
    "strand": lambda each, _: [(strand,) for strand in each.case.strands],
    "category": lambda each, _: [(category,) for category in each.case.types],
    "centre": lambda each, _: [(each.case.centre,)],
}


def answered(
    bench: Bench, partnership: int, as_of: date | None = None, questions: Sequence[Question] = FEWER_QUESTIONS
) -> dict[Question, Reply]:
    """Return what each question is answered."""
    replies = {}
    for basis, layer, by in questions:
        day = None if as_of is None else as_of.isoformat()
        table = bench.counts(
            partnership, *by, layer=layer, basis=basis, as_of=day, first="2026-01-01", last="2026-12-31"
        )
        replies[basis, layer, by] = (table.rows, table.unplaced, table.undated)
    return replies
