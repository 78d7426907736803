"""The reporting triangle: n by series, day it occurred and day it became known.

A series is (kind, basis, recording, dated, layer, strand or all) and an area. Summed over known days up to k it says
what was known at the end of day k; summed over all it is today's count, which `count_day` keeps ready.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from streams.core.contribution import Content

WHOLE_LAYER = 0
WHOLE_AREA = 0
"""The partnership itself, whether or not anything is known of the place."""
ANY_STRAND = ""


class Basis:
    """By which day a count goes: when it occurred (revised), or when the report was received (never revised)."""

    OCCURRED = "occurred"
    RECEIVED = "received"


class Series(NamedTuple):
    """A series but for its area; the area's layer is part of it, so that one layer's rows lie together."""

    kind: str
    basis: str
    recording: str
    dated: bool
    layer: int
    strand: str


class AreaInLayer(NamedTuple):
    """An area's number in the ledger, and its layer's."""

    layer: int
    area: int


WHOLE = AreaInLayer(WHOLE_LAYER, WHOLE_AREA)

CountCell = tuple[int, int, int]
"""series number, day, area"""
TriangleCell = tuple[int, int, int, int]
"""series number, day, area, known day"""


class Cells:
    """Which cells a content of one partnership counts in. Remembers, since shapes of contents recur."""

    def __init__(
        self,
        number_of: Callable[[Series], int],
        areas_of: Callable[[int, int], tuple[AreaInLayer, ...]],
        turning_days: Sequence[int],
    ) -> None:
        """Take what numbers a series and what says which areas count a place on a day.

        `turning_days` are those from which on a place may count elsewhere; between them the areas are the same.
        """
        self._number_of = number_of
        self._areas_of = areas_of
        self._turning_days = turning_days
        self._numbers: dict[tuple[int, int], tuple[int, ...]] = {}
        self._cells: dict[tuple[object, ...], tuple[tuple[int, int], ...]] = {}

    def area_numbers(self, place: int, day: int) -> tuple[int, ...]:
        """Return the numbers of the areas that count a place on a day."""
        key = (place, bisect_right(self._turning_days, day))
        numbers = self._numbers.get(key)
        if numbers is None:
            numbers = self._numbers[key] = tuple(area for _, area in self._areas_of(place, day))
        return numbers

    def of(self, basis: str, content: Content) -> tuple[tuple[int, int], ...]:
        """Return (series number, area) for each area and each of: all strands, every strand of the content."""
        dated = content.dated or basis == Basis.RECEIVED
        turn = bisect_right(self._turning_days, content.day)
        key = (basis, content.place, turn, content.strands, content.recording, dated, content.kind)
        cells = self._cells.get(key)
        if cells is None:
            cells = self._cells[key] = tuple(
                (self._number_of(Series(content.kind, basis, content.recording, dated, layer, strand)), area)
                for layer, area in self._areas_of(content.place, content.day)
                for strand in (ANY_STRAND, *content.strands)
            )
        return cells


class Sums:
    """Increments collected from many events, so that each cell is written once."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self.counts: defaultdict[CountCell, int] = defaultdict(int)
        self.triangle: defaultdict[TriangleCell, int] = defaultdict(int)

    def add_occurred(self, content: Content, known_day: int, n: int) -> None:
        """Book n of a content on the day it occurred, known from `known_day`."""
        counts, triangle, day = self.counts, self.triangle, content.day
        for series, area in self._cells.of(Basis.OCCURRED, content):
            counts[series, day, area] += n
            triangle[series, day, area, known_day] += n

    def add_received(self, content: Content, received_day: int, n: int) -> None:
        """Book n reports on the day they were received. Nothing takes them back, so no triangle is needed."""
        counts = self.counts
        for series, area in self._cells.of(Basis.RECEIVED, content):
            counts[series, received_day, area] += n


def nonzero(cells: Iterable[tuple[tuple[int, ...], int]]) -> list[tuple[int, ...]]:
    """Return (key..., n) rows sorted by key, leaving out what cancelled: the order in which they are written."""
    rows = [(*key, n) for key, n in cells if n]
    rows.sort()
    return rows
