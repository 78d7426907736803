"""How often somebody may do a thing: so many at once, and as many again over each minute."""

from collections import OrderedDict
from math import ceil
from typing import NamedTuple

MOST_REMEMBERED = 10_000
MINUTE_S = 60.0


class _Left(NamedTuple):
    """What somebody had left at a moment."""

    left: float
    at_s: float


class Allowance:
    """Counts down for each of many. Time is any clock that never goes back, in seconds.

    Of the many, those heard of least lately are forgotten first, so that inventing new names costs no memory.
    """

    def __init__(self, a_minute: int) -> None:
        self._most = float(a_minute)
        self._each: OrderedDict[str, _Left] = OrderedDict()

    def wait_s(self, who: str, now_s: float) -> int:
        """Return for how many whole seconds somebody has to wait; 0 if they may go on."""
        missing = 1.0 - self._left(who, now_s)
        return max(0, ceil(missing * MINUTE_S / self._most))

    def take(self, who: str, now_s: float) -> None:
        """Note that somebody did it once more."""
        self._each[who] = _Left(max(0.0, self._left(who, now_s) - 1.0), now_s)
        self._each.move_to_end(who)
        if len(self._each) > MOST_REMEMBERED:
            self._each.popitem(last=False)

    def _left(self, who: str, now_s: float) -> float:
        before = self._each.get(who)
        if before is None:
            return self._most
        return min(self._most, before.left + (now_s - before.at_s) * self._most / MINUTE_S)
