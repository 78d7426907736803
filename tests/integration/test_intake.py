"""What becomes of what is handed in: identity, duplicates, conflicts, clocks and received times, on both databases."""

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Row, select

from infra.db import tables
from infra.db.dead_letters import Replayer, list_dead_letters, show_dead_letter
from infra.db.engine import transaction
from infra.db.geography import NewArea, import_areas
from schemas import codec
from streams.core.days import day_number, to_us
from streams.stages.intake import Outcome
from tests.support.city import Bench
from tests.support.events import Raw, amendment, context, encoded, link, report, withdrawal

ACCEPTED, DUPLICATE, QUARANTINED = Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.QUARANTINED
A = ("/centres/test", "a")
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def outcomes(bench: Bench, city: int, *events: Raw, trusted: bool = False) -> list[Outcome | None]:
    return [answer.outcome for answer in bench.hand_in(city, *events, trusted=trusted)]


def faults(bench: Bench, city: int, event: Raw, *, trusted: bool = False) -> list[tuple[str, str]]:
    (answer,) = bench.hand_in(city, event, trusted=trusted)
    assert answer.outcome is None or not answer.problems
    return [(problem.code, problem.path) for problem in answer.problems]


def log_rows(bench: Bench, city: int) -> Sequence[Row[Any]]:
    """Return a partnership's rows of the events topic in order, each with the id of its event."""
    log, event = tables.log, tables.event
    with transaction(bench.engine, write=False) as connection:
        return connection.execute(
            select(log, event.c.id)
            .join(event, event.c.number == log.c.event)
            .where(log.c.partnership == city, log.c.topic == "events")
            .order_by(log.c.position)
        ).all()


def totals(bench: Bench, city: int) -> Counter[str]:
    """Return the loss ledger summed over sources and hours, which must add up row by row."""
    sums: Counter[str] = Counter()
    for row in bench.loss(city):
        assert row.adds_up, row
        sums.update({name: getattr(row, name) for name in row._fields[2:]})
    return +sums


def test_one_identity_in_two_partnerships_is_two_events(bench: Bench) -> None:
    one, other = bench.partnership(), bench.partnership()
    assert outcomes(bench, one, report("a")) == [ACCEPTED]
    assert outcomes(bench, other, report("a", strands=["religion"])) == [ACCEPTED]
    assert outcomes(bench, one, report("a")) == [DUPLICATE]
    bench.drain()
    assert bench.rows(one, "strand") == [("race", 1)]
    assert bench.rows(other, "strand") == [("religion", 1)]
    assert totals(bench, one) == {"received": 2, "counted": 1, "duplicate": 1}
    assert totals(bench, other) == {"received": 1, "counted": 1}
    assert bench.verify() == []


def test_two_sources_may_use_the_same_id(bench: Bench) -> None:
    city = bench.partnership()
    assert outcomes(bench, city, report("a"), report("a", source="/centres/other")) == [ACCEPTED, ACCEPTED]
    bench.drain()
    assert bench.rows(city, "centre") == [("/centres/other", 1), ("/centres/test", 1)]


def test_duplicates_within_a_batch_and_across_batches(bench: Bench) -> None:
    city = bench.partnership()
    otherwise = report("a", time="2026-06-30T11:00:00+01:00", reported="2026-06-30T10:00:00+01:00")
    again = report("a") | {"receivedtime": "2026-06-30"}
    assert outcomes(bench, city, report("a"), otherwise, report("b")) == [ACCEPTED, DUPLICATE, ACCEPTED]
    assert outcomes(bench, city, again, report("b"), trusted=True) == [DUPLICATE, DUPLICATE]
    assert totals(bench, city) == {"received": 5, "pending": 2, "duplicate": 3}
    bench.drain()
    assert totals(bench, city) == {"received": 5, "counted": 2, "duplicate": 3}
    assert bench.rows(city, "area") == [("W1", "Ward 1", 2)]
    assert [row.position for row in log_rows(bench, city)] == [1, 2]


def test_a_conflict_is_kept_aside_with_its_bytes_and_changes_nothing(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, report("a"))
    bench.drain()
    before = bench.rows(city, "area", "day", "strand")
    other = report("a", strands=["religion"])
    (answer,) = bench.hand_in(city, other)
    assert answer.outcome is QUARANTINED
    assert [(problem.code, problem.path) for problem in answer.problems] == [("conflict", "id")]
    assert outcomes(bench, city, report("a"), other) == [DUPLICATE, QUARANTINED]
    bench.drain()
    assert bench.rows(city, "area", "day", "strand") == before
    letters = list_dead_letters(bench.engine, city, settled=False)
    assert [(row.stage, row.source, row.id, row.code) for row in letters] == [("intake", *A, "conflict")] * 2
    assert bytes(letters[0].body) == codec.content(codec.validate(other))
    assert totals(bench, city) == {"received": 4, "counted": 1, "duplicate": 1, "quarantined": 2}
    assert Replayer(bench.ledger, city).replay(letters[0].number) is not None
    bench.drain()
    assert bench.rows(city, "area", "day", "strand") == before
    assert totals(bench, city) == {"received": 4, "counted": 1, "duplicate": 1, "quarantined": 2}
    assert bench.verify() == []


