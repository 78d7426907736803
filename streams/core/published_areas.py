"""The areas for which figures are published: which layers, and how their areas lie in one another on a day."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streams.core.areas import CITY_LAYER, Area, Geography, Layer
from streams.core.disclosure import Node, Rest

WHOLE = 0
"""The root where a partnership has no city: all that its coarsest published layer counts."""
WARD = "ward"
FINER_THAN_WARDS = ("lsoa-", "small-area")


@dataclass(frozen=True)
class AreaTree:
    """How areas lie in one another on a day: a layer and its groups for each level, the root's own level left out.

    `listed` has all areas in force of each published layer, the city's among them, in the order of their codes: also
    those that are in no group, since they straddle others, and for which nothing is shown.
    """

    root: int
    layers: tuple[int, ...]
    groups: tuple[Mapping[Node | None, Sequence[int]], ...]
    listed: Mapping[int, Sequence[int]]

    def made_of(self, area: int) -> Sequence[int]:
        """Return the areas whose counts an area's are: itself, or all of the coarsest layer for the whole."""
        if area != WHOLE:
            return (area,)
        return self.listed[self.layers[0]] if self.layers else ()


def published_layers(geography: Geography) -> list[Layer]:
    """Return the layers for which figures are published, the coarsest first; none is finer than wards."""
    wards = [layer.rank for layer in geography.layers if _is_ward(layer)]
    found = [
        layer
        for layer in geography.layers
        if not layer.name.startswith(FINER_THAN_WARDS) and layer.rank >= min(wards, default=layer.rank)
    ]
    return sorted(found, key=lambda layer: (-layer.rank, layer.name))


def strand_layers(geography: Geography) -> list[Layer]:
    """Return the published layers for which strands are told apart: those coarser than wards."""
    layers = published_layers(geography)
    wards = [layer.rank for layer in layers if _is_ward(layer)]
    return [layer for layer in layers if layer.rank > max(wards, default=layer.rank - 1)]


def _is_ward(layer: Layer) -> bool:
    return layer.name.startswith(WARD)


def area_tree(geography: Geography, day: int) -> AreaTree:
    """Return how the published areas lie in one another on a day.

    An area lies in the finest area of a coarser layer that its lookups lead to, else in the root. Where its own finer
    areas lead elsewhere than it does itself, it straddles others, and is in no group.
    """
    in_force = defaultdict[int, list[Area]](list)
    for area in sorted(geography.areas, key=lambda each: each.code):
        if area.in_force(day):
            in_force[area.layer].append(area)
    layers = [layer for layer in published_layers(geography) if in_force[layer.number]]
    listed = {layer.number: [area.number for area in in_force[layer.number]] for layer in layers}
    cities = [areas[0] for layer in layers if layer.name == CITY_LAYER and len(areas := listed[layer.number]) == 1]
    root = cities[0] if cities else WHOLE
    levels = [layer.number for layer in layers if listed[layer.number] != cities]
    placing = _Placing(geography, day, root, levels, [area.number for areas in in_force.values() for area in areas])
    return AreaTree(root, tuple(levels), tuple(placing.groups(listed[layer]) for layer in levels), listed)


class _Placing:
    """Puts areas into groups, level by level."""

    def __init__(self, geography: Geography, day: int, root: int, levels: Sequence[int], areas: Sequence[int]) -> None:
        self._layer_of = {number: geography.area_by_number[number].layer for number in areas}
        self._climbs = {number: geography.climb((number,), day) for number in areas}
        self._levels = levels
        self._root = root
        self._depth = {root: 0}

    def groups(self, areas: Sequence[int]) -> Mapping[Node | None, Sequence[int]]:
        """Return the groups of one layer's areas; the coarser layers have been put into groups before."""
        groups = defaultdict[Node | None, list[int]](list)
        straddling = self._straddling(areas)
        depth = 1 + self._levels.index(self._layer_of[areas[0]])
        found = {area: self._under(area, depth) for area in areas if area not in straddling}
        for area, node in found.items():
            groups[node].append(area)
            self._depth[area] = depth
        return dict(groups)

    def _straddling(self, areas: Sequence[int]) -> set[int]:
        layer = self._layer_of[areas[0]]
        coarser = set(self._levels[: self._levels.index(layer)])

        def above(number: int) -> dict[int, int]:
            return {layer: area for layer, area in self._climbs[number].items() if layer in coarser}

        return {
            climb[layer]
            for number, climb in self._climbs.items()
            if layer in climb and above(number) != above(climb[layer])
        }

    def _under(self, area: int, depth: int) -> Node:
        """Return the node of the level above under which an area lies: a listed area, or the rest of one further up."""
        climb = self._climbs[area]
        above = [climb[layer] for layer in self._levels[: depth - 1] if climb.get(layer) in self._depth]
        holds = above[-1] if above else self._root
        node: Node = holds
        for _ in range(depth - 1 - self._depth[holds]):
            node = Rest(node)
        return node
