"""bellwether db: make a ledger, or bring one to the newest schema."""

from typing import Annotated

import typer

from infra.cli.options import DatabaseUrl

app = typer.Typer(help="Make a ledger, or bring it up to date.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Make a ledger, or bring it up to date."""


@app.command("upgrade")
def upgrade(
    database_url: DatabaseUrl = None,
    partitions: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="How many lanes of work; only when the ledger is made.", show_default=False),
    ] = None,
) -> None:
    """Make the ledger if it is not there, and bring it to the newest schema. Running it twice does no harm.

    A new ledger gets the partnership milton-keynes with its wards, zones and small areas.
    """
    from infra.cli.store import read_settings
    from infra.cli.tables import note
    from infra.clock import SystemClock
    from infra.db.engine import make_engine, transaction
    from infra.db.partnerships import create_partnership
    from infra.db.setup import make_ledger
    from infra.migrations import newest_revision
    from infra.migrations import upgrade as migrate

    settings = read_settings(database_url)
    engine = make_engine(settings.database_url, settings.store_timeout_s)
    now_us = SystemClock().now_us()
    with transaction(engine, write=True) as connection:
        migrate(connection)
        if make_ledger(connection, partitions, now_us):
            create_partnership(connection, "milton-keynes", "milton-keynes", settings.time_zone, now_us)
            note("made a new ledger with the partnership milton-keynes")
    note(f"the ledger's schema is {newest_revision()}")
