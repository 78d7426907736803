"""Callers who share a commit each get their own answers."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from infra.db.engine import transaction
from streams.hosts.shared_commit import SharedCommit
from streams.ports import StoreUnavailableError
from streams.stages.intake import Outcome
from tests.support.city import Bench
from tests.support.events import encoded, report

ANSWER_TIMEOUT_S = 30.0


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
