"""How long an alert may wait until somebody acknowledges it."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.policy.clocks import acknowledge_by
from schemas.vocabulary import Severity
from tests.support.triggers import HOUR_US, MINUTE_US, us

LONDON = ZoneInfo("Europe/London")
WEEK_US = 7 * 24 * HOUR_US


@pytest.mark.parametrize(
    ("severity", "raised", "due"),
    [
        (Severity.RED, "2026-07-03T23:45Z", "2026-07-04T00:15Z"),
        (Severity.AMBER_HIGH, "2026-07-03T22:00Z", "2026-07-04T02:00Z"),
        (Severity.WATCH, "2026-06-29T12:00Z", "2026-07-06T12:00Z"),
        # one working day: a day in summer ends at 16:00 UTC, in winter at 17:00
        (Severity.AMBER, "2026-06-29T00:00+01:00", "2026-06-30T16:00Z"),
        (Severity.AMBER, "2026-06-29T23:59+01:00", "2026-06-30T16:00Z"),
        (Severity.AMBER, "2026-07-02T09:00Z", "2026-07-03T16:00Z"),  # Thursday to Friday
        (Severity.AMBER, "2026-07-03T09:00Z", "2026-07-06T16:00Z"),  # Friday to Monday
        (Severity.AMBER, "2026-07-04T09:00Z", "2026-07-06T16:00Z"),  # Saturday to Monday
        (Severity.AMBER, "2026-07-05T09:00Z", "2026-07-06T16:00Z"),  # Sunday to Monday
        (Severity.AMBER, "2026-07-05T23:30Z", "2026-07-07T16:00Z"),  # already Monday in London
        (Severity.AMBER, "2026-12-01T09:00Z", "2026-12-02T17:00Z"),
        (Severity.AMBER, "2026-10-23T15:30Z", "2026-10-26T17:00Z"),  # the clocks go back between
    ],
)
def test_each_severity_waits_as_long_as_it_may(severity: Severity, raised: str, due: str) -> None:
    assert acknowledge_by(severity, us(raised), LONDON) == us(due)


@given(st.sampled_from(list(Severity)), st.integers(us("2000-01-01T00:00Z"), us("2060-01-01T00:00Z")))
def test_a_clock_ends_after_it_starts_and_the_more_severe_ends_no_later_than_a_week_on(
    severity: Severity, from_us: int
) -> None:
    due = acknowledge_by(severity, from_us, LONDON)
    assert from_us < due <= from_us + WEEK_US
    assert acknowledge_by(Severity.RED, from_us, LONDON) == from_us + 30 * MINUTE_US
    assert acknowledge_by(severity, from_us + 1, LONDON) >= due