def test_within_one_batch_the_first_content_holds(bench: Bench) -> None:
    city = bench.partnership()
    events = [report("a", strands=["age"]), report("a"), report("a", strands=["age"])]
    assert outcomes(bench, city, *events) == [ACCEPTED, QUARANTINED, DUPLICATE]
    bench.drain()
    assert bench.rows(city, "strand") == [("age", 1)]


def test_a_clock_ahead_is_set_aside_and_counted_once_its_time_has_come(bench: Bench) -> None:
    city = bench.partnership()
    events = [report("a", time="2026-07-01T12:10:00Z"), report("b", time="2026-07-01T12:10:00.000001Z"), report("c")]
    answers = bench.hand_in(city, *events)
    assert [answer.outcome for answer in answers] == [ACCEPTED, QUARANTINED, ACCEPTED]
    assert [(problem.code, problem.path) for problem in answers[1].problems] == [("clock-ahead", "time")]
    bench.drain()
    assert totals(bench, city) == {"received": 3, "counted": 2, "quarantined": 1}
    (letter,) = list_dead_letters(bench.engine, city, settled=False)
    replayer = Replayer(bench.ledger, city)
    problem = replayer.replay(letter.number)
    assert problem is not None
    assert problem.code == "clock-ahead"
    assert totals(bench, city) == {"received": 3, "counted": 2, "quarantined": 1}
    bench.clock.advance(seconds=3_600)
    assert replayer.replay(letter.number) is None
    assert totals(bench, city) == {"received": 3, "counted": 2, "pending": 1}
    bench.drain()
    assert totals(bench, city) == {"received": 3, "counted": 3}
    assert bench.rows(city, "area") == [("W1", "Ward 1", 3)]
    assert bench.verify() == []


def test_set_aside_for_its_clock_and_sent_again_mended_it_counts_once(bench: Bench) -> None:
    city = bench.partnership()
    ahead = report("a", time="2026-07-01T13:00:00Z")
    assert outcomes(bench, city, ahead, ahead) == [QUARANTINED, QUARANTINED]
    bench.clock.advance(seconds=7_200)
    assert outcomes(bench, city, ahead) == [ACCEPTED]
    bench.drain()
    first, second = list_dead_letters(bench.engine, city, settled=False)
    replayer = Replayer(bench.ledger, city)
    assert [replayer.replay(letter.number) for letter in (first, second)] == [None, None]
    bench.drain()
    assert show_dead_letter(bench.engine, city, first.number).state == "duplicate"
    assert totals(bench, city) == {"received": 3, "counted": 1, "duplicate": 2}
    assert bench.rows(city, "area") == [("W1", "Ward 1", 1)]
    assert bench.verify() == []


def test_what_happened_cannot_lie_after_it_was_received_by_day_where_either_is_a_date(bench: Bench) -> None:
    city = bench.partnership()

    def found(first: str, received: str | None = None, reported: str = "2026-06-01") -> list[str]:
        event = report(f"{first}-{received}-{reported}", occurred={"from": first}, reported=reported)
        trusted = received is not None
        return [
            path
            for code, path in faults(
                bench, city, event | ({"receivedtime": received} if trusted else {}), trusted=trusted
            )
        ]

    occurred = ["data.occurred.from"]
    # against now, 13:00 on 1 July in London
    assert found("2026-07-01") == []
    assert found("2026-07-02") == occurred
    assert found("2026-07-01T12:00:00Z") == []
    assert found("2026-07-01T12:00:00.000001Z") == occurred
    # received on a date: the day there decides, and summer time makes 23:30Z the next day
    assert found("2026-06-15T22:30:00Z", "2026-06-15") == []
    assert found("2026-06-15T23:30:00Z", "2026-06-15") == occurred
    assert found("2026-06-16", "2026-06-15T23:30:00Z") == []
    assert found("2026-06-16", "2026-06-15T22:30:00Z") == occurred
    assert found("2026-06-15T10:00:00Z", "2026-06-15T09:59:59Z") == occurred
    assert found("2026-06-15", reported="2026-07-02") == ["data.reported"]
    assert found("2026-06-15", "2026-06-20", reported="2026-06-21") == ["data.reported"]


