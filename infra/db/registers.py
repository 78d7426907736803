"""Registers as they stand, and a partnership with them."""

from typing import Any

from sqlalchemy import Connection, Row, func, select

from infra.db import tables
from schemas.stored import StoredEntry, StoredRegisterChange, decode_data
from streams.core.areas import Geography
from streams.core.days import Calendar
from streams.core.strands import SHIPPED_STRANDS, Strand, StrandRegister
from streams.ports import Partnership

STRAND = "strand"
COUNT, LEAVE_OUT = "count", "leave-out"
"""What an incident does in counts whose victim says no to statistics."""


def read_partnership(connection: Connection, row: Row[Any], geography: Geography) -> Partnership:
    """Return a partnership, from its row, as stages see it."""
    calendar = Calendar(row.time_zone)
    strands = _strands(read_entries(connection, row.number, STRAND), calendar)
    leaves_out = row.without_statistics_consent == LEAVE_OUT
    return Partnership(row.number, row.slug, row.partition, calendar, geography, strands, row.marking, leaves_out)


def read_entries(connection: Connection, partnership: int, register: str) -> list[StoredEntry]:
    """Return the entries of a register as they stand, by code."""
    table = tables.register_entry
    last = (
        select(func.max(table.c.number))
        .where(table.c.partnership == partnership, table.c.register == register)
        .group_by(table.c.code)
    )
    rows = connection.execute(select(table.c.body).where(table.c.number.in_(last)).order_by(table.c.code))
    return [decode_data(bytes(row.body), StoredRegisterChange).entry for row in rows]


def _strands(entries: list[StoredEntry], calendar: Calendar) -> StrandRegister:
    """Return the shipped register with a partnership's own entries, which replace those of the same code."""
    own = {
        entry.code: Strand(
            entry.code,
            entry.sub_strands,
            None if entry.first is None else calendar.day_of(entry.first),
            None if entry.last is None else calendar.day_of(entry.last),
        )
        for entry in entries
    }
    return StrandRegister(tuple(({strand.code: strand for strand in SHIPPED_STRANDS.strands} | own).values()))
