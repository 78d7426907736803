"""Repeat victimisation: how many other cases of a victim lay in the twelve months before, whoever hands in at once."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from infra.db import tables
from infra.db.engine import transaction
from infra.db.ledger import SqlLedger
from infra.vault.forgetting import Forgetter, ForgottenList, forget
from streams.hosts.desk import IntakeDesk
from tests.support.events import Raw, amendment, encoded, report
from tests.support.sealed import SealedBench, person

ANN = {"name": "SYNTHETIC Ann", "date_of_birth": "1990-02-03"}


@pytest.fixture
def sealed(database_url: str) -> Iterator[SealedBench]:
    made = SealedBench(database_url)
    yield made
    made.engine.dispose()


def happened(id_: str, on: str, *people: Raw, **more: str) -> Raw:
    return report(id_, occurred={"from": on}, reported=on, people=list(people), **more)


def test_cases_of_a_victim_in_the_year_before_are_counted_and_no_others(sealed: SealedBench) -> None:
    city, other = sealed.partnership(), sealed.partnership()
    sealed.hand_in(other, happened("elsewhere", "2026-01-01", person(**ANN)))
    sealed.hand_in(city, happened("old", "2025-01-09", person(**ANN)))
    sealed.hand_in(city, happened("a", "2026-01-10", person(**ANN)))
    assert [sealed.repeat(id_) for id_ in ("elsewhere", "old", "a")] == ["none", "none", "none"]
    sealed.hand_in(
        city,
        happened("b", "2026-02-01", person("witness", **ANN), person(email="b@example.org")),
        happened("c", "2026-02-01", person(**ANN, email="c@example.org")),
        happened("d", "2026-02-01", person(name=None, email="C@example.org"), person(name=None)),
        happened("e", "2026-01-09", person(**ANN)),
        happened("f", "2026-02-02", person()),
        happened("g", "2026-06-01", person(**ANN)),
    )
    assert {id_: sealed.repeat(id_) for id_ in "bcdefg"} == {
        "b": "none",
        "c": "one",
        "d": "one",
        "e": "one",  # the year before reaches back to the very day
        "f": "unknown",
        "g": "two-or-more",
    }


def test_a_correction_is_no_repeat_of_its_own_case_and_replaces_what_was_said(sealed: SealedBench) -> None:
    city = sealed.partnership()
    sealed.hand_in(city, happened("a", "2026-01-10", person(**ANN)))
    corrected = amendment("a2", ("/centres/test", "a"), 2, people=[person(name=None, email="a@example.org")])
    sealed.hand_in(city, corrected)
    assert sealed.repeat("a2") == "none"
    sealed.hand_in(city, happened("b", "2026-06-30", person(**ANN)))
    sealed.hand_in(city, happened("c", "2026-06-30", person(name=None, email="a@example.org")))
    assert [sealed.repeat(id_) for id_ in "bc"] == ["none", "one"]


def test_a_forgotten_case_is_no_longer_counted(sealed: SealedBench, tmp_path: object) -> None:
    city = sealed.partnership()
    sealed.hand_in(city, happened("a", "2026-01-10", person(**ANN)))
    forget(sealed.engine, city, sealed.case("a"), Forgetter("x", "y"), ForgottenList(tmp_path / "list"), 7)  # type: ignore[operator]
    sealed.hand_in(city, happened("b", "2026-01-11", person(**ANN)))
    assert sealed.repeat("b") == "none"


def test_pseudonyms_tell_nothing_without_the_key(sealed: SealedBench) -> None:
    one, other = sealed.partnership(), sealed.partnership()
    for city in (one, other):
        sealed.hand_in(city, happened("a", "2026-01-10", person(**ANN)))
    with transaction(sealed.engine, write=False) as connection:
        made = connection.execute(select(tables.sealed.victim_pseudonym.c.pseudonym)).scalars().all()
    assert len({bytes(each) for each in made}) == 2


def test_of_many_at_once_only_one_is_the_first(sealed: SealedBench) -> None:
    city = sealed.partnership()
    desks = [IntakeDesk(SqlLedger(sealed.engine, sealed.clock, sealed.vault), city) for _ in range(6)]
    events = [happened(f"r{n}", "2026-01-10", person(**ANN), source=f"/centres/{n}") for n in range(6)]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda each: each[0].take(encoded(each[1]), trusted=False), zip(desks, events, strict=True)))
    assert Counter(row.repeat for row in sealed.all("sealed_event")) == {"none": 1, "one": 1, "two-or-more": 4}
