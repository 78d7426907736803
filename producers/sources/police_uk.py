"""Street-level crime files of data.police.uk, as context: one event a row, one month long, never a hate count.

What changes between downloads of the same crime (`Last outcome category`, `Context`) is no part of an event.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import BinaryIO, NamedTuple

import orjson

from producers.sources.cells import AREA_CODE, Faults, RowIds, TextForm, first_instant, read_point
from producers.sources.lines import SourceLine, refused
from producers.sources.tables import Table
from schemas.events import CONTEXT_RECORDED
from schemas.fields import EventId, Label, SourceUri
from streams.core.days import Calendar

LAYER = "lsoa-2021"
NEEDED = ("Crime ID", "Month", "Reported by", "Longitude", "Latitude", "LSOA code", "Crime type")
ALSO_IN_DIGEST = ("Falls within", "Location", "LSOA name")
MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)

CRIME_ID = TextForm(EventId, "an id has at most 200 characters and no slash")
CRIME_TYPE = TextForm(Label, "a heading has at most 80 characters: letters, digits, spaces and simple punctuation")
SOURCE = TextForm(SourceUri, "the force's name makes no source; it has letters, and at most 180")


class _Crime(NamedTuple):
    crime_id: str
    month: str
    reported_by: str
    longitude: str
    latitude: str
    lsoa_code: str
    crime_type: str
    falls_within: str
    location: str
    lsoa_name: str


class _Month(NamedTuple):
    first_day: str
    last_day: str
    first_instant: str


def read_police_uk(stream: BinaryIO, calendar: Calendar) -> Iterator[SourceLine]:
    """Return a `context.recorded` event for each row of a street-level CSV file.

    Source is the force that reported; the id is the Crime ID, or where there is none a digest of the row and its
    ordinal among equal rows of the file. The event's time is the first instant of the month, so that reading a file
    again gives the same bytes. LSOA codes are passed on as they stand, of whatever census. Raises UnusableFileError
    at once if the file is no such table; a bad row is refused by itself, with its column as path.
    """
    table = Table(stream, NEEDED)
    return _events(table, calendar)


def _events(table: Table, calendar: Calendar) -> Iterator[SourceLine]:
    pick, ids = table.picker(NEEDED + ALSO_IN_DIGEST), RowIds()

    @lru_cache(maxsize=1024)
    def month_of(text: str) -> _Month | None:
        return _month(text, calendar)

    for row in table.rows():
        if row.problems:
            yield refused(row.number, *row.problems)
        else:
            yield _event(row.number, _Crime._make(pick(row.cells)), month_of, ids)


def _event(number: int, crime: _Crime, month_of: Callable[[str], _Month | None], ids: RowIds) -> SourceLine:
    faults = Faults()
    month = month_of(crime.month)
    if not crime.month:
        faults.missing("Month")
    elif month is None:
        faults.add("not-a-month", "Month", "write a month as 2026-07, in the years from 1900 to 2099")
    if not crime.crime_type:
        faults.missing("Crime type")
    else:
        CRIME_TYPE.read(crime.crime_type, "Crime type", faults)
    source = _source(crime.reported_by, faults)
    if crime.crime_id:
        CRIME_ID.read(crime.crime_id, "Crime ID", faults)
    point = read_point(crime.longitude, crime.latitude, ("Longitude", "Latitude"), faults)
    place = _place(crime.lsoa_code, point, faults)
    if faults or month is None:
        return refused(number, *faults.as_tuple())
    event = {
        "specversion": "1.0",
        "type": CONTEXT_RECORDED,
        "source": source,
        "id": crime.crime_id or ids.next_id(_digested(crime, point)),
        "time": month.first_instant,
        "datacontenttype": "application/json",
        "data": {
            "category": crime.crime_type,
            "period": {"from": month.first_day, "to": month.last_day},
            "count": 1,
            "place": place,
        },
    }
    return SourceLine(number, orjson.dumps(event))


def _month(text: str, calendar: Calendar) -> _Month | None:
    match = MONTH.fullmatch(text)
    if match is None:
        return None
    year, month = int(match[1]), int(match[2])
    try:
        first = date(year, month, 1)
        instant = first_instant(calendar, first)
    except (ValueError, OverflowError):
        return None
    next_first = date(year + month // 12, month % 12 + 1, 1)
    return _Month(first.isoformat(), (next_first - timedelta(days=1)).isoformat(), instant)


def _source(force: str, faults: Faults) -> str:
    slug = force_slug(force)
    if not force:
        faults.missing("Reported by")
    elif not slug:
        faults.add("wrong-form", "Reported by", "a force's name has letters")
    else:
        SOURCE.read(f"/police-uk/{slug}", "Reported by", faults)
    return f"/police-uk/{slug}"


@lru_cache(maxsize=1024)
def force_slug(force: str) -> str:
    """Return a force's name as a code: `Devon & Cornwall Police` is devon-and-cornwall-police."""
    plain = unicodedata.normalize("NFKD", force.replace("&", " and ")).encode("ascii", "ignore").decode()
    return "-".join(re.findall("[a-z0-9]+", plain.lower()))


def _place(code: str, point: dict[str, float] | None, faults: Faults) -> dict[str, object]:
    place: dict[str, object] = {}
    if code:
        place["areas"] = [{"layer": LAYER, "code": AREA_CODE.read(code, "LSOA code", faults)}]
    if point:
        place["point"] = point
    return place or {"kind": "unknown"}


def _digested(crime: _Crime, point: dict[str, float] | None) -> bytes:
    """Return what tells a row without a Crime ID from others. A change here would count such rows twice."""
    return orjson.dumps([*crime._replace(longitude="", latitude=""), point])
