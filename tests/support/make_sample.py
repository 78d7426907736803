"""Makes producers/samples/synthetic.ndjson: `python -m tests.support.make_sample`. The same bytes every time.

Invented from end to end: no centre, report or person in it exists, and every source and id says so.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import orjson

from tests.support.events import Raw

T = TypeVar("T")

SAMPLE = Path(__file__).parents[2] / "producers" / "samples" / "synthetic.ndjson"
SEED = 2026
REPORTS, AMENDMENTS, WITHDRAWALS, LINKS, UNLINKS = 250, 20, 10, 15, 5
CENTRES = 12
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 125
"""The last incident occurs on 5 May 2026, while the wards of 2014 are in force."""

WARDS = [f"E050094{number:02}" for number in range(6, 25)]
WARD_NAMES = ["Bletchley East", "Bradwell", "Central Milton Keynes", "Stony Stratford", "Wolverton"]
SMALL_AREAS = ["E01016710", "E01016711", "E01016713", "E01034451", "E01034452", "E01034453"]
ESTATES = ["Beanhill", "Blakelands", "Bradville", "Bradwell Common", "Brooklands", "Calverton", "Castlethorpe"]
STRANDS = [
    *[["race"]] * 8,
    *[["religion"], ["religion"], ["race", "religion"], ["disability"], ["sexual-orientation"], ["transgender"]],
    ["unknown"],
]
SUB_STRANDS = {"race": "anti-black", "religion": "anti-muslim", "disability": "learning"}
TYPES = [["verbal-abuse"], ["verbal-abuse", "threat"], ["harassment"], ["graffiti", "damage"], ["assault"], ["other"]]
GRADES = ["none", "none", "minor", "serious", "unknown", "prefer-not-to-say"]
SETTINGS = ["street", "home", "shop", "public-transport", "education", "unknown"]
CHANNELS = ["walk-in", "phone", "web", "paper"]


class _Maker:
    def __init__(self) -> None:
        self._random = Random(SEED)
        self._events: list[tuple[datetime, Raw]] = []
        self._serial = 0

    def below(self, n: int) -> int:
        """Return a number from 0; made of random() alone, whose sequence Python promises to keep."""
        return int(self._random.random() * n)

    def one(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def add(self, verb: str, source: str, received: datetime, data: Raw) -> Raw:
        self._serial += 1
        event = {
            "specversion": "1.0",
            "id": f"SYNTHETIC-{self._serial:04}",
            "source": source,
            "type": f"bellwether.incident.{verb}.v1",
            "subject": "SYNTHETIC",
            "time": _written(received + timedelta(minutes=self.below(30))),
            "receivedtime": _written(received),
            "data": data,
        }
        self._events.append((received, event))
        return event

    def report(self) -> Raw:
        source = f"/centres/synthetic-{1 + self.below(CENTRES):02}"
        occurred = FIRST + timedelta(days=self.below(DAYS), minutes=self.below(24 * 60))
        reported = occurred + timedelta(hours=self.below(72))
        received = reported + timedelta(hours=self.below(self.one([12, 48, 240])))
        return self.add("reported", source, received, self.incident(occurred, reported))

    def incident(self, occurred: datetime, reported: datetime) -> Raw:
        strands, place = self.one(STRANDS), self.place()
        sub_strands = [SUB_STRANDS[strand] for strand in strands[:1] if strand in SUB_STRANDS and self.below(2)]
        return {
            "occurred": self.when(occurred),
            "reported": _written(reported),
            "places": [place | {"setting": self.one(SETTINGS)}],
            "strands": strands,
            **({"sub_strands": sub_strands} if sub_strands else {}),
            "types": self.one(TYPES),
            "harm": {"injury": self.one(GRADES), "threat": self.one(GRADES)},
            "target": self.one(["person", "person", "property", "group", "unknown"]),
            "recording": "proactive" if self.below(12) == 0 else "reported",
            "channel": self.one(CHANNELS),
        }

    def when(self, occurred: datetime) -> Raw:
        day = occurred.date().isoformat()
        return self.one(
            [
                *[{"from": _written(occurred)}] * 5,
                *[{"from": day}] * 3,
                {"from": max(FIRST, occurred - timedelta(days=3)).date().isoformat(), "to": day},
                {"from": day, "ongoing": True},
                {},
            ]
        )

    def place(self) -> Raw:
        how = self.below(20)
        if how < 9:
            return {"areas": [{"layer": "ward-2014", "code": self.one(WARDS)}]}
        if how < 11:
            return {"areas": [{"layer": "ward-2014", "name": self.one(WARD_NAMES)}]}
        if how < 15:
            return {"areas": [{"layer": "lsoa-2021", "code": self.one(SMALL_AREAS)}]}
        if how < 18:
            return {"name": self.one(ESTATES)}
        return {"kind": self.one(["online", "unknown"])}

    def later(self, event: Raw, days: int) -> datetime:
        return datetime.fromisoformat(event["receivedtime"]) + timedelta(
            days=1 + self.below(days), minutes=self.below(600)
        )

    def amend(self, event: Raw) -> None:
        change: Raw = self.one([{"places": [self.place()]}, {"strands": ["race", "religion"], "sub_strands": []}])
        data = event["data"] | change | {"incident": _key(event), "revision": 2, "details_checked": "checked"}
        self.add("amended", event["source"], self.later(event, 10), data)

    def withdraw(self, event: Raw) -> None:
        data = {"incident": _key(event), "revision": 2, "reason": self.one(["entered-in-error", "reporter-asked"])}
        self.add("withdrawn", event["source"], self.later(event, 20), data)

    def link(self, one: Raw, other: Raw) -> tuple[Raw, Raw]:
        data = {"incident": _key(one), "same_as": _key(other), "revision": 1, "basis": "staff"}
        last = max(one, other, key=lambda event: str(event["receivedtime"]))
        return self.add("linked", one["source"], self.later(last, 5), data), data

    def unlink(self, link: Raw, data: Raw) -> None:
        self.add("unlinked", link["source"], self.later(link, 5), data | {"revision": 2})

    def lines(self) -> bytes:
        """Return the events in the order in which they were received."""
        ordered = sorted(self._events, key=lambda each: each[0])
        return b"".join(orjson.dumps(event) + b"\n" for _, event in ordered)


def sample() -> bytes:
    """Return the sample, one event a line."""
    maker = _Maker()
    reports = [maker.report() for _ in range(REPORTS)]
    for event in reports[:AMENDMENTS]:
        maker.amend(event)
    for event in reports[AMENDMENTS : AMENDMENTS + WITHDRAWALS]:
        maker.withdraw(event)
    first = AMENDMENTS + WITHDRAWALS
    links = [maker.link(reports[n], reports[n + LINKS]) for n in range(first, first + LINKS)]
    for link, data in links[:UNLINKS]:
        maker.unlink(link, data)
    return maker.lines()


def _key(event: Raw) -> dict[str, Any]:
    return {"source": event["source"], "id": event["id"]}


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    SAMPLE.write_bytes(sample())
