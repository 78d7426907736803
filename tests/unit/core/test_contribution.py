"""A cluster's contribution is a pure function of the set of what is known: of no order, and of each day by itself."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.contribution import (
    ConsentVersion,
    Content,
    Known,
    LinkVersion,
    Version,
    VersionOrder,
    bookings,
    difference,
    pair_of,
    standing,
)
from tests.support.histories import RECEIVED_DAYS, Case, Fact, Kind, histories
from tests.support.oracle import counted_incidents, known_as_received

A, B, C, D = (("/s", letter) for letter in "abcd")


def content(strand: str) -> Content:
    return Content("incident", "reported", 100, True, 1, (strand,), ("threat",), "/s")


def version(name: tuple[str, str], revision: int, strand: str | None, known: int = 1, reported: int = 0) -> Version:
    order = VersionOrder(revision, "2026", "/s", f"{name[1]}{revision}")
    return Version(name, order, known, reported, None if strand is None else content(strand))


def tie(
    one: tuple[str, str], other: tuple[str, str], revision: int = 1, known: int = 1, linked: bool = True
) -> LinkVersion:
    order = VersionOrder(revision, "2026", "/s", f"{one[1]}{other[1]}{revision}")
    return LinkVersion(pair_of(one, other), order, known, linked)


def now(*said: Version | LinkVersion) -> Counter[str]:
    """Return how often each strand counts once all is known."""
    total: Counter[str] = Counter()
    for (booked, _), n in booked_of(said).items():
        total[booked.strands[0]] += n
    return +total


def booked_of(said: Sequence[Version | LinkVersion]) -> Counter[tuple[Content, int]]:
    versions = tuple(each for each in said if isinstance(each, Version))
    return bookings(Known(versions, tuple(each for each in said if isinstance(each, LinkVersion))))


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ([], {}),
        ([version(A, 1, "race")], {"race": 1}),
        ([version(A, 1, "race"), version(A, 2, "religion")], {"religion": 1}),
        ([version(A, 1, "race"), version(A, 2, None)], {}),
        ([version(A, 1, "race"), version(A, 2, None), version(A, 3, "age")], {"age": 1}),
        ([version(A, 2, "age")], {"age": 1}),
        ([version(A, 2, None)], {}),
        ([tie(A, B)], {}),
        ([version(A, 1, "race"), version(B, 1, "age")], {"race": 1, "age": 1}),
        ([version(A, 1, "race"), version(B, 1, "age"), tie(B, A)], {"race": 1}),
        ([version(A, 1, "race", reported=2), version(B, 1, "age", reported=1), tie(A, B)], {"age": 1}),
        ([version(A, 1, "race"), version(B, 1, "age"), version(A, 2, None), tie(A, B)], {"age": 1}),
        ([version(A, 1, "race"), version(B, 1, "age"), tie(A, B), tie(A, B, 2, linked=False)], {"race": 1, "age": 1}),
        ([version(A, 1, "race"), version(B, 1, "age"), tie(A, B, 3), tie(A, B, 2, linked=False)], {"race": 1}),
        ([version(A, 1, "race"), version(C, 1, "age"), tie(A, B), tie(B, C)], {"race": 1}),
        ([version(A, 1, "race"), version(B, 1, "age"), version(C, 1, "other"), tie(C, B)], {"race": 1, "age": 1}),
        (
            [
                *(version(name, 1, "race") for name in (A, B, C, D)),
                tie(A, B),
                tie(C, D),
                tie(D, A),
                version(A, 2, None),
            ],
            {"race": 1},
        ),
    ],
)
def test_a_cluster_counts_once_as_its_least_report_that_stands(
    said: list[Version | LinkVersion], counts: dict[str, int]
) -> None:
    assert now(*said) == counts
    assert all(now(*order) == counts for order in list(permutations(said))[:720])


def test_versions_of_one_revision_are_ordered_by_time_source_and_id() -> None:
    orders = [(2, "2027", "/a", "a"), (2, "2026", "/b", "a"), (2, "2026", "/a", "b"), (2, "2026", "/a", "a")]
    versions = [Version(A, VersionOrder(*order), 1, 0, content(f"strand-{rank}")) for rank, order in enumerate(orders)]
    for size in range(1, 5):
        assert now(*versions[-size:]) == {f"strand-{4 - size}": 1}


def test_what_a_later_day_changes_is_booked_on_that_day_and_the_earlier_day_stays() -> None:
    said = [version(A, 1, "race", known=1), version(A, 2, "age", known=5), version(A, 3, None, known=9)]
    assert booked_of(said) == {
        (content("race"), 1): 1,
        (content("race"), 5): -1,
        (content("age"), 5): 1,
        (content("age"), 9): -1,
    }


def test_a_difference_is_what_leads_from_one_state_to_the_other() -> None:
    before, after = booked_of([version(A, 1, "race")]), booked_of([version(A, 1, "race"), version(A, 2, "age")])
    assert difference(after, before) == {(content("race"), 1): -1, (content("age"), 1): 1}
    assert difference(after, after) == {}


def as_known(facts: Sequence[Fact]) -> Known:
    """Return facts as core takes them; a content's place numbers what is said."""
    cases = [fact.case for fact in facts]
    versions, links = [], []
    for fact in facts:
        order = VersionOrder(fact.revision, str(fact.made.rank), fact.source, fact.id)
        known = fact.received.day.toordinal()
        if fact.other is not None:
            links.append(LinkVersion(pair_of(fact.incident, fact.other), order, known, fact.kind is Kind.LINK))
        elif fact.case is None:
            versions.append(Version(fact.incident, order, known, 0, None))
        else:
            booked = content("race")._replace(place=cases.index(fact.case))
            versions.append(Version(fact.incident, order, known, fact.case.reported.rank, booked))
    return Known(tuple(versions), tuple(links))


