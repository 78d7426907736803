"""The log: a channel that is always there, for whoever runs Bellwether."""

import structlog

from alerts.channels import Delivered
from alerts.policy.routing import NOBODY_ROUTED, Recipient
from alerts.policy.wording import Message
from schemas.vocabulary import Marking


class LogChannel:
    """Implements Channel by log lines: an error where no route leads anywhere, since somebody must mend that."""

    def send(self, message: Message, recipient: Recipient) -> Delivered:
        """See Channel."""
        log = structlog.get_logger()
        say = log.info if message.marking == Marking.SYNTHETIC else log.warning
        if recipient.user == NOBODY_ROUTED:
            say = log.error
        say("alert", recipient=recipient.user, title=message.title, text=message.text, key=message.key)
        return Delivered()
