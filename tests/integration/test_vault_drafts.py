"""Drafts: saved, opened and listed by their owner only, ended by time, and sealed under a key that goes with them."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from infra.db import tables
from infra.db.engine import transaction
from infra.vault import rotation
from infra.vault.drafts import DAYS_KEPT, MOST_BYTES, SealedDrafts, sweep_drafts
from infra.vault.keys import CaseKey, MasterKey, SealBrokenError, SecretKeyError
from infra.vault.rotation import rotate
from streams.ports.vault import Drafts, DraftTooLargeError, NoDraftError, SavedDraft
from tests.support.databases import STORE_TIMEOUT_S, postgresql_url, set_up, sqlite_url
from tests.support.fakes import Crash
from tests.support.sealed import OTHER_SECRET, SECRET, SealedBench

OLD, NEW = MasterKey.of(SECRET), MasterKey.of(OTHER_SECRET)
ANN, BEN = "ann", "ben"
US_A_DAY = 86_400_000_000
KEPT_US = DAYS_KEPT * US_A_DAY
DRAFT = tables.sealed.sealed_draft
TEXT = b"SYNTHETIC draft about nobody"


@pytest.fixture
def sealed(database_url: str) -> Iterator[SealedBench]:
    made = SealedBench(database_url)
    yield made
    made.engine.dispose()


def drafts(bench: SealedBench, partnership: int = 1) -> SealedDrafts:
    return bench.vault.drafts(bench.engine, partnership)


def content_key(bench: SealedBench, name: str) -> CaseKey:
    """Return the key beside a draft, as somebody with a copy of the ledger and the secret key would have it."""
    (row,) = (row for row in bench.all("sealed_draft") if row.draft == name)
    return CaseKey.of(name, OLD.unwrap(bytes(row.wrapped_key), f"draft {name}".encode()))


def test_a_draft_is_saved_opened_listed_replaced_and_discarded(sealed: SealedBench) -> None:
    desk: Drafts = drafts(sealed)
    first, second = desk.save(ANN, None, TEXT, 5), desk.save(ANN, None, b"", 6)
    assert {len(name) for name in (first, second)} == {32}
    assert desk.list(ANN, 7) == [SavedDraft(second, 6), SavedDraft(first, 5)]
    assert desk.save(ANN, first, b"more", 8) == first
    assert (desk.open(ANN, first, 9), desk.open(ANN, second, 9)) == (b"more", b"")
    assert desk.list(ANN, 9) == [SavedDraft(first, 8), SavedDraft(second, 6)]
    desk.discard(ANN, first)
    desk.discard(ANN, first)
    assert desk.list(ANN, 9) == [SavedDraft(second, 6)]
    assert [row.draft for row in sealed.all("sealed_draft")] == [second]
    for ask in (lambda: desk.open(ANN, first, 9), lambda: desk.save(ANN, first, b"x", 9)):
        with pytest.raises(NoDraftError, match="begin a new one"):
            ask()
    assert [row.draft for row in sealed.all("sealed_draft")] == [second]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=2_000))
def test_any_bytes_come_back_as_they_were(sealed: SealedBench, content: bytes) -> None:
    desk = drafts(sealed)
    assert desk.open(ANN, desk.save(ANN, None, content, 1), 2) == content


def test_a_mebibyte_is_kept_and_one_byte_more_is_refused(sealed: SealedBench) -> None:
    desk = drafts(sealed)
    name = desk.save(ANN, None, b"x" * MOST_BYTES, 1)
    for draft in (None, name):
        with pytest.raises(DraftTooLargeError, match="a draft of 1048577 bytes was not saved: at most 1048576"):
            desk.save(ANN, draft, b"y" * (MOST_BYTES + 1), 2)
    assert desk.open(ANN, name, 3) == b"x" * MOST_BYTES
    assert desk.list(ANN, 3) == [SavedDraft(name, 1)]


@pytest.mark.parametrize(("partnership", "owner"), [(1, BEN), (2, ANN), (2, BEN)])
def test_another_owners_or_partnerships_draft_is_as_if_it_were_not_there(
    sealed: SealedBench, partnership: int, owner: str
) -> None:
    name = drafts(sealed).save(ANN, None, TEXT, 1)
    other = drafts(sealed, partnership)
    assert other.list(owner, 2) == []
    said = []
    for draft in (name, "0" * 32):
        with pytest.raises(NoDraftError) as opened:
            other.open(owner, draft, 2)
        with pytest.raises(NoDraftError) as saved:
            other.save(owner, draft, b"taken over", 2)
        said += [str(opened.value), str(saved.value)]
    assert len(set(said)) == 1
    other.discard(owner, name)
    assert drafts(sealed).open(ANN, name, 3) == TEXT


@pytest.mark.parametrize("moved", [{"owner": BEN}, {"partnership": 2}])
def test_a_row_moved_to_somebody_else_does_not_open(sealed: SealedBench, moved: dict[str, object]) -> None:
    name = drafts(sealed).save(ANN, None, TEXT, 1)
    with transaction(sealed.engine, write=True) as connection:
        connection.execute(update(DRAFT).values(moved))
    desk = drafts(sealed, 2 if "partnership" in moved else 1)
    with pytest.raises(SealBrokenError):
        desk.open(BEN if "owner" in moved else ANN, name, 2)


def test_a_draft_ends_some_days_after_its_last_save_and_a_sweep_deletes_it(sealed: SealedBench) -> None:
    desk = drafts(sealed)
    kept, name = desk.save(ANN, None, b"kept", 10), desk.save(ANN, None, TEXT, 10)
    foreign = drafts(sealed, 2).save(BEN, None, b"of another partnership", 10)
    desk.save(ANN, kept, b"kept longer", 10 + US_A_DAY)
    ends_us = 10 + KEPT_US
    assert sweep_drafts(sealed.engine, ends_us - 1) == 0
    assert desk.open(ANN, name, ends_us - 1) == TEXT
    assert desk.list(ANN, ends_us) == [SavedDraft(kept, 10 + US_A_DAY)]
    for ask in (lambda: desk.open(ANN, name, ends_us), lambda: desk.save(ANN, name, b"x", ends_us)):
        with pytest.raises(NoDraftError):
            ask()
    assert {row.draft for row in sealed.all("sealed_draft")} == {kept, name, foreign}
    sealed.reopen(None)
    assert sweep_drafts(sealed.engine, ends_us) == 2
    assert [row.draft for row in sealed.all("sealed_draft")] == [kept]
    sealed.reopen(SECRET)
    assert drafts(sealed).open(ANN, kept, ends_us) == b"kept longer"


def test_how_long_drafts_are_kept_can_be_said(sealed: SealedBench) -> None:
    desk = SealedDrafts(sealed.engine, OLD, 1, days_kept=1)
    name = desk.save(ANN, None, TEXT, 0)
    assert desk.open(ANN, name, US_A_DAY - 1) == TEXT
    with pytest.raises(NoDraftError):
        desk.open(ANN, name, US_A_DAY)


def test_every_save_has_a_key_of_its_own_so_what_was_taken_back_does_not_open(sealed: SealedBench) -> None:
    desk = drafts(sealed)
    name = desk.save(ANN, None, TEXT, 1)
    (before,) = sealed.all("sealed_draft")
    assert TEXT not in bytes(before.content)
    assert content_key(sealed, name).open(bytes(before.content), f"1/{ANN}", "draft") == TEXT
    desk.save(ANN, name, b"taken back", 2)
    with pytest.raises(SealBrokenError):
        content_key(sealed, name).open(bytes(before.content), f"1/{ANN}", "draft")
    with transaction(sealed.engine, write=True) as connection:  # its content of before under its key of now
        connection.execute(update(DRAFT).values(content=bytes(before.content)))
    with pytest.raises(SealBrokenError):
        desk.open(ANN, name, 3)


def test_without_the_right_secret_key_nothing_is_saved_or_opened_but_all_can_be_discarded(sealed: SealedBench) -> None:
    sealed.reopen(None)
    with pytest.raises(SecretKeyError, match="BELLWETHER_SECRET_KEY is not set, and nothing is sealed yet"):
        drafts(sealed).save(ANN, None, TEXT, 1)
    assert (sealed.all("sealed_draft"), sealed.all("vault")) == ([], [])
    sealed.reopen(SECRET)
    name = drafts(sealed).save(ANN, None, TEXT, 1)
    before = sealed.all("sealed_draft")
    for secret in (None, OTHER_SECRET):
        sealed.reopen(secret)
        for ask in (lambda: drafts(sealed).save(ANN, name, b"x", 2), lambda: drafts(sealed).open(ANN, name, 2)):
            with pytest.raises(SecretKeyError, match=OLD.fingerprint):
                ask()
        assert drafts(sealed).list(ANN, 2) == [SavedDraft(name, 1)]
    assert sealed.all("sealed_draft") == before
    drafts(sealed).discard(ANN, name)
    assert sealed.all("sealed_draft") == []


@pytest.mark.parametrize("after", [1, 2, 3, None])
def test_a_rotation_wraps_the_keys_of_drafts_anew_also_when_it_was_killed(
    sealed: SealedBench, monkeypatch: pytest.MonkeyPatch, after: int | None
) -> None:
    monkeypatch.setattr(rotation, "SLICE", 2)
    names = [drafts(sealed).save(ANN, None, TEXT + bytes([n]), n) for n in range(5)]
    contents = {row.draft: bytes(row.content) for row in sealed.all("sealed_draft")}
    slices: list[int] = []

    def die(newly: int) -> None:
        slices.append(newly)
        if len(slices) == after:
            raise Crash

    if after is not None:
        with pytest.raises(Crash):
            rotate(sealed.engine, OLD, NEW, die)
        for secret in (SECRET, OTHER_SECRET):
            sealed.reopen(secret)
            for ask in (lambda: drafts(sealed).save(ANN, None, b"x", 9), lambda: drafts(sealed).open(ANN, names[0], 9)):
                with pytest.raises(SecretKeyError, match="run `bellwether vault rotate` to its end first"):
                    ask()
    rotate(sealed.engine, OLD, NEW, slices.append)
    assert slices == [2, 2, 1]
    sealed.reopen(OTHER_SECRET)
    assert [drafts(sealed).open(ANN, name, 9) for name in names] == [TEXT + bytes([n]) for n in range(5)]
    assert {row.draft: bytes(row.content) for row in sealed.all("sealed_draft")} == contents
    assert {row.wrapped_by for row in sealed.all("sealed_draft")} == {NEW.fingerprint}


def test_a_sweep_leaves_a_draft_that_is_held_to_the_next(server_folder: Path) -> None:
    """Only PostgreSQL has more than one writer."""
    set_up(url := postgresql_url(server_folder))
    bench = SealedBench(url)
    held, _free = (drafts(bench).save(ANN, None, TEXT, 0) for _ in range(2))
    with transaction(bench.engine, write=True) as connection:
        connection.execute(update(DRAFT).where(DRAFT.c.draft == held).values(saved_at_us=1))
        sweeping = Thread(target=sweep_drafts, args=(bench.engine, KEPT_US))
        sweeping.start()
        sweeping.join(STORE_TIMEOUT_S / 2)
        assert not sweeping.is_alive()
        assert [row.draft for row in bench.all("sealed_draft")] == [held]
    assert sweep_drafts(bench.engine, KEPT_US) == 1
    assert bench.all("sealed_draft") == []
    bench.engine.dispose()


@pytest.mark.parametrize("way", ["save", "discard", "expire"])
def test_no_byte_of_a_key_that_goes_stays_in_the_ledgers_file(tmp_path: Path, way: str) -> None:
    """A sweep clears what was written over before; PostgreSQL is told to vacuum, and its files are not ours to read."""
    set_up(url := sqlite_url(tmp_path))
    bench = SealedBench(url)
    name = drafts(bench).save(ANN, None, TEXT * 1_000, 0)
    (row,) = bench.all("sealed_draft")

    def held() -> bool:
        return any(bytes(row.wrapped_key)[12:] in path.read_bytes() for path in tmp_path.glob("ledger-*"))

    assert held()
    if way == "save":
        drafts(bench).save(ANN, name, b"other", 1)
    elif way == "discard":
        drafts(bench).discard(ANN, name)
    assert sweep_drafts(bench.engine, KEPT_US) == {"save": 0, "discard": 0, "expire": 1}[way]
    assert not held()
    bench.engine.dispose()
