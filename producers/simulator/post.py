"""The post: events on their way, given out in the order in which they are received."""

import heapq
from collections import Counter
from typing import NamedTuple

from producers.simulator.times import written
from schemas.upcast import RawEvent
from schemas.vocabulary import Marking


class Sent(NamedTuple):
    """An event that was sent: its name, and when it is received."""

    source: str
    id: str
    received_us: int

    @property
    def key(self) -> RawEvent:
        """The name as other events write it."""
        return {"source": self.source, "id": self.id}


class Post:
    """Holds events until they are received; those received before it opens or after it closes are never given out."""

    def __init__(self, opens_us: int, closes_us: int) -> None:
        self.opens_us = opens_us
        self._closes_us = closes_us
        self._waiting: list[tuple[int, int, RawEvent]] = []
        self._serial = 0
        self._ids: Counter[str] = Counter()

    def send(self, noun_verb: str, source: str, received_us: int, data: RawEvent) -> Sent:
        """Send an event of a type such as `incident.reported`; ids count up within a type."""
        self._ids[noun_verb] += 1
        sent = Sent(source, f"synthetic-{noun_verb.replace('.', '-')}-{self._ids[noun_verb]:06}", received_us)
        if self.opens_us <= received_us < self._closes_us:
            at = written(received_us)
            event = {
                "specversion": "1.0",
                "type": f"bellwether.{noun_verb}.v1",
                "source": source,
                "id": sent.id,
                "time": at,
                "receivedtime": at,
                "marking": Marking.SYNTHETIC.value,
                "data": data,
            }
            self._serial += 1
            heapq.heappush(self._waiting, (received_us, self._serial, event))
        return sent

    def received_before(self, instant_us: int) -> list[RawEvent]:
        """Give out, in order, what is received before an instant."""
        given = []
        while self._waiting and self._waiting[0][0] < instant_us:
            given.append(heapq.heappop(self._waiting)[2])
        return given
