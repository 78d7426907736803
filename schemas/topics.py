"""The topics: who writes, who reads, what a record holds. The key is the partnership, in all of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """One ordered stream for each partition, kept in the ledger's `log`."""

    name: str
    producer: str
    consumer: str
    content: str


EVENTS = Topic("events", producer="intake", consumer="aggregate", content="a CloudEvent, by reference to the event")
CHANGES = Topic("changes", producer="aggregate", consumer="watch", content="area.changed: the effects of many events")
TRIGGERS = Topic("triggers", producer="watch", consumer="alerting", content="rule.triggered: many judgements of rules")
ALERTS = Topic("alerts", producer="alerting", consumer="readers", content="alert.*: what became of alerts")

TOPICS = (EVENTS, CHANGES, TRIGGERS, ALERTS)
