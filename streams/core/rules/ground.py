"""What rules are judged on: a partnership's days and areas, and where a rule looks."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from schemas.changes import Rule, RuleScope
from schemas.incident import NamedArea
from schemas.rules import ANY, EACH
from streams.core.areas import CITY_LAYER, Geography
from streams.core.days import Calendar

WHOLE = 0
"""The area number of a whole partnership, where it has no city."""
GROUP_SEPARATOR = "+"


class NamedPlace(NamedTuple):
    """An area as people know it."""

    layer: str
    code: str
    name: str


@dataclass(frozen=True)
class Ground:
    """A partnership as rules see it."""

    number: int
    slug: str
    calendar: Calendar
    geography: Geography
    marking: str

    @cached_property
    def city(self) -> int:
        """Return the area that stands for the whole partnership: its city, else 0."""
        return next(iter(self._layers.get(CITY_LAYER, ())), WHOLE)

    def place(self, area: int) -> NamedPlace:
        """Return an area's names."""
        if area == WHOLE:
            return NamedPlace(CITY_LAYER, self.slug, self.slug)
        found = self.geography.area_by_number[area]
        return NamedPlace(self._layer_names[found.layer], found.code, found.name)

    def areas(self, rule: Rule) -> frozenset[int]:
        """Return the areas that a rule looks at."""
        scope = rule.scope or RuleScope()
        if scope not in self._areas:
            self._areas[scope] = self._areas_of(scope)
        return self._areas[scope]

    def _areas_of(self, scope: RuleScope) -> frozenset[int]:
        if not scope.areas:
            return self._layers.get(scope.layer, frozenset())
        named = (NamedArea(layer=scope.layer, code=code) for code in scope.areas)
        return frozenset(self.geography.find(each).number for each in named)

    @cached_property
    def _areas(self) -> dict[RuleScope, frozenset[int]]:
        return {}

    @cached_property
    def _layers(self) -> dict[str, frozenset[int]]:
        return {
            layer.name: frozenset(area.number for area in self.geography.areas if area.layer == layer.number)
            for layer in self.geography.layers
        }

    @cached_property
    def _layer_names(self) -> dict[int, str]:
        return {layer.number: layer.name for layer in self.geography.layers}


def strand_groups(rule: Rule, strands: tuple[str, ...]) -> tuple[str, ...]:
    """Return the strand groups of a rule that something with these strands belongs to: none where it has none of them.

    `any` is one group for all, `each` makes a group of each strand, a list is one group for whatever has any of it.
    """
    wanted = (rule.scope or RuleScope()).strands
    if wanted == ANY:
        return (ANY,)
    if wanted == EACH:
        return tuple(dict.fromkeys(strands))
    return (GROUP_SEPARATOR.join(wanted),) if set(wanted) & set(strands) else ()
