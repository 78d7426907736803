"""Areas, shapes and lookups imported into a ledger, on both databases."""

from collections.abc import Sequence
from datetime import date

import pytest
import shapely
from sqlalchemy import Row, select

from infra.db import tables
from infra.db.engine import transaction
from infra.db.geography import GeographyChange, GeographyError, LookupRow, NewArea
from infra.db.geography_reading import list_areas
from streams.core.days import day_number
from tests.support.city import Bench
from tests.support.events import Raw, report

Days = tuple[str | None, str | None]


def square(west: float, south: float) -> bytes:
    """Return a shape of a tenth of a degree each way, far from anywhere."""
    return shapely.to_wkb(shapely.box(west, south, west + 0.1, south + 0.1))


def import_(
    bench: Bench, city: int, layer: str, areas: Sequence[NewArea], days: Days = (None, None)
) -> tuple[int, int]:
    first, last = (None if day is None else day_number(date.fromisoformat(day)) for day in days)
    with transaction(bench.engine, write=True) as connection:
        return GeographyChange(connection, city, bench.clock).add_areas(layer, areas, first, last)


def look_up(bench: Bench, city: int, layers: tuple[str, str], *rows: tuple[str, str]) -> int:
    with transaction(bench.engine, write=True) as connection:
        return GeographyChange(connection, city, bench.clock).add_lookups(
            *layers, [LookupRow(*row) for row in rows], None, None
        )


def held(bench: Bench, city: int) -> list[Row[tuple[object, ...]]]:
    with transaction(bench.engine, write=False) as connection:
        rows = [
            *connection.execute(select(tables.layer).where(tables.layer.c.partnership == city).order_by("number")),
            *connection.execute(select(tables.area).where(tables.area.c.partnership == city).order_by("number")),
            *connection.execute(
                select(tables.area_lookup).where(tables.area_lookup.c.partnership == city).order_by("number")
            ),
            *connection.execute(select(tables.partnership).where(tables.partnership.c.number == city)),
        ]
    return [*rows]


def in_area(id_: str, layer: str, code: str) -> Raw:
    return report(id_, places=[{"areas": [{"layer": layer, "code": code}]}])


def at_point(id_: str, longitude: float, latitude: float) -> Raw:
    return report(id_, places=[{"point": {"longitude": longitude, "latitude": latitude}}])


def test_a_new_layer_is_made_and_counts_with_those_above_it(bench: Bench) -> None:
    city = bench.partnership()
    blocks = [NewArea("B1", "Block One", "S11", None), NewArea("B2", "Block Two", "S21", None)]
    assert import_(bench, city, "block", blocks) == (2, 0)
    bench.hand_in(city, in_area("a", "block", "B1"), in_area("b", "block", "B2"), in_area("c", "ward", "W1"))
    bench.drain()
    assert bench.rows(city, "area", layer="block") == [("B1", "Block One", 1), ("B2", "Block Two", 1)]
    assert bench.rows(city, "area", layer="small-area") == [("S11", "Small 11", 1), ("S21", "Small 21", 1)]
    assert bench.rows(city, "area") == [("W1", "Ward 1", 2), ("W2", "Ward 2", 1)]
    assert bench.rows(city, "area", layer="city") == [("C", "Testing", 3)]
    assert bench.counts(city, "area", layer="block").unplaced == 1
    assert bench.verify() == []


def test_the_same_areas_again_change_nothing(bench: Bench) -> None:
    city = bench.partnership()
    areas = [NewArea("B1", "Block One", "W1", square(10, 10))]
    assert import_(bench, city, "block", areas) == (1, 1)
    before = [row for row in held(bench, city) if "slug" not in row._fields]
    assert import_(bench, city, "block", areas) == (0, 1)
    assert [row for row in held(bench, city) if "slug" not in row._fields] == before


def test_shapes_for_a_layer_that_is_there_keep_its_dates_and_names(bench: Bench) -> None:
    city = bench.partnership()
    import_(bench, city, "camp", [NewArea("K1", "Camp One", "W1", None)], ("2026-05-01", "2026-06-30"))
    renamed = [NewArea("K1", "Another name", None, square(10, 10)), NewArea("K2", "Camp Two", None, square(10.1, 10))]
    assert import_(bench, city, "camp", renamed, ("2020-01-01", None)) == (1, 2)
    _, rows = list_areas(bench.engine, city, "camp")
    assert [row[1:5] + row[-1:] for row in rows] == [
        ("K1", "Camp One", "2026-05-01", "2026-06-30", "yes"),
        ("K2", "Camp Two", "2020-01-01", None, "yes"),
    ]
    bench.hand_in(city, at_point("a", 10.05, 10.05), at_point("b", 10.15, 10.05))
    bench.drain()
    assert bench.rows(city, "area", layer="camp") == [("K1", "Camp One", 1), ("K2", "Camp Two", 1)]
    assert bench.rows(city, "area") == [("W1", "Ward 1", 1)]


def test_shapes_may_come_after_reports_and_decide_only_what_comes_later(bench: Bench) -> None:
    city = bench.partnership()
    bench.hand_in(city, at_point("before", 10.05, 10.05), in_area("coded", "ward", "W2"))
    bench.drain()
    assert bench.rows(city, "area") == [("W2", "Ward 2", 1)]
    assert import_(bench, city, "ward", [NewArea("W1", "Ward 1", None, square(10, 10))]) == (0, 1)
    bench.hand_in(city, at_point("after", 10.05, 10.05), at_point("beside", 10.102, 10.05), at_point("far", 12, 12))
    bench.drain()
    assert bench.rows(city, "area") == [("W1", "Ward 1", 2), ("W2", "Ward 2", 1)]
    assert bench.counts(city, "area").unplaced == 2
    assert bench.verify() == []


