"""The simulation: day after day, everything that goes on in the city, given out in the order received."""

from collections.abc import Iterator
from random import Random

from producers.simulator.chance import Chance
from producers.simulator.city import City
from producers.simulator.course import Course, Span
from producers.simulator.incidents import Incidents
from producers.simulator.people import People
from producers.simulator.post import Post
from producers.simulator.registers import Registers
from producers.simulator.returns import Returns
from producers.simulator.routes import BATCH_DAYS, LONGEST_DELAY_DAYS, Routes
from producers.simulator.signals import Signals
from producers.simulator.times import Times
from producers.simulator.where import Where
from schemas.upcast import RawEvent
from streams.core.days import Calendar

FEWEST_DAYS, MOST_DAYS = 1, 36_525
LEAD_IN_DAYS = LONGEST_DELAY_DAYS + BATCH_DAYS
"""Incidents begin so much earlier, so that late reports come in from the first day on."""


def simulate(
    city: City, days: int, random: Random, calendar: Calendar, *, persons: bool = False
) -> Iterator[list[RawEvent]]:
    """Return, for each of so many days up to 2026-10-31, the events received on it, in order.

    The same arguments give the same events, whatever the version of Python. `persons` adds invented people and free
    text, and what becomes of them; all else stays as it is.
    """
    span, times, chance = Span(days), Times(calendar), Chance(random)
    course = Course.of(span)
    post = Post(times.start(span.first), times.start(span.first + days))
    invented = People(times, post, chance.branch(), city.unplaceable)
    people = invented if persons else None
    where = Where(city, chance.branch())
    routes = Routes(city, course, times, chance.branch())
    incidents = Incidents(where, routes, course, times, post, chance.branch(), people)
    signals = Signals(city, where, course, times, post, chance.branch(), people)
    returns = Returns(city, course, span, times, post, chance.branch())
    registers = Registers(city, course, span, times, post)
    registers.set_up()
    for day in range(span.first - LEAD_IN_DAYS, span.first):
        incidents.on_day(day)
    for day in range(span.first, span.first + days):
        registers.on_day(day)
        incidents.on_day(day)
        signals.on_day(day, incidents.recent)
        returns.on_day(day, incidents.reports_made)
        yield post.received_before(times.start(day + 1))
