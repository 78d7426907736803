"""How much one question about counts may ask for, so that nobody's takes the time of all others."""

from datetime import date

from api.asked import wrong
from api.problems import ProblemError
from infra.db.counts import CountQuery, Dimension, within_calendar

MOST_CELLS = 200_000
"""Of one answer: twenty wards by day for 27 years, or by day and strand for two."""
_DAYS_OF = {Dimension.DAY: 1, Dimension.WEEK: 7, Dimension.MONTH: 28}
_VALUES_OF = {Dimension.STRAND: 12, Dimension.CATEGORY: 20, Dimension.CENTRE: 40}
"""About how many different values there are; areas are counted."""
_ONE = rf" *({'|'.join(Dimension)}) *"
BY_PATTERN = f"^{_ONE}(,{_ONE})*$"
"""How dimensions are written; that each comes only once, no pattern says."""


def read_dimensions(by: str) -> tuple[Dimension, ...]:
    """Return the dimensions of a list with commas between. Raises ProblemError 422."""
    names = [name.strip(" ") for name in by.split(",")]
    if not all(name in set(Dimension) for name in names):
        raise wrong("query.by", "unknown-value", f"name one or more of {', '.join(Dimension)}, with commas between")
    if len(set(names)) < len(names):
        raise wrong("query.by", "repeated-value", "name each dimension only once")
    return tuple(map(Dimension, names))


def judge_range(first: date, last: date) -> None:
    """Raise ProblemError 422 for days the wrong way round."""
    if last < first:
        raise wrong("query.to", "range-backwards", "the last day lies before the first")


def judge_cells(query: CountQuery, areas: int) -> None:
    """Raise ProblemError 422 for a question whose answer may have too many cells; a layer has so many areas."""
    within = within_calendar(query)
    days = max(1, (within.last - within.first).days + 1)
    finest = min((_DAYS_OF[dimension] for dimension in query.by if dimension in _DAYS_OF), default=days)
    cells = (days // finest + 1) * (areas if Dimension.AREA in query.by else 1)
    for dimension in query.by:
        cells *= _VALUES_OF.get(dimension, 1)
    if cells > MOST_CELLS:
        raise too_many()


def judge_rows(rows: int) -> None:
    """Raise ProblemError 422 for an answer that has too many rows after all."""
    if rows > MOST_CELLS:
        raise too_many()


def too_many() -> ProblemError:
    """Return the problem of too large a question."""
    return wrong(
        "query.from",
        "range-too-large",
        f"this may have more than {MOST_CELLS} cells; ask for fewer days, longer periods or fewer dimensions",
    )
