"""bellwether partnerships: several community safety partnerships may share one ledger."""

from enum import StrEnum
from typing import Annotated

import typer

from infra.cli.options import DatabaseUrl, FormatOption, TableFormat

app = typer.Typer(help="Make and list partnerships; one ledger may serve many.", no_args_is_help=True)


class WithoutStatisticsConsent(StrEnum):
    """What an incident does in counts whose victim says no to statistics."""

    COUNT = "count"
    LEAVE_OUT = "leave-out"


@app.command("create")
def create(
    slug: Annotated[str, typer.Argument(help="A short name in lower case with hyphens, such as luton.")],
    places: Annotated[str, typer.Option(help="milton-keynes, fictional (all in it is marked synthetic), or none.")],
    time_zone: Annotated[
        str | None, typer.Option(help="What a day is there; fixed from then on.", show_default=False)
    ] = None,
    without_statistics_consent: Annotated[
        WithoutStatisticsConsent,
        typer.Option(help="What an incident does in counts whose victim says no to statistics; fixed from then on."),
    ] = WithoutStatisticsConsent.COUNT,
    database_url: DatabaseUrl = None,
) -> None:
    """Add a partnership to the ledger."""
    from pydantic import TypeAdapter, ValidationError

    from infra.cli.faults import WrongUseError
    from infra.cli.store import open_engine, read_settings
    from infra.cli.tables import note
    from infra.clock import SystemClock
    from infra.db.engine import transaction
    from infra.db.partnerships import create_partnership
    from schemas.fields import Slug

    settings = read_settings(database_url)
    try:
        TypeAdapter(Slug).validate_python(slug)
    except ValidationError:
        raise WrongUseError("a partnership's name has lower-case letters, digits and hyphens, at most 60") from None
    with transaction(open_engine(database_url), write=True) as connection:
        create_partnership(
            connection,
            slug,
            places,
            time_zone or settings.time_zone,
            SystemClock().now_us(),
            without_statistics_consent.value,
        )
    note(f"made the partnership {slug}")


@app.command("list")
def list_all(form: FormatOption = TableFormat.CSV, database_url: DatabaseUrl = None) -> None:
    """List the partnerships of the ledger."""
    from infra.cli.store import open_engine
    from infra.cli.tables import print_table
    from infra.db.engine import transaction
    from infra.db.partnerships import list_partnerships

    engine = open_engine(database_url)
    with transaction(engine, write=False) as connection:
        rows = [(row.slug, row.places, row.time_zone, row.partition) for row in list_partnerships(connection)]
    print_table(("slug", "places", "time_zone", "partition"), rows, form)
