"""Writes what intake notes for readers: levels that people set, signals, and what centres have said."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, insert, select, update

from infra.db.tables.told import assessment, centre_heard, signal_version
from streams.ports.told import LevelSet, LifeNoted, NotedRow, ReturnNoted, SignalNoted


def note_told(connection: Connection, partnership: int, told: Sequence[NotedRow]) -> None:
    """Note what events tell, in the order in which they take force; under the head's lock, so nobody else writes it."""
    levels = [_level(partnership, row.event, row.what) for row in told if isinstance(row.what, LevelSet)]
    signals = [_signal(partnership, row, row.what) for row in told if isinstance(row.what, SignalNoted)]
    if levels:
        connection.execute(insert(assessment), levels)
    if signals:
        connection.execute(insert(signal_version), signals)
    _note_centres(connection, partnership, told)


def _level(partnership: int, event: int, what: LevelSet) -> dict[str, object]:
    return {"partnership": partnership, "event": event, **what._asdict()}


def _signal(partnership: int, row: NotedRow, what: SignalNoted) -> dict[str, object]:
    return {
        "event": row.event,
        "partnership": partnership,
        "signal_source": what.source,
        "signal_id": what.id,
        "revision": what.revision,
        "told_at": what.time,
        "form": what.form,
        "day": row.known_day if what.day is None else what.day,
        "known_day": row.known_day,
    }


def _note_centres(connection: Connection, partnership: int, told: Sequence[NotedRow]) -> None:
    """Move on how far returns reach and when centres were last alive; what comes late takes nothing back."""
    returns: dict[str, int] = {}
    lives: dict[str, int] = {}
    for row in told:
        match row.what:
            case ReturnNoted(centre, day):
                returns[centre] = max(day, returns.get(centre, day))
            case LifeNoted(centre, day):
                lives[centre] = max(day, lives.get(centre, day))
    if returns or lives:
        _enter(connection, partnership, sorted({*returns, *lives}))
    _move_on(connection, partnership, "last_return_day", returns)
    _move_on(connection, partnership, "last_heartbeat_day", lives)


def _enter(connection: Connection, partnership: int, centres: Sequence[str]) -> None:
    table = centre_heard
    known = set(
        connection.execute(
            select(table.c.centre).where(table.c.partnership == partnership, table.c.centre.in_(centres))
        ).scalars()
    )
    if new := [centre for centre in centres if centre not in known]:
        connection.execute(insert(table), [{"partnership": partnership, "centre": centre} for centre in new])


def _move_on(connection: Connection, partnership: int, column: str, days: Mapping[str, int]) -> None:
    if not days:
        return
    held = centre_heard.c[column]
    connection.execute(
        update(centre_heard)
        .where(
            centre_heard.c.partnership == partnership,
            centre_heard.c.centre == bindparam("of_centre"),
            (held.is_(None)) | (held < bindparam("day")),
        )
        .values({column: bindparam("day")}),
        [{"of_centre": centre, "day": day} for centre, day in sorted(days.items())],
    )
