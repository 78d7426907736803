"""Count rules: N in D days, as it changes with each report, each correction and each day."""

import pytest

from schemas.changes import Rebuilt, Rule, RuleScope
from tests.support.watching import START, ZONE_B, Watching, at, booked, day_of, delta, told


def three_in_seven(**said: object) -> Rule:
    fields = {"count": 3, "days": 7, "scope": RuleScope("zone")} | said
    return Rule("three-in-seven", "count", **fields)  # type: ignore[arg-type]


def report(watching: Watching, id_: str, day: int, **said: object) -> list[tuple[str, str, str, str, int]]:
    return told(watching.tell(at(day), booked(id_, delta(day, **said))))  # type: ignore[arg-type]


def test_the_third_in_seven_days_raises_and_each_further_one_is_new_evidence() -> None:
    watching = Watching(three_in_seven())
    assert report(watching, "a", 0) == []
    assert report(watching, "b", 3) == []
    assert report(watching, "x", 3, zone=ZONE_B) == []
    assert report(watching, "c", 6) == [("raised", "count-reached", "zone-a", "any", 3)]
    assert report(watching, "d", 6) == [("raised", "new-evidence", "zone-a", "any", 4)]


def test_a_trigger_says_what_it_rests_on() -> None:
    watching = Watching(three_in_seven())
    watching.tell(at(0), booked("a", delta(0)), marking="synthetic")
    watching.tell(at(1), booked("b", delta(1)), marking="test")
    (raised,) = watching.tell(at(2), booked("c", delta(1)), marking="synthetic")
    assert [(each.name.id, each.n) for each in raised.evidence] == [("c", 1), ("b", 1), ("a", 1)]
    assert (raised.first_day, raised.last_day) == (START - 4, START + 2)
    assert (raised.at_us, raised.cut_off_us) == (at(2), at(2))
    assert (raised.observed, raised.threshold, raised.parameters) == (3, 3, {"count": 3, "days": 7})
    assert (raised.layer, raised.area_code, raised.area_name) == ("zone", "zone-a", "Zone A")
    assert (raised.alert_class, raised.severity, raised.marking) == ("tension", "amber", "test")
    assert len(raised.id) == 32


def test_evidence_is_the_twenty_newest() -> None:
    watching = Watching(three_in_seven(count=30))
    said = [trigger for n in range(30) for trigger in watching.tell(at(0), booked(f"r{n:02}", delta(0)))]
    (raised,) = said
    assert [each.name.id for each in raised.evidence] == [f"r{n:02}" for n in range(29, 9, -1)]


def test_what_is_undated_proactive_late_or_in_the_future_does_not_count() -> None:
    watching = Watching(three_in_seven(count=1))
    assert report(watching, "a", 10, dated=False) == []
    assert report(watching, "b", 10, recording="proactive") == []
    assert told(watching.tell(at(10), booked("c", delta(3)))) == []
    assert told(watching.tell(at(10), booked("d", delta(11)))) == []
    assert told(watching.tell(at(10), booked("e", delta(4)))) == [("raised", "count-reached", "zone-a", "any", 1)]


def test_what_lay_in_the_future_counts_once_its_day_begins() -> None:
    watching = Watching(three_in_seven(count=1))
    assert watching.tell(at(0), booked("a", delta(1))) == []
    (raised,) = watching.tick(at(5))
    assert told([raised]) == [("raised", "count-reached", "zone-a", "any", 1)]
    assert day_of(raised) == (1, 0.0)


def test_a_window_empties_at_the_first_instant_of_the_day_that_drops_what_it_rested_on() -> None:
    watching = Watching(three_in_seven(count=2))
    report(watching, "a", 0)
    report(watching, "b", 4)
    assert watching.tick(at(7, 0) - 1) == []
    (fell,) = watching.tick(at(7, 0))
    assert told([fell]) == [("fell", "window-emptied", "zone-a", "any", 1)]
    assert day_of(fell) == (7, 0.0)
    assert [each.name.id for each in fell.evidence] == ["b"]
    assert watching.tick(at(20)) == []


def test_what_fell_due_long_before_a_record_is_said_before_it_and_at_its_own_instant() -> None:
    watching = Watching(three_in_seven(count=1, days=2))
    report(watching, "a", 0)
    said = watching.tell(at(30), booked("b", delta(30)))
    assert [(each.kind, day_of(each)) for each in said] == [("fell", (2, 0.0)), ("raised", (30, 12.0))]


def test_days_are_civil_days_also_where_one_has_23_hours() -> None:
    watching = Watching(three_in_seven(count=1, days=1))
    report(watching, "a", 27)  # 2026-03-29, the day on which clocks go forward
    (fell,) = watching.tick(at(40))
    assert day_of(fell) == (28, 0.0)
    assert fell.at_us - at(27, 0) == 23 * 3_600_000_000


def test_several_deltas_of_one_change_make_one_trigger() -> None:
    watching = Watching(three_in_seven())
    raised = watching.tell(at(1), booked("a", delta(0), delta(1), delta(1)))
    assert told(raised) == [("raised", "count-reached", "zone-a", "any", 3)]
    assert [(each.name.id, each.n) for each in raised[0].evidence] == [("a", 3)]


