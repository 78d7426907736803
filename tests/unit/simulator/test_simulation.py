"""What every simulation promises: the same bytes, valid events in the order received, all of it synthetic."""

import hashlib
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.simulator.simulation import simulate
from schemas import codec
from schemas.vocabulary import Marking
from tests.unit.simulator.runs import LONDON, PLACES, TEN_YEARS, YEAR, here, key, lines, of_type, run

GOLDEN = {
    "milton-keynes": "d6383bf87b65f0c34a656478d5b524568054c125b4b5b859ea1342c6a6ee4b0d",
    "fictional": "6ec05d7dc5ef47f9fad25bed6d89e05e3986879a664dd41aa35b140ee2b8a3fe",
}
"""SHA-256 of thirty days of seed 1. Whoever changes it changes every demonstration and every golden replay."""
LAST_INSTANT = "2026-11-01T00:00:00.000000Z"


@pytest.mark.parametrize("places", PLACES)
def test_thirty_days_are_the_same_bytes_for_ever(places: str) -> None:
    assert hashlib.sha256(lines(run(places, 30))).hexdigest() == GOLDEN[places]


def test_the_same_seed_gives_the_same_and_another_another() -> None:
    def once(seed: int) -> bytes:
        by_day = simulate(here("fictional"), 90, Random(seed), LONDON)
        return lines([event for events in by_day for event in events])

    assert once(5) == once(5)
    assert once(5) != once(6)


@pytest.mark.parametrize("persons", [False, True])
@pytest.mark.parametrize("places", PLACES)
def test_every_event_of_a_year_is_valid_and_synthetic(places: str, *, persons: bool) -> None:
    for event in run(places, YEAR, persons=persons):
        read = codec.validate(event)
        assert read.marking is Marking.SYNTHETIC
        assert read.source.startswith("/synthetic/")
        assert read.receivedtime is not None


@pytest.mark.parametrize("places", PLACES)
def test_no_event_has_two_meanings(places: str) -> None:
    events = run(places, TEN_YEARS)
    assert len({key(event) for event in events}) == len(events)


@given(st.sampled_from(PLACES), st.integers(1, 200), st.integers(0, 2**70))
@settings(max_examples=15, deadline=None)
def test_each_day_gives_what_is_received_on_it_in_order(places: str, days: int, seed: int) -> None:
    by_day = list(simulate(here(places), days, Random(seed), LONDON))
    assert len(by_day) == days
    last = LONDON.day_of("2026-10-31")
    for number, events in enumerate(by_day):
        received = [event["receivedtime"] for event in events]
        assert received == sorted(received)
        assert {LONDON.day_of(instant) for instant in received} <= {last - days + 1 + number}


def test_it_ends_with_october_2026() -> None:
    received = [event["receivedtime"] for event in run(days=TEN_YEARS)]
    assert received[0] == "2016-10-31T00:00:00.000000Z"
    assert "2026-10-31" < received[-1] < LAST_INSTANT


def test_centres_are_registered_before_anything_else() -> None:
    events = run(days=TEN_YEARS)
    first_other = next(n for n, event in enumerate(events) if event["type"] != "bellwether.register.changed.v1")
    assert first_other == 36
    assert {event["data"]["entry"]["register"] for event in events[:first_other]} == {"centre"}


@pytest.mark.parametrize("places", PLACES)
def test_without_persons_nothing_is_for_the_vault(places: str) -> None:
    kept_apart = {"people", "narrative", "staff_notes", "as_written", "reference", "rationale"}
    for event in run(places, TEN_YEARS):
        assert not kept_apart & _fields(event)
    assert of_type(run(places, TEN_YEARS), "incident.consent_changed") == []


def _fields(value: object) -> set[str]:
    if isinstance(value, dict):
        return value.keys() | {name for inner in value.values() for name in _fields(inner)}
    if isinstance(value, list):
        return {name for inner in value for name in _fields(inner)}
    return set()
