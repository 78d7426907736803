"""A partnership's areas in the ledger: read as one value, added to by imports."""

import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import shapely
from sqlalchemy import Connection, Engine, Result, Table, bindparam, insert, select, update

from infra.db import tables
from infra.db.engine import transaction
from streams.core.areas import CITY_LAYER, Alias, Area, Geography, Layer, Lookup
from streams.core.days import day_from_number
from streams.core.shapes import LayerShapes

IMPORTED_LAYER_RANK = 25
"""Between wards and zones; a new layer's rank matters only where lookups lead on from it."""


class GeographyError(Exception):
    """Areas or lookups that cannot be taken in; says which row and why. Nothing was changed."""


class NewArea(NamedTuple):
    """An area to import; its shape as WKB, degrees of WGS 84."""

    code: str
    name: str
    parent: str | None
    shape: bytes | None


class LookupRow(NamedTuple):
    """A lookup to import, by codes."""

    from_code: str
    to_code: str


class GeographyCache:
    """Geographies by partnership, read again when their version has changed. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held: dict[int, Geography] = {}
        self._lock = threading.Lock()

    def get(self, partnership: int, version: int) -> Geography:
        """Return a partnership's geography, at least as new as a version."""
        with self._lock:
            held = self._held.get(partnership)
            if held is None or held.version < version:
                with transaction(self._engine, write=False) as connection:
                    held = self._held[partnership] = read_geography(connection, partnership)
            return held


def read_geography(connection: Connection, partnership: int) -> Geography:
    """Return all areas of a partnership as a value."""
    version = connection.execute(
        select(tables.partnership.c.geography_version).where(tables.partnership.c.number == partnership)
    ).scalar_one()
    layers = _rows_in_order(connection, tables.layer, partnership)
    lookups = _rows_in_order(connection, tables.area_lookup, partnership)
    aliases = _rows_in_order(connection, tables.area_alias, partnership)
    areas, shapes = [], defaultdict[int, dict[int, shapely.Geometry]](dict)
    for row in _rows_in_order(connection, tables.area, partnership):
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
    )


def _rows_in_order(connection: Connection, table: Table, partnership: int) -> Result[Any]:
    """Return a partnership's rows as they were added: where two lookups lead to one layer, the first decides."""
    return connection.execute(select(table).where(table.c.partnership == partnership).order_by(table.c.number))


def import_areas(
    connection: Connection,
    partnership: int,
    layer_name: str,
    areas: Sequence[NewArea],
    first_day: int | None,
    last_day: int | None,
) -> tuple[int, int]:
    """Add areas to a layer, which is made if it is new, or give shapes to those that are there.

    Areas there keep their dates and names. Parents are codes of areas in any coarser layer. Returns how many areas
    were added and how many were given a shape. Raises GeographyError.
    """
    if not areas:
        raise GeographyError("there is no area in it")
    layer, is_new = _layer(connection, partnership, layer_name)
    before = _numbers_by_code(connection, layer)
    new = [area for area in areas if area.code not in before]
    if new and layer_name == CITY_LAYER and _has_reports(connection, partnership):
        raise GeographyError(
            "whatever is reported counts in the city, so a city can be added only before the first report, "
            "or in a new partnership"
        )
    if new:
        connection.execute(
            insert(tables.area),
            [
                {
                    "partnership": partnership,
                    "layer": layer,
                    "code": area.code,
                    "name": area.name,
                    "first_day": first_day,
                    "last_day": last_day,
                }
                for area in new
            ],
        )
    there = _numbers_by_code(connection, layer)
    shaped = [{"area": there[area.code], "wkb": area.shape} for area in areas if area.shape is not None]
    if shaped:
        table = tables.area
        connection.execute(
            update(table).where(table.c.number == bindparam("area")).values(shape=bindparam("wkb")), shaped
        )
    parents = [(there[area.code], area.parent) for area in areas if area.parent is not None]
    if parents:
        above = _parents(connection, partnership, layer, whatever_rank=is_new)
        missing = sorted({parent for _, parent in parents} - above.keys())
        if missing:
            raise GeographyError(f"no coarser layer has the parent {missing[0]}; import its layer first")
        pairs = [(child, above[parent].number) for child, parent in parents]
        if is_new:
            _rank_below(connection, layer, min(above[parent].rank for _, parent in parents))
        _insert_lookups(connection, partnership, pairs, set(before.values()), first_day, last_day)
    _touch(connection, partnership)
    return len(new), len(shaped)


