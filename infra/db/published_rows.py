"""Answers questions from published figures: a sum of cells that are all shown, or withheld, or not published at all."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from infra.db.counts import TIME, CountQuery, CountsError, Dimension
from infra.db.published_reading import CONTEXT
from schemas.problems import Problem
from streams.core.areas import CITY_LAYER, Geography
from streams.core.days import day_from_number, day_number
from streams.core.disclosure import Period
from streams.core.publication import LENGTHS, WEEK_DAYS, Granularity, month_of, weeks, weeks_within
from streams.core.published_areas import published_layers, strand_layers
from streams.core.published_tables import Sheet, Sheets, TableName
from streams.core.triangle import Basis

Row = tuple[str | int | None, ...]
BY_STRAND = (Dimension.STRAND, Dimension.CATEGORY)


class NotPublishedError(CountsError):
    """A question to which no published figure is the answer; the problem says what can be asked instead."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem("not-published", path, detail)


class Answer(NamedTuple):
    """Rows with their counts, None where withheld, and which days of the window they really cover."""

    rows: list[Row]
    covered: Period | None
    length: Granularity | None
    provisional: bool


class _Unit(NamedTuple):
    """Something that has rows: its labels, and the periods that make it up, None where these are not all published."""

    labels: tuple[str, ...]
    periods: Sequence[Period] | None


def refuse_what_is_not_published(query: CountQuery, geography: Geography) -> None:
    """Raise NotPublishedError for a question that published figures never answer, CountsError for an unknown layer."""
    layers = [layer.name for layer in published_layers(geography)]
    if query.layer not in geography.layer_by_name:
        known = ", ".join(sorted(geography.layer_by_name)) or "none"
        raise CountsError(f"there is no layer {query.layer}; known layers: {known}")
    if query.layer not in layers:
        raise NotPublishedError(
            "layer", f"figures are not published for areas finer than wards; ask for one of: {', '.join(layers)}"
        )
    _refuse_dimensions(query)
    told_apart = [layer.name for layer in strand_layers(geography)]
    if set(BY_STRAND) & set(query.by) and query.layer not in told_apart:
        raise NotPublishedError(
            "by",
            "strands and categories are not told apart in areas as small as wards; leave them out, or ask for one of:"
            f" {', '.join(told_apart) or 'no layer of this partnership'}",
        )
    if query.basis == Basis.RECEIVED and (
        query.kind == CONTEXT or query.layer != CITY_LAYER or Dimension.STRAND in query.by
    ):
        raise NotPublishedError(
            "basis",
            "counts by the day received are published for incidents in the city as a whole only, without strands;"
            " ask by the day occurred",
        )


def _refuse_dimensions(query: CountQuery) -> None:
    context = query.kind == CONTEXT
    never = {
        Dimension.CENTRE: "counts by reporting centre are not published, since a centre's callers could be known by"
        " them; ask by area, strand, week or month",
        Dimension.DAY: "counts by day are not published, since single incidents could be known by them; ask by week or"
        " month",
    }
    never |= (
        {
            Dimension.WEEK: "counts from others come by month; ask by month",
            Dimension.STRAND: "counts from others have no strands; ask by category",
        }
        if context
        else {Dimension.CATEGORY: "counts of incidents by category are not published; ask by strand"}
    )
    for dimension in query.by:
        if dimension in never:
            raise NotPublishedError("by", never[dimension])


def answer(sheets: Sheets, geography: Geography, query: CountQuery, as_of: int) -> Answer:
    """Answer a question that is not to be refused, as of the end of a Sunday."""
    window = Period(day_number(query.first), day_number(query.last))
    if query.kind != CONTEXT:
        window = weeks_within(*window[:2]) or Period(1, 0)
    found = [sheet for sheet in _sheets(sheets, geography, query) if _overlap(sheet, window)]
    by_time = bool(set(TIME) & set(query.by))
    units = [_units(sheet, window, query, as_of) for sheet in found] if by_time else _totals(found, window, as_of)
    counts: dict[tuple[str, ...], int | None] = {}
    for sheet, of_sheet in zip(found, units, strict=True):
        for unit in of_sheet:
            for key, n in _cells(sheet, unit, geography, query):
                counts[key] = _sum((counts.get(key, 0), n))
    covered = [period for of_sheet in units for unit in of_sheet for period in unit.periods or ()]
    published = [period.last for sheet in found for period in sheet.periods if period.published <= as_of]
    return Answer(
        [(*key, n) for key, n in sorted(counts.items(), key=lambda item: item[0])],
        Period(min(each.first for each in covered), max(each.last for each in covered)) if covered else None,
        max((sheet.length for sheet in found), key=LENGTHS.index, default=None),
        provisional=max(published, default=window.first - 1) < window.last,
    )


