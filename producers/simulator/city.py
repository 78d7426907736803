"""The city as the simulator sees it: small areas with residents, wards by vintage, zones, names, centres."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from schemas.upcast import RawEvent

CITY, ZONE, SMALL = "city", "zone", "lsoa-2021"


@dataclass(frozen=True, slots=True)
class Vintage:
    """A set of wards and the days on which it is in force; the last day is None while it still is."""

    layer: str
    first_day: int
    last_day: int | None

    def in_force(self, day: int) -> bool:
        """Whether these are the wards of a day."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True)
class SmallArea:
    """A census neighbourhood; its ward in each vintage, by layer."""

    code: str
    residents: int
    zone: str | None
    wards: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True)
class Centre:
    """A reporting centre. `serves` names areas of one layer; wards are those of the first vintage."""

    slug: str
    title: str
    source: str
    serves_layer: str
    serves: tuple[str, ...]
    return_days: int
    heartbeat_days: int | None = None


@dataclass(frozen=True)
class City:
    """Everything about the city that does not change with the seed.

    `names` are estates by layer and ward; `unplaceable` is a name that people use for no area that is known.
    """

    code: str
    vintages: tuple[Vintage, ...]
    small_areas: tuple[SmallArea, ...]
    names: Mapping[tuple[str, str], tuple[str, ...]]
    centres: tuple[Centre, ...]
    hot_spots: Mapping[str, float]
    surge_zone: str
    unplaceable: str

    def vintage(self, day: int) -> str | None:
        """Return the layer of the wards of a day; None before the first known ones."""
        return next((vintage.layer for vintage in self.vintages if vintage.in_force(day)), None)

    def served(self, centre: Centre, day: int) -> list[RawEvent]:
        """Return the areas that a centre serves, as the register names them on a day."""
        layer, codes = centre.serves_layer, centre.serves
        if layer == self.vintages[0].layer:
            now = self.vintage(day)
            if now is None:
                layer, codes = CITY, (self.code,)
            elif now != layer:
                layer, codes = now, tuple(sorted({self._successors[now, ward] for ward in codes}))
        return [{"layer": layer, "code": code} for code in codes]

    def closeness(self, centre: Centre, small: SmallArea) -> float:
        """Return how much likelier a centre is to hear of what happens in a small area than one for the whole city."""
        if centre.serves_layer == CITY:
            return 1.0
        within = small.zone if centre.serves_layer == ZONE else small.wards[centre.serves_layer]
        return 8.0 if within in centre.serves else 0.15

    @cached_property
    def _successors(self) -> dict[tuple[str, str], str]:
        """Return, for each later vintage and ward of the first, the later ward that holds most of its small areas."""
        first = self.vintages[0].layer
        found: dict[tuple[str, str], str] = {}
        for later in self.vintages[1:]:
            for ward in {small.wards[first] for small in self.small_areas}:
                shares = Counter(s.wards[later.layer] for s in self.small_areas if s.wards[first] == ward)
                found[later.layer, ward] = min(shares, key=lambda code: (-shares[code], code))
        return found
