"""Signals, returns, registers and rules: taken in, judged, and told to the stages behind, each once and in order."""

from datetime import date
from typing import Any

import pytest

from schemas.changes import (
    Booked,
    CentreRegistered,
    Change,
    HeartbeatSeen,
    Name,
    ReturnMade,
    RulesSet,
    SignalTold,
    Ticked,
    What,
)
from schemas.codec import decode_changes
from schemas.topics import CHANGES
from streams.core.days import day_number
from tests.support.city import Bench
from tests.support.events import Raw, envelope, report
from tests.support.registers import centre_entry, register, strand_entry

SIGNAL = ("/centres/test", "s")
WARD = {"kind": "located", "areas": [{"layer": "ward", "code": "W1"}]}
WEEK = {"from": "2026-06-22", "to": "2026-06-28"}


def said(verb: str, id_: str, data: Raw, **extra: Any) -> Raw:
    return envelope(f"bellwether.{verb}.v1", id_, "/centres/test", "2026-06-29T10:00:00Z", data) | extra


def told(bench: Bench, partnership: int) -> list[Change]:
    """Have everything worked off, and return what aggregate told of a partnership."""
    bench.drain()
    partition = bench.ledger.partnership(partnership).partition
    records = bench.ledger.read_log(CHANGES.name, partition, 1, 1_000)
    return [change for record in records for change in decode_changes(record.body)]


def whats(bench: Bench, partnership: int) -> list[What]:
    return [change.what for change in told(bench, partnership)]


def day(text: str) -> int:
    return day_number(date.fromisoformat(text))


def test_a_signal_of_each_form_is_told_with_its_areas_and_days(bench: Bench) -> None:
    city = bench.partnership()
    answers = bench.hand_in(
        city,
        said("signal.observed", "o", {"period": WEEK, "intensity": "tense", "place": WARD, "grade": "2B P"}),
        said("signal.evidenced", "e", {"occurred": {"from": "2026-06-27T23:30:00Z"}, "affected_groups": ["race"]}),
        said("signal.forecast", "f", {"expected": {"from": "2026-07-04", "to": "2026-07-05"}, "reach": "city"}),
    )
    assert [answer.problems for answer in answers] == [(), (), ()]
    areas = {area.code: area.number for area in bench.ledger.partnership(city).geography.areas}
    observed, evidenced, forecast = whats(bench, city)
    assert isinstance(observed, SignalTold)
    assert (observed.form, observed.grade, observed.intensity) == ("observed", "2BP", "tense")
    assert set(observed.areas) == {areas["W1"], areas["C"]}
    assert (observed.first_day, observed.last_day) == (day("2026-06-22"), day("2026-06-28"))
    assert isinstance(evidenced, SignalTold)
    assert (evidenced.first_day, evidenced.groups, evidenced.areas) == (day("2026-06-28"), ("race",), (areas["C"],))
    assert isinstance(forecast, SignalTold)
    assert (forecast.first_day, forecast.last_day, forecast.reach) == (day("2026-07-04"), day("2026-07-05"), "city")


def test_what_becomes_of_a_signal_names_the_signal(bench: Bench) -> None:
    city = bench.partnership()
    key = {"source": SIGNAL[0], "id": SIGNAL[1]}
    bench.hand_in(
        city,
        said("signal.amended", "a", {"signal": key, "revision": 2, "forecast": {"expected": WEEK, "place": WARD}}),
        said("signal.withdrawn", "w", {"signal": key, "revision": 3, "reason": "entered-in-error"}),
        said("signal.resolved", "r", {"signal": key, "outcome": "happened", "on": "2026-06-28"}),
    )
    amended, withdrawn, resolved = whats(bench, city)
    assert isinstance(amended, SignalTold)
    assert isinstance(withdrawn, SignalTold)
    assert isinstance(resolved, SignalTold)
    assert {each.signal for each in (amended, withdrawn, resolved)} == {Name(*SIGNAL)}
    assert (amended.form, amended.revision) == ("forecast", 2)
    assert (withdrawn.withdrawn, withdrawn.revision) == (True, 3)
    assert (resolved.outcome, resolved.last_day) == ("happened", day("2026-06-28"))


