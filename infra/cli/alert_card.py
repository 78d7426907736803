"""One alert as lines for people."""

from typing import Any

from alerts.policy.why import sentences
from infra.db.alert_card import card

__all__ = ["card", "lines"]


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


def _line_of_life(each: dict[str, Any]) -> str:
    by = f" by {each['actor']} of {each['agency']}" if each["actor"] else ""
    outcome = f", {each['outcome']}" if each["outcome"] else ""
    reason = f": {each['reason']}" if each["reason"] else ""
    return f"{each['at']}  {each['act']}{by}, now {each['to']}{outcome}{reason}"


def _line_of_delivery(each: dict[str, Any]) -> str:
    to = f"{each['recipient']} of {each['agency']}" if each["agency"] else each["recipient"]
    what = f"update {each['update']}, {each['kind']}, to {to} by {each['channel']}"
    return f"{what}: {each['state']}, {each['attempts']} tried"
