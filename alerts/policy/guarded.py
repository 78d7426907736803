"""Why an alert is there, as far as a reader may know who may see no exact figures, or not what single centres do.

Such a reader must learn no count of 1 to 4, not even by comparing one update with the next. So of rules on incidents no
number is told: neither what was observed, nor what evidence adds, nor what changed; and where the rule's own number is
small, not the rule either, since its alert is opened exactly when that number is reached. Days become whole weeks.
"""

from datetime import date, timedelta
from typing import Any, NamedTuple

from alerts.policy.why import severity_change, standing_change, why
from schemas.rules import ANY
from schemas.triggers import Completeness, Trigger

SMALLEST_TOLD = 5
"""A rule whose own number is smaller is not named."""
COUNT, SEVERE_EVENT, SILENCE = "count", "severe-event", "silence"
ABOUT_INCIDENTS = (COUNT, SEVERE_EVENT)
SUNDAY = 6


class Sight(NamedTuple):
    """What a reader may know: exact figures, what single centres do, and strands in the area that an alert is about."""

    exact: bool
    centres: bool
    strands: bool


def guarded_why(trigger: Trigger, previous: Trigger | None, sight: Sight) -> dict[str, Any]:
    """Return what a trigger rests on and what changed since the one before it, as far as a reader may know.

    In the place of what may not be known stands None.
    """
    card = why(trigger, previous)
    card["completeness"] = guarded_completeness(trigger.completeness, sight)
    if trigger.rule_kind == SILENCE and not sight.centres:
        card["evidence"] = []
    if previous is not None and not (sight.exact and sight.centres):
        card["changed"] = [*severity_change(trigger, previous), *standing_change(trigger, previous)]
    if not sight.exact:
        card["strand_group"] = guarded_strands(trigger.strand_group, sight)
        if trigger.rule_kind in ABOUT_INCIDENTS:
            card |= _without_counts(card, trigger)
    return card


def guarded_completeness(completeness: Completeness, sight: Sight) -> dict[str, Any]:
    """Return how many returns were expected and are overdue, and whose."""
    return {
        "expected": completeness.expected,
        "overdue": len(completeness.overdue),
        "centres": list(completeness.overdue) if sight.centres else None,
    }


def guarded_strands(group: str, sight: Sight) -> str | None:
    """Return a strand group; None where the area is too small for strands to be told of it."""
    return group if sight.exact or sight.strands or group == ANY else None


def names_its_rule(trigger: Trigger, sight: Sight) -> bool:
    """Whether a reader may know which rule a trigger is of."""
    return sight.exact or trigger.rule_kind != COUNT or trigger.threshold >= SMALLEST_TOLD


def _without_counts(card: dict[str, Any], trigger: Trigger) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "period": {"from": _monday(card["period"]["from"]), "to": _sunday(card["period"]["to"])},
        "evidence": [each | {"n": None} for each in card["evidence"]],
    }
    if trigger.rule_kind == SEVERE_EVENT:  # what it observed is how grave, not how many
        return kept
    kept["observed"] = None
    if trigger.threshold < SMALLEST_TOLD:
        kept |= {"threshold": None, "rule": {"id": None, "version": None, "kind": COUNT, "parameters": {}}}
    return kept


def _monday(day: str) -> str:
    civil = date.fromisoformat(day)
    return (civil - timedelta(days=civil.weekday())).isoformat()


def _sunday(day: str) -> str:
    civil = date.fromisoformat(day)
    return (civil + timedelta(days=SUNDAY - civil.weekday())).isoformat()
