"""The places that ship for Milton Keynes agree with each other and, where at hand, with the public files."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

from tests.support.shipped_places import HEADERS, RANKS, VINTAGES, Places, Row, read_rows

ROOT = Path(__file__).resolve().parents[2]
MILTON_KEYNES = Places("milton-keynes")
PUBLIC = ROOT.parent / "shared" / "data" / "geo"
CITY = "E06000042"
WARBERTON = "zone-warberton"
SPLIT_PROVENANCE = "ONS lookup LSOA 2011 to LSOA 2021"
BLETCHLEY_2014 = {"Bletchley East", "Bletchley Park", "Bletchley West"}
BLETCHLEY_2026 = {"Bletchley Park & Fenny Stratford", "Bletchley South", "Bletchley West"}
CENTRE = {"Central Milton Keynes"}


def _public(name: str) -> list[Row]:
    if not PUBLIC.is_dir():
        pytest.skip(f"the folder {PUBLIC} with the public files is absent")
    return read_rows(PUBLIC / name)


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_file_is_plain_csv_in_order(name: str) -> None:
    assert MILTON_KEYNES.unplain(name, HEADERS[name]) == []


def test_layers_and_their_sizes() -> None:
    ranks = {row["layer"]: int(row["rank"]) for row in MILTON_KEYNES.rows("layers.csv")}
    assert ranks == RANKS
    sizes = Counter(row["layer"] for row in MILTON_KEYNES.rows("areas.csv"))
    assert sizes == {"lsoa-2021": 166, "ward-2014": 19, "ward-2026": 21, "zone": 3, "city": 1}
    assert len(MILTON_KEYNES.areas()) == sum(sizes.values())


def test_dates_are_those_of_the_vintage() -> None:
    assert MILTON_KEYNES.wrongly_dated() == []


def test_the_wards_of_2026_begin_the_day_after_those_of_2014_end() -> None:
    ended = date.fromisoformat(VINTAGES["ward-2014"][1])
    begun = date.fromisoformat(VINTAGES["ward-2026"][0])
    assert (begun - ended).days == 1


def test_every_lookup_names_existing_areas_and_goes_up() -> None:
    assert MILTON_KEYNES.bad_lookups() == []


def test_every_area_has_at_most_one_place_in_each_layer_above() -> None:
    assert MILTON_KEYNES.doubled_lookups() == []


@pytest.mark.parametrize("to_layer", ["ward-2014", "city"])
def test_every_lsoa_has_exactly_one(to_layer: str) -> None:
    pairs = MILTON_KEYNES.lookup("lsoa-2021", to_layer)
    assert Counter(code for code, _ in pairs) == Counter(MILTON_KEYNES.names("lsoa-2021").keys())


def test_everything_is_in_the_city() -> None:
    assert MILTON_KEYNES.areas_outside(CITY) == set()


def test_no_lookup_to_the_wards_of_2026_is_invented() -> None:
    assert not [row for row in MILTON_KEYNES.rows("lookups.csv") if row["to_layer"] == "ward-2026"]


def test_wards_of_the_zones() -> None:
    for layer, bletchley in (("ward-2014", BLETCHLEY_2014), ("ward-2026", BLETCHLEY_2026)):
        members: dict[str, set[str]] = defaultdict(set)
        for code, zone in MILTON_KEYNES.lookup(layer, "zone"):
            members[zone].add(MILTON_KEYNES.names(layer)[code])
        assert members == {"zone-bletchley": bletchley, "zone-central-milton-keynes": CENTRE}


def test_an_lsoa_is_in_a_zone_when_its_ward_of_2014_is() -> None:
    zone_of_ward = dict(MILTON_KEYNES.lookup("ward-2014", "zone"))
    expected = {
        (code, zone_of_ward[ward])
        for code, ward in MILTON_KEYNES.lookup("lsoa-2021", "ward-2014")
        if ward in zone_of_ward
    }
    assert set(MILTON_KEYNES.lookup("lsoa-2021", "zone")) == expected


def test_warberton_has_no_members_residents_or_alias() -> None:
    area = MILTON_KEYNES.areas()["zone", WARBERTON]
    assert (area["name"], area["residents"], area["residents_source"]) == ("Warberton", "", "")
    assert MILTON_KEYNES.what_belongs_to(WARBERTON, "Warberton") == []


def test_residents_always_say_their_source_and_add_up() -> None:
    for row in MILTON_KEYNES.rows("areas.csv"):
        assert bool(row["residents"]) == bool(row["residents_source"])
        assert row["residents_source"] in {"", "census-2021", "census-2021-best-fit"}
    assert len(MILTON_KEYNES.residents("lsoa-2021")) == 166
    for layer in ("ward-2014", "zone", "city"):
        assert MILTON_KEYNES.residents(layer) == MILTON_KEYNES.sums(layer)


def test_every_alias_names_an_existing_area_once() -> None:
    assert MILTON_KEYNES.bad_aliases() == []


def test_an_alias_says_where_it_comes_from() -> None:
    for row in MILTON_KEYNES.rows("aliases.csv"):
        if row["kind"] == "code":
            assert row["provenance"] == SPLIT_PROVENANCE
        else:
            assert row["provenance"] in {"shape-checked", "name of the ward"} or row["provenance"].startswith(
                "source: "
            )


def test_the_name_of_an_area_is_not_also_an_alias_in_its_layer() -> None:
    assert MILTON_KEYNES.aliases_like_names() == []


def test_the_wards_of_2026_are_never_shape_checked() -> None:
    for row in MILTON_KEYNES.rows("aliases.csv"):
        if row["layer"] == "ward-2026":
            assert row["provenance"] != "shape-checked"


def test_places_that_straddle_wards_have_a_row_for_each() -> None:
    wards = MILTON_KEYNES.names("ward-2014")
    found: dict[str, set[str]] = defaultdict(set)
    for row in MILTON_KEYNES.rows("aliases.csv"):
        if row["layer"] == "ward-2014":
            found[row["alias"]].add(wards[row["code"]])
    assert found["Newport Pagnell"] == {"Newport Pagnell North & Hanslope", "Newport Pagnell South"}
    assert found["Furzton"] == {"Shenley Brook End", "Bletchley West"}
    assert found["Beanhill"] == {"Woughton & Fishermead"}


def test_codes_and_names_equal_the_public_lists() -> None:
    vintages: dict[str, dict[str, str]] = defaultdict(dict)
    for row in _public("mk_ward_codes_vintages.csv"):
        vintages[row["source_vintage"]][row["ward_code"]] = row["ward_name"]
    assert MILTON_KEYNES.names("ward-2014") == vintages["2016"]
    assert MILTON_KEYNES.names("ward-2026") == vintages["2026"]
    lookup = _public("mk_lookup_lsoa21_ward24.csv")
    assert MILTON_KEYNES.names("lsoa-2021") == {row["lsoa21_code"]: row["lsoa21_name"] for row in lookup}
    assert MILTON_KEYNES.names("ward-2014") == {row["ward24_code"]: row["ward24_name"] for row in lookup}
    assert MILTON_KEYNES.names("city") == {row["ltla24_code"]: row["ltla24_name"] for row in lookup}


def test_lookups_equal_the_public_lookup() -> None:
    lookup = _public("mk_lookup_lsoa21_ward24.csv")
    wards = sorted((row["lsoa21_code"], row["ward24_code"]) for row in lookup)
    cities = sorted((row["lsoa21_code"], row["ltla24_code"]) for row in lookup)
    assert MILTON_KEYNES.lookup("lsoa-2021", "ward-2014") == wards
    assert MILTON_KEYNES.lookup("lsoa-2021", "city") == cities


def test_residents_equal_the_public_counts() -> None:
    lsoa = _public("mk_census2021_residents_lsoa21.csv")
    wards = _public("mk_census2021_residents_by_ward24_bestfit.csv")
    assert MILTON_KEYNES.residents("lsoa-2021") == {row["lsoa21_code"]: int(row["total_residents"]) for row in lsoa}
    assert MILTON_KEYNES.residents("ward-2014") == {row["ward24_code"]: int(row["total_residents"]) for row in wards}
    assert MILTON_KEYNES.residents("ward-2026") == {}


def test_split_codes_equal_the_public_lookup() -> None:
    lookup = _public("mk_lookup_lsoa11_lsoa21.csv")
    split = sorted((row["lsoa11_code"], row["lsoa21_code"]) for row in lookup if row["change_code"] == "S")
    shipped = [(row["alias"], row["code"]) for row in MILTON_KEYNES.rows("aliases.csv") if row["kind"] == "code"]
    assert shipped == split
    assert len({old for old, _ in split}) == 9
