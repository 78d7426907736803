"""Skip, trim and fill: however the log is cut into spans, each record takes effect exactly once and in order."""

from collections.abc import Iterator
from itertools import combinations, pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from infra.db.dead_letters import list_dead_letters
from infra.db.engine import transaction
from schemas.topics import EVENTS
from streams.ports import Record, StoreUnavailableError
from streams.runner import Result, Runner, Span, StoppedError
from tests.support.city import Bench, QuietObserver
from tests.support.events import amendment, link, report
from tests.support.fakes import MemoryLedger, RecordingStage, memory_runner, record
from tests.support.histories import PROPERTY, Fact, histories, note_import, work_off
from tests.support.oracle import QUESTIONS, answered, expected, known_as_received

LONGEST = 8
IN_MEMORY = settings(PROPERTY, max_examples=300)


def up_to(position: int) -> list[int]:
    return list(range(1, position + 1))


def cuts(length: int) -> Iterator[list[tuple[int, int]]]:
    """Return every way of cutting a log into consecutive spans."""
    for size in range(length):
        for ends in combinations(range(1, length), size):
            yield [(first + 1, last) for first, last in pairwise((0, *ends, length))]


def subsets(first: int, last: int) -> Iterator[list[Record]]:
    positions = range(first, last + 1)
    for size in range(len(positions) + 1):
        for chosen in combinations(positions, size):
            yield [record(position) for position in chosen]


def brought(first: int, last: int, wanted: bool) -> list[Record]:
    return [record(position) for position in range(first, last + 1)] if wanted else []


def assert_each_once_in_order(ledger: MemoryLedger, last: int, first: int = 1) -> None:
    assert ledger.position == last
    assert ledger.effects == list(range(first, last + 1))
    assert [emit.recorded_at_us for emit in ledger.emits] == ledger.effects


@pytest.mark.parametrize("with_records", [False, True])
@pytest.mark.parametrize("length", range(1, LONGEST + 1))
def test_every_cut_of_a_log_takes_effect_once_in_order(length: int, with_records: bool) -> None:
    for spans in cuts(length):
        ledger = MemoryLedger(length)
        runner = memory_runner(ledger, RecordingStage())
        for first, last in spans:
            assert runner.offer(Span(0, first, last, brought(first, last, with_records))) is Result.DONE
        assert_each_once_in_order(ledger, length)
        assert ledger.units == len(spans)


@pytest.mark.parametrize("with_records", [False, True])
def test_every_span_at_every_position_is_skipped_trimmed_or_filled(with_records: bool) -> None:
    for position, first, last in product(range(LONGEST + 1), up_to(LONGEST), up_to(LONGEST)):
        if first > last:
            continue
        ledger, stage = MemoryLedger(LONGEST, position), RecordingStage()
        result = memory_runner(ledger, stage).offer(Span(0, first, last, brought(first, last, with_records)))
        if last <= position:
            assert result is Result.SKIPPED
            assert not stage.prepared
            assert ledger.units == 0
        else:
            assert result is Result.DONE
            assert_each_once_in_order(ledger, last, position + 1)


def test_two_spans_in_any_relation_take_effect_once_in_order() -> None:
    spans = list(combinations(range(1, 7), 2)) + [(at, at) for at in range(1, 7)]
    for one, other, with_records in product(spans, spans, [False, True]):
        ledger = MemoryLedger(6)
        runner = memory_runner(ledger, RecordingStage())
        for first, last in (one, other, one):
            runner.offer(Span(0, first, last, brought(first, last, with_records)))
        assert_each_once_in_order(ledger, max(one[1], other[1]))


def test_records_that_a_span_brings_in_part_are_completed_from_the_log() -> None:
    length = 5
    for position, first, last in product(range(length + 1), up_to(length), up_to(length)):
        for part in subsets(first, last) if first <= last else ():
            ledger = MemoryLedger(length, position)
            memory_runner(ledger, RecordingStage()).offer(Span(0, first, last, part))
            assert_each_once_in_order(ledger, max(last, position), position + 1)


@IN_MEMORY
@given(st.data())
def test_any_spans_offered_to_any_of_several_workers_take_effect_once_in_order(data: st.DataObject) -> None:
    length = data.draw(st.integers(1, 40))
    ledger = MemoryLedger(length)
    runners = [memory_runner(ledger, RecordingStage()) for _ in range(3)]
    furthest = 0
    for _ in range(data.draw(st.integers(1, 12))):
        first = data.draw(st.integers(1, length))
        last = data.draw(st.integers(first, length))
        records = [record(position) for position in data.draw(st.lists(st.integers(first, last)))]
        before = ledger.position
        result = data.draw(st.sampled_from(runners)).offer(Span(0, first, last, records))
        assert result is (Result.DONE if last > before else Result.SKIPPED)
        furthest = max(furthest, last)
        assert_each_once_in_order(ledger, furthest)
    while runners[0].work_off(0, data.draw(st.integers(1, 7))):
        pass
    assert_each_once_in_order(ledger, length)


