"""Whatever changes of zones come between whatever reports, and however aggregate lags: the last map decides."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.topics import CHANGES, EVENTS
from streams.ports import Emit, Record, StageReader, StageUnit, Step
from streams.runner import Result, Runner, Span
from streams.stages import rebuild
from tests.support.city import Bench, QuietObserver
from tests.support.fakes import (
    STAGE,
    Crash,
    DyingObserver,
    MemoryLedger,
    UnaskedReader,
)
from tests.support.histories import PROPERTY, Fact, histories, note_import
from tests.support.rezoning import count_all, keep_up, rezone, told, with_zones, without_numbers
from tests.support.state import state

Zoning = tuple[tuple[str, str], ...]
zonings = st.fixed_dictionaries({}, optional={ward: st.sampled_from("YZ") for ward in ("W1", "W2", "W3")}).map(
    lambda lookups: tuple(sorted(lookups.items()))
)


class Turn(NamedTuple):
    """What happens next: zones change, or facts come in; then the lagging aggregate may work, and may die at it."""

    zoning: Zoning
    facts: list[Fact]
    works: bool
    dies_after: int


@st.composite
def turns(draw: st.DrawFn) -> list[Turn]:
    waiting, made = draw(histories(most=6)), []
    while waiting:
        size = draw(st.integers(1, len(waiting)))
        made.append(Turn(draw(zonings), waiting[:size], draw(st.booleans()), draw(st.integers(1, 40))))
        waiting = waiting[size:]
    return [*made, Turn(draw(zonings), [], works=True, dies_after=draw(st.integers(1, 40)))]


def work_and_perhaps_die(bench: Bench, city: int, dies_after: int) -> None:
    try:
        count_all(bench, city, limit=2, observer=DyingObserver(dies_after))
    except Crash:
        return


def counts(bench: Bench, city: int) -> dict[str, object]:
    return {name: cells for name, cells in state(bench, city).items() if name not in ("changes", "log")}


def said(bench: Bench, city: int) -> list[bytes]:
    areas = bench.ledger.partnership(city).geography.area_by_number
    return without_numbers(told(bench, city), lambda number: areas[number].code if number else "*")


def test_counts_are_what_the_last_map_makes_of_all_and_what_was_said_does_not_depend_on_lag(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "SLICE_CONTRIBUTIONS", 2)
    monkeypatch.setattr(rebuild, "SWEEP_CELLS", 10)

    @settings(PROPERTY, max_examples=10)
    @given(turns())
    def check(happening: Sequence[Turn]) -> None:
        prompt, lagging, always = (with_zones(bench) for _ in range(3))
        batches = {city: note_import(bench, city) for city in (prompt, lagging, always)}
        for turn in happening:
            rezone(bench, always, *turn.zoning)
        for turn in happening:
            raws = [fact.raw() for fact in turn.facts]
            for city in (prompt, lagging):
                rezone(bench, city, *turn.zoning)
            for city, batch in batches.items():
                bench.hand_in(city, *raws, trusted=True, batch=batch)
            keep_up(bench, prompt)
            if turn.works:
                work_and_perhaps_die(bench, lagging, turn.dies_after)
                assert bench.verify(lagging) == []
        for city in batches:
            keep_up(bench, city)
        assert counts(bench, prompt) == counts(bench, lagging) == counts(bench, always)
        assert said(bench, prompt) == said(bench, lagging)

    check()
    assert bench.verify() == []


class PartingLedger(MemoryLedger):
    """Remembers how many parts of a record are done."""

    parts = 0


class PartedStage:
    """Implements Stage: each third record takes it three units, and it notes in the ledger how far it is."""

    name = STAGE

    def __init__(self, ledger: PartingLedger) -> None:
        self._ledger = ledger
        self.batches: list[list[int]] = []
        self.on_prepare: Callable[[], None] = lambda: None

    def prepare(self, records: Sequence[Record], _reader: StageReader) -> list[int]:
        self.batches.append([record.position for record in records])
        self.on_prepare()
        return self.batches[-1]

    def apply(self, work: list[int], unit: StageUnit) -> Sequence[Emit] | None:
        if work[0] % 3 == 0 and self._ledger.parts < 2:
            self._ledger.parts += 1
            return None
        self._ledger.parts = 0
        unit.add_counts([(position,) for position in work], [])
        return []


def is_third(record: Record) -> bool:
    return record.position % 3 == 0


def parted(ledger: PartingLedger) -> tuple[PartedStage, Runner]:
    stage = PartedStage(ledger)
    return stage, Runner(Step(stage, EVENTS, CHANGES, alone=is_third), ledger, UnaskedReader(), QuietObserver())


def test_a_record_that_is_alone_is_a_batch_and_the_position_moves_with_its_last_unit() -> None:
    ledger = PartingLedger(7)
    stage, runner = parted(ledger)
    while runner.work_off(0, 100):
        pass
    assert stage.batches == [[1, 2], [3], [3], [3], [4, 5], [6], [6], [6], [7]]
    assert ledger.units == 9
    assert ledger.effects == [1, 2, 3, 4, 5, 6, 7]


def test_spans_with_records_of_their_own_are_cut_as_well() -> None:
    ledger = PartingLedger(7)
    _, runner = parted(ledger)
    assert runner.offer(Span(0, 2, 7, ledger.log[1:])) is Result.DONE
    assert ledger.effects == [1, 2, 3, 4, 5, 6, 7]


def test_a_stage_that_is_stopped_between_two_parts_goes_no_further() -> None:
    ledger = PartingLedger(3, position=2)
    stage, runner = parted(ledger)

    def stop_after_the_first_part() -> None:
        if ledger.parts:
            ledger.stop_stage(stage.name, "a person said so")

    stage.on_prepare = stop_after_the_first_part
    assert runner.work_off(0, 100) == 1
    assert (ledger.position, ledger.effects) == (2, [])
    assert ledger.parts == 1
