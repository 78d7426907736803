"""How far a rebuild of counts is, as aggregate notes it in the unit that takes it further."""

from sqlalchemy import Connection, delete, insert, select, text, update

from infra.db import tables
from streams.ports.rebuilding import Progress

DEAD_SERIES = (
    "SELECT series.number FROM series JOIN partnership ON partnership.number = series.partnership"
    " WHERE series.partnership = :partnership AND series.generation <> partnership.generation"
    " AND series.generation NOT IN (SELECT generation FROM rebuild WHERE rebuild.partnership = :partnership)"
)
"""Series of generations that are neither in use nor being made."""


class SqlRebuildStore:
    """Implements RebuildStore on an open connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def progress(self, partnership: int) -> Progress | None:
        """See RebuildStore."""
        return read_progress(self._connection, partnership)

    def store_progress(self, partnership: int, progress: Progress) -> None:
        """See RebuildStore."""
        table = tables.geography.rebuild
        values = progress._asdict()
        moved = self._connection.execute(update(table).where(table.c.partnership == partnership).values(values))
        if moved.rowcount == 0:
            self._connection.execute(insert(table), {"partnership": partnership} | values)

    def delete_dead_counts(self, partnership: int, cells: int) -> None:
        """See RebuildStore. A series goes once it has no cells."""
        deleted = 0
        for table in (tables.count_day, tables.triangle):
            key = ", ".join(column.name for column in table.primary_key)
            deleted += self._connection.execute(
                text(
                    f"DELETE FROM {table.name} WHERE ({key}) IN"
                    f" (SELECT {key} FROM {table.name} WHERE series IN ({DEAD_SERIES}) LIMIT :cells)"
                ),
                {"partnership": partnership, "cells": cells},
            ).rowcount
        if deleted == 0:
            self._connection.execute(
                text(f"DELETE FROM series WHERE number IN ({DEAD_SERIES})"), {"partnership": partnership}
            )

    def switch(self, partnership: int, version: int, generation: int) -> None:
        """See RebuildStore."""
        table = tables.geography.rebuild
        self._connection.execute(delete(table).where(table.c.partnership == partnership))
        self._apply(partnership, {"applied_geography": version, "generation": generation})

    def adopt(self, partnership: int, version: int) -> None:
        """See RebuildStore."""
        self._apply(partnership, {"applied_geography": version})

    def _apply(self, partnership: int, values: dict[str, int]) -> None:
        table = tables.partnership
        self._connection.execute(update(table).where(table.c.number == partnership).values(values))


def read_progress(connection: Connection, partnership: int) -> Progress | None:
    """Return how far a partnership's rebuild is, if one is under way."""
    table = tables.geography.rebuild
    row = connection.execute(select(table).where(table.c.partnership == partnership)).one_or_none()
    return None if row is None else Progress(row.position, row.version, row.generation, row.last_contribution)
