"""The workbench: a record that a stage cannot handle is set aside, hinders nothing, and counts once it is mended."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Row, select, update

from infra.db import tables
from infra.db.dead_letters import (
    DeadLetterError,
    Replayer,
    discard_dead_letter,
    list_dead_letters,
    show_dead_letter,
)
from infra.db.engine import transaction
from streams.hosts.clock import clock_jumped
from streams.ports import DeadLetter
from streams.runner import DEAD_LETTER_LIMIT, StoppedError
from streams.stages.intake import Outcome
from tests.support.city import Bench, QuietObserver
from tests.support.events import Raw, amendment, link, report, withdrawal

A, B = ("/centres/test", "a"), ("/centres/test", "b")
W2 = [{"areas": [{"layer": "ward", "code": "W2"}]}]
W3 = [{"areas": [{"layer": "ward", "code": "W3"}]}]
DAY_S = 86_400.0


def corrupt(bench: Bench, id_: str) -> Callable[[], None]:
    """Make an event's body unreadable, as a bad disk or deployment might; return what mends it."""
    table = tables.event

    def write(body: bytes) -> None:
        with transaction(bench.engine, write=True) as connection:
            connection.execute(update(table).where(table.c.id == id_).values(body=body))

    with transaction(bench.engine, write=False) as connection:
        good = bytes(connection.execute(select(table.c.body).where(table.c.id == id_)).scalar_one())
    write(b'{"source": "')
    return lambda: write(good)


def open_letters(bench: Bench, city: int) -> list[Row[Any]]:
    return list_dead_letters(bench.engine, city, settled=False)


def totals(bench: Bench, city: int) -> dict[str, int]:
    """Return the loss ledger summed over hours; each row must add up."""
    sums: Counter[str] = Counter()
    for row in bench.loss(city):
        assert row.adds_up, row
        sums.update({name: getattr(row, name) for name in row._fields[2:]})
    return dict(+sums)


def answers(bench: Bench, city: int) -> list[list[tuple[str | int, ...]]]:
    """Return what is known now and was known at the end of each day so far, by both bases."""
    return [
        bench.rows(city, "area", "day", "strand"),
        bench.rows(city, "area", "day", basis="received"),
        bench.rows(city, "category", "centre", "month"),
        *(bench.rows(city, "area", "day", as_of=f"2026-07-0{day}") for day in range(1, 7)),
    ]


def test_a_poison_record_is_set_aside_with_its_provenance_and_the_others_count(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, *(report(id_) for id_ in "abcde"))
    mend = corrupt(bench, "c")
    assert totals(bench, city) == {"received": 5, "pending": 5}
    observer = QuietObserver()
    bench.drain(observer=observer)
    assert bench.rows(city, "area") == [("W1", "Ward 1", 4)]
    assert totals(bench, city) == {"received": 5, "counted": 4, "quarantined": 1}
    (letter,) = open_letters(bench, city)
    partition = bench.ledger.partnership(city).partition
    assert (letter.stage, letter.topic, letter.partition, letter.position) == ("aggregate", "events", partition, 3)
    assert (letter.source, letter.id, letter.code, letter.state) == ("/centres/test", "c", "poison", "open")
    assert bytes(letter.body) == b'{"source": "'
    assert "DecodeError" in letter.detail
    ((stage, *at, failure),) = observer.set_aside
    assert (stage, *at) == ("aggregate", partition, 3)
    assert failure.startswith("DecodeError at stored.py:")
    assert bench.verify() == []
    mend()
    Replayer(bench.ledger, city).replay(letter.number)
    assert totals(bench, city) == {"received": 5, "counted": 4, "pending": 1}
    bench.drain()
    assert totals(bench, city) == {"received": 5, "counted": 5}
    assert bench.rows(city, "area") == [("W1", "Ward 1", 5)]
    assert bench.verify() == []
    assert open_letters(bench, city) == []
    assert show_dead_letter(bench.engine, city, letter.number).state == "replayed"


