"""Which periods are published, and when: whole weeks, months and years of weeks, each once, at the end of a Sunday.

A week goes from Monday to Sunday and belongs to the month and year in which its Thursday lies. Where the geography
changes, months and years are cut; a week in the middle of which it changes belongs to no period. How long the periods
of a table are is settled for each year from the year before, by how many incidents a cell is to be expected to have.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from streams.core.days import day_from_number, day_number, monday_of
from streams.core.disclosure import Period

WEEK_DAYS = 7
EXPECTED = 20
"""Periods are long enough for a cell to have so many on average."""
RATE_WEEKS = 52
SEASONED_WEEKS = 13
"""A rate is taken from so many weeks at least."""


class Granularity(StrEnum):
    """How long the periods of a table are, the shortest first."""

    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


LENGTHS = tuple(Granularity)
_HOLD_DAYS = {Granularity.WEEK: 0, Granularity.MONTH: 14, Granularity.YEAR: 28}
_WEEKS_IN = {Granularity.WEEK: 1.0, Granularity.MONTH: RATE_WEEKS / 12, Granularity.YEAR: float(RATE_WEEKS)}


class Piece(NamedTuple):
    """Whole weeks of one year between which the geography does not change, from a Monday to a Sunday."""

    year: int
    first: int
    last: int


class Rate(NamedTuple):
    """The weeks from whose counts it is settled how long a year's periods are; at the end of `published` it is."""

    over: Period

    @property
    def settled(self) -> int:
        """Return the Sunday at whose end the rate is settled."""
        return self.over.published

    @property
    def weeks(self) -> int:
        """Return how many weeks it is taken from."""
        return len(weeks(self.over))


def sunday_of(day: int) -> int:
    """Return the day number of the Sunday on or after a day."""
    return monday_of(day) + WEEK_DAYS - 1


def last_sunday_over(day: int) -> int:
    """Return the last Sunday that is over on a day."""
    return monday_of(day) - 1


def year_of(week: int) -> int:
    """Return the year to which the week of a Monday belongs."""
    return day_from_number(week + 3).year


def month_of(week: int) -> str:
    """Return the month, such as 2018-06, to which the week of a Monday belongs."""
    return day_from_number(week + 3).isoformat()[: len("2018-06")]


def weeks_within(first: int, last: int) -> Period | None:
    """Return the days of the weeks whose Thursday lies between two days; None where there is no such week."""
    begin, end = monday_of(first + 3), monday_of(last - 3) + WEEK_DAYS - 1
    return Period(begin, end) if begin <= end else None


def weeks(period: Period) -> range:
    """Return the Mondays of a period of whole weeks."""
    return range(period.first, period.last + 1, WEEK_DAYS)


def pieces(first: int, last: int, turning_days: Iterable[int]) -> Iterator[Piece]:
    """Yield the pieces of all years that have weeks between two days, in order; `turning_days` cut them."""
    turns = sorted(set(turning_days))
    whole = [
        week
        for week in range(
            first_monday(year_of(monday_of(first))), first_monday(year_of(monday_of(last)) + 1), WEEK_DAYS
        )
        if bisect_right(turns, week) == bisect_right(turns, week + WEEK_DAYS - 1)
    ]
    for (year, _), found in groupby(whole, lambda week: (year_of(week), bisect_right(turns, week))):
        mondays = list(found)
        yield Piece(year, mondays[0], mondays[-1] + WEEK_DAYS - 1)


def first_monday(year: int) -> int:
    """Return the Monday with which a year's weeks begin."""
    return monday_of(day_number(day_from_number(0).replace(year=year, month=1, day=4)))


def periods(piece: Piece, granularity: Granularity, not_before: int = 0) -> list[Period]:
    """Return the periods of one length that a piece is made of, in order.

    Each is published at the end of a Sunday: once it has been over for a while, and not before a day.
    """
    whole = weeks(Period(piece.first, piece.last))
    found: Iterable[Sequence[int]] = [whole]
    if granularity is Granularity.WEEK:
        found = ([week] for week in whole)
    elif granularity is Granularity.MONTH:
        found = (list(of_month) for _, of_month in groupby(whole, month_of))
    return [_period(mondays[0], mondays[-1] + WEEK_DAYS - 1, granularity, not_before) for mondays in found]


