"""Every version of every event that was ever accepted stays readable: these files are kept for ever, never remade."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from pydantic import BaseModel

from schemas import codec
from schemas.changes import (
    Booked,
    CentreRegistered,
    Change,
    Delta,
    HeartbeatSeen,
    Name,
    Rebuilt,
    ReturnMade,
    Rule,
    RuleScope,
    RulesSet,
    SignalTold,
    Ticked,
    What,
)
from schemas.events import EVENT_TYPES
from schemas.stored import decode_stored, generic

FOLDER = Path(__file__).parent
PREFIX = "bellwether."
FILES = sorted(path.name for path in FOLDER.glob("*.v*.*.json"))
SEALED = {"people", "narrative", "staff_notes", "as_written", "rationale"}
NOT_TOGETHER = {"observed", "evidenced", "code", "name"}
"""A signal is amended in one form, and an area goes by its code or by its name."""

ADDED_LATER = {"marking"}
"""Optional fields that came after a type's examples were made; examples are never remade."""
CAUSE = Name("/synthetic/centres/test-library", "SYNTHETIC-7")
WHAT: list[What] = [
    Booked(
        Name("/synthetic/centres/test-library", "SYNTHETIC-1"),
        (
            Delta(-1, 20_511, 20_514, True, "reported", (0, 12, 30), ("race",)),
            Delta(1, 20_512, 20_514, False, "proactive", (0,), ("race", "religion")),
        ),
        harm="serious",
        stands=Delta(1, 20_512, 20_514, False, "proactive", (0,), ("race", "religion")),
    ),
    SignalTold(
        signal=CAUSE,
        revision=2,
        time="2026-03-02T09:30:00.000000Z",
        form="forecast",
        areas=(12, 30),
        groups=("race",),
        grade="2CP",
        reach="neighbourhood",
        intensity="tense",
        first_day=20_520,
        last_day=20_521,
    ),
    SignalTold(CAUSE, 3, "2026-03-03T09:30:00.000000Z", withdrawn=True),
    SignalTold(CAUSE, 0, "2026-03-04T09:30:00.000000Z", first_day=20_522, last_day=20_522, outcome="did-not-happen"),
    ReturnMade("test-library", 20_507, 20_513, nil=True),
    HeartbeatSeen("test-library", 20_514),
    CentreRegistered("test-library", 20_000, None, 7, 1, (30,)),
    RulesSet(
        3, (Rule(id="severe", kind="severe-event", scope=RuleScope("zone", ("zone-bletchley",)), harm="serious"),)
    ),
    Ticked(),
    Rebuilt(2, (Delta(1, 20_511, 20_514, True, "reported", (13, 30), ("race",)),)),
    Booked(Name("/synthetic/centres/test-library", "SYNTHETIC-1"), (), stands=None),
    Booked(
        Name("/synthetic/centres/test-library", "SYNTHETIC-2"),
        (Delta(1, 20_511, 20_514, True, "reported", (0, 12, 30), ("race",)),),
        harm="minor",
    ),
]
CHANGES = [
    Change(position, 1, 0 if what == Ticked() else position + 100, 1_772_443_800_250_000, CAUSE, what, "synthetic")
    for position, what in enumerate(WHAT, start=41)
]


def golden(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def models_in(value: object) -> Iterator[BaseModel]:
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from models_in(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from models_in(item)


def test_every_type_has_a_full_and_a_minimal_example() -> None:
    assert {f"{PREFIX}{name}" for name in FILES} == {
        f"{type_}.{extent}.json" for type_ in EVENT_TYPES for extent in ("full", "minimal")
    }


@pytest.mark.parametrize("name", FILES)
def test_it_decodes_and_encodes_to_the_same_bytes(name: str) -> None:
    event = codec.decode(golden(name))
    assert codec.encode(event) == golden(name)
    assert f"{PREFIX}{name}".startswith(event.type)


@pytest.mark.parametrize("name", FILES)
def test_it_keeps_its_digest(name: str) -> None:
    kept = (FOLDER / name.replace(".json", ".sha256")).read_text(encoding="utf-8").strip()
    assert codec.digest(codec.content(codec.decode(golden(name)))).hex() == kept


@pytest.mark.parametrize("name", FILES)
def test_later_stages_read_it_as_intake_did(name: str) -> None:
    event, stored = codec.decode(golden(name)), decode_stored(golden(name))
    assert (stored.source, stored.id, stored.type, stored.time) == (event.source, event.id, event.type, event.time)
    assert generic(golden(name)) == event.model_dump(mode="json", by_alias=True, exclude_none=True)
    said = event.data.model_dump(mode="json", by_alias=True, exclude_none=True)
    for field in msgspec.structs.fields(stored.data):
        read = msgspec.to_builtins(getattr(stored.data, field.name))
        if field.encode_name in said:
            assert msgspec.json.encode({k: v for k, v in _items(read) if v is not None}) == msgspec.json.encode(
                dict(_items(said[field.encode_name]))
            )
        else:
            assert read == msgspec.to_builtins(_default(field)), field.name


def _items(value: object) -> list[tuple[str, object]]:
    """Return a value's parts in one order, whether or not it has parts."""
    return sorted(value.items()) if isinstance(value, dict) else [("", value)]


def _default(field: msgspec.structs.FieldInfo) -> object:
    return field.default_factory() if field.default is msgspec.NODEFAULT else field.default


@pytest.mark.parametrize("name", [name for name in FILES if ".full." in name])
def test_a_full_example_has_every_optional_field_set(name: str) -> None:
    set_somewhere: defaultdict[type[BaseModel], set[str]] = defaultdict(set)
    for model in models_in(codec.decode(golden(name))):
        set_somewhere[type(model)] |= {
            field for field in type(model).model_fields if getattr(model, field) not in (None, ())
        }
    for kind, fields in set_somewhere.items():
        assert fields | SEALED | ADDED_LATER | NOT_TOGETHER >= kind.model_fields.keys(), kind.__name__


def test_a_row_of_changes_stays_readable() -> None:
    body = golden("changes.v1.json")
    changes = codec.decode_changes(body)
    assert codec.encode_changes(changes) == body
    assert changes == CHANGES


def test_the_examples_are_invented() -> None:
    assert all(b"SYNTHETIC" in golden(name) and b"synthetic" in golden(name) for name in FILES)
