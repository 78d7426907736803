"""A partnership's layers and areas as readers need them: days in force, parents, residents, shapes."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import shapely
from sqlalchemy import Connection, Row, Table, func, or_, select

from infra.db import tables
from infra.db.names import read_areas
from streams.core.areas import CITY_LAYER, Alias, Area, Geography, Layer, Lookup

WHOLE = 0
"""The number under which alerts name a whole partnership that has no city."""


class LayerView(NamedTuple):
    """A layer: the first and last day on which any of its areas is in force (None: open), and how many have a shape."""

    name: str
    title: str
    rank: int
    areas: int
    shapes: int
    first_day: int | None
    last_day: int | None


class Residents(NamedTuple):
    """How many live in an area, and who says so."""

    number: int | None
    source: str | None


@dataclass(frozen=True)
class Places:
    """All areas of a partnership as they stand now, without their shapes, on a day."""

    geography: Geography
    residents: dict[int, Residents]
    today: int

    def layer(self, name: str) -> Layer | None:
        """Return a layer by its name."""
        return self.geography.layer_by_name.get(name)

    def in_layer(self, layer: Layer) -> list[Area]:
        """Return the areas of a layer, by code."""
        return sorted((area for area in self.geography.areas if area.layer == layer.number), key=lambda area: area.code)

    def parents(self, area: Area) -> dict[str, Area]:
        """Return by layer the areas in which an area lies: today, else on the day nearest to it on which it exists."""
        found = self.geography.climb((area.number,), _nearest(self.today, area))
        above = {number for number in found.values() if number != area.number}
        if self.city is not None and self.city.number != area.number:
            above.add(self.city.number)
        areas = [self.geography.area_by_number[number] for number in above]
        return {self.layer_names[each.layer]: each for each in areas}

    def within(self, answered_for: Collection[int]) -> frozenset[int]:
        """Return the numbers of some areas and of all that lie in them, by the lookups."""
        return frozenset(number for number, up in self.upwards.items() if not up.isdisjoint(answered_for))

    @cached_property
    def upwards(self) -> dict[int, frozenset[int]]:
        """By area its number and those of all in which it lies."""
        return {
            area.number: frozenset({area.number, *(above.number for above in self.parents(area).values())})
            for area in self.geography.areas
        }

    @cached_property
    def city(self) -> Area | None:
        """The one city, if there is one."""
        layer = self.layer(CITY_LAYER)
        cities = [] if layer is None else self.in_layer(layer)
        return cities[0] if len(cities) == 1 else None

    @cached_property
    def layer_names(self) -> dict[int, str]:
        """Names of layers by number."""
        return {layer.number: layer.name for layer in self.geography.layers}

    def in_order(self, layer: Layer | None) -> list[Area]:
        """Return the areas of a layer or of all, the finest layer first, then by code."""
        layers = sorted(self.geography.layers, key=lambda each: (each.rank, each.name)) if layer is None else [layer]
        return [area for each in layers for area in self.in_layer(each)]


def read_layers(connection: Connection, partnership: int) -> list[LayerView]:
    """Return the layers of a partnership, the finest first."""
    layer, area = tables.layer, tables.area
    first, last = area.c.first_day, area.c.last_day
    rows = connection.execute(
        select(
            *(layer.c.name, layer.c.title, layer.c.rank),
            func.count(area.c.number).label("areas"),
            func.count(area.c.shape).label("shapes"),
            *(func.count(first).label("with_first"), func.min(first).label("first_day")),
            *(func.count(last).label("with_last"), func.max(last).label("last_day")),
        )
        .outerjoin(area, area.c.layer == layer.c.number)
        .where(layer.c.partnership == partnership)
        .group_by(layer.c.number, layer.c.name, layer.c.title, layer.c.rank)
        .order_by(layer.c.rank, layer.c.name)
    )
    return [
        LayerView(
            *(row.name, row.title, row.rank, row.areas, row.shapes),
            first_day=row.first_day if row.with_first == row.areas else None,
            last_day=row.last_day if row.with_last == row.areas else None,
        )
        for row in rows
    ]


class HeldPlaces:
    """Places of each partnership as last read; whatever changes them raises their version. Safe between threads."""

    def __init__(self) -> None:
        self._held: dict[int, Places] = {}

    def get(self, connection: Connection, partnership: int, today: int) -> Places:
        """Return the places of a partnership, read anew where its geography has changed or it is another day."""
        held, version = self._held.get(partnership), _version(connection, partnership)
        if held is None or (held.geography.version, held.today) != (version, today):
            held = self._held[partnership] = read_places(connection, partnership, today)
        return held


def read_places(connection: Connection, partnership: int, today: int) -> Places:
    """Return the areas, lookups and other names of a partnership as its newest geography has them."""
    version = _version(connection, partnership)
    area, lookup = tables.area, tables.area_lookup
    rows = list(
        connection.execute(
            select(
                *(area.c.number, area.c.layer, area.c.code, area.c.name, area.c.first_day, area.c.last_day),
                *(area.c.residents, area.c.residents_source),
            ).where(area.c.partnership == partnership)
        )
    )
    lookups = connection.execute(
        select(lookup)
        .where(
            lookup.c.partnership == partnership,
            or_(lookup.c.until_version.is_(None), lookup.c.until_version > version),
        )
        .order_by(lookup.c.number)
    )
    geography = Geography(
        version=version,
        layers=tuple(Layer(row.number, row.name, row.rank) for row in _all(connection, tables.layer, partnership)),
        areas=tuple(Area(row.number, row.layer, row.code, row.name, row.first_day, row.last_day) for row in rows),
        lookups=tuple(Lookup(row.from_area, row.to_area, row.first_day, row.last_day) for row in lookups),
        aliases=tuple(
            Alias(row.text, row.area, row.is_code) for row in _all(connection, tables.area_alias, partnership)
        ),
        confirmed={
            row.written: read_areas(row.areas)
            for row in _all(connection, tables.geography.place_confirmation, partnership)
        },
    )
    return Places(geography, {row.number: Residents(row.residents, row.residents_source) for row in rows}, today)


def read_shapes(connection: Connection, areas: Iterable[int]) -> Iterator[tuple[int, str]]:
    """Yield the shapes of some areas, as far as they have been imported, as GeoJSON geometries."""
    area = tables.area
    rows = connection.execute(
        select(area.c.number, area.c.shape).where(area.c.number.in_(list(areas)), area.c.shape.is_not(None))
    )
    for row in rows:
        yield row.number, shapely.to_geojson(shapely.from_wkb(bytes(row.shape)))


def _version(connection: Connection, partnership: int) -> int:
    row = tables.partnership.c
    found = connection.execute(select(row.geography_version).where(row.number == partnership)).scalar_one()
    return int(found)


def _all(connection: Connection, table: Table, partnership: int) -> list[Row[Any]]:
    return list(connection.execute(select(table).where(table.c.partnership == partnership).order_by(table.c.number)))


def _nearest(day: int, area: Area) -> int:
    """Return the day nearest to one on which an area is in force."""
    begun = day if area.first_day is None else max(day, area.first_day)
    return begun if area.last_day is None else min(begun, area.last_day)
