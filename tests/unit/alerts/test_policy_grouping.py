"""Which alert a trigger belongs to, and in which order clocks and triggers are settled."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from alerts.policy.grouping import City, Docket
from alerts.policy.lifecycle import Alert
from schemas.alerts import AlertEvent
from schemas.triggers import Moved
from tests.support.triggers import HOUR_US, MINUTE_US, MONDAY_NOON_US, trigger


def docket(alerts: Iterable[Alert] = (), heard: Iterable[tuple[int, str]] = ()) -> Docket:
    return Docket({1: City("testing", ZoneInfo("Europe/London"))}, alerts, heard)


def said(held: Docket) -> list[tuple[AlertEvent, str, int]]:
    return [(each.event, each.alert.key.area_code, each.at_us - MONDAY_NOON_US) for each in held.happenings]


def test_clocks_that_ran_out_are_settled_in_the_order_in_which_they_fell_due_and_before_what_comes() -> None:
    held = docket()
    held.hear(trigger("t1", area_code="W1", severity="amber-high"))
    held.hear(trigger("t2", area_code="W2", severity="red"))
    held.hear(trigger("t3", MONDAY_NOON_US + 1, area_code="W0", severity="red"))
    held.hear(trigger("t4", MONDAY_NOON_US + 4 * HOUR_US, area_code="W1"))
    assert said(held)[3:] == [
        (AlertEvent.OVERDUE, "W2", 30 * MINUTE_US),
        (AlertEvent.OVERDUE, "W0", 30 * MINUTE_US + 1),
        (AlertEvent.OVERDUE, "W1", 4 * HOUR_US),
        (AlertEvent.UPDATED, "W1", 4 * HOUR_US),
    ]


def test_a_trigger_that_some_alert_has_had_still_lets_time_pass_but_changes_nothing_else() -> None:
    held = docket(heard=[(1, "t2")])
    held.hear(trigger("t1", severity="red"))
    held.hear(trigger("t2", MONDAY_NOON_US + HOUR_US, severity="red"))
    assert [event for event, *_ in said(held)] == [AlertEvent.OPENED, AlertEvent.OVERDUE]


def test_an_alert_that_the_store_holds_open_is_updated_not_opened_again() -> None:
    first = docket()
    first.hear(trigger("t1"))
    (opening,) = first.happenings
    held = docket([opening.alert])
    held.hear(trigger("t2", MONDAY_NOON_US + 1))
    held.hear(Moved(1, MONDAY_NOON_US + 2))
    (update,) = held.happenings
    assert (update.event, update.alert.id, update.alert.updates) == (AlertEvent.UPDATED, opening.alert.id, 2)
