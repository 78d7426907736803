"""Typed views of stored events, for the stages behind intake: what was validated once is only decoded again."""

from typing import Any

import msgspec


class StoredOccurred(msgspec.Struct, frozen=True):
    """See schemas.incident.Occurred."""

    from_: str | None = msgspec.field(default=None, name="from")
    to: str | None = None
    ongoing: bool = False


class StoredKey(msgspec.Struct, frozen=True):
    """See schemas.incident.IncidentKey."""

    source: str
    id: str


class StoredPeriod(msgspec.Struct, frozen=True):
    """See schemas.context.Period."""

    from_: str = msgspec.field(name="from")
    to: str


class StoredData(msgspec.Struct, frozen=True):
    """The fields that stages use, of whatever type the event is; absent ones keep their default."""

    occurred: StoredOccurred | None = None
    reported: str = ""
    strands: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    harm: dict[str, str] = {}
    recording: str = "reported"
    centre: str | None = None
    incident: StoredKey | None = None
    same_as: StoredKey | None = None
    revision: int = 1
    category: str = ""
    period: StoredPeriod | None = None
    count: int = 1


class StoredEvent(msgspec.Struct, frozen=True):
    """An event of any type as the ledger holds it."""

    source: str
    id: str
    type: str
    time: str
    data: StoredData


_decoder = msgspec.json.Decoder(StoredEvent)


def decode_stored(body: bytes) -> StoredEvent:
    """Read a stored event. Raises msgspec.DecodeError if the bytes are not one: the record is poison."""
    return _decoder.decode(body)


def generic(body: bytes) -> dict[str, Any]:
    """Read a stored event as plain values, for showing it."""
    return msgspec.json.decode(body, type=dict[str, Any])
