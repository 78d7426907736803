"""Which cells of a published table may be shown, so that no sum or difference of those shown gives a small one away.

Areas form a tree of levels: the root, then layers from coarse to fine. What lies in an area but in none of its listed
children is its rest, which is never shown. A table has periods of its own at each level; those of a finer level are
made of whole periods of the level above. Cells are decided from the root downwards, those of one parent in one period
together: a group. Fewer than THRESHOLD, nought included, is closed; where a group holds anything that must not be
worked out, one more is held back. Which one is settled by the order of the children and never by size, since a choice
by size would tell the size.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

THRESHOLD = 5
"""Counts below it are not shown."""


ENOUGH = 2 * THRESHOLD - 1
"""An open count and a small one are so many together if the small one may be anything."""
LIKELY = 3 * THRESHOLD
"""An area that is expected to have so many of a strand hardly ever has too few."""


class Period(NamedTuple):
    """Days from the first to the last, both included, and the Sunday at whose end their count is published."""

    first: int
    last: int
    published: int = 0


class Rest(NamedTuple):
    """What lies in an area, or in a rest, but in none of its listed children."""

    of: "int | Rest"


Node = int | Rest
Cell = tuple[int, Period]
"""An area's number and a period."""
Shown = dict[Cell, int]
Count = Callable[[int, Period], int]
"""How many an area has in a period, as known when that is published."""


@dataclass(frozen=True)
class Level:
    """The listed areas of one layer by the node of the level above that holds them, and a table's periods for them.

    The order of the areas decides which are held back, so it must not depend on any count. The root is a level of its
    own, without a node above.
    """

    groups: Mapping[Node | None, Sequence[int]]
    periods: Sequence[Period]

    @cached_property
    def _firsts(self) -> list[int]:
        return [period.first for period in self.periods]

    def inside(self, period: Period) -> Sequence[Period]:
        """Return the periods of this level of which a longer one is made."""
        start = bisect_left(self._firsts, period.first)
        return self.periods[start : bisect_left(self._firsts, period.last + 1, start)]


class Part(NamedTuple):
    """What is shown of an area in a period: the sum of its cells there, and whether those are all there are."""

    sum: int
    whole: bool


class Table:
    """A table of areas: which of its cells are shown. The root is the first level."""

    def __init__(self, levels: Sequence[Level], count: Count) -> None:
        """`count` says how many an area has in a period, as known when the period is published."""
        self.levels = levels
        self.count = count
        self.shown: Shown = {}

    def part(self, node: Node, depth: int, period: Period) -> Part:
        """Return what can be worked out of a node of one level in a period of that level or of one below.

        A rest is worked out from what holds it, so that it has in it what is not shown of its siblings.
        """
        level = self.levels[depth]
        if isinstance(node, int):
            cells = [self.shown.get((node, own)) for own in level.inside(period)]
            return Part(sum(n for n in cells if n is not None), None not in cells)
        siblings = level.groups.get(node.of, ())
        sums, whole = 0, True
        for own in level.inside(period):
            above = self.part(node.of, depth - 1, own)
            sums += above.sum - sum(self.shown.get((area, own), 0) for area in siblings)
            whole = whole and above.whole
        return Part(sums, whole)

    def size(self, node: Node, depth: int, period: Period) -> int:
        """Return how many a node really has where `part` says what can be worked out of it."""
        if isinstance(node, int):
            return self.count(node, period)
        level = self.levels[depth]
        beside = 0
        for area in level.groups.get(node.of, ()):
            own = level.inside(period)
            hidden = [each for each in own if (area, each) not in self.shown]
            if len(hidden) < len(own):
                beside += self.count(area, period) - sum(self.count(area, each) for each in hidden)
        return self.size(node.of, depth - 1, period) - beside

    def rest(self, parent: Node, depth: int, period: Period) -> int:
        """Return how many a node has beyond the areas of a level that it holds, as far as can be worked out."""
        areas = self.levels[depth].groups[parent]
        return self.size(parent, depth - 1, period) - sum(self.count(area, period) for area in areas)

    def held(
        self,
        parent: Node,
        depth: int,
        period: Period,
        closed: Collection[int] = (),
        within: Sequence[Part] | None = None,
    ) -> set[int]:
        """Return the areas of a group that are not shown; see `held_areas`."""
        areas = self.levels[depth].groups[parent]
        counts = [self.count(area, period) for area in areas]
        also = [index for index, area in enumerate(areas) if area in closed]
        above = self.part(parent, depth - 1, period)
        return {areas[index] for index in held_areas(counts, self.rest(parent, depth, period), above, also, within)}

    def show(self, areas: Iterable[int], period: Period) -> None:
        """Show areas in one period."""
        self.shown.update(((area, period), self.count(area, period)) for area in areas)