def test_an_unknown_parent_changes_nothing(bench: Bench) -> None:
    city = bench.partnership()
    before = held(bench, city)
    with pytest.raises(GeographyError, match="no coarser layer has the parent W9"):
        import_(bench, city, "block", [NewArea("B1", "Block", "W1", None), NewArea("B2", "Block", "W9", None)])
    with pytest.raises(GeographyError, match="there is no area in it"):
        import_(bench, city, "block", [])
    assert held(bench, city) == before


def test_lookups_are_by_code_and_the_same_again_changes_nothing(bench: Bench) -> None:
    city = bench.partnership()
    import_(bench, city, "zone", [NewArea("Z", "Zone", None, None)])
    assert look_up(bench, city, ("ward", "zone"), ("W1", "Z"), ("W2", "Z"), ("W1", "Z")) == 2
    assert look_up(bench, city, ("ward", "zone"), ("W1", "Z"), ("W3", "Z")) == 1
    bench.hand_in(city, in_area("a", "small-area", "S11"), in_area("b", "ward", "W3"))
    bench.drain()
    assert bench.rows(city, "area", layer="zone") == [("Z", "Zone", 2)]


@pytest.mark.parametrize(
    ("layers", "rows", "said"),
    [
        (("ward", "city"), [("W1", "C"), ("W9", "C")], "line 3: layer ward has no area W9"),
        (("ward", "city"), [("W1", "D")], "line 2: layer city has no area D"),
        (("hamlet", "city"), [("W1", "C")], "there is no layer hamlet; known layers: city, small-area, ward"),
        (("ward", "city"), [], "there is no lookup in it"),
    ],
)
def test_a_lookup_of_what_is_not_there_changes_nothing(
    bench: Bench, layers: tuple[str, str], rows: list[tuple[str, str]], said: str
) -> None:
    city = bench.partnership()
    before = held(bench, city)
    with pytest.raises(GeographyError, match=said):
        look_up(bench, city, layers, *rows)
    assert held(bench, city) == before


def test_a_lookup_replaces_the_one_that_led_from_the_same_area_to_the_same_layer(bench: Bench) -> None:
    city = bench.partnership()
    import_(bench, city, "zone", [NewArea("Y", "Why", None, None), NewArea("Z", "Zed", None, None)])
    look_up(bench, city, ("ward", "zone"), ("W1", "Y"), ("W2", "Y"))
    assert look_up(bench, city, ("ward", "zone"), ("W1", "Z"), ("W2", "Y")) == 1
    bench.hand_in(city, in_area("a", "ward", "W1"), in_area("b", "ward", "W2"))
    bench.drain()
    assert bench.rows(city, "area", layer="zone") == [("Y", "Why", 1), ("Z", "Zed", 1)]


def test_an_area_cannot_be_counted_to_two_of_one_layer(bench: Bench) -> None:
    city = bench.partnership()
    import_(bench, city, "zone", [NewArea("Y", "Why", None, None), NewArea("Z", "Zed", None, None)])
    before = held(bench, city)
    with pytest.raises(GeographyError, match="line 4: W1 is counted to Y by line 2, and cannot be counted to Z too"):
        look_up(bench, city, ("ward", "zone"), ("W1", "Y"), ("W2", "Y"), ("W1", "Z"))
    assert held(bench, city) == before


def test_a_parent_for_some_days_leaves_the_other_days_as_they_were(bench: Bench) -> None:
    city = bench.partnership()
    import_(bench, city, "zone", [NewArea("Y", "Why", None, None), NewArea("Z", "Zed", None, None)])
    look_up(bench, city, ("ward", "zone"), ("W1", "Y"))
    import_(bench, city, "ward", [NewArea("W1", "Ward 1", "Z", None)], ("2026-06-10", "2026-06-20"))
    days = ("2026-06-09", "2026-06-10", "2026-06-20", "2026-06-21")
    bench.hand_in(city, *(report(day, occurred={"from": day}) for day in days))
    bench.drain()
    assert bench.rows(city, "day", "area", layer="zone") == [
        ("2026-06-09", "Y", "Why", 1),
        ("2026-06-10", "Z", "Zed", 1),
        ("2026-06-20", "Z", "Zed", 1),
        ("2026-06-21", "Y", "Why", 1),
    ]


def test_a_partnership_is_one_city(bench: Bench) -> None:
    city = bench.partnership()
    before = held(bench, city)
    with pytest.raises(GeographyError, match="a partnership is one city"):
        import_(bench, city, "city", [NewArea("D", "Another", None, None)])
    assert held(bench, city) == before


def test_a_parent_must_be_of_a_coarser_layer(bench: Bench) -> None:
    city = bench.partnership()
    with pytest.raises(GeographyError, match="no coarser layer has the parent S11"):
        import_(bench, city, "ward", [NewArea("W4", "Ward 4", "S11", None)])
    assert import_(bench, city, "block", [NewArea("B1", "Block One", "S11", None)]) == (1, 0)
    bench.hand_in(city, in_area("b", "block", "B1"))
    bench.drain()
    for layer, code in (("small-area", "S11"), ("ward", "W1"), ("city", "C")):
        assert [row[0] for row in bench.rows(city, "area", layer=layer)] == [code]
