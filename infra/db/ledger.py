"""The ledger as stages, runner and hosts use it: their ports, on SQLAlchemy Core."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, Row, func, select, text, update

from infra.clock import Clock
from infra.db import tables
from infra.db.bulk import bulk_for, pairs_parameter
from infra.db.columns import OPEN, REPLAYED
from infra.db.engine import repeat_where_asked, transaction
from infra.db.geography_reading import GeographyCache
from infra.db.names import SqlNames
from infra.db.pace import Pace
from infra.db.rebuilding import SqlRebuildReader, make_cells
from infra.db.registers import read_partnership
from infra.db.units import SqlUnit
from infra.db.watching import SqlWatchReader
from infra.vault.places import WrittenPlaces
from infra.vault.vault import Vault
from schemas.events import INCIDENT_REPORTED
from schemas.topics import EVENTS
from streams.core.areas import Geography
from streams.core.contribution import IncidentName
from streams.core.triangle import Cells
from streams.ports import IntakeUnit, KnownEvent, Partnership, Record, StagePosition, StageUnit
from streams.stages.aggregate import STAGE as AGGREGATE

T = TypeVar("T")
NumberedIncident = tuple[int, str]


class _Counted(NamedTuple):
    """What a partnership's counts are made by; each number only ever grows."""

    version: int
    generation: int
    geography: Geography
    cells: Cells


class SqlLedger:
    """Implements Ledger and StageReader. Safe to share between threads: each unit has its own connection."""

    def __init__(self, engine: Engine, clock: Clock | None = None, vault: Vault | None = None) -> None:
        """`clock` stands in for the database's own, in tests and replays; without `vault` nothing can be sealed."""
        self.engine = engine
        self.names = SqlNames(engine)
        self.pace = Pace(one_writer=engine.dialect.name == "sqlite")
        self._clock = clock
        self._vault = vault or Vault()
        self._bulk = bulk_for(engine.dialect.name)
        self._geographies = GeographyCache(engine)
        self._partnerships: dict[int, Partnership] = {}
        self._registers: dict[int, int] = {}
        self._counted: dict[int, _Counted] = {}
        self._refreshing = threading.Lock()
        self.rebuild = SqlRebuildReader(engine, self.names, self._geographies)
        self.watch = SqlWatchReader(engine)
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
            self._refresh(connection)
        return StagePosition(found.position, found.stopped_because)

    def positions(self) -> dict[tuple[str, int], int]:
        """See Ledger."""
        with transaction(self.engine, write=False) as connection:
            rows = connection.execute(_POSITIONS)
            return {(row.stage, row.partition): row.position for row in rows}

    def heads(self, topic: str) -> dict[int, int]:
        """See Ledger."""
        with transaction(self.engine, write=False) as connection:
            rows = connection.execute(_HEADS, {"topic": topic})
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

    def partnership_time_us(self, partnership: int) -> int:
        """Return a partnership's last recorded time, whatever the ledger's clock says."""
        recorded = select(tables.partnership.c.recorded_at_us).where(tables.partnership.c.number == partnership)
        with transaction(self.engine, write=False) as connection:
            return int(connection.execute(recorded).scalar_one())

    def live_partnerships(self) -> list[int]:
        """Return the partnerships whose clock runs, by number, and that no replay owns."""
        table = tables.partnership
        live = select(table.c.number).where(table.c.recorded_at_us > 0, table.c.replaying.is_(None))
        with transaction(self.engine, write=False) as connection:
            return list(connection.execute(live.order_by(table.c.number)).scalars())

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
                result = work(SqlUnit(connection, self._bulk, self._clock, self._vault))
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

    def vault(self, partnership: int) -> WrittenPlaces | None:
        """See IntakeLedger."""
        return self._vault.of(self.engine, partnership)

    def open_letter(self, connection: Connection, dead_letter: int, body: bytes | None) -> bytes | None:
        """Return what a dead letter holds. Raises SecretKeyError, ForgottenError, SealBrokenError."""
        return self._vault.open_letter(connection, dead_letter, body)

    def cells(self, partnership: int) -> Cells:
        """See AggregateReader."""
        return self._counted[partnership].cells

    def applied_geography(self, partnership: int) -> Geography:
        """See AggregateReader."""
        return self._counted[partnership].geography

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
        """Take over what has changed; what a thread has read earlier must not undo what another has read since."""
        rows = list(connection.execute(select(tables.partnership)))
        with self._refreshing:
            for row in rows:
                self._refresh_partnership(connection, row)
                self._refresh_counted(row)

    def _refresh_partnership(self, connection: Connection, row: Row[Any]) -> None:
        held = self._partnerships.get(row.number)
        if held is None or held.geography.version < row.geography_version:
            geography = self._geographies.get(row.number, row.geography_version)
        elif self._registers[row.number] >= row.register_version:
            return
        else:
            geography = held.geography
        self._registers[row.number] = row.register_version
        self._partnerships[row.number] = read_partnership(connection, row, geography)

    def _refresh_counted(self, row: Row[Any]) -> None:
        held = self._counted.get(row.number)
        if held is None or (held.version, held.generation) < (row.applied_geography, row.generation):
            geography = self._geographies.get(row.number, row.applied_geography)
            cells = make_cells(self.names, row.number, row.generation, geography)
            self._counted[row.number] = _Counted(row.applied_geography, row.generation, geography, cells)


_POSITIONS = text("SELECT stage, partition, position FROM stage_position")
_HEADS = text("SELECT partition, position FROM log_head WHERE topic = :topic")
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
