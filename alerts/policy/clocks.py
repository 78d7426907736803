"""How long an alert may wait until somebody acknowledges it."""

from datetime import UTC, datetime, time, timedelta, tzinfo

from schemas.vocabulary import Severity

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
WAITS = {
    Severity.RED: timedelta(minutes=30),
    Severity.AMBER_HIGH: timedelta(hours=4),
    Severity.WATCH: timedelta(days=7),
}
END_OF_WORK = time(17)
SATURDAY = 5


def acknowledge_by(severity: Severity, from_us: int, zone: tzinfo) -> int:
    """Return when somebody must have acknowledged an alert whose clock starts at `from_us`; microseconds in UTC.

    Red waits 30 minutes, amber-high 4 hours and watch 7 times 24 hours. Amber waits until 17:00 on the first working
    day after the day on which its clock starts. Working days are Monday to Friday in the partnership's time zone:
    bank holidays are not known yet, so an alert may fall due on one.
    """
    wait = WAITS.get(severity)
    if wait is not None:
        return from_us + wait // MICROSECOND
    started = EPOCH + timedelta(microseconds=from_us)
    day = started.astimezone(zone).date() + timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return (datetime.combine(day, END_OF_WORK, zone).astimezone(UTC) - EPOCH) // MICROSECOND
