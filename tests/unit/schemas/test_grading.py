"""3x5x2 grades: read strictly, and never guessed from the older system's letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.grading import Grade, at_least, has_weight

GRADE: TypeAdapter[str] = TypeAdapter(Grade)
grades = st.builds(
    lambda source, information, handling: source + information + handling,
    st.sampled_from("123"),
    st.sampled_from("ABCDE"),
    st.sampled_from("PC"),
)


@pytest.mark.parametrize("text", ["2BP", "2B P", "2-B-P", "2 B P", "2B-P", "2B/P"])
def test_it_may_be_written_in_several_ways_and_is_kept_in_one(text: str) -> None:
    assert GRADE.validate_python(text) == "2BP"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("B2", "grade-5x5x5"),
        ("B24", "grade-5x5x5"),
        ("E41", "grade-5x5x5"),
        ("A 1 1", "grade-5x5x5"),
        ("2B", "grade"),
        ("4BP", "grade"),
        ("2FP", "grade"),
        ("2BX", "grade"),
        ("2bp", "grade"),
        ("22", "grade"),
        ("2BPP", "grade"),
        (" 2BP", "grade"),
    ],
)
def test_whatever_is_not_plainly_one_is_refused(text: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        GRADE.validate_python(text)
    assert [error["type"] for error in refused.value.errors()] == [code]


@given(grades, grades)
def test_one_is_as_good_as_another_in_source_and_in_information_both(one: str, least: str) -> None:
    good = one[0] <= least[0] and one[1] <= least[1] and one[1] != "E"
    assert at_least(one, least) == good


def test_what_is_suspected_to_be_false_has_no_weight_and_an_ungraded_signal_no_grade() -> None:
    assert [has_weight(grade) for grade in ("1EP", "3DC", None)] == [False, True, True]
    assert not at_least("1EP", "3EC")
    assert not at_least(None, "3DC")
