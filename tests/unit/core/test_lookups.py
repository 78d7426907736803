"""A new lookup decides for its days, and leaves all others as they were."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from streams.core.areas import Lookup
from streams.core.lookups import replaced_by

HERE, ONE, OTHER = 1, 21, 22
OPEN = (None, None)
LAST = 30
ends = st.none() | st.integers(0, LAST)
Span = tuple[int | None, int | None]


def in_order(span: Span) -> bool:
    return span[0] is None or span[1] is None or span[0] <= span[1]


spans: st.SearchStrategy[Span] = st.tuples(ends, ends).filter(in_order)
lookups = st.builds(lambda to, span: Lookup(HERE, to, *span), st.sampled_from([ONE, OTHER]), spans)


def holds(lookup: Lookup, day: int) -> bool:
    return (lookup.first_day is None or lookup.first_day <= day) and (lookup.last_day is None or day <= lookup.last_day)


def decided(held: list[Lookup], day: int) -> set[int]:
    return {lookup.to_area for lookup in held if holds(lookup, day)}


def added_to(held: list[Lookup], new: Lookup) -> list[Lookup]:
    change = replaced_by(new, held, OPEN)
    return [lookup for lookup in held if lookup not in change.ended] + list(change.added)


@given(st.lists(lookups, max_size=5))
def test_of_lookups_that_came_one_after_another_the_newest_decides_each_day(came: list[Lookup]) -> None:
    held: list[Lookup] = []
    for lookup in came:
        held = added_to(held, lookup)
    for day in range(-1, LAST + 2):
        newest = [lookup.to_area for lookup in came if holds(lookup, day)][-1:]
        assert decided(held, day) == set(newest)
        assert sum(holds(lookup, day) for lookup in held) == len(newest)


@given(lookups, spans)
def test_one_that_is_held_already_for_all_days_on_which_the_area_exists_changes_nothing(
    new: Lookup, exists: Span
) -> None:
    held = replace(new, first_day=exists[0], last_day=exists[1])
    assert replaced_by(new, [held], exists) == ((), ())


def test_what_is_left_of_the_one_before_goes_on_before_and_after() -> None:
    old = Lookup(HERE, ONE)
    new = Lookup(HERE, OTHER, 10, 20)
    assert replaced_by(new, [old], OPEN) == (
        (old,),
        (Lookup(HERE, ONE, None, 9), Lookup(HERE, ONE, 21, None), new),
    )
