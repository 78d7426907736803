"""The forms of text that events share, each with the name by which the page calls it."""

import ast
from inspect import getsource
from itertools import pairwise
from types import ModuleType
from typing import Any, NamedTuple, get_args

from pydantic import TypeAdapter

from infra.cli.reference.limits import span_of
from schemas import fields, grading, people

_TITLES = {
    (fields, "Instant"): "Instant",
    (fields, "Moment"): "Instant or day",
    (fields, "CivilDay"): "Day",
    (fields, "Slug"): "Code",
    (fields, "SourceUri"): "Source",
    (fields, "EventId"): "Event id",
    (fields, "LayerName"): "Layer name",
    (fields, "AreaCode"): "Area code",
    (fields, "AreaName"): "Area name",
    (fields, "Label"): "Label",
    (fields, "ShortText"): "Line of free text",
    (fields, "FreeText"): "Free text",
    (people, "Characteristic"): "Characteristic",
    (grading, "Grade"): "Grade",
}


class Form(NamedTuple):
    """A form of text: what it is called, what it is for, and what it takes."""

    title: str
    meaning: str
    limits: str
    annotation: Any


def form_of(annotation: Any) -> Form | None:
    """Return the form that an annotated type is, or is made from by saying more of it."""
    found = get_args(annotation)
    return next((form for form in FORMS if _begins_with(found, get_args(form.annotation))), None)


def _begins_with(found: tuple[Any, ...], wanted: tuple[Any, ...]) -> bool:
    return len(found) >= len(wanted) and all(mine is theirs for mine, theirs in zip(wanted, found, strict=False))


def _forms() -> tuple[Form, ...]:
    meanings = {module: _meanings(module) for module in (fields, people, grading)}
    return tuple(
        Form(title, meanings[module].get(name, ""), f"Text{_limits(module, name)}", getattr(module, name))
        for (module, name), title in _TITLES.items()
    )


def _limits(module: ModuleType, name: str) -> str:
    return span_of(TypeAdapter(getattr(module, name)).json_schema())


def _meanings(module: ModuleType) -> dict[str, str]:
    """Return what is written below the names of a module."""
    body = ast.parse(getsource(module)).body
    return {
        named.targets[0].id: said.value.value
        for named, said in pairwise(body)
        if isinstance(named, ast.Assign)
        and isinstance(named.targets[0], ast.Name)
        and isinstance(said, ast.Expr)
        and isinstance(said.value, ast.Constant)
        and isinstance(said.value.value, str)
    }


FORMS = _forms()
