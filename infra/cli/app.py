"""The `bellwether` command and its groups; each imports what it needs only when it runs."""

import sys
from typing import Annotated

import typer

from infra.cli import areas, counts, db, dead_letters, imports, ledger, partnerships, stages, verify
from infra.cli.faults import explained

app = typer.Typer(
    name="bellwether",
    help="Count hate incidents by area, exactly, and see to it that somebody owns the answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(db.app, name="db")
app.add_typer(partnerships.app, name="partnerships")
app.add_typer(areas.app, name="areas")
app.add_typer(imports.app, name="import")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(stages.app, name="stage")
app.command("counts")(counts.counts)
app.command("ledger")(ledger.ledger)
app.command("verify")(verify.verify)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("bellwether"))
        raise typer.Exit


@app.callback()
def _everywhere(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Count hate incidents by area, exactly, and see to it that somebody owns the answer."""


def main() -> None:
    """Run the command; exit 0 if done, 1 if the work found a fault, 2 if it was asked wrongly."""
    with explained():
        app(standalone_mode=True)
    sys.exit(0)
