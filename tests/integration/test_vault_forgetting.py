"""Forgetting destroys a key and changes nothing else; the list outside finishes what a crash or a restore undid."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from infra.db import tables
from infra.db.dead_letters import DeadLetterError, dead_letter_body, list_dead_letters
from infra.db.engine import transaction
from infra.vault.disclosing import Asker, show_case
from infra.vault.forgetting import (
    Forgetter,
    ForgettingError,
    ForgottenList,
    destroy_listed,
    forget,
    forgotten_unlisted,
)
from infra.vault.keys import SealBrokenError
from infra.vault.opening import open_parts
from streams.core.consent import Allowed
from streams.stages.intake import Outcome
from tests.support.events import Raw, amendment, report
from tests.support.fakes import Crash
from tests.support.sealed import OTHER_SECRET, SealedBench, consent, person, reference

A = ("/centres/test", "a")
WHO = Forgetter("records-officer", "asked to be forgotten")
SEALED_TABLES = ("sealed_case", "victim_pseudonym")


@pytest.fixture
def sealed(database_url: str) -> Iterator[SealedBench]:
    made = SealedBench(database_url)
    yield made
    made.engine.dispose()


@pytest.fixture
def listed(tmp_path: Path) -> ForgottenList:
    return ForgottenList(tmp_path / "forgotten.txt")


def with_person(id_: str = "a", **more: Any) -> Raw:
    people = [
        person(police="yes", email="synthetic@example.org", consents=[consent("agency", "yes", agency="housing")])
    ]
    return report(id_, people=people, narrative="SYNTHETIC narrative", **more)


def openable(bench: SealedBench, *numbers: int) -> set[int]:
    assert bench.vault.master is not None
    with transaction(bench.engine, write=False) as connection:
        return set(open_parts(connection, bench.vault.master, numbers or [row.number for row in bench.all("event")]))


def answers(bench: SealedBench, city: int) -> list[Any]:
    return [
        bench.rows(city, "area", "day", "strand"),
        bench.loss(city),
        bench.verify(),
        bench.all("event"),
        bench.all("log"),
    ]


def test_after_forgetting_nothing_opens_and_nothing_that_counts_has_changed(
    sealed: SealedBench, listed: ForgottenList
) -> None:
    city = sealed.partnership()
    sealed.hand_in(
        city,
        with_person(),
        amendment("a2", A, 2, people=[person()]),
        reference("r", A, "SYNTHETIC/1"),
        with_person("b"),
    )
    sealed.drain()
    before = answers(sealed, city)
    case = sealed.case("a")
    assert forget(sealed.engine, city, case, WHO, listed, 7) == 1
    assert answers(sealed, city) == before
    kept = {row.number for row in sealed.all("event") if row.id == "b"}
    assert openable(sealed) == kept
    assert listed.read() == [case]
    row = next(row for row in sealed.all("sealed_case") if row.case_reference == case)
    assert (row.wrapped_key, row.wrapped_by, row.forgotten_at_us) == (None, None, 7)
    assert {row.case_reference for row in sealed.all("victim_pseudonym")} == {sealed.case("b")}
    (entry,) = sealed.all("disclosure")
    assert (entry.act, entry.actor, entry.purpose, entry.case_reference) == ("forgotten", *WHO, case)
    with transaction(sealed.engine, write=True) as connection:
        shown = show_case(connection, sealed.vault.master, city, case, Asker("officer", "police"), 8)
    assert (shown.decision.allowed, shown.decision.reason, shown.record) == (Allowed.NOTHING, "forgotten", {})


def test_the_same_again_after_forgetting_is_a_duplicate_by_its_codes_alone(
    sealed: SealedBench, listed: ForgottenList
) -> None:
    city = sealed.partnership()
    sealed.hand_in(city, with_person())
    forget(sealed.engine, city, sealed.case("a"), WHO, listed, 7)
    before = {name: sealed.all(name) for name in ("sealed_case", "sealed_event", "victim_pseudonym")}
    for again in (with_person(), report("a", people=[person()])):
        assert [each.outcome for each in sealed.hand_in(city, again)] == [Outcome.DUPLICATE]
    assert [each.outcome for each in sealed.hand_in(city, report("a", strands=["age"], narrative="SYNTHETIC"))] == [
        Outcome.QUARANTINED
    ]
    assert sealed.all("sealed_event") == before["sealed_event"]
    assert sealed.all("victim_pseudonym") == before["victim_pseudonym"]


def test_what_comes_later_for_a_forgotten_case_waits_for_a_person_and_seals_nothing_in_it(
    sealed: SealedBench, listed: ForgottenList
) -> None:
    city = sealed.partnership()
    sealed.hand_in(city, with_person())
    forget(sealed.engine, city, sealed.case("a"), WHO, listed, 7)
    late = amendment("a2", A, 2, people=[person(name="SYNTHETIC Later")])
    taken = sealed.hand_in(city, late, late, with_person("b"), amendment("a3", A, 3, strands=["religion"]))
    assert [each.outcome for each in taken] == [
        *(Outcome.QUARANTINED, Outcome.QUARANTINED, Outcome.ACCEPTED, Outcome.ACCEPTED),
    ]
    assert taken[0].problems[0].code == taken[1].problems[0].code == "case-forgotten"
    assert {row.id for row in sealed.all("event")} == {"a", "b", "a3"}
    sealed.drain()
    assert sealed.verify() == []
    assert all(row.adds_up for row in sealed.loss(city))
    assert not [row for row in sealed.all("sealed_event") if row.case_reference == listed.read()[0] and row.event != 1]


def test_dead_letters_about_the_incident_are_forgotten_with_it(sealed: SealedBench, listed: ForgottenList) -> None:
    city = sealed.partnership()
    ahead = {"time": "2026-07-01T13:00:00Z"}
    sealed.hand_in(city, with_person(), with_person(strands=["age"]))  # a conflict
    sealed.hand_in(city, amendment("a2", A, 2, people=[person()]) | ahead, with_person("b") | ahead)
    letters = list_dead_letters(sealed.engine, city, settled=False)
    assert [letter.id for letter in letters] == ["a", "a2", "b"]
    assert forget(sealed.engine, city, sealed.case("a"), WHO, listed, 7) == 3
    assert len(listed.read()) == 3
    for letter in letters[:2]:
        with pytest.raises(DeadLetterError, match="was forgotten; discard it"):
            dead_letter_body(sealed.ledger, letter)
    assert dead_letter_body(sealed.ledger, letters[2])


def test_a_crash_after_listing_is_finished_by_the_list(sealed: SealedBench, tmp_path: Path) -> None:
    class DyingList(ForgottenList):
        def add(self, cases: Sequence[str], at_us: int) -> None:  # type: ignore[override]
            super().add(cases, at_us)
            raise Crash

    city = sealed.partnership()
    sealed.hand_in(city, with_person())
    file = tmp_path / "forgotten.txt"
    with pytest.raises(Crash):
        forget(sealed.engine, city, sealed.case("a"), WHO, DyingList(file), 7)
    assert openable(sealed)
    assert destroy_listed(sealed.engine, ForgottenList(file), 8) == 1
    assert not openable(sealed)
    assert destroy_listed(sealed.engine, ForgottenList(file), 9) == 0


def test_what_a_restored_backup_brings_back_is_destroyed_again(sealed: SealedBench, listed: ForgottenList) -> None:
    city = sealed.partnership()
    sealed.hand_in(city, with_person(), with_person("b"), with_person("c"))
    backup = {name: sealed.all(name) for name in SEALED_TABLES}
    for id_ in ("a", "b"):
        forget(sealed.engine, city, sealed.case(id_), WHO, listed, 7)
    with transaction(sealed.engine, write=True) as connection:
        for name in SEALED_TABLES:
            table = tables.metadata.tables[name]
            connection.execute(table.delete())
            connection.execute(insert(table), [row._asdict() for row in backup[name]])
    assert len(openable(sealed)) == 3
    assert destroy_listed(sealed.engine, listed, 8) == 2
    assert len(openable(sealed)) == 1
    assert {row.case_reference for row in sealed.all("victim_pseudonym")} == {sealed.case("c")}
    assert destroy_listed(sealed.engine, listed, 9) == 0
    assert forgotten_unlisted(sealed.engine, listed) == 0


def test_forgetting_says_what_it_cannot_do_and_then_does_nothing(
    sealed: SealedBench, listed: ForgottenList, tmp_path: Path
) -> None:
    city, other = sealed.partnership(), sealed.partnership()
    sealed.hand_in(city, with_person())
    case = sealed.case("a")
    for partnership, reference_ in ((other, case), (city, "0" * 32), (city, "%")):
        with pytest.raises(ForgettingError, match="no such case in this partnership"):
            forget(sealed.engine, partnership, reference_, WHO, listed, 7)
    with pytest.raises(ForgettingError, match=r"cannot be written: .*; nothing was forgotten"):
        forget(sealed.engine, city, case, WHO, ForgottenList(tmp_path), 7)
    with pytest.raises(ForgettingError, match="cannot be written"):
        forget(sealed.engine, city, case, WHO, ForgottenList(tmp_path / "missing" / "list.txt"), 7)
    assert openable(sealed)
    assert listed.read() == []
    forget(sealed.engine, city, case, WHO, listed, 7)
    with pytest.raises(ForgettingError, match="forgotten already"):
        forget(sealed.engine, city, case, WHO, listed, 7)
    assert listed.read() == [case]


def test_forgetting_needs_no_key_and_another_ledgers_list_is_noticed(
    sealed: SealedBench, listed: ForgottenList, tmp_path: Path
) -> None:
    city = sealed.partnership()
    sealed.hand_in(city, with_person())
    for secret in (None, OTHER_SECRET):
        sealed.reopen(secret)
    forget(sealed.engine, city, sealed.case("a"), WHO, listed, 7)
    assert forgotten_unlisted(sealed.engine, ForgottenList(tmp_path / "other.txt")) == 1


@pytest.mark.parametrize("spoilt", [b"nonsense\n", b"0" * 32 + b"\n", b"\xff\n"])
def test_a_list_that_cannot_be_read_is_named_with_its_line(tmp_path: Path, spoilt: bytes) -> None:
    file = tmp_path / "list.txt"
    listed = ForgottenList(file)
    listed.add(["a" * 32], 0)
    file.write_bytes(file.read_bytes() + spoilt)
    with pytest.raises(ForgettingError, match=r"list\.txt"):
        listed.read()


def test_a_line_that_was_cut_short_does_not_swallow_the_next(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("a" * 32 + "\t2026-07")
    listed = ForgottenList(file)
    listed.add(["b" * 32, "c" * 32], 0)
    assert listed.read() == ["a" * 32, "b" * 32, "c" * 32]


def test_a_sealed_part_moved_to_another_event_does_not_open(sealed: SealedBench) -> None:
    city = sealed.partnership()
    sealed.hand_in(city, with_person(), amendment("a2", A, 2, people=[person()]))
    held = tables.sealed.sealed_event
    first, second = sorted(sealed.all("sealed_event"))
    with transaction(sealed.engine, write=True) as connection:
        connection.execute(update(held).where(held.c.event == second.event).values(parts=first.parts))
    assert openable(sealed, first.event)
    with pytest.raises(SealBrokenError, match="damaged or moved"):
        openable(sealed, second.event)
