"""Where a place counts: each layer is settled by itself, as architecture.md 5.1 says."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.incident import Whereabouts
from streams.core.areas import Alias, Anchor, Area, Geography, Layer, Lookup, Precision, UnknownPlaceError
from streams.core.shapes import METRES_PER_DEGREE, NEAREST_WITHIN_M, LayerShapes
from streams.core.triangle import ELSEWHERE, AreaInLayer

LSOA, WARD, NEW_WARD, ZONE, CITY = 1, 2, 3, 4, 5
LAYERS = (
    Layer(LSOA, "lsoa", 10),
    Layer(WARD, "ward", 20),
    Layer(NEW_WARD, "new-ward", 21),
    Layer(ZONE, "zone", 30),
    Layer(CITY, "city", 40),
)
NORTH, SOUTH, SPLIT_ONE, SPLIT_TWO = 11, 12, 13, 14
WARD_A, WARD_B = 21, 22
NEW_A, NEW_B = 31, 32
ZONE_X, ZONE_Y = 41, 42
TOWN = 51
TURN = 1000
"""The day on which wards gave way to new ones."""
AREAS = (
    Area(NORTH, LSOA, "L1", "North 001A"),
    Area(SOUTH, LSOA, "L2", "South 002A"),
    Area(SPLIT_ONE, LSOA, "L3", "Split 003A"),
    Area(SPLIT_TWO, LSOA, "L4", "Split 003B"),
    Area(WARD_A, WARD, "A", "Abbey", None, TURN - 1),
    Area(WARD_B, WARD, "B", "Bridge & Mill", None, TURN - 1),
    Area(NEW_A, NEW_WARD, "NA", "Abbey", TURN, None),
    Area(NEW_B, NEW_WARD, "NB", "Newbridge", TURN, None),
    Area(ZONE_X, ZONE, "zone-x", "Exford"),
    Area(ZONE_Y, ZONE, "zone-y", "Wyeford"),
    Area(TOWN, CITY, "T", "Town"),
)
LOOKUPS = (
    *(Lookup(area, WARD_A, None, TURN - 1) for area in (NORTH, SPLIT_ONE)),
    *(Lookup(area, WARD_B, None, TURN - 1) for area in (SOUTH, SPLIT_TWO)),
    *(Lookup(area, TOWN) for area in (NORTH, SOUTH, SPLIT_ONE, SPLIT_TWO, WARD_A, WARD_B, NEW_A, NEW_B)),
    Lookup(NORTH, ZONE_X),
    Lookup(SOUTH, ZONE_X, None, 499),
    Lookup(SOUTH, ZONE_Y, 500, None),
    *(Lookup(area, ZONE_Y) for area in (SPLIT_ONE, SPLIT_TWO)),
)
ALIASES = (
    Alias("OLD", SPLIT_ONE, is_code=True),
    Alias("OLD", SPLIT_TWO, is_code=True),
    Alias("L0", NORTH, is_code=True),
    Alias("The Mill", WARD_B, is_code=False),
    Alias("Canal Side", NORTH, is_code=False),
    Alias("Canal Side", SOUTH, is_code=False),
)
WITHOUT_SHAPES = Geography(1, LAYERS, AREAS, LOOKUPS, ALIASES)


def square(west: float, south: float, east: float, north: float) -> shapely.Geometry:
    return shapely.box(west, south, east, north)


# Wards lie side by side, with their common border at longitude 0.01; each split neighbourhood has a half of B.
SHAPES = {
    LSOA: LayerShapes(
        {
            NORTH: square(0, 51.00, 0.01, 51.02),
            SPLIT_ONE: square(0.01, 51.01, 0.02, 51.02),
            SPLIT_TWO: square(0.01, 51.00, 0.02, 51.01),
        }
    ),
    WARD: LayerShapes({WARD_A: square(0, 51.00, 0.01, 51.02), WARD_B: square(0.01, 51.00, 0.02, 51.02)}),
    NEW_WARD: LayerShapes({NEW_A: square(0, 51.00, 0.02, 51.01), NEW_B: square(0, 51.01, 0.02, 51.02)}),
}
WITH_SHAPES = replace(WITHOUT_SHAPES, shapes=SHAPES)
IN_A = (0.005, 51.005)
IN_B = (0.015, 51.015)


def place(**data: Any) -> Whereabouts:
    return Whereabouts.model_validate(data)


def coded(layer: str, code: str) -> list[dict[str, str]]:
    return [{"layer": layer, "code": code}]


def at(point: tuple[float, float]) -> dict[str, float]:
    return {"longitude": point[0], "latitude": point[1]}


def located(geography: Geography, where: Whereabouts, day: int = 0, *, elsewhere: bool = False) -> Anchor:
    return geography.locate(where, day, elsewhere_allowed=elsewhere)


def counted(geography: Geography, where: Whereabouts, day: int = 0) -> dict[str, str]:
    """Return by layer the code of the area that counts a place."""
    names = {layer.number: layer.name for layer in LAYERS}
    areas = geography.areas_of(located(geography, where, day), day)
    return {names[layer]: geography.area_by_number[area].code for layer, area in areas}


def refusal(geography: Geography, where: Whereabouts, day: int = 0) -> tuple[str, str]:
    with pytest.raises(UnknownPlaceError) as refused:
        located(geography, where, day)
    return refused.value.problem.code, refused.value.problem.path


def test_lookups_lead_from_a_code_to_every_layer_above_it() -> None:
    assert counted(WITHOUT_SHAPES, place(areas=coded("lsoa", "L1"))) == {
        "lsoa": "L1",
        "ward": "A",
        "zone": "zone-x",
        "city": "T",
    }
    assert located(WITHOUT_SHAPES, place(areas=coded("lsoa", "L1"))) == Anchor(Precision.CODE, (NORTH,))


def test_nothing_below_what_is_known_is_guessed() -> None:
    assert counted(WITHOUT_SHAPES, place(areas=coded("ward", "B"))) == {"ward": "B", "city": "T"}


def test_a_lookup_holds_on_its_days_only() -> None:
    where = place(areas=coded("lsoa", "L2"))
    assert counted(WITHOUT_SHAPES, where, 499)["zone"] == "zone-x"
    assert counted(WITHOUT_SHAPES, where, 500)["zone"] == "zone-y"


def test_after_the_turn_a_neighbourhood_is_unplaced_among_the_new_wards_that_no_lookup_reaches() -> None:
    assert counted(WITHOUT_SHAPES, place(areas=coded("lsoa", "L1")), TURN) == {
        "lsoa": "L1",
        "zone": "zone-x",
        "city": "T",
    }
    assert counted(WITHOUT_SHAPES, place(areas=coded("new-ward", "NB")), TURN) == {"new-ward": "NB", "city": "T"}


def test_an_area_must_be_in_force_on_the_day() -> None:
    assert refusal(WITHOUT_SHAPES, place(areas=coded("ward", "A")), TURN) == ("area-not-in-force", "areas[0].code")
    assert refusal(WITHOUT_SHAPES, place(areas=coded("new-ward", "NA")), TURN - 1)[0] == "area-not-in-force"
    assert counted(WITHOUT_SHAPES, place(areas=coded("ward", "A")), TURN - 1)["ward"] == "A"


def test_a_place_may_be_named_in_several_layers() -> None:
    where = place(areas=coded("ward", "A") + coded("zone", "zone-y"))
    assert counted(WITHOUT_SHAPES, where) == {"ward": "A", "zone": "zone-y", "city": "T"}


@pytest.mark.parametrize(
    ("areas", "problem"),
    [
        (coded("parish", "A"), ("unknown-layer", "areas[0].layer")),
        (coded("ward", "L1"), ("unknown-area", "areas[0].code")),
        (coded("ward", "A") + coded("zone", "no"), ("unknown-area", "areas[1].code")),
        ([{"layer": "ward", "name": "Nowhere"}], ("unknown-area", "areas[0].name")),
    ],
)
def test_what_does_not_exist_is_refused_with_the_path_to_it(
    areas: list[dict[str, str]], problem: tuple[str, str]
) -> None:
    assert refusal(WITHOUT_SHAPES, place(areas=areas)) == problem


@pytest.mark.parametrize("name", ["Bridge & Mill", "bridge and mill", "BRIDGE  AND MILL", "The Mill", "the mill!"])
def test_a_name_or_alias_is_found_whatever_its_case_and_punctuation(name: str) -> None:
    assert counted(WITHOUT_SHAPES, place(areas=[{"layer": "ward", "name": name}])) == {"ward": "B", "city": "T"}


def test_a_name_of_the_gazetteer_settles_every_layer_that_has_it_in_force() -> None:
    before = located(WITHOUT_SHAPES, place(name="abbey"), TURN - 1)
    after = located(WITHOUT_SHAPES, place(name="abbey"), TURN)
    assert before == Anchor(Precision.NAME, (WARD_A,))
    assert after == Anchor(Precision.NAME, (NEW_A,))


def test_a_name_of_several_areas_decides_only_what_they_share() -> None:
    where = place(name="Canal Side")
    assert counted(WITHOUT_SHAPES, where, 499) == {"zone": "zone-x", "city": "T"}
    assert counted(WITHOUT_SHAPES, where, 500) == {"city": "T"}


def test_a_name_that_the_gazetteer_lacks_is_refused_with_the_nearest_and_never_placed() -> None:
    with pytest.raises(UnknownPlaceError) as refused:
        located(WITHOUT_SHAPES, place(name="Exfort"))
    problem = refused.value.problem
    assert (problem.code, problem.path) == ("unknown-place", "name")
    assert "Exford" in problem.detail


def test_a_retired_code_with_one_successor_is_that_area() -> None:
    assert located(WITHOUT_SHAPES, place(areas=coded("lsoa", "L0"))) == Anchor(Precision.CODE, (NORTH,))


def test_a_split_code_without_a_point_decides_only_what_its_successors_share() -> None:
    assert counted(WITHOUT_SHAPES, place(areas=coded("lsoa", "OLD"))) == {"zone": "zone-y", "city": "T"}


@pytest.mark.parametrize(("point", "code", "ward"), [(IN_B, "L3", "B"), ((0.015, 51.005), "L4", "B")])
def test_a_point_settles_a_split_code(point: tuple[float, float], code: str, ward: str) -> None:
    found = counted(WITH_SHAPES, place(areas=coded("lsoa", "OLD"), point=at(point)))
    assert (found["lsoa"], found["ward"]) == (code, ward)


def test_a_point_outside_the_successors_of_a_split_code_does_not_settle_it() -> None:
    found = counted(WITH_SHAPES, place(areas=coded("lsoa", "OLD"), point=at(IN_A)))
    assert "lsoa" not in found
    assert found["ward"] == "A"


def test_an_own_code_decides_the_finest_layer_and_a_point_all_others_with_shapes() -> None:
    where = place(areas=coded("lsoa", "L2") + coded("ward", "B"), point=at(IN_A))
    assert counted(WITH_SHAPES, where) == {"lsoa": "L2", "ward": "A", "zone": "zone-x", "city": "T"}


def test_a_point_alone_settles_every_layer_with_shapes_and_lookups_the_rest() -> None:
    assert counted(WITH_SHAPES, place(point=at(IN_B))) == {"lsoa": "L3", "ward": "B", "zone": "zone-y", "city": "T"}
    assert located(WITH_SHAPES, place(point=at(IN_B))).precision is Precision.INSIDE


def test_a_point_finds_only_areas_in_force_on_the_day() -> None:
    assert counted(WITH_SHAPES, place(point=at(IN_B)), TURN) == {
        "lsoa": "L3",
        "new-ward": "NB",
        "zone": "zone-y",
        "city": "T",
    }


def test_a_point_without_any_shapes_is_somewhere_in_the_city() -> None:
    assert located(WITHOUT_SHAPES, place(point=at(IN_A))) == Anchor(Precision.CITY)
    assert counted(WITHOUT_SHAPES, place(point=at(IN_A))) == {"city": "T"}


def test_a_point_far_from_all_shapes_is_outside_and_counts_in_no_area() -> None:
    anchor = located(WITH_SHAPES, place(point=at((1.0, 52.0))))
    assert anchor == Anchor(Precision.OUTSIDE)
    assert WITH_SHAPES.areas_of(anchor, 0) == (ELSEWHERE,)


@pytest.mark.parametrize(
    ("kind", "precision", "areas"),
    [
        ("online", Precision.ONLINE, (AreaInLayer(CITY, TOWN),)),
        ("unknown", Precision.UNLOCATED, (AreaInLayer(CITY, TOWN),)),
        ("prefer-not-to-say", Precision.UNLOCATED, (AreaInLayer(CITY, TOWN),)),
        ("outside", Precision.OUTSIDE, (ELSEWHERE,)),
    ],
)
def test_kinds_of_place_that_are_not_on_the_map(
    kind: str, precision: Precision, areas: tuple[AreaInLayer, ...]
) -> None:
    anchor = located(WITH_SHAPES, place(kind=kind))
    assert anchor == Anchor(precision)
    assert WITH_SHAPES.areas_of(anchor, 0) == areas


def test_counts_from_others_may_lie_elsewhere() -> None:
    assert located(WITHOUT_SHAPES, place(areas=coded("lsoa", "E9")), elsewhere=True) == Anchor(Precision.OUTSIDE)
    assert located(WITHOUT_SHAPES, place(kind="unknown"), elsewhere=True) == Anchor(Precision.OUTSIDE)
    by_point = place(areas=coded("lsoa", "E9"), point=at(IN_A))
    assert located(WITH_SHAPES, by_point, elsewhere=True) == Anchor(Precision.INSIDE, (NORTH, WARD_A))


def north_of(metres: float) -> tuple[float, float]:
    return (0.005, 51.02 + metres / METRES_PER_DEGREE)


def test_a_point_within_250_metres_counts_in_the_nearest_area_and_says_so() -> None:
    anchor = located(WITH_SHAPES, place(point=at(north_of(249))))
    assert anchor == Anchor(Precision.NEAR, (NORTH, WARD_A))
    assert located(WITH_SHAPES, place(point=at(north_of(251)))) == Anchor(Precision.OUTSIDE)


@settings(deadline=None, derandomize=True, database=None)
@given(st.floats(1, 500), st.floats(0.001, 0.009))
def test_nearness_is_measured_in_metres_in_both_directions(metres: float, along: float) -> None:
    shapes = SHAPES[LSOA]
    degree_m = METRES_PER_DEGREE * 0.6290  # cosine of 51.02 degrees, rounded up: a little nearer than it says
    for longitude, latitude in (north_of(metres), (0 - metres / degree_m, 51.0 + along)):
        hit = shapes.find(longitude, latitude)
        if abs(metres - NEAREST_WITHIN_M) > 2:
            assert (hit is not None) == (metres < NEAREST_WITHIN_M)
        if hit is not None:
            assert (hit.area, hit.near) == (NORTH, True)


@pytest.mark.parametrize("order", [(WARD_A, WARD_B), (WARD_B, WARD_A)])
def test_a_point_on_a_shared_border_always_belongs_to_the_area_with_the_least_number(order: tuple[int, int]) -> None:
    boxes = {WARD_A: square(0, 51.00, 0.01, 51.02), WARD_B: square(0.01, 51.00, 0.02, 51.02)}
    shapes = LayerShapes({area: boxes[area] for area in order})
    hit = shapes.find(0.01, 51.01)
    assert hit is not None
    assert (hit.area, hit.near) == (WARD_A, False)


def test_equally_near_areas_are_told_apart_by_their_number() -> None:
    gap = 100 / METRES_PER_DEGREE
    shapes = LayerShapes({2: square(0, 51.01 + gap, 0.01, 51.02), 1: square(0, 51.00, 0.01, 51.01 - gap)})
    assert {shapes.find(longitude / 1000, 51.01) for longitude in range(1, 10)} <= {(1, True), (2, True)}
    mirrored = LayerShapes({1: square(0, -0.02, 0.01, -gap), 2: square(0, gap, 0.01, 0.02)})
    assert mirrored.find(0.005, 0.0) == (1, True)


@settings(deadline=None, derandomize=True, database=None, max_examples=200)
@given(st.permutations(AREAS), st.permutations(ALIASES), st.data())
def test_where_a_place_counts_does_not_depend_on_the_order_in_which_areas_are_listed(
    areas: list[Area], aliases: list[Alias], data: st.DataObject
) -> None:
    shuffled = Geography(1, LAYERS, tuple(areas), LOOKUPS, tuple(aliases), SHAPES)
    where = data.draw(
        st.sampled_from(
            [
                *(place(areas=coded("lsoa", code)) for code in ("L0", "L1", "L2", "OLD")),
                *(place(name=name) for name in ("Canal Side", "Abbey", "exford")),
                *(place(point=at(point)) for point in (IN_A, IN_B, (0.01, 51.01), north_of(100))),
            ]
        )
    )
    day = data.draw(st.sampled_from([0, 499, 500, TURN - 1]))
    assert located(shuffled, where, day) == located(WITH_SHAPES, where, day)
    assert counted(shuffled, where, day) == counted(WITH_SHAPES, where, day)


@given(st.integers(-10, 2000), st.sampled_from([area.number for area in AREAS]))
def test_between_turning_days_a_place_counts_in_the_same_areas(day: int, area: int) -> None:
    turns = WITHOUT_SHAPES.turning_days
    assert turns == (500, TURN)
    if day + 1 not in turns:
        anchor = Anchor(Precision.CODE, (area,))
        assert WITHOUT_SHAPES.areas_of(anchor, day) == WITHOUT_SHAPES.areas_of(anchor, day + 1)


def test_a_partnership_without_places_counts_as_a_whole() -> None:
    empty = Geography(1, (), ())
    assert empty.areas_of(located(empty, place(kind="unknown")), 0) == (ELSEWHERE,)
    assert refusal(empty, place(name="Anywhere")) == ("unknown-place", "name")


def written(reference: str = "r") -> Anchor:
    return Anchor(Precision.WRITTEN, written=reference)


def codes(geography: Geography, anchor: Anchor, day: int = 0) -> list[str]:
    return sorted(geography.area_by_number[area].code for _, area in geography.areas_of(anchor, day))


def confirmed(**places: tuple[int, ...]) -> Geography:
    return replace(WITHOUT_SHAPES, version=2, confirmed=places)


@pytest.mark.parametrize(
    ("places", "day", "counted_in"),
    [
        ({}, 0, ["T"]),
        ({"other": (NORTH,)}, 0, ["T"]),
        ({"r": (NORTH,)}, 0, ["A", "L1", "T", "zone-x"]),
        ({"r": (WARD_A,)}, 0, ["A", "T"]),
        ({"r": (WARD_A,)}, TURN, ["T"]),
        ({"r": (NORTH, SOUTH)}, 0, ["T", "zone-x"]),
        ({"r": (NORTH, SOUTH)}, 500, ["T"]),
        ({"r": (NORTH, WARD_B)}, 0, ["B", "L1", "T", "zone-x"]),
    ],
)
def test_a_place_as_written_counts_where_people_say_that_it_lies_on_the_day(
    places: Mapping[str, tuple[int, ...]], day: int, counted_in: list[str]
) -> None:
    assert codes(confirmed(**places), written(), day) == counted_in


def test_a_text_is_settled_as_a_name_or_not_at_all() -> None:
    assert WITHOUT_SHAPES.locate_text("  THE mill. ", 0) == Anchor(Precision.NAME, (WARD_B,))
    assert WITHOUT_SHAPES.locate_text("the mill", TURN) is None
    assert WITHOUT_SHAPES.locate_text("thr mill", 0) is None
    canal_side = WITHOUT_SHAPES.locate_text("canal side", 0)
    assert canal_side is not None
    assert codes(WITHOUT_SHAPES, canal_side) == ["T", "zone-x"]


def test_other_names_are_suggested_with_their_distance_and_never_the_text_itself() -> None:
    found = WITHOUT_SHAPES.suggestions("Exfort")
    assert found[0] == (1, "Exford")
    assert [each.distance for each in found] == sorted(each.distance for each in found)
    assert "Exford" not in [each.name for each in WITHOUT_SHAPES.suggestions("exford")]


@pytest.mark.parametrize(
    ("changes", "moves"),
    [
        ({}, False),
        ({"shapes": SHAPES}, False),
        ({"aliases": ()}, False),
        ({"areas": (*AREAS, Area(61, LSOA, "L9", "New")), "lookups": (*LOOKUPS, Lookup(61, WARD_A))}, False),
        ({"areas": (*AREAS, Area(61, CITY, "U", "Second"))}, True),
        ({"lookups": (*LOOKUPS, Lookup(WARD_A, ZONE_X))}, True),
        ({"lookups": LOOKUPS[1:]}, True),
        ({"lookups": (Lookup(NORTH, WARD_A), *LOOKUPS[1:])}, True),
        ({"confirmed": {"r": (NORTH,)}}, True),
        ({"areas": (replace(AREAS[0], last_day=7), *AREAS[1:])}, True),
    ],
)
def test_only_some_changes_move_what_was_counted(changes: dict[str, Any], moves: bool) -> None:
    assert replace(WITHOUT_SHAPES, version=2, **changes).moves_nothing_of(WITHOUT_SHAPES) is not moves


@given(
    st.lists(st.sampled_from(LOOKUPS), unique=True),
    st.lists(st.builds(Lookup, st.sampled_from([NORTH, WARD_A, 61]), st.sampled_from([ZONE_X, ZONE_Y])), max_size=2),
    st.integers(-10, 2000),
)
def test_where_nothing_is_said_to_move_nothing_does(gone: list[Lookup], new: list[Lookup], day: int) -> None:
    lookups = (*(lookup for lookup in LOOKUPS if lookup not in gone), *new)
    after = replace(WITHOUT_SHAPES, version=2, areas=(*AREAS, Area(61, LSOA, "L9", "New")), lookups=lookups)
    if after.moves_nothing_of(WITHOUT_SHAPES):
        for area in AREAS:
            anchor = Anchor(Precision.CODE, (area.number,))
            assert after.areas_of(anchor, day) == WITHOUT_SHAPES.areas_of(anchor, day)
