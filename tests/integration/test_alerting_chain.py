"""From what is handed in to an alert in somebody's hands, through every stage, on both databases."""

import pytest

from alerts.policy.why import sentences, why
from schemas.alerts import AlertState
from schemas.vocabulary import Severity
from tests.support.alerting import ANN, acknowledge, act, alerts, everything, life, view
from tests.support.city import Bench
from tests.support.events import Raw, envelope, report, withdrawal

TIME = "2026-06-30T10:00:00Z"
RULES = [
    {"id": "two", "kind": "count", "count": 2, "days": 7, "scope": {"layer": "ward"}},
    {"id": "severe", "kind": "severe-event", "harm": "serious", "scope": {"layer": "ward"}},
]


def rules() -> Raw:
    return envelope("bellwether.rule.changed.v1", "rules-1", "/rules", TIME, {"version": 1, "rules": RULES})


def test_reports_that_cross_a_threshold_are_one_alert_with_updates(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, rules(), report("a"), report("b"), report("c"))
    bench.drain()
    (alert,) = alerts(bench, city)
    assert (alert.rule, alert.state, alert.severity, alert.updates) == ("two", AlertState.OPEN, Severity.AMBER, 2)
    held = view(bench, city, alert)
    card = sentences(why(held.updates[1], held.updates[0]))
    assert "Seen: 3 incidents; the rule asks for 2 or more." in card
    assert "Since the last update: 3 observed, it was 2 (+1); 1 new reference of evidence." in card
    assert [(row.update_number, row.kind) for row in held.deliveries] == [(1, "opened"), (2, "updated")]


def test_grave_harm_raises_the_alert_that_is_there_and_a_withdrawal_only_notes(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, rules(), report("a"), report("b"))
    bench.drain()
    (alert,) = alerts(bench, city)
    act(bench, city, alert, acknowledge())
    bench.clock.advance(seconds=60)
    bench.hand_in(city, report("c", harm={"injury": "critical"}))
    bench.drain()
    (alert,) = alerts(bench, city)
    assert (alert.severity, alert.state, alert.standing) == (Severity.RED, AlertState.OPEN, ("severe", "two"))
    act(bench, city, alert, acknowledge(ANN))
    for number, withdrawn in enumerate("abc"):
        bench.hand_in(city, withdrawal(f"w{number}", ("/centres/test", withdrawn), 2))
    bench.drain()
    (alert,) = alerts(bench, city)
    assert (alert.severity, alert.state, alert.standing) == (Severity.RED, AlertState.ACKNOWLEDGED, ())
    assert alert.below_since_us == bench.clock.now_us()
    assert [row[2] for row in life(bench, city, alert)] == ["opened", "acknowledge", "raised", "acknowledge"]


@pytest.mark.parametrize("batch_size", [1, 3])
def test_batches_of_all_stages_change_nothing(bench: Bench, batch_size: int) -> None:
    became = []
    for size in (1_000, batch_size):
        city = bench.partnership()
        bench.hand_in(city, rules())
        for number in range(6):
            bench.hand_in(city, report(f"r{number}", harm={"injury": "serious"} if number == 3 else {}))
            bench.clock.advance(seconds=1)
        bench.drain(size)
        bench.clock.advance(seconds=-6)
        ((alert, *_),) = everything(bench, city)
        became.append(alert[1:])
    assert became[0] == became[1]
