"""What is marked is taken out of an event, whole, and put back; nothing else is touched."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec, sealing
from schemas.people import Characteristics, Person
from schemas.sealing import join, opened, sealed_paths, split, with_case
from tests.golden.test_golden import FILES, golden
from tests.support.events import Raw, report
from tests.support.sealed import person
from tests.support.strategies import raw_events, unhurried

MARKER = "SYNTHETIC 7Q"


@st.composite
def with_persons(draw: st.DrawFn) -> Raw:
    """Return any valid event with persons and free text wherever it can hold them."""
    raw = draw(raw_events)
    data = raw["data"]
    if "places" in data or "strands" in data:
        data["people"] = draw(st.lists(st.sampled_from([person(), person("witness", police="no")]), max_size=2))
        data["staff_notes"] = draw(st.sampled_from([None, MARKER]))
        data["narrative"] = MARKER
        for place in data.get("places", []):
            place["as_written"] = MARKER
    return raw


@unhurried
@given(with_persons())
def test_an_event_taken_apart_and_put_together_is_the_same(raw: Raw) -> None:
    event = codec.validate(raw)
    left, parts = split(event)
    assert join(left, parts) == event
    assert MARKER.encode() not in codec.encode(left)
    assert split(left) == (left, None)
    if parts is None:
        assert left is event
    else:
        assert set(opened(parts)) <= {"data.people", "data.narrative", "data.staff_notes"} | {
            f"data.places[{index}].as_written" for index in range(6)
        }


@pytest.mark.parametrize("name", [name for name in FILES if "referenced" not in name])
def test_what_has_nothing_to_seal_stays_as_it_is(name: str) -> None:
    event = codec.decode(golden(name))
    left, parts = split(event)
    assert left is event
    assert parts is None
    assert sealing.digest(codec.content(left), None) == codec.digest(codec.content(event))


def test_whether_anything_was_sealed_is_part_of_the_digest_but_not_what() -> None:
    def digest(**data: object) -> bytes:
        left, parts = split(codec.validate(report("a") | {"data": report("a")["data"] | data}))
        return sealing.digest(codec.content(left), parts)

    assert digest(narrative=MARKER) == digest(narrative="SYNTHETIC other") != digest()


def test_paths_lead_to_each_person_and_text() -> None:
    _, parts = split(codec.validate(report("a", people=[person(), person()], narrative=MARKER)))
    assert parts is not None
    assert list(sealed_paths(parts)) == ["data.narrative", "data.people[0]", "data.people[1]"]


def test_the_log_gets_a_case_and_codes() -> None:
    body = codec.content(split(codec.validate(report("a", narrative=MARKER))).event)
    consents = [{"to": "police", "given": "no", "on": "2026-06-30"}]
    kept = orjson.loads(with_case(body, "c" * 32, consents))
    assert kept.pop("case") == "c" * 32
    assert kept["data"].pop("consents") == consents
    assert kept == orjson.loads(body)
    assert with_case(body, "c" * 32, []) == orjson.dumps(
        orjson.loads(body) | {"case": "c" * 32}, option=orjson.OPT_SORT_KEYS
    )


def test_persons_once_sealed_stay_readable_and_the_same() -> None:
    """What was sealed is compared by its very bytes for ever, so they may never come out otherwise."""
    body = golden("persons.v1.json")
    event = codec.decode(body)
    assert codec.encode(event) == body
    left, parts = split(event)
    assert parts is not None
    assert codec.digest(parts).hex() == golden("persons.v1.parts.sha256").decode().strip()
    assert join(left, parts) == event
    people = opened(parts)["data.people"]
    assert {field for each in people for field in each} == set(Person.model_fields)
    assert set(people[0]["characteristics"]) == set(Characteristics.model_fields)
