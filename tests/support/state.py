"""All that a ledger holds of one partnership, told by names instead of numbers, so that ledgers can be compared."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from infra.db.dead_letters import list_dead_letters
from infra.db.engine import transaction
from infra.db.loss_ledger import LossRow
from schemas.changes import Booked, Delta, What
from schemas.codec import decode_changes
from tests.support.city import Bench

Cell = tuple[Any, ...]


def least_cell(bench: Bench, partnership: int) -> int:
    """Return the smallest n of any current count of a partnership."""
    with transaction(bench.engine, write=False) as connection:
        return int(
            connection.execute(
                text(
                    "SELECT coalesce(min(n), 0) FROM count_day"
                    " WHERE series IN (SELECT number FROM series WHERE partnership = :partnership)"
                ),
                {"partnership": partnership},
            ).scalar_one()
        )


def state(bench: Bench, partnership: int) -> dict[str, list[Cell] | list[LossRow]]:
    """Return counts, triangle, contributions, changes, loss ledger and dead letters."""
    held: dict[str, list[Cell] | list[LossRow]] = {
        name: _select(bench, partnership, query) for name, query in _QUERIES.items()
    }
    held["changes"] = _changes(bench, partnership)
    held["loss"] = list(bench.loss(partnership))
    letters = list_dead_letters(bench.engine, partnership, settled=True)
    held["dead letters"] = [(row.stage, row.source, row.id, row.code, row.state) for row in letters]
    return held


def _select(bench: Bench, partnership: int, query: str) -> list[Cell]:
    cells: Counter[Cell] = Counter()
    with transaction(bench.engine, write=False) as connection:
        for *key, n in connection.execute(text(query), {"partnership": partnership}):
            cells[tuple(key)] += n
    return sorted((*key, n) for key, n in cells.items() if n)


def _changes(bench: Bench, partnership: int) -> list[Cell]:
    with transaction(bench.engine, write=False) as connection:
        codes = {0: "*"} | {row.number: row.code for row in connection.execute(text("SELECT number, code FROM area"))}
        rows = connection.execute(
            text(
                "SELECT recorded_at_us, body FROM log WHERE topic = 'changes' AND partnership = :partnership"
                " ORDER BY position"
            ),
            {"partnership": partnership},
        )
        return [
            (change.cause.id, change.recorded_at_us, *_told(change.what, codes))
            for row in rows
            for change in decode_changes(bytes(row.body))
        ]


def _told(what: What, codes: Mapping[int, str]) -> tuple[Any, ...]:
    if not isinstance(what, Booked):
        return (str(what),)
    deltas = [_delta(delta, codes) for delta in what.deltas]
    stands = _delta(what.stands, codes) if isinstance(what.stands, Delta) else str(what.stands)
    return what.incident.id, what.harm, deltas, stands


def _delta(told: Delta, codes: Mapping[int, str]) -> tuple[Any, ...]:
    areas = sorted(codes[area] for area in told.areas)
    return told.n, told.day, told.known_day, told.dated, told.recording, areas, told.strands


_SERIES = (
    "series.kind, series.basis, series.recording, CASE WHEN series.dated THEN 1 ELSE 0 END,"
    " coalesce(layer.name, '*'), series.strand, coalesce(area.code, '*')"
)
_FROM_SERIES = (
    " JOIN series ON series.number = cells.series"
    " JOIN partnership ON partnership.number = series.partnership AND partnership.generation = series.generation"
    " LEFT JOIN layer ON layer.number = series.layer"
    " LEFT JOIN area ON area.number = cells.area WHERE series.partnership = :partnership"
)
_QUERIES = {
    "count_day": f"SELECT {_SERIES}, cells.day, cells.n FROM count_day AS cells{_FROM_SERIES}",  # noqa: S608 - our names
    "triangle": (
        f"SELECT {_SERIES}, cells.day, cells.known_day, cells.n"  # noqa: S608 - our own names
        f" FROM triangle AS cells{_FROM_SERIES}"
    ),
    "contribution": (
        "SELECT event.id, kind, recording, day, CASE WHEN dated THEN 1 ELSE 0 END, known_day, strands, categories,"
        " centre, n + 1000 * received FROM contribution JOIN event ON event.number = contribution.event"
        " WHERE contribution.partnership = :partnership"
    ),
    "log": (
        "SELECT event.id, recorded_at_us, known_at_us, CASE WHEN first THEN 1 ELSE 0 END, 1 FROM log"
        " JOIN event ON event.number = log.event WHERE topic = 'events' AND partnership = :partnership"
    ),
}
