"""Importing areas and lookups, and what they count."""

from pathlib import Path

import orjson
import pytest

from tests.support.cli import Cli, Ended
from tests.support.events import report
from tests.support.sealed import SECRET

SQUARE = {"type": "Polygon", "coordinates": [[[0, 51], [1, 51], [1, 52], [0, 52], [0, 51]]]}
STATES = "code,name,region\nS1,North,R1\nS2,South,R1\nS3,Elsewhere,\n"
HOW = ("--code-field", "code", "--name-field", "name")


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    made = Cli(tmp_path).with_ledger()
    assert made("partnerships", "create", "plain", "--places", "none").code == 0
    return made


def import_areas(cli: Cli, file: Path, layer: str, *others: str, partnership: str = "plain") -> Ended:
    return cli("areas", "import", file, "--layer", layer, *HOW, "--partnership", partnership, *others)


def listed(cli: Cli, layer: str, partnership: str = "plain") -> list[dict[str, str]]:
    return cli("areas", "list", "--layer", layer, "--partnership", partnership).table()


def counts(cli: Cli, layer: str, partnership: str = "plain") -> Ended:
    days = ("--from", "2020-01-01", "--to", "2020-12-31")
    return cli("counts", "--layer", layer, *days, "--by", "area", "--partnership", partnership)


def collection(*properties: dict[str, str], geometry: object = SQUARE) -> bytes:
    features = [{"type": "Feature", "properties": each, "geometry": geometry} for each in properties]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def located(id_: str, **place: object) -> dict[str, object]:
    return report(id_, places=[place], occurred={"from": "2020-03-04"}, reported="2020-03-04")


def test_areas_of_a_csv_have_parents_and_dates(cli: Cli) -> None:
    regions = cli.write("regions.csv", "code,name\nR1,The region\n")
    assert import_areas(cli, regions, "region").code == 0
    dates = ("--valid-from", "2019-01-01", "--valid-to", "2020-12-31")
    ended = import_areas(cli, cli.write("s.csv", STATES), "state", "--parent-field", "region", *dates)
    assert (ended.code, ended.out) == (0, "")
    assert "3 areas added" in ended.err
    assert [(row["code"], row["name"], row["valid_from"], row["valid_to"]) for row in listed(cli, "state")] == [
        ("S1", "North", "2019-01-01", "2020-12-31"),
        ("S2", "South", "2019-01-01", "2020-12-31"),
        ("S3", "Elsewhere", "2019-01-01", "2020-12-31"),
    ]
    events = [
        located(str(n), areas=[{"layer": "state", "code": code}]) for n, code in enumerate(("S1", "S1", "S2", "S3"))
    ]
    assert cli("import", "events", cli.write("e.ndjson", events), "--partnership", "plain").code == 0
    assert counts(cli, "state").out == "area,area_name,count\nS1,North,2\nS2,South,1\nS3,Elsewhere,1\n"
    by_region = counts(cli, "region")
    assert by_region.out == "area,area_name,count\nR1,The region,3\n"
    assert by_region.err.startswith("1 more lie in no area of layer region")


def test_importing_the_same_areas_again_adds_none(cli: Cli) -> None:
    file = cli.write("s.csv", STATES)
    assert import_areas(cli, file, "state").code == 0
    again = import_areas(cli, file, "state")
    assert again.code == 0
    assert "0 areas added" in again.err
    assert len(listed(cli, "state")) == 3


def test_points_are_placed_in_the_shapes_of_a_geojson(cli: Cli) -> None:
    file = cli.write("box.geojson", collection({"code": "B1", "name": "Box"}))
    ended = import_areas(cli, file, "box")
    assert ended.code == 0
    assert "1 shapes set" in ended.err
    assert [row["has_shape"] for row in listed(cli, "box")] == ["yes"]
    points = [(0.5, 51.5), (1.003, 51.5), (1.004, 51.5), (5.0, 51.5)]  # inside, 208 m and 278 m beside, far away
    events = [located(str(n), point={"longitude": x, "latitude": y}) for n, (x, y) in enumerate(points)]
    assert cli("import", "events", cli.write("e.ndjson", events), "--partnership", "plain").code == 0
    ended = counts(cli, "box")
    assert ended.out == "area,area_name,count\nB1,Box,2\n"
    assert ended.err.startswith("2 more lie in no area of layer box")


