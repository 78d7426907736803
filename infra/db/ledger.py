"""The ledger as stages, runner and hosts use it: their ports, on SQLAlchemy Core."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from sqlalchemy import Connection, Engine, func, select, text, update

from infra.clock import Clock
from infra.db import tables
from infra.db.bulk import bulk_for, pairs_parameter
from infra.db.engine import repeat_where_asked, transaction
from infra.db.geography import GeographyCache
from infra.db.names import SqlNames
from infra.db.pace import Pace
from infra.db.units import OPEN, REPLAYED, SqlUnit
from schemas.events import INCIDENT_REPORTED
from schemas.topics import EVENTS
from streams.core.areas import Geography
from streams.core.contribution import IncidentName
from streams.core.days import Calendar
from streams.core.triangle import Cells
from streams.ports import IntakeUnit, KnownEvent, Partnership, Record, StagePosition, StageUnit
from streams.stages.aggregate import STAGE as AGGREGATE

T = TypeVar("T")
NumberedIncident = tuple[int, str]


class SqlLedger:
    """Implements Ledger and AggregateReader. Safe to share between threads: each unit has its own connection."""

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        """`clock` stands in for the database's own, in tests and replays."""
        self.engine = engine
        self.names = SqlNames(engine)
        self.pace = Pace(one_writer=engine.dialect.name == "sqlite")
        self._clock = clock
        self._bulk = bulk_for(engine.dialect.name)
        self._geographies = GeographyCache(engine)
        self._partnerships: dict[int, Partnership] = {}
        self._cells: dict[int, Cells] = {}
        with transaction(engine, write=False) as connection:
            self.partitions: int = connection.execute(select(tables.ledger.c.partitions)).scalar_one()

    def peek(self, stage: str, partition: int) -> StagePosition:
        """See Ledger."""
        table = tables.stage_position
        with transaction(self.engine, write=False) as connection:
            found = connection.execute(
                select(table.c.position, table.c.stopped_because).where(
                    table.c.stage == stage, table.c.partition == partition
                )
            ).one()
        return StagePosition(found.position, found.stopped_because)

    def heads(self, topic: str) -> dict[int, int]:
        """See Ledger."""
        table = tables.log_head
        with transaction(self.engine, write=False) as connection:
            rows = connection.execute(select(table.c.partition, table.c.position).where(table.c.topic == topic))
            return {row.partition: row.position for row in rows}

    def read_log(self, topic: str, partition: int, first: int, last: int) -> list[Record]:
        """See Ledger."""
        if last < first:
            return []
        with transaction(self.engine, write=False) as connection:
            rows = connection.execute(_READ_LOG, {"topic": topic, "partition": partition, "first": first, "last": last})
            records = [Record(*row) for row in rows]
            if records:
                self._refresh(connection)
        return records

    def now_us(self) -> int:
        """Return the ledger's own time."""
        with transaction(self.engine, write=False) as connection:
            return SqlUnit(connection, self._bulk, self._clock).now_us()

    def clock_us(self, partnership: int) -> int:
        """See IntakeLedger."""
        with transaction(self.engine, write=False) as connection:
            return SqlUnit(connection, self._bulk, self._clock).clock_us(partnership)

    def after_bulk_load(self) -> None:
        """Have PostgreSQL look at what came in: without new statistics it reads counts in a slow way for minutes."""
        if self.engine.dialect.name == "postgresql":
            with transaction(self.engine, write=True) as connection:
                connection.exec_driver_sql("ANALYZE count_day, triangle, contribution, event, log, arrival")

    def stage_unit(self, work: Callable[[StageUnit], T], events: int) -> T:
        """See Ledger."""
        return self._unit(work, events)

    def intake_unit(self, work: Callable[[IntakeUnit], T], events: int) -> T:
        """See IntakeLedger."""
        return self._unit(work, events)

    def _unit(self, work: Callable[[SqlUnit], T], events: int) -> T:

        def once() -> T:
            with transaction(self.engine, write=True) as connection:
                began = time.monotonic()
                result = work(SqlUnit(connection, self._bulk, self._clock))
            self.pace.held(events, time.monotonic() - began)
            return result

        return repeat_where_asked(once)

    def open_dead_letters(self, stage: str) -> int:
        """See Ledger."""
        table = tables.dead_letter
        waiting = select(func.count()).where(table.c.stage == stage, table.c.state == OPEN)
        with transaction(self.engine, write=False) as connection:
            return int(connection.execute(waiting).scalar_one())

    def stop_stage(self, stage: str, because: str | None) -> None:
        """See Ledger."""
        table = tables.stage_position
        with transaction(self.engine, write=True) as connection:
            connection.execute(update(table).where(table.c.stage == stage).values(stopped_because=because))

    def partnership(self, number: int) -> Partnership:
        """See AggregateReader and IntakeLedger."""
        return self._partnerships[number]

    def refresh(self) -> None:
        """Read anew which partnerships there are, and their areas where those have changed."""
        with transaction(self.engine, write=False) as connection:
            self._refresh(connection)

    def cells(self, partnership: int) -> Cells:
        """See AggregateReader."""
        return self._cells[partnership]

    def related(self, incidents: Mapping[int, set[IncidentName]]) -> dict[int, list[KnownEvent]]:
        """See AggregateReader."""
        found: dict[int, list[KnownEvent]] = {}
        with transaction(self.engine, write=False) as connection:
            for partnership, names in incidents.items():
                wanted = {(self.names.source_number(partnership, uri), id_) for uri, id_ in names}
                group = self._linked(connection, wanted)
                rows = connection.execute(
                    text(_RELATED.format(wanted=self._bulk.wanted_pairs)),
                    {
                        "pairs": pairs_parameter(sorted(group)),
                        "reported": INCIDENT_REPORTED,
                        "topic": EVENTS.name,
                        "stage": AGGREGATE,
                        "replayed": REPLAYED,
                    },
                )
                latest = {
                    row.number: KnownEvent(row.position, row.place or 0, row.known_at_us, row.body) for row in rows
                }
                found[partnership] = list(latest.values())
        return found

    def _linked(self, connection: Connection, wanted: Iterable[NumberedIncident]) -> set[NumberedIncident]:
        """Return some incidents and all that links or unlinks ever joined to them, directly or not."""
        group = frontier = set(wanted)
        statement = text(_NEIGHBOURS.format(wanted=self._bulk.wanted_pairs))
        while frontier:
            rows = connection.execute(statement, {"pairs": pairs_parameter(sorted(frontier))})
            frontier = {(row.other_source, row.other_id) for row in rows} - group
            group = group | frontier
        return group

    def _refresh(self, connection: Connection) -> None:
        for row in connection.execute(select(tables.partnership)):
            held = self._partnerships.get(row.number)
            if held is None or held.geography.version < row.geography_version:
                geography = self._geographies.get(row.number, row.geography_version)
                self._cells[row.number] = self._make_cells(row.number, row.generation, geography)
                self._partnerships[row.number] = Partnership(
                    row.number, row.slug, row.partition, Calendar(row.time_zone), geography
                )

    def _make_cells(self, partnership: int, generation: int, geography: Geography) -> Cells:
        return Cells(
            number_of=lambda series: self.names.series_number(partnership, generation, series),
            areas_of=lambda place, day: geography.areas_of(self.names.anchor(place), day),
            turning_days=geography.turning_days,
        )


