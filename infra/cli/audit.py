"""bellwether audit: who read which record, exported what, or changed who may do what, and why."""

import typer

from infra.cli.options import DatabaseUrl, FormatOption, PartnershipSlug, TableFormat

app = typer.Typer(help="See who did what with keys, users, records and exports.", no_args_is_help=True)
COLUMNS = ("number", "at", "actor", "agency", "act", "what", "purpose")


@app.callback()
def group() -> None:
    """See who did what with keys, users, records and exports."""


@app.command("list")
def list_all(
    form: FormatOption = TableFormat.CSV, partnership: PartnershipSlug = None, database_url: DatabaseUrl = None
) -> None:
    """List the audit, the oldest first. Nothing in it is ever changed or removed."""
    from infra.cli.access import instant
    from infra.cli.store import open_store
    from infra.cli.tables import print_table
    from infra.db.access.audit import read_audit

    store = open_store(database_url, partnership)
    rows = [
        (row.number, instant(row.at_us), row.actor, row.agency, row.act, row.what, row.purpose)
        for row in read_audit(store.engine, store.partnership)
    ]
    print_table(COLUMNS, rows, form)
