"""With persons: all of them invented in plain sight, and nothing else is moved by them."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.simulator.runs import PLACES, YEAR, key, of_type, run

SHAPES = {
    "name": r"SYNTHETIC Person \d{4,}",
    "phone": r"01632 960\d{3}",
    "email": r"person-\d{4,}@example\.org",
    "notes": r"SYNTHETIC .+",
}
ONLY_WITH_PERSONS = ("incident.consent_changed", "incident.referenced")


def people(places: str) -> Iterator[Any]:
    for event in of_type(run(places, YEAR, persons=True), "incident.reported"):
        yield from event["data"].get("people", ())


@pytest.mark.parametrize("places", PLACES)
def test_whatever_could_be_a_persons_is_obviously_invented(places: str) -> None:
    seen = Counter(field for person in people(places) for field in person)
    assert seen.keys() == SHAPES.keys() | {"role", "date_of_birth", "characteristics", "consents"}
    for person in people(places):
        for field, shape in SHAPES.items():
            assert field not in person or re.fullmatch(shape, person[field])


@pytest.mark.parametrize(("places", "nowhere"), [("milton-keynes", "Warberton"), ("fictional", "Harverstow")])
def test_free_text_begins_with_synthetic_or_is_the_name_that_nobody_can_place(places: str, nowhere: str) -> None:
    events = run(places, YEAR, persons=True)
    texts = [
        text
        for event in events
        for text in (event["data"].get("narrative"), event["data"].get("staff_notes"), event["data"].get("reference"))
        if text
    ]
    written = [
        place
        for event in of_type(events, "incident.reported")
        for place in event["data"]["places"]
        if "as_written" in place
    ]
    assert len(texts) > 300
    assert all(text.startswith("SYNTHETIC") for text in texts)
    unplaced = [place for place in written if "areas" not in place and "name" not in place]
    assert unplaced
    assert {place["as_written"] for place in unplaced} == {nowhere}
    assert all(place["as_written"].startswith("SYNTHETIC") for place in written if place not in unplaced)


@pytest.mark.parametrize("places", PLACES)
def test_nothing_else_changes(places: str) -> None:
    with_persons = run(places, YEAR, persons=True)
    later = {key(event) for type_ in ONLY_WITH_PERSONS for event in of_type(with_persons, type_)}
    assert later
    same = [event for event in with_persons if key(event) not in later]
    assert [_without_persons(event) for event in same] == [_without_persons(event) for event in run(places, YEAR)]


def test_some_victims_come_again_and_some_have_no_name() -> None:
    victims = [person for person in people("fictional") if person["role"] == "victim"]
    times = Counter(person["name"] for person in victims if "name" in person)
    again = sum(count - 1 for count in times.values())
    assert 0.10 < again / times.total() < 0.32
    assert 0.13 < (len(victims) - times.total()) / len(victims) < 0.28


def test_consents_are_asked_one_by_one_on_the_day_of_the_report() -> None:
    for event in of_type(run(days=YEAR, persons=True), "incident.reported"):
        for person in event["data"].get("people", ()):
            if person["role"] == "victim":
                asked = [(consent["to"], consent.get("agency")) for consent in person["consents"]]
                assert asked == [("police", None), ("agency", "housing"), ("statistics", None)]


def _without_persons(event: Any) -> Any:
    """Leave out what persons add: their fields, and a name that nobody can place where all else is unknown."""
    added = {"people", "narrative", "staff_notes"}
    data = {field: value for field, value in event["data"].items() if field not in added}
    if "places" in data:
        data["places"] = [_place_without_words(place) for place in data["places"]]
    for form in ("observed", "evidenced", "forecast"):
        if form in data:
            data[form] = {field: value for field, value in data[form].items() if field not in added}
    return event | {"data": data}


def _place_without_words(place: Any) -> Any:
    kept = {field: value for field, value in place.items() if field != "as_written"}
    unknown = not {"areas", "name", "kind"} & kept.keys()
    return kept | {"kind": "unknown"} if unknown else kept
