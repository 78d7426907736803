"""bellwether counts: exact counts for whoever holds the store."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.options import DatabaseUrl, FormatOption, PartnershipSlug, TableFormat

if TYPE_CHECKING:
    from infra.db.counts import Dimension

DAY = ["%Y-%m-%d"]


class Kind(StrEnum):
    """What is counted."""

    INCIDENT = "incident"
    CONTEXT = "context"


class BasisOption(StrEnum):
    """By which day."""

    OCCURRED = "occurred"
    RECEIVED = "received"


def counts(
    layer: Annotated[str, typer.Option(metavar="LAYER", help="The layer of areas, such as ward-2014, zone or city.")],
    first: Annotated[
        datetime, typer.Option("--from", formats=DAY, metavar="DAY", help="First day, such as 2018-06-01.")
    ],
    last: Annotated[datetime, typer.Option("--to", formats=DAY, metavar="DAY", help="Last day, included.")],
    by: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="Comma-separated: area, day, week, month, strand, category, centre. Weeks begin on Monday.",
        ),
    ],
    kind: Annotated[
        Kind, typer.Option(help="incident, or context: counts from others such as police data.")
    ] = Kind.INCIDENT,
    basis: Annotated[
        BasisOption, typer.Option(help="occurred: the day it happened, revised; received: the day the report came in.")
    ] = BasisOption.OCCURRED,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=DAY, metavar="DAY", help="As known at the end of this day.", show_default=False),
    ] = None,
    form: FormatOption = TableFormat.CSV,
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Count incidents, exactly.

    For example: bellwether counts --layer ward-2014 --from 2026-01-01 --to 2026-03-31 --by area,month

    An incident with several strands counts in each, so the sum of strands is more than the total. Small counts can
    point to a person: do not publish them.
    """
    from infra.cli.store import open_store
    from infra.cli.tables import note, print_table
    from infra.db.counts import CountQuery, count

    query = CountQuery(
        layer=layer,
        first=first.date(),
        last=last.date(),
        by=_dimensions(by),
        kind=kind.value,
        basis=basis.value,
        as_of=_day(as_of),
    )
    store = open_store(database_url, partnership)
    table = count(store.engine, store.partnership, query)
    print_table(table.columns, table.rows, form)
    if table.unplaced:
        note(f"{table.unplaced} more lie in no area of layer {layer}: the place is elsewhere, or not known so finely")
    if table.undated:
        note(f"{table.undated} more have no date exact enough for a {'/'.join(d for d in by.split(','))} row")
    for batch in table.backfills:
        note(
            f"import {batch.number} ({batch.command}, {batch.file_name}, {batch.recorded}) came after {_day(as_of)}"
            " and counts here as known when its reports say they were received"
        )


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _dimensions(by: str) -> "tuple[Dimension, ...]":
    from infra.cli.faults import WrongUseError
    from infra.db.counts import Dimension

    names = [name.strip() for name in by.split(",") if name.strip()]
    unknown = [name for name in names if name not in set(Dimension)]
    if unknown or not names:
        raise WrongUseError(
            f"--by takes {', '.join(Dimension)}; {unknown[0] if unknown else 'nothing'} is none of them"
        )
    return tuple(Dimension(name) for name in names)
