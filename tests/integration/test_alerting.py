"""Triggers become alerts: one open one for what belongs together, numbered updates, clocks, deliveries, the log."""

from typing import Any

import pytest
from sqlalchemy import text

from infra.db.engine import transaction
from schemas.alerts import AlertEvent, AlertState
from schemas.topics import TRIGGERS
from schemas.triggers import FELL, Moved
from schemas.vocabulary import Marking, Severity
from streams.ports import Emit
from tests.support.alerting import (
    ANN,
    acknowledge,
    act,
    alerts,
    close,
    everything,
    life,
    put,
    told,
    view,
    work_off,
)
from tests.support.city import Bench, QuietObserver
from tests.support.triggers import HOUR_US, MINUTE_US, MONDAY_NOON_US, trigger

A_WEEK_US = 7 * 24 * HOUR_US


def delivered(bench: Bench, city: int) -> list[tuple[int, str]]:
    (alert,) = alerts(bench, city)
    return [(row.update_number, row.kind) for row in view(bench, city, alert).deliveries]


def test_more_evidence_makes_numbered_updates_of_one_alert(bench: Bench) -> None:
    city = bench.partnership()
    for minute in range(3):
        put(bench, city, trigger(f"t{minute}", MONDAY_NOON_US + minute * MINUTE_US, partnership=city))
        work_off(bench)
    (alert,) = alerts(bench, city)
    assert (alert.state, alert.updates, alert.severity) == (AlertState.OPEN, 3, Severity.AMBER)
    assert (alert.opened_at_us, alert.updated_at_us) == (MONDAY_NOON_US, MONDAY_NOON_US + 2 * MINUTE_US)
    held = view(bench, city, alert)
    assert [update.id for update in held.updates] == ["t0", "t1", "t2"]
    assert held.updates[0] == trigger("t0", partnership=city)
    assert delivered(bench, city) == [(1, "opened"), (2, "updated"), (3, "updated")]


@pytest.mark.parametrize(
    "other",
    [
        {"alert_class": "data-quality"},
        {"area_code": "W2", "area_name": "Ward 2"},
        {"layer": "zone"},
        {"strand_group": "race"},
    ],
)
def test_what_does_not_belong_together_has_alerts_of_its_own(bench: Bench, other: dict[str, Any]) -> None:
    city = bench.partnership()
    put(bench, city, trigger("t1", partnership=city), trigger("t2", partnership=city, **other))
    work_off(bench)
    assert [alert.updates for alert in alerts(bench, city)] == [1, 1]


def test_a_trigger_that_comes_again_changes_nothing_even_when_its_alert_is_closed(bench: Bench) -> None:
    city = bench.partnership()
    first = trigger("t1", partnership=city)
    put(bench, city, first, first)
    put(bench, city, first)
    work_off(bench)
    (alert,) = alerts(bench, city)
    assert alert.updates == 1
    act(bench, city, alert, close())
    before = everything(bench, city)
    put(bench, city, first)
    work_off(bench)
    assert everything(bench, city) == before


def test_falling_opens_nothing_and_asks_for_no_delivery(bench: Bench) -> None:
    city = bench.partnership()
    put(bench, city, trigger("t0", MONDAY_NOON_US - 1, partnership=city, kind=FELL))
    put(bench, city, trigger("t1", partnership=city))
    put(
        bench, city, trigger("t2", MONDAY_NOON_US + 1, partnership=city, kind=FELL, reason="window-emptied", observed=2)
    )
    work_off(bench)
    (alert,) = alerts(bench, city)
    assert (alert.state, alert.updates, alert.below_since_us) == (AlertState.OPEN, 2, MONDAY_NOON_US + 1)
    assert delivered(bench, city) == [(1, "opened")]
    put(bench, city, trigger("t3", MONDAY_NOON_US + 2, partnership=city))
    work_off(bench)
    (alert,) = alerts(bench, city)
    assert (alert.updates, alert.below_since_us) == (3, None)


def test_higher_severity_takes_an_alert_from_whoever_has_it_and_starts_a_new_clock(bench: Bench) -> None:
    city = bench.partnership()
    put(bench, city, trigger("t1", partnership=city))
    work_off(bench)
    (alert,) = alerts(bench, city)
    act(bench, city, alert, acknowledge())
    raised_us = bench.clock.now_us() + 1
    put(bench, city, trigger("t2", raised_us, partnership=city, severity="red"))
    work_off(bench)
    (alert,) = alerts(bench, city)
    assert (alert.state, alert.severity, alert.holder) == (AlertState.OPEN, Severity.RED, None)
    assert alert.acknowledge_by_us == raised_us + 30 * MINUTE_US
    assert [row[:3] for row in life(bench, city, alert)][-2:] == [
        ("open", "acknowledged", "acknowledge"),
        ("acknowledged", "open", "raised"),
    ]


