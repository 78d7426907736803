"""What a message says: that an alert needs somebody, for which area, and where to look. Nothing else leaves the house.

Messages pass through mail servers and telephones of others, so they hold no strand, count, evidence or person.
"""

from typing import NamedTuple

from alerts.policy.lifecycle import DeliveryKind
from schemas.vocabulary import Marking

WHOLE_PARTNERSHIP = "the whole partnership"
_NEEDS = {
    DeliveryKind.OPENED: "A new alert needs you",
    DeliveryKind.UPDATED: "An alert with new evidence needs you",
    DeliveryKind.OVERDUE: "An overdue alert needs you",
}


class Subject(NamedTuple):
    """What a message may say of an alert. `area` is a name; empty for the whole partnership."""

    alert: str
    kind: str
    severity: str
    marking: str
    area: str


class Message(NamedTuple):
    """A message to one recipient. `key` tells it from all others, and is the same when it is sent again."""

    key: str
    marking: str
    title: str
    text: str


def message(key: str, subject: Subject, public_url: str) -> Message:
    """Return the message about an alert; what is not actual says so in its first word."""
    area = subject.area or WHOLE_PARTNERSHIP
    needs = _NEEDS[DeliveryKind(subject.kind)]
    first_word = "" if subject.marking == Marking.ACTUAL else f"{subject.marking.upper()} "
    link = f"{public_url.rstrip('/')}/alerts/{subject.alert}"
    lines = (f"{first_word}{needs}.", f"Area: {area}", f"Severity: {subject.severity}", link, f"Message {key}")
    return Message(key, subject.marking, f"{first_word}{needs}: {area}, {subject.severity}", "\n".join(lines))
