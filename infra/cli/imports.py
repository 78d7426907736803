"""bellwether import: files into events. What is good goes in, what is bad is listed with its line number."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from infra.cli.options import DatabaseUrl, PartnershipSlug

if TYPE_CHECKING:
    from producers.sources.lines import SourceLine

app = typer.Typer(help="Import files: police data, incident tables, events.", no_args_is_help=True)
Files = Annotated[list[Path], typer.Argument(help="One or more files; .gz is read too.", show_default=False)]
File = Annotated[Path, typer.Argument(help="The file; .gz is read too.", show_default=False)]
Reader = Callable[[BinaryIO], "Iterator[SourceLine]"]


@app.command("police-uk")
def police_uk(files: Files, partnership: PartnershipSlug = None, database_url: DatabaseUrl = None) -> None:
    """Import street-level CSV files of data.police.uk, as context: never counted as hate incidents."""
    from infra.cli.importing import import_files
    from infra.cli.store import open_store
    from producers.sources.police_uk import read_police_uk

    store = open_store(database_url, partnership)
    calendar = store.ledger.partnership(store.partnership).calendar
    import_files(store, "import police-uk", files, lambda stream: read_police_uk(stream, calendar))


@app.command("incidents")
def incidents(
    file: File,
    mapping: Annotated[Path, typer.Option(help="A YAML file that says which column is what.", show_default=False)],
    convert_only: Annotated[
        Path | None, typer.Option(help="Write the events to this file instead, for replay.", show_default=False)
    ] = None,
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Import any table of incidents in CSV, by a mapping."""
    from infra.cli.importing import convert_file, import_files, read_mapping
    from infra.cli.store import open_store
    from producers.sources.incidents import read_incidents

    how = read_mapping(mapping)
    store = open_store(database_url, partnership)
    calendar = store.ledger.partnership(store.partnership).calendar

    def read(stream: BinaryIO) -> "Iterator[SourceLine]":
        return read_incidents(stream, how, calendar)

    if convert_only is not None:
        convert_file(file, read, convert_only)
    else:
        import_files(store, "import incidents", [file], read)


@app.command("events")
def events(file: File, partnership: PartnershipSlug = None, database_url: DatabaseUrl = None) -> None:
    """Import CloudEvents, one a line in JSON, each of 1 MiB at most."""
    from infra.cli.importing import import_files
    from infra.cli.store import open_store
    from producers.sources.events import read_events

    store = open_store(database_url, partnership)
    import_files(store, "import events", [file], read_events)
