"""Whatever the order, repetition and batching in which a set of events arrives, the counts are those of the set."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from streams.stages.intake import Outcome
from tests.support.city import Bench
from tests.support.histories import (
    PROPERTY,
    RECEIVED_DAYS,
    Fact,
    Handover,
    deliveries,
    histories,
    note_import,
    work_off,
)
from tests.support.oracle import QUESTIONS, answered, expected, known_as_received
from tests.support.state import least_cell


def arrive(bench: Bench, partnership: int, handovers: Sequence[Handover]) -> None:
    """Hand a history in as an import does, the stage at work in between; no cell may ever be negative."""
    batch = note_import(bench, partnership)
    for handover in handovers:
        raws = [fact.raw() for fact in handover.facts]
        answers = bench.hand_in(partnership, *raws, trusted=True, batch=batch)
        assert {answer.outcome for answer in answers} <= {Outcome.ACCEPTED, Outcome.DUPLICATE}, answers
        if handover.drain:
            work_off(bench, partnership, handover.drain)
            assert least_cell(bench, partnership) >= 0
    work_off(bench, partnership)
    assert least_cell(bench, partnership) >= 0


def test_any_order_duplication_and_batching_gives_the_counts_of_the_set(bench: Bench) -> None:
    @PROPERTY
    @given(st.data(), histories())
    def check(data: st.DataObject, facts: list[Fact]) -> None:
        known = known_as_received(facts)
        for _ in range(2):
            city = bench.partnership()
            arrive(bench, city, data.draw(deliveries(facts)))
            assert answered(bench, city, questions=QUESTIONS) == expected(facts, known, questions=QUESTIONS)
            day = data.draw(st.sampled_from(RECEIVED_DAYS))
            assert answered(bench, city, day) == expected(facts, known, day)
            (received, counted, duplicate) = (
                sum(getattr(row, column) for row in bench.loss(city)) for column in ("received", "counted", "duplicate")
            )
            assert (counted, received - duplicate) == (len(facts), len(facts))

    check()
    assert bench.verify() == []
