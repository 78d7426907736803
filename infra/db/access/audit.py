"""The audit of access: who read which record, exported what, or changed who may do what, and why.

Rows are only ever added; the database itself refuses to change or remove one.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, insert, select

from infra.db.engine import transaction
from infra.db.tables.access import access_audit

KEY_CREATED, KEY_ROTATED, KEY_REVOKED = "key-created", "key-rotated", "key-revoked"
USER_CREATED, USER_DISABLED, PASSWORD_SET = "user-created", "user-disabled", "password-set"
SIGNED_IN, SIGN_IN_REFUSED, SIGNED_OUT = "signed-in", "sign-in-refused", "signed-out"
CONSOLE = "console"
"""The actor where somebody who holds the store did it, and did not say who they are."""


class Entry(NamedTuple):
    """One act. `what` is the id or question concerned, as codes; `purpose` says why, and names no person."""

    partnership: int
    actor: str
    agency: str | None
    act: str
    what: str
    purpose: str | None = None


def write(connection: Connection, entry: Entry, at_us: int) -> None:
    """Note an act, in the transaction that does it."""
    connection.execute(insert(access_audit), {**entry._asdict(), "at_us": at_us})


def read_audit(engine: Engine, partnership: int) -> Sequence[Row[Any]]:
    """Return a partnership's entries, the oldest first."""
    wanted = select(access_audit).where(access_audit.c.partnership == partnership).order_by(access_audit.c.number)
    with transaction(engine, write=False) as connection:
        return connection.execute(wanted).all()
