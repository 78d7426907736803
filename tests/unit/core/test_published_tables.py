"""Published figures as values: each published once and never revised, in periods as short as the year before allows."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.areas import Area, Geography, Layer, Lookup
from streams.core.disclosure import THRESHOLD, Rest
from streams.core.publication import WEEK_DAYS, Granularity
from streams.core.published_areas import WHOLE, area_tree, published_layers, strand_layers
from streams.core.published_context import context_sheets
from streams.core.published_tables import Sheets, TableName, incident_sheets
from streams.core.triangle import ANY_STRAND, Basis
from tests.support.histories import PROPERTY
from tests.support.publishing import (
    BEGUN,
    CITY,
    CITY_LAYER,
    STRANDS,
    WARD_LAYER,
    ZONE_LAYER,
    Told,
    geography,
    hidden,
    known,
    quiet_and_busy,
    shown,
    sunday,
)

WHERE = geography({0: 3, 1: 2, 2: 1})
WARDS = [area.number for area in WHERE.areas if area.layer == WARD_LAYER]


def lengths(sheets: Sheets, layer: int, *, by_strand: bool = False) -> list[Granularity]:
    return [sheet.length for sheet in sheets[TableName(Basis.OCCURRED, by_strand, layer)]]


def evenly(weekly: int, weeks: int) -> list[Told]:
    return [Told(WARDS[n % len(WARDS)], "race", week, week, 1) for week in range(weeks) for n in range(weekly)]


late_or_taken_back = st.builds(
    lambda area, strand, week, later, n: Told(area, strand, week, week + later, n),
    st.sampled_from([CITY, *WARDS]),
    st.sampled_from(STRANDS),
    st.integers(0, 70),
    st.integers(0, 40),
    st.sampled_from([-1, 1, 3, 12]),
)


@settings(PROPERTY, max_examples=25)
@given(
    st.sampled_from([3.0, 20.0, 90.0, 400.0]),
    st.integers(0, 1_000),
    st.lists(late_or_taken_back, max_size=40),
    st.lists(st.integers(10, 115), min_size=1, max_size=6, unique=True),
)
def test_what_is_published_once_is_never_revised(
    weekly: float, seed: int, late: Sequence[Told], cut_offs: list[int]
) -> None:
    told = [*quiet_and_busy(WHERE, weekly, 75, seed), *late]
    everything = known(WHERE, told)
    last = incident_sheets(everything, sunday(120))
    for week in cut_offs:
        then = incident_sheets(known(WHERE, [each for each in told if each.known <= week]), sunday(week))
        assert shown(then).items() <= shown(last).items()
        assert set(hidden(then)) <= set(hidden(last))
        assert shown(incident_sheets(everything, sunday(week))) == shown(then)


@settings(PROPERTY, max_examples=25)
@given(st.sampled_from([3.0, 20.0, 90.0, 400.0]), st.integers(0, 1_000), st.lists(late_or_taken_back, max_size=40))
def test_a_figure_is_what_was_known_when_it_was_published(weekly: float, seed: int, late: Sequence[Told]) -> None:
    figures = known(WHERE, [*quiet_and_busy(WHERE, weekly, 75, seed), *late])
    sheets = incident_sheets(figures, sunday(120))
    for (name, strand, area, period), n in shown(sheets).items():
        counts = figures.received if name.basis == Basis.RECEIVED else figures.by_area[area, strand]
        assert n == counts.count(period, period.published) >= THRESHOLD


def test_busier_layers_are_published_by_shorter_periods() -> None:
    quiet = incident_sheets(known(WHERE, evenly(6, 120)), sunday(119))
    assert lengths(quiet, CITY_LAYER) == [Granularity.MONTH] * 3
    assert lengths(quiet, WARD_LAYER) == [Granularity.YEAR] * 3
    busy = incident_sheets(known(WHERE, evenly(120, 120)), sunday(119))
    assert lengths(busy, CITY_LAYER) == [Granularity.WEEK] * 3
    assert lengths(busy, WARD_LAYER) == [Granularity.WEEK] * 3
    assert lengths(busy, CITY_LAYER, by_strand=True) == [Granularity.WEEK] * 3
    assert lengths(busy, ZONE_LAYER, by_strand=True) == [Granularity.MONTH] * 3


def test_a_year_goes_by_the_year_before() -> None:
    doubled = [*evenly(12, 120), *(told for told in evenly(12, 120) if told.week >= 52)]
    sheets = incident_sheets(known(WHERE, doubled), sunday(119))
    assert lengths(sheets, CITY_LAYER) == [Granularity.MONTH, Granularity.MONTH, Granularity.WEEK]


def test_nothing_is_published_before_thirteen_weeks() -> None:
    figures = known(WHERE, evenly(120, 60))
    assert shown(incident_sheets(figures, sunday(11))) == {}
    cells = shown(incident_sheets(figures, sunday(12)))
    assert len([cell for cell in cells if cell[0] == TableName(Basis.OCCURRED, False, CITY_LAYER)]) == 13
    assert {cell[3].published for cell in cells} == {sunday(12)}


def test_history_loaded_at_once_is_published_on_the_next_sunday() -> None:
    loaded = [told._replace(known=200) for told in evenly(120, 120)]
    figures = known(WHERE, loaded, loaded=sunday(200))
    assert shown(incident_sheets(figures, sunday(199))) == {}
    cells = shown(incident_sheets(figures, sunday(200)))
    assert len([cell for cell in cells if cell[0] == TableName(Basis.OCCURRED, False, WARD_LAYER)]) == 120 * len(WARDS)


def test_history_loaded_beside_a_few_reports_is_published_anew() -> None:
    few = [Told(WARDS[0], "race", week, week, 6) for week in range(100, 120)]
    loaded = [told._replace(known=200) for told in evenly(120, 120)]
    wards = TableName(Basis.OCCURRED, False, WARD_LAYER)
    as_it_was = shown(incident_sheets(known(WHERE, [*few, *loaded]), sunday(200)))
    assert not [cell for cell in as_it_was if cell[0] == wards and cell[3].first >= BEGUN + WEEK_DAYS * 105]
    anew = shown(incident_sheets(known(WHERE, [*few, *loaded], loaded=sunday(200)), sunday(200)))
    assert len([cell for cell in anew if cell[0] == wards]) == 120 * len(WARDS)


def test_without_any_incident_there_is_nothing() -> None:
    assert incident_sheets(known(WHERE, []), sunday(100)) == {}


def test_a_tree_has_every_area_under_the_finest_that_holds_it() -> None:
    tree = area_tree(WHERE, BEGUN)
    assert (tree.root, tree.layers) == (CITY, (ZONE_LAYER, WARD_LAYER))
    assert tree.groups == ({CITY: [11, 12]}, {Rest(CITY): [100, 101, 102], 11: [200, 201], 12: [300]})


def layered(*lookups: tuple[int, int], extra: Sequence[Area] = ()) -> Geography:
    layers = (Layer(9, "lsoa-2021", 10), Layer(1, "ward-2014", 20), Layer(2, "zone", 30), Layer(3, "city", 40))
    areas = (Area(1, 3, "C", "City"), Area(11, 2, "Z1", "One"), Area(12, 2, "Z2", "Two"), Area(21, 1, "W1", "Ward"))
    small = (Area(91, 9, "L1", "Small"), Area(92, 9, "L2", "Small"))
    return Geography(1, layers, (*areas, *small, *extra), tuple(Lookup(*pair) for pair in lookups))


def test_an_area_whose_parts_lie_elsewhere_is_listed_and_in_no_group() -> None:
    within = area_tree(layered((91, 21), (92, 21), (21, 11)), 0)
    assert within.groups[1] == {11: [21]}
    assert area_tree(layered((91, 21), (91, 11), (92, 21), (21, 11)), 0).groups[1] == {11: [21]}
    straddling = area_tree(layered((91, 21), (91, 11), (92, 21), (92, 12), (21, 11)), 0)
    assert straddling.groups[1] == {}
    assert straddling.listed[1] == [21]
    assert area_tree(layered((91, 21), (91, 11), (92, 21)), 0).groups[1] == {}


def test_no_layer_finer_than_wards_is_published_and_none_of_wards_by_strand() -> None:
    where = layered()
    assert [layer.name for layer in published_layers(where)] == ["city", "zone", "ward-2014"]
    assert [layer.name for layer in strand_layers(where)] == ["city", "zone"]
    states = Geography(1, (Layer(1, "state", 5), Layer(2, "small-area", 1)), ())
    assert [layer.name for layer in published_layers(states)] == ["state"]
    assert [layer.name for layer in strand_layers(states)] == ["state"]


def test_only_areas_in_force_are_in_a_tree() -> None:
    where = layered((21, 11), extra=[Area(22, 1, "W2", "Old", last_day=10), Area(23, 1, "W3", "New", first_day=11)])
    assert area_tree(where, 10).listed[1] == [21, 22]
    assert area_tree(where, 11).listed[1] == [21, 23]


def test_without_a_city_the_coarsest_layer_together_is_the_root() -> None:
    where = Geography(1, (Layer(1, "state", 20),), (Area(11, 1, "A", "A"), Area(12, 1, "B", "B")))
    tree = area_tree(where, 0)
    assert (tree.root, tree.groups) == (WHOLE, ({WHOLE: [11, 12]},))
    assert tree.made_of(WHOLE) == [11, 12]
    assert tree.made_of(11) == (11,)


def test_context_is_published_by_months_that_are_over() -> None:
    first, second = BEGUN, BEGUN + 31
    counts = {(area, kind): {first: 40, second: 60} for area in (CITY, *WARDS, 11, 12) for kind in (ANY_STRAND, "a")}
    counts |= {(CITY, ANY_STRAND): {first: 300, second: 400}}
    sheets = context_sheets(WHERE, counts, second + 27)
    cells = [period for sheet in sheets[TableName(Basis.OCCURRED, False, CITY_LAYER)] for period in sheet.periods]
    assert [(period.first, period.last) for period in cells] == [(first, first + 30)]
    assert sheets[TableName(Basis.OCCURRED, False, CITY_LAYER)][0].shown == {(ANY_STRAND, CITY, cells[0]): 300}
    over = context_sheets(WHERE, counts, second + 28)
    assert sorted(over[TableName(Basis.OCCURRED, False, CITY_LAYER)][0].shown.values()) == [300, 400]


def test_context_of_a_few_is_withheld_as_incidents_are() -> None:
    counts = {(CITY, ANY_STRAND): {BEGUN: 200}, (11, ANY_STRAND): {BEGUN: 3}, (12, ANY_STRAND): {BEGUN: 197}}
    sheets = context_sheets(WHERE, counts, BEGUN + 60)
    assert sheets[TableName(Basis.OCCURRED, False, ZONE_LAYER)][0].shown == {}
    assert shown(context_sheets(WHERE, {}, BEGUN + 60)) == {}


@pytest.mark.parametrize("turn", [BEGUN + 17, BEGUN + 14])
def test_figures_are_cut_where_the_geography_changes(turn: int) -> None:
    later = Area(999, WARD_LAYER, "W999", "New", first_day=turn)
    where = Geography(1, WHERE.layers, (*WHERE.areas, later), WHERE.lookups)
    sheets = incident_sheets(known(where, evenly(120, 60)), sunday(59))
    before, *_ = (sheet for sheet in sheets[TableName(Basis.OCCURRED, False, WARD_LAYER)])
    assert before.periods[-1].last == BEGUN + 13
    weeks = [p.first for sheet in sheets[TableName(Basis.OCCURRED, False, CITY_LAYER)] for p in sheet.periods]
    assert (BEGUN + 14 in weeks) == (turn == BEGUN + 14)
    assert BEGUN + 14 + WEEK_DAYS in weeks
