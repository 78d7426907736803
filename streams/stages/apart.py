"""What of an event goes to the vault, with all that may be known of it outside: codes, and whose case it is."""

from collections.abc import Iterator

from schemas import codec
from schemas.events import (
    Event,
    IncidentAmended,
    IncidentConsentChanged,
    IncidentReferenced,
    IncidentReported,
    IncidentWithdrawn,
)
from schemas.incident import Incident
from schemas.problems import Problem
from schemas.sealing import sealed_paths
from streams.core.consent import Answered, merged
from streams.core.contribution import IncidentName
from streams.core.days import Calendar, booking_day
from streams.core.repeats import victims
from streams.ports.vault import Apart


def set_apart(event: Event, parts: bytes, calendar: Calendar) -> Apart:
    """Return what the vault needs to know of an event with something to seal."""
    whole = codec.encode(event)
    if not isinstance(event, IncidentReported | IncidentAmended):
        return Apart(parts, whole)
    incident = event.data
    consents = tuple(map(_written, merged(incident.people)))
    return Apart(parts, whole, victims(incident.people), consents, _day(incident, calendar))


def case_of(event: Event) -> IncidentName | None:
    """Return the incident whose case an event belongs to; None for what is about no incident."""
    match event:
        case IncidentReported():
            return event.source, event.id
        case IncidentAmended() | IncidentWithdrawn() | IncidentConsentChanged() | IncidentReferenced():
            return event.data.incident.source, event.data.incident.id
    return None


def cannot_seal(parts: bytes) -> Iterator[Problem]:
    """Return why an event is refused where there is no secret key: each field that would have to be sealed."""
    for path in sealed_paths(parts):
        yield Problem(
            "no-secret-key", path, "persons and free text can be sealed only where a secret key is set; leave it out"
        )


def _written(answer: Answered) -> dict[str, str]:
    written = {"to": answer.to, "given": answer.given, "on": answer.on}
    return written if answer.agency is None else written | {"agency": answer.agency}


def _day(incident: Incident, calendar: Calendar) -> int:
    occurred = incident.occurred
    return booking_day(calendar, occurred.from_, occurred.to, occurred.ongoing, incident.reported).day
