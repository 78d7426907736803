"""One alert as values for programs, and as lines for people."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from alerts.policy.why import sentences, why
from infra.db.alert_views import AlertView
from streams.core.days import instant_of


def card(view: AlertView, left_out: Sequence[int] = ()) -> dict[str, Any]:
    """Return one alert with why it is there, its updates, its life and its deliveries.

    `left_out` says of each update how many references of its evidence were taken out for want of consent.
    """
    alert, updates = view.alert, view.updates
    cards = [
        {"number": number, "at": instant_of(update.at_us), **why(update, previous)}
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


def lines(shown: dict[str, Any]) -> list[str]:
    """Return a card as text: why first, since that is what whoever must answer asks."""
    latest, holder = shown["updates"][-1], shown["holder"]
    held = f", held by {holder['actor']} of {holder['agency']}" if holder else ""
    clock = f", to be acknowledged by {shown['acknowledge_by']}" if shown["acknowledge_by"] else ""
    below = [f"Below the threshold since {shown['below_since']}; it stays until a person closes it."]
    return [
        f"Alert {shown['id']} ({shown['marking']})",
        f"{shown['class']}, {shown['severity']}, {shown['state']}{held}{clock}",
        *(below if shown["below_since"] else []),
        "",
        f"Why (update {latest['number']}, {latest['at']})",
        *(f"  {line}" for line in sentences(latest)),
        *_left_out(latest.get("left_out", 0)),
        "",
        "Updates",
        *(
            f"  {each['number']}  {each['at']}  {each['update']}, {each['severity']}: {each['reason']}"
            for each in shown["updates"]
        ),
        "",
        "Life",
        *(f"  {_line_of_life(each)}" for each in shown["life"]),
        "",
        "Deliveries",
        *(f"  {_line_of_delivery(each)}" for each in shown["deliveries"]),
    ]


def _left_out(number: int) -> list[str]:
    if not number:
        return []
    return [f"  Left out: {number} of its evidence, since nobody has consented to this agency seeing it."]


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


def _line_of_life(each: dict[str, Any]) -> str:
    by = f" by {each['actor']} of {each['agency']}" if each["actor"] else ""
    outcome = f", {each['outcome']}" if each["outcome"] else ""
    reason = f": {each['reason']}" if each["reason"] else ""
    return f"{each['at']}  {each['act']}{by}, now {each['to']}{outcome}{reason}"


def _line_of_delivery(each: dict[str, Any]) -> str:
    to = f"{each['recipient']} of {each['agency']}" if each["agency"] else each["recipient"]
    what = f"update {each['update']}, {each['kind']}, to {to} by {each['channel']}"
    return f"{what}: {each['state']}, {each['attempts']} tried"


def _instant(at_us: int | None) -> str | None:
    return None if at_us is None else instant_of(at_us)