@pytest.mark.parametrize("back_to", [ZONE_B, None])
def test_a_correction_that_takes_it_below_is_said(back_to: int | None) -> None:
    watching = Watching(three_in_seven(count=2))
    report(watching, "a", 0)
    report(watching, "b", 0)
    moved = booked("b", delta(0, -1), delta(0, zone=back_to))
    (fell,) = watching.tell(at(1), moved, cause="b2")
    assert told([fell]) == [("fell", "count-corrected", "zone-a", "any", 1)]
    assert [(each.name.id, each.n) for each in fell.evidence] == [("b2", -1), ("b", 1), ("a", 1)]


def test_a_correction_that_adds_nothing_is_no_new_evidence() -> None:
    watching = Watching(three_in_seven(count=1))
    report(watching, "a", 0)
    assert watching.tell(at(1), booked("a", delta(0, -1), delta(1)), cause="a2") == []
    (fell,) = watching.tick(at(30))
    assert day_of(fell) == (8, 0.0)


def test_withdrawn_after_the_threshold_and_reached_again_raises_again() -> None:
    watching = Watching(three_in_seven(count=2))
    report(watching, "a", 0)
    (first,) = watching.tell(at(0), booked("b", delta(0)))
    watching.tell(at(0), booked("b", delta(0, -1)), cause="b2")
    (again,) = watching.tell(at(1), booked("c", delta(1)))
    assert (again.reason, again.observed) == ("count-reached", 2)
    assert again.id != first.id


def test_strands_any_each_or_a_list() -> None:
    each = Rule("each", "count", count=1, days=7, scope=RuleScope("city", strands="each"))
    some = Rule("some", "count", count=1, days=7, scope=RuleScope("city", strands=("race", "religion")))
    watching = Watching(each, some)
    first = watching.tell(at(0), booked("a", delta(0, strands=("race", "religion"))))
    assert [(trigger.rule, trigger.strand_group, trigger.observed) for trigger in first] == [
        ("each", "race", 1),
        ("each", "religion", 1),
        ("some", "race+religion", 1),
    ]
    second = watching.tell(at(0), booked("b", delta(0, strands=("disability",))))
    assert [(trigger.rule, trigger.strand_group, trigger.observed) for trigger in second] == [("each", "disability", 1)]


def test_a_rule_looks_only_at_the_areas_that_it_names() -> None:
    watching = Watching(three_in_seven(count=1, scope=RuleScope("zone", areas=("zone-b",))))
    assert report(watching, "a", 0) == []
    assert report(watching, "b", 0, zone=None) == []
    assert report(watching, "c", 0, zone=ZONE_B) == [("raised", "count-reached", "zone-b", "any", 1)]


def test_a_new_rule_judges_once_what_is_held_and_one_that_is_gone_lets_go() -> None:
    watching = Watching(three_in_seven())
    report(watching, "a", 0)
    report(watching, "b", 0)
    raised = watching.set(at(1), three_in_seven(version=2, count=2), cause="rules-2")
    assert told(raised) == [("raised", "count-reached", "zone-a", "any", 2)]
    assert raised[0].rule_version == 2
    assert watching.set(at(1), three_in_seven(version=2, count=2), cause="rules-3") == []
    stricter = watching.set(at(1), three_in_seven(version=3, count=5), cause="rules-4")
    assert told(stricter) == [("fell", "rule-changed", "zone-a", "any", 2)]
    watching.set(at(1), three_in_seven(version=4, count=1), cause="rules-5")
    off = watching.set(at(1), three_in_seven(version=5, count=1, enabled=False), cause="rules-6")
    assert told(off) == [("fell", "rule-changed", "zone-a", "any", 2)]
    assert report(watching, "c", 1) == []
    watching.set(at(1), three_in_seven(version=6, count=1), cause="rules-7")
    assert told(watching.set(at(1), cause="rules-8")) == [("fell", "rule-changed", "zone-a", "any", 3)]


def test_a_rebuild_moves_what_is_counted_and_says_nothing() -> None:
    watching = Watching(three_in_seven(count=2))
    report(watching, "a", 0)
    report(watching, "b", 0)
    moved = Rebuilt(2, (delta(0, -2), delta(0, 2, zone=ZONE_B)))
    assert watching.tell(at(1), moved, cause="zones") == []
    assert report(watching, "c", 1) == []
    assert report(watching, "d", 1, zone=ZONE_B) == [("raised", "new-evidence", "zone-b", "any", 3)]
    emptied = [(trigger.area_code, day_of(trigger)[0]) for trigger in watching.tick(at(30))]
    assert emptied == [("zone-b", 7)]


def test_triggers_have_the_same_ids_whenever_and_wherever_they_are_judged() -> None:
    def raised() -> list[str]:
        watching = Watching(three_in_seven(count=1))
        said = watching.tell(at(0), booked("a", delta(0))) + watching.tick(at(9))
        return [trigger.id for trigger in said]

    assert raised() == raised()
    assert len(set(raised())) == 2
