"""settings.md: every setting, as the settings themselves are declared."""

from collections.abc import Iterator
from typing import Any

from infra.cli.reference import markdown
from infra.cli.reference.limits import span_of
from infra.settings import Settings

ABOUT = """
What an installation decides. Each setting is a variable of the environment with the name given here; it may also
stand in a file `.env` in the folder where `bellwether` is started (copy `.env.example`). A variable wins over the
file, and the option of a command, where there is one, wins over both. A setting that cannot be used is named, and
nothing is started.

A secret is never printed, logged or put into an answer. Give it to the processes that need it and to no one else.
"""
_KINDS = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}


def page() -> str:
    """Return the page."""
    return markdown.page("Settings", ABOUT, _sections())


def _sections() -> Iterator[str]:
    properties = Settings.model_json_schema()["properties"]
    for name, field in Settings.model_fields.items():
        yield markdown.heading(f"{Settings.model_config['env_prefix']}{name.upper()}")
        yield markdown.paragraph(markdown.sentence(field.description or ""))
        yield markdown.bullets(_facts(properties[name]))


def _facts(schema: dict[str, Any]) -> Iterator[str]:
    given = _without_null(schema)
    secret = given.get("format") == "password"
    yield f"Takes {_kind(given)}{'; a secret' if secret else ''}."
    default = schema.get("default")
    yield "Not set unless you set it." if default is None else f"Default: `{_plain(default)}`."


def _plain(default: Any) -> Any:
    """Return a number as people write it: 30, not 30.0."""
    return int(default) if isinstance(default, float) and default.is_integer() else default


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next((each for each in schema.get("anyOf", ()) if each.get("type") != "null"), schema)
    return found


def _kind(schema: dict[str, Any]) -> str:
    """Return in words what a setting takes. Raises KeyError for what has no words yet."""
    if schema.get("format") == "path":
        return "the name of a file"
    return _KINDS[schema["type"]] + span_of(schema)
