"""What a rebuild of counts reads from the ledger."""

from typing import Any

from sqlalchemy import Engine, Row, select, text

from infra.db import tables
from infra.db.columns import CATEGORY_SEPARATOR, STRAND_SEPARATOR
from infra.db.engine import transaction
from infra.db.geography_reading import GeographyCache
from infra.db.names import SqlNames
from infra.db.rebuild_progress import DEAD_SERIES, read_progress
from streams.core.areas import Geography
from streams.core.contribution import Content
from streams.core.triangle import Cells
from streams.ports.rebuilding import Kept, Recent, Standing
from streams.stages.aggregate import INCIDENT


class SqlRebuildReader:
    """Implements RebuildReader. Safe to share between threads."""

    def __init__(self, engine: Engine, names: SqlNames, geographies: GeographyCache) -> None:
        self._engine = engine
        self._names = names
        self._geographies = geographies
        self._cells: dict[int, tuple[int, Cells]] = {}

    def standing(self, partnership: int) -> Standing:
        """See RebuildReader."""
        table = tables.partnership
        wanted = select(table.c.applied_geography, table.c.generation).where(table.c.number == partnership)
        with transaction(self._engine, write=False) as connection:
            row = connection.execute(wanted).one()
            progress = read_progress(connection, partnership)
            dead = connection.execute(text(DEAD_SERIES + " LIMIT 1"), {"partnership": partnership}).first()
        return Standing(row.applied_geography, row.generation, progress, dead is not None)

    def version_confirmed(self, event: int) -> int:
        """See RebuildReader."""
        table = tables.geography.place_confirmation
        with transaction(self._engine, write=False) as connection:
            version = connection.execute(select(table.c.since_version).where(table.c.event == event)).scalar_one()
        return int(version)

    def geography(self, partnership: int, version: int) -> Geography:
        """See RebuildReader."""
        return self._geographies.get(partnership, version)

    def cells(self, partnership: int, generation: int, version: int) -> Cells:
        """See RebuildReader. The last are remembered, with all that they have found out: slices come one by one."""
        held = self._cells.get(partnership)
        if held is None or held[0] != generation:
            held = (generation, make_cells(self._names, partnership, generation, self.geography(partnership, version)))
            self._cells[partnership] = held
        return held[1]

    def places(self, partnership: int) -> list[int]:
        """See RebuildReader."""
        table = tables.place
        wanted = select(table.c.number).where(table.c.partnership == partnership).order_by(table.c.number)
        with transaction(self._engine, write=False) as connection:
            return list(connection.execute(wanted).scalars())

    def contributions(self, partnership: int, after: int, limit: int) -> list[Kept]:
        """See RebuildReader."""
        with transaction(self._engine, write=False) as connection:
            rows = connection.execute(_SLICE, {"partnership": partnership, "after": after, "limit": limit})
            return [_kept(row) for row in rows]

    def incidents_since(self, partnership: int, day: int) -> list[Recent]:
        """See RebuildReader."""
        wanted = text(_RECENT.format(marking=_MARKING[self._engine.dialect.name]))
        with transaction(self._engine, write=False) as connection:
            rows = connection.execute(wanted, {"partnership": partnership, "kind": INCIDENT, "day": day})
            return [Recent(row.marking, _content(row), row.known_day, row.n) for row in rows]


def make_cells(names: SqlNames, partnership: int, generation: int, geography: Geography) -> Cells:
    """Return which cells of a generation a partnership's contents count in, by a version of its geography."""
    return Cells(
        number_of=lambda series: names.series_number(partnership, generation, series),
        areas_of=lambda place, day: geography.areas_of(names.anchor(place), day),
        turning_days=geography.turning_days,
    )


def _kept(row: Row[Any]) -> Kept:
    return Kept(row.number, _content(row), row.known_day, row.n, row.received)


def _content(row: Row[Any]) -> Content:
    return Content(
        kind=row.kind,
        recording=row.recording,
        day=row.day,
        dated=bool(row.dated),
        place=row.place,
        strands=tuple(row.strands.split(STRAND_SEPARATOR)) if row.strands else (),
        categories=tuple(row.categories.split(CATEGORY_SEPARATOR)) if row.categories else (),
        centre=row.centre,
    )


_SLICE = text(
    "SELECT number, kind, recording, day, dated, known_day, place, strands, categories, centre, n, received"
    " FROM contribution WHERE number > :after AND +partnership = :partnership ORDER BY number LIMIT :limit"
)
"""The plus keeps the index by partnership and day out of it: with it, each slice would sort all that there is."""
_RECENT = (
    "SELECT coalesce({marking}, '') AS marking, kind, recording, day, dated, known_day, contribution.place, strands,"
    " '' AS categories, '' AS centre, sum(n) AS n"
    " FROM contribution JOIN event ON event.number = contribution.event"
    " WHERE partnership = :partnership AND kind = :kind AND day >= :day"
    " GROUP BY 1, kind, recording, day, dated, known_day, contribution.place, strands HAVING sum(n) <> 0"
)
_MARKING = {
    "sqlite": "json_extract(CAST(event.body AS TEXT), '$.marking')",
    "postgresql": "CAST(convert_from(event.body, 'UTF8') AS json) ->> 'marking'",
}
