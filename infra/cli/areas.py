"""bellwether areas: layers of areas, their shapes, and lookups between them."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.options import DatabaseUrl, FormatOption, PartnershipSlug, TableFormat

app = typer.Typer(help="Import areas, with or without shapes, and lookups between layers.", no_args_is_help=True)
DAY = ["%Y-%m-%d"]
File = Annotated[Path, typer.Argument(help="A .geojson or .csv file.", show_default=False)]


@app.command("import")
def import_(
    file: File,
    layer: Annotated[str, typer.Option(help="The layer; it is made if it is new.", show_default=False)],
    code_field: Annotated[str, typer.Option(help="Which property or column holds the code.", show_default=False)],
    name_field: Annotated[str, typer.Option(help="Which property or column holds the name.", show_default=False)],
    parent_field: Annotated[
        str | None, typer.Option(help="Which one holds the code of the area above.", show_default=False)
    ] = None,
    valid_from: Annotated[
        datetime | None, typer.Option(formats=DAY, metavar="DAY", help="First day in force.", show_default=False)
    ] = None,
    valid_to: Annotated[
        datetime | None, typer.Option(formats=DAY, metavar="DAY", help="Last day in force.", show_default=False)
    ] = None,
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Import areas. Into a layer that is there, it adds shapes and keeps the dates of the areas that it has."""
    from infra.cli.area_files import read_areas
    from infra.cli.faults import WrongUseError
    from infra.cli.store import open_store
    from infra.cli.tables import note
    from infra.db.engine import transaction
    from infra.db.geography import import_areas

    if valid_from and valid_to and valid_to < valid_from:
        raise WrongUseError("--valid-to lies before --valid-from")
    areas = read_areas(file, layer, code_field, name_field, parent_field)
    store = open_store(database_url, partnership)
    with transaction(store.engine, write=True) as connection:
        added, shaped = import_areas(connection, store.partnership, layer, areas, _day(valid_from), _day(valid_to))
    note(f"layer {layer}: {added} areas added, {shaped} shapes set, {len(areas)} in the file")


@app.command("lookup")
def lookup(
    file: File,
    from_layer: Annotated[str, typer.Option(help="The finer layer.", show_default=False)],
    from_field: Annotated[str, typer.Option(help="Which column holds its codes.", show_default=False)],
    to_layer: Annotated[str, typer.Option(help="The coarser layer.", show_default=False)],
    to_field: Annotated[str, typer.Option(help="Which column holds its codes.", show_default=False)],
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Import which areas of one layer are counted to which of another."""
    from infra.cli.area_files import read_lookups
    from infra.cli.store import open_store
    from infra.cli.tables import note
    from infra.db.engine import transaction
    from infra.db.geography import import_lookups

    rows = read_lookups(file, from_field, to_field)
    store = open_store(database_url, partnership)
    with transaction(store.engine, write=True) as connection:
        added = import_lookups(connection, store.partnership, from_layer, to_layer, rows)
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
    from infra.db.geography import list_areas

    store = open_store(database_url, partnership)
    columns, rows = list_areas(store.engine, store.partnership, layer)
    print_table(columns, rows, form)


def _day(moment: datetime | None) -> int | None:
    from streams.core.days import day_number

    return None if moment is None else day_number(moment.date())
