"""Civil days. Instants are UTC microseconds; a day is a number of days since 1970-01-01 in a named time zone.

A date without a time never passes through UTC. Days may have 23 or 25 hours: a day is what a wall calendar there says.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from schemas.fields import is_date

EPOCH = date(1970, 1, 1)
EPOCH_ORDINAL = EPOCH.toordinal()
EPOCH_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONGEST_DATED_RANGE_DAYS = 7


def day_number(day: date) -> int:
    """Return the number of days from 1970-01-01 to a civil day."""
    return day.toordinal() - EPOCH_ORDINAL


def day_from_number(number: int) -> date:
    """Return the civil day of a day number."""
    return date.fromordinal(number + EPOCH_ORDINAL)


def monday_of(day: int) -> int:
    """Return the day number of the Monday on or before a day."""
    return day - (day + 3) % 7  # 1970-01-01 was a Thursday


def to_us(instant: datetime) -> int:
    """Return an aware datetime as microseconds since 1970 in UTC."""
    return (instant - EPOCH_INSTANT) // MICROSECOND


def instant_of(instant_us: int) -> str:
    """Return an instant as the contracts write it."""
    return from_us(instant_us).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def from_us(instant_us: int) -> datetime:
    """Return microseconds since 1970 as an aware UTC datetime."""
    return EPOCH_INSTANT + timedelta(microseconds=instant_us)


@dataclass(frozen=True)
class Calendar:
    """The civil days of one time zone, such as Europe/London."""

    time_zone: str

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone's rules. Raises ZoneInfoNotFoundError for a name that is not one."""
        return ZoneInfo(self.time_zone)

    def day_of_us(self, instant_us: int) -> int:
        """Return the civil day on which an instant falls here."""
        return from_us(instant_us).astimezone(self.zone).toordinal() - EPOCH_ORDINAL

    def day_of(self, moment: str) -> int:
        """Return the civil day of a moment of the contracts: its own if a date, else where the instant falls."""
        if is_date(moment):
            return day_number(date.fromisoformat(moment))
        return datetime.fromisoformat(moment).astimezone(self.zone).toordinal() - EPOCH_ORDINAL

    def first_us_of_day(self, day: int) -> int:
        """Return the first instant of a civil day here."""
        civil = day_from_number(day)
        return to_us(datetime(civil.year, civil.month, civil.day, tzinfo=self.zone).astimezone(UTC))

    def last_us(self, moment: str) -> int:
        """Return the last instant of a moment: itself, or the last microsecond of its day here."""
        if not is_date(moment):
            return to_us(datetime.fromisoformat(moment))
        return self.first_us_of_day(self.day_of(moment) + 1) - 1

    def is_after(self, one: str, other: str) -> bool:
        """Whether one moment lies after another; by day where either is a date."""
        if is_date(one) or is_date(other):
            return self.day_of(one) > self.day_of(other)
        return one > other  # instants of the contracts sort as text


class BookingDay(NamedTuple):
    """The day on which an incident counts; `dated` is false where it is in totals only, never in detection."""

    day: int
    dated: bool


def booking_day(calendar: Calendar, first: str | None, last: str | None, ongoing: bool, reported: str) -> BookingDay:
    """Decide the day of an occurrence.

    A range of up to seven days counts on its first day. A longer, ongoing or unknown one is undated, and stands
    under its first day, or the day reported where there is none.
    """
    if first is None:
        return BookingDay(calendar.day_of(reported), dated=False)
    first_day = calendar.day_of(first)
    if ongoing:
        return BookingDay(first_day, dated=False)
    last_day = first_day if last is None else calendar.day_of(last)
    return BookingDay(first_day, dated=last_day - first_day < LONGEST_DATED_RANGE_DAYS)
