"""What becomes of an alert however late the stages come to what happened, and however far apart the ticks are."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from alerts.policy.lifecycle import Alert
from schemas.alerts import AlertState
from schemas.vocabulary import AlertClass
from streams.core.days import to_us
from tests.support.alerting import alerts, view
from tests.support.city import Bench
from tests.support.events import Raw, withdrawal
from tests.support.lagging import (
    AGGREGATE,
    ALERTING,
    SOURCE,
    WATCH,
    Moment,
    Run,
    forecast,
    nil_return,
    play,
    reported,
    rules,
    triggers,
    written,
)
from tests.support.registers import centre_entry, register, strand_entry

START = datetime(2026, 3, 23, 9, tzinfo=UTC)
"""The clocks of London go forward six days later."""
ALL = 1_000
WARD = {"layer": "ward"}
THREE: Raw = {"id": "three", "kind": "count", "count": 3, "days": 7, "scope": WARD}
TWO: Raw = {"id": "two", "kind": "count", "count": 2, "days": 60, "scope": WARD}
EACH: Raw = {"id": "each", "kind": "count", "count": 3, "days": 30, "scope": WARD | {"strands": "each"}}
SEVERE: Raw = {"id": "severe", "kind": "severe-event", "harm": "serious", "scope": WARD}
LATE: Raw = {"id": "late", "kind": "silence", "periods": 1}
SIGNALS: Raw = {"id": "signals", "kind": "signal", "scope": WARD}


def after(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def on(days: float) -> datetime:
    return START + timedelta(days=days)


def updates(bench: Bench, city: int, alert: Alert) -> list[tuple[str, int, int]]:
    """Return an alert's updates as (reason, observed, when)."""
    return [(each.reason, each.observed, each.at_us) for each in view(bench, city, alert).updates]


def test_three_reports_cross_a_threshold_and_the_first_is_withdrawn_however_far_watch_lagged(bench: Bench) -> None:
    events: Sequence[Raw] = [
        rules(START, [THREE]),
        *(reported(name, after(hours)) for name, hours in (("a", 1), ("b", 2), ("c", 3))),
        withdrawal("a2", (SOURCE, "a"), 2, time=written(after(4))),
    ]
    for seen_by_watch, runs in product(range(len(events)), ([], [Run(ALERTING, ALL)])):
        city = bench.partnership()
        lag = {seen_by_watch: [Run(WATCH, ALL), *runs]}
        told = [Moment(after(n), event, [Run(AGGREGATE, ALL), *lag.get(n, [])]) for n, event in enumerate(events)]
        play(bench, city, told, at_once=False)
        (alert,) = alerts(bench, city)
        reached, corrected = to_us(after(3)), to_us(after(4))
        assert updates(bench, city, alert) == [("count-reached", 3, reached), ("count-corrected", 2, corrected)]
        assert (alert.state, alert.opened_at_us, alert.below_since_us) == (AlertState.OPEN, reached, corrected)


@pytest.mark.parametrize("tick_hours", [5, 24, 240])
def test_a_quiet_areas_forecast_lapses_when_its_last_day_is_over(bench: Bench, tick_hours: int) -> None:
    city = bench.partnership()
    sunday = forecast("f", START, 2, 6)  # the 29th has 23 hours
    events = [rules(START, [SIGNALS, THREE]), reported("a", START, in_ward="W2"), sunday]
    ticks = [Moment(after(hours), None) for hours in range(tick_hours, 241, tick_hours)]
    play(bench, city, [*(Moment(START, event) for event in events), *ticks], at_once=True)
    (alert,) = alerts(bench, city)
    midnight = to_us(datetime(2026, 3, 29, 23, tzinfo=UTC))
    assert updates(bench, city, alert) == [("signal", 1, to_us(START)), ("signal-lapsed", 0, midnight)]
    assert (alert.state, alert.below_since_us) == (AlertState.OPEN, midnight)


def test_a_new_strand_and_nil_returns_raise_nothing(bench: Bench) -> None:
    city = bench.partnership()
    entries = [strand_entry("race"), centre_entry("north", [("ward", "W2")], return_days=7)]
    setting_up = [rules(START, [EACH, THREE, SEVERE, LATE, SIGNALS])]
    setting_up += [register(each["code"], each, time=written(START)) for each in entries]
    added = register("age", strand_entry("age", first="2026-03-30"), time=written(on(5)))
    later = [Moment(on(5), added), Moment(on(8), reported("b", on(8), strands=["age"]))]
    nil = [Moment(on(days), nil_return(f"nil-{days}", on(days), "north")) for days in range(9, 60, 7)]
    told = [*(Moment(START, event) for event in setting_up), Moment(START, reported("a", START))]
    play(bench, city, [*told, *later, *nil, Moment(on(64), None)], at_once=True)
    assert triggers(bench, city) == []


def test_an_overdue_return_raises_data_quality_and_calms_nothing(bench: Bench) -> None:
    city = bench.partnership()
    north = register("north", centre_entry("north", [("ward", "W2")], return_days=7), time=written(START))
    events = [rules(START, [TWO, LATE]), north, *(reported(name, START, in_ward="W2") for name in "ab")]
    quiet = [Moment(on(days), None) for days in range(1, 20)]
    told = [*(Moment(START, event) for event in events), *quiet, Moment(on(20), reported("c", on(20), in_ward="W2"))]
    play(bench, city, told, at_once=True)
    assert [(each.kind, each.reason, each.completeness.overdue) for each in triggers(bench, city)] == [
        ("raised", "count-reached", ()),
        ("raised", "return-overdue", ("north",)),
        ("raised", "new-evidence", ("north",)),
    ]
    tension, silence = alerts(bench, city)
    assert (tension.key.alert_class, tension.standing, tension.below_since_us) == (AlertClass.TENSION, ("two",), None)
    assert (silence.key.alert_class, silence.key.area_code) == (AlertClass.DATA_QUALITY, "W2")