def _sheets(sheets: Sheets, geography: Geography, query: CountQuery) -> Sequence[Sheet]:
    layer, by_strand = geography.layer_by_name[query.layer].number, bool(set(BY_STRAND) & set(query.by))
    together = sheets.get(TableName(query.basis, by_strand, -layer))
    if together is not None and Dimension.AREA not in query.by:
        return together
    return sheets.get(TableName(query.basis, by_strand, layer), ())


def _overlap(sheet: Sheet, window: Period) -> bool:
    return sheet.piece.first <= window.last and window.first <= sheet.piece.last


def _units(sheet: Sheet, window: Period, query: CountQuery, as_of: int) -> list[_Unit]:
    """Return the weeks or months of a sheet's piece that lie in the window and have begun to be over."""
    bounds = _months(sheet, window) if query.kind == CONTEXT else _weeks(sheet, window, query)
    return [_Unit(labels, _tiles(sheet, days, as_of)) for labels, days in bounds if days.first + WEEK_DAYS - 1 <= as_of]


def _weeks(sheet: Sheet, window: Period, query: CountQuery) -> Iterator[tuple[tuple[str, ...], Period]]:
    def labels(week: int) -> tuple[str, ...]:
        names = {Dimension.WEEK: day_from_number(week).isoformat(), Dimension.MONTH: month_of(week)}
        return tuple(names[dimension] for dimension in query.by if dimension in names)

    inside = Period(max(window.first, sheet.piece.first), min(window.last, sheet.piece.last))
    for names, mondays in groupby(weeks(inside), labels):
        week = list(mondays)
        yield names, Period(week[0], week[-1] + WEEK_DAYS - 1)


def _months(sheet: Sheet, window: Period) -> Iterator[tuple[tuple[str, ...], Period]]:
    """Yield the calendar months of a sheet's piece that lie in the window, wholly or in part."""
    first = max(window.first, sheet.piece.first)
    last = min(window.last, sheet.piece.last)
    for month, days in groupby(range(first, last + 1), lambda day: day_from_number(day).isoformat()[: len("2018-06")]):
        found = list(days)
        yield (month,), Period(found[0], found[-1])


def _tiles(sheet: Sheet, days: Period, as_of: int) -> Sequence[Period] | None:
    """Return the published periods that make up some days exactly; None if there are none such."""
    found = _inside(sheet, days, as_of)
    whole = sum(period.last - period.first + 1 for period in found) == days.last - days.first + 1
    return found if whole else None


def _inside(sheet: Sheet, days: Period, as_of: int) -> list[Period]:
    return [
        period
        for period in sheet.periods
        if days.first <= period.first and period.last <= days.last and period.published <= as_of
    ]


def _totals(sheets: Sequence[Sheet], window: Period, as_of: int) -> list[list[_Unit]]:
    """Return what of the window each sheet covers, up to where the first published periods that it holds end."""
    units: list[list[_Unit]] = []
    begun = ended = False
    for sheet in sheets:
        inside = [] if ended else _inside(sheet, window, as_of)
        begun = begun or bool(inside)
        last = inside[-1].last if inside else sheet.piece.first - 1
        ended = ended or (begun and last < min(sheet.piece.last, window.last))
        units.append([_Unit((), inside)] if inside else [])
    if begun:
        return units
    return [[_Unit((), None)] for _ in sheets]


def _cells(
    sheet: Sheet, unit: _Unit, geography: Geography, query: CountQuery
) -> Iterator[tuple[tuple[str, ...], int | None]]:
    by = query.by
    for strand in sheet.strands:
        counts = [(area, _count(sheet, strand, area, unit)) for area in sheet.areas]
        if Dimension.AREA not in by:
            yield _key(by, (), unit.labels, strand), _sum(n for _, n in counts)
            continue
        for area, n in counts:
            named = geography.area_by_number[area]
            yield _key(by, (named.code, named.name), unit.labels, strand), n


def _count(sheet: Sheet, strand: str, area: int, unit: _Unit) -> int | None:
    if unit.periods is None:
        return None
    return _sum(sheet.shown.get((strand, area, period)) for period in unit.periods)


def _sum(counts: Iterable[int | None]) -> int | None:
    """Return a sum, None where any part is withheld."""
    total = 0
    for n in counts:
        if n is None:
            return None
        total += n
    return total


def _key(by: Sequence[Dimension], area: tuple[str, ...], labels: tuple[str, ...], strand: str) -> tuple[str, ...]:
    """Return the values of the dimensions in the order asked for; `labels` are those of the time dimensions."""
    remaining = iter(labels)
    values: list[str] = []
    for dimension in by:
        if dimension in TIME:
            values.append(next(remaining))
        elif dimension is Dimension.AREA:
            values.extend(area)
        else:
            values.append(strand)
    return tuple(values)
