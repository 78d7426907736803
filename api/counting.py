"""Answers questions about counts, with all that is said beside them."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from fastapi import Depends

from api.answers import Completeness, CountsAnswer, freshness_of, instant_or_none
from api.asked import unknown_layer
from api.count_limits import judge_cells, judge_rows
from api.figures import Counted, Figures, FiguresOf, completeness_shown
from api.moment import Reader, ReaderOf
from infra.db.centres import read_centres
from infra.db.counts import CountQuery
from infra.db.standing import Standing
from schemas.triggers import Completeness as ReturnsMade
from streams.core.days import day_number

Row = tuple[str | int | None, ...]


class Answered(NamedTuple):
    """The answer to a question: how the partnership stands, the counts, and how many returns were due by then."""

    standing: Standing
    counted: Counted
    returns: ReturnsMade


class Counting:
    """Asks for one caller."""

    def __init__(self, reader: Reader, figures: Figures) -> None:
        self._reader = reader
        self.figures = figures

    def ask(self, query: CountQuery) -> Answered:
        """Answer a question. Raises ProblemError where it has no answer, or too large a one."""
        with self._reader.moment() as now:
            layer = now.places.layer(query.layer)
            if layer is None:
                raise unknown_layer(list(now.places.geography.layer_by_name))
            judge_cells(query, len(now.places.in_layer(layer)))
            centres = read_centres(now.connection, now.standing, now.places)
        counted = self.figures.counts(now.standing, query)
        judge_rows(len(counted.rows))
        until = min(now.standing.calendar.day_of_us(counted.cut_off_us), day_number(query.last))
        return Answered(now.standing, counted, centres.complete(until))

    def shown(self, answered: Answered, rows: Sequence[Row], following: str | None) -> CountsAnswer:
        """Return a page of an answer, and the cursor of the one that follows."""
        standing, counted, returns = answered
        return CountsAnswer(
            rows=[dict(zip(counted.columns, row, strict=True)) for row in rows],
            cut_off=instant_or_none(counted.cut_off_us),
            completeness=Completeness(**completeness_shown(self.figures, returns)),
            provisional=counted.provisional,
            freshness=freshness_of(standing),
            next=following,
            exact=self.figures.exact,
            unplaced=counted.unplaced,
            undated=counted.undated,
            backfills=list(counted.backfills),
            published_by=counted.published_by,
            first=counted.first,
            last=counted.last,
        )


async def counting(reader: ReaderOf, figures: FiguresOf) -> Counting:
    """Return what asks for whoever calls."""
    return Counting(reader, figures)


CountingOf = Annotated[Counting, Depends(counting)]
