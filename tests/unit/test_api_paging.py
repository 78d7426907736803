"""A cursor leads back to its place, in its own list only; nothing that anybody makes up leads anywhere."""

from base64 import urlsafe_b64encode
from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.paging import LONGEST, cursor_after, place_of
from api.problems import ProblemError

LIST = "/v1/alerts state=open"
numbers = st.integers(-(2**63) + 1, 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=100)


def refused(of: str, cursor: str, *kinds: Any) -> None:
    with pytest.raises(ProblemError) as caught:
        place_of(of, cursor, *kinds)
    assert (caught.value.status, caught.value.code) == (422, "unknown-cursor")
    assert [each.path for each in caught.value.errors] == ["query.cursor"]


@given(numbers, texts)
def test_a_cursor_leads_to_the_place_that_it_was_made_for(number: int, text: str) -> None:
    cursor = cursor_after(LIST, (number, text))
    assert place_of(LIST, cursor, int, str) == (number, text)
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(numbers, texts)
def test_it_leads_nowhere_in_another_list_and_as_another_kind(number: int, text: str) -> None:
    cursor = cursor_after(LIST, (number, text))
    refused("/v1/alerts state=closed", cursor, int, str)
    refused(LIST, cursor, str, int)
    refused(LIST, cursor, int)
    refused(LIST, cursor, int, str, str)


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_what_is_made_up_is_refused(text: str) -> None:
    refused(LIST, text, int)


@given(numbers, st.integers(0, 30), st.characters(codec="ascii"))
def test_a_cursor_that_was_changed_leads_to_the_same_place_or_nowhere(number: int, at: int, other: str) -> None:
    cursor = cursor_after(LIST, (number,))
    changed = cursor[:at] + other + cursor[at + 1 :]
    with suppress(ProblemError):
        assert place_of(LIST, changed, int) == (number,)


@pytest.mark.parametrize("place", [("a\0b",), (2**63,), (-(2**63),), (1.5,), (True,), (None,), ([1],)])
def test_what_no_database_can_be_asked_is_refused_even_where_the_check_is_right(place: Any) -> None:
    cursor = cursor_after(LIST, place)
    refused(LIST, cursor, int)
    refused(LIST, cursor, str)


def test_a_cursor_is_never_longer_than_is_read() -> None:
    refused(LIST, cursor_after(LIST, ("a" * LONGEST,)), str)
    assert orjson.loads(orjson.dumps(place_of(LIST, cursor_after(LIST, ("a" * 1_000,)), str))) == ["a" * 1_000]
