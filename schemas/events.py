"""The envelope (CloudEvents 1.0) and the registry of event types.

A type is `bellwether.<noun>.<verb>.v<n>`; identity is (partnership, source, id). Every version ever accepted stays
readable, through `schemas.upcast`.
"""

from typing import Annotated, Final, Literal

from pydantic import Field

from schemas.centres import CentreHeartbeat, CentreReturn
from schemas.context import Context
from schemas.decisions import AreaConfirmation, Assessment, RulesChange, Tick
from schemas.fields import Contract, EventId, Instant, Label, Moment, SourceUri
from schemas.incident import Amendment, ConsentChange, Incident, Link, Reference, Withdrawal
from schemas.registers import RegisterChange
from schemas.signals import (
    EvidencedSignal,
    ForecastResolution,
    ForecastSignal,
    ObservedSignal,
    SignalAmendment,
    SignalWithdrawal,
)
from schemas.vocabulary import Marking

INCIDENT_REPORTED: Final = "bellwether.incident.reported.v1"
INCIDENT_AMENDED: Final = "bellwether.incident.amended.v1"
INCIDENT_WITHDRAWN: Final = "bellwether.incident.withdrawn.v1"
INCIDENT_LINKED: Final = "bellwether.incident.linked.v1"
INCIDENT_UNLINKED: Final = "bellwether.incident.unlinked.v1"
INCIDENT_CONSENT_CHANGED: Final = "bellwether.incident.consent_changed.v1"
INCIDENT_REFERENCED: Final = "bellwether.incident.referenced.v1"
CONTEXT_RECORDED: Final = "bellwether.context.recorded.v1"
SIGNAL_OBSERVED: Final = "bellwether.signal.observed.v1"
SIGNAL_EVIDENCED: Final = "bellwether.signal.evidenced.v1"
SIGNAL_FORECAST: Final = "bellwether.signal.forecast.v1"
SIGNAL_AMENDED: Final = "bellwether.signal.amended.v1"
SIGNAL_WITHDRAWN: Final = "bellwether.signal.withdrawn.v1"
SIGNAL_RESOLVED: Final = "bellwether.signal.resolved.v1"
CENTRE_RETURNED: Final = "bellwether.centre.returned.v1"
CENTRE_HEARTBEAT: Final = "bellwether.centre.heartbeat.v1"
REGISTER_CHANGED: Final = "bellwether.register.changed.v1"
ASSESSMENT_SET: Final = "bellwether.assessment.set.v1"
AREA_CONFIRMED: Final = "bellwether.area.confirmed.v1"
RULE_CHANGED: Final = "bellwether.rule.changed.v1"
CLOCK_TICKED: Final = "bellwether.clock.ticked.v1"


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
    marking: Literal[Marking.EXERCISE, Marking.TEST, Marking.SYNTHETIC] | None = None


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


class SignalObserved(Envelope):
    """A feeling among people."""

    type: Literal["bellwether.signal.observed.v1"] = SIGNAL_OBSERVED
    data: ObservedSignal


class SignalEvidenced(Envelope):
    """Something that happened and is no report."""

    type: Literal["bellwether.signal.evidenced.v1"] = SIGNAL_EVIDENCED
    data: EvidencedSignal


class SignalForecast(Envelope):
    """Something expected between two days."""

    type: Literal["bellwether.signal.forecast.v1"] = SIGNAL_FORECAST
    data: ForecastSignal


class SignalAmended(Envelope):
    """A whole correction of a signal."""

    type: Literal["bellwether.signal.amended.v1"] = SIGNAL_AMENDED
    data: SignalAmendment


class SignalWithdrawn(Envelope):
    """A signal is taken back."""

    type: Literal["bellwether.signal.withdrawn.v1"] = SIGNAL_WITHDRAWN
    data: SignalWithdrawal


class SignalResolved(Envelope):
    """What was expected came, or did not."""

    type: Literal["bellwether.signal.resolved.v1"] = SIGNAL_RESOLVED
    data: ForecastResolution


class CentreReturned(Envelope):
    """A centre made its return, nil included."""

    type: Literal["bellwether.centre.returned.v1"] = CENTRE_RETURNED
    data: CentreReturn


class CentreHeartbeatSent(Envelope):
    """A centre gave a sign of life."""

    type: Literal["bellwether.centre.heartbeat.v1"] = CENTRE_HEARTBEAT
    data: CentreHeartbeat


class RegisterChanged(Envelope):
    """An entry of a register as it stands now."""

    type: Literal["bellwether.register.changed.v1"] = REGISTER_CHANGED
    data: RegisterChange


class AssessmentSet(Envelope):
    """People set a level of tension."""

    type: Literal["bellwether.assessment.set.v1"] = ASSESSMENT_SET
    data: Assessment


class AreaConfirmed(Envelope):
    """A person put a place as written on the map."""

    type: Literal["bellwether.area.confirmed.v1"] = AREA_CONFIRMED
    data: AreaConfirmation


class RulesChanged(Envelope):
    """The rules that hold from now on."""

    type: Literal["bellwether.rule.changed.v1"] = RULE_CHANGED
    data: RulesChange


class ClockTicked(Envelope):
    """The partnership's clock moved on to this event's time. Never accepted from outside."""

    type: Literal["bellwether.clock.ticked.v1"] = CLOCK_TICKED
    data: Tick


Event = (
    IncidentReported
    | IncidentAmended
    | IncidentWithdrawn
    | IncidentLinked
    | IncidentUnlinked
    | IncidentConsentChanged
    | IncidentReferenced
    | ContextRecorded
    | SignalObserved
    | SignalEvidenced
    | SignalForecast
    | SignalAmended
    | SignalWithdrawn
    | SignalResolved
    | CentreReturned
    | CentreHeartbeatSent
    | RegisterChanged
    | AssessmentSet
    | AreaConfirmed
    | RulesChanged
    | ClockTicked
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
    SIGNAL_OBSERVED: SignalObserved,
    SIGNAL_EVIDENCED: SignalEvidenced,
    SIGNAL_FORECAST: SignalForecast,
    SIGNAL_AMENDED: SignalAmended,
    SIGNAL_WITHDRAWN: SignalWithdrawn,
    SIGNAL_RESOLVED: SignalResolved,
    CENTRE_RETURNED: CentreReturned,
    CENTRE_HEARTBEAT: CentreHeartbeatSent,
    REGISTER_CHANGED: RegisterChanged,
    ASSESSMENT_SET: AssessmentSet,
    AREA_CONFIRMED: AreaConfirmed,
    RULE_CHANGED: RulesChanged,
    CLOCK_TICKED: ClockTicked,
}
