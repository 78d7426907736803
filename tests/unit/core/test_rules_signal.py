"""Rules on signals: each by itself, the highest version holds, and a forecast is over at the end of its last day."""

import pytest

from schemas.changes import PlaceMoved, Rebuilt, Rule, RuleScope
from tests.support.watching import CITY, START, ZONE_A, ZONE_B, Watching, at, day_of, signal, told


def on_signals(**said: object) -> Rule:
    fields = {"scope": RuleScope("zone")} | said
    return Rule("signals", "signal", **fields)  # type: ignore[arg-type]


RAISED = [("raised", "signal", "zone-a", "any", 1)]


def test_a_forecast_raises_and_lapses_at_the_end_of_its_last_day() -> None:
    watching = Watching(on_signals())
    raised = watching.tell(at(0), signal("march", 5, 6, grade="2BP", reach="neighbourhood"), cause="march")
    assert told(raised) == RAISED
    assert (raised[0].first_day, raised[0].last_day) == (START + 5, START + 6)
    assert raised[0].parameters == {
        "forms": "forecast+observed",
        "told-form": "forecast",
        "told-grade": "2BP",
        "told-reach": "neighbourhood",
    }
    assert [(each.name.id, each.n) for each in raised[0].evidence] == [("march", 1)]
    assert watching.tick(at(6, 23.99)) == []
    (fell,) = watching.tick(at(30))
    assert told([fell]) == [("fell", "signal-lapsed", "zone-a", "any", 0)]
    assert day_of(fell) == (7, 0.0)


def test_a_forecast_that_is_over_already_raises_nothing() -> None:
    assert Watching(on_signals()).tell(at(3), signal("march", 1, 2)) == []


@pytest.mark.parametrize(("last", "raises"), [(0, True), (-30, True), (-31, False)])
def test_a_feeling_of_long_ago_raises_nothing_and_a_recent_one_never_lapses(last: int, raises: bool) -> None:
    watching = Watching(on_signals())
    assert bool(watching.tell(at(0), signal("fear", last - 3, last, form="observed"))) is raises
    assert watching.tick(at(200)) == []


@pytest.mark.parametrize(
    ("asked", "stated", "raises"),
    [
        ({}, {}, True),
        ({}, {"grade": "2EP"}, False),
        ({"grade": "2CP"}, {}, False),
        ({"grade": "2CP"}, {"grade": "2CP"}, True),
        ({"grade": "2CP"}, {"grade": "1AC"}, True),
        ({"grade": "2CP"}, {"grade": "3AP"}, False),
        ({"grade": "2CP"}, {"grade": "1DP"}, False),
        ({"reach": "neighbourhood"}, {"reach": "unknown"}, False),
        ({"reach": "neighbourhood"}, {"reach": "street"}, False),
        ({"reach": "neighbourhood"}, {"reach": "beyond"}, True),
        ({"intensity": "tense"}, {"form": "observed", "intensity": "uneasy"}, False),
        ({"intensity": "tense"}, {"form": "observed", "intensity": "unknown"}, False),
        ({"intensity": "tense"}, {"form": "observed", "intensity": "hostile"}, True),
        ({"intensity": "calm"}, {}, False),
        ({"forms": ("evidenced",)}, {}, False),
        ({"forms": ("evidenced",)}, {"form": "evidenced"}, True),
        ({"scope": RuleScope("zone", areas=("zone-b",))}, {}, False),
        ({"scope": RuleScope("city")}, {"areas": (CITY,)}, True),
        ({}, {"areas": (CITY,)}, False),
    ],
)
def test_what_a_rule_asks_for(asked: dict[str, object], stated: dict[str, object], raises: bool) -> None:
    watching = Watching(on_signals(**asked))
    assert bool(watching.tell(at(0), signal("s", 0, 2, **stated))) is raises  # type: ignore[arg-type]


def test_signals_are_never_added_up() -> None:
    watching = Watching(on_signals(intensity="tense"))
    for n in range(9):
        uneasy = signal(f"s{n}", 0, 0, form="observed", intensity="uneasy")
        assert watching.tell(at(0), uneasy) == []
    first, second = (watching.tell(at(0), signal(f"t{n}", 0, 0, form="observed", intensity="tense")) for n in range(2))
    assert [each.observed for each in (*first, *second)] == [3, 3]


def test_a_withdrawal_a_resolution_and_an_amendment_below_are_told_apart() -> None:
    watching = Watching(on_signals(reach="street"))
    for name in ("a", "b", "c"):
        watching.tell(at(0), signal(name, 0, 9, reach="street"), cause=name)
    withdrawn = signal("a", 0, 0, form="", revision=2, withdrawn=True, areas=())
    resolved = signal("b", 0, 0, form="", outcome="happened", areas=())
    below = signal("c", 0, 9, revision=2, reach="person")
    assert [told(watching.tell(at(1), what, cause="x")) for what in (withdrawn, resolved, below)] == [
        [("fell", "signal-withdrawn", "zone-a", "any", 2)],
        [("fell", "signal-resolved", "zone-a", "any", 2)],
        [("fell", "signal-amended", "zone-a", "any", 0)],
    ]
    assert watching.tick(at(30)) == []