def known_at(bench: Bench, city: int) -> dict[str, tuple[int, int]]:
    """Return id -> (known, recorded)."""
    return {row.id: (row.known_at_us, row.recorded_at_us) for row in log_rows(bench, city)}


def test_a_received_time_is_believed_only_if_trusted_and_never_lies_after_the_recorded_one(bench: Bench) -> None:
    city = bench.partnership()
    claims = {"old": "2026-06-30T15:00:00Z", "day": "2026-06-30", "today": "2026-07-01", "none": None}
    for trusted in (False, True):
        events = [
            report(f"{name}-{trusted}") | ({"receivedtime": claim} if claim else {}) for name, claim in claims.items()
        ]
        assert outcomes(bench, city, *events, trusted=trusted) == [ACCEPTED] * 4
    now = to_us(NOW)
    known = known_at(bench, city)
    assert {name: known[f"{name}-True"][0] for name in claims} == {
        "old": to_us(datetime(2026, 6, 30, 15, tzinfo=UTC)),
        "day": to_us(datetime(2026, 6, 30, 23, tzinfo=UTC)) - 1,  # the last instant of 30 June in London
        "today": now,
        "none": now,
    }
    assert all(known[f"{name}-False"] == (now, now) for name in claims)
    assert all(recorded == now for _, recorded in known.values())
    bench.drain()
    assert bench.rows(city, "day", basis="received") == [("2026-06-30", 2), ("2026-07-01", 6)]


def test_nothing_trusted_was_received_after_now(bench: Bench) -> None:
    city = bench.partnership()
    future = [report("a") | {"receivedtime": claim} for claim in ("2026-07-02", "2026-07-01T12:00:00.000001Z")]
    for event in future:
        assert faults(bench, city, event, trusted=True) == [("received-in-future", "receivedtime")]
    assert faults(bench, city, future[0]) == []


def test_the_recorded_time_never_goes_back_with_the_clock(bench: Bench) -> None:
    city, other = bench.partnership(), bench.partnership()
    for id_, now in (("a", NOW), ("b", NOW.replace(hour=9)), ("c", NOW.replace(hour=11)), ("d", NOW.replace(hour=13))):
        bench.clock.set(now)
        assert outcomes(bench, city, report(id_)) == [ACCEPTED]
    hours = [to_us(NOW.replace(hour=hour)) for hour in (12, 12, 12, 13)]
    assert [row.recorded_at_us for row in log_rows(bench, city)] == hours
    assert [row.known_at_us for row in log_rows(bench, city)] == hours
    # each partnership has a clock of its own
    bench.clock.set(NOW.replace(hour=10))
    bench.hand_in(other, report("a"))
    assert [row.recorded_at_us for row in log_rows(bench, other)] == [to_us(NOW.replace(hour=10))]
    bench.drain()
    assert totals(bench, city) == {"received": 4, "counted": 4}
    assert bench.verify() == []