def test_a_span_beyond_the_log_waits_for_what_is_missing() -> None:
    ledger = MemoryLedger(3)
    runner = memory_runner(ledger, RecordingStage())
    assert runner.offer(Span(0, 2, 5)) is Result.DONE
    assert_each_once_in_order(ledger, 3)
    assert runner.offer(Span(0, 6, 6, [record(6)])) is Result.SKIPPED
    assert_each_once_in_order(ledger, 3)


@pytest.mark.parametrize("moved_to", range(1, 6))
@pytest.mark.parametrize("with_records", [False, True])
def test_a_zombie_writes_nothing_of_what_it_computed_before_the_position_moved(
    moved_to: int, with_records: bool
) -> None:
    ledger = MemoryLedger(5)
    other, zombie = memory_runner(ledger, RecordingStage()), RecordingStage()

    def overtake() -> None:
        zombie.on_prepare = lambda: None
        other.offer(Span(0, 1, moved_to))

    zombie.on_prepare = overtake
    result = memory_runner(ledger, zombie).offer(Span(0, 1, 4, brought(1, 4, with_records)))
    assert result is (Result.DONE if moved_to < 4 else Result.SKIPPED)
    assert_each_once_in_order(ledger, max(moved_to, 4))


def test_two_workers_that_overtake_each_other_at_every_step_do_each_record_once() -> None:
    ledger = MemoryLedger(12)
    other = memory_runner(ledger, RecordingStage())
    stage = RecordingStage()

    def overtake() -> None:
        other.offer(Span(0, ledger.position + 1, ledger.position + 1))

    stage.on_prepare = overtake
    memory_runner(ledger, stage).offer(Span(0, 1, 12))
    assert_each_once_in_order(ledger, 12)


def test_a_stopped_stage_takes_nothing() -> None:
    ledger, stage = MemoryLedger(5), RecordingStage()
    ledger.stop_stage(stage.name, "a person said so")
    runner = memory_runner(ledger, stage)
    assert runner.offer(Span(0, 1, 3, brought(1, 3, True))) is Result.STOPPED
    with pytest.raises(StoppedError, match="a person said so"):
        runner.work_off(0, 10)
    assert (ledger.position, ledger.effects, stage.prepared) == (0, [], {})


def test_a_stage_stopped_while_a_worker_computes_takes_nothing() -> None:
    ledger, stage = MemoryLedger(5), RecordingStage()
    stage.on_prepare = lambda: ledger.stop_stage(stage.name, "a person said so")
    assert memory_runner(ledger, stage).offer(Span(0, 1, 3)) is Result.STOPPED
    assert (ledger.position, ledger.effects) == (0, [])


@pytest.mark.parametrize("found_under_the_fence", [False, True])
def test_poison_records_are_set_aside_wherever_they_are_and_spoil_no_other(found_under_the_fence: bool) -> None:
    for size in range(7):
        for poisoned in combinations(up_to(6), size):
            for spans in ([(1, 6)], [(1, 2), (3, 6)], [(4, 5), (1, 6)]):
                ledger = MemoryLedger(6)
                poison: frozenset[int] = frozenset(poisoned)
                stage = (
                    RecordingStage(poison_in_apply=poison) if found_under_the_fence else RecordingStage(poison=poison)
                )
                runner = memory_runner(ledger, stage)
                for first, last in spans:
                    runner.offer(Span(0, first, last))
                assert ledger.effects == [at for at in up_to(6) if at not in poisoned]
                assert [letter.position for letter in ledger.letters] == list(poisoned)
                assert ledger.position == 6


def test_one_bad_record_among_five_hundred_is_set_aside_with_where_it_came_from() -> None:
    ledger = MemoryLedger(500)
    memory_runner(ledger, RecordingStage(poison=frozenset({250}))).offer(Span(0, 1, 500))
    assert ledger.effects == [at for at in up_to(500) if at != 250]
    (letter,) = ledger.letters
    assert (letter.stage, letter.topic, letter.partition, letter.position, letter.event) == (
        *("recording", EVENTS.name, 0, 250, 250),
    )
    assert letter.body == b"250"
    assert letter.problem.code == "poison"


