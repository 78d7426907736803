"""Rules on silence: what is overdue, and never that there were no reports."""

import pytest

from schemas.changes import Rule
from streams.core.areas import Geography
from streams.core.rules.ground import Ground
from tests.support.watching import (
    CITY,
    START,
    TOWN,
    ZONE_A,
    ZONE_B,
    Watching,
    alive,
    at,
    booked,
    centre,
    day_of,
    delta,
    returned,
    told,
)

SILENT = Rule("silent", "silence", periods=2)


def with_centres(*entries: object, rule: Rule = SILENT) -> Watching:
    """Return a partnership whose clock starts at noon of day 0, with centres registered before."""
    watching = Watching(rule)
    for entry in entries:
        assert watching.tell(0, entry) == []  # type: ignore[arg-type]
    watching.tick(at(0))
    return watching


def test_a_return_is_overdue_by_two_weeks_when_it_was_due_two_weeks_ago() -> None:
    watching = with_centres(centre("north", areas=(ZONE_A,)))
    assert watching.tick(at(21, 0) - 1) == []
    (raised,) = watching.tick(at(21, 0))
    assert told([raised]) == [("raised", "return-overdue", "zone-a", "any", 1)]
    assert day_of(raised) == (21, 0.0)  # days 0 to 6 were due on day 7
    assert (raised.alert_class, raised.severity, raised.threshold) == ("data-quality", "watch", 1)
    assert (raised.first_day, raised.last_day) == (START, START + 21)
    assert (raised.completeness.expected, raised.completeness.overdue) == (1, ("north",))
    assert raised.parameters == {"periods": 2}


def test_a_return_puts_it_off_by_the_days_that_it_covers_nil_or_not() -> None:
    watching = with_centres(centre("north"))
    watching.tell(at(8), returned("north", 6, nil=True))
    watching.tell(at(9), returned("north", 2))
    (raised,) = watching.tick(at(60))
    assert day_of(raised) == (28, 0.0)
    assert raised.first_day == START + 7


def test_a_sign_of_life_is_no_return_and_a_return_no_sign_of_life() -> None:
    watching = with_centres(centre("north", returns=7, heartbeats=3))
    watching.tell(at(6), alive("north", 6))
    watching.tell(at(7), returned("north", 6))
    raised = watching.tick(at(60))
    assert [(each.reason, day_of(each)[0]) for each in raised] == [("heartbeat-overdue", 16), ("return-overdue", 28)]


def test_it_falls_when_no_centre_of_the_area_is_overdue_any_more() -> None:
    watching = with_centres(centre("north", areas=(ZONE_A,)), centre("south", areas=(ZONE_A, ZONE_B)))
    raised = watching.tick(at(21))
    assert told(raised) == [
        ("raised", "return-overdue", "zone-a", "any", 2),
        ("raised", "return-overdue", "zone-b", "any", 1),
    ]
    assert told(watching.tell(at(22), returned("south", 20))) == [("fell", "return-made", "zone-b", "any", 0)]
    assert watching.tell(at(22), returned("north", -1)) == []  # still overdue
    assert told(watching.tell(at(23), returned("north", 20), cause="r")) == [
        ("fell", "return-made", "zone-a", "any", 0)
    ]
    assert told(watching.tick(at(42))) == [
        ("raised", "return-overdue", "zone-a", "any", 2),
        ("raised", "return-overdue", "zone-b", "any", 1),
    ]


def test_a_centre_that_closes_is_no_longer_expected() -> None:
    watching = with_centres(centre("north", areas=(ZONE_A,)), centre("south", last=10))
    assert [each.area_code for each in watching.tick(at(21))] == ["zone-a"]
    assert told(watching.tell(at(22), centre("north", last=30, areas=(ZONE_A,)))) == []
    (fell,) = watching.tick(at(40))
    assert told([fell]) == [("fell", "centre-closed", "zone-a", "any", 0)]
    assert day_of(fell) == (31, 0.0)


