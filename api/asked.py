"""What reads may be asked, so that each parameter is checked in one way, and lists are paged in one way."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, NamedTuple, TypeVar

from fastapi import Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.faults import path_to
from api.paging import LONGEST, Place, cursor_after, place_of
from api.problems import ProblemError
from schemas.fields import LayerName
from schemas.problems import Problem

T = TypeVar("T")
MOST_ROWS = 1_000
SEVERAL_TIMES = frozenset({"state", "class", "level"})
"""Parameters that take several values, each given by itself."""


def _civil_day(value: Any) -> date:
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise PydanticCustomError("not-a-date", "write a date as 2026-07-01, without a time") from None
    if day.isoformat() != value:  # a week date such as 2026-W27-3
        raise PydanticCustomError("not-a-date", "write a date as 2026-07-01, without a time")
    return day


CivilDay = Annotated[
    date, BeforeValidator(_civil_day), WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-01-01"]})
]
"""A civil day of the partnership's time zone."""
Layer = Annotated[LayerName, Field(description="A layer of areas; /v1/layers lists them.", examples=["city"])]


class Asked(BaseModel):
    """Base of all parameters: one that is not written down is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Paged(Asked):
    """Parameters of a list that comes in pages."""

    cursor: Annotated[
        str | None, Field(max_length=LONGEST, description="`next` of the page before; left out for the first page.")
    ] = None
    limit: Annotated[int | None, Field(ge=1, le=MOST_ROWS, description="The most rows of a page.")] = None


class Page(NamedTuple):
    """Where a page begins and how long it is; `of` names the list and all that narrows it."""

    of: str
    after: Place | None
    rows: int

    def cut(self, items: Sequence[T], place: Callable[[T], Place]) -> tuple[Sequence[T], str | None]:
        """Return the page of a list that is sorted by its places, and the cursor of the next."""
        after = self.after
        rest = items if after is None else [item for item in items if place(item) > after]
        return self.end(rest[: self.rows + 1], place)

    def end(self, items: Sequence[T], place: Callable[[T], Place]) -> tuple[Sequence[T], str | None]:
        """Return a page of which one row more was read than fits, and the cursor of the next."""
        shown = items[: self.rows]
        return shown, cursor_after(self.of, place(shown[-1])) if len(items) > self.rows else None


async def asked_once(request: Request) -> None:
    """Refuse a parameter that is there twice: which of them holds is anybody's guess. Raises ProblemError 422."""
    for name, times in Counter(name for name, _ in request.query_params.multi_items()).items():
        if times > 1 and name not in SEVERAL_TIMES:
            detail = "give this once: which of several would hold is not clear"
            raise wrong(path_to(("query", name)), "repeated-parameter", detail)


def page_of(asked: Paged, of: str, most: int, *kinds: type[str] | type[int]) -> Page:
    """Return the page that is asked for. Raises ProblemError 422 for a cursor of another list."""
    whole = f"{of} {asked.model_dump(mode='json', exclude={'cursor', 'limit'})}"
    after = None if asked.cursor is None else place_of(whole, asked.cursor, *kinds)
    return Page(whole, after, min(asked.limit or most, most))


def wrong(path: str, code: str, detail: str) -> ProblemError:
    """Return a problem with one parameter."""
    return ProblemError(
        422,
        "invalid-input",
        "something in the request cannot be taken; errors say what and where",
        errors=[Problem(code, path, detail)],
    )


def unknown_layer(known: Sequence[str]) -> ProblemError:
    """Return the problem of a layer that is not there."""
    return wrong("query.layer", "unknown-layer", f"known layers: {', '.join(sorted(known)) or 'none'}")
