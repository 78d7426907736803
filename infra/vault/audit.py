"""Who was shown what, or was refused, and why: written in the same transaction, before anything is shown."""

from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from infra.db import tables

SHOWN, REFUSED, OVERRIDDEN, FORGOTTEN = "shown", "refused", "overridden", "forgotten"
_TABLE = tables.sealed.disclosure


class Entry(NamedTuple):
    """One act on a case. `purpose` says in words why it was asked for or done, and names no person."""

    partnership: int
    case_reference: str
    act: str
    actor: str
    decision: str
    reason: str
    agency: str | None = None
    purpose: str | None = None
    authorised_by: str | None = None


def write(connection: Connection, entry: Entry, at_us: int) -> None:
    """Note an act."""
    connection.execute(insert(_TABLE), {**entry._asdict(), "at_us": at_us})


def is_overridden(connection: Connection, case: str, agency: str) -> bool:
    """Whether somebody has authorised an agency to see a case for serious harm, whatever its consents."""
    wanted = select(_TABLE.c.number).where(
        _TABLE.c.case_reference == case, _TABLE.c.agency == agency, _TABLE.c.act == OVERRIDDEN
    )
    return connection.execute(wanted.limit(1)).first() is not None