def test_shapes_for_a_shipped_layer_keep_its_dates_and_names(cli: Cli) -> None:
    before = listed(cli, "ward-2014", "milton-keynes")
    file = cli.write("wards.geojson", collection({"code": "E05009406", "name": "Another name"}))
    dates = ("--valid-from", "1999-01-01", "--valid-to", "1999-12-31")
    assert import_areas(cli, file, "ward-2014", *dates, partnership="milton-keynes").code == 0
    after = listed(cli, "ward-2014", "milton-keynes")
    assert [row["has_shape"] for row in after] == ["yes", *["no"] * 18]
    assert [row | {"has_shape": ""} for row in after] == [row | {"has_shape": ""} for row in before]
    assert before[0]["valid_from"] == "2014-05-22"


def test_lookups_lead_from_layer_to_layer(cli: Cli) -> None:
    assert import_areas(cli, cli.write("s.csv", STATES), "state").code == 0
    assert import_areas(cli, cli.write("r.csv", "code,name\nR1,One\nR2,Two\n"), "region").code == 0
    fields = ("--from-layer", "state", "--from-field", "state", "--to-layer", "region", "--to-field", "region")
    file = cli.write("l.csv", "region,state\nR1,S1\nR2,S2\n")
    ended = cli("areas", "lookup", file, *fields, "--partnership", "plain")
    assert (ended.code, ended.out) == (0, "")
    assert "2 lookups added" in ended.err
    again = cli("areas", "lookup", file, *fields, "--partnership", "plain")
    assert again.code == 0
    assert "0 lookups added" in again.err
    events = [located(str(n), areas=[{"layer": "state", "code": f"S{n}"}]) for n in (1, 2, 3)]
    assert cli("import", "events", cli.write("e.ndjson", events), "--partnership", "plain").code == 0
    assert counts(cli, "region").out == "area,area_name,count\nR1,One,1\nR2,Two,1\n"
    moved = cli("areas", "lookup", cli.write("l2.csv", "region,state\nR2,S1\n"), *fields, "--partnership", "plain")
    assert moved.code == 0
    assert "1 lookups added" in moved.err
    assert counts(cli, "region").out == "area,area_name,count\nR2,Two,2\n"
    assert cli("verify").code == 0
    back = ("areas", "lookup", cli.write("l4.csv", "region,state\nR1,S1\n"), *fields, "--partnership", "plain")
    assert cli(*back, "--valid-from", "2020-01-01", "--valid-to", "2020-03-03").code == 0
    assert counts(cli, "region").out == "area,area_name,count\nR2,Two,2\n"
    assert cli(*back, "--valid-from", "2020-03-04").code == 0
    assert counts(cli, "region").out == "area,area_name,count\nR1,One,1\nR2,Two,1\n"
    two = cli("areas", "lookup", cli.write("l3.csv", "region,state\nR1,S3\nR2,S3\n"), *fields, "--partnership", "plain")
    assert two.code == 1
    assert "line 3: S3 is counted to R1 by line 2, and cannot be counted to R2 too" in two.err


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("a.csv", b"", 1, "no area"),
        ("a.csv", b"code,name\n", 1, "no area"),
        ("a.csv", b"code,title\nS1,North\n", 2, "line 2: there is no field name; there are: code, title"),
        ("a.csv", b"code,name\nS1,North\nS1,South\n", 2, "line 3: the code S1 stands there twice"),
        ("a.csv", b"code,name\nS1\n", 2, "line 2: it has not as many fields"),
        ("a.csv", b"code,name\nS1,North,East\n", 2, "line 2: it has not as many fields"),
        ("a.csv", b"code,name\nS1,\n", 2, "line 2: an area needs a code"),
        ("a.csv", "code,name\nS1,Château\n".encode("latin-1"), 2, "not UTF-8"),
        ("a.csv", "code,name\nS1,North\n".encode("utf-16"), 2, "not UTF-8"),
        ("a.geojson", b"", 2, "not a GeoJSON"),
        ("a.geojson", b"[]", 2, "not a GeoJSON"),
        ("a.geojson", b'{"features": 3}', 2, "not a GeoJSON"),
        ("a.geojson", b'{"features": [', 2, "not a GeoJSON"),
        ("a.geojson", b'{"features": []}', 1, "no area"),
        ("a.geojson", b'{"features": [{"geometry": null}]}', 2, "feature 1: it has no properties"),
        ("a.geojson", collection({"code": "S1"}), 2, "feature 1: there is no field name; there are: code"),
        ("a.geojson", collection({"code": "S1", "name": "N"}, geometry={"type": "Blob"}), 2, "feature 1"),
        ("a.geojson", collection({"code": "S1", "name": "N"}, geometry={"type": "Polygon"}), 2, "feature 1"),
        (
            "a.geojson",
            collection({"code": "S1", "name": "N"}, geometry={"type": "Point", "coordinates": [0, 0]}),
            2,
            "feature 1: its geometry is not an area",
        ),
    ],
)
def test_a_file_of_areas_that_cannot_be_used_changes_nothing(
    cli: Cli, name: str, content: bytes, code: int, said: str
) -> None:
    ended = import_areas(cli, cli.write(name, content), "state")
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert listed(cli, "state") == []


