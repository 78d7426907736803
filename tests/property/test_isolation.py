"""Partnerships share a ledger, never results: each gets what it would have alone, and no query sees another's rows."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.db.dead_letters import DeadLetterError, discard_dead_letter, list_dead_letters, show_dead_letter
from streams.hosts.embedded import EmbeddedHost
from tests.support.city import Bench
from tests.support.databases import set_up, sqlite_url
from tests.support.events import report
from tests.support.histories import PROPERTY, Fact, Handover, deliveries, histories, note_import
from tests.support.oracle import QUESTIONS, answered, expected, known_as_received
from tests.support.state import state

CITIES = 3
A_WEEK_LATER = datetime(2026, 7, 8, 12, tzinfo=UTC)


@pytest.fixture(params=[1, 3])
def shared(request: pytest.FixtureRequest, empty_url: str) -> Iterator[Bench]:
    """Return a ledger of one or several partitions, for many partnerships."""
    set_up(empty_url, partitions=request.param)
    made = Bench(empty_url)
    yield made
    made.engine.dispose()


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[Bench]:
    """Return a ledger for what a partnership has alone."""
    url = sqlite_url(tmp_path)
    set_up(url)
    made = Bench(url)
    yield made
    made.engine.dispose()


def hand_in(bench: Bench, partnership: int, handover: Handover) -> None:
    bench.hand_in(partnership, *(fact.raw(with_receivedtime=False) for fact in handover.facts))


@st.composite
def shared_deliveries(draw: st.DrawFn) -> list[tuple[int, Handover]]:
    """Return what some cities hand in, interleaved; all use the same sources and ids, for different incidents."""
    queues = [[(city, each) for each in draw(deliveries(draw(histories(most=6))))] for city in range(CITIES)]
    turns = draw(st.permutations([city for city, queue in enumerate(queues) for _ in queue]))
    return [queues[city].pop(0) for city in turns]


def test_interleaved_partnerships_have_what_each_would_have_alone(shared: Bench, lone: Bench) -> None:
    @settings(PROPERTY, max_examples=4)
    @given(shared_deliveries())
    def check(turns: Sequence[tuple[int, Handover]]) -> None:
        together = [shared.partnership() for _ in range(CITIES)]
        alone = [lone.partnership() for _ in range(CITIES)]
        for number, handover in turns:
            hand_in(shared, together[number], handover)
            if handover.drain:
                shared.drain(handover.drain)
        shared.drain()
        for city in range(CITIES):
            for number, handover in turns:
                if number == city:
                    hand_in(lone, alone[city], handover)
            lone.drain()
            assert state(shared, together[city]) == state(lone, alone[city])

    check()
    assert shared.verify() == []


def test_partnerships_that_hand_in_from_threads_while_stages_run_get_their_own_counts(shared: Bench) -> None:
    @settings(PROPERTY, max_examples=4)
    @given(st.data(), st.lists(histories(), min_size=CITIES, max_size=CITIES))
    def check(data: st.DataObject, all_facts: list[list[Fact]]) -> None:
        cities = [shared.partnership() for _ in all_facts]
        ways = [data.draw(deliveries(facts)) for facts in all_facts]
        batches = [note_import(shared, city) for city in cities]
        host = EmbeddedHost(shared.ledger, shared.runners(), lambda: 2)
        stop = threading.Event()

        def feed(number: int) -> None:
            for handover in ways[number]:
                raws = [fact.raw() for fact in handover.facts]
                shared.hand_in(cities[number], *raws, trusted=True, batch=batches[number])

        with ThreadPoolExecutor(CITIES + 1) as threads:
            running = threads.submit(host.run, stop, 0.01)
            try:
                list(threads.map(feed, range(CITIES)))
            finally:
                stop.set()
            running.result()
        host.drain()
        for city, facts in zip(cities, all_facts, strict=True):
            wanted = expected(facts, known_as_received(facts), questions=QUESTIONS)
            assert answered(shared, city, questions=QUESTIONS) == wanted
            assert sum(row.counted for row in shared.loss(city)) == len(facts)

    check()
    assert shared.verify() == []


def test_two_desks_of_one_partnership_take_the_same_events_in_opposite_order_once(shared: Bench) -> None:
    @settings(PROPERTY, max_examples=4)
    @given(histories())
    def check(facts: list[Fact]) -> None:
        city = shared.partnership()
        batch = note_import(shared, city)
        raws = [fact.raw() for fact in facts]

        def feed(events: Sequence[dict[str, object]]) -> None:
            shared.hand_in(city, *events, trusted=True, batch=batch)

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(feed, [raws, raws[::-1]]))
        shared.drain(3)
        assert answered(shared, city) == expected(facts, known_as_received(facts))
        rows = shared.loss(city)
        assert all(row.adds_up for row in rows)
        assert (sum(row.counted for row in rows), sum(row.duplicate for row in rows)) == (len(facts), len(facts))

    check()
    assert shared.verify() == []


def test_no_query_of_one_partnership_sees_a_row_of_another(shared: Bench) -> None:
    mine, other = shared.partnership(), shared.partnership()
    untouched = state(shared, mine)
    past = report("late") | {"receivedtime": "2026-06-30"}
    shared.hand_in(other, past, trusted=True, batch=note_import(shared, other))
    shared.hand_in(other, report("a"), report("a"), report("a", strands=["religion"]))
    shared.drain()
    assert state(shared, mine) == untouched
    assert not any(untouched.values())
    assert shared.rows(mine, "area") == shared.rows(mine, "centre") == []
    assert shared.counts(mine, "area", as_of="2026-06-30").backfills == []
    assert len(shared.counts(other, "area", as_of="2026-06-30").backfills) == 1
    assert list(shared.loss(mine)) == []
    assert list_dead_letters(shared.engine, mine, settled=True) == []
    (letter,) = list_dead_letters(shared.engine, other, settled=True)
    with pytest.raises(DeadLetterError):
        show_dead_letter(shared.engine, mine, letter.number)
    with pytest.raises(DeadLetterError):
        discard_dead_letter(shared.engine, mine, letter.number, "not mine", shared.clock.now_us())


def test_the_same_identity_in_two_partnerships_is_two_events(shared: Bench) -> None:
    cities = [shared.partnership() for _ in range(CITIES)]
    for city, strand in zip(cities, ("race", "religion", "disability"), strict=True):
        shared.hand_in(city, report("a", strands=[strand]))
    shared.drain()
    assert [shared.rows(city, "strand") for city in cities] == [[("race", 1)], [("religion", 1)], [("disability", 1)]]


def test_a_partnership_whose_clock_was_ahead_gives_no_other_its_time(shared: Bench, lone: Bench) -> None:
    states = []
    for bench in (shared, lone):
        cities = [bench.partnership() for _ in range(CITIES if bench is shared else 1)]
        now = bench.clock.now_us()
        for ahead in cities[1:]:
            bench.clock.set(A_WEEK_LATER)
            bench.hand_in(ahead, report("a"))
            bench.drain()
        bench.clock.advance(seconds=(now - bench.clock.now_us()) / 1_000_000)
        bench.hand_in(cities[0], report("a"), report("b"))
        bench.drain()
        states.append((state(bench, cities[0]), recorded_times_of_changes(bench, cities[0])))
    assert states[0] == states[1]


def recorded_times_of_changes(bench: Bench, partnership: int) -> list[int]:
    """Return the recorded times that the log gives to a partnership's changes."""
    partition = bench.ledger.partnership(partnership).partition
    records = bench.ledger.read_log("changes", partition, 1, 1_000_000)
    return [record.recorded_at_us for record in records if record.partnership == partnership]
