"""Which figures a caller sees: the one place where that is decided, so that no route can forget the disclosure gate.

A route depends on `FiguresOf` and has no other way to a number. With the scope counts:exact its answers are live and
exact; with any other they are published figures, and nothing that is told beside them is newer or finer than those.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request

from alerts.policy.guarded import Sight, guarded_completeness, guarded_why
from api.answers import Backfill
from api.callers import Scope
from api.deps import Deps
from api.gate import gate_of
from api.problems import ProblemError
from api.security import AnyCaller, DepsOf
from infra.db.counts import CountQuery, count_within
from infra.db.places import Places
from infra.db.published import PublishedFigures
from infra.db.published_reading import read_standing as published_until
from infra.db.published_rows import NotPublishedError
from infra.db.row_security import reading
from infra.db.standing import Standing, read_standing
from infra.db.tension import EVIDENCE_DAYS, AreaAndForm, newest_incidents, newest_signals
from schemas.problems import Problem
from schemas.triggers import Completeness, Trigger
from streams.core.areas import CITY_LAYER, ZONE_LAYER, Layer
from streams.core.days import day_number, monday_of
from streams.core.triangle import Basis

REVISED_DAYS = 28
"""So long after a day most reports of it are in: before, an exact figure by day of occurrence is provisional."""


@dataclass(frozen=True)
class Counted:
    """Counts with all that is said of them; what only exact or only published figures have is None for the others."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str | int | None, ...]]
    cut_off_us: int
    provisional: bool
    unplaced: int | None = None
    undated: int | None = None
    backfills: Sequence[Backfill] = ()
    published_by: str | None = None
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True)
class Evidence:
    """By area the newest day on which an incident is counted, and by area and form that of a signal.

    All is as of the instant `cut_off_us`, on the day `until_day`.
    """

    incidents: Mapping[int, int]
    signals: Mapping[AreaAndForm, int]
    until_day: int
    cut_off_us: int


class Figures(Protocol):
    """What one caller may see of figures. It opens transactions of its own, so none may be open when it is asked."""

    exact: bool
    names_centres: bool

    def counts(self, standing: Standing, query: CountQuery) -> Counted:
        """Answer a question about a partnership. Raises ProblemError where it has no answer."""
        ...

    def evidence(self, standing: Standing, places: Places, layer: Layer) -> Evidence:
        """Return the newest evidence in the areas of a layer."""
        ...


class ExactFigures:
    """Implements Figures with live, exact ones."""

    exact = True
    names_centres = True

    def __init__(self, deps: Deps) -> None:
        self._engine = deps.engine
        self._clock = deps.clock

    def counts(self, standing: Standing, query: CountQuery) -> Counted:
        """See Figures."""
        with reading(self._engine, standing.number) as connection:
            now = read_standing(connection, standing.number, self._clock.now_us())
            table = count_within(connection, standing.number, query)
        return Counted(
            columns=table.columns,
            rows=table.rows,
            cut_off_us=now.recorded_at_us,
            provisional=_may_change(now, query),
            unplaced=table.unplaced,
            undated=table.undated,
            backfills=[
                Backfill(number=each.number, command=each.command, recorded=each.recorded.isoformat())
                for each in table.backfills
            ],
        )

    def evidence(self, standing: Standing, places: Places, layer: Layer) -> Evidence:
        """See Figures."""
        today = standing.today
        days = (today - EVIDENCE_DAYS, today)
        with reading(self._engine, standing.number) as connection:
            signals = newest_signals(connection, standing.number, places, days, known_by=today)
            incidents = newest_incidents(connection, standing, layer)
        return Evidence(incidents, signals, today, standing.recorded_at_us)