_READ_LOG = text(
    "SELECT log.position, log.partnership, coalesce(log.event, 0), coalesce(event.place, 0), log.first,"
    " log.recorded_at_us, log.known_at_us, coalesce(log.body, event.body)"
    " FROM log LEFT JOIN event ON event.number = log.event"
    " WHERE log.topic = :topic AND log.partition = :partition AND log.position BETWEEN :first AND :last"
    " ORDER BY log.position"
)
_NEIGHBOURS = (
    "SELECT DISTINCT link.other_source, link.other_id FROM {wanted} AS wanted CROSS JOIN incident_link AS link"
    " WHERE link.incident_source = wanted.source AND link.incident_id = wanted.id"
)
_RELATED = (
    "WITH wanted AS {wanted}, about AS ("
    "SELECT event.number FROM wanted CROSS JOIN event"
    " WHERE event.source = wanted.source AND event.id = wanted.id AND event.type = :reported"
    " UNION SELECT said.event FROM wanted CROSS JOIN incident_version AS said"
    " WHERE said.incident_source = wanted.source AND said.incident_id = wanted.id"
    " UNION SELECT said.event FROM wanted CROSS JOIN incident_link AS said"
    " WHERE said.incident_source = wanted.source AND said.incident_id = wanted.id)"
    " SELECT event.number, event.place, event.body, log.position, log.known_at_us"
    " FROM about JOIN event ON event.number = about.number"
    " JOIN log ON log.event = event.number AND log.topic = :topic"
    " WHERE NOT EXISTS (SELECT 1 FROM dead_letter AS letter"
    " WHERE letter.event = event.number AND letter.stage = :stage AND letter.state <> :replayed)"
    " ORDER BY log.position"
)
