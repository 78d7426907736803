"""Places as somebody wrote them: sealed, counted in the city only, and put on the map by people, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from infra.db import tables
from infra.db.confirmations import list_written
from infra.db.engine import transaction
from schemas.changes import SignalTold
from streams.stages.intake import Outcome
from tests.support.city import Bench
from tests.support.events import Raw, envelope, report
from tests.support.rezoning import (
    barriers,
    by_code,
    confirmation,
    count_all,
    rebuilt,
    rezone,
    told,
    with_zones,
    zones,
)
from tests.support.sealed import SealedBench

PLACE = "Warberton, SYNTHETIC"
BEFORE = (("W1", "Y"), ("W2", "Z"))


@pytest.fixture
def sealed(database_url: str) -> Iterator[SealedBench]:
    made = SealedBench(database_url)
    yield made
    made.engine.dispose()


def written(id_: str, text: str = PLACE) -> Raw:
    return report(id_, places=[{"as_written": text}])


def forecast(id_: str) -> Raw:
    data = {"place": {"as_written": PLACE}, "expected": {"from": "2026-07-20", "to": "2026-07-21"}, "grade": "1AP"}
    return envelope("bellwether.signal.forecast.v1", id_, "/centres/test", "2026-06-30T10:00:00Z", data)


def reference(bench: Bench, city: int, text: str = PLACE) -> str:
    vault = bench.ledger.vault(city)
    assert vault is not None
    return vault.written_reference(text)


def test_a_text_that_nobody_knows_counts_in_the_city_only_until_a_person_says_where_it_lies(
    sealed: SealedBench,
) -> None:
    city = with_zones(sealed, *BEFORE)
    sealed.hand_in(city, written("a"), written("b", " WARBERTON,  synthetic "), report("c"))
    count_all(sealed, city)
    assert sealed.rows(city, "area", layer="city") == [("C", "Testing", 3)]
    assert sealed.rows(city, "area") == [("W1", "Ward 1", 1)]
    sealed.clock.set(datetime(2026, 7, 2, 12, tzinfo=UTC))
    sealed.hand_in(city, confirmation("k", reference(sealed, city), ("ward", "W2")), written("d"))
    count_all(sealed, city)
    assert sealed.rows(city, "area") == [("W1", "Ward 1", 1), ("W2", "Ward 2", 3)]
    assert zones(sealed, city) == [("Y", "Why", 1), ("Z", "Zed", 3)]
    assert sealed.rows(city, "area", as_of="2026-07-01") == [("W1", "Ward 1", 1), ("W2", "Ward 2", 2)]
    assert sealed.verify() == []


def test_a_later_word_replaces_the_one_before_and_moves_what_has_that_reference_alone(sealed: SealedBench) -> None:
    city = with_zones(sealed, *BEFORE)
    mine, other = reference(sealed, city), reference(sealed, city, "Nether SYNTHETIC")
    sealed.hand_in(city, written("a"), written("b", "Nether SYNTHETIC"))
    for id_, where, code in (("k1", mine, "W1"), ("k2", other, "W1"), ("k3", mine, "W2")):
        sealed.hand_in(city, confirmation(id_, where, ("ward", code)))
        count_all(sealed, city)
    assert sealed.rows(city, "area") == [("W1", "Ward 1", 1), ("W2", "Ward 2", 1)]
    assert [n for said in rebuilt(sealed, city) for n, *_ in by_code(sealed, city, said.deltas)] == [-1, 1] * 3
    assert [codes for _, _, codes in by_code(sealed, city, rebuilt(sealed, city)[-1].deltas)] == ["C W1 Y", "C W2 Z"]
    assert sealed.verify() == []


def test_one_that_lies_across_several_areas_counts_in_what_they_have_in_common(sealed: SealedBench) -> None:
    city = with_zones(sealed, *BEFORE)
    where = reference(sealed, city)
    sealed.hand_in(city, written("a"))
    for id_, codes, wards in (("k1", ("S11", "S12"), [("W1", "Ward 1", 1)]), ("k2", ("S11", "S21"), [])):
        sealed.hand_in(city, confirmation(id_, where, *(("small-area", code) for code in codes)))
        count_all(sealed, city)
        assert sealed.rows(city, "area") == wards
        assert sealed.rows(city, "area", layer="small-area") == []
        assert sealed.rows(city, "area", layer="city") == [("C", "Testing", 1)]


def test_what_was_confirmed_before_the_first_report_holds_from_the_beginning(sealed: SealedBench) -> None:
    city = with_zones(sealed, *BEFORE)
    (answer,) = sealed.hand_in(city, confirmation("k", reference(sealed, city), ("ward", "W2")))
    assert answer.outcome is Outcome.ACCEPTED
    rezone(sealed, city, ("W2", "Y"))
    assert barriers(sealed, city) == 2
    log = tables.log
    with transaction(sealed.engine, write=False) as connection:
        recorded = connection.execute(select(log.c.recorded_at_us).where(log.c.partnership == city)).scalars().all()
    assert set(recorded) == {0}
    sealed.hand_in(city, written("a"))
    count_all(sealed, city)
    assert zones(sealed, city) == [("Y", "Why", 1)]
    assert sealed.verify() == []


@pytest.mark.parametrize(
    ("areas", "code", "path"),
    [
        ([("ward", "W9")], "unknown-area", "data.areas[0].code"),
        ([("ward", "W1"), ("hamlet", "H")], "unknown-layer", "data.areas[1].layer"),
    ],
)
def test_a_place_cannot_lie_where_there_is_nothing(
    sealed: SealedBench, areas: list[tuple[str, str]], code: str, path: str
) -> None:
    city = with_zones(sealed, *BEFORE)
    (answer,) = sealed.hand_in(city, confirmation("k", "0" * 32, *areas))
    assert [(problem.code, problem.path) for problem in answer.problems] == [(code, path)]
    assert barriers(sealed, city) == 0


def test_a_text_that_the_gazetteer_knows_is_placed_by_it(sealed: SealedBench) -> None:
    city = with_zones(sealed, *BEFORE)
    sealed.hand_in(city, written("a", "ward 2"), written("b", "Small 11"))
    count_all(sealed, city)
    assert sealed.rows(city, "area") == [("W1", "Ward 1", 1), ("W2", "Ward 2", 1)]


def test_a_zone_without_members_is_a_name_and_no_place(sealed: SealedBench) -> None:
    city = with_zones(sealed, *BEFORE[:1])
    sealed.hand_in(city, written("a", "Why"), written("b", "Zed"))
    count_all(sealed, city)
    assert zones(sealed, city) == [("Y", "Why", 1)]
    rezone(sealed, city, *BEFORE)
    sealed.hand_in(city, written("c", "Zed"))
    count_all(sealed, city)
    assert zones(sealed, city) == [("Y", "Why", 1), ("Z", "Zed", 1)]
    sealed.hand_in(city, confirmation("k", reference(sealed, city, "Zed"), ("zone", "Z")))
    count_all(sealed, city)
    assert zones(sealed, city) == [("Y", "Why", 1), ("Z", "Zed", 2)]


def test_what_is_otherwise_known_of_a_place_decides_and_the_text_is_only_kept(sealed: SealedBench) -> None:
    city = with_zones(sealed, *BEFORE)
    known = {"areas": [{"layer": "ward", "code": "W2"}], "as_written": "ward 1"}
    sealed.hand_in(
        city,
        report("a", places=[known]),
        report("b", places=[{"kind": "online", "as_written": "a SYNTHETIC page"}]),
        report("c", places=[{"kind": "outside", "as_written": "a SYNTHETIC town"}]),
    )
    count_all(sealed, city)
    assert sealed.rows(city, "area") == [("W2", "Ward 2", 1)]
    assert sealed.rows(city, "area", layer="city") == [("C", "Testing", 2)]
    with transaction(sealed.engine, write=False) as connection:
        assert list_written(connection, city) == []


def test_an_incident_counts_where_it_happened_once_people_have_said_where_that_is(sealed: SealedBench) -> None:
    city = with_zones(sealed, *BEFORE)
    places = [
        {"as_written": PLACE},
        {"areas": [{"layer": "ward", "code": "W1"}], "role": "targeted"},
    ]
    sealed.hand_in(city, report("a", places=places))
    sealed.hand_in(city, confirmation("k", reference(sealed, city), ("ward", "W2")))
    sealed.hand_in(city, report("b", places=places))
    count_all(sealed, city)
    assert sealed.rows(city, "area") == [("W1", "Ward 1", 1), ("W2", "Ward 2", 1)]


def test_a_signal_may_have_its_place_as_written_and_counts_as_lying_there_once_people_say_so(
    sealed: SealedBench,
) -> None:
    city = with_zones(sealed, *BEFORE)
    where = reference(sealed, city)
    sealed.hand_in(city, forecast("march"))
    sealed.drain()
    with transaction(sealed.engine, write=False) as connection:
        (place,) = list_written(connection, city)
    assert (place.written, place.incidents, place.signals, place.first_day) == (where, 0, 1, None)
    vault = sealed.ledger.vault(city)
    assert vault is not None
    assert vault.open_written(place.events) == {where: PLACE}
    sealed.hand_in(city, confirmation("k", where, ("ward", "W2")), forecast("rally"))
    sealed.drain()
    areas = sealed.ledger.partnership(city).geography.area_by_number
    told_of = [change.what for change in told(sealed, city)]
    march, rally = (what for what in told_of if isinstance(what, SignalTold))
    assert [areas[each].code for each in march.areas] == ["C"]
    assert {areas[each].code for each in rally.areas} == {"W2", "Z", "C"}
    (moved,) = (move for said in rebuilt(sealed, city) for move in said.places)
    assert (moved.place, moved.areas) == (march.place, rally.areas)


def test_without_the_secret_key_a_text_is_refused_and_the_log_has_no_reference(sealed: SealedBench) -> None:
    city = with_zones(sealed, *BEFORE)
    sealed.reopen(None)
    (answer,) = sealed.hand_in(city, written("a"))
    assert answer.outcome is None
    assert [problem.code for problem in answer.problems] == ["no-secret-key"]
    assert sealed.all("place") == []
