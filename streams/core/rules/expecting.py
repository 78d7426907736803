"""What is expected of a reporting centre, and from which day it is overdue.

A return covers the days up to its last; the next is due once the centre's own period after that is over, and overdue by
k periods once k more are over. A sign of life is due likewise after the last. That a centre took no report says
nothing of either.
"""

from collections.abc import Iterable, Mapping

import msgspec

from schemas.changes import CentreRegistered, Change
from schemas.triggers import Completeness
from streams.core.rules.held import HeldCentre

RETURN, HEARTBEAT = "return", "heartbeat"
DUTIES = (RETURN, HEARTBEAT)
ANY_DAY = 0


def registered(
    held: HeldCentre, change: Change, entry: CentreRegistered, day: int, start_day: int | None
) -> HeldCentre:
    """Return a centre with its entry as it stands now.

    What was expected before goes on where it is still the same. What is new is expected from the first open day or
    the start of the clock; where something would be due at once, only from today: an entry makes nobody late.
    """
    now = msgspec.structs.replace(held, entry=entry, entered_by=change.cause, marking=change.marking)
    if _goes_on(held, entry, day):
        return now
    first = ANY_DAY if entry.first_day is None else entry.first_day
    now = msgspec.structs.replace(now, return_from=first, heartbeat_from=first)
    if start_day is None:
        return now
    return msgspec.structs.replace(
        now,
        return_from=day if _is_due(now, RETURN, start_day, day) else first,
        heartbeat_from=day if _is_due(now, HEARTBEAT, start_day, day) else first,
    )


def overdue_day(held: HeldCentre, what: str, periods: int, start_day: int) -> int | None:
    """Return the first day on which something is overdue by so many periods; None if it is not expected by then."""
    due, period = _due_day(held, what, start_day), _period(held, what)
    if due is None or period is None:
        return None
    overdue = due + periods * period
    return overdue if is_open(held, overdue) else None


def is_overdue(held: HeldCentre, what: str, periods: int, start_day: int | None, day: int) -> bool:
    """Whether something is overdue on a day by so many periods, of a centre that is still open."""
    if start_day is None or not is_open(held, day):
        return False
    overdue = overdue_day(held, what, periods, start_day)
    return overdue is not None and overdue <= day


def missing_since(held: HeldCentre, what: str, start_day: int) -> int:
    """Return the first day that no return covers, or on which a centre gave no sign of life."""
    return _covered(held, what, start_day) + 1


def is_open(held: HeldCentre, day: int) -> bool:
    """Whether a centre stands in the register as open on a day."""
    entry = held.entry
    if entry is None:
        return False
    is_begun = entry.first_day is None or entry.first_day <= day
    return is_begun and (entry.last_day is None or day <= entry.last_day)


def completeness(centres: Mapping[str, HeldCentre], day: int, start_day: int | None) -> Completeness:
    """Return of how many centres a return was due by a day, and which are overdue by a whole period."""
    if start_day is None:
        return Completeness(0)
    expected = [code for code, held in centres.items() if is_open(held, day) and _was_due(held, day, start_day)]
    overdue = (code for code in expected if is_overdue(centres[code], RETURN, 1, start_day, day))
    return Completeness(len(expected), tuple(sorted(overdue)))


def areas_served(held: HeldCentre, city: int) -> Iterable[int]:
    """Return the areas that lose confidence when a centre is silent: those it serves, else the whole city."""
    return (held.entry.areas if held.entry is not None else ()) or (city,)


def _due_day(held: HeldCentre, what: str, start_day: int) -> int | None:
    """Return the first day on which the next return or sign of life is due."""
    period = _period(held, what)
    return None if period is None else _covered(held, what, start_day) + period + 1


def _is_due(held: HeldCentre, what: str, start_day: int, day: int) -> bool:
    due = _due_day(held, what, start_day)
    return due is not None and due <= day


def _covered(held: HeldCentre, what: str, start_day: int) -> int:
    """Return the last day for which nothing more is expected."""
    base, last = (held.return_from, held.last_return) if what == RETURN else (held.heartbeat_from, held.last_heartbeat)
    before = max(base, start_day) - 1
    return before if last is None else max(before, last)


def _was_due(held: HeldCentre, day: int, start_day: int) -> bool:
    """Whether a centre's first return was due by a day."""
    period = _period(held, RETURN)
    return period is not None and max(held.return_from, start_day) + period <= day


def _period(held: HeldCentre, what: str) -> int | None:
    if held.entry is None:
        return None
    return held.entry.return_days if what == RETURN else held.entry.heartbeat_days


def _goes_on(held: HeldCentre, entry: CentreRegistered, day: int) -> bool:
    """Whether an entry expects of a centre what was expected before, and does not open it anew."""
    before = held.entry
    if before is None:
        return False
    same = all(
        getattr(before, field) == getattr(entry, field)
        for field in ("first_day", "return_days", "heartbeat_days", "areas")
    )
    return same and (is_open(held, day) or before.last_day == entry.last_day)
