"""What /openapi.json says beyond the routes themselves: the one shape of a problem, and which calls answer it."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field

from api.caching import is_kept
from api.problems import MEDIA_TYPE, TITLES

Json = dict[str, Any]
PROBLEM = "Problem"
OF_THE_FRAMEWORK = ("HTTPValidationError", "ValidationError")
REFERENCE = "#/components/schemas/{model}"
OF_A_MODEL = "#/$defs/"
"""How pydantic refers to the parts of a schema that it makes by itself."""
WITH_A_KEY = (401, 403, 429)
ANY_TIME = (503,)


class Fault(BaseModel):
    """One fault of what was sent: the path to it, a stable code, and what to do. It never repeats the value."""

    path: str
    code: str
    detail: str


class Problem(BaseModel):
    """An error as RFC 9457 has it, with a stable code, and for input what is wrong where."""

    model_config = {"extra": "allow"}

    type: str = Field(description="Always about:blank: the code says more.")
    title: str
    status: int
    code: str = Field(description="Stable, for programs.")
    detail: str = Field(description="What happened and what to do, for people.")
    errors: list[Fault] = Field(default=[], description="What is wrong in the input, if anything is.")


def problems(*statuses: int) -> dict[int | str, Json]:
    """Return what a route answers besides, as its `responses`."""
    content = {MEDIA_TYPE: {"schema": {"$ref": REFERENCE.format(model=PROBLEM)}}}
    return {status: {"description": TITLES[status], "content": content} for status in statuses}


def describe(app: FastAPI) -> None:
    """Have an app's contract say all that may be answered."""
    described = app.openapi

    def openapi() -> Json:
        contract = described()
        schemas = contract.setdefault("components", {}).setdefault("schemas", {})
        if PROBLEM not in schemas:
            for path, method, operation in _operations(contract):
                _complete(operation, kept=method == "get" and is_kept(path))
                for name, schema in _taken_out(operation).items():
                    schemas.setdefault(name, schema)
            for name in OF_THE_FRAMEWORK:
                schemas.pop(name, None)
            for model in (Problem, Fault):
                schema = model.model_json_schema(ref_template=REFERENCE)
                schema.pop("$defs", None)
                schemas[model.__name__] = schema
            for name, examples in _examples(BaseModel):
                if name in schemas:
                    schemas[name]["examples"] = examples
        return contract

    app.openapi = openapi  # type: ignore[method-assign] # the framework's own way to extend it


def _operations(contract: Json) -> Iterator[tuple[str, str, Json]]:
    for path, operations in contract["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation


def _complete(operation: Json, *, kept: bool) -> None:
    """Add what the route need not say for itself; what it says stands. `kept`: whether its answer may be kept."""
    answers = operation["responses"]
    statuses = [*ANY_TIME, *(WITH_A_KEY if operation.get("security") else ())]
    if "422" in answers and MEDIA_TYPE not in answers["422"].get("content", {}):
        del answers["422"]
        statuses.append(422)
    if "requestBody" in operation:
        statuses += [400, 408, 413]
    if security := operation.get("security"):
        operation["security"] = [*_alternatives(security)]
    for status, answer in problems(*statuses).items():
        answers.setdefault(str(status), answer)
    if "200" in answers and kept:
        answers.setdefault("304", {"description": "As it was: what If-None-Match names still holds."})
    operation["responses"] = dict(sorted(answers.items()))


def _alternatives(security: list[Json]) -> Iterator[Json]:
    """Say of several scopes that one is enough: within one requirement all would be needed."""
    for requirement in security:
        for scheme, scopes in requirement.items():
            yield from ({scheme: [scope]} for scope in scopes) if scopes else [requirement]


def _examples(base: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """Yield the examples of our answers as they were written: the framework leaves every null out of them."""
    for model in base.__subclasses__():
        yield from _examples(model)
        said = model.model_config.get("json_schema_extra")
        if model.__module__.startswith(f"{__package__}.") and isinstance(said, dict) and "examples" in said:
            yield model.__name__, said["examples"]


def _taken_out(part: Any) -> Json:
    """Take the parts of schemas out of whatever holds one as it is, and return them: all parts stand in one place."""
    found: Json = {}
    if isinstance(part, dict):
        found.update(part.pop("$defs", {}))
        if str(part.get("$ref", "")).startswith(OF_A_MODEL):
            part["$ref"] = REFERENCE.format(model=part["$ref"].removeprefix(OF_A_MODEL))
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    for each in (*inner, *found.values()):
        found = {**_taken_out(each), **found}
    return found
