"""bellwether deliveries: who was told what, and what became of it."""

import typer

from infra.cli.options import DatabaseUrl, FormatOption, PartnershipSlug, TableFormat

app = typer.Typer(help="See who was told of which alert, and what became of it.", no_args_is_help=True)
COLUMNS = (
    *("id", "alert", "update", "kind", "recipient", "agency", "channel", "state", "attempts", "due_at", "last_result"),
)


@app.callback()
def _group() -> None:
    """See who was told of which alert, and what became of it."""


@app.command("list")
def list_all(
    form: FormatOption = TableFormat.CSV, partnership: PartnershipSlug = None, database_url: DatabaseUrl = None
) -> None:
    """List all deliveries, the oldest first: one for each person, channel and update of an alert."""
    from infra.cli.store import open_store
    from infra.cli.tables import print_table
    from infra.db.deliveries import list_deliveries
    from streams.core.days import from_us

    store = open_store(database_url, partnership)
    rows = [
        (
            *(each.id, each.alert_id, each.update_number, each.kind, each.recipient, each.agency, each.channel),
            *(each.state, each.attempts, from_us(each.due_at_us).isoformat(), each.last_result),
        )
        for each in list_deliveries(store.engine, store.partnership)
    ]
    print_table(COLUMNS, rows, form)
