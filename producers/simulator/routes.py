"""How a report comes in: from which centre or form, by which channel, and when it is made and received."""

from dataclasses import dataclass
from functools import cached_property

from producers.simulator.chance import Chance, Weighted, weighted
from producers.simulator.city import Centre, City, SmallArea
from producers.simulator.course import Course, weekday
from producers.simulator.times import Times
from producers.simulator.when import office_hours, soon_after

WEB_FORM, STREET_TEAM, PARTNERSHIP = "/synthetic/web-form", "/synthetic/street-team", "/synthetic/partnership"
BY_WEB = 0.2
SUNDAY = 6
OPENS, CLOSES = 8 * 60, 20 * 60
DELAY_DAYS = Weighted([((0, 0), 64), ((1, 3), 15), ((4, 14), 12), ((15, 42), 6.5), ((43, 120), 2.5)])
"""From occurrence to report: many on the same day, a tail of weeks."""
LONGEST_DELAY_DAYS = 120
WEB_CHANNEL = weighted(web=75, app=25)
CENTRE_CHANNEL = weighted(walk_in=42, phone=32, outreach=15, paper=11)
AT_ONCE = 0.85
BACKLOG_EVERY = 12
"""Of so many centres, one works on paper and sends it in batches."""
BACKLOG_PAPER = 0.85
BATCH_DAYS = 35
BUSYNESS_SHAPE = 2


@dataclass(frozen=True, slots=True)
class Route:
    """How one report came in. Instants are microseconds since 1970."""

    source: str
    centre: str | None
    channel: str
    reported_us: int
    received_us: int

    @property
    def dated_only(self) -> bool:
        """Whether the report has a date and no time, as paper does."""
        return self.channel == "paper"


class Routes:
    """Chooses how reports come in. Some centres are busier than others; one opens late, one closes."""

    def __init__(self, city: City, course: Course, times: Times, chance: Chance) -> None:
        self._city = city
        self._course = course
        self._times = times
        self._busyness = [chance.erlang(BUSYNESS_SHAPE) for _ in city.centres]

    def draw(self, chance: Chance, small: SmallArea, day: int, minute: int) -> Route:
        """Return how somebody reports what happened on a day at a minute."""
        delay = chance.between(*DELAY_DAYS.pick(chance))
        if chance.happens(BY_WEB):
            made = soon_after(chance, self._times.at(day, minute), 10, 300)
            reported = made if delay == 0 else self._times.at(day + delay, chance.between(7 * 60, 23 * 60))
            return Route(WEB_FORM, None, WEB_CHANNEL.pick(chance), reported, soon_after(chance, reported, 1, 5))
        reported = self._when_open(chance, day, minute, delay)
        number, centre = self._centre(chance, small, self._times.day_of(reported))
        slow = number % BACKLOG_EVERY == BACKLOG_EVERY - 1
        channel = "paper" if slow and chance.happens(BACKLOG_PAPER) else CENTRE_CHANNEL.pick(chance)
        received = self._received(chance, reported, number if slow else None, channel)
        return Route(centre.source, centre.slug, channel, reported, received)

    def found(self, chance: Chance, day: int, minute: int) -> Route:
        """Return how an agency records what it came upon."""
        reported = self._when_open(chance, day, minute, chance.between(0, 3))
        return Route(STREET_TEAM, None, "other", reported, soon_after(chance, reported, 5, 600))

    def _when_open(self, chance: Chance, day: int, minute: int, delay: int) -> int:
        """Return when a centre that opens eight to eight, not on Sundays, is told of something."""
        told = chance.between(OPENS, CLOSES) if delay else max(OPENS, minute) + chance.between(15, 150)
        on = day + delay
        if told > CLOSES:
            on, told = on + 1, chance.between(OPENS, OPENS + 150)
        return self._times.at(on + 1 if weekday(on) == SUNDAY else on, told)

    def _centre(self, chance: Chance, small: SmallArea, day: int) -> tuple[int, Centre]:
        while True:
            number = self._near[small.code].pick(chance)
            centre = self._city.centres[number]
            if self._course.is_open(self._city, centre, day):
                return number, centre

    @cached_property
    def _near(self) -> dict[str, Weighted[int]]:
        return {
            small.code: Weighted(
                (number, self._busyness[number] * self._city.closeness(centre, small))
                for number, centre in enumerate(self._city.centres)
            )
            for small in self._city.small_areas
        }

    def _received(self, chance: Chance, reported: int, slow: int | None, channel: str) -> int:
        day = self._times.day_of(reported)
        if channel != "paper":
            at_once = chance.happens(AT_ONCE)
            later = office_hours(chance, self._times, day + chance.between(1, 3))
            return soon_after(chance, reported, 5, 90) if at_once else later
        wait = chance.between(1, 9) if slow is None else BATCH_DAYS - (day + slow) % BATCH_DAYS
        return office_hours(chance, self._times, day + wait)
