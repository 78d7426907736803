"""Events to hand in, as a sender would write them. All of it is invented."""

from typing import Any

import orjson

Raw = dict[str, Any]


def report(id_: str, *, source: str = "/centres/test", time: str = "2026-06-30T10:00:00Z", **data: Any) -> Raw:
    """Return a report of an incident; `data` replaces or adds fields of it."""
    return envelope("bellwether.incident.reported.v1", id_, source, time, incident(**data))


def amendment(
    id_: str,
    of: tuple[str, str],
    revision: int,
    *,
    source: str = "/centres/test",
    time: str = "2026-06-30T11:00:00Z",
    **data: Any,
) -> Raw:
    """Return a whole correction of the incident (source, id)."""
    body = incident(**data) | {"incident": key(of), "revision": revision}
    return envelope("bellwether.incident.amended.v1", id_, source, time, body)


def withdrawal(
    id_: str, of: tuple[str, str], revision: int, *, source: str = "/centres/test", time: str = "2026-06-30T11:00:00Z"
) -> Raw:
    """Return a withdrawal of the incident (source, id)."""
    body = {"incident": key(of), "revision": revision, "reason": "entered-in-error"}
    return envelope("bellwether.incident.withdrawn.v1", id_, source, time, body)


def link(
    id_: str,
    one: tuple[str, str],
    other: tuple[str, str],
    *,
    linked: bool = True,
    revision: int = 1,
    source: str = "/centres/test",
    time: str = "2026-06-30T11:00:00Z",
) -> Raw:
    """Return that two incidents are, or are not, of one occurrence."""
    verb = "linked" if linked else "unlinked"
    body = {"incident": key(one), "same_as": key(other), "revision": revision}
    return envelope(f"bellwether.incident.{verb}.v1", id_, source, time, body)


def context(id_: str, *, source: str = "/police-uk/test", time: str = "2026-06-30T10:00:00Z", **data: Any) -> Raw:
    """Return a count from others."""
    body = {
        "category": "Public order",
        "period": {"from": "2026-05-01", "to": "2026-05-31"},
        "place": {"areas": [{"layer": "ward", "code": "W1"}]},
    }
    return envelope("bellwether.context.recorded.v1", id_, source, time, body | data)


def incident(**data: Any) -> Raw:
    """Return what a report says of an incident in the small city of tests.support.city."""
    return {
        "occurred": {"from": "2026-06-29T20:00:00Z"},
        "reported": "2026-06-30T09:00:00Z",
        "places": [{"areas": [{"layer": "ward", "code": "W1"}]}],
        "strands": ["race"],
        "types": ["verbal-abuse"],
    } | data


def envelope(type_: str, id_: str, source: str, time: str, data: Raw) -> Raw:
    """Return an event."""
    return {"specversion": "1.0", "id": id_, "source": source, "type": type_, "time": time, "data": data}


def key(of: tuple[str, str]) -> Raw:
    """Return an incident's name as events write it."""
    return {"source": of[0], "id": of[1]}


def encoded(*events: Raw) -> list[bytes]:
    """Return events as a sender's bytes."""
    return [orjson.dumps(event) for event in events]
