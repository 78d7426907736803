"""What a field of an event takes, in words, with links to where that is said."""

from collections.abc import Iterator
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from infra.cli.reference.forms import form_of
from infra.cli.reference.limits import span_of
from infra.cli.reference.markdown import link
from schemas.fields import Contract

_PLAIN: dict[type, str] = {str: "text", int: "whole number", float: "number", bool: "true or false"}
Part = type[Contract] | type[Enum]


def words(annotation: Any) -> str:
    """Return what a field of some type takes. Raises KeyError for a type that has no words yet."""
    if (form := form_of(annotation)) is not None:
        return link(form.title)
    if get_origin(annotation) is Annotated:
        return _annotated(annotation)
    if get_origin(annotation) in {Union, UnionType}:
        return " or ".join(words(each) for each in get_args(annotation) if each is not type(None))
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{each.value if isinstance(each, Enum) else each}`" for each in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Contract | Enum):
        return link(annotation.__name__)
    return _PLAIN[annotation]


def parts_within(annotation: Any) -> Iterator[Part]:
    """Yield the contracts and vocabularies that a type names, not those further down."""
    if isinstance(annotation, type) and issubclass(annotation, Contract | Enum):
        yield annotation
    for each in get_args(annotation):
        yield from parts_within(each)


def _annotated(annotation: Any) -> str:
    base = get_args(annotation)[0]
    if get_origin(base) in {Union, UnionType} or any(_is_seal_only(each) for each in annotation.__metadata__[:1]):
        return words(base)
    limits = span_of(TypeAdapter(annotation).json_schema())
    if get_origin(base) is tuple:
        return f"list{limits}: {words(get_args(base)[0])}"
    return f"{_PLAIN[base]}{limits}"


def _is_seal_only(metadata: Any) -> bool:
    return not isinstance(metadata, FieldInfo)
