"""How tension in an area stands: the level that people set, while it may be believed, and whether to look at it anew.

Levels are set by people, never computed. One that has run out, or stands on a picture that is late, is unknown: never
calm. What may need a look is said with its reasons, and decides nothing.
"""

from collections.abc import Sequence
from enum import StrEnum

from schemas.vocabulary import Confidence

EXPIRING_DAYS = 3
"""So many days before a level runs out, people are asked to look at it anew; the last day is one of them."""


class UnknownBecause(StrEnum):
    """Why there is no level that may be believed."""

    NOT_SET = "not-set"
    EXPIRED = "expired"
    DATA_LATE = "data-late"


class ReviewReason(StrEnum):
    """Why people may want to look at an area anew."""

    OPEN_ALERT = "open-alert"
    EXPIRING = "assessment-expiring"
    EXPIRED = "assessment-expired"
    RETURN_OVERDUE = "return-overdue"


def unknown_because(expires_day: int | None, today: int, *, is_late: bool) -> UnknownBecause | None:
    """Return why an area's level is unknown; None where the one that was set, to the end of a day, holds."""
    if is_late:
        return UnknownBecause.DATA_LATE
    if expires_day is None:
        return UnknownBecause.NOT_SET
    return UnknownBecause.EXPIRED if expires_day < today else None


def review_reasons(expires_days: Sequence[int], today: int, *, alerts: int, overdue: int) -> list[ReviewReason]:
    """Return why an area may need a look: its levels' last days, open alerts there or below, overdue returns."""
    found = {
        ReviewReason.OPEN_ALERT: alerts > 0,
        ReviewReason.EXPIRING: any(0 <= day - today < EXPIRING_DAYS for day in expires_days),
        ReviewReason.EXPIRED: any(day < today for day in expires_days),
        ReviewReason.RETURN_OVERDUE: overdue > 0,
    }
    return [reason for reason, holds in found.items() if holds]


def confidence_now(confidence: Confidence, overdue: int) -> Confidence:
    """Return how sure one may be of a level: low where returns are overdue, whatever was said when it was set."""
    return Confidence.LOW if overdue else confidence
