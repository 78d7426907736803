"""Old versions are lifted on reading. Shown on a version 0 that only these tests know."""

from collections.abc import Mapping

import orjson
import pytest

from schemas import codec
from schemas.events import EVENT_TYPES
from schemas.problems import RefusedError
from schemas.upcast import UPCASTERS, RawEvent, Upcaster, upcast
from tests.support.events import report

V0 = "bellwether.incident.reported.v0"
V00 = "bellwether.incident.reported.v00"
V1 = "bellwether.incident.reported.v1"


def from_v0(raw: RawEvent) -> RawEvent:
    """Version 0 had one strand, under another name."""
    data = {name: value for name, value in raw["data"].items() if name != "motive"}
    return {**raw, "type": V1, "data": {**data, "strands": [raw["data"]["motive"]]}}


def from_v00(raw: RawEvent) -> RawEvent:
    """Before that, the motive was written in capitals."""
    return {**raw, "type": V0, "data": {**raw["data"], "motive": raw["data"]["motive"].lower()}}


CHAIN: Mapping[str, Upcaster] = {V0: from_v0, V00: from_v00}


def old(type_: str, motive: str) -> bytes:
    raw = report("SYNTHETIC-1", strands=[])
    del raw["data"]["strands"]
    raw["data"]["motive"] = motive
    return orjson.dumps(raw | {"type": type_})


@pytest.mark.parametrize(("type_", "motive"), [(V0, "race"), (V00, "RACE")])
def test_an_old_version_is_read_as_the_newest(type_: str, motive: str) -> None:
    event = codec.decode(old(type_, motive), CHAIN)
    assert event == codec.validate(report("SYNTHETIC-1", strands=["race"]))
    assert event.type == V1


def test_the_same_report_in_old_and_new_has_one_digest() -> None:
    contents = [
        codec.content(codec.decode(raw, CHAIN))
        for raw in (old(V00, "RACE"), old(V0, "race"), orjson.dumps(report("SYNTHETIC-1")))
    ]
    assert len({codec.digest(content) for content in contents}) == 1


def test_what_is_lifted_is_validated_like_any_other() -> None:
    with pytest.raises(RefusedError) as refused:
        codec.decode(old(V0, "Not A Slug"), CHAIN)
    assert [(problem.code, problem.path) for problem in refused.value.problems] == [("wrong-form", "data.strands[0]")]


def test_an_upcaster_that_does_not_change_the_type_fails_loudly() -> None:
    with pytest.raises(ValueError, match=f"the upcaster of {V0} does not change the type"):
        codec.decode(old(V0, "race"), {V0: lambda raw: raw})


def test_the_sender_s_event_is_left_as_it_was() -> None:
    raw = orjson.loads(old(V00, "RACE"))
    before = orjson.dumps(raw)
    assert upcast(raw, CHAIN)["type"] == V1
    assert orjson.dumps(raw) == before


def test_without_its_upcaster_an_old_version_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(RefusedError) as refused:
        codec.decode(old(V0, "race"))
    (problem,) = refused.value.problems
    assert (problem.code, problem.path) == ("unknown-type", "type")
    assert all(type_ in problem.detail for type_ in EVENT_TYPES)
    assert V0 not in problem.detail


def test_the_product_lifts_only_to_what_it_knows() -> None:
    assert not UPCASTERS.keys() & EVENT_TYPES.keys()
