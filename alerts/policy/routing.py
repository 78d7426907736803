"""Who is told of an alert: routes lead from its class, layer, area and severity to the members of task forces."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from alerts.policy.lifecycle import DeliveryKind
from schemas.vocabulary import Severity

LOG_CHANNEL = "log"
"""The channel that is always there."""
NOBODY_ROUTED = "nobody-routed"
"""Stands for the recipient that is missing: there are routes, and none leads anywhere."""
LOG_READERS = "log-readers"
"""The recipient where a partnership has no routes at all: whoever reads the log."""
ID_DIGITS = 32

_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class Recipient(NamedTuple):
    """A person, the agency that they act for, and the channel by which they are told."""

    user: str
    agency: str
    channel: str


class Route(NamedTuple):
    """Leads alerts of a severity and above to one task force; None means any class, layer or area.

    `escalates` says that it leads there only what is overdue.
    """

    alert_class: str | None
    layer: str | None
    area_code: str | None
    severity: str
    escalates: bool
    members: tuple[Recipient, ...]


class Occasion(NamedTuple):
    """What happened to an alert. `rehearsed`: it is of a replay or synthetic, so nobody must be disturbed."""

    kind: str
    alert_class: str
    severity: str
    layer: str
    area_code: str
    rehearsed: bool


def recipients(routes: Sequence[Route], occasion: Occasion) -> tuple[Recipient, ...]:
    """Return who is told, each person once a channel, in the order of their names; never nobody.

    What is overdue goes to those whom it was to go to anyhow, and to whom it escalates. A rehearsal goes to the log,
    with the names of those who would have been told.
    """
    if not routes:
        return (Recipient(LOG_READERS, "", LOG_CHANNEL),)
    told = [member for route in routes if _leads(route, occasion) for member in route.members]
    if occasion.rehearsed:
        told = [member._replace(channel=LOG_CHANNEL) for member in told]
    return _each_once(told) or (Recipient(NOBODY_ROUTED, "", LOG_CHANNEL),)


def delivery_id(alert: str, update: int, kind: str, recipient: Recipient) -> str:
    """Return what tells a delivery from all others of its partnership: the same however often it is worked out."""
    told = "\n".join((alert, str(update), kind, recipient.user, recipient.channel))
    return sha256(told.encode()).hexdigest()[:ID_DIGITS]


def _leads(route: Route, occasion: Occasion) -> bool:
    return (
        route.alert_class in (None, occasion.alert_class)
        and route.layer in (None, occasion.layer)
        and route.area_code in (None, occasion.area_code)
        and _RANK[Severity(occasion.severity)] >= _RANK[Severity(route.severity)]
        and (occasion.kind == DeliveryKind.OVERDUE or not route.escalates)
    )


def _each_once(told: Iterable[Recipient]) -> tuple[Recipient, ...]:
    return tuple({(each.user, each.channel): each for each in sorted(told)}.values())