def test_a_byte_order_mark_is_no_part_of_the_first_column(cli: Cli) -> None:
    assert import_areas(cli, cli.write("s.csv", b"\xef\xbb\xbf" + STATES.encode()), "state").code == 0
    assert len(listed(cli, "state")) == 3


def test_an_absent_file_is_wrong_use(cli: Cli) -> None:
    for name in ("absent.csv", "absent.geojson", "."):
        ended = import_areas(cli, cli.folder / name, "state")
        assert (ended.code, ended.out) == (2, "")
        assert "cannot be read" in ended.err


def test_parents_and_lookups_that_do_not_exist_are_named_and_change_nothing(cli: Cli) -> None:
    orphans = import_areas(cli, cli.write("s.csv", STATES), "state", "--parent-field", "region")
    assert orphans.code == 1
    assert "R1" in orphans.err
    assert listed(cli, "state") == []
    assert import_areas(cli, cli.write("s.csv", STATES), "state").code == 0
    fields = ("--from-field", "state", "--to-field", "region", "--partnership", "plain")
    nowhere = cli("areas", "lookup", cli.write("l.csv", "state,region\nS1,R1\n"), "--from-layer", "state",
                  "--to-layer", "region", *fields)  # fmt: skip
    assert nowhere.code == 1
    assert "known layers: state" in nowhere.err
    assert import_areas(cli, cli.write("r.csv", "code,name\nR1,One\n"), "region").code == 0
    layers = ("--from-layer", "state", "--to-layer", "region")
    bad = cli("areas", "lookup", cli.write("l.csv", "state,region\nS1,R1\nS2,R9\n"), *layers, *fields)
    assert bad.code == 1
    assert "line 3: layer region has no area R9" in bad.err
    missing = cli("areas", "lookup", cli.write("l.csv", "state,other\nS1,R1\n"), *layers, *fields)
    assert missing.code == 2
    assert "there is no column region" in missing.err
    assert cli("areas", "lookup", cli.write("l.csv", "state,region\nS1,R1\n"), *layers, *fields).code == 0


def test_a_layer_needs_a_name_and_dates_must_be_dates(cli: Cli) -> None:
    file = cli.write("s.csv", STATES)
    assert import_areas(cli, file, "Not A Layer").code == 2
    assert import_areas(cli, file, "state", "--valid-from", "1st May").code == 2
    assert import_areas(cli, file, "state", "--valid-from", "2020-02-01", "--valid-to", "2020-01-01").code == 2
    assert listed(cli, "state") == []


