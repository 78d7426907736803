"""A process may die between any two steps; whoever comes next brings about what an undisturbed run would have."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.db.ledger import SqlLedger
from streams.hosts.desk import IntakeDesk
from streams.ports import Observer
from streams.runner import Runner
from streams.stages.intake import Outcome
from streams.topology import TOPOLOGY
from tests.support.city import Bench, QuietObserver
from tests.support.events import Raw, amendment, encoded, link, report, withdrawal
from tests.support.fakes import Crash, DyingLedger, DyingObserver
from tests.support.histories import PROPERTY, Fact, histories, note_import
from tests.support.oracle import answered, expected, known_as_received
from tests.support.state import state

A, B = ("/centres/test", "a"), ("/centres/test", "b")
STEPS = ["prepared", "fenced", "applied", "stored", "emitted", "committed"]
HISTORY: list[Raw] = [
    report("a"),
    amendment("a2", A, 2, places=[{"areas": [{"layer": "ward", "code": "W2"}]}], strands=["religion"]),
    report("b", reported="2026-06-30T08:00:00Z"),
    link("l", A, B),
    withdrawal("b2", B, 2),
    link("u", A, B, linked=False, revision=2),
    report("c", places=[]),
]


def new_worker(bench: Bench, partnership: int, limit: int, observer: Observer) -> None:
    """Work a partition off as a process does that has just begun, and knows nothing."""
    ledger = SqlLedger(bench.engine, bench.clock)
    ledger.refresh()
    runner = Runner(TOPOLOGY[0], ledger, ledger, observer)
    while runner.work_off(ledger.partnership(partnership).partition, limit):
        pass


def assert_exact(bench: Bench, partnership: int, counted: int) -> None:
    rows = bench.loss(partnership)
    assert all(row.adds_up for row in rows)
    assert (sum(row.received for row in rows), sum(row.counted for row in rows)) == (counted, counted)


@pytest.mark.parametrize("limit", [2, 100])
def test_a_worker_that_dies_after_any_step_of_any_batch_changes_nothing(bench: Bench, limit: int) -> None:
    undisturbed = bench.partnership()
    bench.hand_in(undisturbed, *HISTORY)
    counting = DyingObserver(None)
    new_worker(bench, undisturbed, limit, counting)
    batches = -(-len(HISTORY) // limit)
    assert [step for _, _, step in counting.steps] == STEPS * batches
    for last_step in range(1, len(counting.steps) + 1):
        city = bench.partnership()
        bench.hand_in(city, *HISTORY)
        with pytest.raises(Crash):
            new_worker(bench, city, limit, DyingObserver(last_step))
        new_worker(bench, city, limit, QuietObserver())
        assert state(bench, city) == state(bench, undisturbed)
        assert_exact(bench, city, len(HISTORY))
    assert bench.verify() == []


def test_workers_that_die_again_and_again_change_nothing(bench: Bench) -> None:
    @settings(PROPERTY, max_examples=10)
    @given(histories(), st.lists(st.tuples(st.integers(1, 4), st.integers(1, 14)), min_size=1, max_size=5))
    def check(facts: list[Fact], deaths: Sequence[tuple[int, int]]) -> None:
        city = bench.partnership()
        batch = note_import(bench, city)
        bench.hand_in(city, *(fact.raw() for fact in facts), trusted=True, batch=batch)
        for limit, last_step in deaths:
            try:
                new_worker(bench, city, limit, DyingObserver(last_step))
            except Crash:
                continue
        new_worker(bench, city, 100, QuietObserver())
        assert answered(bench, city) == expected(facts, known_as_received(facts))
        assert_exact(bench, city, len(facts))

    check()
    assert bench.verify() == []


@pytest.mark.parametrize("dies_after", range(9))
def test_a_desk_that_dies_within_its_unit_has_taken_nothing_and_all_can_be_sent_again(
    bench: Bench, dies_after: int
) -> None:
    city = bench.partnership()
    batch = note_import(bench, city)
    events = encoded(
        *(event | {"receivedtime": "2026-06-30"} for event in HISTORY),
        report("a", strands=["disability"]),
    )
    dying = DyingLedger(bench.engine, bench.clock)
    dying.dies_after = dies_after
    with pytest.raises(Crash):
        IntakeDesk(dying, city).take(events, trusted=True, import_batch=batch)
    untouched = state(bench, city)
    assert not any(untouched.values()), untouched
    assert bench.counts(city, "area", as_of="2026-06-30").backfills == []
    answers = bench.desk(city).take(events, trusted=True, import_batch=batch)
    assert [answer.outcome for answer in answers] == [Outcome.ACCEPTED] * len(HISTORY) + [Outcome.QUARANTINED]
    new_worker(bench, city, 100, QuietObserver())
    (row,) = bench.loss(city)
    assert (row.received, row.counted, row.quarantined, row.pending) == (len(HISTORY) + 1, len(HISTORY), 1, 0)
    assert bench.rows(city, "area") == [("W2", "Ward 2", 1)]
    assert bench.verify() == []
