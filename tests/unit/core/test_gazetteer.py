"""Names are compared without case and punctuation; likeness only ever suggests."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.incident import Whereabouts
from streams.core.areas import Area, Geography, Layer, UnknownPlaceError
from streams.core.gazetteer import edit_distance, normal_name, suggestions

SHIPPED = Path(__file__).resolve().parents[3] / "infra" / "db" / "shipped" / "milton-keynes"
TIED = ["Emberton", "Wolverton"]
words = st.text(st.sampled_from("abcde "), max_size=8)


def shipped_names() -> list[str]:
    """Return all names of areas and aliases that ship, but for the zone that the name Warberton has itself."""
    with (SHIPPED / "areas.csv").open(encoding="utf-8", newline="") as areas:
        names = [row["name"] for row in csv.DictReader(areas) if row["name"] != "Warberton"]
    with (SHIPPED / "aliases.csv").open(encoding="utf-8", newline="") as aliases:
        return names + [row["alias"] for row in csv.DictReader(aliases) if row["kind"] == "name"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bletchley Park & Fenny Stratford", "bletchley park and fenny stratford"),
        ("Queen's Park", "QUEEN S PARK"),
        ("  Stony--Stratford ", "stony stratford"),
        ("ÉCLAIR", "éclair"),
    ],
)
def test_names_differ_neither_by_case_nor_by_punctuation_nor_by_ampersand(one: str, other: str) -> None:
    assert normal_name(one) == normal_name(other)


def test_warberton_is_as_near_to_wolverton_as_to_emberton() -> None:
    assert {edit_distance("warberton", name.casefold()) for name in TIED} == {3}


def test_of_names_that_tie_all_are_suggested_and_none_is_left_out_by_chance() -> None:
    known = ["wolverton", "emberton", "warwick", "walton", "newport pagnell"]
    assert set(TIED) <= set(suggestions("warberton", known))
    assert suggestions("warberton", known) == suggestions("warberton", known[::-1])
    assert suggestions("x", ["aa", "bb", "cc", "dd"]) == ["Aa", "Bb", "Cc", "Dd"]
    assert suggestions("x", []) == []


def test_among_all_shipped_names_warberton_has_the_two_as_suggestions() -> None:
    names = {normal_name(name) for name in shipped_names()}
    found = suggestions("warberton", names)
    assert set(TIED) <= set(found)
    assert min(edit_distance("warberton", name) for name in names) == 3


@pytest.mark.parametrize("name", ["Warberton", "warberton", "Wolvertom", "Embertn"])
def test_a_name_is_never_placed_by_likeness(name: str) -> None:
    town = Geography(
        1,
        (Layer(1, "zone", 30), Layer(2, "city", 40)),
        (Area(1, 1, "w", "Wolverton"), Area(2, 1, "e", "Emberton"), Area(3, 2, "T", "Town")),
    )
    with pytest.raises(UnknownPlaceError) as refused:
        town.locate(Whereabouts(name=name), 0, elsewhere_allowed=False)
    assert refused.value.problem.code == "unknown-place"
    assert all(tied in refused.value.problem.detail for tied in TIED)


@given(words, words, words)
def test_edit_distance_is_a_distance(one: str, other: str, third: str) -> None:
    assert (edit_distance(one, other) == 0) == (one == other)
    assert edit_distance(one, other) == edit_distance(other, one)
    assert edit_distance(one, third) <= edit_distance(one, other) + edit_distance(other, third)
    assert abs(len(one) - len(other)) <= edit_distance(one, other) <= max(len(one), len(other))


@pytest.mark.parametrize(("one", "other", "distance"), [("kitten", "sitting", 3), ("", "abc", 3), ("flaw", "lawn", 2)])
def test_edit_distance_of_published_examples(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other) == distance
