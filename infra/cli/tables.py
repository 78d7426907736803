"""Tables on stdout: CSV for programs and spreadsheets, JSON for programs."""

import csv
import sys
from collections.abc import Iterable, Sequence

import orjson
import typer

from infra.cli.options import TableFormat


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str | int | None]], form: TableFormat) -> None:
    """Print rows with their column names."""
    if form is TableFormat.JSON:
        typer.echo(orjson.dumps([dict(zip(columns, row, strict=True)) for row in rows]).decode())
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)


def note(text: str) -> None:
    """Say something to the person, apart from the machine's output."""
    typer.echo(text, err=True)
