"""The one place that runs a stage: fence, run, store, emit, commit.

Work arrives as spans of positions, in whatever order and as often as it likes. Against the stage's stored position a
span is skipped, trimmed or completed from the log, so each record takes effect exactly once. What is computed before
the fence is taken counts only if the position has not moved since.
"""

import traceback
from collections.abc import Sequence
from enum import Enum
from itertools import takewhile
from typing import NamedTuple

from schemas.problems import Problem
from streams.ports import (
    DeadLetter,
    Ledger,
    Observer,
    Record,
    StagePosition,
    StageReader,
    StageUnit,
    Step,
    StoreUnavailableError,
)

DEAD_LETTER_LIMIT = 20
"""Open dead letters at which a stage stops: a bad deployment then halts, and does not empty the topic."""


class Span(NamedTuple):
    """Positions first to last of one partition, both included; with their records where the bringer has them."""

    partition: int
    first: int
    last: int
    records: Sequence[Record] = ()


class Result(Enum):
    """What became of a span."""

    DONE = "done"
    SKIPPED = "skipped"
    STOPPED = "stopped"


class StoppedError(Exception):
    """The stage was stopped for all workers. Mend what stopped it, then resume the stage."""

    def __init__(self, stage: str, because: str) -> None:
        super().__init__(f"stage {stage} is stopped: {because}; mend that, then run `bellwether stage resume {stage}`")


class Runner:
    """Runs one step of the topology against a ledger."""

    def __init__(
        self,
        step: Step,
        ledger: Ledger,
        reader: StageReader,
        observer: Observer,
        dead_letter_limit: int = DEAD_LETTER_LIMIT,
    ) -> None:
        self.step = step
        self._stage = step.stage
        self._ledger = ledger
        self._reader = reader
        self._observer = observer
        self._dead_letter_limit = dead_letter_limit

    def offer(self, span: Span) -> Result:
        """Handle what is new in a span, filling any gap before it. Raises StoreUnavailableError."""
        handled = False
        while True:
            position = self._ledger.peek(self._stage.name, span.partition)
            if position.stopped_because is not None:
                return Result.STOPPED
            if span.last <= position.position:
                return Result.DONE if handled else Result.SKIPPED
            records = self._together(self._cut(span, position.position))
            if not records:
                return Result.DONE if handled else Result.SKIPPED
            handled = self._run_safely(span.partition, position.position, records) or handled

    def work_off(self, partition: int, limit: int) -> int:
        """Handle up to `limit` records that the log holds and the stage has not seen; return how many there were.

        Raises StoppedError, StoreUnavailableError.
        """
        position = self._ledger.peek(self._stage.name, partition)
        if position.stopped_because is not None:
            raise StoppedError(self._stage.name, position.stopped_because)
        first = position.position + 1
        records = self._together(
            self._ledger.read_log(self.step.input.name, partition, first, position.position + limit)
        )
        if records:
            self._run_safely(partition, position.position, records)
        return len(records)

    def _cut(self, span: Span, position: int) -> list[Record]:
        """Return records right after a position: the span's own without those handled, the gap before them filled.

        They end before the first that is missing, since a later one would carry the position beyond it.
        """
        brought = [record for record in span.records if record.position > position]
        missing_until = brought[0].position - 1 if brought else span.last
        if missing_until > position:
            topic = self.step.input.name
            brought = [*self._ledger.read_log(topic, span.partition, position + 1, missing_until), *brought]
        numbered = enumerate(brought, start=position + 1)
        return [record for _, record in takewhile(lambda each: each[1].position == each[0], numbered)]

    def _together(self, records: Sequence[Record]) -> Sequence[Record]:
        """Return the first records that may be one batch: those before one that must be handled alone, or that one."""
        return list(takewhile(lambda record: not self.step.alone(record), records)) or records[:1]

    def _run_safely(self, partition: int, after: int, records: Sequence[Record]) -> bool:
        """Run a batch; where it fails, run it record by record, so that one bad record spoils no other."""
        try:
            return self._run(partition, after, records)
        except (StoreUnavailableError, StoppedError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a stage fails with, its record must be set aside and said
            if len(records) > 1:
                return all(self._run_safely(partition, record.position - 1, [record]) for record in records)
            return self._set_aside(partition, after, records[0], error)

    def _run(self, partition: int, after: int, records: Sequence[Record]) -> bool:
        """Run a batch, part by part. False if another worker has moved the position; then the rest is not written."""
        while (done := self._run_part(partition, after, records)) is None:
            pass
        return done

    def _run_part(self, partition: int, after: int, records: Sequence[Record]) -> bool | None:
        """Run a batch, or one part of it, in one unit. None if more is to be done before the position may move."""
        stage, told = self._stage, self._observer
        work = stage.prepare(records, self._reader)
        told.step(stage.name, partition, "prepared")

        def unit_of_work(unit: StageUnit) -> bool | None:
            if not _is_ours(unit.lock_position(stage.name, partition), after):
                return False
            told.step(stage.name, partition, "fenced")
            emits = stage.apply(work, unit)
            told.step(stage.name, partition, "applied")
            if emits is None:
                return None
            unit.store_position(stage.name, partition, records[-1].position, records[-1].recorded_at_us)
            told.step(stage.name, partition, "stored")
            unit.emit(partition, emits)
            told.step(stage.name, partition, "emitted")
            return True

        done = self._ledger.stage_unit(unit_of_work, len(records))
        told.step(stage.name, partition, "committed")
        if done:
            told.handled(stage.name, partition, len(records), records[-1].position)
        return done

    def _set_aside(self, partition: int, after: int, record: Record, error: Exception) -> bool:
        """Put a record that the stage cannot handle among the dead letters, and move on, in one unit."""
        stage = self._stage
        failure = _where(error)
        problem = Problem("poison", "", f"the stage failed on this record with {failure}; mend that, then replay it")
        letter = DeadLetter(
            partnership=record.partnership,
            stage=stage.name,
            source="",
            id="",
            event=record.event or None,
            problem=problem,
            body=record.body,
            known_at_us=record.known_at_us,
            topic=self.step.input.name,
            partition=partition,
            position=record.position,
        )

        def unit_of_work(unit: StageUnit) -> bool:
            if not _is_ours(unit.lock_position(stage.name, partition), after):
                return False
            unit.quarantine([letter], record.recorded_at_us)
            unit.store_position(stage.name, partition, record.position, record.recorded_at_us)
            return True

        done = self._ledger.stage_unit(unit_of_work, 1)
        if done:
            self._observer.quarantined(stage.name, partition, record.position, failure)
            self._stop_if_too_many()
        return done

    def _stop_if_too_many(self) -> None:
        waiting = self._ledger.open_dead_letters(self._stage.name)
        if waiting < self._dead_letter_limit:
            return
        because = f"{waiting} dead letters wait, and the limit is {self._dead_letter_limit}"
        self._ledger.stop_stage(self._stage.name, because)
        self._observer.stopped(self._stage.name, because)
        raise StoppedError(self._stage.name, because)


def _where(error: Exception) -> str:
    """Return what an error is and where it arose; its message may hold what the record says."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}"


def _is_ours(locked: StagePosition, after: int) -> bool:
    return locked.stopped_because is None and locked.position == after
