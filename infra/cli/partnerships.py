"""bellwether partnerships: several community safety partnerships may share one ledger."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.cli.options import DatabaseUrl, FormatOption, TableFormat

if TYPE_CHECKING:
    from sqlalchemy import Row

    from streams.core.freshness import Freshness

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
    """List the partnerships of the ledger, and how fresh the picture of each is.

    `picture` is fresh, or unknown where a stage has not kept up with the clock for more than five minutes, as when
    `serve` does not run; then no area may be called calm. A partnership without a report has no clock yet.
    """
    from infra.cli.store import open_ledger
    from infra.cli.tables import print_table
    from infra.db.engine import transaction
    from infra.db.freshness import read_freshness
    from infra.db.partnerships import list_partnerships

    ledger = open_ledger(database_url)
    now_us = ledger.now_us()
    with transaction(ledger.engine, write=False) as connection:
        fresh = read_freshness(connection, now_us)
        rows = [
            (*(row.slug, row.places, row.time_zone, row.partition, row.marking), _picture(row, fresh[row.number]))
            for row in list_partnerships(connection)
        ]
    print_table(("slug", "places", "time_zone", "partition", "marking", "picture"), rows, form)


def _picture(row: "Row[Any]", fresh: "Freshness") -> str:
    if row.replaying is not None:
        return "replaying"
    if fresh.lag_us is None:
        return "no clock yet"
    return "unknown" if fresh.is_unknown else "fresh"
