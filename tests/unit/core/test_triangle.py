"""Which cells a content counts in, and how increments are gathered."""

from streams.core.contribution import Content
from streams.core.triangle import ANY_STRAND, WHOLE, AreaInLayer, Basis, Cells, Series, Sums, nonzero

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
        return (WHOLE, WARD if day < TURN else OTHER_WARD, CITY)


def made() -> tuple[Cells, Numbers, Town]:
    numbers, town = Numbers(), Town()
    return Cells(numbers.number, town.areas_of, (TURN,)), numbers, town


def test_a_content_counts_in_each_area_once_in_all_and_once_for_each_strand() -> None:
    cells, numbers, _ = made()
    found = {
        (numbers.series[series].layer, numbers.series[series].strand, area)
        for series, area in cells.of(Basis.OCCURRED, CONTENT)
    }
    assert found == {
        (layer, strand, area) for layer, area in (WHOLE, WARD, CITY) for strand in (ANY_STRAND, "race", "religion")
    }
    assert len(cells.of(Basis.OCCURRED, CONTENT)) == 9


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
    assert cells.of(Basis.RECEIVED, CONTENT._replace(dated=False)) == cells.of(Basis.RECEIVED, CONTENT)


def test_what_is_remembered_ends_at_a_turning_day() -> None:
    cells, _, town = made()
    before = [cells.of(Basis.OCCURRED, CONTENT._replace(day=day)) for day in (0, 100, TURN - 1)]
    after = [cells.of(Basis.OCCURRED, CONTENT._replace(day=day)) for day in (TURN, 10_000)]
    assert (len(set(before)), len(set(after))) == (1, 1)
    assert before[0] != after[0]
    assert len(town.asked) == 2
    assert cells.area_numbers(7, TURN - 1) == (WHOLE.area, WARD.area, CITY.area)
    assert cells.area_numbers(7, TURN) == (WHOLE.area, OTHER_WARD.area, CITY.area)


def test_counts_are_the_triangle_summed_over_known_days() -> None:
    cells, _, _ = made()
    sums = Sums(cells)
    sums.add_occurred(CONTENT, 150, 1)
    sums.add_occurred(CONTENT, 160, 2)
    sums.add_occurred(CONTENT, 170, -1)
    assert {known for *_, known in sums.triangle} == {150, 160, 170}
    for (series, day, area), n in sums.counts.items():
        assert n == 2 == sum(sums.triangle[series, day, area, known] for known in (150, 160, 170))
        assert day == 100


def test_what_is_received_counts_on_its_day_and_has_no_triangle() -> None:
    cells, _, _ = made()
    sums = Sums(cells)
    sums.add_received(CONTENT, 180, 1)
    assert {day for _, day, _ in sums.counts} == {180}
    assert not sums.triangle


def test_what_cancels_within_a_batch_is_not_written_and_the_rest_is_sorted_by_cell() -> None:
    cells, _, _ = made()
    sums = Sums(cells)
    sums.add_occurred(CONTENT._replace(day=101), 150, 1)
    sums.add_occurred(CONTENT, 150, 1)
    sums.add_occurred(CONTENT._replace(day=101), 160, -1)
    counts, triangle = nonzero(sums.counts.items()), nonzero(sums.triangle.items())
    assert {day for _, day, _, _ in counts} == {100}
    assert {(day, known, n) for _, day, _, known, n in triangle} == {(100, 150, 1), (101, 150, 1), (101, 160, -1)}
    assert counts == sorted(counts)
    assert triangle == sorted(triangle)
