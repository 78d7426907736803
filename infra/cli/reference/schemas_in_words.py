"""A JSON Schema in words, with links to the parts that it names."""

from collections.abc import Iterator
from typing import Any

from infra.cli.reference.limits import Schema, span_of
from infra.cli.reference.markdown import link

_KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "an object",
    "null": "null",
}
_FORMATS = {"date": "a day", "date-time": "a time", "binary": "bytes"}


def words(schema: Schema) -> str:
    """Return what a schema takes. Raises KeyError for one that has no words yet."""
    if "$ref" in schema:
        return link(_name(schema["$ref"]))
    if several := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        alternatives = [words(each) for each in several]
        return (", or " if any(" " in each for each in alternatives) else " or ").join(alternatives)
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema["enum"])
    if "type" not in schema:
        return "any value"
    return _of_type(schema)


def without_null(schema: Schema) -> Schema:
    """Return the same schema without null, for what is left out rather than null."""
    if "anyOf" not in schema:
        return schema
    left = [each for each in schema["anyOf"] if each.get("type") != "null"]
    return left[0] if len(left) == 1 else {**schema, "anyOf": left}


def named_within(schema: Any) -> Iterator[str]:
    """Yield the names of the parts that a schema, or anything that holds schemas, refers to."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield _name(schema["$ref"])
        for each in schema.values():
            yield from named_within(each)
    if isinstance(schema, list):
        for each in schema:
            yield from named_within(each)


def _of_type(schema: Schema) -> str:
    if schema["type"] == "array":
        items = schema.get("items", {})
        return f"list{span_of(schema)} of {words(items)}" if items else f"list{span_of(schema)}"
    if schema["type"] == "object" and isinstance(values := schema.get("additionalProperties"), dict):
        return f"an object with values of {words(values)}"
    return _FORMATS.get(schema.get("format", ""), _KINDS[schema["type"]]) + span_of(schema)


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]
