"""How far behind its own time a partnership's picture is, and when it may no longer be believed."""

from collections.abc import Iterable
from typing import NamedTuple

UNKNOWN_AFTER_US = 5 * 60 * 1_000_000


class Freshness(NamedTuple):
    """How long ago the slowest stage handled a tick; None where no clock runs yet, or where a replay owns it."""

    lag_us: int | None

    @property
    def is_unknown(self) -> bool:
        """Whether every area must be shown as unknown, whatever was last computed."""
        return self.lag_us is not None and self.lag_us > UNKNOWN_AFTER_US


def freshness(now_us: int, started_us: int, ticked_at_us: Iterable[int | None], *, live: bool) -> Freshness:
    """Return how fresh a live partnership is.

    `ticked_at_us` are the last ticks that each stage has handled, None for one that has handled none; `started_us` is
    the partnership's last recorded time, 0 before its first report.
    """
    if not live or not started_us:
        return Freshness(None)
    return Freshness(max(0, *(now_us - (ticked or 0) for ticked in ticked_at_us)))