class GatedFigures:
    """Implements Figures with those that are published: whole weeks, as they were settled at the end of a Sunday."""

    exact = False

    def __init__(self, deps: Deps, gate: PublishedFigures, *, names_centres: bool) -> None:
        self._engine = deps.engine
        self._clock = deps.clock
        self._gate = gate
        self.names_centres = names_centres

    def counts(self, standing: Standing, query: CountQuery) -> Counted:
        """See Figures."""
        try:
            published = self._gate.answer(standing.number, query)
        except NotPublishedError as error:
            raise _not_published(error) from None
        return Counted(
            columns=published.columns,
            rows=published.rows,
            cut_off_us=_end_of(standing, day_number(published.cut_off)),
            provisional=published.provisional,
            published_by=published.published_by,
            first=None if published.first is None else published.first.isoformat(),
            last=None if published.last is None else published.last.isoformat(),
        )

    def evidence(self, standing: Standing, places: Places, layer: Layer) -> Evidence:
        """See Figures. Of what lies in areas too small to be published nothing is said."""
        try:
            shown = self._gate.newest(standing.number, layer.name)
        except NotPublishedError:
            shown = None
        with reading(self._engine, standing.number) as connection:
            until = published_until(connection, standing.number, self._clock.now_us()).cut_off
            days = (monday_of(until - EVIDENCE_DAYS), until)
            signals = (
                newest_signals(connection, standing.number, places, days, known_by=until) if shown is not None else {}
            )
        codes = {area.code: area.number for area in places.in_layer(layer)}
        return Evidence(
            {codes[code]: day_number(monday) for code, monday in (shown or {}).items() if code in codes},
            {key: monday_of(day) for key, day in signals.items()},
            until,
            _end_of(standing, until),
        )


async def figures_for(request: Request, deps: DepsOf, caller: AnyCaller) -> Figures:
    """Return what a caller sees of figures: exact ones with counts:exact, else published ones."""
    if caller.may(Scope.COUNTS_EXACT):
        return ExactFigures(deps)
    return GatedFigures(deps, gate_of(request), names_centres=caller.may(Scope.ADMIN))


FiguresOf = Annotated[Figures, Depends(figures_for)]


def sight_of(figures: Figures, places: Places, layer: str) -> Sight:
    """Return what a caller may know of an alert about an area of a layer: strands in zones and coarser areas only."""
    return Sight(figures.exact, figures.names_centres, _has_strands(places, layer))


def said_of(figures: Figures, places: Places, trigger: Trigger, previous: Trigger | None) -> dict[str, Any]:
    """Return what a caller may know of why an alert is there."""
    return guarded_why(trigger, previous, sight_of(figures, places, trigger.layer))


def completeness_shown(figures: Figures, completeness: Completeness) -> dict[str, Any]:
    """Return how complete the picture is, as far as a caller may know."""
    return guarded_completeness(completeness, Sight(figures.exact, figures.names_centres, strands=True))


def _not_published(error: NotPublishedError) -> ProblemError:
    """Return the problem of a question that published figures never answer."""
    fault = error.problem
    return ProblemError(
        422, fault.code, fault.detail, errors=[Problem(fault.code, f"query.{fault.path}", fault.detail)]
    )


def _has_strands(places: Places, layer: str) -> bool:
    """Whether strands may be told of areas of a layer: only of zones and coarser, or of the city where none are."""
    here = places.layer(layer)
    finest = places.layer(ZONE_LAYER) or places.layer(CITY_LAYER)
    return here is None or finest is None or here.rank >= finest.rank


def _end_of(standing: Standing, sunday: int) -> int:
    """Return the last instant of a Sunday; 0 before the first report."""
    return standing.calendar.first_us_of_day(sunday + 1) - 1 if standing.recorded_at_us else 0


def _may_change(standing: Standing, query: CountQuery) -> bool:
    """Whether exact figures may still change, or cover days that are not over."""
    if query.as_of is not None and day_number(query.as_of) < standing.today:
        return False
    settled = 0 if query.basis == Basis.RECEIVED else REVISED_DAYS
    return day_number(query.last) > standing.today - 1 - settled
