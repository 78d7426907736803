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
Port = Annotated[
    int | None,
    typer.Option(
        "--port",
        min=0,
        max=65_535,
        help="Where to listen; otherwise BELLWETHER_PORT. 0 takes any that is free.",
        show_default=False,
    ),
]
Host = Annotated[
    str | None,
    typer.Option(
        "--host",
        help="Which address to listen on; otherwise BELLWETHER_HOST. 127.0.0.1 is heard on this machine alone.",
        show_default=False,
    ),
]
MetricsPort = Annotated[
    int | None,
    typer.Option(
        "--metrics-port",
        min=1,
        max=65_535,
        help="A port for metrics without a key; keep it from outsiders. Otherwise BELLWETHER_METRICS_PORT, or none.",
        show_default=False,
    ),
]
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])]


class TableFormat(StrEnum):
    """How a table is printed."""

    CSV = "csv"
    JSON = "json"


FormatOption = Annotated[TableFormat, typer.Option("--format", help="csv, or json: a list with an object a row.")]
