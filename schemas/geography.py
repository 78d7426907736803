"""The record by which a change of lookups or zones takes its place in the log of events.

It is no event that anybody can send: its type is in no registry, so whoever tries is told that it is unknown.
"""

from typing import Final

import msgspec
import orjson

GEOGRAPHY_CHANGED: Final = "bellwether.geography.changed.v1"
SOURCE: Final = "/geography"


class GeographyChange(msgspec.Struct, frozen=True):
    """The version of a partnership's geography that holds from the record on."""

    version: int


def encode_geography_change(version: int, time: str) -> bytes:
    """Return the body of the record, in the form that stored events have."""
    return orjson.dumps(
        {
            "data": {"version": version},
            "id": f"version-{version}",
            "source": SOURCE,
            "specversion": "1.0",
            "time": time,
            "type": GEOGRAPHY_CHANGED,
        }
    )
