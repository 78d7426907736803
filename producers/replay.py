"""Plays history: events in order of the time at which they were received, with a clock that ticks in between."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from streams.core.days import Calendar

MOST_ROWS = 500


class _Times(msgspec.Struct):
    time: str
    receivedtime: str | None = None


_decoder = msgspec.json.Decoder(_Times)


class Line(NamedTuple):
    """An event as it stands in a file, and when it was received (microseconds since 1970)."""

    number: int
    received_us: int
    raw: bytes


class Slice(NamedTuple):
    """What happens next: events, in order, and the instants at which the clock ticks among and after them."""

    lines: tuple[Line, ...]
    ticks_us: tuple[int, ...]

    @property
    def first_us(self) -> int:
        """When it begins."""
        return min([*(line.received_us for line in self.lines[:1]), *self.ticks_us[:1]])


def received_us(raw: bytes, calendar: Calendar) -> int:
    """Return when an event was received: its receivedtime, or else when it was made.

    A date means its last instant. Raises ValueError or msgspec.DecodeError where no time can be read.
    """
    times = _decoder.decode(raw)
    return calendar.last_us(times.receivedtime or times.time)


def in_order(lines: Iterable[Line]) -> list[Line]:
    """Return lines by received time, ties as they stand in the file."""
    return sorted(lines, key=lambda line: (line.received_us, line.number))


def slices(lines: Sequence[Line], tick_us: int) -> Iterator[Slice]:
    """Return history in slices of at most MOST_ROWS events and ticks.

    The clock starts at the first event and ticks every `tick_us` after it; last of all at the last event.
    """
    if not lines:
        return
    first_us, last_us = lines[0].received_us, lines[-1].received_us
    taken: list[Line] = []
    ticks: list[int] = []
    next_tick_us = first_us + tick_us
    for line in lines:
        while next_tick_us < line.received_us:
            ticks.append(next_tick_us)
            next_tick_us += tick_us
            if len(taken) + len(ticks) >= MOST_ROWS:
                yield Slice(tuple(taken), tuple(ticks))
                taken, ticks = [], []
        taken.append(line)
        if len(taken) + len(ticks) >= MOST_ROWS:
            yield Slice(tuple(taken), tuple(ticks))
            taken, ticks = [], []
    yield Slice(tuple(taken), (*ticks, last_us + 1))
