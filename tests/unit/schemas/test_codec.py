"""Events to bytes and back: one spelling for one content, and a digest that tells any two contents apart."""

import copy
import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec, vocabulary
from schemas.problems import RefusedError
from schemas.stored import decode_stored
from tests.golden.test_golden import FILES, golden
from tests.support.events import Raw, report
from tests.support.strategies import raw_events, spellings, unhurried

CLOUDEVENTS = Path(__file__).parents[4] / "shared" / "data" / "formats" / "cloudevents" / "cloudevents.schema.json"
FULL = [name for name in FILES if ".full." in name]
NOT_CONTENT = {"receivedtime"}
ONE_VALUE_ONLY = {"specversion", "datacontenttype"}
"""Fields that can have no other value."""

Step = str | int
PathTo = tuple[Step, ...]


@pytest.fixture(scope="session")
def cloudevents() -> jsonschema.Draft7Validator:
    if not CLOUDEVENTS.exists():
        pytest.skip("../shared/data/formats/cloudevents/cloudevents.schema.json is absent")
    return jsonschema.Draft7Validator(orjson.loads(CLOUDEVENTS.read_bytes()))


@unhurried
@given(raw=raw_events)
def test_what_is_encoded_is_read_as_the_same_event(raw: Raw) -> None:
    event = codec.validate(raw)
    sent = codec.encode(event)
    assert codec.decode(sent) == event
    assert codec.encode(codec.decode(sent)) == sent
    assert decode_stored(codec.content(event)).id == event.id


@unhurried
@given(raw=raw_events)
def test_what_is_encoded_is_a_cloudevent(cloudevents: jsonschema.Draft7Validator, raw: Raw) -> None:
    encoded = orjson.loads(codec.encode(codec.validate(raw)))
    assert [error.message for error in cloudevents.iter_errors(encoded)] == []


@pytest.mark.parametrize("name", FILES)
def test_golden_files_are_cloudevents(cloudevents: jsonschema.Draft7Validator, name: str) -> None:
    assert [error.message for error in cloudevents.iter_errors(orjson.loads(golden(name)))] == []


@unhurried
@given(data=st.data(), raw=raw_events)
def test_spelling_and_received_time_do_not_change_the_digest(data: st.DataObject, raw: Raw) -> None:
    other = codec.decode(data.draw(spellings(raw)))
    event = codec.validate(raw)
    assert codec.digest(codec.content(other)) == codec.digest(codec.content(event))


@unhurried
@given(one=raw_events, other=raw_events)
def test_two_events_have_one_digest_only_if_they_say_the_same(one: Raw, other: Raw) -> None:
    said = [codec.validate(raw).model_dump(exclude={"receivedtime"}) for raw in (one, other)]
    digests = {codec.digest(codec.content(codec.validate(raw))) for raw in (one, other)}
    assert (len(digests) == 1) == (said[0] == said[1])


def leaves(value: Any, path: PathTo = ()) -> Iterator[tuple[PathTo, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, (*path, name))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, value


def at(value: Any, path: PathTo) -> Any:
    for step in path:
        value = value[step]
    return value


def replaced(raw: Raw, path: PathTo, value: Any) -> Raw:
    other = copy.deepcopy(raw)
    at(other, path[:-1])[path[-1]] = value
    return other


WORDS = [
    word.value
    for enum in vars(vocabulary).values()
    if isinstance(enum, type) and issubclass(enum, StrEnum) and enum is not StrEnum
    for word in enum
]

BOUND = {"kind", "areas", "register", "reports", "to"}
OTHER_FORMS = ["2026-02-20", "2026-12-20", "2026-02-20T08:00:00.000001Z", "1AP", "f" * 32, "any", "each", "2028-01-01"]


def alternatives(value: Any) -> list[Any]:
    """Return other values that might stand where one stands."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value - 1, value + 0.25]
    if isinstance(value, list):
        return []
    others = [*OTHER_FORMS, *WORDS]
    return [value + "x", *(other for other in others if other != value)]


def valid_digest(raw: Raw) -> bytes | None:
    try:
        return codec.digest(codec.content(codec.validate(raw)))
    except RefusedError:
        return None


@pytest.mark.parametrize("name", FULL)
def test_every_field_but_the_received_time_is_in_the_digest(name: str) -> None:
    raw = orjson.loads(golden(name))
    digest = valid_digest(raw)
    unmoved = []
    for path, value in leaves(raw):
        others = [other for option in alternatives(value) if (other := valid_digest(replaced(raw, path, option)))]
        differ = [other != digest for other in others]
        if not others or not all(differ):
            unmoved.append(path)
    # A place online has areas only if it is located, a link leads to two reports, the kind of a rule or register binds
    # its other fields, and a nil return has no reports: these are bound by other fields.
    bound: set[PathTo] = {("type",), ("data", "people"), *((field,) for field in NOT_CONTENT | ONE_VALUE_ONLY)}
    bound |= {path for path, _ in leaves(raw) if path[-1] in BOUND and "occurred" not in path}
    assert set(unmoved) <= bound, unmoved
    assert ("receivedtime",) in unmoved


@pytest.mark.parametrize("name", FULL)
def test_leaving_a_field_out_is_other_content_or_the_same_as_its_default(name: str) -> None:
    raw = orjson.loads(golden(name))
    event = codec.validate(raw)
    for path, _ in leaves(raw):
        other = copy.deepcopy(raw)
        if isinstance(path[-1], int):
            continue
        del at(other, path[:-1])[path[-1]]
        try:
            without = codec.validate(other)
        except RefusedError:
            continue
        same = without.model_copy(update={"receivedtime": None}) == event.model_copy(update={"receivedtime": None})
        assert (codec.content(without) == codec.content(event)) == same, path


def test_two_spellings_of_one_instant_are_one_content() -> None:
    times = ["2026-07-01T00:30:00+01:00", "2026-06-30T23:30:00Z", "2026-06-30T23:30:00.000000+00:00"]
    events = [codec.validate(report("a", time=time, reported=time)) for time in times]
    assert len({codec.content(event) for event in events}) == 1
    assert events[0].time == "2026-06-30T23:30:00.000000Z"


def test_a_date_never_passes_through_utc() -> None:
    event = codec.validate(report("a", reported="2026-07-01", occurred={"from": "2026-07-01"}))
    said = json.loads(codec.encode(event))["data"]
    assert (said["reported"], said["occurred"]["from"]) == ("2026-07-01", "2026-07-01")


def test_nothing_said_and_an_empty_part_for_the_vault_are_one_content() -> None:
    empty = report("a", people=[], narrative=None, staff_notes=None)
    empty["data"]["places"][0]["as_written"] = None
    assert codec.content(codec.validate(empty)) == codec.content(codec.validate(report("a")))


def test_the_last_of_two_equal_fields_holds_as_with_every_reader_of_ours() -> None:
    raw = orjson.dumps(report("a"))
    twice = raw[:-1] + b',"id":"b"}'
    event = codec.decode(twice)
    assert event.id == "b"
    assert codec.encode(event).count(b'"id"') == 1
    assert orjson.loads(twice)["id"] == decode_stored(codec.encode(event)).id == "b"
