"""History is cut into slices: all of it, in order of receipt, with every tick where it belongs."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from producers.replay import MOST_ROWS, Line, in_order, received_us, slices
from streams.core.days import Calendar

HOUR_US = 3_600_000_000
LONDON = Calendar("Europe/London")
histories = st.lists(st.integers(0, 4_000), max_size=60).map(
    lambda hours: in_order(Line(number, hour * HOUR_US // 3, b"") for number, hour in enumerate(hours, start=1))
)


@given(histories, st.integers(1, 48))
def test_every_event_and_every_tick_comes_once_and_in_its_place(lines: list[Line], hours: int) -> None:
    tick_us = hours * HOUR_US
    cut = list(slices(lines, tick_us))
    assert [line for part in cut for line in part.lines] == lines
    ticks = [at for part in cut for at in part.ticks_us]
    if not lines:
        assert ticks == []
        return
    first, last = lines[0].received_us, lines[-1].received_us
    assert ticks == [*range(first + tick_us, last, tick_us), last + 1]
    assert all(len(part.lines) + len(part.ticks_us) <= MOST_ROWS + 1 for part in cut)
    for part, after in pairwise(cut):
        ended = max([*(line.received_us for line in part.lines), *part.ticks_us])
        assert ended <= after.first_us


def test_ties_keep_the_order_of_the_file() -> None:
    assert [line.number for line in in_order([Line(1, 5, b""), Line(2, 3, b""), Line(3, 3, b"")])] == [2, 3, 1]


def test_a_day_of_receipt_is_its_last_instant_and_without_one_the_time_of_making_counts() -> None:
    assert received_us(b'{"time": "2026-06-30T10:00:00Z", "receivedtime": "2026-06-30"}', LONDON) == (
        1_782_860_399_999_999
    )
    assert received_us(b'{"time": "1970-01-01T00:00:01Z"}', LONDON) == 1_000_000
