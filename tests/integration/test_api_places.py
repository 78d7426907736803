"""/v1/layers and /v1/areas: geography with the days of its vintages, parents, residents and shapes."""

from collections.abc import Iterator

import httpx
import pytest
import shapely
from sqlalchemy import insert, select, update

from api.callers import Scope
from infra.db import tables
from infra.db.engine import transaction
from infra.db.geography import NewArea, import_areas
from tests.support.api import ApiBench, codes
from tests.support.city import Bench

SQUARE = shapely.box(10.0, 20.0, 10.1, 20.1)


@pytest.fixture
def api(bench: Bench) -> Iterator[ApiBench]:
    with ApiBench(bench) as made:
        yield made


@pytest.fixture
def city(bench: Bench) -> int:
    return bench.partnership()


def reader(api: ApiBench, city: int) -> httpx.Client:
    return api.client(Scope.COUNTS_READ, partnership=city)


def add_vintage(bench: Bench, city: int) -> None:
    """Add a layer of wards that begins when another ends, with a lookup that changes on that day."""
    days = {"2026-05-06": 20_579, "2026-05-07": 20_580}
    with transaction(bench.engine, write=True) as connection:
        layer = connection.execute(
            insert(tables.layer).returning(tables.layer.c.number),
            {"partnership": city, "name": "ward-2026", "title": "Wards of 2026", "rank": 21},
        ).scalar_one()
        area = tables.area
        numbers = {row.code: row.number for row in connection.execute(select(area).where(area.c.partnership == city))}
        old = connection.execute(select(area.c.layer).where(area.c.number == numbers["W1"])).scalar_one()
        connection.execute(update(area).where(area.c.layer == old).values(last_day=days["2026-05-06"]))
        new = connection.execute(
            insert(area).returning(area.c.number),
            {
                "partnership": city,
                "layer": layer,
                "code": "N1",
                "name": "New 1",
                "first_day": days["2026-05-07"],
                "residents": 12_345,
                "residents_source": "an invented census",
            },
        ).scalar_one()
        connection.execute(
            insert(tables.area_lookup),
            [
                {"partnership": city, "from_area": start, "to_area": end, "first_day": first}
                for start, end, first in (
                    (numbers["S11"], new, days["2026-05-07"]),
                    (new, numbers["C"], None),
                )
            ],
        )
    bench.ledger.refresh()


def test_layers_come_finest_first_with_the_days_of_their_vintage(api: ApiBench, bench: Bench, city: int) -> None:
    add_vintage(bench, city)
    answer = reader(api, city).get("/v1/layers")
    assert answer.status_code == 200
    assert [(row["name"], row["areas"], row["first"], row["last"]) for row in answer.json()["rows"]] == [
        ("small-area", 3, None, None),
        ("ward", 3, None, "2026-05-06"),
        ("ward-2026", 1, "2026-05-07", None),
        ("city", 1, None, None),
    ]


def test_an_area_says_in_which_areas_it_lies_on_the_day_nearest_to_today_on_which_it_exists(
    api: ApiBench, bench: Bench, city: int
) -> None:
    add_vintage(bench, city)
    rows = {row["code"]: row for row in reader(api, city).get("/v1/areas").json()["rows"]}
    assert rows["S11"]["parents"] == {"ward-2026": "N1", "city": "C"}
    assert rows["W1"]["parents"] == {"city": "C"}
    assert (rows["W1"]["first"], rows["W1"]["last"]) == (None, "2026-05-06")
    assert rows["N1"]["residents"] == {"number": 12_345, "source": "an invented census"}
    assert rows["C"] == {
        "layer": "city",
        "code": "C",
        "name": "Testing",
        "first": None,
        "last": None,
        "parents": {},
        "residents": None,
    }


