"""Geography: layers of areas, dated lookups upward, and how a place is settled in each layer.

An event is anchored on what is known of its place; each layer is settled by itself. A point decides every layer whose
shapes are loaded, except that an own code decides the finest layer; lookups, in force on the day, fill only the rest.
"""

import heapq
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from schemas.incident import NamedArea, Point, Whereabouts
from schemas.problems import Problem
from schemas.vocabulary import PlaceKind
from streams.core.gazetteer import Suggestion, normal_name, ranked, suggestions
from streams.core.shapes import LayerShapes
from streams.core.triangle import ELSEWHERE, AreaInLayer

CITY_LAYER = "city"
ZONE_LAYER = "zone"


class Precision(StrEnum):
    """How a place was settled, the surest first."""

    CODE = "code"
    INSIDE = "inside"
    NEAR = "near"
    NAME = "name"
    CITY = "city"
    WRITTEN = "written"
    ONLINE = "online"
    UNLOCATED = "unlocated"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Layer:
    """A set of areas that do not overlap at any one time. The lower the rank, the finer."""

    number: int
    name: str
    rank: int


@dataclass(frozen=True, slots=True)
class Area:
    """An area and the days (both included; None: open) on which it is in force."""

    number: int
    layer: int
    code: str
    name: str
    first_day: int | None = None
    last_day: int | None = None

    def in_force(self, day: int) -> bool:
        """Whether the area existed on a day."""
        return _within(day, self.first_day, self.last_day)


@dataclass(frozen=True, slots=True)
class Lookup:
    """An area lies in, or is counted to, another of a coarser layer, between two days."""

    from_area: int
    to_area: int
    first_day: int | None = None
    last_day: int | None = None


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name or a retired code for an area. One that stands for several areas decides only what they share."""

    text: str
    area: int
    is_code: bool


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place as settled: the areas known directly, and how. What lies above them is looked up when it is counted.

    `written` is the reference of a text that no gazetteer knows: it counts where people have confirmed that it lies.
    """

    precision: Precision
    areas: tuple[int, ...] = ()
    written: str = ""


