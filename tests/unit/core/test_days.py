"""Days are civil days of a time zone; a date without a time never passes through UTC."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.days import (
    BookingDay,
    Calendar,
    booking_day,
    day_from_number,
    day_number,
    from_us,
    instant_of,
    monday_of,
    to_us,
)

LONDON = Calendar("Europe/London")
ZONES = (
    *("Europe/London", "UTC", "Europe/Dublin", "Atlantic/Azores", "America/New_York", "America/Sao_Paulo"),
    *("America/Havana", "Africa/Cairo", "Asia/Tehran", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Auckland"),
)
HOUR_US = 3_600_000_000
REPORTED = "2026-07-05T09:00:00Z"
zones = st.sampled_from(ZONES)
civil_days = st.dates(date(1970, 1, 2), date(2099, 12, 30))


def number(text: str) -> int:
    return day_number(date.fromisoformat(text))


def length_us(day: str) -> int:
    return LONDON.first_us_of_day(number(day) + 1) - LONDON.first_us_of_day(number(day))


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-06-30T22:59:59.999999Z", "2026-06-30"),
        ("2026-06-30T23:00:00Z", "2026-07-01"),
        ("2026-06-30T23:30:00Z", "2026-07-01"),
        ("2026-07-01T00:00+01:00", "2026-07-01"),
        ("2026-06-30T23:59:59+01:00", "2026-06-30"),
        ("2026-12-31T23:30:00Z", "2026-12-31"),
        ("2026-07-01", "2026-07-01"),
    ],
)
def test_an_instant_falls_on_the_day_that_a_calendar_on_a_wall_in_london_shows(moment: str, day: str) -> None:
    assert LONDON.day_of(moment) == number(day)
    assert LONDON.day_of_us(LONDON.last_us(moment)) == number(day)


def test_the_days_of_both_clock_changes_have_23_and_25_hours() -> None:
    assert length_us("2026-03-29") == 23 * HOUR_US
    assert length_us("2026-10-25") == 25 * HOUR_US
    assert length_us("2026-07-01") == 24 * HOUR_US


@pytest.mark.parametrize("day", ["2026-03-28", "2026-03-29", "2026-03-30", "2026-10-24", "2026-10-25", "2026-10-26"])
def test_a_day_around_a_clock_change_holds_each_of_its_hours(day: str) -> None:
    first = LONDON.first_us_of_day(number(day))
    hours = range(first, LONDON.last_us(day), HOUR_US)
    assert {LONDON.day_of_us(hour) for hour in hours} == {number(day)}
    assert LONDON.day_of_us(LONDON.last_us(day)) == number(day)
    assert LONDON.day_of_us(LONDON.last_us(day) + 1) == number(day) + 1


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-03-29T00:59:59Z", "2026-03-29"),
        ("2026-03-29T22:59:59Z", "2026-03-29"),
        ("2026-03-29T23:00:00Z", "2026-03-30"),
        ("2026-10-25T00:30:00Z", "2026-10-25"),
        ("2026-10-25T01:30:00Z", "2026-10-25"),
        ("2026-10-25T23:59:59Z", "2026-10-25"),
        ("2026-10-24T23:00:00Z", "2026-10-25"),
    ],
)
def test_instants_around_the_clock_changes_fall_on_their_day(moment: str, day: str) -> None:
    assert LONDON.day_of(moment) == number(day)


@given(zones, civil_days)
def test_the_first_instant_of_a_day_is_on_it_and_the_microsecond_before_is_not(zone: str, day: date) -> None:
    calendar, wanted = Calendar(zone), day_number(day)
    first = calendar.first_us_of_day(wanted)
    assert calendar.day_of_us(first) == wanted
    assert calendar.day_of_us(first - 1) == wanted - 1
    assert calendar.last_us(day.isoformat()) == calendar.first_us_of_day(wanted + 1) - 1


@given(zones, civil_days)
def test_a_date_without_time_is_the_same_day_in_every_zone(zone: str, day: date) -> None:
    assert Calendar(zone).day_of(day.isoformat()) == day_number(day)
    assert booking_day(Calendar(zone), day.isoformat(), None, False, REPORTED) == BookingDay(
        day_number(day), dated=True
    )


@given(zones, st.integers(-(10**15), 4 * 10**15).map(from_us))
def test_text_and_microseconds_of_an_instant_agree_on_its_day(zone: str, instant: datetime) -> None:
    calendar, text = Calendar(zone), instant_of(to_us(instant))
    assert calendar.day_of(text) == calendar.day_of_us(to_us(instant))
    assert calendar.last_us(text) == to_us(instant)
    assert from_us(to_us(instant)) == instant


@given(civil_days)
def test_day_numbers_count_civil_days_and_weeks_begin_on_monday(day: date) -> None:
    assert day_from_number(day_number(day)) == day
    assert day_number(day + timedelta(days=1)) == day_number(day) + 1
    monday = day_from_number(monday_of(day_number(day)))
    assert monday.weekday() == 0
    assert timedelta(0) <= day - monday < timedelta(days=7)


def test_moments_are_compared_by_day_where_either_is_a_date() -> None:
    assert not LONDON.is_after("2026-07-01", "2026-07-01T00:30:00.000000Z")
    assert not LONDON.is_after("2026-07-01T22:00:00.000000Z", "2026-07-01")
    assert not LONDON.is_after("2026-06-30T23:30:00.000000Z", "2026-07-01")
    assert LONDON.is_after("2026-07-01T23:30:00.000000Z", "2026-07-01")
    assert LONDON.is_after("2026-07-02", "2026-07-01T22:59:00.000000Z")
    assert LONDON.is_after("2026-07-01T10:00:00.000001Z", "2026-07-01T10:00:00.000000Z")
    assert not LONDON.is_after("2026-07-01T10:00:00.000000Z", "2026-07-01T10:00:00.000000Z")


@pytest.mark.parametrize(
    ("first", "last", "ongoing", "day", "dated"),
    [
        ("2026-07-01", None, False, "2026-07-01", True),
        ("2026-07-01", "2026-07-01", False, "2026-07-01", True),
        ("2026-07-01", "2026-07-07", False, "2026-07-01", True),
        ("2026-07-01", "2026-07-08", False, "2026-07-01", False),
        ("2026-06-30T23:30:00Z", "2026-07-07T22:59:59Z", False, "2026-07-01", True),
        ("2026-06-30T22:30:00Z", "2026-07-07T12:00:00Z", False, "2026-06-30", False),
        ("2026-10-20", "2026-10-26T23:30:00Z", False, "2026-10-20", True),
        ("2026-07-01", None, True, "2026-07-01", False),
        (None, None, False, "2026-07-05", False),
        (None, "2026-07-01", False, "2026-07-05", False),
    ],
)
def test_a_range_of_up_to_seven_days_counts_on_its_first_and_what_is_longer_or_open_is_undated(
    first: str | None, last: str | None, ongoing: bool, day: str, dated: bool
) -> None:
    assert booking_day(LONDON, first, last, ongoing, REPORTED) == BookingDay(number(day), dated)


def test_what_is_unknown_stands_under_the_local_day_on_which_it_was_reported() -> None:
    assert booking_day(LONDON, None, None, False, "2026-06-30T23:30:00Z") == BookingDay(number("2026-07-01"), False)
    assert booking_day(LONDON, None, None, False, "2026-06-30") == BookingDay(number("2026-06-30"), False)