def _period(first: int, last: int, granularity: Granularity, not_before: int) -> Period:
    return Period(first, last, sunday_of(max(last + _HOLD_DAYS[granularity], not_before)))


def shortest(weekly: float, cells: int) -> Granularity:
    """Return the shortest periods in which so many a week are enough for that many cells; years if none are."""
    enough = (length for length in LENGTHS if weekly * _WEEKS_IN[length] >= EXPECTED * cells)
    return next(enough, Granularity.YEAR)


def longer(one: Granularity, other: Granularity) -> Granularity:
    """Return the longer of two lengths."""
    return max(one, other, key=LENGTHS.index)


class Arrivals:
    """Counts by week and by the Sunday by which they were known: a reporting triangle by weeks."""

    def __init__(self, rows: Iterable[tuple[int, int, int]]) -> None:
        """`rows` are (Monday, Sunday, n); n may be negative where something was taken back."""
        booked: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for week, known, n in rows:
            booked[week].append((known, n))
        self._weeks = sorted(booked)
        self._known: dict[int, Sequence[int]] = {}
        self._sums: dict[int, Sequence[int]] = {}
        for week, entries in booked.items():
            sums, total = [], 0
            for _, n in sorted(entries):
                total += n
                sums.append(total)
            self._known[week], self._sums[week] = sorted(known for known, _ in entries), sums

    def count(self, period: Period, known: int) -> int:
        """Return how many there were in a period, as known at the end of a Sunday."""
        return sum(self._at(week, known) for week in self._between(period.first, period.last))

    def first_week(self, period: Period, known: int) -> int | None:
        """Return the first Monday within a period whose week had any, as known at the end of a Sunday."""
        between = self._between(period.first, period.last)
        return next((week for week in between if self._at(week, known) > 0), None)

    def span(self) -> Period | None:
        """Return the days from the first week of which anything was ever said to the last."""
        return Period(self._weeks[0], self._weeks[-1] + WEEK_DAYS - 1) if self._weeks else None

    def known(self, sunday: int) -> int:
        """Return how many were known at the end of a Sunday."""
        return sum(self._at(week, sunday) for week in self._weeks)

    def _between(self, first: int, last: int) -> Sequence[int]:
        return self._weeks[bisect_left(self._weeks, first) : bisect_right(self._weeks, last)]

    def _at(self, week: int, known: int) -> int:
        index = bisect_right(self._known[week], known)
        return self._sums[week][index - 1] if index else 0


def rate_for(year: int, arrivals: Arrivals, not_before: int, cut_off: int) -> Rate | None:
    """Return from which weeks the lengths of a year's periods are settled; None where they cannot be by the cut-off.

    They are the 52 weeks before the year, from the first with any incident on; where those are fewer than 13, the first
    13 weeks from then on. Only what was known when they are settled counts, so it never changes.
    """
    start, end = first_monday(year), first_monday(year + 1)
    for sunday in range(sunday_of(max(start - 1, not_before)), cut_off + 1, WEEK_DAYS):
        begin = arrivals.first_week(Period(start - RATE_WEEKS * WEEK_DAYS, end - 1), sunday)
        if begin is None:
            continue
        stop = max(start, begin + SEASONED_WEEKS * WEEK_DAYS)
        if stop - 1 <= sunday:
            return Rate(Period(begin, stop - 1, sunday))
    return None


def history_loaded(import_days: Iterable[int], arrivals: Arrivals) -> int:
    """Return the Sunday by which history was loaded at once; 0 where it never was.

    `import_days` are those on which an import of incidents without times of receipt began. It loads history where its
    week brings at least as many as all weeks before: anything less would let two versions of a figure be compared.
    """
    loaded = 0
    for day in sorted(import_days):
        for sunday in (sunday_of(day), sunday_of(day) + WEEK_DAYS):
            before = arrivals.known(sunday - WEEK_DAYS)
            if 0 < arrivals.known(sunday) >= 2 * before:
                loaded = max(loaded, sunday)
    return loaded
