"""When things happen in a day, and how exactly that is told."""

from producers.simulator.acts import AGAINST_THINGS, LASTING
from producers.simulator.chance import Chance, Weighted, weighted
from producers.simulator.course import weekday
from producers.simulator.times import HOUR_US, MINUTE_US, Times, day_text, written
from schemas.upcast import RawEvent

HOURS = Weighted(enumerate((3, 2, 1.5, 1, 1, 1, 2, 4, 7, 5, 4, 5, 6, 5, 5, 8, 8, 7, 8, 9, 9, 8, 7, 5)))
"""Schools out, then the evening."""
WEEKEND_HOURS = Weighted(enumerate((9, 8, 6, 3, 1.5, 1, 1, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 7, 8, 9, 10, 10, 10, 10)))
"""Friday and Saturday nights run on past midnight."""
FRIDAY = 4
LOOK_BACK_DAYS = 14
"""How long before its last day something may be said to have begun."""
PRECISION = weighted(instant=63, day=23, hours=4, days=5, unknown=5)
PRECISION_LASTING = weighted(ongoing=35, day=25, instant=20, days=12, unknown=8)
PRECISION_OF_THINGS = weighted(hours=28, day=25, instant=22, days=20, unknown=5)
SHORT_RANGE = 0.75
MINUTES_ROUNDED = 5


def draw_minute(chance: Chance, day: int) -> int:
    """Return a minute of a day."""
    hours = WEEKEND_HOURS if weekday(day) >= FRIDAY else HOURS
    return hours.pick(chance) * 60 + chance.between(0, 59)


def draw_occurred(chance: Chance, times: Times, day: int, minute: int, main: str) -> tuple[RawEvent, int | None]:
    """Return when it happened, as told, and the day on which that begins; None if it is not known."""
    precision = PRECISION_OF_THINGS if main in AGAINST_THINGS else PRECISION_LASTING if main in LASTING else PRECISION
    at = times.at(day, minute // MINUTES_ROUNDED * MINUTES_ROUNDED)
    match precision.pick(chance):
        case "instant":
            return {"from": written(at)}, day
        case "day":
            return {"from": day_text(day)}, day
        case "hours":
            began = at - chance.between(1, 10) * HOUR_US
            return {"from": written(began), "to": written(at)}, times.day_of(began)
        case "days":
            first = day - (chance.between(1, 4) if chance.happens(SHORT_RANGE) else chance.between(5, LOOK_BACK_DAYS))
            return {"from": day_text(first), "to": day_text(day)}, first
        case "ongoing":
            first = day - chance.between(0, LOOK_BACK_DAYS)
            return {"from": day_text(first), "ongoing": True}, first
    return {}, None


def office_hours(chance: Chance, times: Times, day: int) -> int:
    """Return an instant on a day between nine and five."""
    return times.at(day, chance.between(9 * 60, 17 * 60))


def soon_after(chance: Chance, instant_us: int, least: int, most: int) -> int:
    """Return an instant so many minutes after another."""
    return instant_us + chance.between(least, most) * MINUTE_US
