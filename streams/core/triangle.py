"""The reporting triangle: n by series, day it occurred and day it became known.

A series is (kind, basis, recording, dated, layer, strand or all) and an area. Summed over known days up to k it says
what was known at the end of day k; summed over all it is today's count, which `count_day` keeps ready.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.core.contribution import Content

ELSEWHERE_LAYER = 0
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


ELSEWHERE = AreaInLayer(ELSEWHERE_LAYER, 0)
"""Counts what the city does not: what lies outside it, or everything where there is no city.

So each content counts exactly once in the city or here, and these two add up to the whole partnership.
"""

Numbers = NDArray[np.int64]
CountRow = tuple[int, ...]
"""series number, day, area, n"""
TriangleRow = tuple[int, ...]
"""series number, day, area, known day, n"""


class CellShape(NamedTuple):
    """The cells that a content counts in, but for the days: a series number and an area number each."""

    series: Numbers
    areas: Numbers


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
        self._shapes: dict[tuple[object, ...], CellShape] = {}

    def area_numbers(self, place: int, day: int) -> tuple[int, ...]:
        """Return the numbers of the areas that count a place on a day."""
        key = (place, bisect_right(self._turning_days, day))
        numbers = self._numbers.get(key)
        if numbers is None:
            numbers = self._numbers[key] = tuple(area for _, area in self._areas_of(place, day))
        return numbers

    def of(self, basis: str, content: Content) -> CellShape:
        """Return the cells for each area and each of: all strands, every strand of the content."""
        dated = content.dated or basis == Basis.RECEIVED
        turn = bisect_right(self._turning_days, content.day)
        key = (basis, content.place, turn, content.strands, content.recording, dated, content.kind)
        shape = self._shapes.get(key)
        if shape is None:
            cells = [
                (self._number_of(Series(content.kind, basis, content.recording, dated, layer, strand)), area)
                for layer, area in self._areas_of(content.place, content.day)
                for strand in (ANY_STRAND, *content.strands)
            ]
            series, areas = np.array(cells, dtype=np.int64).T
            shape = self._shapes[key] = CellShape(series, areas)
        return shape


class Sums:
    """Increments collected from many events, so that each cell is written once."""

    def __init__(self) -> None:
        self._occurred: list[tuple[CellShape, int, int, int]] = []
        self._received: list[tuple[CellShape, int, int, int]] = []

    def add_occurred(self, cells: CellShape, day: int, known_day: int, n: int) -> None:
        """Book n of a content on the day it occurred, known from `known_day`."""
        self._occurred.append((cells, day, known_day, n))

    def add_received(self, cells: CellShape, received_day: int, n: int) -> None:
        """Book n reports on the day they were received. Nothing takes them back, so no triangle is needed."""
        self._received.append((cells, received_day, received_day, n))

    def counts(self) -> list[CountRow]:
        """Return (series, day, area, n) of all that was booked, sorted, without what cancelled."""
        series, day, area, _, n = _columns([*self._occurred, *self._received])
        return _summed((series, day, area), n)

    def triangle(self) -> list[TriangleRow]:
        """Return (series, day, area, known day, n) of what was booked as occurred, sorted, without what cancelled."""
        series, day, area, known_day, n = _columns(self._occurred)
        return _summed((series, day, area, known_day), n)


def _columns(booked: Sequence[tuple[CellShape, int, int, int]]) -> tuple[Numbers, ...]:
    """Return series, day, area, known day and n of every increment, a row each."""
    if not booked:
        return (np.empty(0, dtype=np.int64),) * 5
    shapes, *each = zip(*booked, strict=True)
    lengths = [len(shape.series) for shape in shapes]
    days, known_days, n = (np.repeat(np.array(values, dtype=np.int64), lengths) for values in each)
    series = np.concatenate([shape.series for shape in shapes])
    areas = np.concatenate([shape.areas for shape in shapes])
    return series, days, areas, known_days, n


def _summed(keys: tuple[Numbers, ...], n: Numbers) -> list[tuple[int, ...]]:
    """Return (key..., sum of n) by key, sorted by key: the order in which cells are written."""
    if not len(n):
        return []
    order = np.lexsort(keys[::-1])
    ordered = [key[order] for key in keys]
    differs = np.logical_or.reduce([key[1:] != key[:-1] for key in ordered])
    starts = np.concatenate([[0], np.flatnonzero(differs) + 1])
    sums = np.add.reduceat(n[order], starts)
    kept = starts[sums != 0]
    return list(zip(*(key[kept].tolist() for key in ordered), sums[sums != 0].tolist(), strict=True))
