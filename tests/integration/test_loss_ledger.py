"""The loss ledger: by source and hour, all that was received is counted, a duplicate, quarantined or pending."""

from datetime import UTC, datetime

from infra.db.dead_letters import Replayer, list_dead_letters
from tests.support.city import Bench
from tests.support.events import amendment, context, link, report, withdrawal

A, B = ("/centres/test", "a"), ("/centres/test", "b")


def rows(bench: Bench, city: int) -> list[tuple[str | int, ...]]:
    """Return (source, hour, received, counted, duplicate, quarantined, pending); each row must add up."""
    found = bench.loss(city)
    assert all(row.adds_up for row in found)
    return [tuple(row) for row in found]


def test_everything_received_is_pending_until_it_is_counted(bench: Bench) -> None:
    city = bench.partnership()
    assert rows(bench, city) == []
    bench.hand_in(city, report("a"), report("b"), report("a"), report("b", strands=["age"]), context("c"))
    centre, police = ("/centres/test", "2026-07-01T12:00Z"), ("/police-uk/test", "2026-07-01T12:00Z")
    assert rows(bench, city) == [(*centre, 4, 0, 1, 1, 2), (*police, 1, 0, 0, 0, 1)]
    bench.drain()
    assert rows(bench, city) == [(*centre, 4, 2, 1, 1, 0), (*police, 1, 1, 0, 0, 0)]


def test_counted_means_applied_whatever_it_changed(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"), report("b"), link("l", A, B), withdrawal("a2", A, 2), amendment("b2", B, 2))
    bench.drain()
    assert rows(bench, city) == [("/centres/test", "2026-07-01T12:00Z", 5, 5, 0, 0, 0)]
    assert bench.rows(city) == [(1,)]


def test_a_row_is_of_the_hour_of_arrival_whatever_time_was_claimed(bench: Bench) -> None:
    city = bench.partnership()
    claimed = report("a", occurred={"from": "2026-01-01"}, reported="2026-01-02") | {"receivedtime": "2026-01-03"}
    bench.hand_in(city, claimed, trusted=True)
    bench.clock.set(datetime(2026, 7, 1, 12, 59, 59, 999_999, UTC))
    bench.hand_in(city, report("b"))
    bench.clock.set(datetime(2026, 7, 1, 13, tzinfo=UTC))
    bench.hand_in(city, report("c"), report("a", occurred={"from": "2026-01-01"}, reported="2026-01-02"))
    bench.drain()
    assert rows(bench, city) == [
        ("/centres/test", "2026-07-01T12:00Z", 2, 2, 0, 0, 0),
        ("/centres/test", "2026-07-01T13:00Z", 2, 1, 1, 0, 0),
    ]


def test_a_replay_stays_in_the_hour_in_which_the_event_came(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a", time="2026-07-01T12:30:00Z"), report("b"))
    bench.drain()
    row = ("/centres/test", "2026-07-01T12:00Z")
    assert rows(bench, city) == [(*row, 2, 1, 0, 1, 0)]
    bench.clock.advance(seconds=7_200)
    (letter,) = list_dead_letters(bench.engine, city, settled=False)
    assert Replayer(bench.ledger, city).replay(letter.number) is None
    assert rows(bench, city) == [(*row, 2, 1, 0, 0, 1)]
    bench.drain()
    assert rows(bench, city) == [(*row, 2, 2, 0, 0, 0)]


def test_what_is_refused_was_never_received(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a", strands=["colour"]), report("b"))
    bench.drain()
    assert rows(bench, city) == [("/centres/test", "2026-07-01T12:00Z", 1, 1, 0, 0, 0)]


def test_each_partnership_has_a_ledger_of_its_own_though_they_share_a_log(bench: Bench) -> None:
    one, other = bench.partnership(), bench.partnership()
    bench.hand_in(one, report("a"), report("a"))
    bench.hand_in(other, report("a"), report("b"), report("c", source="/centres/second"))
    bench.drain()
    bench.hand_in(other, report("d"))
    hour = "2026-07-01T12:00Z"
    assert rows(bench, one) == [("/centres/test", hour, 2, 1, 1, 0, 0)]
    assert rows(bench, other) == [("/centres/second", hour, 1, 1, 0, 0, 0), ("/centres/test", hour, 3, 2, 0, 0, 1)]
