"""Synthetic events for measuring: a city's reports over some years, in the order in which they were received."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import orjson

STRANDS = (
    ("race",),
    ("race",),
    ("race",),
    ("religion",),
    ("disability",),
    ("sexual-orientation",),
    ("race", "religion"),
)
TYPES = (("verbal-abuse",), ("threat",), ("assault",), ("graffiti", "damage"), ("harassment", "online-abuse"))
FIRST_DAY = datetime(2016, 1, 1, tzinfo=UTC)
SENT_BYTES = 751


def lsoa_codes() -> list[str]:
    """Return the small areas that ship with Milton Keynes."""
    text = files("infra.db").joinpath("shipped/milton-keynes/areas.csv").read_text(encoding="utf-8")
    return [line.split(",")[1] for line in text.splitlines() if line.startswith("lsoa-2021,")]


def reports(n: int, days: int, seed: int = 1) -> Iterator[bytes]:
    """Yield n reports of incidents over so many days, each SENT_BYTES long, SYNTHETIC throughout."""
    chance = random.Random(seed)
    areas = lsoa_codes()
    for number in range(n):
        received = FIRST_DAY + timedelta(days=days * number / n)
        occurred = received - timedelta(hours=chance.expovariate(1 / 60) + 1)
        event = {
            "specversion": "1.0",
            "id": f"{chance.getrandbits(64):016x}-{number:08d}",
            "source": f"/centres/synthetic-{number % 37:02d}",
            "type": "bellwether.incident.reported.v1",
            "time": received.isoformat(timespec="milliseconds"),
            "receivedtime": received.isoformat(timespec="milliseconds"),
            "datacontenttype": "application/json",
            "data": {
                "occurred": {"from": occurred.isoformat(timespec="milliseconds")},
                "reported": received.isoformat(timespec="milliseconds"),
                "places": [
                    {
                        "role": "happened",
                        "setting": chance.choice(("street", "home", "shop", "public-transport")),
                        "areas": [{"layer": "lsoa-2021", "code": chance.choice(areas)}],
                    }
                ],
                "strands": chance.choice(STRANDS),
                "types": chance.choice(TYPES),
                "harm": {"injury": "none", "weapon": "none", "threat": "minor", "damage": "none"},
                "target": "person",
                "crime": "undecided",
                "channel": "web",
            },
        }
        line = orjson.dumps(event)
        yield line + b" " * (SENT_BYTES - 1 - len(line))
