"""Places as written, and where people have said that they lie."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, text, update

from infra.db import tables
from infra.db.names import written_areas
from infra.db.tables.ledger import TELLS_OF_A_SIGNAL
from streams.core.areas import Precision
from streams.ports import ConfirmationRow
from streams.stages.aggregate import INCIDENT

EVENTS_OF_ONE = 5
"""So many of the newest are asked for the text: some may have been forgotten."""


class WrittenPlace(NamedTuple):
    """A place as written: how many incidents count there and signals lie there, and the newest events with it.

    The days are the first and last of its incidents; None where it has none.
    """

    written: str
    incidents: int
    signals: int
    first_day: int | None
    last_day: int | None
    events: tuple[int, ...]


def confirm_places(connection: Connection, partnership: int, confirmations: Sequence[ConfirmationRow]) -> None:
    """Note where places lie from now on, each with the version of the partnership's geography that it makes."""
    table = tables.partnership
    newest = connection.execute(
        update(table)
        .where(table.c.number == partnership)
        .values(geography_version=table.c.geography_version + len(confirmations))
        .returning(table.c.geography_version)
    ).scalar_one()
    connection.execute(
        insert(tables.geography.place_confirmation),
        [
            {
                "partnership": partnership,
                "event": event,
                "written": written,
                "areas": written_areas(areas),
                "since_version": version,
            }
            for version, (event, written, areas) in enumerate(confirmations, start=newest - len(confirmations) + 1)
        ],
    )


def list_written(connection: Connection, partnership: int) -> list[WrittenPlace]:
    """Return the places as written in which incidents count or signals lie, the one with the most first."""
    asked = {"partnership": partnership, "kind": INCIDENT, "precision": Precision.WRITTEN.value}
    counts: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for row in connection.execute(_COUNTS, asked):
        counts[row.written][row.day] = row.n
    signals: defaultdict[str, list[int]] = defaultdict(list)
    for row in connection.execute(_SIGNALS, asked):
        signals[row.written].append(row.number)
    events: defaultdict[str, list[int]] = defaultdict(list)
    for row in connection.execute(_EVENTS, asked):
        if len(events[row.written]) < EVENTS_OF_ONE:
            events[row.written].append(row.event)
    found = [
        WrittenPlace(
            written=written,
            incidents=sum(days.values()),
            signals=len(signals[written]),
            first_day=min(days, default=None),
            last_day=max(days, default=None),
            events=(*events[written], *signals[written][:EVENTS_OF_ONE]),
        )
        for written in {**counts, **signals}
        for days in (counts[written],)
    ]
    return sorted(found, key=lambda place: (-place.incidents, -place.signals, place.written))


def is_written(connection: Connection, partnership: int, written: str) -> bool:
    """Whether any report has named a place by that reference."""
    table = tables.place
    wanted = select(table.c.number).where(table.c.partnership == partnership, table.c.written == written).limit(1)
    return bool(written) and connection.execute(wanted).first() is not None


_COUNTS = text(
    "SELECT place.written, contribution.day, sum(contribution.n) AS n"
    " FROM contribution JOIN place ON place.number = contribution.place"
    " WHERE contribution.partnership = :partnership AND contribution.kind = :kind AND place.precision = :precision"
    " GROUP BY place.written, contribution.day HAVING sum(contribution.n) <> 0"
)
_SIGNALS = text(
    "SELECT place.written, event.number FROM place JOIN event ON event.place = place.number"
    f" WHERE place.partnership = :partnership AND place.precision = :precision AND event.{TELLS_OF_A_SIGNAL}"
    " ORDER BY event.number DESC"
)
_EVENTS = text(
    "SELECT DISTINCT place.written, contribution.event"
    " FROM contribution JOIN place ON place.number = contribution.place"
    " JOIN event ON event.number = contribution.event AND event.place = contribution.place"
    " WHERE contribution.partnership = :partnership AND contribution.kind = :kind AND place.precision = :precision"
    " ORDER BY contribution.event DESC"
)
