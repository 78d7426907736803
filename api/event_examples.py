"""How events are handed in, as the contract shows it: the two media types, and an example of each that is accepted."""

from enum import StrEnum
from typing import Any

from schemas.events import CLOCK_TICKED, EVENT_TYPES, Envelope


class MediaType(StrEnum):
    """How events may be handed in."""

    EVENT = "application/cloudevents+json"
    BATCH = "application/cloudevents-batch+json"


_INCIDENT = {
    "specversion": "1.0",
    "id": "synthetic-0001",
    "source": "/centres/arvig",
    "type": "bellwether.incident.reported.v1",
    "time": "2026-06-30T10:00:00Z",
    "data": {
        "occurred": {"from": "2026-06-29T20:00:00Z"},
        "reported": "2026-06-30T09:00:00Z",
        "places": [{"areas": [{"layer": "city", "code": "E06000042"}]}],
        "strands": ["race"],
        "types": ["verbal-abuse"],
    },
}
_HEARTBEAT = {
    "specversion": "1.0",
    "id": "synthetic-0002",
    "source": "/centres/arvig",
    "type": "bellwether.centre.heartbeat.v1",
    "time": "2026-06-30T10:05:00Z",
    "data": {"centre": "arvig"},
}
_ENVELOPE: dict[str, Any] = Envelope.model_json_schema()["properties"]
_INSTANT = {"type": "string", "format": "date-time"}
_DAY = {"type": "string", "format": "date"}
_EVENT: dict[str, Any] = {
    "type": "object",
    "title": "CloudEvent",
    "description": "A CloudEvent 1.0 of one of these types; what its data holds is told by /asyncapi.json.",
    "required": ["id", "source", "type", "time", "data"],
    "properties": {
        **_ENVELOPE,
        "type": {"enum": sorted(EVENT_TYPES.keys() - {CLOCK_TICKED})},
        "time": _INSTANT,
        "receivedtime": {"anyOf": [_INSTANT, _DAY, {"type": "null"}]},
        "data": {"type": "object"},
    },
    "additionalProperties": False,
}
BODIES: dict[str, Any] = {
    MediaType.EVENT: {
        "schema": _EVENT,
        "examples": {"incident": {"summary": "an incident, without any person", "value": _INCIDENT}},
    },
    MediaType.BATCH: {
        "schema": {"type": "array", "minItems": 1, "maxItems": 1_000, "items": _EVENT},
        "examples": {"batch": {"summary": "an incident and a sign of life", "value": [_INCIDENT, _HEARTBEAT]}},
    },
}
