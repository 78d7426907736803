"""The one codec: events and log rows to bytes and back, keys and digests included.

Canonical bytes are JSON with sorted keys, so equal content has equal bytes whatever the sender's spelling.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
import orjson
from pydantic import TypeAdapter, ValidationError

from schemas.changes import Change
from schemas.events import EVENT_TYPES, AnyEvent, Event
from schemas.fields import Contract
from schemas.problems import Problem, RefusedError
from schemas.triggers import Watched
from schemas.upcast import UPCASTERS, RawEvent, Upcaster, upcast

MAX_EVENT_BYTES = 1_048_576
LONGEST_NAME_ECHOED = 60
"""A field's name comes from the sender too: what does not look like one is not repeated."""

_events: TypeAdapter[Event] = TypeAdapter(AnyEvent)
_changes_decoder = msgspec.json.Decoder(list[Change])
_triggers_decoder = msgspec.json.Decoder(list[Watched])
_encoder = msgspec.json.Encoder()

_CODES = {
    "missing": ("missing-field", "this field is required"),
    "extra_forbidden": ("unknown-field", "no such field; check its spelling, or leave it out"),
    "enum": ("unknown-value", None),
    "literal_error": ("unknown-value", None),
    "string_pattern_mismatch": ("wrong-form", "the text has characters or a form that this field does not take"),
    "union_tag_not_found": ("missing-field", "an event needs its type"),
    "json_invalid": ("malformed-json", "this is not JSON"),
}
_OUT_OF_RANGE = {
    "too_long": "too many entries",
    "too_short": "too few entries",
    "string_too_long": "the text is too long",
    "string_too_short": "the text is empty",
    "greater_than_equal": "the number is too small",
    "less_than_equal": "the number is too large",
    "finite_number": "the number must be finite",
}


def encode(event: Event) -> bytes:
    """Return the canonical bytes of an event, as stored and sent."""
    return _dump(event)


def decode(raw: bytes, upcasters: Mapping[str, Upcaster] = UPCASTERS) -> Event:
    """Validate one CloudEvent in JSON.

    Raises RefusedError with every fault and the path to it; never echoes a value.
    """
    if len(raw) > MAX_EVENT_BYTES:
        raise RefusedError(Problem("too-large", "", "an event has at most 1 MiB"))
    try:
        return _read(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if (first["type"], first["loc"]) != ("union_tag_invalid", ()):
            raise RefusedError(*_problems(error)) from None
    return _decode_old(raw, upcasters)


def validate(raw: RawEvent) -> Event:
    """Validate an event that a producer of ours has built as a dictionary. Raises RefusedError."""
    return decode(orjson.dumps(raw))


def content(event: Event) -> bytes:
    """Return the canonical bytes of what an event says: all but when it was received, which is no part of it."""
    return _dump(event, without={"receivedtime"})


def digest(content_bytes: bytes) -> bytes:
    """Return the SHA-256 by which two contents are held to be equal."""
    return hashlib.sha256(content_bytes).digest()


def partition_key(partnership: str) -> bytes:
    """Return the key under which a partnership's records travel."""
    return partnership.encode()


def partition_of(partnership: str, partitions: int) -> int:
    """Return the partition of a partnership: the same in every topic, in every process, for ever."""
    return int.from_bytes(hashlib.sha256(partition_key(partnership)).digest()[:8]) % partitions


def encode_changes(changes: list[Change]) -> bytes:
    """Return the body of one `changes` row: the effects of many events, in their order."""
    return _encoder.encode(changes)


def decode_changes(body: bytes) -> list[Change]:
    """Read the body of a `changes` row. Raises msgspec.DecodeError."""
    return _changes_decoder.decode(body)


def encode_triggers(watched: list[Watched]) -> bytes:
    """Return the body of one `triggers` row: judgements of rules, in their order."""
    return _encoder.encode(watched)


def decode_triggers(body: bytes) -> list[Watched]:
    """Read the body of a `triggers` row. Raises msgspec.DecodeError."""
    return _triggers_decoder.decode(body)


def _read(raw: bytes) -> Event:
    """Validate as sent: fields by their names on the wire only."""
    return _events.validate_json(raw, strict=True, by_alias=True, by_name=False)


def _dump(event: Contract, without: set[str] | None = None) -> bytes:
    return orjson.dumps(
        event.model_dump(by_alias=True, exclude_none=True, exclude=without),
        option=orjson.OPT_SORT_KEYS,
    )


def _decode_old(raw: bytes, upcasters: Mapping[str, Upcaster]) -> Event:
    try:
        read = orjson.loads(raw)
    except orjson.JSONDecodeError:  # NaN and the like, which pydantic lets by
        raise RefusedError(Problem("malformed-json", "", "this is not JSON")) from None
    if not isinstance(read["type"], str):
        raise RefusedError(Problem("wrong-type", "type", "an event's type is text"))
    lifted = upcast(read, upcasters)
    if lifted["type"] not in EVENT_TYPES:
        raise RefusedError(Problem("unknown-type", "type", "known types: " + ", ".join(EVENT_TYPES)))
    try:
        return _read(orjson.dumps(lifted))
    except ValidationError as error:
        raise RefusedError(*_problems(error)) from None


def _problems(error: ValidationError) -> list[Problem]:
    faults = error.errors(include_url=False, include_input=False)
    with_faults_inside = {found["loc"][:depth] for found in faults for depth in range(len(found["loc"]))}
    return [
        Problem(code, _path(found["loc"]), detail)
        for found in faults
        if found["type"] != "too_short" or found["loc"] not in with_faults_inside  # it counts good entries only
        for code, detail in [_translate(found["type"], found["msg"], found.get("ctx", {}))]
    ]


def _translate(kind: str, message: str, context: Mapping[str, Any]) -> tuple[str, str]:
    if kind == "union_tag_invalid":
        return "unknown-value", f"one of: {context['expected_tags']}"
    if kind in _CODES:
        code, detail = _CODES[kind]
        return code, detail or message
    if kind in _OUT_OF_RANGE:
        return "out-of-range", _OUT_OF_RANGE[kind]
    if "-" in kind:  # our own codes have hyphens, pydantic's have underscores
        return kind, message
    return "wrong-type", message


def _path(location: tuple[Any, ...]) -> str:
    path = ""
    for step in location:
        if step in EVENT_TYPES:
            continue
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            name = step if step.isidentifier() and len(step) <= LONGEST_NAME_ECHOED else "?"
            path += f".{name}" if path else name
    return path