def import_lookups(
    connection: Connection, partnership: int, from_layer: str, to_layer: str, rows: Sequence[LookupRow]
) -> int:
    """Add lookups between two layers; those that are there already change nothing. Returns how many were added.

    Raises GeographyError for a layer or code that does not exist.
    """
    if not rows:
        raise GeographyError("there is no lookup in it")
    numbers = {
        name: _numbers_by_code(connection, _known_layer(connection, partnership, name))
        for name in (from_layer, to_layer)
    }
    pairs = []
    for line, row in enumerate(rows, start=2):
        for name, code in ((from_layer, row.from_code), (to_layer, row.to_code)):
            if code not in numbers[name]:
                raise GeographyError(f"line {line}: layer {name} has no area {code}")
        pairs.append((numbers[from_layer][row.from_code], numbers[to_layer][row.to_code]))
    added = _insert_lookups(connection, partnership, pairs, set(numbers[from_layer].values()), None, None)
    if added:
        _touch(connection, partnership)
    return added


def _layer(connection: Connection, partnership: int, name: str) -> tuple[int, bool]:
    """Return a layer's number, and whether it has just been made."""
    table = tables.layer
    found = connection.execute(
        select(table.c.number).where(table.c.partnership == partnership, table.c.name == name)
    ).scalar_one_or_none()
    if found is not None:
        return int(found), False
    made = insert(table).returning(table.c.number)
    values = {"partnership": partnership, "name": name, "title": name, "rank": IMPORTED_LAYER_RANK}
    return int(connection.execute(made, values).scalar_one()), True


def _known_layer(connection: Connection, partnership: int, name: str) -> int:
    table = tables.layer
    known = {
        row.name: row.number for row in connection.execute(select(table).where(table.c.partnership == partnership))
    }
    if name not in known:
        raise GeographyError(f"there is no layer {name}; known layers: {', '.join(sorted(known)) or 'none'}")
    return int(known[name])


def _numbers_by_code(connection: Connection, layer: int) -> dict[str, int]:
    table = tables.area
    return {
        row.code: row.number
        for row in connection.execute(select(table.c.code, table.c.number).where(table.c.layer == layer))
    }


def _parents(connection: Connection, partnership: int, layer: int, *, whatever_rank: bool) -> dict[str, Any]:
    """Return what may stand above a layer, by code: areas of coarser layers, or of any where it has no rank yet.

    Where two share a code, it is that of the coarsest layer.
    """
    layers = tables.layer
    own_rank = select(layers.c.rank).where(layers.c.number == layer).scalar_subquery()
    wanted = (
        select(tables.area.c.code, tables.area.c.number, layers.c.rank)
        .join(layers, layers.c.number == tables.area.c.layer)
        .where(tables.area.c.partnership == partnership, layers.c.number != layer)
        .order_by(layers.c.rank)
    )
    return {
        row.code: row for row in connection.execute(wanted if whatever_rank else wanted.where(layers.c.rank > own_rank))
    }


def _rank_below(connection: Connection, layer: int, above: int) -> None:
    table = tables.layer
    connection.execute(update(table).where(table.c.number == layer).values(rank=min(IMPORTED_LAYER_RANK, above - 1)))


def _insert_lookups(
    connection: Connection,
    partnership: int,
    pairs: Sequence[tuple[int, int]],
    in_use: set[int],
    first_day: int | None,
    last_day: int | None,
) -> int:
    table = tables.area_lookup
    held = {
        (row.from_area, row.to_area, row.first_day, row.last_day)
        for row in connection.execute(select(table).where(table.c.partnership == partnership))
    }
    new = [pair for pair in dict.fromkeys(pairs) if (*pair, first_day, last_day) not in held]
    if any(below in in_use for below, _ in new) and _has_reports(connection, partnership):
        raise GeographyError(
            "these areas count reports already, and other lookups would move those; "
            "set lookups up before the first report, or in a new partnership"
        )
    if new:
        connection.execute(
            insert(table),
            [
                {
                    "partnership": partnership,
                    "from_area": below,
                    "to_area": above,
                    "first_day": first_day,
                    "last_day": last_day,
                }
                for below, above in new
            ],
        )
    return len(new)


def _has_reports(connection: Connection, partnership: int) -> bool:
    recorded = select(tables.partnership.c.recorded_at_us).where(tables.partnership.c.number == partnership)
    return bool(connection.execute(recorded).scalar_one())


def _touch(connection: Connection, partnership: int) -> None:
    table = tables.partnership
    connection.execute(
        update(table).where(table.c.number == partnership).values(geography_version=table.c.geography_version + 1)
    )


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
