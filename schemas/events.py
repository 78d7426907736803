"""The envelope (CloudEvents 1.0) and the registry of event types.

A type is `bellwether.<noun>.<verb>.v<n>`; identity is (partnership, source, id). Every version ever accepted stays
readable, through `schemas.upcast`.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from schemas.context import Context
from schemas.fields import Contract, EventId, Instant, Label, Moment, SourceUri
from schemas.incident import Amendment, ConsentChange, Incident, Link, Reference, Withdrawal

INCIDENT_REPORTED: Final = "bellwether.incident.reported.v1"
INCIDENT_AMENDED: Final = "bellwether.incident.amended.v1"
INCIDENT_WITHDRAWN: Final = "bellwether.incident.withdrawn.v1"
INCIDENT_LINKED: Final = "bellwether.incident.linked.v1"
INCIDENT_UNLINKED: Final = "bellwether.incident.unlinked.v1"
INCIDENT_CONSENT_CHANGED: Final = "bellwether.incident.consent_changed.v1"
INCIDENT_REFERENCED: Final = "bellwether.incident.referenced.v1"
CONTEXT_RECORDED: Final = "bellwether.context.recorded.v1"


class Envelope(Contract):
    """What every event says about itself.

    `time` is when the producer made the event. `receivedtime` is when a person received the report, believed from
    imports, replays and simulations only, and no part of the event's content.
    """

    specversion: Literal["1.0"] = "1.0"
    id: EventId
    source: SourceUri
    time: Instant
    subject: Label | None = None
    datacontenttype: Literal["application/json"] = "application/json"
    receivedtime: Moment | None = None


class IncidentReported(Envelope):
    """Somebody reported a hate incident. Its identity is the incident's."""

    type: Literal["bellwether.incident.reported.v1"] = INCIDENT_REPORTED
    data: Incident


class IncidentAmended(Envelope):
    """A whole correction of an incident."""

    type: Literal["bellwether.incident.amended.v1"] = INCIDENT_AMENDED
    data: Amendment


class IncidentWithdrawn(Envelope):
    """A report is taken back."""

    type: Literal["bellwether.incident.withdrawn.v1"] = INCIDENT_WITHDRAWN
    data: Withdrawal


class IncidentLinked(Envelope):
    """Two reports are of one occurrence."""

    type: Literal["bellwether.incident.linked.v1"] = INCIDENT_LINKED
    data: Link


class IncidentUnlinked(Envelope):
    """Two reports are not of one occurrence after all."""

    type: Literal["bellwether.incident.unlinked.v1"] = INCIDENT_UNLINKED
    data: Link


class IncidentConsentChanged(Envelope):
    """Consents as they stand now."""

    type: Literal["bellwether.incident.consent_changed.v1"] = INCIDENT_CONSENT_CHANGED
    data: ConsentChange


class IncidentReferenced(Envelope):
    """Another agency's reference, learnt later."""

    type: Literal["bellwether.incident.referenced.v1"] = INCIDENT_REFERENCED
    data: Reference


class ContextRecorded(Envelope):
    """A count from others."""

    type: Literal["bellwether.context.recorded.v1"] = CONTEXT_RECORDED
    data: Context


Event = (
    IncidentReported
    | IncidentAmended
    | IncidentWithdrawn
    | IncidentLinked
    | IncidentUnlinked
    | IncidentConsentChanged
    | IncidentReferenced
    | ContextRecorded
)
AnyEvent = Annotated[Event, Field(discriminator="type")]

EVENT_TYPES: dict[str, type[Event]] = {
    INCIDENT_REPORTED: IncidentReported,
    INCIDENT_AMENDED: IncidentAmended,
    INCIDENT_WITHDRAWN: IncidentWithdrawn,
    INCIDENT_LINKED: IncidentLinked,
    INCIDENT_UNLINKED: IncidentUnlinked,
    INCIDENT_CONSENT_CHANGED: IncidentConsentChanged,
    INCIDENT_REFERENCED: IncidentReferenced,
    CONTEXT_RECORDED: ContextRecorded,
}
