"""Who owns a partnership's clock: live time, or a replay, by the digest of what it plays."""

from sqlalchemy import Connection, select, update

from infra.db import tables


class ReplayError(Exception):
    """A partnership that history cannot be played into."""


def begin_replay(connection: Connection, partnership: int, digest: str) -> bool:
    """Give a partnership's clock to a replay; say whether it goes on with one that was interrupted.

    Raises ReplayError if the partnership holds reports, signals or returns of another origin.
    """
    table = tables.partnership
    row = connection.execute(select(table).where(table.c.number == partnership).with_for_update()).one()
    if row.replaying == digest:
        return True
    if row.replaying is not None:
        raise ReplayError(
            "another file, or this one with another --tick, is being replayed into this partnership; let that end first"
        )
    if row.recorded_at_us > 0:
        raise ReplayError(
            "this partnership holds reports, signals or returns already; replay into a new one "
            "(`bellwether partnerships create`)"
        )
    connection.execute(update(table).where(table.c.number == partnership).values(replaying=digest))
    return False


def end_replay(connection: Connection, partnership: int) -> None:
    """Give a partnership's clock back to live time."""
    table = tables.partnership
    connection.execute(update(table).where(table.c.number == partnership).values(replaying=None))
