"""Rotation wraps every key anew and touches nothing sealed; killed at any slice, it goes on when run again."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.db.engine import transaction
from infra.vault import rotation
from infra.vault.keys import MasterKey, SecretKeyError
from infra.vault.opening import open_parts
from infra.vault.rotation import rotate
from tests.support.events import report
from tests.support.fakes import Crash
from tests.support.sealed import OTHER_SECRET, SECRET, SealedBench, person

OLD, NEW, THIRD = MasterKey.of(SECRET), MasterKey.of(OTHER_SECRET), MasterKey.of("a third SYNTHETIC secret 42")
CASES = 7


@pytest.fixture
def sealed(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SealedBench]:
    monkeypatch.setattr(rotation, "SLICE", 2)
    made = SealedBench(database_url)
    yield made
    made.engine.dispose()


def filled(bench: SealedBench) -> int:
    city = bench.partnership()
    bench.hand_in(
        city,
        *(
            report(f"r{n}", people=[person(email="synthetic@example.org")], narrative=f"SYNTHETIC {n}")
            for n in range(CASES)
        ),
    )
    return city


def nothing(_more: int) -> None:
    pass


def contents(bench: SealedBench) -> dict[int, Any]:
    assert bench.vault.master is not None
    with transaction(bench.engine, write=False) as connection:
        return open_parts(connection, bench.vault.master, [row.number for row in bench.all("event")])


def test_all_opens_under_the_new_key_and_nothing_sealed_was_touched(sealed: SealedBench) -> None:
    city = filled(sealed)
    places = sealed.ledger.vault(city)
    assert places is not None
    reference = places.written_reference("Warberton")
    before, sealed_before = contents(sealed), sealed.all("sealed_event")
    pseudonyms = sealed.all("victim_pseudonym")
    progress: list[int] = []
    assert rotate(sealed.engine, OLD, NEW, progress.append) == sum(progress) == CASES + 2
    assert max(progress) <= 2
    with pytest.raises(SecretKeyError, match=NEW.fingerprint):
        sealed.hand_in(city, report("x", people=[person()]))
    sealed.reopen(OTHER_SECRET)
    assert contents(sealed) == before
    assert sealed.all("sealed_event") == sealed_before
    assert sealed.all("victim_pseudonym") == pseudonyms
    places = sealed.ledger.vault(city)
    assert places is not None
    assert places.written_reference("  WARBERTON ") == reference
    sealed.hand_in(city, report("again", people=[person(email="synthetic@example.org")]))
    assert sealed.repeat("again") == "two-or-more"
    assert rotate(sealed.engine, OLD, NEW, progress.append) == 0


@pytest.mark.parametrize("after", range(1, 6))
def test_killed_between_slices_it_goes_on_and_meanwhile_nothing_is_sealed(sealed: SealedBench, after: int) -> None:
    city = filled(sealed)
    before = contents(sealed)
    slices = 0

    def die(_more: int) -> None:
        nonlocal slices
        slices += 1
        if slices == after:
            raise Crash

    with pytest.raises(Crash):
        rotate(sealed.engine, OLD, NEW, die)
    for secret in (SECRET, OTHER_SECRET):
        sealed.reopen(secret)
        with pytest.raises(SecretKeyError, match="run `bellwether vault rotate` to its end first"):
            sealed.hand_in(city, report("x", people=[person()]))
    with pytest.raises(SecretKeyError, match="end that"):
        rotate(sealed.engine, OLD, THIRD, nothing)
    rotate(sealed.engine, OLD, NEW, nothing)
    sealed.reopen(OTHER_SECRET)
    assert contents(sealed) == before
    assert {row.wrapped_by for row in sealed.all("sealed_case")} == {NEW.fingerprint}


def test_the_wrong_old_key_changes_nothing(sealed: SealedBench) -> None:
    with pytest.raises(SecretKeyError, match="nothing is sealed in this ledger yet"):
        rotate(sealed.engine, OLD, NEW, nothing)
    filled(sealed)
    before = [sealed.all(name) for name in ("vault", "sealed_case", "data_key")]
    with pytest.raises(SecretKeyError, match=OLD.fingerprint) as refused:
        rotate(sealed.engine, THIRD, NEW, nothing)
    assert "BELLWETHER_OLD_SECRET_KEY" in str(refused.value)
    assert [sealed.all(name) for name in ("vault", "sealed_case", "data_key")] == before
