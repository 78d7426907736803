"""Examination of what is no report: signals, returns, registers, what people decide."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from schemas.context import Period
from schemas.decisions import AreaConfirmation
from schemas.events import (
    AreaConfirmed,
    AssessmentSet,
    CentreReturned,
    Event,
    RegisterChanged,
    RulesChanged,
    SignalAmended,
    SignalEvidenced,
    SignalForecast,
    SignalObserved,
)
from schemas.incident import NamedArea, PlaceAsTold
from schemas.problems import Problem
from schemas.registers import CampaignEntry, CentreEntry, InterventionEntry
from schemas.signals import EvidencedSignal, ForecastSignal, ObservedSignal
from streams.core.areas import Anchor, Geography, UnknownPlaceError
from streams.ports import Partnership

Signal = ObservedSignal | EvidencedSignal | ForecastSignal
Locate = Callable[[PlaceAsTold, int, str, list[Problem]], Anchor]
"""Settles a place on a day; what is wrong with it, at a path, goes to the problems."""
FORMS = ("observed", "evidenced", "forecast")


def examine_other(
    event: Event, partnership: Partnership, received: str, problems: list[Problem], locate: Locate
) -> Anchor | None:
    """Add what is wrong with an event to `problems`; return where it was, if it says so."""
    match event:
        case SignalObserved() | SignalEvidenced() | SignalForecast():
            day = _signal(event.data, "data", partnership, received, problems)
            return locate(event.data.place, day, "data.place", problems)
        case SignalAmended():
            for form in FORMS:
                if (signal := getattr(event.data, form)) is not None:
                    day = _signal(signal, f"data.{form}", partnership, received, problems)
                    return locate(signal.place, day, f"data.{form}.place", problems)
        case CentreReturned():
            _not_begun_after(event.data.period, received, "data.period.from", partnership, problems)
        case RegisterChanged():
            _entry(event, partnership, problems)
        case AssessmentSet():
            _areas((event.data.area,), "data.area", partnership, problems)
        case AreaConfirmed():
            _areas(event.data.areas, "data.areas", partnership, problems)
        case RulesChanged():
            _scopes(event, partnership, problems)
    return None


def _signal(signal: Signal, path: str, partnership: Partnership, received: str, problems: list[Problem]) -> int:
    """Judge when a signal was; return the day by which its place is settled."""
    calendar = partnership.calendar
    if isinstance(signal, ObservedSignal):
        _not_begun_after(signal.period, received, f"{path}.period.from", partnership, problems)
        first = signal.period.from_
    elif isinstance(signal, ForecastSignal):
        first = signal.expected.from_
    else:
        first = signal.occurred.from_ or received
        if calendar.is_after(first, received):
            problems.append(
                Problem("occurred-after-received", f"{path}.occurred.from", "it cannot lie after it was received")
            )
    return calendar.day_of(first)


def _not_begun_after(
    period: Period, received: str, path: str, partnership: Partnership, problems: list[Problem]
) -> None:
    if partnership.calendar.is_after(period.from_, received):
        problems.append(Problem("occurred-after-received", path, "the period has not begun"))


def _entry(event: RegisterChanged, partnership: Partnership, problems: list[Problem]) -> None:
    match event.data.entry:
        case CentreEntry() as centre:
            _areas(centre.serves, "data.entry.serves", partnership, problems)
        case CampaignEntry() | InterventionEntry() as there:
            _areas(there.areas, "data.entry.areas", partnership, problems)


def confirmed_areas(confirmation: AreaConfirmation, geography: Geography) -> tuple[str, tuple[int, ...]]:
    """Return the reference that a confirmation without fault is about, and the areas' numbers in order."""
    return confirmation.written, tuple(sorted(geography.find(area).number for area in confirmation.areas))


def _scopes(event: RulesChanged, partnership: Partnership, problems: list[Problem]) -> None:
    for index, rule in enumerate(event.data.rules):
        if rule.kind == "silence":
            continue
        scope, path = rule.scope, f"data.rules[{index}].scope"
        if scope.layer not in partnership.geography.layer_by_name:
            known = ", ".join(sorted(partnership.geography.layer_by_name)) or "none"
            problems.append(Problem("unknown-layer", f"{path}.layer", f"known layers: {known}"))
        named = [NamedArea(layer=scope.layer, code=code) for code in scope.areas]
        _areas(named, f"{path}.areas", partnership, problems)


def _areas(named: Iterable[NamedArea], path: str, partnership: Partnership, problems: list[Problem]) -> None:
    for index, area in enumerate(named):
        try:
            partnership.geography.find(area)
        except UnknownPlaceError as error:
            problems.append(replace(error.problem, path=f"{path}[{index}].{error.problem.path}"))