def test_at_the_limit_of_dead_letters_the_stage_stops_for_all_workers() -> None:
    ledger = MemoryLedger(9)
    stage = RecordingStage(poison=frozenset({2, 4, 6, 8}))
    with pytest.raises(StoppedError):
        memory_runner(ledger, stage, dead_letter_limit=3).offer(Span(0, 1, 9))
    assert ledger.effects == [1, 3, 5]
    assert [letter.position for letter in ledger.letters] == [2, 4, 6]
    assert ledger.stopped_because is not None
    other = memory_runner(ledger, RecordingStage(), dead_letter_limit=3)
    assert other.offer(Span(0, 1, 9)) is Result.STOPPED
    with pytest.raises(StoppedError, match="3 dead letters"):
        other.work_off(0, 9)
    assert ledger.position == 6


def test_a_store_that_is_away_costs_no_record() -> None:
    ledger, stage = MemoryLedger(6), RecordingStage()
    runner = memory_runner(ledger, stage)

    def away() -> None:
        raise StoreUnavailableError("store-unreachable", "the database does not answer")

    ledger.before_unit = away
    with pytest.raises(StoreUnavailableError):
        runner.offer(Span(0, 1, 6))
    assert (ledger.position, ledger.effects, ledger.letters) == (0, [], [])
    ledger.before_unit = lambda: None
    assert runner.offer(Span(0, 1, 6)) is Result.DONE
    assert_each_once_in_order(ledger, 6)


def test_any_spans_of_a_real_log_give_the_counts_of_the_set(bench: Bench) -> None:
    @settings(PROPERTY, max_examples=15)
    @given(st.data(), histories())
    def check(data: st.DataObject, facts: list[Fact]) -> None:
        city = bench.partnership()
        partition = bench.ledger.partnership(city).partition
        before = bench.ledger.heads(EVENTS.name)[partition]
        batch = note_import(bench, city)
        bench.hand_in(city, *(fact.raw() for fact in facts), trusted=True, batch=batch)
        runners = [*bench.runners(), *bench.runners()]
        for _ in range(data.draw(st.integers(0, 6))):
            first = data.draw(st.integers(1, len(facts)))
            last = data.draw(st.integers(first, len(facts)))
            span = (partition, before + first, before + last)
            known = bench.ledger.read_log(EVENTS.name, *span)
            start = data.draw(st.integers(0, len(known)))
            data.draw(st.sampled_from(runners)).offer(Span(*span, known[start:]))
        work_off(bench, city, 4)
        assert answered(bench, city, questions=QUESTIONS) == expected(
            facts, known_as_received(facts), questions=QUESTIONS
        )

    check()
    assert bench.verify() == []


def test_a_damaged_event_is_set_aside_and_those_about_the_same_incident_still_count(bench: Bench) -> None:
    city = bench.partnership()
    a, b = ("/centres/test", "a"), ("/centres/test", "b")
    moved = [{"areas": [{"layer": "ward", "code": "W2"}]}]
    bench.hand_in(
        city,
        *(report("a"), report("b"), link("l", a, b), amendment("bad", a, 2)),
        *(amendment("good", a, 3, places=moved), report("c")),
    )
    with transaction(bench.engine, write=True) as connection:
        connection.execute(text("UPDATE event SET body = :body WHERE id = 'bad'"), {"body": b"not an event"})
    told = QuietObserver()
    work_off(bench, city, observer=told)
    assert bench.rows(city, "area") == [("W1", "Ward 1", 1), ("W2", "Ward 2", 1)]
    assert [stage for stage, *_ in told.set_aside] == ["aggregate"]
    (letter,) = list_dead_letters(bench.engine, city, settled=False)
    assert (letter.stage, letter.source, letter.id, letter.code) == ("aggregate", "/centres/test", "bad", "poison")
    (row,) = bench.loss(city)
    assert (row.received, row.counted, row.quarantined, row.pending) == (6, 5, 1, 0)
    assert bench.verify() == []


def test_dead_letters_at_the_limit_stop_the_stage_of_a_real_ledger_for_all_workers(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, *(report(f"r{number}") for number in range(6)))
    with transaction(bench.engine, write=True) as connection:
        connection.execute(text("UPDATE event SET body = :body WHERE id IN ('r1', 'r3')"), {"body": b"not an event"})
    partition = bench.ledger.partnership(city).partition
    first = bench.runners()[0]
    stopping = Runner(first.step, bench.ledger, bench.ledger, QuietObserver(), dead_letter_limit=2)
    with pytest.raises(StoppedError):
        stopping.work_off(partition, 100)
    with pytest.raises(StoppedError, match="2 dead letters"):
        first.work_off(partition, 100)
    assert bench.rows(city, "area") == [("W1", "Ward 1", 2)]
    (row,) = bench.loss(city)
    assert (row.received, row.counted, row.quarantined, row.pending) == (6, 2, 2, 2)
    assert bench.verify() == []
