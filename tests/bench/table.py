"""How a bench reports: a table for people, and build/bench-NAME.json for machines."""

import sys
from pathlib import Path
from typing import NamedTuple

import orjson
from rich.console import Console
from rich.table import Table


class Result(NamedTuple):
    """A measurement; `ratio` is value over that of `against` in the same run, if there is one."""

    name: str
    value: float
    unit: str
    against: str | None = None
    ratio: float | None = None


def against(name: str, value: float, unit: str, other: Result) -> Result:
    """Return a result beside another of the same run."""
    return Result(name, value, unit, other.name, value / other.value)


def report(name: str, results: list[Result]) -> None:
    """Print and write the results of one bench."""
    shown = Table(title=name)
    for heading in Result._fields:
        shown.add_column(heading)
    for result in results:
        ratio = "" if result.ratio is None else f"{result.ratio:.3f}"
        shown.add_row(result.name, f"{result.value:,.2f}", result.unit, result.against or "", ratio)
    Console(file=sys.stdout, width=120).print(shown)
    folder = Path("build")
    folder.mkdir(exist_ok=True)
    rows = [result._asdict() for result in results]
    (folder / f"bench-{name}.json").write_bytes(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
