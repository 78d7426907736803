"""Typed views of stored events, for the stages behind intake: what was validated once is only decoded again."""

from typing import Any, TypeVar

import msgspec

D = TypeVar("D")


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


class StoredConsent(msgspec.Struct, frozen=True, omit_defaults=True):
    """See schemas.people.Consent: in an incident the answers that hold for all who had to be asked."""

    to: str
    agency: str | None = None
    given: str = ""
    on: str = ""


class StoredData(msgspec.Struct, frozen=True):
    """The fields that stages use, of whatever type the event is; absent ones keep their default."""

    occurred: StoredOccurred | None = None
    reported: str = ""
    strands: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    harm: dict[str, str] = {}
    consents: tuple[StoredConsent, ...] = ()
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
    marking: str | None = None


class StoredSignal(msgspec.Struct, frozen=True):
    """Any of the three forms of a signal (schemas.signals)."""

    affected_groups: tuple[str, ...] = ()
    grade: str | None = None
    reach: str = "unknown"
    intensity: str = "unknown"
    period: StoredPeriod | None = None
    occurred: StoredOccurred | None = None
    expected: StoredPeriod | None = None


class StoredSignalVersion(msgspec.Struct, frozen=True):
    """An amendment, withdrawal or resolution of a signal."""

    signal: StoredKey
    revision: int = 1
    observed: StoredSignal | None = None
    evidenced: StoredSignal | None = None
    forecast: StoredSignal | None = None
    outcome: str = ""
    on: str = ""


class StoredReturn(msgspec.Struct, frozen=True):
    """See schemas.centres.CentreReturn."""

    centre: str
    period: StoredPeriod
    nil: bool = False


class StoredHeartbeat(msgspec.Struct, frozen=True):
    """See schemas.centres.CentreHeartbeat."""

    centre: str


class StoredEntry(msgspec.Struct, frozen=True):
    """The fields of any register entry that stages use (schemas.registers)."""

    register: str
    code: str
    first: str | None = None
    last: str | None = None
    return_days: int | None = None
    heartbeat_days: int | None = None
    serves: tuple[dict[str, str], ...] = ()
    sub_strands: tuple[str, ...] = ()


class StoredRegisterChange(msgspec.Struct, frozen=True):
    """See schemas.registers.RegisterChange."""

    entry: StoredEntry


_data_decoders: dict[object, msgspec.json.Decoder[Any]] = {}


def decode_data(body: bytes, kind: type[D]) -> D:
    """Read what a stored event says, as one of the kinds above. Raises msgspec.DecodeError."""
    decoder = _data_decoders.get(kind)
    if decoder is None:
        envelope = msgspec.defstruct("Envelope", [("data", kind)], frozen=True)
        decoder = _data_decoders[kind] = msgspec.json.Decoder(envelope)
    data: D = decoder.decode(body).data
    return data


class _Typed(msgspec.Struct, frozen=True):
    type: str


_decoder = msgspec.json.Decoder(StoredEvent)
_type_decoder = msgspec.json.Decoder(_Typed)


def decode_stored(body: bytes) -> StoredEvent:
    """Read a stored event. Raises msgspec.DecodeError if the bytes are not one: the record is poison."""
    return _decoder.decode(body)


def decode_type(body: bytes) -> str:
    """Read of which type a stored event is, and nothing else. Raises msgspec.DecodeError."""
    return _type_decoder.decode(body).type


def generic(body: bytes) -> dict[str, Any]:
    """Read a stored event as plain values, for showing it."""
    return msgspec.json.decode(body, type=dict[str, Any])
