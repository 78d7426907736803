"""What `replay` and `demo` do: play a file of events into a partnership, slice by slice, with every stage at work."""

import hashlib
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import msgspec

from infra.cli.faults import FOUND_A_FAULT, WrongUseError
from infra.cli.importing import list_rejected, opened
from infra.cli.progress import progress_bar
from infra.cli.store import Store, embedded_host
from infra.cli.tables import note
from infra.clock import PlayedClock
from infra.db.engine import transaction
from infra.db.replaying import begin_replay, end_replay
from producers.replay import Line, in_order, received_us, slices
from producers.sources.events import read_events
from schemas.problems import Problem
from streams.hosts.desk import IntakeDesk
from streams.stages.intake import Outcome

UNITS_US = {"s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
MOST_UNITS = 10_000
NO_TIME = Problem("no-time", "time", "no time can be read from this line, so it cannot be played")


class Pace(NamedTuple):
    """How many times as fast as it was (None: as fast as can be), and how often the clock ticks."""

    speed: float | None
    tick_us: int


def read_pace(speed: str, tick: str) -> Pace:
    """Return what the two options say. Raises WrongUseError."""
    number, unit = tick[:-1], tick[-1:]
    if unit not in UNITS_US or not number.isdecimal() or not 1 <= int(number) <= MOST_UNITS:
        raise WrongUseError("--tick is a whole number and s, m, h or d, such as 30m, 1h or 1d")
    try:
        factor = None if speed == "max" else float(speed)
    except ValueError:
        factor = 0.0
    if factor is not None and not 0 < factor < float("inf"):
        raise WrongUseError("--speed is max, or a number above 0")
    return Pace(factor, int(number) * UNITS_US[unit])


def play_file(store: Store, clock: PlayedClock, file: Path, pace: Pace) -> None:
    """Play a file; exit 1 if a line of it was not accepted. `clock` is the store's.

    Raises WrongUseError, ReplayError, StoppedError, StoreUnavailableError.
    """
    lines, refused, digest = _read(store, file)
    with transaction(store.engine, write=True) as connection:
        if begin_replay(connection, store.partnership, f"{digest} {pace.tick_us}"):
            note("going on with a replay that was interrupted")
    became = _play(store, clock, lines, pace, file.name)
    with transaction(store.engine, write=True) as connection:
        end_replay(connection, store.partnership)
    rejected = refused + became[None]
    note(
        f"{len(lines) + refused} read: {became[Outcome.ACCEPTED]} played, {became[Outcome.DUPLICATE]} there already,"
        f" {became[Outcome.QUARANTINED]} quarantined, {rejected} rejected"
    )
    if rejected or became[Outcome.QUARANTINED]:
        sys.exit(FOUND_A_FAULT)


def _play(store: Store, clock: PlayedClock, lines: list[Line], pace: Pace, name: str) -> Counter[Outcome | None]:
    desk, host = IntakeDesk(store.ledger, store.partnership), embedded_host(store.ledger)
    became: Counter[Outcome | None] = Counter()
    clock.move_to(store.ledger.partnership_time_us(store.partnership))  # what was played already waits for nothing
    with progress_bar(f"events of {name}", len(lines)) as advance:
        for part in slices(lines, pace.tick_us):
            if pace.speed is not None and clock.now_us():
                time.sleep(max(0, part.first_us - clock.now_us()) / 1_000_000 / pace.speed)
            clock.move_to(part.first_us)
            answers = desk.play([line.raw for line in part.lines], part.ticks_us)
            for line, answer in zip(part.lines, answers, strict=True):
                became[answer.outcome] += 1
                list_rejected(line.number, answer.problems)
            host.drain()
            advance(len(part.lines))
    return became


def _read(store: Store, file: Path) -> tuple[list[Line], int, str]:
    """Return the lines of a file in the order of their times, how many have none, and the file's digest."""
    calendar = store.ledger.partnership(store.partnership).calendar
    digest, refused = hashlib.sha256(), 0
    lines: list[Line] = []
    with opened(file) as stream:
        for line in read_events(stream):
            digest.update(line.raw + b"\n")
            problems = line.problems
            if not problems:
                try:
                    lines.append(Line(line.number, received_us(line.raw, calendar), line.raw))
                    continue
                except (ValueError, msgspec.DecodeError):
                    problems = (NO_TIME,)
            list_rejected(line.number, problems)
            refused += 1
    return in_order(lines), refused, digest.hexdigest()
