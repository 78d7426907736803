"""Changes of a partnership's areas and lookups, each with the version of the geography from which it holds.

Before anything is reported a change holds at once. Later it is a record in the log of events, in the transaction that
makes it: intake settles places by it from then on, and aggregate counts by it once it meets the record.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, insert, select, update

from infra.clock import Clock
from infra.db import tables
from infra.db.bulk import bulk_for
from infra.db.registers import read_partnership
from infra.db.units import SqlUnit
from schemas.geography import encode_geography_change
from schemas.topics import EVENTS
from streams.core.areas import CITY_LAYER, Geography, Lookup
from streams.core.days import instant_of
from streams.core.lookups import replaced_by
from streams.ports import LogRow
from streams.stages.intake import FROM_THE_BEGINNING

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


def import_areas(
    connection: Connection,
    partnership: int,
    layer_name: str,
    areas: Sequence[NewArea],
    first_day: int | None,
    last_day: int | None,
) -> tuple[int, int]:
    """See GeographyChange.add_areas; on the database's own clock."""
    return GeographyChange(connection, partnership, None).add_areas(layer_name, areas, first_day, last_day)


class GeographyChange:
    """One change, within an open transaction, behind the lock that orders the partition's writers."""

    def __init__(self, connection: Connection, partnership: int, clock: Clock | None) -> None:
        """`clock` stands in for the ledger's own time; without one it is the database's."""
        self._connection = connection
        self._partnership = partnership
        self._unit = SqlUnit(connection, bulk_for(connection.dialect.name), clock)
        row = self._row()
        self._as_seen = read_partnership(connection, row, Geography(row.geography_version, (), ()))
        self._head = self._unit.lock_head(EVENTS.name, self._as_seen)

    def add_areas(
        self, layer_name: str, areas: Sequence[NewArea], first_day: int | None, last_day: int | None
    ) -> tuple[int, int]:
        """Add areas to a layer, which is made if it is new, or give shapes to those that are there.

        Areas there keep their dates and names. Parents are codes of areas in any coarser layer. Returns how many
        areas were added and how many were given a shape. Raises GeographyError.
        """
        if not areas:
            raise GeographyError("there is no area in it")
        layer, is_new = _layer(self._connection, self._partnership, layer_name)
        before = _areas_by_code(self._connection, layer)
        new = [area for area in areas if area.code not in before]
        if layer_name == CITY_LAYER and len(before) + len(new) > 1:
            raise GeographyError("a partnership is one city; make a partnership for each")
        if new:
            values = {"partnership": self._partnership, "layer": layer, "first_day": first_day, "last_day": last_day}
            self._connection.execute(
                insert(tables.area),
                [values | {"code": area.code, "name": area.name, "since_version": self._version} for area in new],
            )
        there = _areas_by_code(self._connection, layer)
        shaped = [{"area": there[area.code].number, "wkb": area.shape} for area in areas if area.shape is not None]
        if shaped:
            self._set_shapes(shaped)
        parents = [(there[area.code], area.parent) for area in areas if area.parent is not None]
        if parents:
            self._add_parents(layer, is_new, parents, first_day, last_day)
        return len(new), len(shaped)

    def add_lookups(
        self, from_layer: str, to_layer: str, rows: Sequence[LookupRow], first_day: int | None, last_day: int | None
    ) -> int:
        """Add lookups between two layers; for its days one replaces what led from the same area to the same layer.

        Those that are there already change nothing. Returns how many were added. Raises GeographyError for a layer or
        code that does not exist, and for an area that would be counted to two.
        """
        if not rows:
            raise GeographyError("there is no lookup in it")
        codes = {
            name: _areas_by_code(self._connection, _known_layer(self._connection, self._partnership, name))
            for name in (from_layer, to_layer)
        }
        said: dict[str, tuple[str, int]] = {}
        for line, row in enumerate(rows, start=2):
            for name, code in ((from_layer, row.from_code), (to_layer, row.to_code)):
                if code not in codes[name]:
                    raise GeographyError(f"line {line}: layer {name} has no area {code}")
            other, at = said.setdefault(row.from_code, (row.to_code, line))
            if other != row.to_code:
                raise GeographyError(
                    f"line {line}: {row.from_code} is counted to {other} by line {at}, and cannot be counted to"
                    f" {row.to_code} too; an area lies in one area of a layer"
                )
        pairs = [(codes[from_layer][below], codes[to_layer][above]) for below, (above, _) in said.items()]
        return self._add_lookups(pairs, first_day, last_day)

    @cached_property
    def _version(self) -> int:
        """Return the version that the change makes, having said so in the log unless it holds at once."""
        row = self._row()
        version = int(row.geography_version) + 1
        values = {"geography_version": version}
        if not self._head.clock_runs and row.applied_geography == row.geography_version:
            values["applied_geography"] = version
        else:
            self._record(version, self._head.last_recorded_at_us if row.replaying else self._head.recorded_at_us)
        self._connection.execute(update(tables.partnership).where(_is(self._partnership)).values(values))
        return version

    def _record(self, version: int, now_us: int) -> None:
        at_us = now_us if self._head.clock_runs else FROM_THE_BEGINNING
        record = LogRow(None, at_us, at_us, first=False, body=encode_geography_change(version, instant_of(at_us)))
        self._unit.append(EVENTS.name, self._as_seen, self._head, [record])

    def _row(self) -> Row[Any]:
        return self._connection.execute(select(tables.partnership).where(_is(self._partnership))).one()

    def _set_shapes(self, shaped: Sequence[dict[str, Any]]) -> None:
        table = tables.area
        self._connection.execute(
            update(table).where(table.c.number == bindparam("area")).values(shape=bindparam("wkb")), shaped
        )
        _ = self._version  # whoever holds the geography as it was must read it again

    def _add_parents(
        self,
        layer: int,
        is_new: bool,
        parents: Sequence[tuple[Row[Any], str]],
        first_day: int | None,
        last_day: int | None,
    ) -> None:
        above = _parents(self._connection, self._partnership, layer, whatever_rank=is_new)
        missing = sorted({parent for _, parent in parents} - above.keys())
        if missing:
            raise GeographyError(f"no coarser layer has the parent {missing[0]}; import its layer first")
        if is_new:
            _rank_below(self._connection, layer, min(above[parent].rank for _, parent in parents))
        self._add_lookups([(area, above[parent]) for area, parent in parents], first_day, last_day)

    def _add_lookups(
        self, pairs: Sequence[tuple[Row[Any], Row[Any]]], first_day: int | None, last_day: int | None
    ) -> int:
        held = self._lookups_held()
        ended: list[int] = []
        added: list[Lookup] = []
        new = 0
        for below, above in pairs:
            rows = held[below.number, above.layer]
            lookup = Lookup(below.number, above.number, first_day, last_day)
            change = replaced_by(lookup, [old for _, old in rows], (below.first_day, below.last_day))
            new += bool(change.added)
            added += change.added
            ended += [number for number, old in rows if old in change.ended]
        self._write_lookups(ended, added)
        return new

    def _lookups_held(self) -> defaultdict[tuple[int, int], list[tuple[int, Lookup]]]:
        """Return the lookups that hold, with their numbers, by the area from which and the layer to which they lead."""
        table, above = tables.area_lookup, tables.area
        rows = self._connection.execute(
            select(table, above.c.layer)
            .join(above, above.c.number == table.c.to_area)
            .where(table.c.partnership == self._partnership, table.c.until_version.is_(None))
            .order_by(table.c.number)
        )
        held: defaultdict[tuple[int, int], list[tuple[int, Lookup]]] = defaultdict(list)
        for row in rows:
            lookup = Lookup(row.from_area, row.to_area, row.first_day, row.last_day)
            held[row.from_area, row.layer].append((row.number, lookup))
        return held

    def _write_lookups(self, ended: Sequence[int], added: Sequence[Lookup]) -> None:
        table = tables.area_lookup
        if ended:
            self._connection.execute(
                update(table).where(table.c.number == bindparam("lookup")).values(until_version=self._version),
                [{"lookup": number} for number in ended],
            )
        if added:
            values = {"partnership": self._partnership, "since_version": self._version}
            self._connection.execute(insert(table), [values | asdict(lookup) for lookup in added])


def _is(partnership: int) -> ColumnElement[bool]:
    return tables.partnership.c.number == partnership


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


def _areas_by_code(connection: Connection, layer: int) -> dict[str, Row[Any]]:
    table = tables.area
    wanted: Select[Any] = select(table.c.code, table.c.number, table.c.layer, table.c.first_day, table.c.last_day)
    return {row.code: row for row in connection.execute(wanted.where(table.c.layer == layer))}


def _parents(connection: Connection, partnership: int, layer: int, *, whatever_rank: bool) -> dict[str, Row[Any]]:
    """Return what may stand above a layer, by code: areas of coarser layers, or of any where it has no rank yet.

    Where two share a code, it is that of the coarsest layer.
    """
    layers = tables.layer
    own_rank = select(layers.c.rank).where(layers.c.number == layer).scalar_subquery()
    wanted: Select[Any] = (
        select(tables.area.c.code, tables.area.c.number, tables.area.c.layer, layers.c.rank)
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
