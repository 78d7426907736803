"""Invented cities of any size and what became known of them, as values, for what is published of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from streams.core.areas import Area, Geography, Layer, Lookup
from streams.core.days import day_number
from streams.core.disclosure import Period
from streams.core.publication import WEEK_DAYS, Arrivals
from streams.core.published_tables import Known, Sheets, TableName
from streams.core.triangle import ANY_STRAND, Basis

WARD_LAYER, ZONE_LAYER, CITY_LAYER = 1, 2, 3
CITY = 1
BEGUN = day_number(date(2024, 1, 1))
"""A Monday, with which a year of weeks begins."""
PRIME = 2**31 - 1
STRANDS = ("age", "disability", "race", "religion", "transgender")


class Told(NamedTuple):
    """So many incidents of an area, strand and week (by its number) became known in a week; n may be negative."""

    area: int
    strand: str
    week: int
    known: int
    n: int


def geography(wards_by_zone: Mapping[int, int]) -> Geography:
    """Return a city whose zones have so many wards each; those under 0 lie in no zone."""
    zones = [Area(10 + zone, ZONE_LAYER, f"Z{zone}", f"Zone {zone}") for zone in wards_by_zone if zone]
    wards, lookups = list[Area](), [Lookup(zone.number, CITY) for zone in zones]
    for zone, n in wards_by_zone.items():
        for each in range(n):
            number = 100 * (zone + 1) + each
            wards.append(Area(number, WARD_LAYER, f"W{number}", f"Ward {number}"))
            lookups += [Lookup(number, CITY), *([Lookup(number, 10 + zone)] if zone else [])]
    layers = (Layer(WARD_LAYER, "ward", 20), Layer(ZONE_LAYER, "zone", 30), Layer(CITY_LAYER, "city", 40))
    city = Area(CITY, CITY_LAYER, "C", "Testing")
    return Geography(1, layers, (city, *zones, *wards), tuple(lookups))


def known(where: Geography, told: Iterable[Told], loaded: int = 0) -> Known:
    """Return what figures are made from. Each incident has one strand."""
    cells: defaultdict[tuple[int, str], Counter[tuple[int, int]]] = defaultdict(Counter)
    received: Counter[tuple[int, int]] = Counter()
    for area, strand, week, known_week, n in told:
        monday, sunday = BEGUN + WEEK_DAYS * week, BEGUN + WEEK_DAYS * known_week + WEEK_DAYS - 1
        above = {CITY, *where.climb((area,), monday).values()}
        for each in above:
            for kind in (strand, ANY_STRAND):
                cells[each, kind][monday, sunday] += n
        received[sunday - WEEK_DAYS + 1, sunday] += max(0, n)
    by_area = {key: _arrivals(counted) for key, counted in cells.items()}
    whole = by_area.get((CITY, ANY_STRAND), Arrivals(()))
    return Known(where, whole, by_area, _arrivals(received), lambda _, __: STRANDS, loaded)


def _arrivals(counted: Counter[tuple[int, int]]) -> Arrivals:
    return Arrivals((week, sunday, n) for (week, sunday), n in counted.items())


def quiet_and_busy(where: Geography, weekly: float, weeks: int, seed: int) -> list[Told]:
    """Return incidents by chance, all known in their own week: some wards and strands have many, some hardly any."""
    chance = np.random.default_rng(seed)
    areas = [area.number for area in where.areas if area.layer != ZONE_LAYER]
    shares = np.outer(chance.gamma(0.7, 1, len(areas)), chance.gamma(0.7, 1, len(STRANDS)))
    drawn = chance.poisson(weekly * shares / shares.sum(), (weeks, *shares.shape))
    return [
        Told(area, strand, week, week, int(drawn[week, i, j]))
        for week in range(weeks)
        for i, area in enumerate(areas)
        for j, strand in enumerate(STRANDS)
        if drawn[week, i, j]
    ]


def shown(sheets: Sheets) -> dict[tuple[TableName, str, int, Period], int]:
    """Return all cells that are shown."""
    return {(name, *cell): n for name, each in sheets.items() for sheet in each for cell, n in sheet.shown.items()}


def hidden(sheets: Sheets) -> list[tuple[TableName, str, int, Period]]:
    """Return all cells that are not shown, of those that are published."""
    return [
        (name, strand, area, period)
        for name, each in sheets.items()
        if name.basis == Basis.OCCURRED
        for sheet in each
        for strand in sheet.strands
        for area in sheet.areas
        for period in sheet.periods
        if (strand, area, period) not in sheet.shown
    ]


def sunday(week: int) -> int:
    """Return the Sunday with which a week ends, by its number."""
    return BEGUN + WEEK_DAYS * week + WEEK_DAYS - 1


def follows(rows: Sequence[Sequence[int]], asked: Sequence[Sequence[int]]) -> list[bool]:
    """Return for each of some sums of unknowns whether it follows from others, by elimination over a large field.

    Both are given by how often each unknown is in a sum.
    """
    unknowns = np.unique(np.array([*rows, *asked], dtype=np.int64).T, axis=0)  # those always in the same sums are one
    matrix, wanted = unknowns.T[: len(rows)] % PRIME, unknowns.T[len(rows) :] % PRIME
    for column in range(matrix.shape[1]):
        pivots = np.flatnonzero(matrix[:, column])
        if not len(pivots):
            continue
        pivot = matrix[pivots[0]] * pow(int(matrix[pivots[0], column]), -1, PRIME) % PRIME
        others = np.delete(matrix, pivots[0], axis=0)
        matrix = (others - others[:, column : column + 1] * pivot) % PRIME
        wanted = (wanted - wanted[:, column : column + 1] * pivot) % PRIME
    return [not row.any() for row in wanted]
