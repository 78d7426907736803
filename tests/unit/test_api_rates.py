"""An allowance: so many at once, as many again over each minute, and never more, whenever they come."""

from hypothesis import given
from hypothesis import strategies as st

from api.rates import MOST_REMEMBERED, Allowance


def asks(allowance: Allowance, who: str, at_s: float) -> bool:
    """Ask once, and go on where that is allowed."""
    if allowance.wait_s(who, at_s):
        return False
    allowance.take(who, at_s)
    return True


@given(
    st.integers(1, 20),
    st.lists(st.floats(0, 30, allow_nan=False), max_size=120),
)
def test_within_any_span_no_more_go_through_than_a_full_allowance_and_what_came_back(
    a_minute: int, waits_s: list[float]
) -> None:
    allowance, at_s, through = Allowance(a_minute), 1_000.0, list[float]()
    for wait_s in waits_s:
        at_s += wait_s
        if asks(allowance, "key", at_s):
            through.append(at_s)
    for first, began_s in enumerate(through):
        for last in range(first, len(through)):
            span_s = through[last] - began_s
            assert last - first + 1 <= a_minute + span_s * a_minute / 60 + 1e-6


@given(st.integers(1, 1_000), st.integers(0, 2_000))
def test_whoever_waits_as_long_as_told_may_go_on_and_not_much_sooner(a_minute: int, asked: int) -> None:
    allowance = Allowance(a_minute)
    allowed = sum(asks(allowance, "key", 5.0) for _ in range(asked))
    assert allowed == min(asked, a_minute)
    wait_s = allowance.wait_s("key", 5.0)
    assert allowance.wait_s("key", 5.0 + wait_s) == 0
    if wait_s > 1:
        assert allowance.wait_s("key", 5.0 + wait_s - 1) > 0


def test_each_has_its_own_and_inventing_names_takes_no_room() -> None:
    allowance = Allowance(1)
    assert asks(allowance, "one", 0.0)
    assert not asks(allowance, "one", 0.0)
    assert asks(allowance, "other", 0.0)
    for number in range(MOST_REMEMBERED - 1):
        asks(allowance, f"invented-{number}", 0.0)
    assert not asks(allowance, "other", 0.0)
    assert asks(allowance, "one", 0.0), "the one heard of longest ago was forgotten"
