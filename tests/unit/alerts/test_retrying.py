"""Back-off: from half a minute to an hour, for a day."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.policy.retrying import GIVE_UP_AFTER_US, SECOND_US, next_try_us

chances = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("attempts", "shortest_s", "longest_s"),
    [
        (1, 30, 60),
        (2, 60, 120),
        (3, 120, 240),
        (6, 960, 1_920),
        (7, 1_800, 3_600),
        (8, 1_800, 3_600),
        (500, 1_800, 3_600),
    ],
)
def test_the_wait_doubles_up_to_an_hour(attempts: int, shortest_s: int, longest_s: int) -> None:
    now_us = 10**15
    assert next_try_us(attempts, now_us, now_us, 0.0) == now_us + shortest_s * SECOND_US
    almost = next_try_us(attempts, now_us, now_us, 0.999999)
    assert almost is not None
    assert almost / SECOND_US == pytest.approx(now_us / SECOND_US + longest_s, abs=1)


@given(st.lists(chances, min_size=300, max_size=300), st.integers(0, 2 * 10**15), st.integers(0, 60 * SECOND_US))
def test_it_is_tried_for_exactly_a_day_and_then_no_more(chance: list[float], first_us: int, takes_us: int) -> None:
    now_us, tries = first_us, []
    for attempt, each in enumerate(chance, start=1):
        tries.append(now_us)
        again_us = next_try_us(attempt, first_us, now_us + takes_us, each)
        if again_us is None:
            break
        assert again_us > now_us
        now_us = again_us
    assert tries[-1] <= first_us + GIVE_UP_AFTER_US <= tries[-1] + takes_us
    assert 24 < len(tries) < 60


def test_failures_together_do_not_come_back_together() -> None:
    assert len({next_try_us(3, 0, 0, chance / 10) for chance in range(10)}) == 10
