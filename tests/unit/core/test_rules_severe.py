"""Rules on one severe incident."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from schemas.changes import Delta, PlaceMoved, Rebuilt, Rule, RuleScope
from tests.support.watching import CITY, START, ZONE_A, ZONE_B, Watching, at, booked, delta, told


def severe(**said: object) -> Rule:
    fields = {"harm": "serious", "scope": RuleScope("zone")} | said
    return Rule("severe", "severe-event", **fields)  # type: ignore[arg-type]


GRAVE = (("a", "serious"), ("b", "serious"), ("c", "critical"))
Said = list[tuple[str, str, str, str, int]]
RAISED = [("raised", "harm", "zone-a", "any", 2)]
FELL = [("fell", "harm-withdrawn", "zone-a", "any", 0)]


def test_one_incident_with_serious_harm_raises_once() -> None:
    watching = Watching(severe())
    raised = watching.tell(at(1), booked("a", delta(0), harm="serious"))
    assert told(raised) == RAISED
    (trigger,) = raised
    assert [(each.name.id, each.n) for each in trigger.evidence] == [("a", 1)]
    assert (trigger.threshold, trigger.parameters) == (2, {"harm": "serious"})
    assert (trigger.first_day, trigger.last_day) == (START + 1 - 30, START + 1)
    retyped = booked("a", delta(0, -1), delta(0), harm="serious", stands=delta(0))
    assert watching.tell(at(2), retyped, cause="a2") == []
    assert watching.tick(at(300)) == []


@pytest.mark.parametrize("harm", ["unknown", "prefer-not-to-say", "none", "minor"])
def test_less_harm_or_none_known_raises_nothing(harm: str) -> None:
    assert Watching(severe()).tell(at(1), booked("a", delta(0), harm=harm)) == []


def test_what_an_agency_found_and_what_has_no_day_is_severe_all_the_same() -> None:
    watching = Watching(severe())
    assert told(watching.tell(at(1), booked("a", delta(0, recording="proactive"), harm="serious"))) == RAISED
    assert told(watching.tell(at(1), booked("b", delta(0, dated=False), harm="serious"))) == RAISED


@pytest.mark.parametrize(("day", "raises"), [(-30, True), (-31, False), (1, False)])
def test_only_what_occurred_within_thirty_days_raises(day: int, raises: bool) -> None:
    assert bool(Watching(severe()).tell(at(0), booked("a", delta(day), harm="critical"))) is raises


@pytest.mark.parametrize(
    ("rule", "harm", "severity"),
    [
        (severe(harm="minor"), "minor", "amber"),
        (severe(), "serious", "amber-high"),
        (severe(), "critical", "red"),
        (severe(severity="watch"), "critical", "watch"),
    ],
)
def test_how_soon_somebody_must_answer_goes_by_the_harm_unless_the_rule_says(
    rule: Rule, harm: str, severity: str
) -> None:
    (raised,) = Watching(rule).tell(at(0), booked("a", delta(0), harm=harm))
    assert raised.severity == severity


def test_a_rule_may_call_for_safeguarding() -> None:
    (raised,) = Watching(severe(alert_class="safeguarding")).tell(at(0), booked("a", delta(0), harm="critical"))
    assert raised.alert_class == "safeguarding"


def amended(watching: Watching, stands: Delta | None, *deltas: Delta, harm: str = "unknown", day: int = 2) -> Said:
    return told(watching.tell(at(day), booked("a", *deltas, harm=harm, stands=stands), cause=f"a-{day}"))


def test_harm_that_rises_raises_again_and_harm_that_is_lowered_falls() -> None:
    watching = Watching(severe())
    watching.tell(at(1), booked("a", delta(0), harm="serious"))
    both = delta(0, strands=("race", "religion"))
    assert amended(watching, both, delta(0, -1), both, harm="critical") == [("raised", "harm", "zone-a", "any", 3)]
    assert amended(watching, delta(0), harm="serious", day=3) == []
    below = watching.tell(at(4), booked("a", harm="minor", stands=delta(1)), cause="a-4")
    assert told(below) == FELL
    assert [(each.name.id, each.n) for each in below[0].evidence] == [("a-4", -1)]


def test_an_amendment_that_moves_no_count_changes_the_harm_all_the_same() -> None:
    watching = Watching(severe())
    watching.tell(at(1), booked("a", delta(0), harm="minor"))
    assert amended(watching, delta(0), harm="serious") == RAISED
    assert amended(watching, delta(0), harm="critical", day=3) == [("raised", "harm", "zone-a", "any", 3)]
    assert amended(watching, delta(0), harm="none", day=4) == FELL
    assert amended(watching, delta(0), harm="serious", day=5) == RAISED


def test_a_link_changes_nothing_whichever_report_counts_and_a_withdrawal_falls_though_another_counts() -> None:
    watching = Watching(severe())
    watching.tell(at(1), booked("a", delta(0), harm="serious"))
    watching.tell(at(1), booked("b", delta(0), harm="critical"))
    assert amended(watching, delta(0), delta(0, -1), harm="serious", day=2) == []
    assert amended(watching, None, day=3) == [("fell", "harm-withdrawn", "zone-a", "any", 3)]
    fallen = watching.tell(at(4), booked("b", delta(0, -1), stands=None), cause="b-4")
    assert told(fallen) == FELL


def test_a_link_leaves_the_report_as_the_evidence() -> None:
    watching = Watching()
    watching.tell(at(1), booked("a", delta(0), harm="serious"), marking="exercise")
    watching.tell(at(1), booked("a", delta(0, -1), harm="serious", stands=delta(0)), cause="link")
    (raised,) = watching.set(at(2), severe())
    assert ([each.name.id for each in raised.evidence], raised.marking) == (["a"], "exercise")


def test_an_incident_that_moves_falls_where_it_was_and_raises_where_it_is() -> None:
    watching = Watching(severe(), Rule("whole", "severe-event", harm="serious"))
    watching.tell(at(1), booked("a", delta(0), harm="serious"))
    there = delta(0, zone=ZONE_B)
    assert amended(watching, there, delta(0, -1), there, harm="serious") == [
        *FELL,
        ("raised", "harm", "zone-b", "any", 2),
    ]


def test_a_withdrawal_falls_and_says_what_others_still_have_there() -> None:
    watching = Watching(severe())
    watching.tell(at(1), booked("a", delta(0), harm="critical"))
    watching.tell(at(1), booked("b", delta(0), harm="serious"))
    assert amended(watching, None, delta(0, -1)) == [("fell", "harm-withdrawn", "zone-a", "any", 2)]
    assert amended(watching, None, day=3) == []
    assert amended(watching, delta(0), delta(0), harm="critical", day=4) == [("raised", "harm", "zone-a", "any", 3)]


def test_what_is_left_out_of_statistics_from_the_first_raises_nothing() -> None:
    assert Watching(severe()).tell(at(1), booked("a", harm="critical")) == []


@pytest.mark.parametrize("told_in_order", list(permutations(GRAVE)))
def test_a_new_rule_judges_recent_incidents_once_one_trigger_an_area(told_in_order: Sequence[tuple[str, str]]) -> None:
    watching = Watching()
    watching.tell(at(0), booked("old", delta(0), harm="critical"))
    for id_, harm in told_in_order:
        watching.tell(at(21), booked(id_, delta(21), harm=harm))
    watching.tell(at(21), booked("d", delta(21, zone=ZONE_B), harm="minor"))
    raised = watching.set(at(40), severe())
    assert told(raised) == [("raised", "harm", "zone-a", "any", 3)]
    assert [each.name.id for each in raised[0].evidence] == ["c", "a", "b"], "the worst first, in whatever order told"
    assert told(watching.set(at(41), cause="no-rules")) == [("fell", "rule-changed", "zone-a", "any", 3)]


def test_each_strand_is_a_group_of_its_own() -> None:
    watching = Watching(severe(scope=RuleScope("zone", strands="each")))
    raised = watching.tell(at(0), booked("a", delta(0, zone=ZONE_A, strands=("race", "religion")), harm="serious"))
    assert [trigger.strand_group for trigger in raised] == ["race", "religion"]


def rezoned(place: int, zone: int | None, *, first: int | None = None, last: int | None = None) -> Rebuilt:
    """Return that a place now lies in a zone, or in none, on days after START."""
    days = [None if day is None else START + day for day in (first, last)]
    areas = (CITY,) if zone is None else (zone, CITY)
    return Rebuilt(2, (), places=(PlaceMoved(place, days[0], days[1], areas),))


def test_a_rezoning_takes_what_was_raised_with_it_and_tells_nobody_again() -> None:
    watching = Watching(severe())
    watching.tell(at(0), booked("a", delta(0), harm="serious", place=5))
    assert watching.tell(at(1), rezoned(5, ZONE_B), cause="zones") == []
    retyped = booked("a", harm="serious", stands=delta(0, zone=ZONE_B), place=5)
    assert watching.tell(at(2), retyped, cause="a2") == []
    worse = booked("a", harm="critical", stands=delta(0, zone=ZONE_B), place=5)
    assert told(watching.tell(at(3), worse, cause="a3")) == [("raised", "harm", "zone-b", "any", 3)]
    gone = booked("a", stands=None)
    assert told(watching.tell(at(4), gone, cause="a4")) == [("fell", "harm-withdrawn", "zone-b", "any", 0)]


@pytest.mark.parametrize(
    "moved",
    [rezoned(6, ZONE_B), rezoned(5, ZONE_B, first=1), rezoned(5, ZONE_B, last=-1)],
    ids=["another place", "from the next day on", "up to the day before"],
)
def test_a_rezoning_of_other_places_or_days_moves_nothing(moved: Rebuilt) -> None:
    watching = Watching(severe())
    watching.tell(at(0), booked("a", delta(0), harm="serious", place=5))
    watching.tell(at(1), moved, cause="zones")
    gone = booked("a", delta(0, -1), stands=None)
    assert told(watching.tell(at(2), gone, cause="a2")) == FELL


def test_a_new_rule_judges_incidents_where_they_lie_after_a_rezoning() -> None:
    watching = Watching()
    watching.tell(at(0), booked("a", delta(0), harm="serious", place=5))
    watching.tell(at(1), rezoned(5, ZONE_B), cause="zones")
    assert told(watching.set(at(2), severe())) == [("raised", "harm", "zone-b", "any", 2)]


def test_an_incident_that_no_zone_counts_is_raised_for_the_city() -> None:
    watching = Watching(severe())
    assert told(watching.tell(at(0), booked("a", delta(0, zone=None), harm="serious", place=5))) == [
        ("raised", "harm", "C", "any", 2)
    ]
    assert watching.tell(at(1), rezoned(5, ZONE_A), cause="zones") == []
    gone = booked("a", stands=None)
    assert told(watching.tell(at(2), gone, cause="a2")) == FELL


def test_a_rule_that_names_its_areas_is_about_those_alone() -> None:
    watching = Watching(severe(scope=RuleScope("zone", ("zone-a",))))
    assert watching.tell(at(0), booked("a", delta(0, zone=None), harm="critical")) == []
    assert watching.tell(at(0), booked("b", delta(0, zone=ZONE_B), harm="critical")) == []
