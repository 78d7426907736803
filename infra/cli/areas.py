"""bellwether areas: layers of areas, their shapes, and lookups between them."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from infra.cli import written
from infra.cli.options import DatabaseUrl, FormatOption, PartnershipSlug, TableFormat

app = typer.Typer(help="Areas, lookups between layers, and places that people put on the map.", no_args_is_help=True)
app.add_typer(written.app, name="written")
app.command("confirm")(written.confirm)
DAY = ["%Y-%m-%d"]
File = Annotated[Path, typer.Argument(help="A .geojson or .csv file.", show_default=False)]
FirstDay = Annotated[
    datetime | None, typer.Option(formats=DAY, metavar="DAY", help="First day in force.", show_default=False)
]
LastDay = Annotated[
    datetime | None, typer.Option(formats=DAY, metavar="DAY", help="Last day in force.", show_default=False)
]


@app.command("import")
def import_(
    file: File,
    layer: Annotated[str, typer.Option(help="The layer; it is made if it is new.", show_default=False)],
    code_field: Annotated[str, typer.Option(help="Which property or column holds the code.", show_default=False)],
    name_field: Annotated[str, typer.Option(help="Which property or column holds the name.", show_default=False)],
    parent_field: Annotated[
        str | None, typer.Option(help="Which one holds the code of the area above.", show_default=False)
    ] = None,
    valid_from: FirstDay = None,
    valid_to: LastDay = None,
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Import areas. Into a layer that is there, it adds shapes and keeps the dates of the areas that it has.

    Where parents move areas that count reports already, all is counted anew.
    """
    from infra.cli.area_files import read_areas
    from infra.cli.store import counting_host, open_store
    from infra.cli.tables import note
    from infra.db.engine import transaction
    from infra.db.geography import import_areas

    first_day, last_day = _days(valid_from, valid_to)
    areas = read_areas(file, layer, code_field, name_field, parent_field)
    store = open_store(database_url, partnership)
    with transaction(store.engine, write=True) as connection:
        added, shaped = import_areas(connection, store.partnership, layer, areas, first_day, last_day)
    counting_host(store.ledger).drain()
    note(f"layer {layer}: {added} areas added, {shaped} shapes set, {len(areas)} in the file")


@app.command("lookup")
def lookup(
    file: File,
    from_layer: Annotated[str, typer.Option(help="The finer layer.", show_default=False)],
    from_field: Annotated[str, typer.Option(help="Which column holds its codes.", show_default=False)],
    to_layer: Annotated[str, typer.Option(help="The coarser layer.", show_default=False)],
    to_field: Annotated[str, typer.Option(help="Which column holds its codes.", show_default=False)],
    valid_from: FirstDay = None,
    valid_to: LastDay = None,
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Import which areas of one layer are counted to which of another, instead of what they were counted to.

    With days, only for incidents of those days.
    Where reports are counted already, all is counted anew; until that is done, counts are as they were.
    """
    from infra.cli.area_files import read_lookups
    from infra.cli.store import counting_host, open_store
    from infra.cli.tables import note
    from infra.db.engine import transaction
    from infra.db.geography import GeographyChange

    first_day, last_day = _days(valid_from, valid_to)
    rows = read_lookups(file, from_field, to_field)
    store = open_store(database_url, partnership)
    with transaction(store.engine, write=True) as connection:
        change = GeographyChange(connection, store.partnership, None)
        added = change.add_lookups(from_layer, to_layer, rows, first_day, last_day)
    counting_host(store.ledger).drain()
    note(f"{added} lookups added from {from_layer} to {to_layer}, {len(rows)} in the file")


@app.command("list")
def list_all(
    layer: Annotated[str | None, typer.Option(help="Only this layer.", show_default=False)] = None,
    form: FormatOption = TableFormat.CSV,
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List the areas that there are."""
    from infra.cli.store import open_store
    from infra.cli.tables import print_table
    from infra.db.geography_reading import list_areas

    store = open_store(database_url, partnership)
    columns, rows = list_areas(store.engine, store.partnership, layer)
    print_table(columns, rows, form)


def _days(first: datetime | None, last: datetime | None) -> tuple[int | None, int | None]:
    from infra.cli.faults import WrongUseError
    from streams.core.days import day_number

    if first and last and last < first:
        raise WrongUseError("--valid-to lies before --valid-from")
    return (
        None if first is None else day_number(first.date()),
        None if last is None else day_number(last.date()),
    )
