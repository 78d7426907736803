"""Which stage reads which topic. Hosts and the reference pages are built from this."""

from schemas.topics import CHANGES, EVENTS
from streams.ports import Step
from streams.stages.aggregate import Aggregate

TOPOLOGY = (Step(Aggregate(), EVENTS, CHANGES),)
