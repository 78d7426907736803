"""The `bellwether` command and its groups; each imports what it needs only when it runs."""

import sys

import typer

from infra.cli import areas, counts, db, dead_letters, imports, ledger, partnerships, verify
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
app.command("counts")(counts.counts)
app.command("ledger")(ledger.ledger)
app.command("verify")(verify.verify)


def main() -> None:
    """Run the command; exit 0 if done, 1 if the work found a fault, 2 if it was asked wrongly."""
    with explained():
        app(standalone_mode=True)
    sys.exit(0)
