"""events.md: every event that can be handed in, from the contracts by which it is judged."""

from collections.abc import Iterator
from enum import Enum
from inspect import cleandoc, get_annotations, getdoc
from pathlib import Path
from typing import Any

import orjson
from pydantic.fields import FieldInfo

from infra.cli.reference import markdown
from infra.cli.reference.forms import FORMS, Form
from infra.cli.reference.kinds import parts_within, words
from schemas.events import EVENT_TYPES, Envelope
from schemas.fields import Contract
from schemas.sealing import is_sealed

PREFIX = "bellwether."
ABOUT = """
What can be said to Bellwether: over HTTP, in a file that is imported or replayed, or by a centre's own program. An
event is a CloudEvent 1.0 in JSON: the envelope says who sends it, under which id and when it was made, and `data`
says what it is about. A field that is not on this page is refused, and so is a value outside the limits given here:
see [problems](problems.md). A field that is not required may be left out.

A field marked as sealed holds persons or free text. It is sealed under a key of the case's own before anything is
stored, and the log of events never has it. Without a secret key in the settings, an event that has any such field
is refused.

Everything in the examples is invented.
"""


def page(examples: Path) -> str:
    """Return the page; `examples` is the folder of golden files."""
    return markdown.page("Events", ABOUT, _sections(examples))


def _sections(examples: Path) -> Iterator[str]:
    yield markdown.heading("The envelope")
    yield from _contract(Envelope)
    yield markdown.paragraph("To these come `type`, which is the heading of one of the next sections, and `data`.")
    for name, event in EVENT_TYPES.items():
        yield markdown.heading(name)
        yield markdown.paragraph(getdoc(event) or "")
        yield from _contract(_data_of(event))
        yield "For example:"
        yield markdown.json_example(orjson.loads((examples / example_of(name)).read_bytes()))
    contracts, vocabularies = _all_parts()
    yield markdown.heading("Parts of events")
    for contract in contracts:
        yield markdown.heading(contract.__name__, 3)
        yield from _contract(contract)
    yield markdown.heading("Words")
    yield markdown.paragraph("What a field takes that has one of several words. None is ever taken away.")
    for vocabulary in vocabularies:
        yield markdown.heading(vocabulary.__name__, 3)
        yield markdown.paragraph(getdoc(vocabulary) or "")
        yield markdown.paragraph(", ".join(f"`{each.value}`" for each in vocabulary))
    yield markdown.heading("Forms of text")
    for form in FORMS:
        yield markdown.heading(form.title, 3)
        yield from _form(form)


def example_of(event_type: str) -> str:
    """Return the name of the file that has an event of a type with every field."""
    return f"{event_type.removeprefix(PREFIX)}.full.json"


def _data_of(event: type[Contract]) -> type[Contract]:
    (data,) = parts_within(event.model_fields["data"].annotation)
    if not issubclass(data, Contract):
        raise TypeError(f"the data of {event.__name__} is no contract")
    return data


def _contract(contract: type[Contract]) -> Iterator[str]:
    yield markdown.paragraphs(cleandoc(contract.__doc__ or ""))
    if contract.model_fields:
        yield markdown.bullets(_field(contract, name, field) for name, field in contract.model_fields.items())


def _field(contract: type[Contract], name: str, field: FieldInfo) -> str:
    need = " (required)" if field.is_required() else ""
    sealed = " Sealed." if is_sealed(field) else ""
    kind = words(_annotation(contract, name))
    return f"`{field.alias or name}`{need}: {kind}{_default(field)}.{sealed}"


def _annotation(contract: type[Contract], name: str) -> Any:
    """Return a field's type as it was written, which names the form; pydantic keeps what the form comes to only."""
    for each in contract.__mro__:
        if name in (written := get_annotations(each)):
            return written[name]
    raise KeyError(name)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return ""
    default = field.get_default(call_default_factory=True)
    if isinstance(default, Contract):
        default = default.model_dump(by_alias=True, exclude_defaults=True)
    if default in (None, (), {}):
        return ""
    return f"; `{default if isinstance(default, str) else orjson.dumps(default).decode()}` unless said"


def _form(form: Form) -> Iterator[str]:
    if form.meaning:
        yield markdown.paragraphs(form.meaning)
    yield markdown.paragraph(f"{form.limits}.")


def _all_parts() -> tuple[list[type[Contract]], list[type[Enum]]]:
    """Return every contract and vocabulary that is named within the events' data, each kind in the order of names."""
    seen: dict[str, type[Contract] | type[Enum]] = {}
    waiting: list[type[Contract]] = [Envelope, *(_data_of(event) for event in EVENT_TYPES.values())]
    while waiting:
        for field in waiting.pop().model_fields.values():
            for part in parts_within(field.annotation):
                if part.__name__ not in seen:
                    seen[part.__name__] = part
                    waiting.extend([part] if issubclass(part, Contract) else [])
    parts = [part for _, part in sorted(seen.items())]
    return [part for part in parts if issubclass(part, Contract)], [part for part in parts if issubclass(part, Enum)]
