"""How a partnership stands: its time, since when its clock runs, and how fresh its picture is."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from infra.db import tables
from infra.db.freshness import read_freshness
from streams.core.days import Calendar
from streams.core.freshness import Freshness


@dataclass(frozen=True)
class Standing:
    """A partnership at one moment.

    `now_us` is its own time: never before what it has recorded, and just that while a replay owns its clock.
    `recorded_at_us` and `started_at_us` are 0 before its first report.
    """

    number: int
    slug: str
    calendar: Calendar
    generation: int
    recorded_at_us: int
    started_at_us: int
    now_us: int
    freshness: Freshness

    @property
    def today(self) -> int:
        """The civil day that it is there."""
        return self.calendar.day_of_us(self.now_us)

    @property
    def start_day(self) -> int | None:
        """The day on which its clock started; None before."""
        return self.calendar.day_of_us(self.started_at_us) if self.started_at_us else None


def read_standing(connection: Connection, partnership: int, clock_us: int) -> Standing:
    """Return how a partnership stands, where the clock on the wall says `clock_us`."""
    row = connection.execute(select(tables.partnership).where(tables.partnership.c.number == partnership)).one()
    return Standing(
        number=partnership,
        slug=row.slug,
        calendar=Calendar(row.time_zone),
        generation=row.generation,
        recorded_at_us=row.recorded_at_us,
        started_at_us=row.started_at_us,
        now_us=row.recorded_at_us if row.replaying is not None else max(row.recorded_at_us, clock_us),
        freshness=read_freshness(connection, clock_us)[partnership],
    )
