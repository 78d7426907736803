"""Which periods are published and when, and from what it is settled how long they are."""

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.days import day_from_number, day_number
from streams.core.disclosure import Period
from streams.core.publication import (
    EXPECTED,
    WEEK_DAYS,
    Arrivals,
    Granularity,
    Piece,
    first_monday,
    history_loaded,
    last_sunday_over,
    month_of,
    periods,
    pieces,
    rate_for,
    shortest,
    sunday_of,
    weeks,
    weeks_within,
    year_of,
)

WEEK, MONTH, YEAR = Granularity.WEEK, Granularity.MONTH, Granularity.YEAR
days = st.dates(date(1950, 1, 1), date(2090, 12, 31)).map(day_number)


def day(text: str) -> int:
    return day_number(date.fromisoformat(text))


def named(period: Period | Piece) -> tuple[str, str]:
    return day_from_number(period.first).isoformat(), day_from_number(period.last).isoformat()


def piece(year: int, turning_days: Iterable[int] = ()) -> Piece:
    found = list(pieces(first_monday(year), first_monday(year), turning_days))
    return found[0]


def steady(first: str, weekly: int, n_weeks: int) -> Arrivals:
    """Return so many a week, each known at the end of its week."""
    return Arrivals((day(first) + 7 * n, day(first) + 7 * n + 6, weekly) for n in range(n_weeks))


@given(days)
def test_a_week_belongs_where_its_thursday_lies(of: int) -> None:
    monday = sunday_of(of) - 6
    thursday = day_from_number(monday + 3)
    assert monday <= of <= monday + 6
    assert (year_of(monday), month_of(monday)) == (thursday.year, f"{thursday:%Y-%m}")
    assert year_of(monday) == day_from_number(of).isocalendar().year
    assert day_from_number(first_monday(year_of(monday))).isocalendar()[1:] == (1, 1)


@given(days)
def test_the_last_sunday_over_is_before_the_day(today: int) -> None:
    sunday = last_sunday_over(today)
    assert day_from_number(sunday).isoweekday() == 7
    assert today - 7 <= sunday < today


@given(days, st.integers(0, 60))
def test_a_window_is_the_weeks_whose_thursday_lies_in_it(first: int, more: int) -> None:
    thursdays = [each for each in range(first, first + more + 1) if day_from_number(each).isoweekday() == 4]
    found = weeks_within(first, first + more)
    assert (list(weeks(found)) if found else []) == [thursday - 3 for thursday in thursdays]


