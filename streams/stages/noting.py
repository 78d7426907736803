"""What intake notes of an event for readers, where it is no report of an incident."""

from schemas.decisions import Assessment
from schemas.events import (
    AssessmentSet,
    CentreHeartbeatSent,
    CentreReturned,
    Event,
    SignalAmended,
    SignalEvidenced,
    SignalForecast,
    SignalObserved,
    SignalWithdrawn,
)
from schemas.signals import EvidencedSignal, ForecastSignal, ObservedSignal, SignalAmendment
from schemas.vocabulary import SignalForm
from streams.core.areas import Geography
from streams.core.days import Calendar
from streams.ports.told import LevelSet, LifeNoted, Noted, ReturnNoted, SignalNoted

Signal = ObservedSignal | EvidencedSignal | ForecastSignal
WITHDRAWN = ""
"""Stands for the form of a signal that is withdrawn."""


def noted(event: Event, calendar: Calendar, geography: Geography) -> Noted | None:
    """Return what an event without fault tells readers, if anything."""
    match event:
        case AssessmentSet():
            return _level(event.data, calendar, geography)
        case CentreReturned():
            return ReturnNoted(event.data.centre, calendar.day_of(event.data.period.to))
        case CentreHeartbeatSent():
            return LifeNoted(event.data.centre, calendar.day_of(event.time))
    return _signal(event, calendar)


def _signal(event: Event, calendar: Calendar) -> SignalNoted | None:
    match event:
        case SignalObserved() | SignalEvidenced() | SignalForecast():
            return SignalNoted(event.source, event.id, 1, event.time, *_evidence(event.data, event.time, calendar))
        case SignalAmended():
            key, evidence = event.data.signal, _evidence(_stated(event.data), event.time, calendar)
            return SignalNoted(key.source, key.id, event.data.revision, event.time, *evidence)
        case SignalWithdrawn():
            key = event.data.signal
            return SignalNoted(key.source, key.id, event.data.revision, event.time, WITHDRAWN, None)
    return None


def _level(assessment: Assessment, calendar: Calendar, geography: Geography) -> LevelSet:
    return LevelSet(
        area=geography.find(assessment.area).number,
        community=assessment.community or "",
        first_day=calendar.day_of(assessment.period.from_),
        expires_day=calendar.day_of(assessment.expires),
    )


def _evidence(signal: Signal, told: str, calendar: Calendar) -> tuple[str, int | None]:
    """Return a signal's form, and the newest day that it is evidence of.

    A feeling is one up to the last day on which it was observed; what happened, on its first day, and the day on which
    it was told where nobody knows it; something expected, on the day on which that became known.
    """
    if isinstance(signal, ObservedSignal):
        return SignalForm.OBSERVED, calendar.day_of(signal.period.to)
    if isinstance(signal, EvidencedSignal):
        return SignalForm.EVIDENCED, calendar.day_of(signal.occurred.from_ or told)
    return SignalForm.FORECAST, None


def _stated(amendment: SignalAmendment) -> Signal:
    for signal in (amendment.observed, amendment.evidenced, amendment.forecast):
        if signal is not None:
            return signal
    raise ValueError("an amendment of a signal has one of its forms")
