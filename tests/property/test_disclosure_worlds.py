"""That nobody can tell a small cell from what is shown: neither by trying every world, nor by solving equations.

The first attacker knows how the gate works and that there are no other worlds than those tried, so all that is not
ruled out is possible. A cell of 1 to 4 is safe if another value of it would have given the same output. The second
takes it that every incident has one strand and none is reported late, and solves for single cells.
"""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.areas import Geography
from streams.core.disclosure import THRESHOLD, Period
from streams.core.publication import WEEK_DAYS
from streams.core.published_tables import NOTHING, TableName, incident_sheets
from streams.core.triangle import ANY_STRAND, Basis
from tests.support.histories import PROPERTY
from tests.support.publishing import BEGUN, STRANDS, follows, geography, hidden, known, quiet_and_busy, shown, sunday
from tests.support.worlds import (
    CITY,
    MONTH,
    WEEKS,
    Attacker,
    Scene,
    World,
    gate,
    given_away,
    only_thresholds,
    scene,
    worlds,
)

ONE, TWO, BOTH = WEEKS[:1], WEEKS, (MONTH,)
SECOND_YEAR, YEAR_AND_BEFORE = 52, 104
PublishedCell = tuple[TableName, str, int, Period]

EXHAUSTIVE = {
    "one zone": (scene(1), 25),
    "two zones": (scene(2), 24),
    "two zones that cover the city": (scene(2, rest=False), 30),
    "three zones": (scene(3), 18),
    "four zones": (scene(4), 14),
    "zones by longer periods than the city": (scene(2, periods=(TWO, BOTH)), 17),
    "late reports": (scene(1, periods=(TWO, BOTH), late=True), 13),
    "wards of a zone and of none": (scene(1, wards={0: 1, 1: 1}), 16),
    "wards of a zone": (scene(1, wards={1: 2}), 16),
    "wards of two zones": (scene(2, wards={1: 1, 2: 1}), 12),
    "wards of no zone": (scene(1, wards={0: 2}), 16),
    "wards by longer periods": (scene(1, wards={0: 1}, periods=(TWO, TWO, BOTH)), 12),
    "strands of the city": (scene(1, by_strand=(ONE,), strands=3, rest=False), 13),
    "strands of a zone": (scene(1, by_strand=(ONE, ONE), strands=2), 13),
    "strands of two zones": (scene(2, by_strand=(ONE, ONE), strands=2, rest=False), 13),
    "strands of a zone, one each": (scene(1, by_strand=(ONE, ONE), strands=3, several=False), 14),
    "strands by longer periods": (scene(1, periods=(TWO, TWO), by_strand=(BOTH, BOTH), strands=2, several=False), 9),
}


@pytest.mark.parametrize("name", EXHAUSTIVE)
def test_no_small_cell_can_be_told_by_trying_every_world(name: str) -> None:
    city, most = EXHAUSTIVE[name]
    every = list(worlds(city, most))
    assert any(area != CITY for world in every for _, area, _ in gate(city, world))
    assert given_away(city, every) == []


@pytest.mark.parametrize(
    "name", ["two zones that cover the city", "wards by longer periods", "strands of the city", "strands of a zone"]
)
def test_thresholds_alone_would_give_cells_away(name: str) -> None:
    city, most = EXHAUSTIVE[name]
    assert given_away(city, worlds(city, most), only_thresholds)


LARGE = {
    "strands of zones": scene(3, by_strand=(ONE, ONE), strands=3),
    "strands of zones that cover the city": scene(3, by_strand=(ONE, ONE), strands=4, several=False, rest=False),
    "strands by longer periods": scene(2, periods=(TWO, BOTH), by_strand=(BOTH, BOTH), strands=2),
    "strands of zones by longer periods": scene(2, periods=(TWO, TWO), by_strand=(TWO, BOTH), strands=2),
    "wards": scene(3, periods=(TWO, BOTH, BOTH), wards={0: 3, 1: 1, 2: 2}),
    "wards by longer periods": scene(2, periods=(TWO, TWO, BOTH), wards={0: 3, 1: 3}, rest=False),
    "many zones and late reports": scene(4, periods=(TWO, BOTH), late=True),
    "strands and late reports": scene(2, periods=(TWO, BOTH), by_strand=(BOTH, BOTH), strands=2, late=True),
    "strands of the city and late reports": scene(0, periods=(TWO,), by_strand=(BOTH,), strands=3, late=True),
}
WORLDS = 60


