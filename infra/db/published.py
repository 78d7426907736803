"""The disclosure gate: published figures, which are all that readers without `counts:exact` ever see.

Every answer is a sum of cells that were each published once, or is withheld. So no combination of questions, windows,
forms or as-of days tells more than the cells themselves, which streams.core.disclosure protects from subtraction.
"""

import threading
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine

from infra.clock import Clock
from infra.db.counts import CountQuery, CountsError, within_calendar
from infra.db.published_reading import CONTEXT, Standing, read_context, read_known, read_standing
from infra.db.published_rows import Answer, NotPublishedError, Row, answer, refuse_what_is_not_published
from infra.db.row_security import reading
from streams.core.areas import Geography
from streams.core.days import day_from_number, day_number
from streams.core.publication import Granularity, last_sunday_over
from streams.core.published_context import context_sheets
from streams.core.published_tables import Sheets, TableName, incident_sheets
from streams.core.triangle import Basis

__all__ = ["NotPublishedError", "Published", "PublishedFigures"]

FIRST_SUNDAY = day_number(date(1, 1, 7))
"""Of the calendar: nothing was known by then, and there is no day to name before it."""
CONTEXTS_HELD = 4
ROWS_HELD = 200_000
"""Of answers that are remembered for a partnership; then all are forgotten."""


@dataclass(frozen=True, slots=True)
class Published:
    """The answer to a question. A count of None is withheld: it may be small, nought, or have to stand in for another.

    It holds what was known at the end of `cut_off`, a Sunday. `first` and `last` are the days that the rows cover,
    whole weeks (of context months), None where nothing of the window is published; `provisional` says that the window
    reaches beyond what is. `published_by` says how long the periods are of which the rows are made, the longest if
    several.
    """

    columns: tuple[str, ...]
    rows: list[Row]
    cut_off: date
    provisional: bool
    withheld: int
    published_by: Granularity | None
    first: date | None
    last: date | None


class _Figures:
    """All figures of one partnership as they stand, and what has been asked of them."""

    def __init__(self, standing: Standing, geography: Geography, incidents: Sheets) -> None:
        self.standing = standing
        self.geography = geography
        self.incidents = incidents
        self.contexts: dict[int, Sheets] = {}
        self._answers: dict[CountQuery, Published] = {}
        self._rows = 0

    def remembered(self, query: CountQuery) -> Published | None:
        """Return the answer given before."""
        return self._answers.get(query)

    def remember(self, query: CountQuery, published: Published) -> None:
        """Keep an answer while there is room."""
        if self._rows > ROWS_HELD:
            self._answers, self._rows = {}, 0
        self._answers[query] = published
        self._rows += len(published.rows)


class PublishedFigures:
    """Answers from published figures. Safe to share between threads; holds one set of figures a partnership."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._held: dict[int, _Figures] = {}
        self._locks: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)

    def answer(self, partnership: int, query: CountQuery) -> Published:
        """Answer a question. Raises NotPublishedError for what is never published, CountsError, and the store's."""
        if query.last < query.first:
            raise CountsError("the last day lies before the first")
        if len(set(query.by)) < len(query.by):
            raise CountsError("each dimension can be asked for only once")
        with reading(self._engine, partnership) as connection:
            figures = self._figures(connection, partnership)
            refuse_what_is_not_published(query, figures.geography)
            asked = within_calendar(query)
            published = figures.remembered(asked)
            if published is None:
                published = self._answer(connection, figures, asked)
                figures.remember(asked, published)
        return published

    def newest(self, partnership: int, layer: str) -> dict[str, date]:
        """Return by area code the Monday with which the last period begins of which an incident count is shown.

        Raises NotPublishedError and CountsError as a question for that layer does.
        """
        with reading(self._engine, partnership) as connection:
            figures = self._figures(connection, partnership)
        query = CountQuery(layer, date.min, date.max, (), "incident", Basis.OCCURRED)
        refuse_what_is_not_published(query, figures.geography)
        number = figures.geography.layer_by_name[layer].number
        newest: dict[str, date] = {}
        for sheet in figures.incidents.get(TableName(Basis.OCCURRED, False, number), ()):
            for _, area, period in sheet.shown:  # in order of time for each area
                newest[figures.geography.area_by_number[area].code] = day_from_number(period.first)
        return newest

    def _figures(self, connection: Connection, partnership: int) -> _Figures:
        """Return a partnership's figures, made anew where anything of how it stands has changed."""
        standing = read_standing(connection, partnership, self._clock.now_us())
        with self._locks[partnership]:
            held = self._held.get(partnership)
            if held is None or held.standing != (standing := _never_back(held.standing, standing)):
                known = read_known(connection, standing)
                held = _Figures(standing, known.geography, incident_sheets(known, standing.cut_off))
                self._held[partnership] = held
            return held

    def _answer(self, connection: Connection, figures: _Figures, query: CountQuery) -> Published:
        as_of = figures.standing.cut_off
        if query.as_of is not None:
            as_of = min(as_of, max(FIRST_SUNDAY, last_sunday_over(day_number(query.as_of) + 1)))
        sheets = self._context(connection, figures, as_of) if query.kind == CONTEXT else figures.incidents
        return _published(query, answer(sheets, figures.geography, query, as_of), as_of)

    def _context(self, connection: Connection, figures: _Figures, as_of: int) -> Sheets:
        sheets = figures.contexts.get(as_of)
        if sheets is None:
            counts = read_context(connection, figures.standing, figures.geography, as_of)
            sheets = context_sheets(figures.geography, counts, as_of)
            if len(figures.contexts) >= CONTEXTS_HELD:
                figures.contexts.clear()
            figures.contexts[as_of] = sheets
        return sheets


def _never_back(held: Standing, found: Standing) -> Standing:
    """Return how far a partnership stands, no less far than before: what has been published stays so."""
    if held._replace(cut_off=0) == found._replace(cut_off=0):
        return found._replace(cut_off=max(held.cut_off, found.cut_off))
    return found


def _published(query: CountQuery, found: Answer, as_of: int) -> Published:
    columns = [name for each in query.by for name in (("area", "area_name") if each == "area" else (each.value,))]
    return Published(
        columns=(*columns, "count"),
        rows=found.rows,
        cut_off=day_from_number(as_of),
        provisional=found.provisional,
        withheld=sum(row[-1] is None for row in found.rows),
        published_by=found.length,
        first=None if found.covered is None else day_from_number(found.covered.first),
        last=None if found.covered is None else day_from_number(found.covered.last),
    )