def test_an_alert_that_nobody_acknowledges_is_overdue_once_for_each_clock(bench: Bench) -> None:
    city = bench.partnership()
    put(bench, city, trigger("t1", partnership=city, severity="amber-high"))
    put(bench, city, Moved(city, MONDAY_NOON_US + A_WEEK_US), Moved(city, MONDAY_NOON_US + 2 * A_WEEK_US))
    work_off(bench)
    due = MONDAY_NOON_US + 4 * HOUR_US
    (alert,) = alerts(bench, city)
    assert life(bench, city, alert) == [
        (None, "open", "opened", MONDAY_NOON_US),
        ("open", "open", "overdue", due),
    ]
    assert delivered(bench, city) == [(1, "opened"), (1, "overdue")]
    raised_us = MONDAY_NOON_US + 3 * A_WEEK_US
    put(bench, city, trigger("t2", raised_us, partnership=city, severity="red"))
    put(bench, city, trigger("t3", raised_us + HOUR_US, partnership=city))
    work_off(bench)
    assert life(bench, city, alert)[2:] == [
        ("open", "open", "raised", raised_us),
        ("open", "open", "overdue", raised_us + 30 * MINUTE_US),
    ]
    assert delivered(bench, city) == [
        *((1, "opened"), (1, "overdue"), (2, "updated")),
        *((2, "overdue"), (3, "updated")),
    ]


def test_what_was_acknowledged_in_time_is_not_overdue(bench: Bench) -> None:
    city = bench.partnership()
    bench.clock.advance(seconds=(MONDAY_NOON_US + HOUR_US - bench.clock.now_us()) / 1_000_000)
    put(bench, city, trigger("t1", partnership=city, severity="amber-high"))
    work_off(bench)
    (alert,) = alerts(bench, city)
    act(bench, city, alert, acknowledge())
    put(bench, city, Moved(city, MONDAY_NOON_US + A_WEEK_US))
    work_off(bench)
    assert [row[2] for row in life(bench, city, alert)] == ["opened", "acknowledge"]


def test_the_log_says_what_became_of_each_alert_and_holds_no_free_text(bench: Bench) -> None:
    city = bench.partnership()
    put(bench, city, trigger("t1", partnership=city, severity="red"))
    put(bench, city, trigger("t2", MONDAY_NOON_US + 1, partnership=city, marking="actual"))
    put(bench, city, Moved(city, MONDAY_NOON_US + HOUR_US))
    work_off(bench)
    (alert,) = alerts(bench, city)
    act(bench, city, alert, close())
    said = told(bench, city)
    assert [(each.event, each.state, each.update, each.at_us) for each in said] == [
        (AlertEvent.OPENED, AlertState.OPEN, 1, MONDAY_NOON_US),
        (AlertEvent.UPDATED, AlertState.OPEN, 2, MONDAY_NOON_US + 1),
        (AlertEvent.OVERDUE, AlertState.OPEN, 2, MONDAY_NOON_US + 30 * MINUTE_US),
        (AlertEvent.CLOSED, AlertState.CLOSED, 2, bench.clock.now_us()),
    ]
    assert {each.alert for each in said} == {alert.id}
    assert [each.marking for each in said] == ["synthetic", "actual", "actual", "actual"]
    assert alert.marking is Marking.ACTUAL
    assert (said[-1].actor, said[-1].agency, said[-1].outcome) == ("ann", "council", "real")


def test_a_tick_is_noted_for_lag_and_wakes_nothing_else(bench: Bench) -> None:
    city, other = bench.partnership(), bench.partnership()
    for ticked in (city, other):
        put(bench, ticked, Moved(ticked, 5), Moved(ticked, 7))
    work_off(bench)
    with transaction(bench.engine, write=False) as connection:
        rows = connection.execute(
            text("SELECT partnership, ticked_at_us FROM stage_clock WHERE stage = 'alerting' ORDER BY partnership")
        ).all()
    assert [tuple(row) for row in rows] == [(city, 7), (other, 7)]
    assert not alerts(bench, city)
    assert not told(bench, city)


def test_a_row_that_is_no_triggers_is_set_aside_and_spoils_no_other(bench: Bench) -> None:
    city, observer = bench.partnership(), QuietObserver()
    partition = bench.ledger.partnership(city).partition
    put(bench, city, trigger("t1", partnership=city))
    bench.ledger.stage_unit(
        lambda unit: unit.emit(partition, [Emit(TRIGGERS.name, city, MONDAY_NOON_US, b"SYNTHETIC nonsense")]), 1
    )
    put(bench, city, trigger("t2", MONDAY_NOON_US + 1, partnership=city))
    work_off(bench, observer=observer)
    (alert,) = alerts(bench, city)
    assert alert.updates == 2
    assert [(stage, position) for stage, _, position, _ in observer.set_aside] == [("alerting", 2)]


def test_one_partnership_never_sees_anothers_alerts(bench: Bench) -> None:
    mine, other = bench.partnership(), bench.partnership()
    put(bench, other, trigger("t1", partnership=other))
    work_off(bench)
    assert alerts(bench, mine) == []
    (alert,) = alerts(bench, other)
    put(bench, mine, trigger("t1", partnership=mine))
    work_off(bench)
    (own,) = alerts(bench, mine)
    assert own.id != alert.id
    assert own.holder is None
    act(bench, mine, own, acknowledge(ANN))
    (alert,) = alerts(bench, other)
    assert alert.state is AlertState.OPEN
