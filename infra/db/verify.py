"""Verification: every aggregate is rebuilt from the ledger beside the live one, and any difference is named.

All is read in one snapshot, up to the position that the stage has reached and by the geography that it has applied, so
it may run while reports come in, and while counts grow under a new generation that nobody reads yet. The rebuilt
cells are added to a scratch store and the live ones taken away from it: what is not zero in the end differs.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, select, text

from infra.db import tables
from infra.db.columns import REPLAYED
from infra.db.engine import transaction
from infra.db.geography_reading import read_geography
from infra.db.names import read_anchor
from infra.db.registers import read_partnership
from infra.db.units import CONTRIBUTION_COLUMNS, contribution_row
from schemas.events import CONTEXT_RECORDED, INCIDENT_REPORTED
from schemas.stored import StoredEvent, decode_stored
from schemas.topics import EVENTS
from streams.core.contribution import IncidentName, bookings
from streams.core.triangle import Cells, Series, Sums
from streams.ports import ContributionRow, KnownEvent, Partnership
from streams.stages.aggregate import ABOUT_INCIDENTS, STAGE, Booker, grouped, incidents_of

FLUSH_EVENTS = 5_000
READ_ROWS = 10_000

Progress = Callable[[int], None]


class Difference(NamedTuple):
    """A cell or chain that is not what the ledger says: `live` less `rebuilt`."""

    table: str
    key: str
    excess: int


def verify(engine: Engine, progress: Progress, only: int | None = None) -> list[Difference]:
    """Rebuild and compare all aggregates of all partnerships, or `only` of one.

    `progress` is told how many events each step added.
    """
    with transaction(engine, write=False) as connection, closing(_Scratch()) as scratch:
        differences = _gaps(connection)
        reader = _SnapshotReader(connection)
        for partnership in reader.partnerships:
            if only in (None, partnership.number):
                _Rebuild(connection, reader, partnership, scratch).run(progress)
        _take_away_live(connection, scratch, only)
        return differences + list(scratch.differences(reader))


class _SnapshotReader:
    """What booking needs to know, read once from the snapshot."""

    def __init__(self, connection: Connection) -> None:
        self.partnerships = [
            read_partnership(connection, row, read_geography(connection, row.number, row.applied_geography))
            for row in connection.execute(select(tables.partnership).order_by(tables.partnership.c.number))
        ]
        generations = {row.number: row.generation for row in connection.execute(select(tables.partnership))}
        self.generations = generations
        self._anchors = {row.number: read_anchor(row) for row in connection.execute(select(tables.place))}
        self._series: dict[tuple[int, Series], int] = {}
        for row in connection.execute(select(tables.series)):
            if row.generation == generations[row.partnership]:
                series = Series(row.kind, row.basis, row.recording, bool(row.dated), row.layer, row.strand)
                self._series[row.partnership, series] = row.number

    def cells(self, partnership: Partnership) -> Cells:
        geography = partnership.geography
        return Cells(
            number_of=lambda series: self._series_number(partnership.number, series),
            areas_of=lambda place, day: geography.areas_of(self._anchors[place], day),
            turning_days=geography.turning_days,
        )

    def _series_number(self, partnership: int, series: Series) -> int:
        """Return the live number; a series that should be there and is not gets a negative one."""
        return self._series.setdefault((partnership, series), -1 - len(self._series))

    def describe(self, number: int) -> str:
        found = [(key, each) for key, each in self._series.items() if each == number]
        return " ".join(str(part) for part in (found[0][0][0], *found[0][0][1])) if found else f"series {number}"


class _Rebuild:
    """All of one partnership, from its events."""

    def __init__(
        self, connection: Connection, reader: _SnapshotReader, partnership: Partnership, scratch: "_Scratch"
    ) -> None:
        self._connection = connection
        self._partnership = partnership
        self._booker = Booker(partnership, reader.cells(partnership))
        self._scratch = scratch
        self._rows: list[ContributionRow] = []
        self._sums = Sums()

    def run(self, progress: Progress) -> None:
        referred = self._referred()
        kept: list[tuple[KnownEvent, StoredEvent]] = []
        since_flush = 0
        for number, known in self._applied(""):
            event = decode_stored(known.body)
            self._book_by_itself(number, known, event)
            if event.type in ABOUT_INCIDENTS:
                if not referred.isdisjoint(incidents_of(event)):
                    kept.append((known, event))
                else:
                    self._book_report(known, event)
            since_flush += 1
            if since_flush == FLUSH_EVENTS:
                self._flush()
                progress(since_flush)
                since_flush = 0
        for group in {id(group): group for group in grouped(kept).values()}.values():
            self._book_group(group)
        self._flush()
        progress(since_flush)

    def _referred(self) -> set[IncidentName]:
        """Return the incidents that any version or link names."""
        return {
            name
            for _, known in self._applied(f" AND event.type NOT IN ('{INCIDENT_REPORTED}', '{CONTEXT_RECORDED}')")
            for name in incidents_of(decode_stored(known.body))
        }

    def _applied(self, condition: str) -> Iterator[tuple[int, KnownEvent]]:
        rows = self._connection.execution_options(yield_per=READ_ROWS).execute(
            text(_APPLIED + condition + " ORDER BY log.position"),
            {
                "topic": EVENTS.name,
                "stage": STAGE,
                "partnership": self._partnership.number,
                "replayed": REPLAYED,
            },
        )
        for number, place, body, position, known_at_us in rows:
            yield number, KnownEvent(position, place or 0, known_at_us, body)

    def _book_by_itself(self, number: int, known: KnownEvent, event: StoredEvent) -> None:
        """Book what no other event can change: context, and reports on the day they were received."""
        known_day = self._booker.known_day(known.known_at_us)
        if event.type == CONTEXT_RECORDED:
            content = self._booker.context(event, known.place)
            self._booker.add_occurred(self._sums, content, known_day, event.data.count)
            self._rows.append(ContributionRow(self._partnership.number, 0, content, known_day, event.data.count, 0))
        elif event.type == INCIDENT_REPORTED:
            report = self._booker.received(event, known.place)
            if report is None:
                return
            self._booker.add_received(self._sums, report, known_day)
            self._rows.append(ContributionRow(self._partnership.number, 0, report, known_day, 0, 1))

    def _book_report(self, known: KnownEvent, event: StoredEvent) -> None:
        content = self._booker.received(event, known.place)
        if content is None:  # nothing refers to it, so its own consents decide
            return
        known_day = self._booker.known_day(known.known_at_us)
        self._booker.add_occurred(self._sums, content, known_day, 1)
        self._rows.append(ContributionRow(self._partnership.number, 0, content, known_day, 1, 0))

    def _book_group(self, group: Iterable[tuple[KnownEvent, StoredEvent]]) -> None:
        known = self._booker.known(
            (event, each.place, self._booker.known_day(each.known_at_us)) for each, event in group
        )
        for (content, known_day), n in bookings(known).items():
            self._booker.add_occurred(self._sums, content, known_day, n)
            self._rows.append(ContributionRow(self._partnership.number, 0, content, known_day, n, 0))

    def _flush(self) -> None:
        self._scratch.add("count_day", self._sums.counts())
        self._scratch.add("triangle", self._sums.triangle())
        self._scratch.add_contributions(map(contribution_row, self._rows), sign=1)
        self._rows, self._sums = [], Sums()


class _Scratch:
    """A store of cells on disk, thrown away in the end."""

    def __init__(self) -> None:
        self._store = sqlite3.connect("")
        for name, columns in _KEYS.items():
            keys = ", ".join(columns)
            self._store.execute(f"CREATE TABLE {name} ({keys}, n, PRIMARY KEY ({keys})) WITHOUT ROWID")

    def close(self) -> None:
        self._store.close()

    def add(self, name: str, cells: Iterable[tuple[int, ...]], sign: int = 1) -> None:
        """Take rows of a key and n."""
        self._write(name, ((*key, sign * n) for *key, n in cells))

    def add_contributions(self, rows: Iterable[tuple[Any, ...]], sign: int) -> None:
        """Take rows in the order of CONTRIBUTION_COLUMNS; which event booked them does not matter."""
        for column in ("n", "received"):
            rows = list(rows)
            at = CONTRIBUTION_COLUMNS.index(column)
            self._write(
                "contribution",
                (
                    (row[0], *(int(v) if isinstance(v, bool) else v for v in row[2:-2]), column, sign * row[at])
                    for row in rows
                ),
            )

    def differences(self, reader: _SnapshotReader) -> Iterator[Difference]:
        for name in _KEYS:
            for *key, n in self._store.execute(f"SELECT * FROM {name} WHERE n <> 0"):
                described = [reader.describe(key[0]), *key[1:]] if name != "contribution" else key
                yield Difference(name, " ".join(map(str, described)), -n)

    def _write(self, name: str, rows: Iterable[tuple[Any, ...]]) -> None:
        keys = ", ".join(_KEYS[name])
        places = ", ".join("?" * (len(_KEYS[name]) + 1))
        self._store.executemany(
            f"INSERT INTO {name} VALUES ({places}) ON CONFLICT ({keys}) DO UPDATE SET n = n + excluded.n", rows
        )


def _take_away_live(connection: Connection, scratch: _Scratch, only: int | None) -> None:
    streaming = connection.execution_options(yield_per=READ_ROWS)
    own_series = select(tables.series.c.number).where(tables.series.c.partnership == only)
    out_of_use = (
        select(tables.series.c.number)
        .join(tables.partnership, tables.partnership.c.number == tables.series.c.partnership)
        .where(tables.series.c.generation != tables.partnership.c.generation)
    )
    for table in (tables.count_day, tables.triangle):
        cells = select(table).where(table.c.series.not_in(out_of_use))
        if only is not None:
            cells = cells.where(table.c.series.in_(own_series))
        for part in streaming.execute(cells).partitions(READ_ROWS):
            scratch.add(table.name, (tuple(row) for row in part), sign=-1)
    rows = select(*(tables.contribution.c[name] for name in CONTRIBUTION_COLUMNS))
    if only is not None:
        rows = rows.where(tables.contribution.c.partnership == only)
    for part in streaming.execute(rows).partitions(READ_ROWS):
        scratch.add_contributions((tuple(row) for row in part), sign=-1)


def _gaps(connection: Connection) -> list[Difference]:
    """Return the partitions whose log does not hold each position up to its head exactly once."""
    held = {
        (row.topic, row.partition): (row.n, row.last)
        for row in connection.execute(
            text("SELECT topic, partition, count(*) AS n, max(position) AS last FROM log GROUP BY topic, partition")
        )
    }
    return [
        Difference(
            "log", f"{head.topic} {head.partition}", held.get((head.topic, head.partition), (0, 0))[0] - head.position
        )
        for head in connection.execute(select(tables.log_head))
        if held.get((head.topic, head.partition), (0, 0)) != (head.position, head.position)
    ]


_KEYS = {
    "count_day": ("series", "day", "area"),
    "triangle": ("series", "day", "area", "known_day"),
    "contribution": (*(name for name in CONTRIBUTION_COLUMNS if name not in ("event", "n", "received")), "measure"),
}
_APPLIED = """
    SELECT event.number, event.place, event.body, log.position, log.known_at_us
    FROM log
    JOIN event ON event.number = log.event
    JOIN stage_position ON stage_position.stage = :stage AND stage_position.partition = log.partition
    WHERE log.topic = :topic AND log.partnership = :partnership AND log.position <= stage_position.position
      AND log.event NOT IN (SELECT event FROM dead_letter
                            WHERE event IS NOT NULL AND stage = :stage AND state <> :replayed)
      AND (log.event NOT IN (SELECT event FROM dead_letter WHERE event IS NOT NULL AND stage = :stage)
           OR NOT EXISTS (SELECT 1 FROM log AS later WHERE later.event = log.event AND later.position > log.position))
"""
"""Events that the stage has applied, each once: a replayed one where it was replayed to."""
