"""Many rows in one statement: by executemany on SQLite, by COPY on PostgreSQL.

`wanted_pairs` is SQL for a relation of (source, id) made from one JSON parameter named `pairs`.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Protocol, cast

import orjson
import psycopg
from sqlalchemy import Connection, Table, text

from infra.db.tables import event as event_table
from streams.ports import HeldEvent, NewEvent

EVENT_COLUMNS = ("source", "id", "type", "place", "digest", "body")


class Bulk(Protocol):
    """What differs between the two databases when many rows are written."""

    wanted_pairs: str
    now_us: str
    """SQL for the database's own clock in microseconds."""

    def insert(self, connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Any]) -> None:
        """Append rows."""
        ...

    def add(self, connection: Connection, table: Table, rows: Sequence[tuple[int, ...]]) -> None:
        """Add n, the last of each row, to the row with that primary key, which is made if it is not there."""
        ...

    def claim(self, connection: Connection, events: Sequence[NewEvent]) -> dict[tuple[int, str], HeldEvent]:
        """Insert events in the order given where their identity is free; return what each identity holds."""
        ...


def pairs_parameter(pairs: Iterable[tuple[int, str]]) -> str:
    """Return the value of `pairs` for `wanted_pairs`."""
    return orjson.dumps(list(pairs)).decode()


def _held(connection: Connection, wanted_pairs: str, events: Sequence[NewEvent]) -> dict[tuple[int, str], HeldEvent]:
    found = connection.execute(
        text(
            f"SELECT event.source, event.id, event.number, event.digest FROM {wanted_pairs} AS wanted"
            " CROSS JOIN event WHERE event.source = wanted.source AND event.id = wanted.id"
        ),
        {"pairs": pairs_parameter((event.source, event.id) for event in events)},
    )
    return {(row.source, row.id): HeldEvent(row.number, bytes(row.digest), is_new=False) for row in found}


class SqliteBulk:
    """The writer is alone, so row numbers can be given out here."""

    wanted_pairs = (
        "(SELECT json_extract(value, '$[0]') AS source, json_extract(value, '$[1]') AS id FROM json_each(:pairs))"
    )
    now_us = "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000"

    def insert(self, connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Any]) -> None:
        """Append rows."""
        if rows:
            connection.exec_driver_sql(_insert_statement(table.name, tuple(columns)), list(rows))

    def add(self, connection: Connection, table: Table, rows: Sequence[tuple[int, ...]]) -> None:
        """Add n, the last of each row, to the row with that primary key, which is made if it is not there."""
        if rows:
            connection.exec_driver_sql(_add_statement(table), list(rows))

    def claim(self, connection: Connection, events: Sequence[NewEvent]) -> dict[tuple[int, str], HeldEvent]:
        """Insert events in the order given where their identity is free; return what each identity holds."""
        held = _held(connection, self.wanted_pairs, events)
        number = connection.exec_driver_sql("SELECT coalesce(max(number), 0) FROM event").scalar_one()
        rows = []
        for event in events:
            identity = (event.source, event.id)
            if identity not in held:
                number += 1
                rows.append((number, *event))
                held[identity] = HeldEvent(number, event.digest, is_new=True)
        self.insert(connection, event_table, ("number", *EVENT_COLUMNS), rows)
        return held


class PostgresqlBulk:
    """COPY, and set-based statements over what was copied."""

    wanted_pairs = (
        "(SELECT (value ->> 0)::integer AS source, value ->> 1 AS id FROM json_array_elements(CAST(:pairs AS json)))"
    )
    now_us = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

    def insert(self, connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Any]) -> None:
        """Append rows."""
        self._copy(connection, table.name, columns, rows)

    def add(self, connection: Connection, table: Table, rows: Sequence[tuple[int, ...]]) -> None:
        """Add n, the last of each row, to the row with that primary key, which is made if it is not there."""
        if not rows:
            return
        keys = [column.name for column in table.primary_key]
        incoming, named = f"incoming_{table.name}", ", ".join(keys)
        self._copy(connection, incoming, [*keys, "n"], rows)
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({named}, n) SELECT {named}, n FROM {incoming} ORDER BY {named}"
            f" ON CONFLICT ({named}) DO UPDATE SET n = {table.name}.n + excluded.n"
        )
        connection.exec_driver_sql(f"TRUNCATE {incoming}")

    def claim(self, connection: Connection, events: Sequence[NewEvent]) -> dict[tuple[int, str], HeldEvent]:
        """Insert events in the order given where their identity is free; return what each identity holds."""
        self._copy(connection, "incoming_event", EVENT_COLUMNS, events)
        named = ", ".join(EVENT_COLUMNS)
        added = connection.exec_driver_sql(
            f"INSERT INTO event ({named}) SELECT {named} FROM incoming_event ORDER BY source, id"
            " ON CONFLICT (source, id) DO NOTHING RETURNING source, id, number"
        )
        numbers = {(row.source, row.id): row.number for row in added}
        connection.exec_driver_sql("TRUNCATE incoming_event")
        held = {}
        others = []
        for event in events:
            number = numbers.get((event.source, event.id))
            if number is None:
                others.append(event)
            else:
                held[event.source, event.id] = HeldEvent(number, event.digest, is_new=True)
        return held | (_held(connection, self.wanted_pairs, others) if others else {})

    def _copy(self, connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Any]) -> None:
        if not rows:
            return
        raw = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        with raw.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def bulk_for(dialect: str) -> Bulk:
    """Return the way of one database, by SQLAlchemy's name of it."""
    return SqliteBulk() if dialect == "sqlite" else PostgresqlBulk()


@cache
def _insert_statement(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


@cache
def _add_statement(table: Table) -> str:
    keys = tuple(column.name for column in table.primary_key)
    insert = _insert_statement(table.name, (*keys, "n"))
    return f"{insert} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET n = n + excluded.n"
