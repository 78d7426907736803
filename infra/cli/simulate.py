"""bellwether simulate: a synthetic city's events, for demonstrations, tests and training."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from schemas.upcast import RawEvent

TIME_ZONE = "Europe/London"


class PlacesOption(StrEnum):
    """Whose places the events name."""

    MILTON_KEYNES = "milton-keynes"
    FICTIONAL = "fictional"


def simulate(
    seed: Annotated[int, typer.Option(metavar="N", help="The same seed and options give the same file.")],
    days: Annotated[int, typer.Option(metavar="N", help="How many days; the last is always 2026-10-31.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.ndjson", help="Where to write.")],
    places: Annotated[
        PlacesOption, typer.Option(help="milton-keynes, or fictional: a city that does not exist.")
    ] = PlacesOption.MILTON_KEYNES,
    persons: Annotated[
        bool, typer.Option("--persons", help="Add invented people and free text; intake needs a secret key for them.")
    ] = False,
) -> None:
    """Write synthetic events of a city, one a line, in the order received.

    For example: bellwether simulate --seed 1 --days 365 -o year.ndjson

    Nothing in them happened. Every event is marked synthetic, and its source begins with /synthetic/. Take them in with
    `bellwether replay` or `bellwether import events`, into a partnership that holds nothing real.
    """
    from random import Random

    from infra.cli.faults import WrongUseError
    from infra.cli.tables import note
    from producers.simulator.shipped import city
    from producers.simulator.simulation import FEWEST_DAYS, MOST_DAYS
    from producers.simulator.simulation import simulate as events_by_day
    from streams.core.days import Calendar

    if not FEWEST_DAYS <= days <= MOST_DAYS:
        raise WrongUseError(f"--days takes {FEWEST_DAYS} to {MOST_DAYS:,}, a hundred years; {days} is outside")
    if seed < 0:
        raise WrongUseError(f"--seed takes a whole number from 0; {seed} is below")
    random = Random(seed)  # noqa: S311 - invented data, no secret
    by_day = events_by_day(city(places.value), days, random, Calendar(TIME_ZONE), persons=persons)
    written = _write(output, by_day, days)
    note(f"{written} synthetic events of {days} days written to {output.name}")


def _write(output: Path, by_day: "Iterator[list[RawEvent]]", days: int) -> int:
    """Write events, one a line; return how many. Raises WrongUseError if the file cannot be opened for writing."""
    import orjson

    from infra.cli.faults import WorkFaultError, WrongUseError
    from infra.cli.progress import progress_bar

    try:
        target = output.open("wb")
    except OSError as error:
        raise WrongUseError(f"{output.name} cannot be written: {error.strerror}; choose another -o") from None
    written = 0
    try:
        with target, progress_bar("days simulated", days) as advance:
            for events in by_day:
                target.write(b"".join(orjson.dumps(event) + b"\n" for event in events))
                written += len(events)
                advance(1)
    except OSError as error:
        raise WorkFaultError(f"{output.name} cannot be written to the end: {error.strerror}") from None
    return written