@given(days, st.integers(1, 800), st.lists(days, max_size=4), st.sampled_from(Granularity))
def test_periods_tile_all_weeks_in_which_nothing_changes(
    first: int, more: int, elsewhere: list[int], length: Granularity
) -> None:
    turns = [*elsewhere, first + more // 2, first + more // 3]
    found = list(pieces(first, first + more, turns))
    tiled = [week for each in found for period in periods(each, length) for week in weeks(period)]
    begin, end = first_monday(year_of(sunday_of(first) - 6)), first_monday(year_of(sunday_of(first + more) - 6) + 1)
    cut = {sunday_of(turn) - 6 for turn in turns if turn != sunday_of(turn) - 6}
    assert tiled == [week for week in range(begin, end, WEEK_DAYS) if week not in cut]
    for each in found:
        for period in periods(each, length):
            assert {year_of(week) for week in weeks(period)} == {each.year}
            assert not [turn for turn in turns if period.first < turn <= period.last]
            if length is MONTH:
                assert len({month_of(week) for week in weeks(period)}) == 1


def test_months_and_years_are_cut_where_the_geography_changes() -> None:
    cut = list(pieces(day("2026-01-01"), day("2026-12-31"), [day("2026-05-07")]))
    assert [named(each) for each in cut] == [("2025-12-29", "2026-05-03"), ("2026-05-11", "2027-01-03")]
    assert [named(each) for each in periods(cut[1], MONTH)][:2] == [
        ("2026-05-11", "2026-05-31"),
        ("2026-06-01", "2026-06-28"),
    ]
    on_monday = list(pieces(day("2026-01-01"), day("2026-12-31"), [day("2026-05-04")]))
    assert [named(each) for each in on_monday] == [("2025-12-29", "2026-05-03"), ("2026-05-04", "2027-01-03")]


@pytest.mark.parametrize(
    ("length", "not_before", "published"),
    [
        (WEEK, "2020-01-01", "2026-01-04"),
        (WEEK, "2026-01-05", "2026-01-11"),
        (WEEK, "2026-01-11", "2026-01-11"),
        (MONTH, "2020-01-01", "2026-02-15"),
        (YEAR, "2020-01-01", "2027-01-31"),
        (YEAR, "2027-02-01", "2027-02-07"),
    ],
)
def test_a_period_is_published_at_the_end_of_a_sunday(length: Granularity, not_before: str, published: str) -> None:
    first = periods(piece(2026), length, day(not_before))[0]
    assert first.published == day(published)


def test_arrivals_count_what_was_known() -> None:
    arrivals = Arrivals([(0, 6, 5), (0, 13, 2), (0, 20, -1), (7, 13, 4), (21, 27, 1)])
    assert [arrivals.count(Period(0, 13), known) for known in (-1, 6, 13, 20, 99)] == [0, 5, 11, 10, 10]
    assert arrivals.count(Period(7, 20), 99) == 4
    assert [arrivals.known(sunday) for sunday in (-1, 6, 13, 20, 27)] == [0, 5, 11, 10, 11]
    assert arrivals.span() == Period(0, 27)
    assert Arrivals(()).span() is None
    taken_back = Arrivals([(0, 6, 5), (0, 13, -5), (7, 13, 1)])
    assert [taken_back.first_week(Period(0, 99), known) for known in (-1, 6, 13)] == [None, 0, 7]


def test_a_rate_is_that_of_the_year_before() -> None:
    arrivals = steady("2023-01-02", 7, 200)
    rate = rate_for(2025, arrivals, 0, day("2026-12-27"))
    assert rate is not None
    assert (named(rate.over), rate.settled) == (("2024-01-01", "2024-12-29"), day("2024-12-29"))
    assert rate.weeks == 52


def test_where_a_year_is_not_seasoned_its_rate_waits_for_thirteen_weeks() -> None:
    arrivals = steady("2024-11-04", 7, 200)
    assert rate_for(2025, arrivals, 0, day("2025-01-26")) is None
    rate = rate_for(2025, arrivals, 0, day("2025-02-02"))
    assert rate is not None
    assert (named(rate.over), rate.settled) == (("2024-11-04", "2025-02-02"), day("2025-02-02"))
    first = rate_for(2024, arrivals, 0, day("2025-02-02"))
    assert first == rate


def test_a_rate_settled_once_is_so_whatever_comes_later() -> None:
    rows = [(day("2024-01-01") + 7 * n, day("2024-01-01") + 7 * n + 6, 3) for n in range(80)]
    late = [(week, day("2025-01-05"), 100) for week, known, _ in rows if known < day("2025-01-05")]
    before, after = Arrivals(rows), Arrivals(rows + late)
    rate = rate_for(2025, before, 0, day("2025-06-29"))
    assert rate is not None
    assert rate == rate_for(2025, after, 0, day("2025-06-29"))
    assert after.count(rate.over, rate.settled) == before.count(rate.over, rate.settled)
    assert after.count(rate.over, rate.settled + 7) > before.count(rate.over, rate.settled + 7)


def test_history_loaded_at_once_settles_its_rates_when_it_is_there() -> None:
    loaded = day("2026-07-05")
    arrivals = Arrivals((day("2020-01-06") + 7 * n, loaded, 9) for n in range(300))
    for year in range(2020, 2026):
        rate = rate_for(year, arrivals, loaded, loaded)
        assert rate is not None
        assert rate.settled == loaded


@pytest.mark.parametrize(
    ("weekly", "cells", "length"),
    [
        (EXPECTED, 1, WEEK),
        (EXPECTED - 0.1, 1, MONTH),
        (EXPECTED, 4, MONTH),
        (EXPECTED, 5, YEAR),
        (EXPECTED, 52, YEAR),
        (EXPECTED, 500, YEAR),
        (0, 1, YEAR),
    ],
)
def test_periods_are_as_short_as_their_cells_allow(weekly: float, cells: int, length: Granularity) -> None:
    assert shortest(weekly, cells) is length


def test_only_what_at_least_doubles_what_is_known_loads_history() -> None:
    first, second, small = day("2026-07-01"), day("2026-07-15"), day("2026-07-29")
    arrivals = Arrivals([(0, sunday_of(first), 100), (0, sunday_of(second), 100), (7, sunday_of(small), 20)])
    assert history_loaded([], arrivals) == 0
    assert history_loaded([first], arrivals) == sunday_of(first)
    assert history_loaded([small, first], arrivals) == sunday_of(first)
    assert history_loaded([first, second, small], arrivals) == sunday_of(second)
    nothing_new = sunday_of(day("2026-09-02"))
    assert history_loaded([nothing_new], arrivals) == 0


def test_an_import_that_runs_over_a_sunday_is_loaded_on_the_next() -> None:
    sunday = day("2026-07-05")
    arrivals = Arrivals([(0, sunday, 10), (7, sunday + 7, 30)])
    assert history_loaded([sunday], arrivals) == sunday + 7


def test_there_are_no_periods_before_or_after() -> None:
    year = piece(2026)
    assert periods(year, YEAR) == [Period(year.first, year.last, day("2027-01-31"))]
    assert len(periods(year, MONTH)) == 12
    assert timedelta(days=year.last - year.first + 1) == timedelta(weeks=len(periods(year, WEEK)))
