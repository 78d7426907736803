"""What statistics = no does is a setting of the partnership: count, or leave out, in any order and as of any day."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update

from infra.db import tables
from infra.db.engine import transaction
from schemas.changes import Booked
from schemas.codec import decode_changes
from tests.support.events import Raw, amendment, link, report
from tests.support.sealed import SealedBench, consent, consent_change, person

A, B = ("/centres/test", "a"), ("/centres/test", "b")
W2 = [{"areas": [{"layer": "ward", "code": "W2"}]}]
DAY_S = 86_400.0


@pytest.fixture
def sealed(database_url: str) -> Iterator[SealedBench]:
    made = SealedBench(database_url)
    yield made
    made.engine.dispose()


def partnership(bench: SealedBench, without: str) -> int:
    number = bench.partnership()
    with transaction(bench.engine, write=True) as connection:
        table = tables.partnership
        connection.execute(update(table).where(table.c.number == number).values(without_statistics_consent=without))
    bench.reopen("SYNTHETIC secret key, made up for tests")
    return number


def saying(statistics: str | None, id_: str = "a", **more: Any) -> Raw:
    asked = {} if statistics is None else {"statistics": statistics}
    return report(id_, people=[person(**asked)], **more)


def change(id_: str, given: str, hour: int = 12) -> Raw:
    return consent_change(id_, A, consent("statistics", given), time=f"2026-06-30T{hour}:00:00Z")


def counted(bench: SealedBench, city: int, **how: str) -> int:
    return sum(int(row[2]) for row in bench.rows(city, "area", layer="city", **how))


HISTORIES: list[tuple[str, list[Raw], int, int]] = [
    ("yes", [saying("yes")], 1, 1),
    ("not asked", [saying(None)], 1, 1),
    ("unknown", [saying("unknown")], 1, 1),
    ("no", [saying("no")], 0, 0),
    ("one of two victims says no", [report("a", people=[person(statistics="yes"), person(statistics="no")])], 0, 0),
    ("no, corrected elsewhere", [saying("no"), amendment("a2", A, 2, places=W2)], 0, 0),
    ("no, then yes in a correction", [saying("no"), amendment("a2", A, 2, people=[person(statistics="yes")])], 1, 0),
    ("yes, then no", [saying("yes"), change("c", "no")], 0, 1),
    ("no, then yes", [saying("no"), change("c", "yes")], 1, 0),
    ("no, then yes, then no", [saying("no"), change("c", "yes"), change("d", "no", 13)], 0, 0),
    ("no, then something else", [saying("no"), consent_change("c", A, consent("police", "yes"))], 0, 0),
    (
        "a change, and a correction says otherwise",
        [saying("yes"), change("c", "no"), amendment("a2", A, 2, people=[person(statistics="yes")])],
        0,
        1,
    ),
    ("one of two linked says no", [saying("no"), saying("yes", "b", places=W2), link("l", A, B)], 1, 1),
]
"""What happened, and what then counts by occurrence and by reception, where such incidents are left out."""


@pytest.mark.parametrize(
    ("events", "occurred", "received"), [each[1:] for each in HISTORIES], ids=[each[0] for each in HISTORIES]
)
def test_it_is_left_out_or_counted_as_the_partnership_has_it(
    sealed: SealedBench, events: list[Raw], occurred: int, received: int
) -> None:
    reports = sum(event["type"].endswith("reported.v1") for event in events)
    clusters = reports - sum(event["type"].endswith("linked.v1") for event in events)
    counting, leaving = partnership(sealed, "count"), partnership(sealed, "leave-out")
    backwards = partnership(sealed, "leave-out")
    sealed.hand_in(counting, *events)
    sealed.hand_in(leaving, *events)
    for event in reversed(events):
        sealed.hand_in(backwards, event)
    sealed.drain()
    assert (counted(sealed, counting), counted(sealed, counting, basis="received")) == (clusters, reports)
    for city in (leaving, backwards):
        assert (counted(sealed, city), counted(sealed, city, basis="received")) == (occurred, received)
    assert sealed.rows(leaving, "area", "strand") == sealed.rows(backwards, "area", "strand")
    assert sealed.verify() == []
    assert all(row.adds_up for city in (counting, leaving) for row in sealed.loss(city))


def test_as_of_answers_as_was_known_on_the_day(sealed: SealedBench) -> None:
    city = partnership(sealed, "leave-out")
    for events in ([saying("yes")], [change("c", "no")], [change("d", "yes", 13)]):
        sealed.hand_in(city, *events)
        sealed.drain()
        sealed.clock.advance(seconds=DAY_S)
    assert [counted(sealed, city, as_of=f"2026-07-0{day}") for day in (1, 2, 3)] == [1, 0, 1]
    assert counted(sealed, city) == 1
    assert sealed.verify() == []


def test_it_comes_back_to_its_area_with_its_harm(sealed: SealedBench) -> None:
    city = partnership(sealed, "leave-out")
    sealed.hand_in(city, saying("no", harm={"injury": "serious"}), change("c", "yes"), change("d", "no", 13))
    sealed.drain()
    assert [([delta.n for delta in each.deltas], each.harm) for each in booked(sealed)] == [
        ([], "unknown"),
        ([1], "serious"),
        ([-1], "unknown"),
    ]


def test_a_linked_report_that_is_left_out_no_longer_stands_though_no_count_moves(sealed: SealedBench) -> None:
    city = partnership(sealed, "leave-out")
    later = saying("yes", reported="2026-06-30T09:30:00Z", harm={"injury": "serious"})
    sealed.hand_in(city, saying("yes", "b"), later, link("l", A, B), change("c", "no"), change("d", "no", 13))
    sealed.drain()
    *_, linked, left_out = booked(sealed)
    assert ([delta.n for delta in linked.deltas], linked.harm) == ([-1], "serious")
    assert (left_out.deltas, left_out.harm, left_out.stands) == ((), "unknown", None)


def booked(bench: SealedBench) -> list[Booked]:
    """Return all that aggregate has told of incidents."""
    rows = [bytes(row.body) for row in bench.all("log") if row.topic == "changes"]
    return [each.what for body in rows for each in decode_changes(body) if isinstance(each.what, Booked)]
