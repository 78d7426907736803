"""What a new lookup replaces: an area lies in one area of each layer at a time, so the newest decides for its days."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from streams.core.areas import Lookup

BEFORE_ALL, AFTER_ALL = -(1 << 31), (1 << 31) - 1
"""Days earlier and later than any that a calendar has."""


class Replacement(NamedTuple):
    """Which of the lookups that held no longer do, and which hold instead: the new one, and what is left of the old."""

    ended: tuple[Lookup, ...]
    added: tuple[Lookup, ...]


def replaced_by(new: Lookup, held: Sequence[Lookup], exists: tuple[int | None, int | None]) -> Replacement:
    """Return what changes when a lookup is added to those that lead from the same area to the same layer.

    `exists` are the first and last day on which the area is in force. Nothing changes where one that is held says
    the same for all days of the new one on which the area exists.
    """
    first, last = _days(new)
    asked = max(first, _days_of(*exists)[0]), min(last, _days_of(*exists)[1])
    if any(old.to_area == new.to_area and _days(old)[0] <= asked[0] and asked[1] <= _days(old)[1] for old in held):
        return Replacement((), ())
    ended = tuple(old for old in held if _days(old)[0] <= last and first <= _days(old)[1])
    return Replacement(ended, (*(rest for old in ended for rest in _rest_of(old, first, last)), new))


def _rest_of(old: Lookup, first: int, last: int) -> Iterable[Lookup]:
    old_first, old_last = _days(old)
    if old_first < first:
        yield replace(old, last_day=first - 1)
    if last < old_last:
        yield replace(old, first_day=last + 1)


def _days(lookup: Lookup) -> tuple[int, int]:
    return _days_of(lookup.first_day, lookup.last_day)


def _days_of(first: int | None, last: int | None) -> tuple[int, int]:
    return BEFORE_ALL if first is None else first, AFTER_ALL if last is None else last
