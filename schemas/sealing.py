"""What only the vault may hold is taken out of an event here, and put back: by the mark `SEALED` alone.

A new field for a person or free text is sealed because it is marked, and for no other reason.
"""

import operator
import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin

import orjson
from pydantic.fields import FieldInfo

from schemas import codec
from schemas.events import Event
from schemas.fields import Contract, Seal

E = TypeVar("E", bound=Event)
M = TypeVar("M", bound=Contract)
Sealed = dict[str, Any]
"""Sealed values as they are sent, by their path, such as `data.places[0].as_written`."""

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_APART = b"\0sealed apart"


class Split(NamedTuple):
    """An event without any sealed field, and what was in them: None if there was nothing."""

    event: Event
    parts: bytes | None


class _Plan(NamedTuple):
    """Which fields of a contract are sealed, and which may have something sealed further down."""

    sealed: tuple[tuple[str, str, Any], ...]
    inner: tuple[tuple[str, str], ...]


def split(event: E) -> Split:
    """Take an event apart. What is left has the very bytes of an event that never had a person or free text."""
    parts: Sealed = {}
    left = _without(event, "", parts)
    return Split(left, _canonical(parts) if parts else None)


def join(event: Event, parts: bytes | None) -> Event:
    """Put an event together again; the inverse of `split`. Raises RefusedError if the two do not fit."""
    whole = event.model_dump(by_alias=True, exclude_none=True)
    return codec.validate(put_back(whole, {} if parts is None else opened(parts)))


def put_back(event: dict[str, Any], parts: Sealed) -> dict[str, Any]:
    """Return an event, as plain values, with sealed values in their places."""
    whole: dict[str, Any] = orjson.loads(orjson.dumps(event))
    for path, value in parts.items():
        *steps, last = [name or int(index) for name, index in _STEP.findall(path)]
        holder: Any = whole
        for step in steps:
            holder = holder[step]
        holder[last] = value
    return whole


def opened(parts: bytes) -> Sealed:
    """Read the bytes of sealed parts."""
    values: Sealed = orjson.loads(parts)
    return values


def digest(content: bytes, parts: bytes | None) -> bytes:
    """Return the digest of an event by what is left of it, and by whether anything was sealed, never by what.

    So an event without anything sealed is never taken for one that had something, and nobody need ask the vault.
    """
    return codec.digest(content if parts is None else content + _APART)


def with_case(body: bytes, case: str, consents: list[dict[str, str]]) -> bytes:
    """Return what the log keeps of an event: its case, and the consents that hold for all who must be asked."""
    event: dict[str, Any] = orjson.loads(body)
    event["case"] = case
    if consents:
        event["data"]["consents"] = consents
    return _canonical(event)


def sealed_paths(parts: bytes) -> Iterator[str]:
    """Return the paths to all that is sealed, each person by themselves."""
    for path, value in opened(parts).items():
        if isinstance(value, list):
            yield from (f"{path}[{index}]" for index in range(len(value)))
        else:
            yield path


def is_sealed(field: FieldInfo) -> bool:
    """Whether a field of a contract is marked."""
    return _marked(field.metadata) or _marked_within(field.annotation)


def _without(model: M, path: str, parts: Sealed) -> M:
    plan = _plan(type(model))
    changed: dict[str, Any] = {}
    for name, alias, empty in plan.sealed:
        if (value := getattr(model, name)) != empty:
            parts[f"{path}{alias}"] = _plain(value)
            changed[name] = empty
    for name, alias in plan.inner:
        value = getattr(model, name)
        left = _within(value, f"{path}{alias}", parts)
        if left is not value:
            changed[name] = left
    return model.model_copy(update=changed) if changed else model


def _within(value: Any, path: str, parts: Sealed) -> Any:
    """Return a value without what is sealed in it; the very same one if there is nothing."""
    if isinstance(value, Contract):
        return _without(value, f"{path}.", parts)
    if not isinstance(value, tuple):
        return value
    left = [_within(item, f"{path}[{index}]", parts) for index, item in enumerate(value)]
    return value if all(map(operator.is_, left, value)) else tuple(left)


@cache
def _plan(model: type[Contract]) -> _Plan:
    sealed, inner = [], []
    for name, field in model.model_fields.items():
        alias = field.alias or name
        if is_sealed(field):
            sealed.append((name, alias, None if field.is_required() else field.get_default(call_default_factory=True)))
        elif any(_has_sealed(kind) for kind in contracts_in(field.annotation)):
            inner.append((name, alias))
    return _Plan(tuple(sealed), tuple(inner))


def _has_sealed(model: type[Contract]) -> bool:
    return _plan(model) != _Plan((), ())


def contracts_in(annotation: Any) -> Iterator[type[Contract]]:
    """Return the contracts that a field's value may be or hold."""
    if isinstance(annotation, type) and issubclass(annotation, Contract):
        yield annotation
    for argument in get_args(annotation):
        yield from contracts_in(argument)


def _marked(metadata: Any) -> bool:
    return any(isinstance(each, Seal) for each in metadata)


def _marked_within(annotation: Any) -> bool:
    """Whether the mark stands inside an optional: `Annotated[str, SEALED] | None`."""
    if get_origin(annotation) is Annotated:
        return _marked(annotation.__metadata__)
    if get_origin(annotation) is Union or type(annotation).__name__ == "UnionType":
        return any(_marked_within(argument) for argument in get_args(annotation))
    return False


def _plain(value: Any) -> Any:
    if isinstance(value, Contract):
        return value.model_dump(by_alias=True, exclude_none=True)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _canonical(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
