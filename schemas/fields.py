"""Field types shared by the contracts: each with its limit, so that no input is unbounded."""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

EARLIEST_YEAR = 1900
LATEST_YEAR = 2100
DATE_LENGTH = len("2026-07-01")
LONGEST_TEXT, LONGEST_LINE = 20_000, 200
INSTANTS_REMEMBERED = 256
"""An event often gives the same instant several times: made, reported, received."""


class Contract(BaseModel):
    """Base of every contract: a value that cannot change, and no field that is not written down here."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def is_date(moment: str) -> bool:
    """Whether a moment names a civil day rather than an instant."""
    return len(moment) == DATE_LENGTH


@lru_cache(maxsize=INSTANTS_REMEMBERED)
def _instant(text: str) -> str:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("not-a-time", "write a time as 2026-07-01T09:30:00+01:00") from None
    if parsed.tzinfo is None:
        raise PydanticCustomError("naive-time", "say the offset, as in 2026-07-01T09:30:00+01:00 or ...Z")
    _judge_year(parsed.year)
    if parsed.tzinfo is not UTC:
        parsed = parsed.astimezone(UTC)
        _judge_year(parsed.year)
    return parsed.isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def _moment(text: str) -> str:
    if not is_date(text):
        return _instant(text)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("not-a-date", "write a date as 2026-07-01") from None
    if day.isoformat() != text:  # a week date such as 2026-W27-3 is as long, and would be other content
        raise PydanticCustomError("not-a-date", "write a date as 2026-07-01")
    _judge_year(day.year)
    return text


def _judge_year(year: int) -> None:
    if not EARLIEST_YEAR <= year < LATEST_YEAR:
        raise PydanticCustomError("absurd-time", "the year must lie between 1900 and 2099")


def _civil_day(text: str) -> str:
    if not is_date(text):
        raise PydanticCustomError("not-a-date", "write a date as 2026-07-01, without a time")
    return _moment(text)


Instant = Annotated[str, Field(max_length=40), AfterValidator(_instant)]
"""A point in time, RFC 3339 with an offset; kept in UTC to the microsecond, so that text sorts as time does."""
Moment = Annotated[str, Field(max_length=40), AfterValidator(_moment)]
"""An instant, or a civil day (`2026-07-01`) that never passes through UTC."""
CivilDay = Annotated[str, Field(max_length=40), AfterValidator(_civil_day)]
"""A civil day of the partnership's time zone."""


class Seal:
    """The kind of the one mark below."""


SEALED: Final = Seal()
"""Marks a field, in its Annotated metadata, that only the vault may hold: the ledger's log never has it."""
FreeText = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), SEALED]
"""What somebody tells in their own words: anybody may be named in it."""
ShortText = Annotated[str, Field(min_length=1, max_length=LONGEST_LINE), SEALED]
"""A line of free text, such as a place as somebody wrote it."""

Slug = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
"""A code in lower case with hyphens."""
SourceUri = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9/:._~%@+-]+$")]
"""Who sends: a URI reference such as /centres/wolverton-library."""
EventId = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/\x00-\x1f]+$")]
"""A source's own name for an event, without a slash."""
LayerName = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
AreaCode = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]+$")]
AreaName = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]+$")]
Label = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[\w ,.()&/'+-]+$")]
"""A short heading from somebody's published list, such as `Public order`; never free text."""
