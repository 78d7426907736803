"""The limits of a value, in words: from the JSON Schema by which it is judged."""

import re
from typing import Any

WORDS_ONLY = re.compile(r"\^\(([\w-]+(?:\|[\w-]+)*)\)\$")
Schema = dict[str, Any]


def span_of(schema: Schema) -> str:
    """Return the limits of a text, number or list, to be put behind the name of its kind; nothing if it has none."""
    found = [*_lengths(schema), *_bounds(schema)]
    if "pattern" in schema:
        found.append(_form(schema["pattern"]))
    return "".join(f", {each}" for each in found)


def between(least: float | None, most: float | None, unit: str = "") -> str:
    """Return in words the span between two limits, of which one may be missing."""
    words = [_number(each) for each in (least, most) if each is not None]
    if least is None:
        said = f"at most {words[0]}"
    elif most is None:
        said = f"at least {words[0]}"
    else:
        said = words[0] if least == most else f"{words[0]} to {words[1]}"
    return f"{said} {unit}".strip()


def _form(pattern: str) -> str:
    """Return a pattern, or what it comes to where it is a list of words."""
    if found := WORDS_ONLY.fullmatch(pattern):
        return "one of " + ", ".join(f"`{word}`" for word in found[1].split("|"))
    return f"of the form `{pattern}`"


def _lengths(schema: Schema) -> list[str]:
    for least, most, unit in (("minLength", "maxLength", "characters"), ("minItems", "maxItems", "entries")):
        if least in schema or most in schema:
            return [between(schema.get(least), schema.get(most), unit)]
    return []


def _bounds(schema: Schema) -> list[str]:
    found = []
    if "exclusiveMinimum" in schema:
        found.append(f"more than {_number(schema['exclusiveMinimum'])}")
    if "exclusiveMaximum" in schema:
        found.append(f"less than {_number(schema['exclusiveMaximum'])}")
    if "minimum" in schema or "maximum" in schema:
        found.append(between(schema.get("minimum"), schema.get("maximum"), ""))
    return found


def _number(value: float) -> str:
    """Write a number as a reader would: 10,000 and 0.5, and no end of zeros."""
    return f"{int(value):,}" if value == int(value) else str(value)
