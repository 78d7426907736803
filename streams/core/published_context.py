"""Published figures of context: counts from others, such as the police. They are by calendar months, as they come."""

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby

from streams.core.areas import Geography
from streams.core.days import day_from_number
from streams.core.disclosure import Count, Period
from streams.core.publication import WEEK_DAYS, Granularity, Piece
from streams.core.published_areas import area_tree
from streams.core.published_tables import Making, Sheet, Sheets, TableName, make_sheets
from streams.core.triangle import ANY_STRAND

ContextCounts = Mapping[tuple[int, str], Mapping[int, int]]
"""n by area and category (or ANY_STRAND for all), and day."""


def context_sheets(geography: Geography, counts: ContextCounts, as_of: int) -> Sheets:
    """Return all tables of context with the months that are over at the end of a Sunday, as known then.

    Unlike those of incidents they are made anew each week, since others have published what they count.
    """
    days = {day for by_day in counts.values() for day in by_day}
    sheets: Sheets = {}
    for piece, months in _pieces(min(days), as_of, geography.turning_days) if days else ():
        for name, sheet in _Piece(geography, counts, as_of, piece, months).sheets().items():
            sheets.setdefault(name, []).append(sheet)
    return sheets


class _Piece:
    def __init__(
        self, geography: Geography, counts: ContextCounts, as_of: int, piece: Piece, months: Sequence[tuple[int, int]]
    ) -> None:
        self._geography = geography
        self._counts = counts
        self._as_of = as_of
        self._piece = piece
        self._months = months
        self._tree = area_tree(geography, piece.first)

    def sheets(self) -> dict[TableName, Sheet]:
        categories = sorted({category for _, category in self._counts} - {ANY_STRAND})
        return make_sheets(
            Making(self._geography, self._piece, self._tree, categories, self._count, self._weekly, self._cut)
        )

    def _count(self, category: str) -> Count:
        @cache
        def counted(area: int, period: Period) -> int:
            found = [
                self._counts[key] for each in self._tree.made_of(area) if (key := (each, category)) in self._counts
            ]
            return sum(n for by_day in found for day, n in by_day.items() if period.first <= day <= period.last)

        return counted

    def _weekly(self, areas: Sequence[int]) -> float:
        last = min(self._piece.last, self._as_of)
        n = sum(self._count(ANY_STRAND)(area, Period(self._piece.first, last)) for area in areas)
        return n * WEEK_DAYS / (last - self._piece.first + 1)

    def _cut(self, length: Granularity) -> Sequence[Period]:
        whole = [(self._piece.first, self._piece.last)]
        bounds = whole if length is Granularity.YEAR else self._months
        return [Period(first, last, self._as_of) for first, last in bounds if last <= self._as_of]


def _pieces(first: int, last: int, turning_days: Sequence[int]) -> Iterator[tuple[Piece, list[tuple[int, int]]]]:
    """Yield the pieces of calendar years between two days, cut where the geography changes, with their months."""
    cut = [bound for month in _months(first, last) for bound in _cut(month, turning_days)]

    def key(bound: tuple[int, int]) -> tuple[int, int]:
        return day_from_number(bound[0]).year, bisect_right(turning_days, bound[0])

    for (year, _), found in groupby(cut, key):
        months = list(found)
        yield Piece(year, months[0][0], months[-1][1]), months


def _months(first: int, last: int) -> Iterator[tuple[int, int]]:
    day = first - day_from_number(first).day + 1
    while day <= last or day_from_number(day).month != 1:
        civil = day_from_number(day)
        end = day + monthrange(civil.year, civil.month)[1] - 1
        yield day, end
        day = end + 1


def _cut(month: tuple[int, int], turning_days: Sequence[int]) -> Iterator[tuple[int, int]]:
    first, last = month
    for turn in turning_days:
        if first < turn <= last:
            yield first, turn - 1
            first = turn
    yield first, last
