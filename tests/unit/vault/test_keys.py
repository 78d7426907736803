"""Keys: what is sealed opens only where it belongs, under its own key, and nothing weak is taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.vault.keys import CaseKey, MasterKey, SealBrokenError, agree, new_key, new_reference, weakness
from tests.support.sealed import OTHER_SECRET, SECRET

MASTER = MasterKey.of(SECRET)
KEY = new_key()
CASE = CaseKey.of("c" * 32, KEY)


@pytest.mark.parametrize("secret", ["", "short", " " * 20, "a" * 40, "abcabcabcabcabcabc", "x" * 15])
def test_a_weak_secret_is_refused_with_a_sentence_that_does_not_hold_it(secret: str) -> None:
    with pytest.raises(ValueError, match="letters; make one with") as refused:
        MasterKey.of(secret)
    assert not secret.strip() or secret not in str(refused.value)


@pytest.mark.parametrize("secret", [SECRET, "0123456789abcdef", "f3" * 8 + "0123456789abcdef"])
def test_any_text_that_is_long_enough_will_do(secret: str) -> None:
    assert weakness(secret) is None


def test_the_fingerprint_names_the_secret_and_nothing_shows_a_key() -> None:
    assert MASTER.fingerprint == MasterKey.of(SECRET).fingerprint != MasterKey.of(OTHER_SECRET).fingerprint
    assert SECRET not in repr(MASTER)
    assert KEY.hex() not in repr(CASE)
    assert "_proving" not in repr(CASE)


@given(st.binary(max_size=200))
def test_a_wrapped_key_opens_under_its_master_and_name_only(key: bytes) -> None:
    wrapped = MASTER.wrap(key, b"name")
    assert MASTER.unwrap(wrapped, b"name") == key
    for master, name in ((MASTER, b"other"), (MasterKey.of(OTHER_SECRET), b"name")):
        with pytest.raises(SealBrokenError):
            master.unwrap(wrapped, name)


@given(st.binary(max_size=200), st.integers(0, 10_000), st.integers(1, 255))
def test_what_is_sealed_is_bound_to_case_event_and_kind(parts: bytes, at: int, flip: int) -> None:
    sealed = CASE.seal(parts, "1/a", "event")
    assert CASE.open(sealed, "1/a", "event") == parts
    assert CASE.seal(parts, "1/a", "event") != sealed
    spoilt = bytearray(sealed)
    spoilt[at % len(sealed)] ^= flip
    for key, what, kind, held in (
        (CASE, "1/b", "event", sealed),
        (CASE, "1/a", "dead-letter", sealed),
        (CaseKey.of("d" * 32, KEY), "1/a", "event", sealed),
        (CaseKey.of("c" * 32, new_key()), "1/a", "event", sealed),
        (CASE, "1/a", "event", bytes(spoilt)),
        (CASE, "1/a", "event", sealed[:11]),
    ):
        with pytest.raises(SealBrokenError):
            key.open(held, what, kind)


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_a_proof_is_equal_for_equal_parts_under_one_key_only(one: bytes, other: bytes) -> None:
    assert agree(CASE.prove(one), CASE.prove(other)) == (one == other)
    assert not agree(CASE.prove(one), CaseKey.of("c" * 32, new_key()).prove(one))


def test_references_are_random() -> None:
    made = {new_reference() for _ in range(1_000)}
    assert len(made) == 1_000
    assert all(len(each) == 32 and int(each, 16) >= 0 for each in made)
