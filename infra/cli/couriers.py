"""Puts a courier together from the settings."""

from random import SystemRandom

from alerts.channels import ChannelError
from alerts.channels.configured import open_channels, read_channels
from alerts.courier import Courier
from infra.cli.faults import WrongUseError
from infra.db.ledger import SqlLedger
from infra.db.outbox import Outbox
from infra.settings import Settings

ANSWERS_A_MESSAGE = 4
"""How many times the wait for one answer a message may take as a whole: a mail server answers several times."""


def make_courier(ledger: SqlLedger, settings: Settings) -> Courier:
    """Return a courier of a ledger, which also tells it the time. Raises WrongUseError for a file of channels."""
    try:
        channels = open_channels(read_channels(settings.channels_file), settings.channel_timeout_s)
    except ChannelError as error:
        raise WrongUseError(str(error)) from None
    return Courier(
        Outbox(ledger.engine),
        channels,
        ledger,
        SystemRandom(),
        public_url=settings.public_url,
        deadline_s=ANSWERS_A_MESSAGE * settings.channel_timeout_s,
    )
