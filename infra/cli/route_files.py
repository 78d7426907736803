"""Reads ROUTES.yaml, and says of every fault the line and what is known."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from alerts.policy.route_check import Known, faults
from infra.cli.faults import WrongUseError
from infra.cli.yaml_lines import YamlError, line_of, read_yaml
from schemas.routes import RouteFile

MOST_FAULTS = 20

_SAID = {
    "missing": "this key is required",
    "extra_forbidden": "no such key here; check its spelling, or leave it out",
    "too_short": "nobody stands here; name at least one",
    "string_pattern_mismatch": "this has characters or a form that this key does not take",
}


def read_route_file(file: Path, known: Known) -> RouteFile:
    """Return the routes of a file. Raises WrongUseError with every fault, a line each."""
    try:
        content, lines = read_yaml(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise WrongUseError(f"{file.name} cannot be read as UTF-8 text") from None
    except YamlError as error:
        raise WrongUseError(f"{file.name}, {error}") from None
    try:
        routes = RouteFile.model_validate(content)
    except ValidationError as error:
        _refuse(file, ((line_of(path, lines), said) for path, said in _of_form(error)))
        raise
    _refuse(file, ((line_of(path, lines), detail) for path, detail in faults(routes, known)))
    return routes


def _of_form(error: ValidationError) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for found in error.errors(include_url=False, include_input=False):
        yield found["loc"], _SAID.get(found["type"], found["msg"])


def _refuse(file: Path, found: Iterator[tuple[int, str]]) -> None:
    said = [f"{file.name}, line {line}: {detail}" for line, detail in sorted(set(found))]
    if len(said) > MOST_FAULTS:
        said = [*said[:MOST_FAULTS], f"and {len(said) - MOST_FAULTS} more"]
    if said:
        raise WrongUseError("no route was changed\n" + "\n".join(said))
