"""Stand-ins written by hand: a ledger in memory, a stage that remembers, and workers that die."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from infra.db.ledger import SqlLedger
from schemas.topics import CHANGES, EVENTS
from streams.ports import (
    ContributionRow,
    DeadLetter,
    Emit,
    IntakeUnit,
    Record,
    StagePosition,
    StageReader,
    StageUnit,
    Step,
)
from streams.runner import Runner
from tests.support.city import QuietObserver

T = TypeVar("T")

STAGE = "recording"


class Crash(BaseException):
    """A process dies: nobody catches this."""


class DyingObserver(QuietObserver):
    """Lets the runner die after so many steps; `None` only counts them."""

    def __init__(self, after: int | None) -> None:
        super().__init__()
        self._after = after

    def step(self, stage: str, partition: int, step: str) -> None:
        super().step(stage, partition, step)
        if len(self.steps) == self._after:
            raise Crash


class DyingUnit:
    """An intake unit that dies right after so many of its calls."""

    def __init__(self, unit: IntakeUnit, after: int) -> None:
        self._unit = unit
        self._after = after
        self._calls = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._unit, name)

        def call(*args: Any, **named: Any) -> Any:
            result = method(*args, **named)
            self._calls += 1
            if self._calls == self._after:
                raise Crash
            return result

        return call


class DyingLedger(SqlLedger):
    """A ledger whose process dies within a unit of intake: after some call, or, with 0, at the end of the work."""

    dies_after = 0

    def intake_unit(self, work: Callable[[IntakeUnit], T], events: int) -> T:
        """Do the work, but never come to commit it."""

        def die(unit: IntakeUnit) -> T:
            work(cast("IntakeUnit", DyingUnit(unit, self.dies_after)))
            raise Crash

        return super().intake_unit(die, events)


def record(position: int, partnership: int = 1) -> Record:
    """Return a record of the log in memory; its body says its position."""
    return Record(position, partnership, position, 0, True, position, position, str(position).encode())


class MemoryUnit:
    """Implements StageUnit; what it collects counts only once it is committed."""

    def __init__(self, ledger: "MemoryLedger") -> None:
        self._ledger = ledger
        self.effects: list[int] = []
        self.emits: list[Emit] = []
        self.letters: list[DeadLetter] = []
        self.position: int | None = None
        self.fenced = False

    def lock_position(self, stage: str, partition: int) -> StagePosition:
        assert (stage, partition) == (STAGE, 0)
        self.fenced = True
        return self._ledger.peek(stage, partition)

    def store_position(self, stage: str, partition: int, position: int, recorded_at_us: int) -> None:
        assert self.fenced
        assert recorded_at_us == position
        self.position = position

    def emit(self, partition: int, emits: Sequence[Emit]) -> None:
        assert self.position is not None
        self.emits += emits

    def quarantine(self, letters: Sequence[DeadLetter], at_us: int) -> list[int]:
        assert self.fenced
        self.letters += letters
        return list(range(len(letters)))

    def add_counts(self, counts: Sequence[tuple[int, ...]], triangle: Sequence[tuple[int, ...]]) -> None:
        assert self.fenced
        self.effects += [position for (position,) in counts]

    def add_contributions(self, rows: Sequence[ContributionRow]) -> None:
        assert not rows

    def note_ticks(self, stage: str, ticked_at_us: Mapping[int, int]) -> None:
        assert not ticked_at_us

    @property
    def watch(self) -> Any:
        raise NotImplementedError

    alerts = rebuild = watch


class MemoryLedger:
    """Implements Ledger over one partition: a log that is all there, and a position."""

    partitions = 1

    def __init__(self, length: int, position: int = 0) -> None:
        self.log = [record(at) for at in range(1, length + 1)]
        self.position = position
        self.stopped_because: str | None = None
        self.effects: list[int] = []
        self.emits: list[Emit] = []
        self.letters: list[DeadLetter] = []
        self.units = 0
        self.before_unit: Callable[[], None] = lambda: None

    def peek(self, stage: str, partition: int) -> StagePosition:
        return StagePosition(self.position, self.stopped_because)

    def positions(self) -> dict[tuple[str, int], int]:
        return {(STAGE, 0): self.position}

    def heads(self, topic: str) -> dict[int, int]:
        return {0: len(self.log)}

    def read_log(self, topic: str, partition: int, first: int, last: int) -> list[Record]:
        assert (topic, partition) == (EVENTS.name, 0)
        assert first >= 1
        return self.log[first - 1 : last]

    def stage_unit(self, work: Callable[[StageUnit], T], events: int) -> T:
        self.before_unit()
        unit = MemoryUnit(self)
        result = work(unit)
        self.units += 1
        self.effects += unit.effects
        self.emits += unit.emits
        self.letters += unit.letters
        if unit.position is not None:
            assert unit.position > self.position
            self.position = unit.position
        return result

    def open_dead_letters(self, stage: str) -> int:
        return len(self.letters)

    def stop_stage(self, stage: str, because: str | None) -> None:
        self.stopped_because = because


class UnaskedReader:
    """Implements StageReader for stages that read nothing."""

    @property
    def watch(self) -> Any:
        raise NotImplementedError

    @property
    def rebuild(self) -> Any:
        raise NotImplementedError

    def partnership(self, number: int) -> Any:
        raise NotImplementedError

    def applied_geography(self, partnership: int) -> Any:
        raise NotImplementedError

    def cells(self, partnership: int) -> Any:
        raise NotImplementedError

    def related(self, incidents: Any) -> Any:
        raise NotImplementedError


@dataclass
class RecordingStage:
    """Implements Stage: its effect is the positions that it was given, in order. Some records are poison to it."""

    name: str = STAGE
    poison: frozenset[int] = frozenset()
    poison_in_apply: frozenset[int] = frozenset()
    prepared: Counter[int] = field(default_factory=Counter)
    on_prepare: Callable[[], None] = lambda: None

    def prepare(self, records: Sequence[Record], reader: StageReader) -> list[int]:
        positions = [each.position for each in records]
        self.prepared.update(positions)
        if self.poison & set(positions):
            raise ValueError("poison")
        self.on_prepare()
        return positions

    def apply(self, work: Any, unit: StageUnit) -> Sequence[Emit]:
        unit.add_counts([(position,) for position in work], [])
        if self.poison_in_apply & set(work):
            raise KeyError("poison")
        return [Emit(CHANGES.name, 1, position, str(position).encode()) for position in work]


def memory_runner(ledger: MemoryLedger, stage: RecordingStage, dead_letter_limit: int = 1_000) -> Runner:
    """Return a worker over the ledger in memory."""
    return Runner(Step(stage, EVENTS, CHANGES), ledger, UnaskedReader(), QuietObserver(), dead_letter_limit)
