"""When a delivery that did not get through is tried again, and when no more: the one place that owns back-off."""

SECOND_US = 1_000_000
FIRST_WAIT_US = 30 * SECOND_US
LONGEST_WAIT_US = 3_600 * SECOND_US
GIVE_UP_AFTER_US = 24 * 3_600 * SECOND_US
DOUBLINGS = 6
"""More of them would not lengthen a wait that is the longest already."""


def next_try_us(attempts: int, first_tried_at_us: int, now_us: int, chance: float) -> int | None:
    """Return when to try again after so many attempts, the last one by now in vain; None to give up.

    The wait doubles from 30 to 60 s after the first up to half an hour to an hour; `chance`, from 0 to below 1, says
    where in between, so that what failed together does not come back together. The last try is 24 h after the first.
    """
    last_us = first_tried_at_us + GIVE_UP_AFTER_US
    if now_us >= last_us:
        return None
    longest_us = min(LONGEST_WAIT_US, 2 * FIRST_WAIT_US << min(attempts - 1, DOUBLINGS))
    shortest_us = longest_us // 2
    return min(last_us, now_us + shortest_us + int(chance * (longest_us - shortest_us)))
