"""Consent: silence is never a yes, the strictest answer of all victims holds, and police = no is the last word."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.people import Consent, Person
from schemas.vocabulary import ConsentGiven, ConsentTo, PersonRole
from streams.core.consent import (
    Allowed,
    Answered,
    AnswersGiven,
    is_police,
    may_receive,
    merged,
    standing,
    statistics_answer,
    strictest,
)

GIVEN = [each.value for each in ConsentGiven]
AGENCIES = ["police", "test-valley-police", "housing", "victim-care"]
ORDER = ["yes", "anonymised-only", "unknown", "prefer-not-to-say", "no"]
EVENT = st.tuples(
    st.sampled_from(["2026-01-01T00:00:00.000000Z", "2026-01-02T00:00:00.000000Z"]),
    st.just("/s"),
    st.text("ab", min_size=1, max_size=3),
)


def answer(to: str, given: str, agency: str | None = None, on: str = "2026-06-30") -> Answered:
    return Answered(to, given, on, agency)


def person(role: PersonRole = PersonRole.VICTIM, **given: str) -> Person:
    return Person(role=role, consents=tuple(_consent(to, answered) for to, answered in given.items()))


def _consent(to: str, given: str) -> Consent:
    known = to in {each.value for each in ConsentTo}
    return Consent(
        to=ConsentTo(to) if known else ConsentTo.AGENCY,
        agency=None if known else to,
        given=ConsentGiven(given),
        on="2026-06-30",
    )


answers = st.one_of(
    st.builds(answer, st.sampled_from(["police", "statistics"]), st.sampled_from(GIVEN)),
    st.builds(answer, st.just("agency"), st.sampled_from(GIVEN), st.sampled_from(AGENCIES)),
)
changes = st.builds(AnswersGiven, EVENT, st.lists(answers, min_size=1, max_size=3).map(tuple))


@pytest.mark.parametrize(
    ("agency", "consents", "allowed", "reason"),
    [
        ("police", [], Allowed.NOTHING, "consent-not-given"),
        ("police", [answer("police", "yes")], Allowed.RECORD, "consent"),
        ("police", [answer("police", "anonymised-only")], Allowed.CODES, "consent-anonymised-only"),
        ("police", [answer("police", "no")], Allowed.NOTHING, "consent-refused"),
        ("police", [answer("police", "unknown")], Allowed.NOTHING, "consent-not-given"),
        ("police", [answer("police", "prefer-not-to-say")], Allowed.NOTHING, "consent-not-given"),
        (
            "police",
            [answer("statistics", "yes"), answer("agency", "yes", "housing")],
            Allowed.NOTHING,
            "consent-not-given",
        ),
        ("test-valley-police", [answer("police", "yes")], Allowed.RECORD, "consent"),
        ("test-valley-police", [answer("agency", "yes", "test-valley-police")], Allowed.NOTHING, "consent-not-given"),
        (
            "test-valley-police",
            [answer("police", "no"), answer("agency", "yes", "test-valley-police")],
            Allowed.NOTHING,
            "consent-refused",
        ),
        (
            "test-valley-police",
            [answer("police", "yes"), answer("agency", "no", "test-valley-police")],
            Allowed.NOTHING,
            "consent-refused",
        ),
        ("housing", [answer("police", "yes")], Allowed.NOTHING, "consent-not-given"),
        ("housing", [answer("agency", "yes", "housing")], Allowed.RECORD, "consent"),
        ("housing", [answer("agency", "yes", "victim-care")], Allowed.NOTHING, "consent-not-given"),
        ("housing", [answer("agency", "anonymised-only", "housing")], Allowed.CODES, "consent-anonymised-only"),
        (
            "housing",
            [answer("agency", "yes", "housing"), answer("agency", "no", "housing")],
            Allowed.NOTHING,
            "consent-refused",
        ),
    ],
)
def test_what_an_agency_may_receive(agency: str, consents: list[Answered], allowed: Allowed, reason: str) -> None:
    assert may_receive(agency, consents, override=False) == (allowed, reason)
    assert may_receive(agency, consents, override=True) == (Allowed.RECORD, "serious-harm-override")


@pytest.mark.parametrize(
    ("agency", "police"),
    [
        ("police", True),
        ("british-transport-police", True),
        ("test-constabulary", True),
        ("housing", False),
        ("policemens-fund", False),
    ],
)
def test_a_police_force_is_known_by_its_code(agency: str, police: bool) -> None:
    assert is_police(agency) is police


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ([], {}),
        ([person()], {}),
        ([person(police="yes")], {"police": "yes"}),
        ([person(police="yes"), person(police="no")], {"police": "no"}),
        ([person(police="yes"), person(police="anonymised-only")], {"police": "anonymised-only"}),
        ([person(police="yes"), person()], {"police": "unknown"}),
        ([person(police="no"), person()], {"police": "no"}),
        ([person(police="yes"), person(PersonRole.WITNESS, police="no")], {"police": "yes"}),
        ([person(PersonRole.REPORTER, police="no"), person(PersonRole.SUSPECT)], {"police": "no"}),
        ([person(PersonRole.SUSPECT, police="yes")], {}),
        ([person(housing="yes", police="no")], {"housing": "yes", "police": "no"}),
    ],
)
def test_the_strictest_answer_of_all_victims_holds(people: list[Person], expected: dict[str, str]) -> None:
    assert {each.agency or each.to: each.given for each in merged(people)} == expected


@given(st.lists(st.sampled_from([None, *ORDER]), min_size=1, max_size=4))
def test_no_victim_is_outvoted(given_: list[str | None]) -> None:
    people = [person() if each is None else person(police=each) for each in given_]
    held = {each.to: each.given for each in merged(people)}.get("police", "unknown")
    assert ORDER.index(held) == max(ORDER.index(each or "unknown") for each in given_)


@given(own=st.lists(answers, max_size=3), said=st.lists(changes, max_size=5), data=st.data())
def test_what_stands_does_not_depend_on_the_order_of_arrival(
    own: list[Answered], said: list[AnswersGiven], data: st.DataObject
) -> None:
    other = data.draw(st.permutations(said))
    assert standing(own, said) == standing(own, other)


@given(own=st.lists(answers, max_size=3), said=st.lists(changes, max_size=5))
def test_the_last_change_that_answers_a_question_decides_it(own: list[Answered], said: list[AnswersGiven]) -> None:
    held = {each.question: each.given for each in standing(own, said)}
    for question in {each.question for each in own} | {each.question for change in said for each in change.answers}:
        answering = [change for change in said if any(each.question == question for each in change.answers)]
        source: Sequence[Answered] = max(answering).answers if answering else own
        if len([change for change in answering if change.order == max(answering).order]) < 2:
            assert held[question] == max((each.given for each in source if each.question == question), key=ORDER.index)


@given(st.lists(answers, max_size=6), st.sampled_from(AGENCIES))
def test_police_no_is_the_last_word(given_: list[Answered], agency: str) -> None:
    decision = may_receive(agency, [*given_, answer("police", "no")], override=False)
    if is_police(agency):
        assert decision.allowed is Allowed.NOTHING
    assert decision.allowed is not Allowed.RECORD or any(each.given == "yes" for each in given_)


def test_statistics_is_a_question_of_its_own() -> None:
    assert statistics_answer([]) is None
    assert statistics_answer([answer("police", "no")]) is None
    assert statistics_answer([answer("statistics", "yes"), answer("statistics", "no")]) == "no"


def test_of_two_answers_given_at_once_the_stricter_is_taken() -> None:
    both: list[Any] = [answer("police", "yes"), answer("police", "anonymised-only")]
    assert strictest(both) == strictest(reversed(both)) == (both[1],)
