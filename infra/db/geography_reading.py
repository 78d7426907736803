"""A partnership's areas in the ledger, read as one value: any version that it has had."""

import threading
from collections import defaultdict
from typing import Any

import shapely
from sqlalchemy import ColumnElement, Connection, Engine, Result, Table, or_, select

from infra.db import tables
from infra.db.engine import transaction
from infra.db.names import read_areas
from streams.core.areas import Alias, Area, Geography, Layer, Lookup
from streams.core.days import day_from_number
from streams.core.shapes import LayerShapes

VERSIONS_HELD = 3
"""Of one partnership at a time: what intake uses, what counts go by, and what they are rebuilt to."""


class GeographyCache:
    """Geographies by partnership and version: what a version holds never changes. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held: defaultdict[int, dict[int, Geography]] = defaultdict(dict)
        self._lock = threading.Lock()

    def get(self, partnership: int, version: int) -> Geography:
        """Return a version of a partnership's geography."""
        with self._lock:
            held = self._held[partnership]
            if version not in held:
                with transaction(self._engine, write=False) as connection:
                    held[version] = read_geography(connection, partnership, version)
                if len(held) > VERSIONS_HELD:
                    del held[min(held.keys() - {version})]
            return held[version]


def read_geography(connection: Connection, partnership: int, version: int) -> Geography:
    """Return all areas of a partnership as a version of its geography has them.

    Layers and shapes have no versions: a layer without areas counts nothing, and shapes settle only what comes later.
    """
    layers = _rows_in_order(connection, tables.layer, partnership)
    lookups = _rows_in_order(connection, tables.area_lookup, partnership, *_in_lookups(version))
    aliases = _rows_in_order(connection, tables.area_alias, partnership, tables.area_alias.c.since_version <= version)
    areas, shapes = [], defaultdict[int, dict[int, shapely.Geometry]](dict)
    for row in _rows_in_order(connection, tables.area, partnership, tables.area.c.since_version <= version):
        areas.append(Area(row.number, row.layer, row.code, row.name, row.first_day, row.last_day))
        if row.shape is not None:
            shapes[row.layer][row.number] = shapely.from_wkb(row.shape)
    return Geography(
        version=version,
        layers=tuple(Layer(row.number, row.name, row.rank) for row in layers),
        areas=tuple(areas),
        lookups=tuple(Lookup(row.from_area, row.to_area, row.first_day, row.last_day) for row in lookups),
        aliases=tuple(Alias(row.text, row.area, row.is_code) for row in aliases),
        shapes={layer: LayerShapes(found) for layer, found in shapes.items()},
        confirmed=_confirmed(connection, partnership, version),
    )


def _confirmed(connection: Connection, partnership: int, version: int) -> dict[str, tuple[int, ...]]:
    table = tables.geography.place_confirmation
    rows = _rows_in_order(connection, table, partnership, table.c.since_version <= version)
    return {row.written: read_areas(row.areas) for row in rows}


def _in_lookups(version: int) -> tuple[ColumnElement[bool], ...]:
    table = tables.area_lookup
    return table.c.since_version <= version, or_(table.c.until_version.is_(None), table.c.until_version > version)


def _rows_in_order(
    connection: Connection, table: Table, partnership: int, *conditions: ColumnElement[bool]
) -> Result[Any]:
    """Return a partnership's rows as they were added: the last confirmation of a reference is the one that holds."""
    wanted = select(table).where(table.c.partnership == partnership, *conditions)
    return connection.execute(wanted.order_by(table.c.number))


def list_areas(engine: Engine, partnership: int, layer: str | None) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Return columns and rows of all areas, or of one layer's."""
    columns = ("layer", "code", "name", "valid_from", "valid_to", "residents", "residents_source", "has_shape")
    area, layers = tables.area, tables.layer
    wanted = (
        select(area, layers.c.name.label("layer_name"))
        .join(layers, layers.c.number == area.c.layer)
        .where(area.c.partnership == partnership)
        .order_by(layers.c.rank, layers.c.name, area.c.code)
    )
    with transaction(engine, write=False) as connection:
        found = connection.execute(wanted if layer is None else wanted.where(layers.c.name == layer))
        rows: list[tuple[Any, ...]] = [
            (
                *(row.layer_name, row.code, row.name, _iso(row.first_day), _iso(row.last_day)),
                *(row.residents, row.residents_source, "yes" if row.shape else "no"),
            )
            for row in found
        ]
    return columns, rows


def _iso(day: int | None) -> str | None:
    return None if day is None else day_from_number(day).isoformat()