def test_a_return_a_heartbeat_and_that_a_centre_is_open_are_three_facts(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(
        city,
        register("c", centre_entry("library", first="2026-01-01", return_days=7, serves=[("ward", "W2")])),
        said("centre.returned", "n", {"centre": "library", "period": WEEK, "nil": True}),
        said("centre.heartbeat", "h", {"centre": "library"}),
    )
    opened, made, alive = whats(bench, city)
    ward = next(area.number for area in bench.ledger.partnership(city).geography.areas if area.code == "W2")
    assert opened == CentreRegistered("library", day("2026-01-01"), None, 7, None, (ward,))
    assert made == ReturnMade("library", day("2026-06-22"), day("2026-06-28"), nil=True)
    assert alive == HeartbeatSeen("library", day("2026-06-29"))


def test_nothing_of_it_counts_as_an_incident_and_the_ledger_adds_up(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(
        city,
        register("c", centre_entry("library")),
        said("signal.observed", "o", {"period": WEEK}),
        said("centre.returned", "n", {"centre": "library", "period": WEEK, "nil": True}),
        said("assessment.set", "l", ASSESSMENT),
    )
    bench.drain()
    assert bench.rows(city, "area", layer="city") == []
    assert all(row.adds_up for row in bench.loss(city))
    assert sum(row.counted for row in bench.loss(city)) == 4
    assert bench.verify() == []


NOT_YET = {"from": "2026-07-02", "to": "2026-07-03"}
ASSESSMENT: Raw = {
    "area": {"layer": "ward", "code": "W1"},
    "period": WEEK,
    "scale": "six-level",
    "level": "level-4",
    "confidence": "low",
    "agencies": ["council"],
    "expires": "2026-07-05",
    "by": {"user": "test-officer", "agency": "council"},
}


def test_a_strand_may_be_recorded_from_the_event_that_enters_it_on(bench: Bench) -> None:
    city = bench.partnership()
    before, entered, after, too_early = bench.hand_in(
        city,
        report("a", strands=["subculture"]),
        register("s", strand_entry("subculture", first="2026-06-15")),
        report("b", strands=["subculture"]),
        report("c", strands=["subculture"], occurred={"from": "2026-06-14"}),
    )
    assert [problem.code for problem in before.problems] == ["unknown-strand"]
    assert (entered.problems, after.problems) == ((), ())
    assert [problem.code for problem in too_early.problems] == ["unknown-strand"]
    booked = [what for what in whats(bench, city) if isinstance(what, Booked)]
    assert [what.incident.id for what in booked] == ["b"]


def test_what_is_set_up_before_any_report_holds_from_the_beginning_and_starts_no_clock(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, register("c", centre_entry("library")), said("rule.changed", "r", {"version": 1, "rules": []}))
    assert bench.ledger.live_partnerships() == []
    bench.hand_in(city, report("a"))
    assert bench.ledger.live_partnerships() == [city]
    changes = told(bench, city)
    assert [change.recorded_at_us for change in changes] == [0, 0, bench.clock.now_us()]
    assert changes[1].what == RulesSet(1, ())
    assert {row.hour for row in bench.loss(city)} == {"before any report", "2026-07-01T12:00Z"}
    assert all(row.adds_up for row in bench.loss(city))


@pytest.mark.parametrize(
    ("verb", "data", "code", "path"),
    [
        (
            "signal.observed",
            {"period": {"from": "2026-07-02", "to": "2026-07-03"}},
            "occurred-after-received",
            "period",
        ),
        ("signal.evidenced", {"occurred": {"from": "2026-07-02"}}, "occurred-after-received", "occurred"),
        ("signal.observed", {"period": WEEK, "grade": "B24"}, "grade-5x5x5", "grade"),
        ("signal.observed", {"period": {"from": "2026-06-28", "to": "2026-06-22"}}, "range-backwards", "period"),
        ("signal.forecast", {"expected": WEEK, "place": {"name": "Nowhere"}}, "unknown-place", "place.name"),
        ("centre.returned", {"centre": "c", "period": WEEK, "nil": True, "reports": 1}, "nil-return", ""),
        ("register.changed", {"entry": centre_entry("c", serves=[("ward", "W9")])}, "unknown-area", "entry.serves[0]"),
        ("register.changed", {"entry": {"register": "dogs", "code": "c", "title": "C"}}, "unknown-value", "entry"),
        ("assessment.set", ASSESSMENT | {"area": {"layer": "parish", "code": "P"}}, "unknown-layer", "area"),
        ("clock.ticked", {}, "not-from-outside", "type"),
    ],
)
def test_what_cannot_be_is_refused_with_the_path_to_it(
    bench: Bench, verb: str, data: Raw, code: str, path: str
) -> None:
    city = bench.partnership()
    (answer,) = bench.hand_in(city, said(verb, "x", data))
    assert answer.outcome is None
    assert [problem.code for problem in answer.problems] == [code]
    assert path in answer.problems[0].path


def test_a_mark_on_an_event_goes_with_what_it_tells_and_else_the_partnerships(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"), report("b") | {"marking": "exercise"})
    assert [change.marking for change in told(bench, city)] == ["actual", "exercise"]


def test_ticks_with_nothing_between_them_are_told_as_one_and_noted_by_the_stage(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"))
    for _ in range(3):
        bench.clock.advance(seconds=60)
        bench.tick(city)
    bench.hand_in(city, report("b"))
    changes = told(bench, city)
    assert [type(change.what) for change in changes] == [Booked, Ticked, Booked]
    assert changes[1].recorded_at_us == bench.clock.now_us()
    assert bench.ticked_at_us(city)["aggregate"] == bench.clock.now_us()
