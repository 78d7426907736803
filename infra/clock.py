"""The only place that reads the wall clock."""

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now_us(self) -> int:
        """Return microseconds since 1970 in UTC."""
        ...


class SystemClock:
    """This machine's clock."""

    def now_us(self) -> int:
        """Return microseconds since 1970 in UTC."""
        return time.time_ns() // 1000


class PlayedClock:
    """A clock that whoever plays history moves on."""

    def __init__(self) -> None:
        self._now_us = 0

    def now_us(self) -> int:
        """Return microseconds since 1970 in UTC."""
        return self._now_us

    def move_to(self, now_us: int) -> None:
        """Move on; a clock that is beyond already stays."""
        self._now_us = max(self._now_us, now_us)