WARBERTON = {"as_written": "Warberton"}
DECIDED = ("--actor", "analyst-1", "--agency", "council")
KEY = {"BELLWETHER_SECRET_KEY": SECRET}


def wards(cli: Cli) -> list[tuple[str, str]]:
    days = ("--from", "2020-01-01", "--to", "2020-12-31", "--by", "area", "--partnership", "milton-keynes")
    return [(row["area_name"], row["count"]) for row in cli("counts", "--layer", "ward-2014", *days).table()]


def test_warberton_stays_as_written_with_equal_suggestions_until_a_person_confirms_one(cli: Cli) -> None:
    mk = ("--partnership", "milton-keynes")
    events = cli.write("e.ndjson", [located("a", **WARBERTON), located("b", **WARBERTON)])
    assert cli("import", "events", events, *mk).code == 1
    assert cli("import", "events", events, *mk, settings=KEY).code == 0
    assert wards(cli) == []
    (row,) = cli("areas", "written", "list", *mk, settings=KEY).table()
    assert (row["incidents"], row["first_day"], row["last_day"]) == ("2", "2020-03-04", "2020-03-04")
    assert (row["text"], row["confirmed"]) == ("Warberton", "")
    assert row["suggestions"] == "Calverton = Emberton = Wolverton (3)"
    without = cli("areas", "written", "list", *mk)
    assert [(each["reference"], each["text"], each["suggestions"]) for each in without.table()] == [
        (row["reference"], "", "")
    ]
    assert "set BELLWETHER_SECRET_KEY" in without.err
    assert "Warberton" not in without.out + without.err
    confirm = ("areas", "confirm", row["reference"], "--layer", "ward-2014", "--code", "E05009423", *DECIDED, *mk)
    confirmed = cli(*confirm)
    assert (confirmed.code, confirmed.out) == (0, "")
    assert wards(cli) == [("Wolverton", "2")]
    (row,) = cli("areas", "written", "list", *mk, settings=KEY).table()
    assert row["confirmed"] == "ward-2014 E05009423"
    assert cli("verify").code == 0


def test_a_name_that_only_a_zone_without_members_has_is_no_place(cli: Cli) -> None:
    events = cli.write("e.ndjson", [located("a", name="Warberton")])
    refused = cli("import", "events", events, "--partnership", "milton-keynes")
    assert refused.code == 1
    assert "nearest: Calverton, Emberton, Wolverton" in refused.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--layer", "ward-2014", "--code", "E99"), "E99: no such area in layer ward-2014"),
        (
            ("--layer", "lsoa-2021", "--code", "E01016735"),
            "E01016735: it stands for several areas; name one: E01034451",
        ),
        (("--layer", "hamlet", "--code", "H"), "known layers: city, lsoa-2021, ward-2014, ward-2026, zone"),
    ],
)
def test_what_a_confirmation_names_must_be_there_and_one(cli: Cli, options: tuple[str, ...], said: str) -> None:
    mk = ("--partnership", "milton-keynes")
    assert cli("import", "events", cli.write("e.ndjson", [located("a", **WARBERTON)]), *mk, settings=KEY).code == 0
    (row,) = cli("areas", "written", "list", *mk).table()
    refused = cli("areas", "confirm", row["reference"], *options, *DECIDED, *mk)
    assert (refused.code, refused.out) == (2, "")
    assert said in refused.err


def test_a_reference_that_no_report_has_is_wrong_use(cli: Cli) -> None:
    where = ("--layer", "ward-2014", "--code", "E05009423")
    refused = cli("areas", "confirm", "0" * 32, *where, *DECIDED, "--partnership", "milton-keynes")
    assert (refused.code, refused.out) == (2, "")
    assert "no report names a place by" in refused.err
    assert "areas written list" in refused.err
