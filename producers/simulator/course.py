"""The course of things: what happens to the city when, as fixed fractions of the span, and how rates move with it."""

from dataclasses import dataclass
from datetime import date

from producers.simulator.city import Centre, City
from streams.core.days import day_from_number, day_number

LAST_DAY = day_number(date(2026, 10, 31))
INCIDENTS_A_WEEK = 8.0
WEEK = 7
MONTHS = (0.85, 0.86, 0.93, 0.97, 1.02, 1.10, 1.18, 1.14, 1.02, 1.14, 0.95, 0.84)
"""Yearly rhythm: more in summer and in October, when nights draw in and campaigns run. The mean is 1."""
WEEKDAYS = (0.90, 0.88, 0.90, 0.95, 1.10, 1.20, 1.07)
"""From Monday. The mean is 1."""
WEEKLY_SHAPE = 18
"""Weeks are better or worse by an Erlang factor of this shape: with the yearly rhythm, a variance of 1.5 means."""
SHOCK = (3.0, 2.0, 1.5)
"""How many times the usual rate in each week from the shock on, all over the city."""
SURGE, SURGE_DAYS = 4.0, 28
SILENCE_DAYS = 35
OPENING, CLOSING, SILENT = 24, 12, 20
"""Which centres open late, close and fall silent: their numbers in the city's list."""
MONDAY_OFFSET = 3
"""1970-01-01, day 0, was a Thursday."""


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a simulation; the last is always the same."""

    days: int

    @property
    def first(self) -> int:
        """The first day."""
        return LAST_DAY - self.days + 1

    def at(self, fraction: float) -> int:
        """Return the day at a fraction of the span."""
        return self.first + int(self.days * fraction)


@dataclass(frozen=True, slots=True)
class Course:
    """The days on which things begin."""

    centre_silent: int
    centre_opens: int
    new_strand: int
    centre_closes: int
    shock: int
    new_form: int
    surge: int

    @classmethod
    def of(cls, span: Span) -> "Course":
        """Return the course of a span: everything in it however short, the shock well before the end."""
        return cls(
            centre_silent=span.at(0.15),
            centre_opens=span.at(0.25),
            new_strand=span.at(0.35),
            centre_closes=span.at(0.45),
            shock=span.at(0.55),
            new_form=span.at(0.65),
            surge=span.at(0.75),
        )

    def days_open(self, city: City, centre: Centre) -> tuple[int | None, int | None]:
        """Return the first and the last day on which a centre is open; None where there is no such day."""
        first = self.centre_opens if centre is city.centres[OPENING] else None
        last = self.centre_closes if centre is city.centres[CLOSING] else None
        return first, last

    def is_open(self, city: City, centre: Centre, day: int) -> bool:
        """Whether a centre is open on a day."""
        first, last = self.days_open(city, centre)
        return (first is None or first <= day) and (last is None or day <= last)

    def shock_factor(self, day: int) -> float:
        """Return how many times the usual rate holds on a day, all over the city."""
        weeks = (day - self.shock) // WEEK
        return SHOCK[weeks] if 0 <= weeks < len(SHOCK) else 1.0

    def surging(self, day: int) -> bool:
        """Whether the local surge is on."""
        return 0 <= day - self.surge < SURGE_DAYS


def usual_rate(day: int) -> float:
    """Return how many incidents are expected on a day, by weekday and season."""
    return INCIDENTS_A_WEEK / WEEK * WEEKDAYS[weekday(day)] * MONTHS[day_from_number(day).month - 1]


def weekday(day: int) -> int:
    """Return the weekday of a day: 0 is Monday."""
    return (day + MONDAY_OFFSET) % WEEK