def table_of_areas(levels: Sequence[Level], count: Count) -> Table:
    """Return a table of areas with all cells that can be shown."""
    table = Table(levels, count)
    for depth, level in enumerate(levels):
        for period in level.periods:
            for parent, areas in level.groups.items():
                if parent is None:
                    table.show([root for root in areas if count(root, period) >= THRESHOLD], period)
                else:
                    held = table.held(parent, depth, period)
                    table.show([area for area in areas if area not in held], period)
    return table


def tables_by_strand(
    levels: Sequence[Level], strands: Sequence[str], count: Callable[[str], Count], together: Table
) -> dict[str, Table]:
    """Return tables of areas, one a strand, with all cells that can be shown beside `together`, that of all strands.

    Its levels are the first ones of `together`, with periods as long or longer. One strand alone would be the same as
    that, so a single one gets no cells.
    """
    tables = {strand: Table(levels, count(strand)) for strand in strands}
    for depth, level in enumerate(levels if len(strands) > 1 else ()):
        for period in level.periods:
            for parent, areas in level.groups.items():
                if parent is None:
                    _show_strands(list(tables.values()), areas, period, together)
                else:
                    _show_whole_areas(list(tables.values()), parent, depth, period, together)
    return tables


def _show_strands(tables: Sequence[Table], roots: Sequence[int], period: Period, together: Table) -> None:
    for root in roots:
        held = held_strands([table.count(root, period) for table in tables], together.part(root, 0, period))
        for index, table in enumerate(tables):
            table.show([root] if index not in held else [], period)


def _show_whole_areas(tables: Sequence[Table], parent: Node, depth: int, period: Period, together: Table) -> None:
    """Show the areas of a group, each with all strands that are listed for it, or with none of them.

    What stands in for a small cell among the strands of an area would need another to stand in for it among the areas
    of its strand, that one another again, and such a chain gives way where counts are low. Where areas are held back
    whole, all that they have can stand in for one another.
    """
    areas = together.levels[depth].groups[parent]
    listed = {area: _listed(tables, area, parent, depth, period, together) for area in areas}
    nodes: list[Node] = [*areas, Rest(parent)]
    within = [together.part(node, depth, period) for node in nodes]
    held = {
        area
        for area, part in zip(areas, within, strict=False)
        if any(is_closed(table.count(area, period), part) for table in listed[area])
    }
    found: set[int] | None = None
    while found != held:
        found = set(held)
        closed = [held | {area for area in areas if table not in listed[area]} for table in tables]
        known = sum(table.rest(parent, depth, period) for table, of in zip(tables, closed, strict=True) if not of)
        room = [*within[:-1], Part(within[-1].sum - known, within[-1].whole)]
        for table, of in zip(tables, closed, strict=True):
            if len(of) < len(areas):
                held |= table.held(parent, depth, period, of, room) - of
    for table in tables:
        table.show([area for area in areas if area not in held and table in listed[area]], period)


