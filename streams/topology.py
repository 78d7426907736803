"""Which stage reads which topic. Hosts and the reference pages are built from this."""

from schemas.topics import ALERTS, CHANGES, EVENTS, TRIGGERS
from streams.ports import Step
from streams.stages.aggregate import Aggregate
from streams.stages.alerting import Alerting
from streams.stages.rebuild import is_barrier
from streams.stages.watch import Watch

TOPOLOGY = (
    Step(Aggregate(), EVENTS, CHANGES, alone=is_barrier),
    Step(Watch(), CHANGES, TRIGGERS),
    Step(Alerting(), TRIGGERS, ALERTS),
)
