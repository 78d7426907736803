"""Counts by any dimensions against a computation of their own from the events handed in, on both databases."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, product
from typing import Any, NamedTuple

import pytest
from sqlalchemy import insert

from infra.db import tables
from infra.db.counts import CountsError
from infra.db.engine import transaction
from tests.support.city import Bench
from tests.support.events import Raw, amendment, context, report

DIMENSIONS = ("area", "day", "week", "month", "strand", "category", "centre")
TIME = {"day", "week", "month"}
EVERY_BY = [by for n in range(len(DIMENSIONS) + 1) for by in combinations(DIMENSIONS, n)]
NAMES = {"W1": "Ward 1", "W2": "Ward 2", "S11": "Small 11", "S21": "Small 21", "C": "Testing"}
Row = tuple[str | int, ...]


class Case(NamedTuple):
    """What one version of an incident says, with the answers already worked out by hand."""

    place: Raw | None
    areas: Mapping[str, str]
    occurred: Raw
    day: str
    dated: bool
    strands: tuple[str, ...]
    types: tuple[str, ...]
    centre: str | None


def area(layer: str, code: str) -> Raw:
    return {"areas": [{"layer": layer, "code": code}]}


W1 = (area("ward", "W1"), {"ward": "W1", "city": "C"})
S21 = (area("small-area", "S21"), {"small-area": "S21", "ward": "W2", "city": "C"})
ONLINE = ({"kind": "online"}, {"city": "C"})
OUTSIDE: tuple[Raw, dict[str, str]] = ({"kind": "outside"}, {})
NOWHERE = (None, {"city": "C"})
REPORTED = "2026-01-20"
PLACES: list[tuple[Raw | None, dict[str, str]]] = [W1, S21, ONLINE, OUTSIDE, NOWHERE]
OCCASIONS: list[tuple[Raw, str, bool]] = [
    ({"from": "2025-12-31"}, "2025-12-31", True),
    ({"from": "2026-01-04T23:30:00Z", "to": "2026-01-09"}, "2026-01-04", True),
    ({"from": "2026-01-05", "to": "2026-01-11"}, "2026-01-05", True),
    ({"from": "2026-01-05", "to": "2026-01-12"}, "2026-01-05", False),
    ({"from": "2025-12-30", "ongoing": True}, "2025-12-30", False),
    ({}, REPORTED, False),
]
SAYINGS: list[tuple[tuple[str, ...], tuple[str, ...], str | None]] = [
    (("race",), ("threat",), None),
    (("race", "religion"), ("assault", "threat"), "library"),
]
CASES = [
    Case(place, areas, occurred, day, dated, *saying)
    for (place, areas), (occurred, day, dated), saying in product(PLACES, OCCASIONS, SAYINGS)
]


class Told(NamedTuple):
    """One version of one incident and the day on which it was received."""

    incident: str
    revision: int
    known: str
    case: Case


def history() -> list[Told]:
    """Return a report of each case over eight days, and corrections of some by the case thirteen further on."""
    reports = [Told(f"r{n}", 1, f"2026-02-0{1 + n % 8}", case) for n, case in enumerate(CASES)]
    amended = [Told(f"r{n}", 2, f"2026-02-1{n % 10}", CASES[(n + 13) % len(CASES)]) for n in range(0, len(CASES), 4)]
    return reports + amended


def as_event(told: Told) -> Raw:
    case = told.case
    said: dict[str, Any] = {
        "occurred": case.occurred,
        "reported": REPORTED,
        "places": [case.place] if case.place else [],
        "strands": case.strands,
        "types": case.types,
        "centre": case.centre,
    }
    incident = ("/centres/test", told.incident)
    if told.revision == 1:
        event = report(told.incident, **said)
    else:
        event = amendment(f"{told.incident}-{told.revision}", incident, told.revision, **said)
    return event | {"receivedtime": told.known}


class Counted(NamedTuple):
    """What counts once, on a day."""

    case: Case
    day: str
    dated: bool


def counted(told: Sequence[Told], basis: str, as_of: str) -> Iterator[Counted]:
    known = [each for each in told if each.known <= as_of]
    if basis == "received":
        yield from (Counted(each.case, each.known, True) for each in known if each.revision == 1)
        return
    latest = {each.incident: each.case for each in sorted(known, key=lambda each: each.revision)}
    yield from (Counted(case, case.day, case.dated) for case in latest.values())


def answer(
    told: Sequence[Told], layer: str, basis: str, by: Sequence[str], span: tuple[str, str], as_of: str = "9"
) -> tuple[list[Row], int, int]:
    """Return rows, unplaced and undated, computed without the product."""
    rows: Counter[tuple[str, ...]] = Counter()
    unplaced = undated = 0
    for case, day, dated in counted(told, basis, as_of):
        if not span[0] <= day <= span[1]:
            continue
        if layer not in case.areas:
            unplaced += 1
            continue
        if TIME & set(by) and not dated:
            undated += 1
            continue
        code, when = case.areas[layer], date.fromisoformat(day)
        values: dict[str, list[tuple[str, ...]]] = {
            "area": [(code, NAMES[code])],
            "day": [(day,)],
            "week": [((when - timedelta(days=when.isoweekday() - 1)).isoformat(),)],
            "month": [(f"{when:%Y-%m}",)],
            "strand": [(strand,) for strand in case.strands],
            "category": [(type_,) for type_ in case.types],
            "centre": [(case.centre or "/centres/test",)],
        }
        for parts in product(*(values[name] for name in by)):
            rows[tuple(value for part in parts for value in part)] += 1
    return sorted((*key, n) for key, n in rows.items()), unplaced, undated


def stocked(bench: Bench) -> tuple[int, list[Told]]:
    """Return a partnership that holds the history, and one beside it that must not be seen."""
    told = history()
    city, other = bench.partnership(), bench.partnership()
    events = [as_event(each) for each in told]
    assert not [each for each in bench.hand_in(city, *events, trusted=True) if each.problems]
    bench.hand_in(other, *events[:50], trusted=True)
    bench.drain()
    return city, told


WHOLE = ("2000-01-01", "2099-12-31")
PART = ("2025-12-31", "2026-02-03")


@pytest.mark.parametrize("basis", ["occurred", "received"])
def test_every_combination_of_dimensions(bench: Bench, basis: str) -> None:
    city, told = stocked(bench)

    def asked(layer: str, by: Sequence[str], span: tuple[str, str]) -> tuple[list[Row], int, int]:
        table = bench.counts(city, *by, layer=layer, basis=basis, first=span[0], last=span[1])
        columns = [column for name in by for column in ((name, "area_name") if name == "area" else (name,))]
        assert table.columns == (*columns, "count")
        assert table.backfills == []
        return table.rows, table.unplaced, table.undated

    for by in EVERY_BY:
        assert asked("ward", by, WHOLE) == answer(told, "ward", basis, by, WHOLE), by
    for by in EVERY_BY[::3]:
        turned = by[::-1]
        assert asked("small-area", turned, PART) == answer(told, "small-area", basis, turned, PART), turned
        assert asked("city", turned, PART) == answer(told, "city", basis, turned, PART), turned
    assert bench.verify() == []


@pytest.mark.parametrize("basis", ["occurred", "received"])
def test_as_known_at_the_end_of_each_day(bench: Bench, basis: str) -> None:
    city, told = stocked(bench)
    for as_of in ("2026-01-31", "2026-02-01", "2026-02-05", "2026-02-10", "2026-02-14", "2026-02-28"):
        for by in (
            (),
            ("area",),
            ("area", "strand", "month"),
            ("week",),
            ("day", "area"),
            ("category", "centre", "area"),
        ):
            table = bench.counts(city, *by, basis=basis, as_of=as_of)
            assert (table.rows, table.unplaced, table.undated) == answer(told, "ward", basis, by, WHOLE, as_of), (
                by,
                as_of,
            )


def test_strands_overlap_so_their_sum_is_not_the_total(bench: Bench) -> None:
    city, told = stocked(bench)
    ((total,),) = bench.rows(city)
    by_strand = [row[-1] for row in bench.rows(city, "strand")]
    assert total == len([each for each in counted(told, "occurred", "9") if "ward" in each.case.areas])
    assert sum(n for n in by_strand if isinstance(n, int)) > int(total)


def test_an_undated_report_is_in_totals_and_in_no_period(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(
        city,
        report("a", occurred={"from": "2026-05-01", "to": "2026-05-08"}),
        report("b", occurred={"from": "2026-05-01", "to": "2026-05-07"}),
    )
    bench.drain()
    assert bench.rows(city, "area") == [("W1", "Ward 1", 2)]
    for by in ("day", "week", "month"):
        table = bench.counts(city, by)
        assert [row[-1] for row in table.rows] == [1]
        assert table.undated == 1
    assert bench.counts(city, "area").undated == 0
    assert bench.rows(city, "month", basis="received") == [("2026-07", 2)]


def test_nothing_has_no_row(bench: Bench) -> None:
    city = bench.partnership()
    for by in ((), ("area", "month"), ("category",)):
        table = bench.counts(city, *by)
        assert (table.rows, table.unplaced, table.undated) == ([], 0, 0)
    bench.hand_in(city, report("a"))
    assert bench.rows(city, "area") == []
    bench.drain()
    assert bench.rows(city, "area", first="2026-06-30") == []
    assert bench.rows(city, "area", kind="context") == []
    # what was taken back altogether leaves no row of nought
    bench.hand_in(city, amendment("a2", ("/centres/test", "a"), 2, places=[area("ward", "W2")]))
    bench.drain()
    assert bench.rows(city, "area") == [("W2", "Ward 2", 1)]


def test_dates_are_inclusive_and_weeks_run_on_across_new_year(bench: Bench) -> None:
    city = bench.partnership()
    days = ["2025-12-28", "2025-12-29", "2025-12-31", "2026-01-01", "2026-01-04", "2026-01-05"]
    bench.hand_in(city, *(report(day, occurred={"from": day}) for day in days))
    bench.drain()
    assert bench.rows(city, "week") == [("2025-12-22", 1), ("2025-12-29", 4), ("2026-01-05", 1)]
    assert bench.rows(city, "week", first="2026-01-01", last="2026-01-04") == [("2025-12-29", 2)]
    assert bench.rows(city, "month", "week", first="2025-12-29", last="2026-01-05") == [
        *(("2025-12", "2025-12-29", 2), ("2026-01", "2025-12-29", 2), ("2026-01", "2026-01-05", 1)),
    ]
    assert bench.rows(city, "day", first="2025-12-31", last="2026-01-01") == [("2025-12-31", 1), ("2026-01-01", 1)]
    assert bench.rows(city, first="2025-12-31", last="2025-12-31") == [(1,)]


def test_a_day_is_what_a_calendar_there_says_on_clock_change_days_too(bench: Bench) -> None:
    instants = {
        "2025-10-25T22:59:59.999999Z": ("2025-10-25", "2025-10-26"),
        "2025-10-25T23:00:00Z": ("2025-10-26", "2025-10-26"),  # the day of 25 hours in London
        "2025-10-26T23:59:59.999999Z": ("2025-10-26", "2025-10-27"),
        "2025-10-27T00:00:00Z": ("2025-10-27", "2025-10-27"),
        "2026-03-29T00:00:00Z": ("2026-03-29", "2026-03-29"),  # and that of 23
        "2026-03-29T22:59:59.999999Z": ("2026-03-29", "2026-03-30"),
        "2026-03-29T23:00:00Z": ("2026-03-30", "2026-03-30"),
        "2026-06-30T23:30:00Z": ("2026-07-01", "2026-07-01"),
        "2026-07-01T00:00:00+01:00": ("2026-07-01", "2026-07-01"),
        "2026-06-30": ("2026-06-30", "2026-06-30"),
    }
    for place, zone in enumerate(("Europe/London", "Asia/Kolkata")):
        city = bench.partnership(zone)
        bench.hand_in(city, *(report(f"r{n}", occurred={"from": when}) for n, when in enumerate(instants)))
        bench.drain()
        expected = Counter(days[place] for days in instants.values())
        assert bench.rows(city, "day") == sorted(expected.items()), zone
    assert bench.verify() == []


def test_context_counts_as_many_as_it_says_and_apart_from_incidents(bench: Bench) -> None:
    city = bench.partnership()
    elsewhere = {"areas": [{"layer": "ward", "code": "X9"}]}
    bench.hand_in(
        city,
        report("a"),
        context("c1", count=7),
        context("c2", category="Burglary", count=2, period={"from": "2026-04-30", "to": "2026-05-30"}),
        context("c3", place=elsewhere),
    )
    bench.drain()
    assert bench.rows(city, "area", "month", kind="context") == [
        ("W1", "Ward 1", "2026-04", 2),
        ("W1", "Ward 1", "2026-05", 7),
    ]
    assert bench.rows(city, "category", kind="context") == [("Burglary", 2), ("Public order", 7)]
    assert bench.rows(city, "strand", kind="context") == []
    assert bench.counts(city, kind="context").unplaced == 1
    assert bench.rows(city) == [(1,)]


def test_an_earlier_answer_changes_only_by_a_backfill_and_names_it(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"))
    bench.drain()
    bench.clock.set(datetime(2026, 7, 10, 9, tzinfo=UTC))
    bench.hand_in(city, report("b"))
    values = {"partnership": city, "command": "import events", "file_name": "old.ndjson", "started_at_us": 0}
    with transaction(bench.engine, write=True) as connection:
        batch = connection.execute(
            insert(tables.import_batch).returning(tables.import_batch.c.number), values
        ).scalar_one()
    late = report("c") | {"receivedtime": "2026-06-30"}
    bench.hand_in(city, late, trusted=True, batch=batch)
    bench.drain()
    for as_of, n in (("2026-06-29", 0), ("2026-06-30", 1), ("2026-07-01", 2), ("2026-07-09", 2), ("2026-07-10", 3)):
        table = bench.counts(city, as_of=as_of)
        assert table.rows == ([(n,)] if n else []), as_of
        named = [(each.number, each.command, each.file_name, each.recorded.isoformat()) for each in table.backfills]
        once = [(batch, "import events", "old.ndjson", "2026-07-10")]
        assert named == (once if "2026-06-30" <= as_of <= "2026-07-09" else []), as_of
    assert bench.counts(city).backfills == []


def test_a_question_that_makes_no_sense_is_said_to_be_none(bench: Bench) -> None:
    city = bench.partnership()
    with pytest.raises(CountsError, match="there is no layer hamlet; known layers: city, small-area, ward"):
        bench.counts(city, "area", layer="hamlet")
    with pytest.raises(CountsError, match="--to lies before --from"):
        bench.counts(city, first="2026-01-02", last="2026-01-01")
    with pytest.raises(CountsError, match="only once"):
        bench.counts(city, "area", "area")


def test_the_last_month_that_there_is_has_an_end(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"))
    bench.drain()
    assert bench.rows(city, "month", first="0001-01-01", last="9999-12-31") == [("2026-06", 1)]
    assert bench.rows(city, "week", first="9999-12-01", last="9999-12-31") == []