def test_a_replay_before_it_is_mended_sets_it_aside_again(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"), report("b"))
    mend = corrupt(bench, "a")
    bench.drain()
    replayer = Replayer(bench.ledger, city)
    replayer.replay(open_letters(bench, city)[0].number)
    bench.drain()
    assert totals(bench, city) == {"received": 2, "counted": 1, "quarantined": 1}
    assert bench.verify() == []
    (second,) = open_letters(bench, city)
    assert second.position == 3
    mend()
    replayer.replay(second.number)
    bench.drain()
    assert totals(bench, city) == {"received": 2, "counted": 2}
    assert bench.rows(city, "area") == [("W1", "Ward 1", 2)]
    assert bench.verify() == []


LATER: list[tuple[str, list[Raw]]] = [
    ("nothing", []),
    ("amended", [amendment("a2", A, 2, places=W2)]),
    ("amended twice", [amendment("a2", A, 2, places=W2), amendment("a3", A, 3, places=W3)]),
    ("withdrawn", [withdrawal("a2", A, 2)]),
    ("linked", [report("b", reported="2026-06-30T08:00:00Z", places=W2), link("l", A, B)]),
    ("linked and unlinked", [report("b"), link("l", A, B), link("u", A, B, linked=False, revision=2)]),
]


@pytest.mark.parametrize(("what", "later"), LATER, ids=[what for what, _ in LATER])
def test_what_came_in_between_comes_to_the_same_as_if_nothing_had_been_wrong(
    bench: Bench, what: str, later: list[Raw]
) -> None:
    spoilt, sound = bench.partnership(), bench.partnership()
    for city in (spoilt, sound):
        bench.hand_in(city, report("a"))
    body = tables.event
    with transaction(bench.engine, write=False) as connection:
        number = connection.execute(
            select(body.c.number)
            .join(tables.source, tables.source.c.number == body.c.source)
            .where(tables.source.c.partnership == spoilt)
        ).scalar_one()
        good = bytes(connection.execute(select(body.c.body).where(body.c.number == number)).scalar_one())
    with transaction(bench.engine, write=True) as connection:
        connection.execute(update(body).where(body.c.number == number).values(body=b"{}"))
    bench.drain()
    for event in later:
        bench.clock.advance(seconds=DAY_S)
        for city in (spoilt, sound):
            assert [each.outcome for each in bench.hand_in(city, event)] == [Outcome.ACCEPTED]
        bench.drain()
    n = 1 + len(later)
    assert totals(bench, spoilt) == {"received": n, "quarantined": 1} | ({"counted": n - 1} if later else {})
    assert bench.verify() == []
    with transaction(bench.engine, write=True) as connection:
        connection.execute(update(body).where(body.c.number == number).values(body=good))
    bench.clock.advance(seconds=DAY_S)
    Replayer(bench.ledger, spoilt).replay(open_letters(bench, spoilt)[0].number)
    bench.drain()
    assert answers(bench, spoilt) == answers(bench, sound)
    assert totals(bench, spoilt) == totals(bench, sound) == {"received": n, "counted": n}
    assert bench.verify() == []


@pytest.mark.parametrize("batch_size", [1, 1_000])
def test_a_poison_record_spoils_nothing_that_came_before_it_about_the_same_incident(
    bench: Bench, batch_size: int
) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"), amendment("a2", A, 2, places=W2), amendment("a3", A, 3, places=W3))
    mend = corrupt(bench, "a3")
    bench.drain(batch_size)
    assert [letter.id for letter in open_letters(bench, city)] == ["a3"]
    assert bench.rows(city, "area") == [("W2", "Ward 2", 1)]
    assert totals(bench, city) == {"received": 3, "counted": 2, "quarantined": 1}
    assert bench.verify() == []
    mend()
    Replayer(bench.ledger, city).replay(open_letters(bench, city)[0].number)
    bench.drain()
    assert bench.rows(city, "area") == [("W3", "Ward 3", 1)]
    assert bench.verify() == []


def test_what_is_discarded_stays_in_the_list_with_the_reason_and_out_of_the_counts(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"), report("b"), report("b", strands=["age"]))
    corrupt(bench, "a")
    bench.drain()
    letters = open_letters(bench, city)
    assert [(letter.stage, letter.code) for letter in letters] == [("intake", "conflict"), ("aggregate", "poison")]
    for letter in letters:
        discard_dead_letter(bench.engine, city, letter.number, "damaged beyond use", bench.clock.now_us())
    assert open_letters(bench, city) == []
    settled = list_dead_letters(bench.engine, city, settled=True)
    assert [(each.state, each.settled_because) for each in settled] == [("discarded", "damaged beyond use")] * 2
    assert totals(bench, city) == {"received": 3, "counted": 1, "quarantined": 2}
    assert bench.rows(city, "area") == [("W1", "Ward 1", 1)]
    # an amendment of what was discarded is a whole incident of its own
    bench.hand_in(city, amendment("a2", A, 2, places=W2))
    bench.drain()
    assert bench.rows(city, "area") == [("W1", "Ward 1", 1), ("W2", "Ward 2", 1)]
    assert totals(bench, city) == {"received": 4, "counted": 2, "quarantined": 2}
    assert bench.verify() == []


def test_what_is_settled_cannot_be_settled_again(bench: Bench) -> None:
    city, other = bench.partnership(), bench.partnership()
    bench.hand_in(city, report("a"), report("b"))
    mend = corrupt(bench, "a")
    bench.drain()
    (letter,) = open_letters(bench, city)
    with pytest.raises(DeadLetterError, match="there is no dead letter"):
        Replayer(bench.ledger, other).replay(letter.number)
    with pytest.raises(DeadLetterError):
        discard_dead_letter(bench.engine, other, letter.number, "not mine", bench.clock.now_us())
    mend()
    replayer = Replayer(bench.ledger, city)
    replayer.replay(letter.number)
    for again in range(2):
        with pytest.raises(DeadLetterError, match="settled already: replayed"):
            replayer.replay(letter.number)
        with pytest.raises(DeadLetterError, match="no open dead letter"):
            discard_dead_letter(bench.engine, city, letter.number, "too late", bench.clock.now_us())
        assert (bench.drain() > 0) == (again == 0)
    assert totals(bench, city) == {"received": 2, "counted": 2}
    assert bench.verify() == []
    with pytest.raises(DeadLetterError, match="there is no dead letter 99"):
        replayer.replay(99)


def test_too_many_dead_letters_stop_the_stage_and_nothing_is_lost(bench: Bench) -> None:
    city = bench.partnership()
    n = DEAD_LETTER_LIMIT + 5
    bench.hand_in(city, *(report(f"r{i}") for i in range(n)))
    with transaction(bench.engine, write=True) as connection:
        connection.execute(update(tables.event).values(body=b"null"))
    observer = QuietObserver()
    with pytest.raises(StoppedError, match="dead letters wait"):
        bench.drain(observer=observer)
    assert [stage for stage, _ in observer.stops] == ["aggregate"]
    assert totals(bench, city) == {"received": n, "quarantined": DEAD_LETTER_LIMIT, "pending": 5}
    bench.hand_in(city, report("later"))
    with pytest.raises(StoppedError, match="dead letters wait"):
        bench.drain()
    assert totals(bench, city) == {"received": n + 1, "quarantined": DEAD_LETTER_LIMIT, "pending": 6}


def test_a_record_that_a_later_stage_could_not_handle_goes_back_to_that_stage(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"))
    partition = bench.ledger.partnership(city).partition
    bench.runners()[0].work_off(partition, 100)
    spoil, mend = b"not changes", bench.ledger.read_log("changes", partition, 1, 1)[0].body
    rewrite(bench, spoil)
    bench.drain()
    (letter,) = open_letters(bench, city)
    assert (letter.stage, letter.topic, letter.position) == ("watch", "changes", 1)
    with transaction(bench.engine, write=True) as connection:
        connection.execute(update(tables.dead_letter).values(body=mend))
    assert Replayer(bench.ledger, city).replay(letter.number) is None
    assert bench.drain() > 0
    assert open_letters(bench, city) == []
    assert totals(bench, city) == {"received": 1, "counted": 1}
    assert bench.verify() == []


def rewrite(bench: Bench, body: bytes) -> None:
    """Spoil the row of changes."""
    with transaction(bench.engine, write=True) as connection:
        connection.execute(update(tables.log).where(tables.log.c.topic == "changes").values(body=body))


def test_a_jump_of_the_clock_is_discarded_and_not_replayed(bench: Bench) -> None:
    city = bench.partnership()
    letter = DeadLetter(city, "clock", "/clock", "", None, clock_jumped(86_400_000_000), None, None)
    (number,) = bench.ledger.intake_unit(lambda unit: unit.quarantine([letter], bench.clock.now_us()), 1)
    with pytest.raises(DeadLetterError, match="then discard it"):
        Replayer(bench.ledger, city).replay(number)
    discard_dead_letter(bench.engine, city, number, "the clock was set right", bench.clock.now_us())
