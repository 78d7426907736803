"""By what a victim is known again, and the code for how often before."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.people import Person
from schemas.vocabulary import EarlierIncidents, PersonRole
from streams.core.days import day_number
from streams.core.repeats import identifiers, repeat, twelve_months_before, victims


def person(role: Any = PersonRole.VICTIM, **known: Any) -> Person:
    return Person(role=role, **known)


BORN = "1990-02-03"
SAME: list[tuple[dict[str, str], dict[str, str]]] = [
    (
        {"name": "SYNTHETIC Ann O'Súil", "date_of_birth": BORN},
        {"name": "o suil,  synthetic ANN", "date_of_birth": BORN},
    ),
    ({"email": " Ann@Example.org "}, {"email": "ann@example.org"}),
    ({"phone": "01632 960 001"}, {"phone": "+44 (0)1632 960001"}),
    ({"phone": "0044 1632 960001"}, {"phone": "01632-960001"}),
]
DIFFERENT: list[tuple[dict[str, str], dict[str, str]]] = [
    ({"name": "SYNTHETIC Ann", "date_of_birth": BORN}, {"name": "SYNTHETIC Ann", "date_of_birth": "1990-02-04"}),
    ({"name": "SYNTHETIC Ann", "date_of_birth": BORN}, {"name": "SYNTHETIC Anne", "date_of_birth": BORN}),
    ({"email": "ann@example.org"}, {"email": "ann@example.com"}),
    ({"phone": "01632 960001"}, {"phone": "01632 960002"}),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spelling_does_not_make_somebody_else_of_them(one: dict[str, str], other: dict[str, str]) -> None:
    assert identifiers(person(**one)) == identifiers(person(**other)) != ()


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_people_stay_others(one: dict[str, str], other: dict[str, str]) -> None:
    assert set(identifiers(person(**one))).isdisjoint(identifiers(person(**other)))


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"name": "SYNTHETIC Ann"},
        {"date_of_birth": BORN},
        {"phone": "none"},
        {"email": "none"},
        {"name": "?!", "date_of_birth": BORN},
    ],
)
def test_too_little_identifies_nobody(known: dict[str, str]) -> None:
    assert identifiers(person(**known)) == ()


def test_only_victims_are_counted() -> None:
    people = [person(email="a@example.org"), person(PersonRole.SUSPECT, email="b@example.org"), person()]
    assert victims(people) == (("email a@example.org",), ())


@pytest.mark.parametrize(
    ("earlier", "code"),
    [
        ([], EarlierIncidents.UNKNOWN),
        ([None], EarlierIncidents.UNKNOWN),
        ([0], EarlierIncidents.NONE),
        ([None, 0], EarlierIncidents.NONE),
        ([0, 1], EarlierIncidents.ONE),
        ([2], EarlierIncidents.TWO_OR_MORE),
        ([17, None], EarlierIncidents.TWO_OR_MORE),
    ],
)
def test_the_victim_with_the_most_decides(earlier: list[int | None], code: EarlierIncidents) -> None:
    assert repeat(earlier) is code


@pytest.mark.parametrize(
    ("day", "before"),
    [
        ("2026-06-30", "2025-06-30"),
        ("2024-02-29", "2023-02-28"),
        ("2025-02-28", "2024-02-28"),
        ("2026-01-01", "2025-01-01"),
    ],
)
def test_twelve_months_before(day: str, before: str) -> None:
    assert twelve_months_before(day_number(date.fromisoformat(day))) == day_number(date.fromisoformat(before))


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_written_is_told_apart_by_its_kind(name: str, email: str, phone: str) -> None:
    known = {"name": name[:200] or "x", "email": email or "x", "phone": phone or "x", "date_of_birth": BORN}
    found = identifiers(person(**known))
    assert len({each.split(" ")[0] for each in found}) == len(found)
