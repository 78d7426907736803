"""What readers of tables share: cells tried against the contracts, days and ids."""

import math
import re
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter, ValidationError

from schemas.fields import EARLIEST_YEAR, LATEST_YEAR, AreaCode
from schemas.problems import Problem
from streams.core.days import Calendar, day_number, from_us

DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
KEY_BYTES = 16
BOUNDS_DEGREES = {"longitude": 180, "latitude": 90}
ABSURD_TIME = "the year must lie between 1900 and 2099"


class Faults:
    """The faults found in one row so far. None of them tells a value."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, code: str, column: str, detail: str) -> None:
        """Note a fault of a column."""
        self._found.append(Problem(code, column, detail))

    def missing(self, column: str) -> None:
        """Note that a cell is empty which may not be."""
        self.add("missing-value", column, "this cell is empty and must not be")

    def __bool__(self) -> bool:
        return bool(self._found)

    def as_tuple(self) -> tuple[Problem, ...]:
        """Return the faults in the order of their finding."""
        return tuple(self._found)


class TextForm:
    """A text field of the contracts, and in words what it takes."""

    def __init__(self, field: Any, takes: str) -> None:
        self._adapter: TypeAdapter[str] = TypeAdapter(field)
        self._takes = takes

    def read(self, text: str, column: str, faults: Faults) -> str:
        """Return the text, noting a fault if the field does not take it."""
        try:
            return self._adapter.validate_python(text)
        except ValidationError as error:
            too_long = error.errors(include_url=False, include_input=False)[0]["type"] == "string_too_long"
            faults.add("out-of-range" if too_long else "wrong-form", column, self._takes)
            return text


AREA_CODE = TextForm(AreaCode, "an area's code has at most 60 characters, none of them a control character")


class RowIds:
    """Ids for rows that have none: a SHA-256 digest of a row's content and its ordinal among equal rows so far.

    The same file gives the same ids whenever it is read, and rows of equal content differ. Keeps 16 bytes a row.
    """

    def __init__(self) -> None:
        self._times_seen: dict[bytes, int] = {}

    def next_id(self, content: bytes) -> str:
        """Return the id of the next row with this content."""
        digest = sha256(content).digest()
        ordinal = self._times_seen.get(digest[:KEY_BYTES], 0) + 1
        self._times_seen[digest[:KEY_BYTES]] = ordinal
        return sha256(digest + ordinal.to_bytes(8)).hexdigest()


def read_point(longitude: str, latitude: str, columns: tuple[str, str], faults: Faults) -> dict[str, float] | None:
    """Return a point of the contracts in degrees, or None if both cells are empty; one alone is a fault."""
    if not longitude and not latitude:
        return None
    return {
        axis: _degrees(text, column, bound, faults)
        for (axis, bound), text, column in zip(BOUNDS_DEGREES.items(), (longitude, latitude), columns, strict=True)
    }


def instant_text(instant: datetime) -> str:
    """Return an aware UTC datetime as the contracts write it."""
    return instant.isoformat().replace("+00:00", "Z")


def first_instant(calendar: Calendar, day: date) -> str:
    """Return the first instant of a civil day. Raises ValueError if it lies outside the contracts' years."""
    instant = from_us(calendar.first_us_of_day(day_number(day)))
    require_known_year(instant)
    return instant_text(instant)


def require_known_year(day: date) -> None:
    """Raise ValueError if a day or instant lies outside the years of the contracts."""
    if not EARLIEST_YEAR <= day.year < LATEST_YEAR:
        raise ValueError(ABSURD_TIME)


def _degrees(text: str, column: str, bound: int, faults: Faults) -> float:
    if not text:
        faults.add("missing-value", column, "a point needs both its coordinates")
        return math.nan
    if DECIMAL.fullmatch(text) is None:
        faults.add("not-a-number", column, "write degrees with a decimal point, as 52.04")
        return math.nan
    degrees = float(text)
    if abs(degrees) > bound:
        faults.add("out-of-range", column, f"degrees lie between -{bound} and {bound}")
    return degrees
