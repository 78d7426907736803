"""Options that several commands share."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database-url", help="Where the ledger is; otherwise BELLWETHER_DATABASE_URL.", show_default=False),
]
PartnershipSlug = Annotated[
    str | None,
    typer.Option(
        "--partnership", help="Which partnership; may be left out where there is only one.", show_default=False
    ),
]
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])]


class TableFormat(StrEnum):
    """How a table is printed."""

    CSV = "csv"
    JSON = "json"


FormatOption = Annotated[TableFormat, typer.Option("--format", help="csv, or json: a list with an object a row.")]
