"""Privacy is structure: every field that anybody may write freely is marked, or stands on a short closed list."""

import inspect
from collections.abc import Iterator
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest

from schemas.events import EVENT_TYPES, Envelope
from schemas.fields import (
    AreaCode,
    AreaName,
    CivilDay,
    Contract,
    EventId,
    Instant,
    Label,
    LayerName,
    Moment,
    Seal,
    Slug,
    SourceUri,
)
from schemas.grading import Grade
from schemas.people import Person
from schemas.sealing import contracts_in, is_sealed

CODED = {
    "Instant": Instant,
    "Moment": Moment,
    "CivilDay": CivilDay,
    "Slug": Slug,
    "LayerName": LayerName,
    "Grade": Grade,
}
"""Texts of a narrow form: times, days, and codes of lower-case letters and digits."""
LABELS = {"SourceUri": SourceUri, "EventId": EventId, "AreaCode": AreaCode, "AreaName": AreaName, "Label": Label}
"""Texts that could be misused for a person. Each use of one is on the list below."""
USES_OF_LABELS = {
    *("Envelope.id", "Envelope.source", "Envelope.subject"),
    *("IncidentKey.source", "IncidentKey.id", "SignalKey.source", "SignalKey.id", "CentreEntry.source"),
    *("NamedArea.code", "NamedArea.name", "Whereabouts.name", "Scope.areas"),
    *("Context.category", "Entry.title"),
}


def models() -> Iterator[type[Contract]]:
    """Return every contract that an event may hold outside what is sealed."""
    seen: set[type[Contract]] = set()
    waiting: list[type[Contract]] = list(EVENT_TYPES.values())
    while waiting:
        model = waiting.pop()
        if model in seen:
            continue
        seen.add(model)
        yield model
        waiting += [
            inner
            for field in model.model_fields.values()
            if not is_sealed(field)
            for inner in contracts_in(field.annotation)
        ]


def texts(annotation: Any, metadata: list[Any]) -> Iterator[list[Any]]:
    """Return the metadata of each text that a field may hold."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from texts(annotation.__origin__, list(annotation.__metadata__))
    elif origin is Literal or (isinstance(annotation, type) and issubclass(annotation, Enum)):
        return
    elif origin in (tuple, Union, UnionType):
        for argument in get_args(annotation):
            yield from texts(argument, metadata if origin is not tuple and argument is str else [])
    elif annotation is str:
        yield metadata


def flat(metadata: Any) -> str:
    """Return what constrains a text, however it is nested."""
    parts = []
    for each in metadata:
        parts += [repr(inner) for inner in each.metadata] if hasattr(each, "metadata") else [repr(each)]
    return "|".join(sorted(part for part in parts if not part.startswith("BeforeValidator")))


NAMES = {flat(get_args(kind)[1:]): name for name, kind in (CODED | LABELS).items()}


MODELS = sorted(models(), key=str)


def owner(model: type[Contract], field: str) -> str:
    """Return where a field is first written down."""
    return next(base.__name__ for base in reversed(inspect.getmro(model)) if field in inspect.get_annotations(base))


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_a_free_text_is_sealed_or_a_label_on_the_list(model: type[Contract]) -> None:
    for name, field in model.model_fields.items():
        if is_sealed(field):
            continue
        for metadata in texts(field.annotation, field.metadata):
            patterns = [getattr(each, "pattern", None) for each in field.metadata]
            kind = NAMES.get(flat(metadata)) or NAMES.get(flat(field.metadata))
            where = f"{owner(model, name)}.{name}"
            if kind in LABELS:
                assert where in USES_OF_LABELS, f"{where}: seal it, or say here that it is a label"
            else:
                assert kind in CODED or r"^[0-9a-f]{32}$" in patterns, f"{where}: seal it, or give it a narrow form"


def test_the_list_of_labels_has_nothing_that_is_not_there() -> None:
    used = set()
    for model in models():
        for name, field in model.model_fields.items():
            if not is_sealed(field):
                for metadata in texts(field.annotation, field.metadata):
                    if (NAMES.get(flat(metadata)) or NAMES.get(flat(field.metadata))) in LABELS:
                        used.add(f"{owner(model, name)}.{name}")
    assert used == USES_OF_LABELS


def test_persons_are_reached_through_sealed_fields_only() -> None:
    assert Person not in set(models())
    assert Envelope in {base for model in models() for base in model.__mro__}


def test_what_is_known_of_a_person_is_sealed_field_by_field_too() -> None:
    """Should a person ever be put where the whole is not sealed, each part of them still is."""
    named = {"role", "consents", "characteristics"}
    assert {name for name, field in Person.model_fields.items() if not is_sealed(field)} == named
    characteristics = next(contracts_in(Person.model_fields["characteristics"].annotation))
    assert all(is_sealed(field) for field in characteristics.model_fields.values())


def test_a_mark_is_seen_wherever_it_may_stand() -> None:
    mark = Seal()

    class Toy(Contract):
        plain: str = ""
        marked: Annotated[str, mark] = ""
        optional: Annotated[str, mark] | None = None
        many: Annotated[tuple[str, ...], mark] = ()

    assert {name for name, field in Toy.model_fields.items() if is_sealed(field)} == {"marked", "optional", "many"}
