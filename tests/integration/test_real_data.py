"""Real data, counted exactly: each answer of the command is compared with one worked out here by other means."""

import csv
import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
import shapely
from shapely.geometry import shape

from tests.support.cli import Cli, Ended
from tests.support.databases import postgresql_url
from tests.support.public_files import MAPPING, public

POLICE = ("police/mk_street_2018-06.csv", "police/mk_street_2018-10_2019-02.csv")
WARDS = "geo/mk_ward_detailed.geojson"
LSOA_2011_TO_2021 = "geo/mk_lookup_lsoa11_lsoa21.csv"
LSOA_2021_TO_WARD = "geo/mk_lookup_lsoa21_ward24.csv"
ARVIG = "incidents/arvig_de_2014_2016.csv"
EARTH_M = 6_371_000.0
NEAREST_WITHIN_M = 250.0
Row = dict[str, str]


def table(name: str) -> list[Row]:
    with public(name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def counts(cli: Cli, layer: str, by: str, *others: str) -> Ended:
    ended = cli("counts", "--layer", layer, "--from", "2014-01-01", "--to", "2019-12-31", "--by", by, *others)
    assert ended.code == 0, ended.err
    return ended


# Milton Keynes: police data in the wards


@pytest.fixture(scope="module")
def wards() -> dict[str, shapely.Geometry]:
    features = json.loads(public(WARDS).read_text(encoding="utf-8"))["features"]
    return {feature["properties"]["WD25CD"]: shape(feature["geometry"]) for feature in features}


@pytest.fixture(scope="module")
def ward_of(wards: dict[str, shapely.Geometry]) -> Callable[[Row], str]:
    """Return what finds a row's ward: the one that holds its point, else the nearest within 250 m, else its LSOA's."""
    to_ward = {row["lsoa21_code"]: row["ward24_code"] for row in table(LSOA_2021_TO_WARD)}
    by_lsoa: defaultdict[str, set[str]] = defaultdict(set)
    for row in table(LSOA_2011_TO_2021):
        by_lsoa[row["lsoa11_code"]].add(to_ward[row["lsoa21_code"]])
        by_lsoa[row["lsoa21_code"]].add(to_ward[row["lsoa21_code"]])
    found: dict[tuple[str, str, str], str] = {}

    def settle(longitude: float, latitude: float, lsoa: str) -> str:
        point = shapely.Point(longitude, latitude)
        inside = [code for code, polygon in wards.items() if shapely.covers(polygon, point)]
        if inside:
            return min(inside)
        metres, nearest = min((distance_m(polygon, longitude, latitude), code) for code, polygon in wards.items())
        if metres <= NEAREST_WITHIN_M:
            return nearest
        (only,) = by_lsoa[lsoa]
        return only

    def ward(row: Row) -> str:
        key = (row["Longitude"], row["Latitude"], row["LSOA code"])
        if key not in found:
            found[key] = settle(float(key[0]), float(key[1]), key[2])
        return found[key]

    return ward


def distance_m(polygon: shapely.Geometry, longitude: float, latitude: float) -> float:
    """Return metres by the sphere's law of cosines to the nearest point of an outline drawn true to scale there."""
    narrow = math.cos(math.radians(latitude))
    scaled = shapely.transform(polygon, lambda degrees: degrees * (narrow, 1))
    nearest = shapely.get_point(shapely.shortest_line(scaled, shapely.Point(longitude * narrow, latitude)), 0)
    other = (math.radians(nearest.x / narrow), math.radians(nearest.y))
    here = (math.radians(longitude), math.radians(latitude))
    cosine = math.sin(here[1]) * math.sin(other[1]) + math.cos(here[1]) * math.cos(other[1]) * math.cos(
        here[0] - other[0]
    )
    return EARTH_M * math.acos(min(1.0, cosine))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def police(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, server_folder: Path) -> Cli:
    """Return a ledger into which both street files were imported, after the shapes of the wards."""
    files = [public(name) for name in POLICE]
    folder = tmp_path_factory.mktemp("police")
    if request.param == "sqlite":
        cli = Cli(folder).with_ledger()
    else:
        cli = Cli(folder, postgresql_url(server_folder))
        assert cli.alone("db", "upgrade").code == 0
    fields = ("--layer", "ward-2014", "--code-field", "WD25CD", "--name-field", "WD25NM")
    shapes = cli.alone("areas", "import", public(WARDS), *fields)
    assert shapes.code == 0, shapes.err
    assert "0 areas added, 19 shapes set" in shapes.err
    ended = cli.alone("import", "police-uk", *files, timeout_s=90)
    assert ended.code == 0, ended.err
    assert "12190 read: 12190 accepted, 0 there already, 0 quarantined, 0 rejected" in ended.err
    return cli


def ask(cli: Cli, layer: str, by: str, *others: str) -> Ended:
    """Ask as a process of its own: connections to PostgreSQL then end with it."""
    ended = cli.alone("counts", "--layer", layer, "--from", "2018-01-01", "--to", "2019-12-31", "--by", by, *others)
    assert ended.code == 0, ended.err
    return ended


def test_police_rows_are_counted_by_ward_and_month_as_worked_out_here(
    police: Cli, ward_of: Callable[[Row], str], wards: dict[str, shapely.Geometry]
) -> None:
    expected = Counter((ward_of(row), row["Month"]) for name in POLICE for row in table(name))
    ended = ask(police, "ward-2014", "area,month", "--kind", "context")
    assert ended.err == ""  # nothing unplaced, nothing undated
    answered = {(row["area"], row["month"]): int(row["count"]) for row in ended.table()}
    assert answered == dict(expected)
    assert sum(answered.values()) == 12_190
    assert {area for area, _ in answered} == set(wards)
    assert len(wards) == 19
    assert ended.table() == sorted(ended.table(), key=lambda row: (row["area"], row["area_name"], row["month"]))


def test_police_rows_are_counted_by_category_and_in_the_city(police: Cli) -> None:
    rows = [row for name in POLICE for row in table(name)]
    ended = ask(police, "ward-2014", "category", "--kind", "context")
    assert {row["category"]: int(row["count"]) for row in ended.table()} == Counter(row["Crime type"] for row in rows)
    city = ask(police, "city", "month", "--kind", "context")
    assert {row["month"]: int(row["count"]) for row in city.table()} == Counter(row["Month"] for row in rows)


def test_context_is_never_among_incidents_and_a_second_import_adds_none(police: Cli) -> None:
    assert ask(police, "city", "area").table() == []
    before = ask(police, "ward-2014", "area,month", "--kind", "context")
    again = police.alone("import", "police-uk", *(public(name) for name in POLICE), timeout_s=90)
    assert again.code == 0
    assert "12190 read: 0 accepted, 12190 there already, 0 quarantined, 0 rejected" in again.err
    assert ask(police, "ward-2014", "area,month", "--kind", "context") == before
    rows = police.alone("ledger")
    assert rows.code == 0
    sums = [sum(int(row[name]) for row in rows.table()) for name in ("received", "counted", "duplicate")]
    assert sums == [24_380, 12_190, 12_190]
    assert police.alone("verify").code == 0


# Germany: a stream of incidents in a partnership of its own


@pytest.fixture(scope="module")
def arvig(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """Return a ledger with the states as areas, and the stream imported by a mapping."""
    cli = Cli(tmp_path_factory.mktemp("arvig")).with_ledger()
    made = cli("partnerships", "create", "germany", "--places", "none", "--time-zone", "Europe/Berlin")
    assert made.code == 0, made.err
    names = sorted({row["state"] for row in table(ARVIG)})
    states = "code,name\n" + "".join(f"DE-{number:02d},{name}\n" for number, name in enumerate(names))
    fields = ("--layer", "state", "--code-field", "code", "--name-field", "name", "--partnership", "germany")
    assert cli("areas", "import", cli.write("states.csv", states), *fields).code == 0
    ended = import_incidents(cli)
    assert ended.code == 0, ended.err
    assert "6030 read: 6030 accepted, 0 there already, 0 quarantined, 0 rejected" in ended.err
    return cli


def import_incidents(cli: Cli, *others: object) -> Ended:
    mapping = cli.write("map.yaml", MAPPING)
    return cli("import", "incidents", public(ARVIG), "--mapping", mapping, "--partnership", "germany", *others)


def monday(day: str) -> str:
    there = date.fromisoformat(day)
    return (there - timedelta(days=there.weekday())).isoformat()


def category(row: Row) -> str:
    return row["category_en"] if row["category_en"] in ("arson", "assault") else "other"


@pytest.mark.parametrize(
    ("by", "key"),
    [
        ("area,month", lambda row: (row["state"], row["date"][:7])),
        ("day", lambda row: (row["date"],)),
        ("week", lambda row: (monday(row["date"]),)),
        ("month", lambda row: (row["date"][:7],)),
        ("category", lambda row: (category(row),)),
        ("category,week,area", lambda row: (category(row), monday(row["date"]), row["state"])),
        ("strand,centre", lambda _: ("race", "/centres/arvig")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("basis", ["occurred", "received"])
def test_incidents_are_counted_as_worked_out_here(
    arvig: Cli, by: str, key: Callable[[Row], tuple[str, ...]], basis: str
) -> None:
    expected = Counter(key(row) for row in table(ARVIG))
    ended = counts(arvig, "state", by, "--partnership", "germany", "--basis", basis)
    assert ended.err == ""
    names = [name if name != "area" else "area_name" for name in by.split(",")]
    answered = {tuple(row[name] for name in names): int(row["count"]) for row in ended.table()}
    assert answered == dict(expected)
    assert sum(answered.values()) == 6_030


def test_what_was_known_at_the_end_of_2015_is_what_the_file_has_until_then(arvig: Cli) -> None:
    ended = counts(arvig, "state", "area", "--partnership", "germany", "--as-of", "2015-12-31")
    expected = Counter(row["state"] for row in table(ARVIG) if row["date"] <= "2015-12-31")
    assert {row["area_name"]: int(row["count"]) for row in ended.table()} == expected
    assert "import incidents, arvig_de_2014_2016.csv" in ended.err


def test_converted_events_are_the_same_incidents(arvig: Cli) -> None:
    out = arvig.folder / "arvig.ndjson"
    converted = import_incidents(arvig, "--convert-only", out)
    assert converted.code == 0
    assert "6030 converted, 0 rejected" in converted.err
    assert len(out.read_bytes().splitlines()) == 6_030
    before = counts(arvig, "state", "area,month", "--partnership", "germany")
    again = arvig("import", "events", out, "--partnership", "germany")
    assert again.code == 0
    assert "6030 read: 0 accepted, 6030 there already, 0 quarantined, 0 rejected" in again.err
    assert counts(arvig, "state", "area,month", "--partnership", "germany") == before
    assert arvig("verify").code == 0