def test_areas_come_as_geojson_with_shapes_where_they_were_imported(api: ApiBench, bench: Bench, city: int) -> None:
    with transaction(bench.engine, write=True) as connection:
        import_areas(connection, city, "ward", [NewArea("W1", "Ward 1", None, shapely.to_wkb(SQUARE))], None, None)
    answer = reader(api, city).get("/v1/areas", params={"layer": "ward", "format": "geojson"})
    assert answer.headers["content-type"] == "application/geo+json"
    collection = answer.json()
    assert collection["type"] == "FeatureCollection"
    shapes = {each["properties"]["code"]: each["geometry"] for each in collection["features"]}
    assert shapes.keys() == {"W1", "W2", "W3"}
    assert shapes["W2"] is None
    assert shapely.from_geojson(httpx.Response(200, json=shapes["W1"]).text).equals(SQUARE)
    assert reader(api, city).get("/v1/layers").json()["rows"][1]["shapes"] == 1


def test_areas_come_in_pages_that_together_are_the_whole(api: ApiBench, city: int) -> None:
    client = reader(api, city)
    whole = [row["code"] for row in client.get("/v1/areas").json()["rows"]]
    paged, cursor = [], None
    while True:
        asked = {"limit": 2} | ({} if cursor is None else {"cursor": cursor})
        page = client.get("/v1/areas", params=asked).json()
        assert len(page["rows"]) <= 2
        paged += [row["code"] for row in page["rows"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert paged == whole == ["S11", "S12", "S21", "W1", "W2", "W3", "C"]


def test_areas_that_are_imported_are_there_at_once(api: ApiBench, bench: Bench, city: int) -> None:
    client = reader(api, city)
    assert "S31" not in client.get("/v1/areas").text
    with transaction(bench.engine, write=True) as connection:
        import_areas(connection, city, "small-area", [NewArea("S31", "Small 31", "W3", None)], None, None)
    rows = client.get("/v1/areas", params={"layer": "small-area"}).json()["rows"]
    assert {row["code"]: row["parents"] for row in rows}["S31"] == {"ward": "W3", "city": "C"}


def test_another_partnerships_areas_are_not_there(api: ApiBench, bench: Bench, city: int) -> None:
    other = bench.partnership()
    with transaction(bench.engine, write=True) as connection:
        import_areas(connection, other, "ward", [NewArea("X9", "Of others", "C", None)], None, None)
    assert "X9" not in reader(api, city).get("/v1/areas").text
    assert "X9" in reader(api, other).get("/v1/areas").text


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("/v1/areas?layer=parish", ("query.layer", "unknown-layer")),
        ("/v1/areas?layer=<script>", ("query.layer", "wrong-form")),
        ("/v1/areas?format=kml", ("query.format", "unknown-value")),
        ("/v1/areas?limit=0", ("query.limit", "out-of-range")),
        ("/v1/areas?limit=1001", ("query.limit", "out-of-range")),
        ("/v1/areas?cursor=x'--", ("query.cursor", "unknown-cursor")),
        ("/v1/areas?layers=ward", ("query.layers", "unknown-field")),
        ("/v1/layers?layer=ward", ("query.layer", "unknown-field")),
    ],
)
def test_what_cannot_be_asked_is_a_problem_with_the_path_to_it(
    api: ApiBench, city: int, address: str, fault: tuple[str, str]
) -> None:
    answer = reader(api, city).get(address)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert codes(answer) == [fault]
    for sent in ("parish", "<script>", "kml", "x'--"):
        assert sent not in answer.text


def test_a_cursor_of_one_layer_leads_nowhere_in_another(api: ApiBench, city: int) -> None:
    client = reader(api, city)
    cursor = client.get("/v1/areas", params={"layer": "ward", "limit": 1}).json()["next"]
    answer = client.get("/v1/areas", params={"layer": "city", "cursor": cursor})
    assert codes(answer) == [("query.cursor", "unknown-cursor")]


def test_geography_needs_a_key_that_reads_counts(api: ApiBench, city: int) -> None:
    assert api.stranger().get("/v1/areas").status_code == 401
    assert api.client(Scope.ALERTS_READ, partnership=city).get("/v1/layers?layer=").status_code == 403
    assert api.client(Scope.COUNTS_EXACT, partnership=city).get("/v1/layers").status_code == 200
