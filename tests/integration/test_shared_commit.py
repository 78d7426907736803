"""Callers who share a commit each get their own answers."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest
from sqlalchemy import text

from infra.db.engine import transaction
from streams.hosts.desk import Answer, IntakeDesk, Read, read
from streams.hosts.shared_commit import SharedCommit
from streams.ports import StoreUnavailableError
from streams.stages.intake import Outcome
from tests.support.city import Bench
from tests.support.events import encoded, report

ANSWER_TIMEOUT_S = 30.0


class HeldDesk:
    """A desk that waits until it may go on, and fails over one event for a fault of ours."""

    def __init__(self) -> None:
        self.units: list[list[str]] = []
        self.came, self.may_go_on = threading.Event(), threading.Event()

    def take_read(self, events: Sequence[Read], *, trusted: bool, import_batch: int | None = None) -> list[Answer]:
        ids = [event.id for event in events if not isinstance(event, tuple)]
        self.units.append(ids)
        self.came.set()
        assert self.may_go_on.wait(ANSWER_TIMEOUT_S)
        if "poison" in ids:
            raise ZeroDivisionError
        return [Answer(Outcome.ACCEPTED) for _ in ids]


def test_each_of_many_callers_hears_of_its_own_events(bench: Bench) -> None:
    city = bench.partnership()
    shared = SharedCommit(bench.desk(city))

    def hand_in(caller: int) -> list[Outcome | None]:
        events = encoded(report(f"own-{caller}"), report("same"), report(f"bad-{caller}", strands=["nothing"]))
        return [answer.outcome for answer in shared.take(events, ANSWER_TIMEOUT_S)]

    with ThreadPoolExecutor(8) as callers:
        outcomes = list(callers.map(hand_in, range(24)))
    shared.close()
    assert [own for own, _, _ in outcomes] == [Outcome.ACCEPTED] * 24
    assert sorted(same for _, same, _ in outcomes if same is not None) == [Outcome.ACCEPTED] + [Outcome.DUPLICATE] * 23
    assert [bad for _, _, bad in outcomes] == [None] * 24
    bench.drain()
    assert bench.rows(city, "strand") == [("race", 25)]


def test_a_failure_is_heard_by_whoever_waits_and_the_next_is_served(bench: Bench) -> None:
    shared = SharedCommit(bench.desk(bench.partnership()))
    with transaction(bench.engine, write=True) as connection:
        connection.execute(text("ALTER TABLE arrival RENAME TO away"))
    with pytest.raises(StoreUnavailableError, match="store-schema"):
        shared.take(encoded(report("a")), ANSWER_TIMEOUT_S)
    with transaction(bench.engine, write=True) as connection:
        connection.execute(text("ALTER TABLE away RENAME TO arrival"))
    (answer,) = shared.take(encoded(report("a")), ANSWER_TIMEOUT_S)
    shared.close()
    assert answer.outcome is Outcome.ACCEPTED


def test_what_waits_together_is_taken_together_and_one_that_we_cannot_take_hinders_no_other() -> None:
    desk = HeldDesk()
    shared = SharedCommit(cast("IntakeDesk", desk))
    answers = [shared.hand_in([read(raw) for raw in encoded(report("first"))])]
    assert desk.came.wait(ANSWER_TIMEOUT_S)
    answers += [shared.hand_in([read(raw) for raw in encoded(report(id_))]) for id_ in ("a", "poison", "b")]
    assert not any(answer.done() for answer in answers)
    desk.may_go_on.set()
    shared.close()
    assert desk.units == [["first"], ["a", "poison", "b"], ["a"], ["poison"], ["b"]]
    assert [type(answer.exception()) for answer in answers] == [type(None), type(None), ZeroDivisionError, type(None)]


def test_who_stops_waiting_changes_nothing(bench: Bench) -> None:
    city = bench.partnership()
    shared = SharedCommit(bench.desk(city))
    answer = shared.hand_in([read(raw) for raw in encoded(report("a"))])
    assert not answer.cancel()
    shared.close()
    bench.drain()
    assert bench.rows(city, "strand") == [("race", 1)]