class UnknownPlaceError(Exception):
    """A place that these areas cannot hold; the problem's path is relative to the place."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


UNLOCATED = Anchor(Precision.UNLOCATED)


@dataclass(frozen=True)
class Geography:
    """All areas of one partnership, as a value. `version` names it: another version, another value.

    `confirmed` has the areas in which a place as written lies, by its reference, as people have said; of several of
    one layer only what they have in common counts it.
    """

    version: int
    layers: tuple[Layer, ...]
    areas: tuple[Area, ...]
    lookups: tuple[Lookup, ...] = ()
    aliases: tuple[Alias, ...] = ()
    shapes: Mapping[int, LayerShapes] | None = None
    confirmed: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @cached_property
    def layer_by_name(self) -> dict[str, Layer]:
        """Layers by name."""
        return {layer.name: layer for layer in self.layers}

    @cached_property
    def area_by_number(self) -> dict[int, Area]:
        """Areas by their number in the ledger."""
        return {area.number: area for area in self.areas}

    @cached_property
    def _rank(self) -> dict[int, int]:
        return {layer.number: layer.rank for layer in self.layers}

    @cached_property
    def _finest(self) -> int | None:
        return min(self.layers, key=lambda layer: layer.rank).number if self.layers else None

    @cached_property
    def _by_code(self) -> dict[tuple[int, str], list[Area]]:
        found = defaultdict(list)
        for area in self.areas:
            found[area.layer, area.code].append(area)
        for alias in self.aliases:
            if alias.is_code:
                area = self.area_by_number[alias.area]
                found[area.layer, alias.text].append(area)
        return dict(found)

    @cached_property
    def _by_name(self) -> dict[str, list[Area]]:
        found = defaultdict(list)
        for area in self.areas:
            found[normal_name(area.name)].append(area)
        for alias in self.aliases:
            if not alias.is_code:
                found[normal_name(alias.text)].append(self.area_by_number[alias.area])
        return dict(found)

    @cached_property
    def _gazetteer(self) -> dict[str, list[Area]]:
        """Areas by the names under which a place may be meant.

        A zone is the areas that are counted to it: one that has none is a name, and no place.
        """
        zones = self.layer_by_name.get(ZONE_LAYER)
        with_members = {lookup.to_area for lookup in self.lookups}
        found = {
            name: [area for area in areas if zones is None or area.layer != zones.number or area.number in with_members]
            for name, areas in self._by_name.items()
        }
        return {name: areas for name, areas in found.items() if areas}

    @cached_property
    def _lookups_from(self) -> dict[int, list[Lookup]]:
        found = defaultdict(list)
        for lookup in self.lookups:
            found[lookup.from_area].append(lookup)
        return dict(found)

    @cached_property
    def _city(self) -> Area | None:
        layer = self.layer_by_name.get(CITY_LAYER)
        cities = [area for area in self.areas if layer and area.layer == layer.number]
        return cities[0] if len(cities) == 1 else None

    def locate(self, place: Whereabouts, day: int, *, elsewhere_allowed: bool) -> Anchor:
        """Settle a place on a day.

        `elsewhere_allowed` for counts from others, which cover more than this partnership: an unknown code then means
        outside. Raises UnknownPlaceError for a code or name that does not exist, or not on that day.
        """
        if place.kind is PlaceKind.ONLINE:
            return Anchor(Precision.ONLINE)
        if place.kind is PlaceKind.OUTSIDE:
            return Anchor(Precision.OUTSIDE)
        if place.kind is not PlaceKind.LOCATED:
            return Anchor(Precision.OUTSIDE) if elsewhere_allowed else UNLOCATED
        if len(place.areas) == 1 and place.areas[0].code and place.point is None and place.name is None:
            return self._by_code_alone(place.areas[0], day, elsewhere_allowed=elsewhere_allowed)
        return self._settle(place, day, elsewhere_allowed=elsewhere_allowed)

    def _by_code_alone(self, named: NamedArea, day: int, *, elsewhere_allowed: bool) -> Anchor:
        """Settle the commonest place, one code, remembering it between two turning days."""
        key = (named.layer, named.code, bisect_right(self.turning_days, day))
        anchor = self._settled_codes.get(key)
        if anchor is None:
            anchor = self._settle(Whereabouts(areas=(named,)), day, elsewhere_allowed=elsewhere_allowed)
            if anchor.precision is not Precision.OUTSIDE:
                self._settled_codes[key] = anchor
        return anchor

    @cached_property
    def _settled_codes(self) -> dict[tuple[str, str | None, int], Anchor]:
        return {}

    def _settle(self, place: Whereabouts, day: int, *, elsewhere_allowed: bool) -> Anchor:
        settled = _Settling(self, day)
        unknown_code = False
        for index, named in enumerate(place.areas):
            try:
                settled.by_code(self._named(named, day, f"areas[{index}]"))
            except UnknownPlaceError:
                if not elsewhere_allowed:
                    raise
                unknown_code = True
        if place.name is not None:
            settled.by_name(self._places_called(place.name, day))
        if place.point is not None:
            settled.by_point(place.point)
        return settled.anchor(nowhere_means_outside=unknown_code)

    def locate_text(self, text: str, day: int) -> Anchor | None:
        """Settle a place of which only a text is known; None where the gazetteer has no such name on that day."""
        areas = self._in_gazetteer(text, day)
        if not areas:
            return None
        settled = _Settling(self, day)
        settled.by_name(areas)
        return settled.anchor(nowhere_means_outside=False)

    def suggestions(self, text: str) -> list[Suggestion]:
        """Return which other names a text may have meant, the nearest first. They are for a person to judge."""
        name = normal_name(text)
        return ranked(name, self._other_names(name))

    def find(self, named: NamedArea) -> Area:
        """Return an area by its layer and code or name, whenever it was in force.

        Raises UnknownPlaceError where there is none, or several; the problem's path is relative to the named area.
        """
        found = self._known(named, "")
        if len(found) > 1:
            path = "name" if named.code is None else "code"
            codes = ", ".join(sorted(area.code for area in found))
            raise UnknownPlaceError(Problem("ambiguous-area", path, f"it stands for several areas; name one: {codes}"))
        return found[0]

    def areas_of(self, anchor: Anchor, day: int) -> tuple[AreaInLayer, ...]:
        """Return every area that counts a place on a day, at most one a layer.

        `ELSEWHERE` counts what no city does: a place outside, or, where there is no city, any place.
        """
        if anchor.precision is Precision.OUTSIDE:
            return (ELSEWHERE,)
        found = self.climb(self._directly_in(anchor, day), day)
        if self._city is None:
            return (ELSEWHERE, *(AreaInLayer(layer, area) for layer, area in sorted(found.items())))
        found.setdefault(self._city.layer, self._city.number)
        return tuple(AreaInLayer(layer, area) for layer, area in sorted(found.items()))

    def _directly_in(self, anchor: Anchor, day: int) -> Iterable[int]:
        if anchor.precision is not Precision.WRITTEN:
            return anchor.areas
        settled = _Settling(self, day)
        for areas in self._confirmed_by_layer(anchor.written, day):
            settled.by_code(areas)
        return settled.anchor(nowhere_means_outside=False).areas

    def _confirmed_by_layer(self, written: str, day: int) -> list[list[Area]]:
        found = defaultdict(list)
        for number in self.confirmed.get(written, ()):
            area = self.area_by_number[number]
            if area.in_force(day):
                found[area.layer].append(area)
        return list(found.values())

    def moves_nothing_of(self, earlier: "Geography") -> bool:
        """Whether every place that an earlier version could settle still counts in the same areas.

        New areas, shapes and aliases move nothing; lookups from areas that were there, and confirmations, may.
        """
        known = earlier.area_by_number
        return (
            self._city == earlier._city
            and self.confirmed == earlier.confirmed
            and all(self.area_by_number.get(number) == area for number, area in known.items())
            and tuple(lookup for lookup in self.lookups if lookup.from_area in known) == earlier.lookups
        )

    def climb(self, areas: Iterable[int], day: int) -> dict[int, int]:
        """Return layer -> area for some areas and all above them on a day; the finest decides first."""
        found: dict[int, int] = {}
        for number in areas:
            found[self.area_by_number[number].layer] = number
        waiting = [(self._rank[layer], area) for layer, area in found.items()]
        heapq.heapify(waiting)
        while waiting:
            _, number = heapq.heappop(waiting)
            for lookup in self._lookups_from.get(number, ()):
                above = self.area_by_number[lookup.to_area]
                if above.layer in found or not _within(day, lookup.first_day, lookup.last_day):
                    continue
                if above.in_force(day):
                    found[above.layer] = above.number
                    heapq.heappush(waiting, (self._rank[above.layer], above.number))
        return found

    @cached_property
    def turning_days(self) -> tuple[int, ...]:
        """Return the days on which some area or lookup begins to hold or no longer does, in order."""
        dated: list[Area | Lookup] = [*self.areas, *self.lookups]
        days = {each.first_day for each in dated if each.first_day is not None}
        days |= {each.last_day + 1 for each in dated if each.last_day is not None}
        return tuple(sorted(days))

    def _named(self, named: NamedArea, day: int, path: str) -> list[Area]:
        in_force = [area for area in self._known(named, f"{path}.") if area.in_force(day)]
        if not in_force:
            path = f"{path}.{'name' if named.code is None else 'code'}"
            raise UnknownPlaceError(
                Problem("area-not-in-force", path, "this area did not exist on the day of the incident")
            )
        return in_force

    def _known(self, named: NamedArea, path: str) -> list[Area]:
        layer = self.layer_by_name.get(named.layer)
        if layer is None:
            known = ", ".join(sorted(self.layer_by_name)) or "none"
            raise UnknownPlaceError(Problem("unknown-layer", f"{path}layer", f"known layers: {known}"))
        if named.code is not None:
            path, areas = f"{path}code", self._by_code.get((layer.number, named.code), [])
        else:
            path = f"{path}name"
            areas = [a for a in self._by_name.get(normal_name(named.name or ""), []) if a.layer == layer.number]
        if not areas:
            raise UnknownPlaceError(
                Problem("unknown-area", path, f"no such area in layer {layer.name}; see `bellwether areas list`")
            )
        return areas

    def _in_gazetteer(self, text: str, day: int) -> list[Area]:
        return [area for area in self._gazetteer.get(normal_name(text), []) if area.in_force(day)]

    def _other_names(self, name: str) -> list[str]:
        return [known for known in self._by_name if known != name]

    def _places_called(self, name: str, day: int) -> list[Area]:
        areas = self._in_gazetteer(name, day)
        if not areas:
            asked = normal_name(name)
            known = ", ".join(suggestions(asked, self._other_names(asked)))
            raise UnknownPlaceError(
                Problem("unknown-place", "name", f"the gazetteer has no such name; nearest: {known}")
            )
        return areas


class _Settling:
    """One place on the way to its anchor: candidates by layer, narrowed by each thing that is known."""

    def __init__(self, geography: Geography, day: int) -> None:
        self._geography = geography
        self._day = day
        self._candidates: dict[int, set[int]] = {}
        self._own_codes: set[int] = set()
        self._precision = Precision.CITY

    def by_code(self, areas: Sequence[Area]) -> None:
        self._candidates[areas[0].layer] = {area.number for area in areas}
        self._own_codes.add(areas[0].layer)
        self._precision = Precision.CODE

    def by_name(self, areas: Sequence[Area]) -> None:
        for layer in {area.layer for area in areas} - self._candidates.keys():
            self._candidates[layer] = {area.number for area in areas if area.layer == layer}
        if not self._own_codes:
            self._precision = Precision.NAME

    def by_point(self, point: Point) -> None:
        geography = self._geography
        hits = {
            layer: hit
            for layer, shapes in (geography.shapes or {}).items()
            if (hit := shapes.find(point.longitude, point.latitude))
            and geography.area_by_number[hit.area].in_force(self._day)
        }
        for layer, hit in hits.items():
            mine = self._candidates.get(layer, set())
            decided_by_code = layer in self._own_codes and layer == geography._finest
            if decided_by_code and (len(mine) == 1 or hit.area not in mine):
                continue
            self._candidates[layer] = {hit.area}
        if not self._own_codes and hits:
            near = all(hit.near for hit in hits.values())
            self._precision = Precision.NEAR if near else Precision.INSIDE
        elif not self._candidates and geography.shapes:
            self._precision = Precision.OUTSIDE

    def anchor(self, *, nowhere_means_outside: bool) -> Anchor:
        certain = {layer: next(iter(areas)) for layer, areas in self._candidates.items() if len(areas) == 1}
        for layer, areas in self._candidates.items():
            if layer not in certain:
                for above, area in self._agreed(areas).items():
                    certain.setdefault(above, area)
        if not certain and nowhere_means_outside:
            return Anchor(Precision.OUTSIDE)
        return Anchor(self._precision, tuple(sorted(certain.values())))

    def _agreed(self, areas: set[int]) -> dict[int, int]:
        climbs = [self._geography.climb((area,), self._day) for area in sorted(areas)]
        return {
            layer: area
            for layer, area in climbs[0].items()
            if all(climb.get(layer) == area for climb in climbs) and layer not in self._candidates
        }


def _within(day: int, first: int | None, last: int | None) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)
