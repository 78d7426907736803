"""The cities that can be simulated: whole, without real centres, and in step with the wards of the day."""

from datetime import date

import pytest
from pydantic import TypeAdapter

from schemas.fields import Label
from streams.core.days import day_number
from tests.support.shipped_places import Places
from tests.unit.simulator.runs import PLACES, here

BEFORE_ANY, OLD, LAST_OLD, NEW = (
    day_number(date.fromisoformat(day)) for day in ("2010-01-01", "2020-01-01", "2026-05-06", "2026-05-07")
)


@pytest.mark.parametrize("places", PLACES)
def test_every_small_area_has_a_ward_of_each_vintage_and_no_ward_is_left_out(places: str) -> None:
    city, files = here(places), Places(places)
    assert {small.code for small in city.small_areas} == files.names("lsoa-2021").keys()
    for layer in ("ward-2014", "ward-2026"):
        assert {small.wards[layer] for small in city.small_areas} == files.names(layer).keys()


@pytest.mark.parametrize("places", PLACES)
def test_wards_lie_in_zones_as_the_lookups_say(places: str) -> None:
    city, files = here(places), Places(places)
    for layer in ("ward-2014", "ward-2026"):
        for ward, zone in files.lookup(layer, "zone"):
            assert {small.zone for small in city.small_areas if small.wards[layer] == ward} == {zone}


@pytest.mark.parametrize("places", PLACES)
def test_there_are_37_centres_with_labels_and_synthetic_sources(places: str) -> None:
    centres = here(places).centres
    assert len({centre.slug for centre in centres}) == 37
    for centre in centres:
        TypeAdapter(Label).validate_python(centre.title)
        assert centre.source == f"/synthetic/centres/{centre.slug}"
    assert sum(centre.heartbeat_days is not None for centre in centres) == 5
    assert {centre.return_days for centre in centres} >= {7, 14}


def test_centres_of_milton_keynes_have_no_names_and_are_in_every_ward() -> None:
    city = here("milton-keynes")
    assert all(centre.title.startswith("SYNTHETIC reporting centre ") for centre in city.centres)
    served = {code for centre in city.centres if centre.serves_layer == "ward-2014" for code in centre.serves}
    assert served == Places("milton-keynes").names("ward-2014").keys()


@pytest.mark.parametrize("places", PLACES)
def test_what_a_centre_serves_is_named_by_the_wards_of_the_day(places: str) -> None:
    city, files = here(places), Places(places)
    for centre in city.centres:
        for day in (BEFORE_ANY, OLD, LAST_OLD, NEW):
            areas = [(area["layer"], area["code"]) for area in city.served(centre, day)]
            assert areas
            assert set(areas) <= files.areas().keys()
            if centre.serves_layer == "ward-2014":
                layer = {BEFORE_ANY: "city", NEW: "ward-2026"}.get(day, "ward-2014")
                assert {area for area, _ in areas} == {layer}


@pytest.mark.parametrize("places", PLACES)
def test_a_centre_hears_more_of_its_own_area(places: str) -> None:
    city = here(places)
    for centre in city.centres:
        heard = {city.closeness(centre, small) for small in city.small_areas}
        assert heard == ({1.0} if centre.serves_layer == "city" else {8.0, 0.15})


def test_the_name_that_nobody_can_place_is_known() -> None:
    assert [here(places).unplaceable for places in PLACES] == ["Warberton", "Harverstow"]
