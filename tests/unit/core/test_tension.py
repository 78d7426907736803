"""Levels of tension: believed to the end of their last day on a picture that is not late, and never otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocabulary import Confidence
from streams.core.tension import (
    EXPIRING_DAYS,
    ReviewReason,
    UnknownBecause,
    confidence_now,
    review_reasons,
    unknown_because,
)

TODAY = 20_635
DAYS = st.integers(TODAY - 1_000, TODAY + 1_000)


@pytest.mark.parametrize(
    ("expires", "is_late", "because"),
    [
        (TODAY, False, None),
        (TODAY + 1, False, None),
        (TODAY - 1, False, UnknownBecause.EXPIRED),
        (None, False, UnknownBecause.NOT_SET),
        (TODAY + 1, True, UnknownBecause.DATA_LATE),
        (TODAY - 1, True, UnknownBecause.DATA_LATE),
    ],
)
def test_why_a_level_is_unknown(expires: int | None, is_late: bool, because: UnknownBecause | None) -> None:
    assert unknown_because(expires, TODAY, is_late=is_late) == because


@given(DAYS, st.booleans())
def test_a_level_that_was_once_unknown_stays_so_as_days_pass(expires: int, is_late: bool) -> None:
    if unknown_because(expires, TODAY, is_late=is_late) is not None:
        assert unknown_because(expires, TODAY + 1, is_late=is_late) is not None


@given(DAYS)
def test_people_are_asked_in_time_and_until_somebody_sets_another(expires: int) -> None:
    reasons = review_reasons([expires], TODAY, alerts=0, overdue=0)
    assert bool(reasons) == (expires < TODAY + EXPIRING_DAYS)
    assert (ReviewReason.EXPIRED in reasons) == (expires < TODAY)


def test_each_reason_is_said_by_itself() -> None:
    assert review_reasons([], TODAY, alerts=0, overdue=0) == []
    assert review_reasons([TODAY - 1, TODAY], TODAY, alerts=2, overdue=1) == [
        ReviewReason.OPEN_ALERT,
        ReviewReason.EXPIRING,
        ReviewReason.EXPIRED,
        ReviewReason.RETURN_OVERDUE,
    ]


@pytest.mark.parametrize("said", list(Confidence))
def test_nobody_is_sure_while_returns_are_overdue(said: Confidence) -> None:
    assert confidence_now(said, 0) == said
    assert confidence_now(said, 1) == Confidence.LOW
