"""Small invented cities, every way in which incidents may lie in them, and attackers that know how the gate works."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.core.disclosure import THRESHOLD, Level, Node, Period, Rest, Table, table_of_areas, tables_by_strand

CITY = 1
ANY = ""
WEEKS = (Period(0, 6), Period(7, 13))
MONTH = Period(0, 13)
World = tuple[int, ...]
"""How many incidents lie in each place of a scene."""
Cell = tuple[str, int, Period]
"""Strand or ANY, area, period."""
Output = frozenset[tuple[Cell, int]]
"""All that is shown of a world."""
Gate = Callable[["Scene", World], dict[Cell, int]]


class Place(NamedTuple):
    """Where an incident may lie: in which areas, with which strands, in which week.

    One that is `late` is known when longer periods are published, and was not when its week was.
    """

    areas: frozenset[int]
    strands: tuple[str, ...]
    week: Period
    late: bool = False


@dataclass(frozen=True)
class Scene:
    """A city with the periods of its tables. `by_strand` has no levels where strands are not told apart."""

    together: Sequence[Level]
    by_strand: Sequence[Level]
    strands: tuple[str, ...]
    places: Sequence[Place]

    @cached_property
    def cells(self) -> list[Cell]:
        """All that is or may be published."""
        return [
            (strand, area, period)
            for levels, strands in ((self.together, (ANY,)), (self.by_strand, self.strands))
            for level in levels
            for areas in level.groups.values()
            for strand, area, period in product(strands, areas, level.periods)
        ]

    @cached_property
    def all_cells(self) -> dict[Cell, list[int]]:
        """Which places each area counts in each period of any level, published or not."""
        levels = [*self.together, *self.by_strand]
        areas = {area for level in levels for group in level.groups.values() for area in group}
        periods = {period for level in levels for period in level.periods}
        return {cell: self.counted(cell) for cell in product((ANY, *self.strands), areas, periods)}

    def counted(self, cell: Cell) -> list[int]:
        """Return which places a cell counts."""
        strand, area, period = cell
        return [
            index
            for index, place in enumerate(self.places)
            if area in place.areas
            and (strand == ANY or strand in place.strands)
            and period.first <= place.week.first <= period.last
            and (not place.late or period not in WEEKS)
        ]


def scene(
    zones: int,
    *,
    periods: Sequence[Sequence[Period]] = (WEEKS[:1],) * 3,
    by_strand: Sequence[Sequence[Period]] = (),
    strands: int = 1,
    several: bool = True,
    wards: Mapping[int, int] | None = None,
    rest: bool = True,
    late: bool = False,
) -> Scene:
    """Return a city of some zones, with the periods of its levels.

    `wards` has how many each zone has, and under 0 how many lie in no zone; `rest` says whether incidents may lie in no
    zone; `several` whether one may have several strands; `late` whether some are reported late.
    """
    named = tuple(f"s{n}" for n in range(strands))
    of_zone = {zone: [100 + 10 * zone + n for n in range((wards or {}).get(zone, 0))] for zone in range(zones + 1)}
    under: dict[Node | None, Sequence[int]] = {
        (10 + zone if zone else Rest(CITY)): of_zone[zone] for zone in of_zone if of_zone[zone]
    }
    groups: list[Mapping[Node | None, Sequence[int]]] = [
        {None: (CITY,)},
        {CITY: [10 + zone for zone in of_zone if zone]},
        under,
    ]
    grounds = [frozenset({CITY, 10 + zone, *ward}) for zone in of_zone if zone for ward in ((), *zip(of_zone[zone]))]
    grounds += [frozenset({CITY, *ward}) for ward in (*zip(of_zone[0]), *(((),) if rest else ()))]
    counts = range(1, len(named) + 1 if several else 2)
    return Scene(
        [Level(*each) for each in zip(groups[: 3 if under else 2], periods, strict=False)],
        [Level(*each) for each in zip(groups[:2], by_strand, strict=False)],
        named if by_strand else (),
        [
            Place(areas, kinds, week, is_late)
            for areas in grounds
            for kinds in (each for n in counts for each in combinations(named, n))
            for week in (WEEKS if MONTH in [period for each in periods for period in each] else WEEKS[:1])
            for is_late in ((False, True) if late else (False,))
        ],
    )


def gate(of: Scene, world: World) -> dict[Cell, int]:
    """Return what the gate shows of a world."""
    counts = {cell: sum(world[index] for index in places) for cell, places in of.all_cells.items()}

    def counting(strand: str) -> Callable[[int, Period], int]:
        return lambda area, period: counts[strand, area, period]

    together = table_of_areas(of.together, counting(ANY))
    tables: dict[str, Table] = {ANY: together}
    if of.by_strand:
        tables |= tables_by_strand(of.by_strand, of.strands, counting, together)
    return {(strand, *cell): n for strand, table in tables.items() for cell, n in table.shown.items()}


def only_thresholds(of: Scene, world: World) -> dict[Cell, int]:
    """Return what a gate would show that only held small cells back: to see that attackers find something."""
    counts = {cell: sum(world[index] for index in of.counted(cell)) for cell in of.cells}
    return {cell: n for cell, n in counts.items() if n >= THRESHOLD}


def worlds(of: Scene, most: int) -> Iterator[World]:
    """Yield every world of a scene with so many incidents at most."""
    for total in range(most + 1):
        yield from _shared_out(total, len(of.places))


def _shared_out(total: int, places: int) -> Iterator[World]:
    if places == 1:
        yield (total,)
        return
    for n in range(total + 1):
        for others in _shared_out(total - n, places - 1):
            yield (n, *others)


def given_away(of: Scene, among: Iterable[World], shown_by: Gate = gate) -> list[tuple[World, Cell]]:
    """Return the small cells that whoever knows all these worlds, and how the gate works, can tell from its output."""
    alike: defaultdict[Output, list[World]] = defaultdict(list)
    for world in among:
        alike[frozenset(shown_by(of, world).items())].append(world)
    found = []
    for output, group in alike.items():
        shown = {cell for cell, _ in output}
        table = np.array(group)
        for cell in of.cells:
            if cell not in shown:
                values = table[:, of.counted(cell)].sum(axis=1)
                if values[0] in range(1, THRESHOLD) and (values == values[0]).all():
                    found.append((group[0], cell))
    return found


class Attacker:
    """Tells small cells of any world, however large, unless it finds another world of the same output.

    It looks for one by moving a few incidents at a time, so it may think that it can tell what it cannot; what it finds
    not to tell is safe for certain.
    """

    MOVES, STEPS, TRIED, KEPT = 60_000, 3, 2_500, 40

    def __init__(self, of: Scene, shown_by: Gate = gate) -> None:
        self._scene = of
        self._shown_by = shown_by
        self._counted = np.array([[index in of.counted(cell) for index in range(len(of.places))] for cell in of.cells])
        single = np.eye(len(of.places), dtype=np.int64)
        one = np.concatenate([single, -single, *(each - single for each in single)])
        chance = np.random.default_rng(0)
        two = one[chance.integers(0, len(one), self.MOVES)] + one[chance.integers(0, len(one), self.MOVES)]
        three = two + one[chance.integers(0, len(one), self.MOVES)]
        moves = np.unique(np.concatenate([one, two, three]), axis=0)
        self._moves = moves[moves.any(axis=1)]
        self._effects = self._moves @ self._counted.T

    def tells(self, world: World) -> list[Cell]:
        """Return the small cells of a world for which there seems to be no other value."""
        shown = self._shown_by(self._scene, world).keys()
        values = np.array(world) @ self._counted.T
        cells = self._scene.cells
        left = {i for i, cell in enumerate(cells) if cell not in shown and 0 < values[i] < THRESHOLD}
        same = [i for i, cell in enumerate(cells) if cell in shown]
        moves = self._moves[(self._effects[:, same] == 0).all(axis=1)]
        seen, front = {world}, [np.array(world)]
        for _ in range(self.STEPS):
            further: list[NDArray[np.int64]] = []
            for here in front:
                for there in self._promising(here + moves, values, left):
                    if not left:
                        return []
                    changed = {i for i in left if (there @ self._counted[i]) != values[i]}
                    known = tuple(there.tolist())
                    if known in seen or (not changed and len(further) >= self.KEPT):
                        continue
                    seen.add(known)
                    if self._shown_by(self._scene, known).keys() == shown:
                        further.append(there)
                        left -= changed
            front = further[: self.KEPT]
        return [cells[i] for i in left]

    def _promising(self, there: NDArray[np.int64], values: NDArray[np.int64], left: Iterable[int]) -> NDArray[np.int64]:
        """Return possible worlds, those first that differ in the most of what is still to be told."""
        possible = there[(there >= 0).all(axis=1)]
        wanted = list(left)
        differs = (possible @ self._counted[wanted].T != values[wanted]).sum(axis=1)
        promising: NDArray[np.int64] = possible[np.argsort(-differs, kind="stable")[: self.TRIED]]
        return promising
