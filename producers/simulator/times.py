"""Civil days and times of day as instants, and as the contracts write them."""

from streams.core.days import Calendar, day_from_number, instant_of

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US


class Times:
    """The days of one time zone. Instants are microseconds since 1970."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._starts: dict[int, int] = {}

    def start(self, day: int) -> int:
        """Return a day's first instant."""
        if day not in self._starts:
            self._starts[day] = self._calendar.first_us_of_day(day)
        return self._starts[day]

    def at(self, day: int, minutes: int) -> int:
        """Return so many minutes after midnight, or the day's last minute if it is too short (23 hours in March)."""
        return min(self.start(day) + minutes * MINUTE_US, self.start(day + 1) - MINUTE_US)

    def day_of(self, instant_us: int) -> int:
        """Return the civil day of an instant."""
        return self._calendar.day_of_us(instant_us)


def written(instant_us: int) -> str:
    """Return an instant as the contracts write it."""
    return instant_of(instant_us)


def day_text(day: int) -> str:
    """Return a civil day as the contracts write it."""
    return day_from_number(day).isoformat()
