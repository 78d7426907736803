"""The places that ship for Milton Keynes agree with each other and, where at hand, with the public files."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "infra" / "db" / "shipped" / "milton-keynes"
PUBLIC = ROOT.parent / "shared" / "data" / "geo"
CITY = "E06000042"
WARBERTON = "zone-warberton"
SPLIT_PROVENANCE = "ONS lookup LSOA 2011 to LSOA 2021"
HEADERS = {
    "layers.csv": "layer,rank,title",
    "areas.csv": "layer,code,name,valid_from,valid_to,residents,residents_source",
    "lookups.csv": "from_layer,from_code,to_layer,to_code,valid_from,valid_to",
    "aliases.csv": "kind,alias,layer,code,provenance",
}
VINTAGES = {"ward-2014": ("2014-05-22", "2026-05-06"), "ward-2026": ("2026-05-07", "")}
BLETCHLEY_2014 = {"Bletchley East", "Bletchley Park", "Bletchley West"}
BLETCHLEY_2026 = {"Bletchley Park & Fenny Stratford", "Bletchley South", "Bletchley West"}
CENTRE = {"Central Milton Keynes"}

Row = dict[str, str]


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _shipped(name: str) -> list[Row]:
    return _read(SHIPPED / name)


def _public(name: str) -> list[Row]:
    if not PUBLIC.is_dir():
        pytest.skip(f"the folder {PUBLIC} with the public files is absent")
    return _read(PUBLIC / name)


def _areas() -> dict[tuple[str, str], Row]:
    return {(row["layer"], row["code"]): row for row in _shipped("areas.csv")}


def _lookup(from_layer: str, to_layer: str) -> list[tuple[str, str]]:
    return [
        (row["from_code"], row["to_code"])
        for row in _shipped("lookups.csv")
        if (row["from_layer"], row["to_layer"]) == (from_layer, to_layer)
    ]


def _names(layer: str) -> dict[str, str]:
    return {code: row["name"] for (of, code), row in _areas().items() if of == layer}


def _residents(layer: str) -> dict[str, int]:
    return {code: int(row["residents"]) for (of, code), row in _areas().items() if of == layer and row["residents"]}


def _dated_rows() -> Iterator[Row]:
    yield from _shipped("areas.csv")
    yield from _shipped("lookups.csv")


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_file_is_plain_csv_in_order(name: str) -> None:
    raw = (SHIPPED / name).read_bytes()
    assert b"\r" not in raw
    assert raw.endswith(b"\n")
    assert raw.decode("utf-8").split("\n", 1)[0] == HEADERS[name]
    rows = [tuple(row.values()) for row in _shipped(name)]
    assert all(cell == cell.strip() for row in rows for cell in row)
    assert len(set(rows)) == len(rows)
    if name == "layers.csv":
        assert [int(row[1]) for row in rows] == sorted(int(row[1]) for row in rows)
    else:
        assert rows == sorted(rows)


def test_layers_and_their_sizes() -> None:
    ranks = {row["layer"]: int(row["rank"]) for row in _shipped("layers.csv")}
    assert ranks == {"lsoa-2021": 10, "ward-2014": 20, "ward-2026": 21, "zone": 30, "city": 40}
    sizes = Counter(row["layer"] for row in _shipped("areas.csv"))
    assert sizes == {"lsoa-2021": 166, "ward-2014": 19, "ward-2026": 21, "zone": 3, "city": 1}
    assert len(_areas()) == sum(sizes.values())


def test_dates_are_those_of_the_vintage() -> None:
    for row in _dated_rows():
        for text in (row["valid_from"], row["valid_to"]):
            assert text == "" or date.fromisoformat(text).year >= 2014
        layers = {row.get("layer", ""), row.get("from_layer", ""), row.get("to_layer", "")} & VINTAGES.keys()
        assert len(layers) <= 1
        expected = VINTAGES[layers.pop()] if layers else ("", "")
        assert (row["valid_from"], row["valid_to"]) == expected


def test_the_wards_of_2026_begin_the_day_after_those_of_2014_end() -> None:
    ended = date.fromisoformat(VINTAGES["ward-2014"][1])
    begun = date.fromisoformat(VINTAGES["ward-2026"][0])
    assert (begun - ended).days == 1


def test_every_lookup_names_existing_areas_and_goes_up() -> None:
    areas = _areas()
    ranks = {row["layer"]: int(row["rank"]) for row in _shipped("layers.csv")}
    for row in _shipped("lookups.csv"):
        assert (row["from_layer"], row["from_code"]) in areas
        assert (row["to_layer"], row["to_code"]) in areas
        assert ranks[row["from_layer"]] < ranks[row["to_layer"]]


def test_every_area_has_at_most_one_place_in_each_layer_above() -> None:
    seen = Counter((row["from_layer"], row["from_code"], row["to_layer"]) for row in _shipped("lookups.csv"))
    assert set(seen.values()) == {1}


@pytest.mark.parametrize("to_layer", ["ward-2014", "city"])
def test_every_lsoa_has_exactly_one(to_layer: str) -> None:
    pairs = _lookup("lsoa-2021", to_layer)
    assert Counter(code for code, _ in pairs) == Counter(_names("lsoa-2021").keys())


@pytest.mark.parametrize("layer", ["lsoa-2021", "ward-2014", "ward-2026", "zone"])
def test_everything_is_in_the_city(layer: str) -> None:
    assert dict(_lookup(layer, "city")) == dict.fromkeys(_names(layer), CITY)


def test_no_lookup_to_the_wards_of_2026_is_invented() -> None:
    assert not [row for row in _shipped("lookups.csv") if row["to_layer"] == "ward-2026"]


def test_wards_of_the_zones() -> None:
    for layer, bletchley in (("ward-2014", BLETCHLEY_2014), ("ward-2026", BLETCHLEY_2026)):
        members: dict[str, set[str]] = defaultdict(set)
        for code, zone in _lookup(layer, "zone"):
            members[zone].add(_names(layer)[code])
        assert members == {"zone-bletchley": bletchley, "zone-central-milton-keynes": CENTRE}


def test_an_lsoa_is_in_a_zone_when_its_ward_of_2014_is() -> None:
    zone_of_ward = dict(_lookup("ward-2014", "zone"))
    expected = {(code, zone_of_ward[ward]) for code, ward in _lookup("lsoa-2021", "ward-2014") if ward in zone_of_ward}
    assert set(_lookup("lsoa-2021", "zone")) == expected


def test_warberton_has_no_members_residents_or_alias() -> None:
    area = _areas()["zone", WARBERTON]
    assert (area["name"], area["residents"], area["residents_source"]) == ("Warberton", "", "")
    assert not [row for row in _shipped("lookups.csv") if row["to_code"] == WARBERTON]
    for row in _shipped("aliases.csv"):
        assert row["code"] != WARBERTON
        assert row["alias"].casefold() != "warberton"


def test_residents_always_say_their_source_and_add_up() -> None:
    for row in _shipped("areas.csv"):
        assert bool(row["residents"]) == bool(row["residents_source"])
        assert row["residents_source"] in {"", "census-2021", "census-2021-best-fit"}
    lsoa = _residents("lsoa-2021")
    assert len(lsoa) == 166
    for layer in ("ward-2014", "zone", "city"):
        sums: Counter[str] = Counter()
        for code, above in _lookup("lsoa-2021", layer):
            sums[above] += lsoa[code]
        assert _residents(layer) == dict(sums)


def test_every_alias_names_an_existing_area() -> None:
    areas = _areas()
    layers = {"code": {"lsoa-2021"}, "name": {"ward-2014", "ward-2026"}}
    for row in _shipped("aliases.csv"):
        assert (row["layer"], row["code"]) in areas
        assert row["layer"] in layers[row["kind"]]


def test_an_alias_says_where_it_comes_from_once() -> None:
    keys = Counter((row["kind"], row["alias"].casefold(), row["code"]) for row in _shipped("aliases.csv"))
    assert set(keys.values()) == {1}
    for row in _shipped("aliases.csv"):
        if row["kind"] == "code":
            assert row["provenance"] == SPLIT_PROVENANCE
        else:
            assert row["provenance"] in {"shape-checked", "name of the ward"} or row["provenance"].startswith(
                "source: "
            )


def test_the_name_of_an_area_is_not_also_an_alias_in_its_layer() -> None:
    named = {(layer, row["name"].casefold()) for (layer, _), row in _areas().items()}
    for row in _shipped("aliases.csv"):
        if row["kind"] == "name":
            assert (row["layer"], row["alias"].casefold()) not in named


def test_the_wards_of_2026_are_never_shape_checked() -> None:
    for row in _shipped("aliases.csv"):
        if row["layer"] == "ward-2026":
            assert row["provenance"] != "shape-checked"


def test_places_that_straddle_wards_have_a_row_for_each() -> None:
    wards = _names("ward-2014")
    found: dict[str, set[str]] = defaultdict(set)
    for row in _shipped("aliases.csv"):
        if row["layer"] == "ward-2014":
            found[row["alias"]].add(wards[row["code"]])
    assert found["Newport Pagnell"] == {"Newport Pagnell North & Hanslope", "Newport Pagnell South"}
    assert found["Furzton"] == {"Shenley Brook End", "Bletchley West"}
    assert found["Beanhill"] == {"Woughton & Fishermead"}


def test_codes_and_names_equal_the_public_lists() -> None:
    vintages: dict[str, dict[str, str]] = defaultdict(dict)
    for row in _public("mk_ward_codes_vintages.csv"):
        vintages[row["source_vintage"]][row["ward_code"]] = row["ward_name"]
    assert _names("ward-2014") == vintages["2016"]
    assert _names("ward-2026") == vintages["2026"]
    lookup = _public("mk_lookup_lsoa21_ward24.csv")
    assert _names("lsoa-2021") == {row["lsoa21_code"]: row["lsoa21_name"] for row in lookup}
    assert _names("ward-2014") == {row["ward24_code"]: row["ward24_name"] for row in lookup}
    assert _names("city") == {row["ltla24_code"]: row["ltla24_name"] for row in lookup}


def test_lookups_equal_the_public_lookup() -> None:
    lookup = _public("mk_lookup_lsoa21_ward24.csv")
    wards = sorted((row["lsoa21_code"], row["ward24_code"]) for row in lookup)
    cities = sorted((row["lsoa21_code"], row["ltla24_code"]) for row in lookup)
    assert _lookup("lsoa-2021", "ward-2014") == wards
    assert _lookup("lsoa-2021", "city") == cities


def test_residents_equal_the_public_counts() -> None:
    lsoa = _public("mk_census2021_residents_lsoa21.csv")
    wards = _public("mk_census2021_residents_by_ward24_bestfit.csv")
    assert _residents("lsoa-2021") == {row["lsoa21_code"]: int(row["total_residents"]) for row in lsoa}
    assert _residents("ward-2014") == {row["ward24_code"]: int(row["total_residents"]) for row in wards}
    assert _residents("ward-2026") == {}


def test_split_codes_equal_the_public_lookup() -> None:
    lookup = _public("mk_lookup_lsoa11_lsoa21.csv")
    split = sorted((row["lsoa11_code"], row["lsoa21_code"]) for row in lookup if row["change_code"] == "S")
    shipped = [(row["alias"], row["code"]) for row in _shipped("aliases.csv") if row["kind"] == "code"]
    assert shipped == split
    assert len({old for old, _ in split}) == 9
