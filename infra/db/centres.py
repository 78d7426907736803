"""Reporting centres as the register has them, with what they have said, and who is overdue."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from infra.db import tables
from infra.db.places import WHOLE, Places
from infra.db.standing import Standing
from infra.db.tables.told import centre_heard
from schemas.changes import CentreRegistered, Change, Name
from schemas.codec import decode
from schemas.events import RegisterChanged
from schemas.registers import CentreEntry
from schemas.topics import EVENTS
from schemas.triggers import Completeness
from streams.core.days import Calendar
from streams.core.rules.expecting import DUTIES, areas_served, completeness, is_open, is_overdue, registered
from streams.core.rules.held import HeldCentre

CENTRE = "centre"
ONE_PERIOD = 1


@dataclass(frozen=True)
class Centre:
    """A centre's entry as it stands, and what is expected of it."""

    entry: CentreEntry
    held: HeldCentre


@dataclass(frozen=True)
class Centres:
    """All centres of a partnership, by code, on its own day."""

    standing: Standing
    by_code: Mapping[str, Centre]
    city: int

    def complete(self, day: int, areas: Collection[int] | None = None) -> Completeness:
        """Return of how many centres a return was due by a day, and which are overdue; all, or those serving areas."""
        held = {
            code: centre.held
            for code, centre in self.by_code.items()
            if areas is None or not set(areas_served(centre.held, self.city)).isdisjoint(areas)
        }
        return completeness(held, day, self.standing.start_day)

    def is_open(self, centre: Centre) -> bool:
        """Whether a centre is open today."""
        return is_open(centre.held, self.standing.today)

    def overdue(self, centre: Centre) -> list[str]:
        """Return what a centre owes by a whole period of its own: `return`, `heartbeat`."""
        today, start_day = self.standing.today, self.standing.start_day
        return [what for what in DUTIES if is_overdue(centre.held, what, ONE_PERIOD, start_day, today)]


def read_centres(connection: Connection, standing: Standing, places: Places) -> Centres:
    """Return a partnership's centres; what is expected of one follows from its entries in their order, as in watch."""
    heard = centre_heard.c
    said = {
        row.centre: HeldCentre(last_return=row.last_return_day, last_heartbeat=row.last_heartbeat_day)
        for row in connection.execute(select(centre_heard).where(heard.partnership == standing.number))
    }
    found: dict[str, Centre] = {}
    for row in _entries(connection, standing.number):
        event = decode(bytes(row.body))
        if not isinstance(event, RegisterChanged) or not isinstance(event.data.entry, CentreEntry):
            continue
        entry, at_us = event.data.entry, row.recorded_at_us
        held = found[entry.code].held if entry.code in found else said.get(entry.code, HeldCentre())
        now = _registered(entry, standing.calendar, places)
        change = Change(0, standing.number, row.event, at_us, Name(event.source, event.id), now)
        start_day = standing.start_day if at_us else None
        day = standing.calendar.day_of_us(at_us)
        found[entry.code] = Centre(entry, registered(held, change, now, day, start_day))
    city = WHOLE if places.city is None else places.city.number
    return Centres(standing, dict(sorted(found.items())), city)


def _entries(connection: Connection, partnership: int) -> Iterator[Any]:
    """Yield the entries of centres in the order in which they took force, with when that was."""
    entry, log = tables.register_entry, tables.log
    rows = connection.execute(
        select(entry.c.number, entry.c.event, entry.c.body, log.c.recorded_at_us)
        .join(log, log.c.event == entry.c.event)
        .where(entry.c.partnership == partnership, entry.c.register == CENTRE, log.c.topic == EVENTS.name)
        .order_by(entry.c.number, log.c.position)
    )
    seen: set[int] = set()
    for row in rows:
        if row.event not in seen:  # one that was set aside once stands in the log again
            seen.add(row.event)
            yield row


def _registered(entry: CentreEntry, calendar: Calendar, places: Places) -> CentreRegistered:
    return CentreRegistered(
        centre=entry.code,
        first_day=None if entry.first is None else calendar.day_of(entry.first),
        last_day=None if entry.last is None else calendar.day_of(entry.last),
        return_days=entry.return_days,
        heartbeat_days=entry.heartbeat_days,
        areas=tuple(places.geography.find(area).number for area in entry.serves),
    )