def _listed(
    tables: Sequence[Table], area: int, parent: Node, depth: int, period: Period, together: Table
) -> list[Table]:
    """Return the strands of which an area is likely to have enough, by nothing but what is shown of what holds it.

    Those left out are more than one, or what is left of the area would be that one's.
    """
    within, holding = together.part(area, depth, period), together.part(parent, depth - 1, period)
    if not within.whole:
        return []
    shares = [table.part(parent, depth - 1, period) for table in tables]
    listed = [
        table
        for table, share in zip(tables, shares, strict=True)
        if share.whole and share.sum * within.sum >= LIKELY * holding.sum
    ]
    return listed[1:] if len(listed) == len(tables) - 1 else listed


def is_closed(n: int, area: Part) -> bool:
    """Whether a strand of an area is not to be shown: few incidents have it, or few have none of it.

    Where it has many more than are shown of the area, those were reported late, and nobody can tell how many there are
    in all.
    """
    return n < THRESHOLD or not _leaves(THRESHOLD, n, area)


def _leaves(n: int, of: int, area: Part) -> bool:
    """Whether an area has so many beside some, or nobody can tell since more of those than that were reported late."""
    return of + n <= area.sum or (area.whole and of >= area.sum + THRESHOLD)


def held_areas(
    counts: Sequence[int],
    rest: int,
    parent: Part,
    closed: Collection[int] = (),
    within: Sequence[Part] | None = None,
) -> set[int]:
    """Return which children of one parent in one period are not shown, by their index.

    `rest` is what the parent has beyond them, `parent` what is shown of the parent there, `closed` the children that
    are not to be shown for other reasons. Of a strand, `within` is what of each child, and last of the rest, may have
    it. More are held back where anything must be: none if the rest can stand in for what is closed, else one after the
    other up to the first that can. It can if small ones could have been counted there, and all that is hidden is
    enough: by sums, which stay the same however it is shared out. One that cannot is held back as well, since else it
    would tell something of them that it cannot. Where something of the parent is not shown, what is shown of
    the children must leave room for any size of it, or their sum would tell it.
    """
    held = {index for index, n in enumerate(counts) if n < THRESHOLD or index in closed}
    late = parent.whole and not held and 0 < abs(parent.sum - sum(counts)) < THRESHOLD
    if not (held or late or 0 < rest < THRESHOLD or not parent.whole):
        return held
    unknown = sum(min(counts[index], THRESHOLD - 1) for index in held)

    def stands_in(n: int, index: int) -> bool:
        hidden = rest + sum(counts[other] for other in held)
        return hidden >= ENOUGH and (within is None or _leaves(unknown, n, within[index]))

    stood_in = parent.whole and hide_one_another([n for n in counts if n < THRESHOLD])
    stood_in = stood_in or (rest > 0 and stands_in(rest, -1))
    others = [index for index in range(len(counts)) if index not in held]
    while others and not stood_in:
        held.add(index := others.pop(0))
        stood_in = stands_in(counts[index], index)
    while others and not parent.whole and sum(counts[index] for index in others) > parent.sum - ENOUGH:
        held.add(others.pop(0))
    return held


def hide_one_another(small: Sequence[int]) -> bool:
    """Whether small counts need nothing else to stand in for them, though their sum be known.

    It is no small one, and leaves each of them room to be anything from nought to the most that is not shown.
    """
    return THRESHOLD <= sum(small) <= (THRESHOLD - 1) * (len(small) - 1)


def held_strands(counts: Sequence[int], area: Part) -> set[int]:
    """Return which strands of one area in one period are not shown, by their index; `area` is what is shown of it.

    An incident may have several strands, so they do not add up to the area. But none can have more than the area: a
    strand that nearly all of its incidents have would tell how few have none of it, so it is closed as a small one is.
    """
    held = {index for index, n in enumerate(counts) if is_closed(n, area)}
    small = [n for n in counts if n < THRESHOLD]
    alone = len(small) == len(held) and hide_one_another(small)
    if (held and not alone) or not area.whole:
        for index in [index for index in range(len(counts)) if index not in held]:
            held.add(index)
            if counts[index] + sum(small) >= ENOUGH and _leaves(THRESHOLD + sum(small), counts[index], area):
                break
    return held
