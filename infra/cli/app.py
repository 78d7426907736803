"""The `bellwether` command and its groups; each imports what it needs only when it runs."""

import sys
from typing import Annotated

import typer

from infra.cli import (
    alerts,
    api,
    areas,
    audit,
    cases,
    counts,
    db,
    dead_letters,
    deliveries,
    demo,
    imports,
    keys,
    ledger,
    partnerships,
    replay,
    routes,
    rules,
    serve,
    simulate,
    stages,
    users,
    vault,
    verify,
)
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
app.add_typer(alerts.app, name="alerts")
app.add_typer(routes.app, name="routes")
app.add_typer(rules.app, name="rules")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(cases.app, name="cases")
app.add_typer(vault.app, name="vault")
app.add_typer(keys.app, name="keys")
app.add_typer(users.app, name="users")
app.add_typer(audit.app, name="audit")
app.command("api")(api.api)
app.command("counts")(counts.counts)
app.command("demo")(demo.demo)
app.command("forget")(vault.forget)
app.command("ledger")(ledger.ledger)
app.command("replay")(replay.replay)
app.command("restore-check")(vault.restore_check)
app.command("serve")(serve.serve)
app.command("simulate")(simulate.simulate)
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
