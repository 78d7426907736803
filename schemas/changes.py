"""What aggregate says to those after it: each event's effect on the counts, in order, many events to a row."""

import msgspec


class Delta(msgspec.Struct, frozen=True, array_like=True):
    """One contribution booked (n > 0) or taken back (n < 0).

    Days are days since 1970-01-01 in the partnership's time zone; `areas` are the ledger's area numbers, one for
    each layer that has one, and 0 for what no city counts; each area counts once in total and once a strand.
    """

    n: int
    day: int
    known_day: int
    dated: bool
    recording: str
    areas: tuple[int, ...]
    strands: tuple[str, ...]


class Change(msgspec.Struct, frozen=True):
    """The effect of one event of the `events` topic, at its position."""

    position: int
    partnership: int
    event: int
    recorded_at_us: int
    deltas: tuple[Delta, ...]
    harm: str = "unknown"
