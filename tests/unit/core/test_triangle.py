"""Which cells a content counts in, and how increments are gathered."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.core.contribution import Content
from streams.core.triangle import ANY_STRAND, ELSEWHERE, AreaInLayer, Basis, Cells, CellShape, Series, Sums

WARD, CITY = AreaInLayer(2, 20), AreaInLayer(3, 30)
OTHER_WARD = AreaInLayer(2, 21)
TURN = 200
CONTENT = Content("incident", "reported", 100, True, 7, ("race", "religion"), ("threat",), "/s")


class Numbers:
    """Gives out numbers of series, and remembers which is which."""

    def __init__(self) -> None:
        self.series: list[Series] = []

    def number(self, series: Series) -> int:
        if series not in self.series:
            self.series.append(series)
        return self.series.index(series)


class Town:
    """One place, counted in one ward until a day and in another from it on; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def areas_of(self, place: int, day: int) -> tuple[AreaInLayer, ...]:
        self.asked.append((place, day))
        return (ELSEWHERE, WARD if day < TURN else OTHER_WARD, CITY)


def made() -> tuple[Cells, Numbers, Town]:
    numbers, town = Numbers(), Town()
    return Cells(numbers.number, town.areas_of, (TURN,)), numbers, town


def test_a_content_counts_in_each_area_once_in_all_and_once_for_each_strand() -> None:
    cells, numbers, _ = made()
    found = {
        (numbers.series[series].layer, numbers.series[series].strand, area)
        for series, area in zip(*cells.of(Basis.OCCURRED, CONTENT), strict=True)
    }
    assert found == {
        (layer, strand, area) for layer, area in (ELSEWHERE, WARD, CITY) for strand in (ANY_STRAND, "race", "religion")
    }
    assert len(cells.of(Basis.OCCURRED, CONTENT).series) == 9


def test_kind_basis_recording_and_dating_are_series_apart() -> None:
    cells, numbers, _ = made()
    for content in (
        CONTENT,
        CONTENT._replace(kind="context"),
        CONTENT._replace(recording="proactive"),
        CONTENT._replace(dated=False),
    ):
        cells.of(Basis.OCCURRED, content)
    cells.of(Basis.RECEIVED, CONTENT)
    assert len(numbers.series) == 5 * 9


def test_on_the_received_basis_all_is_dated() -> None:
    cells, _, _ = made()
    assert cells.of(Basis.RECEIVED, CONTENT._replace(dated=False)) is cells.of(Basis.RECEIVED, CONTENT)


def test_what_is_remembered_ends_at_a_turning_day() -> None:
    cells, _, town = made()
    before = [cells.of(Basis.OCCURRED, CONTENT._replace(day=day)) for day in (0, 100, TURN - 1)]
    after = [cells.of(Basis.OCCURRED, CONTENT._replace(day=day)) for day in (TURN, 10_000)]
    assert (len({id(each) for each in before}), len({id(each) for each in after})) == (1, 1)
    assert before[0].areas.tolist() != after[0].areas.tolist()
    assert len(town.asked) == 2
    assert cells.area_numbers(7, TURN - 1) == (ELSEWHERE.area, WARD.area, CITY.area)
    assert cells.area_numbers(7, TURN) == (ELSEWHERE.area, OTHER_WARD.area, CITY.area)


def test_counts_are_the_triangle_summed_over_known_days() -> None:
    cells, _, _ = made()
    shape, sums = cells.of(Basis.OCCURRED, CONTENT), Sums()
    for known_day, n in ((150, 1), (160, 2), (170, -1)):
        sums.add_occurred(shape, 100, known_day, n)
    by_known_day: dict[tuple[int, ...], dict[int, int]] = {}
    for series, day, area, known_day, n in sums.triangle():
        by_known_day.setdefault((series, day, area), {})[known_day] = n
    assert by_known_day == {(series, day, area): {150: 1, 160: 2, 170: -1} for series, day, area, _ in sums.counts()}
    assert {(day, n) for _, day, _, n in sums.counts()} == {(100, 2)}


def test_what_is_received_counts_on_its_day_and_has_no_triangle() -> None:
    cells, _, _ = made()
    sums = Sums()
    sums.add_received(cells.of(Basis.RECEIVED, CONTENT), 180, 1)
    assert {(day, n) for _, day, _, n in sums.counts()} == {(180, 1)}
    assert not sums.triangle()


def test_what_cancels_within_a_batch_is_not_written_and_the_rest_is_sorted_by_cell() -> None:
    cells, _, _ = made()
    shape, sums = cells.of(Basis.OCCURRED, CONTENT), Sums()
    sums.add_occurred(shape, 101, 150, 1)
    sums.add_occurred(shape, 100, 150, 1)
    sums.add_occurred(shape, 101, 160, -1)
    assert {day for _, day, _, _ in sums.counts()} == {100}
    assert {(day, known, n) for _, day, _, known, n in sums.triangle()} == {
        (100, 150, 1),
        (101, 150, 1),
        (101, 160, -1),
    }
    assert sums.counts() == sorted(sums.counts())
    assert sums.triangle() == sorted(sums.triangle())


def test_nothing_booked_is_nothing_to_write() -> None:
    assert (Sums().counts(), Sums().triangle()) == ([], [])


bookings = st.lists(
    st.tuples(st.integers(0, 3), st.integers(-3, 3), st.integers(-2, 2), st.integers(-2, 2)), max_size=30
)


@given(bookings)
def test_sums_are_those_of_adding_one_increment_after_another(booked: list[tuple[int, int, int, int]]) -> None:
    """Shapes overlap in some cells; days lie before 1970 too."""
    shapes = [CellShape(np.arange(n, n + 3), np.array([7, 7, 9])) for n in range(4)]
    sums, triangle = Sums(), Counter[tuple[int, ...]]()
    for shape, day, known_day, n in booked:
        sums.add_occurred(shapes[shape], day, known_day, n)
        for series, area in zip(*shapes[shape], strict=True):
            triangle[int(series), day, int(area), known_day] += n
    assert sums.triangle() == sorted((*cell, n) for cell, n in triangle.items() if n)
    counts = Counter[tuple[int, ...]]()
    for cell, n in triangle.items():
        counts[cell[:3]] += n
    assert sums.counts() == sorted((*cell, n) for cell, n in counts.items() if n)
