"""Counts as CSV: the rows and columns of JSON and no more; what JSON says beside them is said in headers."""

import csv
import io
from collections.abc import Sequence

from fastapi import Request
from fastapi.responses import Response

from api.answers import CountsAnswer
from api.counting import Row

CSV = "text/csv"


def as_csv(request: Request, answer: CountsAnswer, columns: Sequence[str], rows: Sequence[Row]) -> Response:
    """Return rows as CSV; what is withheld is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    headers = {f"Bellwether-{name}": _said(value) for name, value in _beside(answer).items() if value is not None}
    if answer.next is not None:
        following = request.url.include_query_params(cursor=answer.next)
        headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return Response(text.getvalue(), media_type=CSV, headers=headers)


def _beside(answer: CountsAnswer) -> dict[str, str | int | bool | None]:
    return {
        "Cut-Off": answer.cut_off,
        "Exact": answer.exact,
        "Provisional": answer.provisional,
        "Freshness": answer.freshness.state,
        "Returns-Expected": answer.completeness.expected,
        "Returns-Overdue": answer.completeness.overdue,
        "Unplaced": answer.unplaced,
        "Undated": answer.undated,
        "Published-By": answer.published_by,
        "First": answer.first,
        "Last": answer.last,
        "Backfills": ",".join(str(each.number) for each in answer.backfills) or None,
    }


def _said(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
