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
