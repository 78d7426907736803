"""Signals of tension: what is felt, what has happened and is no report, what is expected. Three things, never added up.

A signal's identity is that of the event that first told it; amendments are whole and have a higher revision.
"""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from schemas.context import Period
from schemas.fields import CivilDay, Contract, EventId, FreeText, Slug, SourceUri
from schemas.grading import Grade
from schemas.incident import IncidentKey, Occurred, PlaceAsTold
from schemas.vocabulary import Answer, ForecastOutcome, Intensity, PlaceKind, Reach, SignalSort, WithdrawalReason


class SignalContent(Contract):
    """What every signal says. Who told it is a pseudonym from the centre's own list, never a name."""

    told_by: Slug | None = None
    place: PlaceAsTold = PlaceAsTold(kind=PlaceKind.UNKNOWN)
    affected_groups: Annotated[tuple[Slug, ...], Field(max_length=12)] = ()
    sort: SignalSort = SignalSort.UNKNOWN
    grade: Grade | None = None
    reach: Reach = Reach.UNKNOWN
    already_referred: Answer = Answer.UNKNOWN
    centre: Slug | None = None
    narrative: FreeText | None = None


class ObservedSignal(SignalContent):
    """A feeling among people, over some days."""

    period: Period
    intensity: Intensity = Intensity.UNKNOWN


class EvidencedSignal(SignalContent):
    """Something that happened and is no report: graffiti, disorder, talk in the media."""

    occurred: Occurred
    incidents: Annotated[tuple[IncidentKey, ...], Field(max_length=50)] = ()


class ForecastSignal(SignalContent):
    """Something expected between two days, both included. It lapses by itself after the last."""

    expected: Period


class SignalKey(Contract):
    """A signal's name: the source and id of the event that first told it."""

    source: SourceUri
    id: EventId


class SignalAmendment(Contract):
    """The signal as it is now believed to be: whole, in one of the three forms. The highest revision holds."""

    signal: SignalKey
    revision: Annotated[int, Field(ge=2, le=10_000)]
    observed: ObservedSignal | None = None
    evidenced: EvidencedSignal | None = None
    forecast: ForecastSignal | None = None

    @model_validator(mode="after")
    def _one_form(self) -> "SignalAmendment":
        if sum(form is not None for form in (self.observed, self.evidenced, self.forecast)) != 1:
            raise PydanticCustomError("signal-form", "give the signal in one form: observed, evidenced or forecast")
        return self


class SignalWithdrawal(Contract):
    """The signal no longer holds, unless a higher revision brings it back."""

    signal: SignalKey
    revision: Annotated[int, Field(ge=2, le=10_000)]
    reason: WithdrawalReason


class ForecastResolution(Contract):
    """Whether what a forecast expected came, and when that was seen."""

    signal: SignalKey
    outcome: ForecastOutcome
    on: CivilDay
