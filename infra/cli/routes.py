"""bellwether routes: which alerts are whose, and how those people are told."""

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.options import DatabaseUrl, FormatOption, PartnershipSlug, TableFormat

app = typer.Typer(help="Say which task forces are told of which alerts, and see it.", no_args_is_help=True)
COLUMNS = ("task_force", "class", "layer", "area", "severity", "told", "members")


@app.command("apply")
def apply(
    file: Annotated[Path, typer.Argument(help="A ROUTES.yaml file.", show_default=False)],
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Replace all task forces and routes by those of a file. A file with a fault changes nothing."""
    from alerts.channels import ChannelError
    from alerts.channels.configured import read_channels
    from alerts.policy.route_check import Known
    from infra.cli.faults import WrongUseError
    from infra.cli.route_files import read_route_file
    from infra.cli.store import open_store, read_settings
    from infra.cli.tables import note
    from infra.db.engine import transaction
    from infra.db.routes import apply_plan, areas_by_layer, plan_of

    store = open_store(database_url, partnership)
    try:
        channels = read_channels(read_settings(database_url).channels_file)
    except ChannelError as error:
        raise WrongUseError(str(error)) from None
    with transaction(store.engine, write=False) as connection:
        areas = areas_by_layer(connection, store.partnership)
    plan = plan_of(read_route_file(file, Known(areas, channels)))
    with transaction(store.engine, write=True) as connection:
        changed = apply_plan(connection, store.partnership, plan)
    said = f"{len(plan.task_forces)} task forces, {len(plan.routes)} routes"
    note(f"{said}: they hold from now on" if changed else f"{said}: nothing has changed")


@app.command("list")
def list_all(
    form: FormatOption = TableFormat.CSV, partnership: PartnershipSlug = None, database_url: DatabaseUrl = None
) -> None:
    """List the routes: which alerts, from which severity on, at once or when overdue, to how many people."""
    from infra.cli.store import open_store
    from infra.cli.tables import print_table
    from infra.db.engine import transaction
    from infra.db.routes import read_plan

    store = open_store(database_url, partnership)
    with transaction(store.engine, write=False) as connection:
        plan = read_plan(connection, store.partnership)
    members = {code: {each.member for each in plan.members if each.task_force == code} for code, _ in plan.task_forces}
    rows = [
        (
            *(each.task_force, each.alert_class, each.layer or "any", each.area_code or "all", each.severity),
            *("when overdue" if each.escalates else "at once", len(members[each.task_force])),
        )
        for each in plan.routes
    ]
    print_table(COLUMNS, sorted(rows), form)