@pytest.mark.parametrize("content", ["same", "other"])
def test_two_who_hand_in_the_same_ids_in_opposite_order_wait_for_each_other(bench: Bench, content: str) -> None:
    city = bench.partnership()
    ids = [f"r{n}" for n in range(60)]
    strands = {"one": ["race"], "two": ["race"] if content == "same" else ["religion"]}
    together = threading.Barrier(2)
    found: dict[str, list[Outcome | None]] = {}

    def hand_in(name: str, order: list[str]) -> None:
        desk = bench.desk(city)
        found[name] = []
        for start in range(0, len(order), 20):
            batch = encoded(*(report(id_, strands=strands[name]) for id_ in order[start : start + 20]))
            together.wait(30)
            found[name] += [answer.outcome for answer in desk.take(batch, trusted=False)]

    threads = [threading.Thread(target=hand_in, args=each) for each in (("one", ids), ("two", ids[::-1]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    by_id = {id_: {found["one"][n], found["two"][-1 - n]} for n, id_ in enumerate(ids)}
    second = DUPLICATE if content == "same" else QUARANTINED
    assert set(map(frozenset, by_id.values())) == {frozenset({ACCEPTED, second})}
    bench.drain()
    assert sum(row[-1] for row in bench.rows(city, "area") if isinstance(row[-1], int)) == len(ids)
    name = "duplicate" if content == "same" else "quarantined"
    assert totals(bench, city) == {"received": 120, "counted": 60, name: 60}
    assert [row.position for row in log_rows(bench, city)] == list(range(1, 61))
    assert bench.verify() == []


def test_what_a_ledger_cannot_hold_is_refused_and_leaves_no_trace(bench: Bench) -> None:
    city = bench.partnership()
    with transaction(bench.engine, write=True) as connection:
        first, last = (day_number(date(2026, 5, day)) for day in (1, 31))
        import_areas(connection, city, "camp", [NewArea("K1", "Camp One", None, None)], first, last)

    def ward(**named: str) -> Raw:
        return {"areas": [{"layer": "ward", **named}]}

    def camp(day: str) -> Raw:
        return report("a", occurred={"from": day}, places=[{"areas": [{"layer": "camp", "code": "K1"}]}])

    refused: list[tuple[Raw, list[tuple[str, str]]]] = [
        (report("a", strands=["colour"]), [("unknown-strand", "data.strands[0]")]),
        (report("a", strands=["race", "race"]), [("repeated-value", "data.strands")]),
        (report("a", types=["theft", "theft"]), [("repeated-value", "data.types")]),
        (report("a", sub_strands=["anti-muslim"]), [("unknown-sub-strand", "data.sub_strands[0]")]),
        (report("a", places=[ward(code="W9")]), [("unknown-area", "data.places[0].areas[0].code")]),
        (report("a", places=[ward(name="Nowhere")]), [("unknown-area", "data.places[0].areas[0].name")]),
        (report("a", places=[ward(code="W1"), ward(code="W9")]), [("unknown-area", "data.places[1].areas[0].code")]),
        (
            report("a", places=[{"areas": [{"layer": "hamlet", "code": "W1"}]}]),
            [("unknown-layer", "data.places[0].areas[0].layer")],
        ),
        (report("a", places=[{"name": "Warde 1"}]), [("unknown-place", "data.places[0].name")]),
        (camp("2026-04-30"), [("area-not-in-force", "data.places[0].areas[0].code")]),
        (camp("2026-06-01"), [("area-not-in-force", "data.places[0].areas[0].code")]),
        (
            report("a", occurred={"from": "2026-06-03", "to": "2026-06-02"}),
            [("range-backwards", "data.occurred.to")],
        ),
        (report("a", occurred={"ongoing": True}), [("ongoing-with-end", "data.occurred.ongoing")]),
        (
            report("a", occurred={"from": "2026-06-02", "to": "2026-06-03", "ongoing": True}),
            [("ongoing-with-end", "data.occurred.ongoing")],
        ),
        (report("a", occurred={"to": "2026-07-02"}), [("occurred-after-received", "data.occurred.to")]),
        (
            context("a", period={"from": "2026-07-02", "to": "2026-07-31"}),
            [("occurred-after-received", "data.period.from")],
        ),
        (
            report("a", strands=["colour"], reported="2027-01-01"),
            [("reported-after-received", "data.reported"), ("unknown-strand", "data.strands[0]")],
        ),
    ]
    for event, expected in refused:
        assert faults(bench, city, event) == expected
    assert bench.loss(city) == []
    assert log_rows(bench, city) == []
    assert list_dead_letters(bench.engine, city, settled=True) == []
    assert [faults(bench, city, camp(day) | {"id": day}) for day in ("2026-05-01", "2026-05-31")] == [[], []]


def test_a_bad_event_does_not_hinder_the_good_ones_beside_it(bench: Bench) -> None:
    city = bench.partnership()
    raw = encoded(report("a"), report("b", strands=["colour"]), report("c"))
    answers = bench.desk(city).take([b"nonsense", *raw, b"\xff"], trusted=False)
    assert [answer.outcome for answer in answers] == [None, ACCEPTED, None, ACCEPTED, None]
    assert [answer.problems[0].code for answer in answers if answer.problems] == [
        *("malformed-json", "unknown-strand", "malformed-json"),
    ]
    bench.drain()
    assert totals(bench, city) == {"received": 2, "counted": 2}
    assert bench.desk(city).take([], trusted=False) == []


def test_what_is_said_of_an_incident_may_come_before_it_and_only_a_first_version_alone_is_stamped(bench: Bench) -> None:
    city = bench.partnership()
    early = [amendment("a2", A, 2), link("l", A, ("/centres/test", "b")), withdrawal("c2", ("/centres/test", "c"), 2)]
    assert outcomes(bench, city, *early) == [ACCEPTED] * 3
    assert outcomes(bench, city, *(report(id_) for id_ in "abcd")) == [ACCEPTED] * 4
    assert outcomes(bench, city, report("e"), amendment("e2", ("/centres/test", "e"), 2)) == [ACCEPTED] * 2
    stamped = {row.id: row.first for row in log_rows(bench, city)}
    assert stamped == {
        **dict.fromkeys(("a2", "l", "c2", "e2", "a", "b", "c"), False),
        **dict.fromkeys(("d", "e"), True),
    }
    bench.drain()
    assert bench.rows(city) == [(3,)]
    assert totals(bench, city) == {"received": 9, "counted": 9}
    assert bench.verify() == []
