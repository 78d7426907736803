"""Which cells of a published table are shown: each rule by itself. That they hold together is shown by exhaustion."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.disclosure import (
    THRESHOLD,
    Level,
    Node,
    Part,
    Period,
    Rest,
    Table,
    held_areas,
    held_strands,
    hide_one_another,
    table_of_areas,
    tables_by_strand,
)

CITY, NORTH, SOUTH, EAST = 1, 11, 12, 13
WEEK, NEXT_WEEK = Period(0, 6), Period(7, 13)
BOTH = Period(0, 13)
ROOT: Mapping[Node | None, Sequence[int]] = {None: (CITY,)}
ZONES: Mapping[Node | None, Sequence[int]] = {CITY: (NORTH, SOUTH, EAST)}


def whole(n: int) -> Part:
    return Part(n, whole=True)


def shown(levels: Sequence[Level], counts: Mapping[tuple[int, Period], int]) -> dict[tuple[int, Period], int]:
    return table_of_areas(levels, lambda area, period: counts[area, period]).shown


def test_a_group_of_large_counts_is_shown_whole() -> None:
    assert held_areas([5, 9, 30], 0, whole(44)) == set()
    assert held_areas([5, 9, 30], 6, whole(50)) == set()


@pytest.mark.parametrize("n", range(THRESHOLD))
def test_a_small_count_is_held_back_with_the_first_that_can_stand_in_for_it(n: int) -> None:
    assert held_areas([40, n, 9], 0, whole(49 + n)) == {0, 1}
    assert held_areas([n, 9, 40], 0, whole(49 + n)) == {0, 1}


def test_the_rest_stands_in_before_any_listed_child() -> None:
    assert held_areas([40, 3, 9], 6, whole(58)) == {1}


def test_what_stands_in_is_large_enough_for_the_small_ones_to_be_anything() -> None:
    assert held_areas([40, 3, 9], 5, whole(57)) == {0, 1}
    assert held_areas([5, 3, 9, 30], 0, whole(47)) == {0, 1, 2}
    assert held_areas([6, 3, 9, 30], 0, whole(48)) == {0, 1}


@pytest.mark.parametrize("rest", range(1, THRESHOLD))
def test_a_small_rest_is_not_to_be_worked_out(rest: int) -> None:
    assert held_areas([40, 9], rest, whole(49 + rest)) == {0}


def test_small_counts_hide_one_another_where_their_sum_says_nothing_of_any() -> None:
    assert held_areas([40, 3, 2, 9], 0, whole(54)) == {0, 1, 2}  # 5 of two: one could only be 1 to 4
    assert held_areas([40, 3, 2, 0, 9], 0, whole(54)) == {1, 2, 3}
    assert held_areas([40, 4, 4, 4, 9], 0, whole(61)) == {0, 1, 2, 3}


@given(st.lists(st.integers(0, THRESHOLD - 1), max_size=8))
def test_counts_that_hide_one_another_may_each_be_anything(small: list[int]) -> None:
    if hide_one_another(small):
        total = sum(small)
        for index in range(len(small)):
            room = (THRESHOLD - 1) * (len(small) - 1)
            assert all(0 <= total - n <= room for n in range(THRESHOLD)), (small, index)


def test_where_something_of_the_parent_is_hidden_its_children_leave_room_for_any_size_of_it() -> None:
    some = Part(30, whole=False)
    assert held_areas([10, 10, 11], 0, some) == {0}
    assert held_areas([10, 10, 12], 0, some) == {0, 1}
    assert held_areas([10, 10, 22], 0, some) == {0, 1, 2}
    assert held_areas([10, 10, 10], 9, some) == {0}  # the rest stands in, yet 30 would leave no room


def test_nothing_is_shown_below_what_is_hidden_whole() -> None:
    assert held_areas([10, 10], 10, Part(0, whole=False)) == {0, 1}


def test_late_reports_between_two_publications_are_not_to_be_counted() -> None:
    assert held_areas([20, 20], 0, whole(36)) == {0}
    assert held_areas([20, 20], 0, whole(44)) == {0}
    assert held_areas([20, 20], 0, whole(35)) == set()
    assert held_areas([20, 20], 0, whole(40)) == set()


def test_what_could_not_be_larger_stands_in_for_nothing_and_is_held_back_as_well() -> None:
    def within(*sums: int) -> list[Part]:
        return [whole(n) for n in sums]

    assert held_areas([3, 20, 20, 50], 0, whole(93), within=within(9, 23, 90, 90, 9)) == {0, 1}
    assert held_areas([3, 20, 20, 50], 0, whole(93), within=within(9, 22, 90, 90, 9)) == {0, 1, 2}
    assert held_areas([3, 20], 9, whole(32), within=within(9, 28, 12)) == {0}
    assert held_areas([3, 20], 9, whole(32), within=within(9, 28, 11)) == {0, 1}
    # it was reported late, and nobody can tell of how many
    assert held_areas([3, 20, 20, 50], 0, whole(93), within=within(9, 15, 90, 90, 9)) == {0, 1}


def test_what_is_hidden_for_other_reasons_may_be_what_is_enough() -> None:
    assert held_areas([20, 4, 30], 1, whole(55), closed=[0]) == {0, 1}
    assert held_areas([20, 4, 30], 0, whole(54), closed=[0]) == {0, 1, 2}  # nothing that is not listed takes part


def test_what_is_closed_for_other_reasons_needs_something_to_stand_in_for_it() -> None:
    assert held_areas([20, 20, 20], 0, whole(60), closed=[1]) == {0, 1}


def test_a_small_strand_and_one_that_nearly_all_have_are_held_back_with_another() -> None:
    assert held_strands([8, 9, 3], whole(40)) == {0, 2}
    assert held_strands([9, 9, 36], whole(40)) == {0, 2}
    assert held_strands([9, 9, 35], whole(40)) == set()
    assert held_strands([8, 9, 36], whole(40)) == {0, 1, 2}
    assert held_strands([8, 9, 3, 2, 1], whole(40)) == {2, 3, 4}
    assert held_strands([8, 9, 36, 3, 2, 1], whole(40)) == {0, 2, 3, 4, 5}
    assert held_strands([33, 9, 9, 3], whole(40)) == {0, 1, 3}  # with three more the first would be closed


def test_a_strand_of_which_many_were_reported_late_tells_nothing_of_the_others() -> None:
    assert [held_strands([n, 20, 20], whole(40)) for n in (35, 36, 44, 45)] == [set(), {0, 1}, {0, 1}, set()]
    assert held_strands([45, 20, 20], Part(40, whole=False)) == {0, 1}


def test_a_strand_is_held_back_where_something_of_the_area_is() -> None:
    assert held_strands([9, 9, 20], Part(40, whole=False)) == {0}
    assert held_strands([8, 9], Part(0, whole=False)) == {0, 1}


def test_the_root_is_shown_unless_it_is_small() -> None:
    for n in range(8):
        assert shown([Level(ROOT, [WEEK])], {(CITY, WEEK): n}) == ({(CITY, WEEK): n} if n >= THRESHOLD else {})


def test_a_table_is_decided_from_the_root_down() -> None:
    levels = [Level(ROOT, [WEEK]), Level(ZONES, [WEEK]), Level({NORTH: (21, 22), Rest(CITY): (31, 32)}, [WEEK])]
    counts = {CITY: 80, NORTH: 30, SOUTH: 20, EAST: 0, 21: 12, 22: 18, 31: 11, 32: 19}
    # East is nought, and what lies in no zone, 30, stands in for it
    assert shown(levels, {(area, WEEK): n for area, n in counts.items()}) == {
        (area, WEEK): n for area, n in counts.items() if area != EAST
    }
    # with no such rest North stands in, and nothing below it is shown
    counts |= {CITY: 50, 31: 0, 32: 0}
    assert shown(levels, {(area, WEEK): n for area, n in counts.items()}) == {(CITY, WEEK): 50, (SOUTH, WEEK): 20}


def test_the_rest_of_a_city_has_in_it_what_is_hidden_beside_it() -> None:
    levels = [Level(ROOT, [WEEK]), Level({CITY: (NORTH,)}, [WEEK]), Level({Rest(CITY): (31, 32)}, [WEEK])]
    table = table_of_areas(levels, lambda area, _: {CITY: 43, NORTH: 3, 31: 20, 32: 20}[area])
    assert table.part(Rest(CITY), 1, WEEK) == Part(43, whole=True)
    # the wards of the rest leave 3, which are North's: so one ward is held back
    assert table.shown == {(CITY, WEEK): 43, (32, WEEK): 20}


def test_longer_periods_are_made_of_the_shorter_ones_above_them() -> None:
    levels = [Level(ROOT, [WEEK, NEXT_WEEK]), Level({CITY: (NORTH, SOUTH)}, [BOTH])]
    counts = {(CITY, WEEK): 20, (CITY, NEXT_WEEK): 20, (CITY, BOTH): 40, (NORTH, BOTH): 10, (SOUTH, BOTH): 30}
    assert shown(levels, counts) == {cell: n for cell, n in counts.items() if cell != (CITY, BOTH)}
    # a week of the city is hidden: its zones must not add up to more than is known without it
    counts |= {(CITY, WEEK): 3, (CITY, BOTH): 23, (NORTH, BOTH): 12, (SOUTH, BOTH): 11}
    assert shown(levels, counts) == {(CITY, NEXT_WEEK): 20, (SOUTH, BOTH): 11}
    counts |= {(NORTH, BOTH): 11, (SOUTH, BOTH): 12}
    assert shown(levels, counts) == {(CITY, NEXT_WEEK): 20}


def by_strand(counts: Mapping[int, Sequence[int]], any_strand: Mapping[int, int]) -> dict[str, dict[int, int]]:
    levels = [Level(ROOT, [WEEK]), Level({CITY: (NORTH, SOUTH)}, [WEEK])]
    strands = [f"s{n}" for n in range(len(counts[CITY]))]
    together = table_of_areas(levels, lambda area, _: any_strand[area])
    tables: Mapping[str, Table] = tables_by_strand(
        levels, strands, lambda strand: lambda area, _: counts[area][int(strand[1:])], together
    )
    return {strand: {area: n for (area, _), n in table.shown.items()} for strand, table in tables.items()}


ANY = {CITY: 300, NORTH: 120, SOUTH: 120}


def test_an_area_is_shown_with_all_its_likely_strands_or_with_none() -> None:
    even = {CITY: (150, 150), NORTH: (60, 60), SOUTH: (60, 60)}
    assert by_strand(even, ANY) == {"s0": {CITY: 150, NORTH: 60, SOUTH: 60}, "s1": {CITY: 150, NORTH: 60, SOUTH: 60}}
    # North has few of one strand: it is hidden whole, and what lies in neither stands in for it
    uneven = {CITY: (180, 120), NORTH: (117, 3), SOUTH: (30, 90)}
    assert by_strand(uneven, ANY) == {"s0": {CITY: 180, SOUTH: 30}, "s1": {CITY: 120, SOUTH: 90}}
    # nothing lies in neither: South has to stand in, and is hidden whole as well
    uneven = {CITY: (147, 93), NORTH: (117, 3), SOUTH: (30, 90)}
    assert by_strand(uneven, ANY) == {"s0": {CITY: 147}, "s1": {CITY: 93}}


def test_a_strand_that_an_area_is_not_likely_to_have_enough_of_is_not_asked_of_it() -> None:
    rare = {CITY: (240, 30, 30), NORTH: (96, 12, 12), SOUTH: (96, 12, 12)}
    assert by_strand(rare, ANY) == {"s0": {CITY: 240, NORTH: 96, SOUTH: 96}, "s1": {CITY: 30}, "s2": {CITY: 30}}
    # were only one left out, the rest of the area would be its own: so another goes with it
    one = {CITY: (135, 135, 30), NORTH: (54, 54, 12), SOUTH: (54, 54, 12)}
    assert by_strand(one, ANY) == {"s0": {CITY: 135}, "s1": {CITY: 135, NORTH: 54, SOUTH: 54}, "s2": {CITY: 30}}


def test_one_strand_alone_has_no_table_of_its_own() -> None:
    assert by_strand({CITY: (300,), NORTH: (120,), SOUTH: (120,)}, ANY) == {"s0": {}}
