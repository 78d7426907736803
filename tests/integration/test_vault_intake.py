"""Intake with a vault: persons are sealed and found nowhere else, and what is known already never writes the vault."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from infra.db import tables
from infra.db.dead_letters import (
    DeadLetterError,
    Replayer,
    dead_letter_body,
    discard_dead_letter,
    list_dead_letters,
    show_dead_letter,
)
from infra.db.engine import transaction
from infra.vault.keys import SecretKeyError
from infra.vault.opening import open_parts
from schemas.stored import generic
from streams.stages.intake import Outcome
from tests.support.events import Raw, amendment, report, withdrawal
from tests.support.sealed import OTHER_SECRET, SECRET, SealedBench, consent, consent_change, person, reference

A = ("/centres/test", "a")
VAULT_TABLES = ("vault", "data_key", "sealed_case", "sealed_event", "sealed_letter", "victim_pseudonym", "disclosure")
NARRATIVE = "SYNTHETIC narrative"


@pytest.fixture
def sealed(database_url: str) -> Iterator[SealedBench]:
    made = SealedBench(database_url)
    yield made
    made.engine.dispose()


def outcomes(bench: SealedBench, city: int, *events: Raw) -> list[Outcome | None]:
    return [answer.outcome for answer in bench.hand_in(city, *events)]


def vault_rows(bench: SealedBench) -> dict[str, list[tuple[object, ...]]]:
    return {name: sorted(map(tuple, bench.all(name)), key=repr) for name in VAULT_TABLES}


def with_person(id_: str = "a", **more: Any) -> Raw:
    return report(id_, people=[person(police="no")], narrative=NARRATIVE, **more)


def opened(bench: SealedBench, id_: str) -> dict[str, object]:
    with transaction(bench.engine, write=False) as connection:
        number = connection.execute(select(tables.event.c.number).where(tables.event.c.id == id_)).scalar_one()
        assert bench.vault.master is not None
        return open_parts(connection, bench.vault.master, [number])[number]


def test_a_person_is_sealed_and_the_log_has_a_case_and_consents(sealed: SealedBench) -> None:
    city = sealed.partnership()
    assert outcomes(sealed, city, with_person()) == [Outcome.ACCEPTED]
    (event,) = sealed.all("event")
    held = generic(bytes(event.body))
    assert held["case"] == sealed.case("a")
    assert len(held["case"]) == 32
    assert held["data"]["consents"] == [{"to": "police", "given": "no", "on": "2026-06-30"}]
    assert held["data"]["people"] == []
    assert "narrative" not in held["data"]
    assert opened(sealed, "a") == {
        "data.people": [person(police="no")],
        "data.narrative": NARRATIVE,
    }
    sealed.drain()
    assert sealed.rows(city, "area") == [("W1", "Ward 1", 1)]
    assert sealed.verify() == []


def test_events_without_persons_leave_the_vault_alone(sealed: SealedBench) -> None:
    city = sealed.partnership()
    first = report("b")
    outcomes(
        sealed,
        city,
        report("a"),
        amendment("a2", A, 2),
        consent_change("c", A, {"to": "police", "given": "no", "on": "2026-06-30"}),
        first,
    )
    assert outcomes(sealed, city, first) == [Outcome.DUPLICATE]
    assert vault_rows(sealed) == {name: [] for name in VAULT_TABLES}


def test_the_same_again_is_a_duplicate_and_writes_nothing_to_the_vault(sealed: SealedBench) -> None:
    city = sealed.partnership()
    assert outcomes(sealed, city, with_person(), with_person()) == [Outcome.ACCEPTED, Outcome.DUPLICATE]
    before = vault_rows(sealed)
    assert outcomes(sealed, city, with_person()) == [Outcome.DUPLICATE]
    assert vault_rows(sealed) == before


OTHERS: list[Raw] = [
    {"people": [person(police="no", name="SYNTHETIC Person Two")], "narrative": NARRATIVE},
    {"people": [person(police="yes")], "narrative": NARRATIVE},
    {"people": [person(police="no")], "narrative": "SYNTHETIC other words"},
    {"people": [person(police="no")]},
    {},
]


@pytest.mark.parametrize("other", OTHERS, ids=range(len(OTHERS)))
@pytest.mark.parametrize("at_once", [True, False])
def test_the_same_codes_with_another_person_are_a_conflict_with_its_bytes_sealed(
    sealed: SealedBench, other: Raw, at_once: bool
) -> None:
    city = sealed.partnership()
    second = report("a", **other)
    if at_once:
        assert outcomes(sealed, city, with_person(), second) == [Outcome.ACCEPTED, Outcome.QUARANTINED]
    else:
        outcomes(sealed, city, with_person())
        assert outcomes(sealed, city, second) == [Outcome.QUARANTINED]
    (letter,) = list_dead_letters(sealed.engine, city, settled=False)
    assert letter.code == "conflict"
    assert b"SYNTHETIC" not in bytes(letter.body)
    held = generic(dead_letter_body(sealed.ledger, letter) or b"")
    assert held["data"].get("people", []) == second["data"].get("people", [])
    assert held["data"].get("narrative") == second["data"].get("narrative")
    assert opened(sealed, "a")["data.narrative"] == NARRATIVE


def test_what_had_no_person_conflicts_with_the_same_that_has_one(sealed: SealedBench) -> None:
    city = sealed.partnership()
    assert outcomes(sealed, city, report("a"), with_person()) == [Outcome.ACCEPTED, Outcome.QUARANTINED]


@pytest.mark.parametrize("sealed_first", [True, False])
def test_what_was_held_before_is_compared_with_each_by_itself(sealed: SealedBench, sealed_first: bool) -> None:
    city = sealed.partnership()
    held, other = (with_person(), report("a")) if sealed_first else (report("a"), with_person())
    outcomes(sealed, city, held)
    taken = outcomes(sealed, city, other, held, other, held)
    assert taken == [Outcome.QUARANTINED, Outcome.DUPLICATE] * 2


def test_all_about_an_incident_goes_to_its_case_whatever_comes_first(sealed: SealedBench) -> None:
    city = sealed.partnership()
    outcomes(sealed, city, amendment("a2", A, 2, people=[person()]))
    outcomes(sealed, city, reference("r", A, "SYNTHETIC/42"), with_person(), report("b", narrative=NARRATIVE))
    assert sealed.case("a") == sealed.case("a2") == sealed.case("r")
    assert sealed.case("b") != sealed.case("a")
    assert opened(sealed, "r") == {"data.reference": "SYNTHETIC/42"}
    sealed.drain()
    assert sealed.verify() == []


def test_an_incident_may_be_named_by_a_source_that_nobody_has_seen(sealed: SealedBench) -> None:
    city = sealed.partnership()
    events = [
        withdrawal("w", ("/centres/unseen-1", "x"), 2),
        reference("r", ("/centres/unseen-2", "x"), "SYNTHETIC/43"),
        consent_change("c", ("/centres/unseen-3", "x"), consent("police", "no")),
        amendment("m", ("/centres/unseen-4", "x"), 2, people=[person()]),
    ]
    assert outcomes(sealed, city, *events) == [Outcome.ACCEPTED] * len(events)
    sealed.drain()
    assert sealed.verify() == []


def test_signals_and_assessments_get_a_case_of_their_own(sealed: SealedBench) -> None:
    city = sealed.partnership()
    signal = {
        "specversion": "1.0",
        "source": "/centres/test",
        "type": "bellwether.signal.observed.v1",
        "time": "2026-06-30T10:00:00Z",
        "data": {"period": {"from": "2026-06-01", "to": "2026-06-07"}, "narrative": NARRATIVE},
    }
    assert outcomes(sealed, city, signal | {"id": "s1"}, signal | {"id": "s2"}) == [Outcome.ACCEPTED] * 2
    assert sealed.case("s1") != sealed.case("s2")
    assert opened(sealed, "s1") == {"data.narrative": NARRATIVE}


def test_without_a_key_persons_are_refused_by_field_and_all_else_goes_on(sealed: SealedBench) -> None:
    city = sealed.partnership()
    sealed.reopen(None)
    refused, accepted = sealed.hand_in(city, with_person(), report("b"))
    assert [(each.code, each.path) for each in refused.problems] == [
        ("no-secret-key", "data.narrative"),
        ("no-secret-key", "data.people[0]"),
    ]
    assert accepted.outcome is Outcome.ACCEPTED
    assert len(sealed.all("event")) == 1


def test_a_wrong_key_is_told_which_is_needed_and_changes_nothing(sealed: SealedBench) -> None:
    city = sealed.partnership()
    outcomes(sealed, city, with_person())
    (state,) = sealed.all("vault")
    before = {name: sealed.all(name) for name in (*VAULT_TABLES, "event", "log", "arrival", "dead_letter")}
    sealed.reopen(OTHER_SECRET)
    for events in ([with_person("b")], [with_person("a")], [report("c"), with_person("b")]):
        with pytest.raises(SecretKeyError) as refused:
            sealed.hand_in(city, *events)
        assert refused.value.problem.code == "secret-key-wrong"
        assert state.fingerprint in str(refused.value)
        assert sealed.vault.master is not None
        assert sealed.vault.master.fingerprint in str(refused.value)
        assert "BELLWETHER_SECRET_KEY" in str(refused.value)
    assert {name: sealed.all(name) for name in before} == before
    sealed.reopen(SECRET)
    assert outcomes(sealed, city, with_person("b")) == [Outcome.ACCEPTED]


def test_a_letter_set_aside_is_opened_and_replayed_through_the_vault(sealed: SealedBench) -> None:
    city = sealed.partnership()
    late = with_person(reported="2026-07-01") | {"time": "2026-07-01T13:00:00Z"}
    assert outcomes(sealed, city, late) == [Outcome.QUARANTINED]
    (letter,) = list_dead_letters(sealed.engine, city, settled=False)
    assert b"SYNTHETIC" not in bytes(letter.body)
    sealed.reopen(None)
    with pytest.raises(SecretKeyError, match="BELLWETHER_SECRET_KEY is not set, and this ledger is sealed with"):
        dead_letter_body(sealed.ledger, letter)
    with pytest.raises(SecretKeyError):
        Replayer(sealed.ledger, city).replay(letter.number)
    sealed.reopen(SECRET)
    sealed.clock.advance(seconds=7_200)
    assert Replayer(sealed.ledger, city).replay(letter.number) is None
    assert opened(sealed, "a")["data.narrative"] == NARRATIVE
    assert show_dead_letter(sealed.engine, city, letter.number).body is None
    assert sealed.all("sealed_letter") == []
    assert len(sealed.all("sealed_case")) == 1
    sealed.drain()
    assert sealed.rows(city, "area") == [("W1", "Ward 1", 1)]


def test_what_is_discarded_loses_its_key(sealed: SealedBench) -> None:
    city, other = sealed.partnership(), sealed.partnership()
    outcomes(sealed, city, report("a"), with_person())
    (letter,) = list_dead_letters(sealed.engine, city, settled=False)
    with pytest.raises(DeadLetterError):
        discard_dead_letter(sealed.engine, other, letter.number, "not mine", sealed.clock.now_us())
    assert len(sealed.all("sealed_case")) == 1
    discard_dead_letter(sealed.engine, city, letter.number, "sent twice", sealed.clock.now_us())
    assert sealed.all("sealed_case") == sealed.all("sealed_letter") == []


def test_a_record_that_a_stage_cannot_handle_is_sealed_too(sealed: SealedBench) -> None:
    city = sealed.partnership()
    outcomes(sealed, city, report("a"))
    with transaction(sealed.engine, write=True) as connection:
        connection.execute(tables.event.update().values(body=b'{"source": "SYNTHETIC'))
    sealed.drain()
    (letter,) = list_dead_letters(sealed.engine, city, settled=False)
    assert letter.stage == "aggregate"
    assert b"SYNTHETIC" not in bytes(letter.body)
    assert dead_letter_body(sealed.ledger, letter) == b'{"source": "SYNTHETIC'
