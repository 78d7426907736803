"""What stages need from outside, as protocols and plain values. Adapters live in infra, fakes in tests."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from schemas.problems import Problem
from schemas.topics import Topic
from streams.core.areas import Anchor, Geography
from streams.core.contribution import Content, IncidentName
from streams.core.days import Calendar
from streams.core.strands import StrandRegister
from streams.core.triangle import Cells
from streams.ports.alerting import AlertStore
from streams.ports.rebuilding import RebuildReader, RebuildStore
from streams.ports.told import NotedRow
from streams.ports.vault import IntakeVault, PartnershipVault
from streams.ports.watching import WatchReader, WatchStore

T = TypeVar("T")


class StoreUnavailableError(Exception):
    """The ledger cannot be reached, is locked, full or read-only. Nothing was written; try again when it is mended."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.problem = Problem(code, "", detail)


class Record(NamedTuple):
    """One row of the log as a stage sees it, with the event that it refers to.

    `first` says that nothing before this position refers to the incident that the event reports.
    """

    position: int
    partnership: int
    event: int
    place: int
    first: bool
    recorded_at_us: int
    known_at_us: int
    body: bytes


class StagePosition(NamedTuple):
    """How far a stage has worked off a partition, and why it was stopped, if it was."""

    position: int
    stopped_because: str | None


class Emit(NamedTuple):
    """A row for another topic, of one partnership."""

    topic: str
    partnership: int
    recorded_at_us: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Partnership:
    """A partnership as stages see it."""

    number: int
    slug: str
    partition: int
    calendar: Calendar
    geography: Geography
    strands: StrandRegister
    marking: str
    leaves_out_without_consent: bool = False


class NewEvent(NamedTuple):
    """An event that intake would add."""

    source: int
    id: str
    type: str
    place: int | None
    digest: bytes
    body: bytes


class HeldEvent(NamedTuple):
    """What the ledger holds under an identity: `is_new` if the same unit has just added it."""

    number: int
    digest: bytes
    is_new: bool


class LogRow(NamedTuple):
    """A row for the log of events; a tick is no event that anybody sent, and brings its own body instead."""

    event: int | None
    recorded_at_us: int
    known_at_us: int
    first: bool
    body: bytes | None = None


class LogHead(NamedTuple):
    """A locked head: the last position given out, and the recorded time that holds for this unit, beside the last.

    `clock_runs` is false until the partnership's first report: what is set up before then holds from the beginning.
    """

    position: int
    recorded_at_us: int
    last_recorded_at_us: int

    @property
    def clock_runs(self) -> bool:
        """Whether anything was reported yet."""
        return self.last_recorded_at_us > 0


class DeadLetter(NamedTuple):
    """What could not be used, kept until a person replays or discards it.

    `topic`, `partition` and `position` say where a stage met it; they are None at intake. `incident` is the source and
    id of the incident that it is about, so that it is forgotten with the case.
    """

    partnership: int
    stage: str
    source: str
    id: str
    event: int | None
    problem: Problem
    body: bytes | None
    known_at_us: int | None
    topic: str | None = None
    partition: int | None = None
    position: int | None = None
    incident: IncidentName | None = None


class ArrivalRow(NamedTuple):
    """One attempt to hand in an event. `outcome` is an Outcome of the intake stage."""

    arrived_at_us: int
    source: int
    outcome: int
    event: int | None
    dead_letter: int | None


class ReferenceRow(NamedTuple):
    """An event that refers to an incident: another version of it, or, with `other`, a link."""

    event: int
    incident: tuple[int, str]
    other: tuple[int, str] | None


class RegisterRow(NamedTuple):
    """An entry of a register, as the event that makes it says; `body` is the event's."""

    event: int
    register: str
    code: str
    body: bytes


class ConfirmationRow(NamedTuple):
    """A place as written, by its reference, and the areas in which it lies, as the event says."""

    event: int
    written: str
    areas: tuple[int, ...]


class ContributionRow(NamedTuple):
    """A content booked by an event; `received` marks the report itself on the received basis."""

    partnership: int
    event: int
    content: Content
    known_day: int
    n: int
    received: int