def cases_by_number(facts: Sequence[Fact], counted: Sequence[Case]) -> Counter[int]:
    cases = [fact.case for fact in facts]
    return Counter(cases.index(case) for case in counted)


def known_by(booked: Counter[tuple[Content, int]], day: date) -> Counter[int]:
    total: Counter[int] = Counter()
    for (each, known_day), n in booked.items():
        if known_day <= day.toordinal():
            total[each.place] += n
    assert min(total.values(), default=0) >= 0
    return +total


@settings(deadline=None, derandomize=True, max_examples=300, database=None)
@given(histories(most=14))
def test_bookings_up_to_each_known_day_are_what_the_words_of_the_design_say(facts: list[Fact]) -> None:
    booked = bookings(as_known(facts))
    for day in RECEIVED_DAYS:
        said = counted_incidents(facts, known_as_received(facts), day)
        assert known_by(booked, day) == cases_by_number(facts, said)


@settings(deadline=None, derandomize=True, max_examples=200, database=None)
@given(st.data(), histories(most=14))
def test_the_order_in_which_things_are_said_does_not_matter(data: st.DataObject, facts: list[Fact]) -> None:
    known = as_known(facts)
    versions = tuple(data.draw(st.permutations(known.versions)))
    assert bookings(Known(versions, tuple(data.draw(st.permutations(known.links))))) == bookings(known)


def test_what_stands_of_an_incident_is_its_own_last_version_whatever_it_is_linked_to() -> None:
    first, second, other = version(A, 1, "race"), version(A, 2, "age"), version(B, 1, "race")
    for said in permutations((first, second, other)):
        known = Known(said, (tie(A, B),))
        assert [standing(known, name) for name in (A, B, C)] == [second, other, None]
    assert standing(Known((first, second, version(A, 3, None)), ()), A) is None


def test_what_is_left_out_does_not_stand_for_as_long_as_that_is_said() -> None:
    reported = version(A, 1, "race")
    said = [ConsentVersion(A, (f"202{n}", "/s", "c"), 1, left_out) for n, left_out in enumerate((False, True, False))]
    assert standing(Known((reported,), (), tuple(said[:2])), A) is None
    assert standing(Known((reported,), (), tuple(said)), A) == reported
    assert standing(Known((reported._replace(left_out=True),), ()), A) is None