def test_an_amendment_raises_again_only_where_the_signal_is_stronger_or_elsewhere() -> None:
    watching = Watching(on_signals(reach="street"))
    watching.tell(at(0), signal("a", 0, 9, reach="street"))
    assert watching.tell(at(1), signal("a", 0, 8, reach="street", revision=2)) == []
    stronger = watching.tell(at(1), signal("a", 0, 8, reach="city", revision=3))
    assert told(stronger) == [("raised", "signal-amended", "zone-a", "any", 4)]
    moved = watching.tell(at(1), signal("a", 0, 8, reach="city", revision=4, areas=(ZONE_B, CITY)))
    assert told(moved) == [
        ("fell", "signal-amended", "zone-a", "any", 0),
        ("raised", "signal-amended", "zone-b", "any", 4),
    ]
    (fell,) = watching.tick(at(30))
    assert (fell.area_code, day_of(fell)) == ("zone-b", (9, 0.0))


def test_the_highest_version_holds_whenever_it_comes() -> None:
    watching = Watching(on_signals(reach="street"))
    assert watching.tell(at(0), signal("a", 0, 9, revision=3, reach="person")) == []
    assert watching.tell(at(0), signal("a", 0, 9, reach="city")) == []
    assert watching.tell(at(0), signal("a", 0, 9, revision=2, withdrawn=True)) == []
    assert told(watching.tell(at(0), signal("a", 0, 9, revision=4, reach="street"))) == [
        ("raised", "signal-amended", "zone-a", "any", 2)
    ]
    later = signal("a", 0, 9, revision=4, reach="person", time="2026-03-02T10:00:00.000000Z")
    assert [each.reason for each in watching.tell(at(0), later)] == ["signal-amended"]


def test_a_resolution_holds_even_if_it_comes_before_the_forecast_or_an_amendment_comes_after_it() -> None:
    watching = Watching(on_signals())
    resolved = signal("a", 0, 0, form="", outcome="did-not-happen", areas=())
    assert watching.tell(at(0), resolved) == []
    assert watching.tell(at(0), signal("a", 0, 9)) == []
    assert watching.tell(at(0), signal("a", 0, 9, revision=2)) == []


def test_forecasts_that_lapse_together_make_one_trigger() -> None:
    watching = Watching(on_signals())
    for name, last in (("a", 3), ("b", 3), ("c", 5)):
        watching.tell(at(0), signal(name, 0, last), cause=name)
    first, second = watching.tick(at(9))
    assert [(day_of(each)[0], each.observed, [e.name.id for e in each.evidence]) for each in (first, second)] == [
        (4, 1, ["a", "b"]),
        (6, 0, ["c"]),
    ]


def test_strand_groups_are_the_affected_groups_in_scope() -> None:
    each = Rule("each", "signal", scope=RuleScope("zone", strands="each"))
    some = Rule("some", "signal", scope=RuleScope("zone", strands=("race", "religion")))
    watching = Watching(each, some)
    raised = watching.tell(at(0), signal("a", 0, 3, groups=("race", "age")))
    assert [(trigger.rule, trigger.strand_group) for trigger in raised] == [
        ("each", "age"),
        ("each", "race"),
        ("some", "race+religion"),
    ]
    assert watching.tell(at(0), signal("b", 0, 3)) == []


def test_a_new_rule_judges_the_signals_that_are_held() -> None:
    watching = Watching()
    watching.tell(at(0), signal("over", 0, 1))
    watching.tell(at(0), signal("a", 0, 9))
    watching.tell(at(0), signal("b", 0, 9, areas=(ZONE_A, CITY)))
    raised = watching.set(at(5), on_signals())
    assert told(raised) == RAISED
    assert len(raised[0].evidence) == 2
    assert told(watching.set(at(6), cause="none")) == [("fell", "rule-changed", "zone-a", "any", 1)]
    assert watching.tick(at(30)) == []


def test_a_rezoning_takes_a_signal_with_it_and_tells_nobody_again() -> None:
    watching = Watching(on_signals())
    march = signal("march", 5, 6, grade="2BP", reach="neighbourhood", place=5)
    watching.tell(at(0), march, cause="march")
    moved = Rebuilt(2, (), places=(PlaceMoved(5, None, None, (ZONE_B, CITY)),))
    assert watching.tell(at(1), moved, cause="zones") == []
    again = signal("march", 5, 6, grade="2BP", reach="neighbourhood", areas=(ZONE_B, CITY), revision=2)
    assert watching.tell(at(2), again, cause="march-2") == []
    assert told(watching.tick(at(30))) == [("fell", "signal-lapsed", "zone-b", "any", 0)]


def test_a_rezoning_leaves_a_signal_alone_that_lies_elsewhere_or_is_over() -> None:
    watching = Watching(on_signals())
    watching.tell(at(0), signal("march", 5, 6, place=5), cause="march")
    moved = Rebuilt(2, (), places=(PlaceMoved(6, None, None, (ZONE_B, CITY)),))
    watching.tell(at(1), moved, cause="zones")
    assert told(watching.tick(at(8))) == [("fell", "signal-lapsed", "zone-a", "any", 0)]
    late = Rebuilt(3, (), places=(PlaceMoved(5, None, None, (ZONE_B, CITY)),))
    assert watching.tell(at(9), late, cause="zones-2") == []
    assert watching.tick(at(60)) == []
