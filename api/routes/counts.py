"""Counts by any dimensions: exact ones with counts:exact, else published ones; as JSON in pages, or as CSV."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from api.answers import CountsAnswer
from api.asked import CivilDay, Layer, Paged, page_of
from api.contract import problems
from api.count_csv import CSV, as_csv
from api.count_limits import BY_PATTERN, MOST_CELLS, judge_range, read_dimensions
from api.counting import CountingOf
from api.purposes import Purpose, read_purpose
from api.security import CountsReader, DepsOf
from infra.db.counts import CountQuery, Dimension
from streams.core.triangle import Basis

router = APIRouter(tags=["figures"])
EXPORT = "export-counts"


class CountsFormat(StrEnum):
    """How counts are written."""

    JSON = "json"
    CSV = "csv"


class Kind(StrEnum):
    """What is counted."""

    INCIDENT = "incident"
    CONTEXT = "context"


class BasisAsked(StrEnum):
    """By which day: when it happened, which is revised, or when the report came in, which is not."""

    OCCURRED = Basis.OCCURRED
    RECEIVED = Basis.RECEIVED


class CountsAsked(Paged):
    """A question about counts; days are included. `by` names dimensions with commas between, each once."""

    layer: Layer
    first: CivilDay = Field(alias="from", description="The first day.", examples=["2026-01-01"])
    last: CivilDay = Field(alias="to", description="The last day, included.", examples=["2026-06-30"])
    by: str = Field(
        max_length=100,
        description="area, day, week, month, strand, category, centre, with commas between.",
        json_schema_extra={"pattern": BY_PATTERN},
        examples=["month"],
    )
    kind: Kind = Kind.INCIDENT
    basis: BasisAsked = BasisAsked.OCCURRED
    as_of: CivilDay | None = Field(
        default=None, description="As known at the end of this day.", examples=["2026-06-30"]
    )
    format: CountsFormat | None = Field(default=None, description="json unless the header Accept asks for text/csv.")


@router.get(
    "/v1/counts",
    summary="Counts",
    response_model=CountsAnswer,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}, **problems(422)},
)
def counts(
    asked: Annotated[CountsAsked, Query()],
    request: Request,
    deps: DepsOf,
    caller: CountsReader,
    counting: CountingOf,
    purpose: Purpose = None,
) -> CountsAnswer | Response:
    """Count incidents, or context. CSV is the whole table unless a limit is given; what JSON says beside it is headers.

    An incident with several strands counts in each, so the sum of strands is more than the total. Every CSV, and every
    answer with exact figures, is kept in the audit.
    """
    why, wants_csv, query = read_purpose(purpose), _wants_csv(asked, request), _query(asked)
    page = page_of(asked, "counts", MOST_CELLS if wants_csv else deps.limits.page_rows, *_kinds(query))
    answered = counting.ask(query)
    rows, following = page.cut(answered.counted.rows, lambda row: tuple(map(str, row[:-1])))
    is_exact = counting.figures.exact
    if wants_csv or is_exact:
        what = f"{'exact' if is_exact else 'published'} {_described(query)} {'csv' if wants_csv else 'json'}"
        deps.access.note(caller, EXPORT, what, why)
    answer = counting.shown(answered, rows, following)
    return as_csv(request, answer, answered.counted.columns, rows) if wants_csv else answer


def _wants_csv(asked: CountsAsked, request: Request) -> bool:
    if asked.format is not None:
        return asked.format is CountsFormat.CSV
    accepted = request.headers.get("accept", "")
    return CSV in accepted and "json" not in accepted


def _query(asked: CountsAsked) -> CountQuery:
    by = read_dimensions(asked.by)
    judge_range(asked.first, asked.last)
    return CountQuery(asked.layer, asked.first, asked.last, by, asked.kind.value, asked.basis.value, asked.as_of)


def _kinds(query: CountQuery) -> list[type[str]]:
    """Return the kinds of a row's key: an area has its code and its name."""
    return [str] * (len(query.by) + (Dimension.AREA in query.by))


def _described(query: CountQuery) -> str:
    """Return what the audit keeps of a question: names that are known, and days."""
    as_of = "" if query.as_of is None else f" as of {query.as_of}"
    return f"{query.kind} by {','.join(query.by)} of {query.layer} {query.first}..{query.last} {query.basis}{as_of}"