def by_chance(city: Scene, scale: float, seed: int) -> list[World]:
    """Return worlds with cells about the threshold, and some far above; few incidents have several strands."""
    chance = np.random.default_rng(seed)
    rarer = np.array([0.2 ** (len(place.strands) - 1) * (0.1 if place.late else 1) for place in city.places])
    rates = chance.gamma(0.6, scale, (WORLDS, len(city.places))) * rarer
    return [tuple(world) for world in chance.poisson(rates).tolist()]


@pytest.mark.parametrize("name", LARGE)
def test_other_worlds_look_like_any_large_one(name: str) -> None:
    attacker = Attacker(LARGE[name])
    for scale in (3.0, 8.0, 20.0):
        for world in by_chance(LARGE[name], scale, seed=int(scale)):
            assert attacker.tells(world) == [], world


def test_thresholds_alone_would_give_cells_of_large_worlds_away() -> None:
    city = LARGE["wards by longer periods"]
    attacker = Attacker(city, only_thresholds)
    assert any(attacker.tells(world) for world in by_chance(city, 8.0, seed=1))


@settings(PROPERTY, max_examples=8)
@given(
    zones=st.lists(st.integers(1, 5), min_size=2, max_size=4),
    elsewhere=st.integers(0, 8),
    weekly=st.sampled_from([4.0, 15.0, 50.0, 100.0]),
    seed=st.integers(0, 10_000),
)
def test_no_small_cell_follows_from_those_shown(zones: list[int], elsewhere: int, weekly: float, seed: int) -> None:
    where = geography({0: elsewhere} | dict(enumerate(zones, start=1)))
    told = quiet_and_busy(where, weekly, YEAR_AND_BEFORE, seed)
    figures = known(where, told)
    sheets = incident_sheets(figures, sunday(YEAR_AND_BEFORE + 5))
    cells = [cell for cell in shown(sheets) if cell[0].basis == Basis.OCCURRED and _in_second_year(cell)]
    small = [
        (name, strand, area, period)
        for name, strand, area, period in filter(_in_second_year, hidden(sheets))
        if 0 < figures.by_area.get((area, strand), NOTHING).count(period, period.published) < THRESHOLD
    ]
    counting = counted_by(where)
    rows, asked = [counting(cell) for cell in cells], [counting(cell) for cell in small]
    if rows and asked:
        assert [cell for cell, is_told in zip(small, follows(rows, asked), strict=True) if is_told] == []


def test_what_follows_is_found() -> None:
    city, north, south = [1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1]
    assert follows([city, north], [south, [0, 0, 1, 0], [2, 2, 1, 1]]) == [True, False, True]


def _in_second_year(cell: PublishedCell) -> bool:
    return cell[3].first >= BEGUN + WEEK_DAYS * SECOND_YEAR


def counted_by(where: Geography) -> Callable[[PublishedCell], list[int]]:
    """Return what says which of all groups of incidents a cell counts; each is of one place, strand and week."""
    places = [area.number for area in where.areas]
    above = {place: {CITY, *where.climb((place,), 0).values()} for place in places}
    groups = list(product(places, STRANDS, range(BEGUN + WEEK_DAYS * SECOND_YEAR, sunday(YEAR_AND_BEFORE), WEEK_DAYS)))

    def counting(cell: PublishedCell) -> list[int]:
        _, strand, area, period = cell
        return [
            int(area in above[place] and strand in (ANY_STRAND, kind) and period.first <= day <= period.last)
            for place, kind, day in groups
        ]

    return counting
