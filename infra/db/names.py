"""Numbers for what recurs: sources, settled places, series. Given out once, in a small unit of their own.

A number that nothing uses in the end does no harm, so no unit of work has to wait for one.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Engine, Row, Table, insert, select
from sqlalchemy.exc import IntegrityError

from infra.db import tables
from infra.db.engine import transaction
from streams.core.areas import Anchor, Precision
from streams.core.triangle import Series

CachedValue = str | int | bool


class SqlNames:
    """Looks numbers up, remembers them, and gives out new ones. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sources: dict[tuple[int, str], int] = {}
        self._places: dict[tuple[int, Anchor], int] = {}
        self._anchors: dict[int, Anchor] = {}
        self._series: dict[tuple[int, int, Series], int] = {}

    def source_number(self, partnership: int, uri: str) -> int:
        """Return a source's number, giving it one if it is new."""
        key = (partnership, uri)
        if key not in self._sources:
            self._sources[key] = self._number(tables.source, {"partnership": partnership, "uri": uri})
        return self._sources[key]

    def place_number(self, partnership: int, anchor: Anchor) -> int:
        """Return a settled place's number, giving it one if it is new."""
        key = (partnership, anchor)
        if key not in self._places:
            values: dict[str, CachedValue] = {
                "partnership": partnership,
                "precision": anchor.precision.value,
                "areas": written_areas(anchor.areas),
                "written": anchor.written,
            }
            self._places[key] = self._number(tables.place, values)
        return self._places[key]

    def series_number(self, partnership: int, generation: int, series: Series) -> int:
        """Return a series' number, giving it one if it is new."""
        key = (partnership, generation, series)
        if key not in self._series:
            values: dict[str, CachedValue] = {"partnership": partnership, "generation": generation, **series._asdict()}
            self._series[key] = self._number(tables.series, values)
        return self._series[key]

    def anchor(self, place: int) -> Anchor:
        """Return a settled place by its number."""
        if place not in self._anchors:
            with transaction(self._engine, write=False) as connection:
                row = connection.execute(select(tables.place).where(tables.place.c.number == place)).one()
            self._anchors[place] = read_anchor(row)
        return self._anchors[place]

    def _number(self, table: Table, values: Mapping[str, CachedValue]) -> int:
        wanted = select(table.c.number).where(*(table.c[name] == value for name, value in values.items()))
        with transaction(self._engine, write=False) as connection:
            found = connection.execute(wanted).scalar_one_or_none()
        if found is not None:
            return int(found)
        try:
            with transaction(self._engine, write=True) as connection:
                return int(connection.execute(insert(table).returning(table.c.number), dict(values)).scalar_one())
        except IntegrityError:
            with transaction(self._engine, write=False) as connection:
                return int(connection.execute(wanted).scalar_one())


def read_anchor(row: Row[Any]) -> Anchor:
    """Return a settled place from its row."""
    return Anchor(Precision(row.precision), read_areas(row.areas), row.written)


def read_areas(text: str) -> tuple[int, ...]:
    """Return area numbers from the text in which a column keeps them."""
    return tuple(map(int, text.split()))


def written_areas(areas: Iterable[int]) -> str:
    """Return that text."""
    return " ".join(map(str, areas))
