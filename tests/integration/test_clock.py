"""The live clock: ticks for whoever has reports, and stands still where the ledger's clock cannot be believed."""

import pytest

from infra.db.dead_letters import list_dead_letters
from infra.db.engine import transaction
from infra.db.freshness import read_freshness
from infra.db.replaying import ReplayError, begin_replay, end_replay
from schemas.codec import decode, decode_changes
from schemas.events import CLOCK_TICKED
from schemas.topics import CHANGES, EVENTS
from streams.core.freshness import UNKNOWN_AFTER_US, freshness
from streams.hosts.clock import JUMP_US, LiveClock
from tests.support.city import Bench
from tests.support.events import report

MINUTE_US = 60_000_000


class Monotonic:
    """A clock that only goes forwards, and by itself not at all."""

    def __init__(self) -> None:
        self.us = 0

    def __call__(self) -> int:
        return self.us


def made(bench: Bench) -> tuple[LiveClock, Monotonic]:
    steady = Monotonic()
    return LiveClock(bench.ledger, steady), steady


def pass_time(bench: Bench, steady: Monotonic, seconds: float) -> None:
    bench.clock.advance(seconds=seconds)
    steady.us += int(seconds * 1_000_000)


def ticks(bench: Bench, partnership: int) -> list[int]:
    """Return the instants of all ticks of a partnership, as the log has them."""
    partition = bench.ledger.partnership(partnership).partition
    records = bench.ledger.read_log(EVENTS.name, partition, 1, 1_000)
    return [
        record.recorded_at_us
        for record in records
        if record.partnership == partnership and decode(record.body).type == CLOCK_TICKED
    ]


def test_only_partnerships_that_have_had_a_report_have_a_clock(bench: Bench) -> None:
    quiet, busy = bench.partnership(), bench.partnership()
    clock, steady = made(bench)
    assert clock.tick() == 0
    bench.hand_in(busy, report("a"))
    pass_time(bench, steady, 60)
    assert clock.tick() == 1
    assert (ticks(bench, quiet), ticks(bench, busy)) == ([], [bench.clock.now_us()])


def test_a_tick_is_no_event_that_anybody_sent(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"))
    clock, steady = made(bench)
    pass_time(bench, steady, 60)
    clock.tick()
    bench.drain()
    assert sum(row.received for row in bench.loss(city)) == 1
    assert all(row.adds_up for row in bench.loss(city))
    assert bench.verify() == []
    assert bench.rows(city, "area") == [("W1", "Ward 1", 1)]


@pytest.mark.parametrize(("jumped_s", "said"), [(86_400, "1440 minutes ahead of"), (-3_600, "60 minutes behind")])
def test_a_clock_that_jumps_is_set_aside_by_name_and_moves_nobody(bench: Bench, jumped_s: int, said: str) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"))
    clock, steady = made(bench)
    pass_time(bench, steady, 60)
    clock.tick()
    before = ticks(bench, city)
    bench.clock.advance(seconds=jumped_s)
    for _ in range(3):
        pass_time(bench, steady, 60)
        assert clock.tick() == 0
    assert ticks(bench, city) == before
    (letter,) = list_dead_letters(bench.engine, city, settled=False)
    assert (letter.stage, letter.code) == ("clock", "clock-jumped")
    assert said in letter.detail
    bench.clock.advance(seconds=-jumped_s)
    pass_time(bench, steady, 60)
    assert clock.tick() == 1, "a clock that is set right is believed at once"


def test_downtime_is_no_jump(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"))
    made(bench)
    bench.clock.advance(seconds=7 * 86_400)
    again, _ = made(bench)
    assert again.tick() == 1
    assert list_dead_letters(bench.engine, city, settled=False) == []


def test_a_clock_that_drifts_a_little_is_followed(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"))
    clock, steady = made(bench)
    for _ in range(10):
        steady.us += MINUTE_US
        bench.clock.advance(seconds=60 + JUMP_US / 1_000_000 - 1)
        assert clock.tick() == 1


def test_a_replay_owns_the_clock_until_it_ends(bench: Bench) -> None:
    city = bench.partnership()
    with transaction(bench.engine, write=True) as connection:
        assert not begin_replay(connection, city, "a file")
        assert begin_replay(connection, city, "a file"), "the same file goes on where it was"
        with pytest.raises(ReplayError, match="another file"):
            begin_replay(connection, city, "another file")
    bench.hand_in(city, report("a"))
    clock, _ = made(bench)
    assert clock.tick() == 0
    with transaction(bench.engine, write=True) as connection:
        end_replay(connection, city)
        with pytest.raises(ReplayError, match="holds reports"):
            begin_replay(connection, city, "a file")
    assert clock.tick() == 1


def test_time_is_played_as_it_was_with_ticks_in_between(bench: Bench) -> None:
    city = bench.partnership()
    bench.clock.set_us(0)
    events = [
        report(name, time=time, occurred={"from": time}, reported=time)
        for name, time in (("a", "2020-01-01T10:00:00Z"), ("b", "2020-01-01T12:30:00Z"))
    ]
    eleven, noon, one = (1_577_876_400_000_000 + hours * 3_600_000_000 for hours in range(3))
    bench.play(city, events, [eleven, noon, one])
    partition = bench.ledger.partnership(city).partition
    records = bench.ledger.read_log(EVENTS.name, partition, 1, 100)
    half_past = noon + 30 * MINUTE_US
    assert [record.recorded_at_us for record in records] == [eleven - 60 * MINUTE_US, eleven, noon, half_past, one]
    bench.play(city, events, [eleven, noon, one])
    assert len(bench.ledger.read_log(EVENTS.name, partition, 1, 100)) == len(records), "played twice, it is there once"
    bench.drain()
    changes = [
        change for row in bench.ledger.read_log(CHANGES.name, partition, 1, 100) for change in decode_changes(row.body)
    ]
    assert [change.recorded_at_us for change in changes] == [eleven - 60 * MINUTE_US, noon, half_past, one]
    assert all(row.adds_up for row in bench.loss(city))
    assert bench.rows(city, "area", as_of="2020-01-01") == bench.rows(city, "area")


def test_a_partnership_nobody_has_ticked_for_is_unknown(bench: Bench) -> None:
    city = bench.partnership()
    with transaction(bench.engine, write=False) as connection:
        assert read_freshness(connection, bench.clock.now_us())[city].lag_us is None
    bench.hand_in(city, report("a"))
    bench.tick(city)
    bench.drain()
    with transaction(bench.engine, write=False) as connection:
        fresh = read_freshness(connection, bench.clock.now_us() + UNKNOWN_AFTER_US)
        stale = read_freshness(connection, bench.clock.now_us() + UNKNOWN_AFTER_US + 1)
    assert (fresh[city].is_unknown, stale[city].is_unknown) == (False, True)


def test_the_slowest_stage_says_how_fresh_the_picture_is() -> None:
    now = 100 * MINUTE_US
    assert freshness(now, now, [now, now - MINUTE_US], live=True).lag_us == MINUTE_US
    assert freshness(now, now, [now, None], live=True).is_unknown
    assert freshness(now, now, [None], live=False).lag_us is None
    assert freshness(now - 1, now, [now], live=True).lag_us == 0, "a stage's clock may be ahead of this machine's"
