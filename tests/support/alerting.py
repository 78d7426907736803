"""Alerting by itself: triggers put into the log as watch would, worked off, and what became of them."""

from collections.abc import Sequence
from typing import Any

from alerts.policy.acts import PersonsAct, Refusal, Unchanged
from alerts.policy.lifecycle import Act, Alert, Happening, Person
from infra.db.alert_acts import AlertActs
from infra.db.alert_views import AlertView, list_alerts, show_alert
from schemas.alerts import AlertState, AlertTold, decode_told
from schemas.codec import encode_triggers
from schemas.topics import ALERTS, TRIGGERS
from schemas.triggers import Watched
from schemas.vocabulary import AlertOutcome
from streams.ports import Emit, Step
from streams.runner import Runner
from streams.stages.alerting import Alerting
from tests.support.city import Bench, QuietObserver

ANN = Person("ann", "council")
BOB = Person("bob", "police")


def put(bench: Bench, partnership: int, *items: Watched) -> None:
    """Put one row of triggers into the log."""
    partition = bench.ledger.partnership(partnership).partition
    row = Emit(TRIGGERS.name, partnership, items[-1].at_us, encode_triggers(list(items)))
    bench.ledger.stage_unit(lambda unit: unit.emit(partition, [row]), 1)


def work_off(bench: Bench, batch_size: int = 1_000, observer: QuietObserver | None = None) -> int:
    """Have all triggers handled."""
    runner = Runner(Step(Alerting(), TRIGGERS, ALERTS), bench.ledger, bench.ledger, observer or QuietObserver())
    handled = 0
    for partition in range(bench.ledger.partitions):
        while newly := runner.work_off(partition, batch_size):
            handled += newly
    return handled


def alerts(bench: Bench, partnership: int) -> list[Alert]:
    """Return all alerts of a partnership, the oldest first."""
    return list_alerts(bench.engine, partnership, list(AlertState))


def view(bench: Bench, partnership: int, alert: Alert) -> AlertView:
    """Return one alert with all that belongs to it."""
    return show_alert(bench.engine, partnership, alert.id)


def life(bench: Bench, partnership: int, alert: Alert) -> list[tuple[str | None, str, str, int]]:
    """Return an alert's transitions as (from, to, act, at_us)."""
    rows = view(bench, partnership, alert).transitions
    return [(row.from_state, row.to_state, row.act, row.at_us) for row in rows]


def act(bench: Bench, partnership: int, alert: Alert, request: PersonsAct) -> Happening | Unchanged | Refusal:
    """Do something to an alert, at the bench's time."""
    return AlertActs(bench.engine, bench.clock).act(partnership, alert.id, request)


def acknowledge(by: Person = ANN) -> PersonsAct:
    return PersonsAct(Act.ACKNOWLEDGE, by)


def stand_down(by: Person = ANN) -> PersonsAct:
    return PersonsAct(Act.STAND_DOWN, by, "calls made, all calm")


def close(by: Person = ANN, outcome: AlertOutcome = AlertOutcome.REAL) -> PersonsAct:
    return PersonsAct(Act.CLOSE, by, "answered", outcome)


def told(bench: Bench, partnership: int) -> list[AlertTold]:
    """Return all that the log says of a partnership's alerts."""
    partition = bench.ledger.partnership(partnership).partition
    records = bench.ledger.read_log(ALERTS.name, partition, 1, 1_000_000)
    return [decode_told(record.body) for record in records if record.partnership == partnership]


def everything(bench: Bench, partnership: int) -> list[Any]:
    """Return all that became of a partnership's alerts, without any number that the store gave out."""
    return [
        (
            _without_numbers(alert),
            [update.id for update in held.updates],
            [
                (row.from_state, row.to_state, row.act, row.at_us, row.actor, row.agency, row.reason, row.outcome)
                for row in held.transitions
            ],
            sorted((row.id, row.update_number, row.kind, row.recipient, row.due_at_us) for row in held.deliveries),
        )
        for alert in alerts(bench, partnership)
        for held in [view(bench, partnership, alert)]
    ]


def _without_numbers(alert: Alert) -> Sequence[Any]:
    key = alert.key
    return (
        *(alert.id, key.alert_class, key.layer, key.area_code, key.strand_group, alert.rule, alert.severity),
        *(alert.marking, alert.state, alert.opened_at_us, alert.updated_at_us, alert.updates),
        *(alert.acknowledge_by_us, alert.below_since_us, alert.standing, alert.holder),
    )
