"""A clock that tests set."""

from datetime import UTC, datetime

from streams.core.days import to_us


class FakeClock:
    """Stands still until it is told otherwise."""

    def __init__(self, now: datetime = datetime(2026, 7, 1, 12, tzinfo=UTC)) -> None:
        self._now_us = to_us(now)

    def now_us(self) -> int:
        return self._now_us

    def set(self, now: datetime) -> None:
        """Also backwards: clocks do that."""
        self._now_us = to_us(now)

    def set_us(self, now_us: int) -> None:
        """Set it to microseconds since 1970."""
        self._now_us = now_us

    def advance(self, *, seconds: float) -> None:
        self._now_us += int(seconds * 1_000_000)
