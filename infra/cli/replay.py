"""bellwether replay: history, played into a partnership in its own time."""

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.options import DatabaseUrl, PartnershipSlug


def replay(
    file: Annotated[Path, typer.Argument(help="CloudEvents, one a line; .gz is read too.", show_default=False)],
    speed: Annotated[str, typer.Option(help="max, or how many times as fast as it was.")] = "max",
    tick: Annotated[str, typer.Option(help="How often the clock ticks meanwhile, such as 30m, 1h or 1d.")] = "1h",
    partnership: PartnershipSlug = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Play events in order of the time at which they were received, with rules, alerts and their deliveries.

    Only into a partnership that holds no reports, signals or returns yet; areas and rules that are there hold from the
    first event. Alerts go to the log channel only. A replay that was interrupted goes on with the same command.
    """
    from infra.cli.playing import play_file, read_pace
    from infra.cli.store import open_store
    from infra.clock import PlayedClock

    pace, clock = read_pace(speed, tick), PlayedClock()
    play_file(open_store(database_url, partnership, clock), clock, file, pace)
