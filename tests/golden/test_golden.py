"""Every version of every event that was ever accepted stays readable: these files are kept for ever, never remade."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from pydantic import BaseModel

from schemas import codec
from schemas.changes import Change, Delta
from schemas.events import EVENT_TYPES, INCIDENT_REFERENCED
from schemas.problems import RefusedError
from schemas.stored import decode_stored, generic
from tests.support.events import envelope

FOLDER = Path(__file__).parent
PREFIX = "bellwether."
FILES = sorted(path.name for path in FOLDER.glob("*.v*.*.json"))
NEVER_ACCEPTED = {INCIDENT_REFERENCED}
"""Types that hold nothing but what only a vault may keep."""
SEALED = {"people", "narrative", "staff_notes", "as_written"}


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
    accepted = EVENT_TYPES.keys() - NEVER_ACCEPTED
    assert {f"{PREFIX}{name}" for name in FILES} == {
        f"{type_}.{extent}.json" for type_ in accepted for extent in ("full", "minimal")
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
        assert fields | SEALED >= kind.model_fields.keys(), kind.__name__


def test_a_type_without_example_is_never_accepted() -> None:
    data = {"incident": {"source": "/centres/x", "id": "a"}, "agency": "police", "reference": "SYNTHETIC"}
    raw = envelope(INCIDENT_REFERENCED, "a", "/centres/x", "2026-03-02T09:30:00Z", data)
    with pytest.raises(RefusedError) as refused:
        codec.validate(raw)
    assert [(problem.code, problem.path) for problem in refused.value.problems] == [("no-secret-key", "data.reference")]


def test_a_row_of_changes_stays_readable() -> None:
    body = golden("changes.v1.json")
    changes = codec.decode_changes(body)
    assert codec.encode_changes(changes) == body
    assert changes == [
        Change(
            position=41,
            partnership=1,
            event=7,
            recorded_at_us=1_772_443_800_250_000,
            deltas=(
                Delta(-1, 20_511, 20_514, True, "reported", (0, 12, 30), ("race",)),
                Delta(1, 20_512, 20_514, False, "proactive", (0,), ("race", "religion")),
            ),
            harm="serious",
        ),
        Change(42, 2, 8, 1_772_443_800_250_001, (), "unknown"),
    ]


def test_the_examples_are_invented() -> None:
    assert all(b"SYNTHETIC" in golden(name) and b"synthetic" in golden(name) for name in FILES)