class KnownEvent(NamedTuple):
    """A version or link as the ledger holds it, with the position at which it takes force."""

    position: int
    place: int
    known_at_us: int
    body: bytes


class IntakeUnit(Protocol):
    """What intake does in one transaction."""

    @property
    def vault(self) -> IntakeVault:
        """What seals persons and free text; asked only where an event holds some, and there is a key."""
        ...

    def unclaim(self, events: Sequence[int]) -> None:
        """Take events back out that this unit has claimed."""
        ...

    def claim(self, events: Sequence[NewEvent]) -> dict[tuple[int, str], HeldEvent]:
        """Add the events that are not there, in the order given; return what is held under each identity."""
        ...

    def lock_head(self, topic: str, partnership: Partnership) -> LogHead:
        """Take the lock that orders a partition's writers, and the recorded time under it."""
        ...

    def referred_to(self, incidents: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
        """Return those incidents (source number, id) that some version or link names already."""
        ...

    def append(self, topic: str, partnership: Partnership, head: LogHead, rows: Sequence[LogRow]) -> None:
        """Write log rows behind the head, and move it."""
        ...

    def add_references(self, rows: Sequence[ReferenceRow]) -> None:
        """Note which incidents the new events refer to."""
        ...

    def add_arrivals(self, partnership: Partnership, import_batch: int | None, rows: Sequence[ArrivalRow]) -> None:
        """Note each attempt."""
        ...

    def enter_register(self, partnership: int, entries: Sequence[RegisterRow]) -> None:
        """Note entries of registers, which hold from now on."""
        ...

    def confirm_places(self, partnership: int, confirmations: Sequence[ConfirmationRow]) -> None:
        """Note where places as written lie, each with a new version of the geography; under the head's lock."""
        ...

    def note(self, partnership: int, told: Sequence[NotedRow]) -> None:
        """Note for readers what events tell besides incidents; under the head's lock."""
        ...

    def note_backfill(self, import_batch: int, known_days: tuple[int, int], recorded_at_us: int) -> None:
        """Widen the span of known days that a trusted import has claimed."""
        ...

    def quarantine(self, letters: Sequence[DeadLetter], at_us: int) -> list[int]:
        """Keep what could not be used; return the dead letters' numbers."""
        ...

    def settle(self, dead_letter: int, state: str, event: int | None) -> bool:
        """Settle an open dead letter by the event that it became; False if it is not open."""
        ...


class StageUnit(Protocol):
    """What a stage does in one transaction."""

    @property
    def watch(self) -> WatchStore:
        """What only watch writes."""
        ...

    @property
    def alerts(self) -> AlertStore:
        """What alerting writes."""
        ...

    @property
    def rebuild(self) -> RebuildStore:
        """What a rebuild of counts writes beside the counts."""
        ...

    def lock_position(self, stage: str, partition: int) -> StagePosition:
        """Take the fence."""
        ...

    def store_position(self, stage: str, partition: int, position: int, recorded_at_us: int) -> None:
        """Move the fence."""
        ...

    def note_ticks(self, stage: str, ticked_at_us: Mapping[int, int]) -> None:
        """Note for each partnership the last tick that a stage has handled."""
        ...

    def emit(self, partition: int, emits: Sequence[Emit]) -> None:
        """Write what later stages must see, heads last."""
        ...

    def quarantine(self, letters: Sequence[DeadLetter], at_us: int) -> list[int]:
        """Keep a record that a stage cannot handle."""
        ...

    def add_counts(self, counts: Sequence[tuple[int, ...]], triangle: Sequence[tuple[int, ...]]) -> None:
        """Add (cell..., n) rows, sorted by cell, to `count_day` and `triangle`."""
        ...

    def add_contributions(self, rows: Sequence[ContributionRow]) -> None:
        """Keep what was booked, at the finest place."""
        ...


class Names(Protocol):
    """Numbers for what recurs, given out before a unit begins."""

    def source_number(self, partnership: int, uri: str) -> int:
        """Return a source's number, giving it one if it is new."""
        ...

    def place_number(self, partnership: int, anchor: Anchor) -> int:
        """Return a settled place's number, giving it one if it is new."""
        ...


class IntakeLedger(Protocol):
    """The store, as intake sees it."""

    @property
    def names(self) -> Names:
        """The numbers of sources and places."""
        ...

    def clock_us(self, partnership: int) -> int:
        """Return a partnership's own time: the ledger's, but never before the last recorded time."""
        ...

    def partnership(self, number: int) -> Partnership:
        """Return a partnership as last read."""
        ...

    def refresh(self) -> None:
        """Read partnerships and their areas anew, where those have changed."""
        ...

    def vault(self, partnership: int) -> PartnershipVault | None:
        """Return the vault; None where no secret key is set, and nothing can be sealed."""
        ...

    def intake_unit(self, work: Callable[[IntakeUnit], T], events: int) -> T:
        """Run work on so many events in one transaction, again where the database says so (40P01, 40001)."""
        ...


class AggregateReader(Protocol):
    """What aggregate reads before it takes the fence; none of it depends on another stage's progress."""

    @property
    def rebuild(self) -> RebuildReader:
        """What a rebuild of counts reads."""
        ...

    def partnership(self, number: int) -> Partnership:
        """Return a partnership with its newest geography, which knows all areas that any earlier one had."""
        ...

    def applied_geography(self, partnership: int) -> Geography:
        """Return the version of a partnership's geography by which its counts are made up to aggregate's position."""
        ...

    def cells(self, partnership: int) -> Cells:
        """Return which cells a partnership's contents count in, by that version."""
        ...

    def related(self, incidents: Mapping[int, set[IncidentName]]) -> dict[int, list[KnownEvent]]:
        """Return by partnership all events about the incidents named, and about all that were ever linked to them."""
        ...


class StageReader(AggregateReader, Protocol):
    """All that stages read before they take the fence."""

    @property
    def watch(self) -> WatchReader:
        """What only watch reads."""
        ...


class Stage(Protocol):
    """A stage in two steps: what can be computed before any lock, and what is written under it."""

    @property
    def name(self) -> str:
        """The stage's name, under which its position is kept."""
        ...

    def prepare(self, records: Sequence[Record], reader: StageReader) -> Any:
        """Compute the batch's work."""
        ...

    def apply(self, work: Any, unit: StageUnit) -> Sequence[Emit] | None:
        """Write it, and return what other stages must see.

        None says that this was a part: the unit is committed, the position stays, and the same records are prepared
        again, from what the stage has stored of how far it is.
        """
        ...


def _with_others(_record: Record) -> bool:
    return False


@dataclass(frozen=True)
class Step:
    """A stage between its input topic and the topic it writes; `alone` says which records are a batch by themselves."""

    stage: Stage
    input: Topic
    output: Topic | None
    alone: Callable[[Record], bool] = _with_others


class Ledger(Protocol):
    """The store, as the runner and the hosts see it."""

    partitions: int

    def peek(self, stage: str, partition: int) -> StagePosition:
        """Read a stage's position without the fence."""
        ...

    def positions(self) -> dict[tuple[str, int], int]:
        """Return how far each stage is, by stage and partition."""
        ...

    def heads(self, topic: str) -> dict[int, int]:
        """Return the last position by partition."""
        ...

    def read_log(self, topic: str, partition: int, first: int, last: int) -> list[Record]:
        """Return the records of a span of positions, both included, as far as they exist."""
        ...

    def stage_unit(self, work: Callable[[StageUnit], T], events: int) -> T:
        """Run work on so many events in one transaction, again where the database says so (40P01, 40001)."""
        ...

    def open_dead_letters(self, stage: str) -> int:
        """Count what a stage could not handle and nobody has settled."""
        ...

    def stop_stage(self, stage: str, because: str | None) -> None:
        """Stop a stage in all partitions, for all workers; or, with no reason to, let it go on."""
        ...


class Observer(Protocol):
    """Is told what the runner does, step by step."""

    def step(self, stage: str, partition: int, step: str) -> None:
        """A step is done; the next has not begun."""
        ...

    def handled(self, stage: str, partition: int, records: int, position: int) -> None:
        """A batch is committed."""
        ...

    def quarantined(self, stage: str, partition: int, position: int, failure: str) -> None:
        """A record went to the dead letters; `failure` names the error and the line, never what the record says."""
        ...

    def stopped(self, stage: str, because: str) -> None:
        """A stage was stopped."""
        ...
