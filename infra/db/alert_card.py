"""One alert as values for programs: why it is there, its updates, its life and its deliveries."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row

from alerts.policy.why import why
from infra.db.alert_views import AlertView
from schemas.triggers import Trigger
from streams.core.days import instant_of

Why = Callable[[Trigger, Trigger | None], dict[str, Any]]
"""What is said of a trigger, beside the one before it: all, or as much as a reader may know."""


def card(view: AlertView, left_out: Sequence[int] = (), said_of: Why = why) -> dict[str, Any]:
    """Return one alert with why it is there, its updates, its life and its deliveries.

    `left_out` says of each update how many references of its evidence were taken out for want of consent.
    """
    alert, updates = view.alert, view.updates
    cards = [
        {"number": number, "at": instant_of(update.at_us), **said_of(update, previous)}
        for number, (update, previous) in enumerate(zip(updates, [None, *updates], strict=False), start=1)
    ]
    for update, number in zip(cards, left_out, strict=False):
        update["left_out"] = number
    return {
        "id": alert.id,
        "class": alert.key.alert_class.value,
        "rule": alert.rule,
        "layer": alert.key.layer,
        "area": alert.key.area_code,
        "area_name": alert.area_name,
        "strand_group": alert.key.strand_group,
        "severity": alert.severity.value,
        "marking": alert.marking.value,
        "state": alert.state.value,
        "opened_at": instant_of(alert.opened_at_us),
        "updated_at": instant_of(alert.updated_at_us),
        "acknowledge_by": _instant(alert.acknowledge_by_us),
        "below_since": _instant(alert.below_since_us),
        "holder": None if alert.holder is None else {"actor": alert.holder.user, "agency": alert.holder.agency},
        "updates": cards,
        "life": [_transition(row) for row in view.transitions],
        "deliveries": [_delivery(row) for row in view.deliveries],
    }


def _transition(row: Row[Any]) -> dict[str, Any]:
    return {
        "at": instant_of(row.at_us),
        "act": row.act,
        "from": row.from_state,
        "to": row.to_state,
        "actor": row.actor,
        "agency": row.agency,
        "reason": row.reason or None,
        "outcome": row.outcome,
    }


def _delivery(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "update": row.update_number,
        "kind": row.kind,
        "recipient": row.recipient,
        "agency": row.agency,
        "channel": row.channel,
        "state": row.state,
        "attempts": row.attempts,
        "due_at": instant_of(row.due_at_us),
        "last_result": row.last_result,
    }


def _instant(at_us: int | None) -> str | None:
    return None if at_us is None else instant_of(at_us)
