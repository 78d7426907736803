"""Channels: ways to tell somebody. Each says what became of one message, and keeps nothing."""

from dataclasses import dataclass
from typing import Protocol

from alerts.policy.routing import Recipient
from alerts.policy.wording import Message


@dataclass(frozen=True, slots=True)
class Delivered:
    """The other side accepted the message. What it does with it is not known."""


@dataclass(frozen=True, slots=True)
class Retry:
    """It did not get through, and may later; it may also have, without our hearing of it. `reason` is a code."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The other side will never take it. `reason` is a code."""

    reason: str


Result = Delivered | Retry | Refused


class ChannelError(Exception):
    """A channel, or the file that names them, that cannot be used. Mend the line that the message names."""


class Channel(Protocol):
    """A way to tell somebody."""

    def send(self, message: Message, recipient: Recipient) -> Result:
        """Send a message, waiting for each answer no longer than the channel's own time-out."""
        ...
