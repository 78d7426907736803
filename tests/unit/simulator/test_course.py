"""The course of things: in every span, however short, and in the right measure."""

from datetime import date
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.simulator.course import LAST_DAY, Course, Span, usual_rate, weekday
from streams.core.days import day_number
from tests.unit.simulator.runs import here


@given(st.integers(1, 36_525))
def test_everything_happens_within_the_span(days: int) -> None:
    span = Span(days)
    course = Course.of(span)
    begun = [getattr(course, name) for name in course.__slots__]
    assert all(span.first <= day <= LAST_DAY for day in begun)
    assert begun == sorted(begun)


def test_ten_years_begin_with_november_2016() -> None:
    assert Span(3653).first == day_number(date(2016, 10, 31))
    assert Span(1).first == LAST_DAY == day_number(date(2026, 10, 31))


def test_sixty_days_hold_the_whole_shock() -> None:
    course = Course.of(Span(60))
    assert course.shock_factor(course.shock + 20) > 1
    assert course.shock + 20 < LAST_DAY


def test_the_shock_starts_threefold_and_is_gone_after_three_weeks() -> None:
    course = Course.of(Span(1000))
    factors = [course.shock_factor(course.shock + day) for day in (-1, 0, 6, 7, 14, 20, 21)]
    assert factors == [1, 3, 3, 2, 1.5, 1.5, 1]


def test_the_surge_lasts_four_weeks() -> None:
    course = Course.of(Span(1000))
    assert sum(course.surging(day) for day in range(course.surge - 100, LAST_DAY)) == 28


def test_a_week_has_eight_incidents_on_average_over_the_year() -> None:
    days = range(day_number(date(2021, 1, 1)), day_number(date(2025, 1, 1)))
    assert fmean(usual_rate(day) for day in days) * 7 == pytest.approx(8, rel=0.005)


def test_summer_october_and_weekends_have_more() -> None:
    def rate(month: int, day: int) -> float:
        return usual_rate(day_number(date(2025, month, day)))

    tuesdays = {month: rate(month, day) for month, day in ((2, 18), (7, 15), (10, 14), (11, 18))}
    assert tuesdays[7] > tuesdays[2] * 1.3
    assert tuesdays[10] > tuesdays[11] * 1.15
    saturday = day_number(date(2025, 10, 18))
    assert weekday(saturday) == 5
    assert usual_rate(saturday) > tuesdays[10] * 1.3


def test_one_centre_opens_and_another_closes() -> None:
    city, course = here("fictional"), Course.of(Span(400))

    def open_on(day: int) -> set[str]:
        return {centre.slug for centre in city.centres if course.is_open(city, centre, day)}

    first, last = open_on(LAST_DAY - 399), open_on(LAST_DAY)
    assert (len(first), len(last)) == (36, 36)
    assert len(first ^ last) == 2
    assert open_on(course.centre_opens) - open_on(course.centre_opens - 1) == last - first
    assert open_on(course.centre_closes) - open_on(course.centre_closes + 1) == first - last
