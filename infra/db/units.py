"""One transaction of the ledger, as intake and the stages use it.

Locks are taken in the order of architecture.md section 6: stage_position, events by (source, id), rows by key, then
log heads by (topic, partition), one statement each.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, insert, select, text, update

from infra.clock import Clock
from infra.db import tables
from infra.db.alerting import SqlAlertStore
from infra.db.bulk import Bulk, pairs_parameter
from infra.db.columns import CATEGORY_SEPARATOR, OPEN, STRAND_SEPARATOR
from infra.db.confirmations import confirm_places
from infra.db.rebuild_progress import SqlRebuildStore
from infra.db.told import note_told
from infra.db.watching import SqlWatchStore
from infra.vault.cases import let_letter_go
from infra.vault.units import UnitVault
from infra.vault.vault import Vault
from streams.ports import (
    ArrivalRow,
    ConfirmationRow,
    ContributionRow,
    DeadLetter,
    Emit,
    HeldEvent,
    LogHead,
    LogRow,
    NewEvent,
    Partnership,
    ReferenceRow,
    RegisterRow,
    StagePosition,
)
from streams.ports.told import NotedRow

_LOG_COLUMNS = (
    *("topic", "partition", "position", "partnership", "event", "recorded_at_us", "known_at_us", "first", "body"),
)
_ARRIVAL_COLUMNS = ("partnership", "source", "arrived_at_us", "outcome", "event", "dead_letter", "import_batch")
CONTRIBUTION_COLUMNS = (
    *("partnership", "event", "kind", "recording", "day", "dated", "known_day", "place"),
    *("strands", "categories", "centre", "n", "received"),
)


class SqlUnit:
    """Implements IntakeUnit and StageUnit on an open connection."""

    def __init__(self, connection: Connection, bulk: Bulk, clock: Clock | None, vault: Vault | None = None) -> None:
        """`clock` stands in for the ledger's own time; without one it is the database's."""
        self._connection = connection
        self._bulk = bulk
        self._clock = clock
        self._vault = vault or Vault()

    def now_us(self) -> int:
        """Return the ledger's own time, which is the same for all who write to it."""
        if self._clock is not None:
            return self._clock.now_us()
        return int(self._connection.exec_driver_sql(self._bulk.now_us).scalar_one())

    def clock_us(self, partnership: int) -> int:
        """Return a partnership's own time, which never goes back, whatever the ledger's does."""
        return max(self._recorded_at_us(partnership), self.now_us())

    def claim(self, events: Sequence[NewEvent]) -> dict[tuple[int, str], HeldEvent]:
        """See IntakeUnit."""
        return self._bulk.claim(self._connection, events) if events else {}

    def unclaim(self, events: Sequence[int]) -> None:
        """See IntakeUnit."""
        self._connection.execute(delete(tables.event).where(tables.event.c.number.in_(events)))

    @property
    def vault(self) -> UnitVault:
        """See IntakeUnit."""
        return self._vault.within(self._connection, self._bulk)

    def lock_head(self, topic: str, partnership: Partnership) -> LogHead:
        """See IntakeUnit. The recorded time is the partnership's own, and never goes back."""
        position, _ = self._lock_head(topic, partnership.partition)
        recorded = self._recorded_at_us(partnership.number)
        return LogHead(position, max(recorded, self.now_us()), recorded)

    def referred_to(self, incidents: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
        """See IntakeUnit."""
        found: set[tuple[int, str]] = set()
        for table in (tables.incident_version, tables.incident_link):
            rows = self._connection.execute(
                text(
                    f"SELECT wanted.source, wanted.id FROM {self._bulk.wanted_pairs} AS wanted"
                    f" CROSS JOIN {table.name} AS said"
                    " WHERE said.incident_source = wanted.source AND said.incident_id = wanted.id"
                ),
                {"pairs": pairs_parameter(incidents)},
            )
            found.update((row.source, row.id) for row in rows)
        return found

    def append(self, topic: str, partnership: Partnership, head: LogHead, rows: Sequence[LogRow]) -> None:
        """See IntakeUnit."""
        position = head.position
        self._bulk.insert(
            self._connection,
            tables.log,
            _LOG_COLUMNS,
            [
                (topic, partnership.partition, at, partnership.number, *row)
                for at, row in enumerate(rows, start=position + 1)
            ],
        )
        recorded = rows[-1].recorded_at_us
        self._move_head(topic, partnership.partition, position + len(rows), recorded)
        moved: dict[str, int] = {"recorded_at_us": recorded}
        if not head.clock_runs and recorded:
            moved["started_at_us"] = next(row.recorded_at_us for row in rows if row.recorded_at_us)
        self._connection.execute(
            update(tables.partnership).where(tables.partnership.c.number == partnership.number).values(moved)
        )

    def add_references(self, rows: Sequence[ReferenceRow]) -> None:
        """See IntakeUnit."""
        self._bulk.insert(
            self._connection,
            tables.incident_version,
            ("event", "incident_source", "incident_id"),
            [(row.event, *row.incident) for row in rows if row.other is None],
        )
        self._bulk.insert(
            self._connection,
            tables.incident_link,
            ("event", "incident_source", "incident_id", "other_source", "other_id"),
            [
                (row.event, *one, *other)
                for row in rows
                if row.other is not None
                for one, other in ((row.incident, row.other), (row.other, row.incident))
            ],
        )

    def add_arrivals(self, partnership: Partnership, import_batch: int | None, rows: Sequence[ArrivalRow]) -> None:
        """See IntakeUnit."""
        self._bulk.insert(
            self._connection,
            tables.arrival,
            _ARRIVAL_COLUMNS,
            [
                (partnership.number, source, arrived_at_us, int(outcome), event, dead_letter, import_batch)
                for arrived_at_us, source, outcome, event, dead_letter in rows
            ],
        )

    def note_backfill(self, import_batch: int, known_days: tuple[int, int], recorded_at_us: int) -> None:
        """See IntakeUnit."""
        batch = tables.import_batch
        row = self._connection.execute(select(batch).where(batch.c.number == import_batch)).one()
        first, last = known_days
        self._connection.execute(
            update(batch)
            .where(batch.c.number == import_batch)
            .values(
                first_known_day=first if row.first_known_day is None else min(first, row.first_known_day),
                last_known_day=last if row.last_known_day is None else max(last, row.last_known_day),
                last_recorded_at_us=recorded_at_us,
            )
        )

    def quarantine(self, letters: Sequence[DeadLetter], at_us: int) -> list[int]:
        """See IntakeUnit and StageUnit."""
        if not letters:
            return []
        table = tables.dead_letter
        senders = self._senders([letter.event for letter in letters if not letter.source and letter.event])
        sealed = self.vault.seal_letters(letters, at_us)
        numbers = list(
            self._connection.execute(
                insert(table).returning(table.c.number, sort_by_parameter_order=True),
                [
                    {
                        "partnership": letter.partnership,
                        "stage": letter.stage,
                        "topic": letter.topic,
                        "partition": letter.partition,
                        "position": letter.position,
                        **senders.get(letter.event, {"source": letter.source, "id": letter.id}),
                        "event": letter.event,
                        "code": letter.problem.code,
                        "path": letter.problem.path,
                        "detail": letter.problem.detail,
                        "body": body,
                        "known_at_us": letter.known_at_us,
                        "created_at_us": at_us,
                        "state": OPEN,
                    }
                    for letter, body in zip(letters, sealed.bodies, strict=True)
                ],
            ).scalars()
        )
        sealed.note(self._connection, numbers)
        return numbers

    def settle(self, dead_letter: int, state: str, event: int | None) -> bool:
        """See IntakeUnit. The event holds the content from now on; what was set aside may have held an exact point."""
        table = tables.dead_letter
        done = self._connection.execute(
            update(table)
            .where(table.c.number == dead_letter, table.c.state == OPEN)
            .values(state=state, event=event, settled_at_us=self.now_us(), body=None)
        )
        if done.rowcount:
            let_letter_go(self._connection, dead_letter)
        return done.rowcount == 1

    @property
    def watch(self) -> SqlWatchStore:
        """See StageUnit."""
        return SqlWatchStore(self._connection, self._bulk)

    @property
    def rebuild(self) -> SqlRebuildStore:
        """See StageUnit."""
        return SqlRebuildStore(self._connection)

    @property
    def alerts(self) -> SqlAlertStore:
        """See StageUnit."""
        return SqlAlertStore(self._connection, self._bulk)

    def enter_register(self, partnership: int, entries: Sequence[RegisterRow]) -> None:
        """See IntakeUnit."""
        table = tables.register_entry
        self._bulk.insert(
            self._connection,
            table,
            ("partnership", "event", "register", "code", "body"),
            [(partnership, *entry) for entry in entries],
        )
        self._connection.execute(
            update(tables.partnership)
            .where(tables.partnership.c.number == partnership)
            .values(register_version=tables.partnership.c.register_version + 1)
        )

    def confirm_places(self, partnership: int, confirmations: Sequence[ConfirmationRow]) -> None:
        """See IntakeUnit."""
        confirm_places(self._connection, partnership, confirmations)

    def note(self, partnership: int, told: Sequence[NotedRow]) -> None:
        """See IntakeUnit."""
        note_told(self._connection, partnership, told)

    def note_ticks(self, stage: str, ticked_at_us: Mapping[int, int]) -> None:
        """See StageUnit."""
        table = tables.stage_clock
        for partnership, at_us in sorted(ticked_at_us.items()):
            moved = self._connection.execute(
                update(table)
                .where(table.c.stage == stage, table.c.partnership == partnership)
                .values(ticked_at_us=at_us)
            )
            if moved.rowcount == 0:
                self._connection.execute(
                    insert(table), {"stage": stage, "partnership": partnership, "ticked_at_us": at_us}
                )

    def lock_position(self, stage: str, partition: int) -> StagePosition:
        """See StageUnit."""
        table = tables.stage_position
        found = self._connection.execute(
            select(table.c.position, table.c.stopped_because)
            .where(table.c.stage == stage, table.c.partition == partition)
            .with_for_update()
        ).one()
        return StagePosition(found.position, found.stopped_because)

    def store_position(self, stage: str, partition: int, position: int, recorded_at_us: int) -> None:
        """See StageUnit."""
        table = tables.stage_position
        self._connection.execute(
            update(table)
            .where(table.c.stage == stage, table.c.partition == partition)
            .values(position=position, recorded_at_us=recorded_at_us)
        )

    def emit(self, partition: int, emits: Sequence[Emit]) -> None:
        """See StageUnit. A row has its partnership's own time, whatever the head has seen of others'."""
        for topic in sorted({emit.topic for emit in emits}):
            position, recorded = self._lock_head(topic, partition)
            rows = []
            for emit in emits:
                if emit.topic == topic:
                    position, recorded = position + 1, max(recorded, emit.recorded_at_us)
                    own = emit.recorded_at_us
                    rows.append((topic, partition, position, emit.partnership, None, own, own, False, emit.body))
            self._bulk.insert(self._connection, tables.log, _LOG_COLUMNS, rows)
            self._move_head(topic, partition, position, recorded)

    def add_counts(self, counts: Sequence[tuple[int, ...]], triangle: Sequence[tuple[int, ...]]) -> None:
        """See StageUnit."""
        self._bulk.add(self._connection, tables.count_day, counts)
        self._bulk.add(self._connection, tables.triangle, triangle)

    def add_contributions(self, rows: Sequence[ContributionRow]) -> None:
        """See StageUnit."""
        self._bulk.insert(
            self._connection, tables.contribution, CONTRIBUTION_COLUMNS, list(map(contribution_row, rows))
        )

    def _senders(self, events: Sequence[int]) -> dict[int | None, dict[str, str]]:
        """Return the source and id of events that a stage knows by their number only."""
        if not events:
            return {}
        found = self._connection.execute(
            select(tables.event.c.number, tables.source.c.uri, tables.event.c.id)
            .join(tables.source, tables.source.c.number == tables.event.c.source)
            .where(tables.event.c.number.in_(events))
        )
        return {row.number: {"source": row.uri, "id": row.id} for row in found}

    def _recorded_at_us(self, partnership: int) -> int:
        recorded = select(tables.partnership.c.recorded_at_us).where(tables.partnership.c.number == partnership)
        return int(self._connection.execute(recorded).scalar_one())

    def _lock_head(self, topic: str, partition: int) -> tuple[int, int]:
        table = tables.log_head
        head = self._connection.execute(
            select(table.c.position, table.c.recorded_at_us)
            .where(table.c.topic == topic, table.c.partition == partition)
            .with_for_update()
        ).one()
        return head.position, head.recorded_at_us

    def _move_head(self, topic: str, partition: int, position: int, recorded_at_us: int) -> None:
        table = tables.log_head
        self._connection.execute(
            update(table)
            .where(table.c.topic == topic, table.c.partition == partition)
            .values(position=position, recorded_at_us=recorded_at_us)
        )


def contribution_row(row: ContributionRow) -> tuple[object, ...]:
    """Return a contribution as it is stored, in the order of CONTRIBUTION_COLUMNS."""
    content = row.content
    return (
        row.partnership,
        row.event,
        content.kind,
        content.recording,
        content.day,
        content.dated,
        row.known_day,
        content.place,
        STRAND_SEPARATOR.join(content.strands),
        CATEGORY_SEPARATOR.join(content.categories),
        content.centre,
        row.n,
        row.received,
    )
