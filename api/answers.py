"""What reads of figures answer. Every figure comes with its cut-off, completeness and freshness."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from infra.db.standing import Standing
from streams.core.days import instant_of

MINUTE_US = 60_000_000


class Shown(BaseModel):
    """Base of every answer."""

    model_config = ConfigDict(frozen=True)


class Freshness(Shown):
    """How far the picture is behind: `late` after five minutes, and then nothing in it may be believed.

    `not-live` before the first report, and while history is replayed.
    """

    state: Literal["current", "late", "not-live"]
    lag_minutes: int | None = Field(description="How late, in whole minutes; null unless it is late.")


class Completeness(Shown):
    """Of how many centres a return was due by then, and how many are overdue by a whole period of their own.

    `centres` names those that are, to whoever may know what single centres do; null to others.
    """

    expected: int
    overdue: int
    centres: list[str] | None


class Figures(Shown):
    """What every answer with figures says of them.

    `cut_off` is the instant up to which reports are in them; null before the first. `provisional` says that they may
    still change, or that some of the time asked for is not in them yet.
    """

    cut_off: str | None = Field(examples=["2026-06-28T22:59:59.999999Z"])
    completeness: Completeness
    provisional: bool
    freshness: Freshness
    next: str | None = Field(description="The cursor of the next page; null on the last.")


class Backfill(Shown):
    """A trusted import that came after an as-of day, and changed what was known by then."""

    number: int
    command: str
    recorded: str


class CountsAnswer(Figures):
    """Rows of counts: the columns asked for, in their order, and `count`, which is null where it is withheld.

    `exact` says whether they are live and exact, or published: those are whole weeks, settled at the end of a Sunday,
    never revised, and never 1 to 4. `unplaced` lie in no area of the layer, `undated` in no period; null of published
    figures. `published_by` is the length of the periods published, `first` to `last` the days that they cover.
    """

    rows: list[dict[str, str | int | None]]
    exact: bool
    unplaced: int | None
    undated: int | None
    backfills: list[Backfill]
    published_by: str | None
    first: str | None
    last: str | None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "cut_off": "2026-06-28T22:59:59.999999Z",
                    "completeness": {"expected": 37, "overdue": 2, "centres": None},
                    "provisional": True,
                    "freshness": {"state": "current", "lag_minutes": None},
                    "next": None,
                    "rows": [{"month": "2026-05", "count": 31}, {"month": "2026-06", "count": None}],
                    "exact": False,
                    "unplaced": None,
                    "undated": None,
                    "backfills": [],
                    "published_by": "month",
                    "first": "2026-04-27",
                    "last": "2026-06-28",
                }
            ]
        }
    )


class SetBy(Shown):
    """Who decided: a user's code, and the agency that they act for."""

    actor: str
    agency: str


def freshness_of(standing: Standing) -> Freshness:
    """Return how fresh a partnership's picture is; while it is current nothing is said that changes by the second."""
    lag_us = standing.freshness.lag_us
    if lag_us is None:
        return Freshness(state="not-live", lag_minutes=None)
    if not standing.freshness.is_unknown:
        return Freshness(state="current", lag_minutes=None)
    since_start_us = standing.now_us - standing.started_at_us  # a stage that has handled no tick at all has this lag
    return Freshness(state="late", lag_minutes=min(lag_us, since_start_us) // MINUTE_US)


def instant_or_none(at_us: int | None) -> str | None:
    """Return an instant as the contracts write it, null where there is none."""
    return instant_of(at_us) if at_us else None