@pytest.mark.parametrize("codes", [("north", "south"), ("south", "north")])
def test_of_centres_that_close_on_one_day_the_last_by_name_is_the_evidence(codes: tuple[str, str]) -> None:
    watching = Watching(SILENT)
    for code in codes:
        watching.tell(0, centre(code, last=30), cause=f"entry-{code}")
    watching.tick(at(0))
    raised, fallen = watching.tick(at(31))
    assert (raised.observed, told([fallen])) == (2, [("fell", "centre-closed", "C", "any", 0)])
    assert [each.name.id for each in fallen.evidence] == ["entry-south"]


def test_a_centre_closed_in_arrears_falls_at_once() -> None:
    watching = with_centres(centre("north"))
    watching.tick(at(21))
    assert told(watching.tell(at(22), centre("north", last=15))) == [("fell", "centre-closed", "C", "any", 0)]
    assert watching.tick(at(90)) == []


def test_an_entry_of_the_register_makes_nobody_late() -> None:
    watching = with_centres()
    assert watching.tell(at(100), centre("north", first=-500, heartbeats=2)) == []
    raised = watching.tick(at(200))
    assert [(each.reason, day_of(each)[0]) for each in raised] == [("heartbeat-overdue", 106), ("return-overdue", 121)]


def test_an_entry_that_repeats_itself_gives_no_more_time() -> None:
    watching = with_centres(centre("north"))
    watching.tell(at(5), centre("north"))
    watching.tell(at(20), centre("north"))
    assert [day_of(each)[0] for each in watching.tick(at(60))] == [21]


def test_a_centre_that_opens_later_is_expected_from_then_on() -> None:
    watching = with_centres(centre("north", first=30), centre("south", returns=None))
    assert [day_of(each)[0] for each in watching.tick(at(90))] == [51]


def test_a_return_of_a_centre_that_nobody_registered_is_kept_until_it_is() -> None:
    watching = with_centres()
    assert watching.tell(at(8), returned("north", 6)) == []
    assert watching.tell(at(9), centre("north")) == []
    assert [day_of(each)[0] for each in watching.tick(at(90))] == [28]


def test_centres_that_fall_due_at_one_instant_make_one_trigger_an_area() -> None:
    watching = with_centres(centre("north"), centre("south"), centre("east", returns=None, heartbeats=7))
    (raised,) = watching.tick(at(30))
    assert (raised.observed, raised.reason, raised.area_code) == (3, "return-overdue", "C")
    assert len(raised.evidence) == 3


def test_where_there_is_no_city_a_silent_centre_is_one_of_the_whole_partnership() -> None:
    nowhere = Ground(TOWN.number, "town", TOWN.calendar, Geography(1, (), ()), "actual")
    watching = Watching(SILENT, ground=nowhere)
    watching.tell(0, centre("north"))
    watching.tick(at(0))
    (raised,) = watching.tick(at(30))
    assert (raised.area, raised.layer, raised.area_code) == (0, "city", "town")


def test_many_reports_or_none_say_nothing_of_silence() -> None:
    watching = with_centres(centre("north"))
    for day in range(20):
        watching.tell(at(day), booked(f"r{day}", delta(day)))
    assert [day_of(each)[0] for each in watching.tick(at(60))] == [21]
    assert with_centres(centre("north", returns=None)).tick(at(300)) == []


def test_a_new_rule_judges_centres_as_they_stand() -> None:
    watching = with_centres(centre("north"), rule=Rule("patient", "silence", periods=52))
    assert watching.tick(at(25)) == []
    raised = watching.set(at(25), SILENT)
    assert told(raised) == [("raised", "return-overdue", "C", "any", 1)]
    assert raised[0].area == CITY
    assert told(watching.set(at(26), Rule("silent", "silence", 2, periods=9), cause="r2")) == [
        ("fell", "rule-changed", "C", "any", 1)
    ]


def test_completeness_names_the_centres_that_are_a_whole_period_late() -> None:
    watching = with_centres(centre("north"), centre("south"), centre("new", first=13), centre("shut", last=5))
    watching.set(at(1), SILENT, Rule("one", "count", count=1, days=7), cause="r2")
    watching.tell(at(13), returned("south", 6))
    (raised,) = watching.tell(at(14), booked("a", delta(14)))
    assert raised.completeness.expected == 2
    assert raised.completeness.overdue == ("north",)
