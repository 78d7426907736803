"""The life of an alert: what a trigger or the clock makes of it, and what it is made of.

An alert is open until a person closes it. Falling below the threshold is shown and never acted on.
"""

from dataclasses import dataclass, replace
from datetime import tzinfo
from enum import StrEnum

from alerts.policy.clocks import acknowledge_by
from schemas.alerts import AlertEvent, AlertState
from schemas.triggers import FELL, Trigger
from schemas.vocabulary import AlertClass, AlertOutcome, Marking, Severity

SEVERITIES = tuple(Severity)
MARKINGS = tuple(Marking)
RULE_CHANGED = "rule-changed"
"""The reason of a trigger whose rule is gone or another now, whatever was observed under it."""


class Act(StrEnum):
    """What makes an alert pass from one state to another: the first four by itself, the others by a person."""

    OPENED = "opened"
    RAISED = "raised"
    REOPENED = "reopened"
    OVERDUE = "overdue"
    ACKNOWLEDGE = "acknowledge"
    STAND_DOWN = "stand-down"
    CLOSE = "close"


class DeliveryKind(StrEnum):
    """Why somebody is told."""

    OPENED = "opened"
    UPDATED = "updated"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True, order=True)
class AlertKey:
    """What there is one open alert for, at most."""

    partnership: int
    alert_class: AlertClass
    layer: str
    area_code: str
    strand_group: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts: a user's code, and the agency that they act for."""

    user: str
    agency: str


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it stands.

    `updates` is the number of its last update, the opening being number 1. `acknowledge_by_us` is None where no clock
    runs: somebody has it, or the clock ran out. `standing` are the rules that hold it up, and `below_since_us` is since
    when none does.
    """

    id: str
    key: AlertKey
    area: int
    area_name: str
    rule: str
    severity: Severity
    marking: Marking
    state: AlertState
    opened_at_us: int
    updated_at_us: int
    updates: int
    acknowledge_by_us: int | None
    below_since_us: int | None
    standing: tuple[str, ...]
    holder: Person | None


@dataclass(frozen=True, slots=True)
class Transition:
    """One line of an alert's life; `before` is None at its opening, `by` None where nobody acted.

    `after_trigger` places a person's act among the triggers: the last position of them that was handled before it.
    """

    before: AlertState | None
    after: AlertState
    act: Act
    at_us: int
    by: Person | None = None
    reason: str = ""
    outcome: AlertOutcome | None = None
    after_trigger: int | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to an alert, with the alert as it stands after it, and what follows."""

    event: AlertEvent
    at_us: int
    alert: Alert
    update: Trigger | None = None
    transition: Transition | None = None
    delivery: DeliveryKind | None = None


def opened(alert_id: str, key: AlertKey, trigger: Trigger, zone: tzinfo) -> Happening:
    """Return the alert that a trigger opens."""
    severity = Severity(trigger.severity)
    alert = Alert(
        id=alert_id,
        key=key,
        area=trigger.area,
        area_name=trigger.area_name,
        rule=trigger.rule,
        severity=severity,
        marking=Marking(trigger.marking),
        state=AlertState.OPEN,
        opened_at_us=trigger.at_us,
        updated_at_us=trigger.at_us,
        updates=1,
        acknowledge_by_us=acknowledge_by(severity, trigger.at_us, zone),
        below_since_us=None,
        standing=(trigger.rule,),
        holder=None,
    )
    transition = Transition(None, AlertState.OPEN, Act.OPENED, trigger.at_us)
    return Happening(AlertEvent.OPENED, trigger.at_us, alert, trigger, transition, DeliveryKind.OPENED)


def updated(alert: Alert, trigger: Trigger, zone: tzinfo) -> Happening:
    """Return what a trigger makes of an open alert.

    One that raises asks for a delivery; if it is more severe than any before it, or meets an alert that was stood
    down, the alert is open again and its clock starts anew. One that fell is noted, and nobody is told.
    """
    noted = replace(
        alert,
        updates=alert.updates + 1,
        updated_at_us=trigger.at_us,
        marking=min(alert.marking, Marking(trigger.marking), key=MARKINGS.index),
    )
    if trigger.kind == FELL:
        return Happening(AlertEvent.UPDATED, trigger.at_us, _fallen(noted, trigger), trigger)
    severity = max(alert.severity, Severity(trigger.severity), key=SEVERITIES.index)
    raised = replace(
        noted, severity=severity, below_since_us=None, standing=tuple(sorted({*alert.standing, trigger.rule}))
    )
    transition = None
    if alert.state is AlertState.STOOD_DOWN or severity != alert.severity:
        act = Act.REOPENED if alert.state is AlertState.STOOD_DOWN else Act.RAISED
        transition = Transition(alert.state, AlertState.OPEN, act, trigger.at_us)
        raised = replace(
            raised,
            state=AlertState.OPEN,
            holder=None,
            acknowledge_by_us=acknowledge_by(severity, trigger.at_us, zone),
        )
    return Happening(AlertEvent.UPDATED, trigger.at_us, raised, trigger, transition, DeliveryKind.UPDATED)


def clock_ran_out(alert: Alert, until_us: int) -> Happening | None:
    """Return that an alert is overdue, at the instant at which it fell due; None if it is not so by then."""
    due_us = alert.acknowledge_by_us
    if due_us is None or due_us > until_us:
        return None
    transition = Transition(alert.state, alert.state, Act.OVERDUE, due_us)
    waiting = replace(alert, acknowledge_by_us=None)
    return Happening(AlertEvent.OVERDUE, due_us, waiting, transition=transition, delivery=DeliveryKind.OVERDUE)


def _fallen(alert: Alert, trigger: Trigger) -> Alert:
    """An alert is below only once nothing holds it up: no other rule, and nothing else under the rule that fell.

    Where one of several incidents or signals fell, `observed` is what the others still have.
    """
    others_stand = trigger.observed >= trigger.threshold and trigger.reason != RULE_CHANGED
    if others_stand or trigger.rule not in alert.standing:
        return alert
    standing = tuple(rule for rule in alert.standing if rule != trigger.rule)
    return replace(alert, standing=standing, below_since_us=None if standing else trigger.at_us)
