"""Watch: rules are judged on each change, at its own recorded time, and in between on what time alone decides.

A partnership's state is read as far as its batch needs it, judged upon record by record, and what changed is written
once. A batch of mere ticks before anything is due reads one row a partnership.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TypeVar

from schemas.changes import Booked, Change, Rebuilt, RulesSet, SignalTold, Ticked
from schemas.codec import decode_changes, encode_triggers
from schemas.topics import TRIGGERS
from schemas.triggers import Moved, Watched
from streams.core.rules.ground import Ground
from streams.core.rules.held import KEPT_DAYS, Item, State
from streams.core.rules.judge import Judge
from streams.ports import Emit, Partnership, Record, StageReader, StageUnit
from streams.ports.watching import Saved, Wanted, WatchClock

K = TypeVar("K")
V = TypeVar("V")

STAGE = "watch"


@dataclass
class WatchWork:
    """All that one batch writes, computed before any lock is taken."""

    saved: list[Saved] = field(default_factory=list)
    ticked_at_us: dict[int, int] = field(default_factory=dict)
    emits: list[Emit] = field(default_factory=list)


class Watch:
    """The stage between `changes` and `triggers`."""

    name = STAGE

    def prepare(self, records: Sequence[Record], reader: StageReader) -> WatchWork:
        """Judge a batch, partnership by partnership: they share a partition, and never a result.

        Raises msgspec.DecodeError for a record whose body is no list of changes.
        """
        changes: dict[int, list[Change]] = {}
        for record in records:
            changes.setdefault(record.partnership, []).extend(decode_changes(record.body))
        clocks = reader.watch.clocks(list(changes))
        work = WatchWork()
        for number, theirs in changes.items():
            if theirs:
                _watch(reader, reader.partnership(number), clocks.get(number, WatchClock()), theirs, work)
        return work

    def apply(self, work: WatchWork, unit: StageUnit) -> Sequence[Emit]:
        """Write it."""
        for saved in work.saved:
            unit.watch.save(saved)
        unit.note_ticks(self.name, work.ticked_at_us)
        return work.emits


def _watch(
    reader: StageReader, partnership: Partnership, clock: WatchClock, changes: Sequence[Change], work: WatchWork
) -> None:
    """Judge one partnership's changes, and add what they bring about to the work."""
    number, last_us = partnership.number, changes[-1].recorded_at_us
    kept_from = max(clock.kept_from_day, partnership.calendar.day_of_us(last_us) - KEPT_DAYS)
    if _are_mere_ticks(changes, clock):
        said: list[Watched] = [Moved(number, last_us)]
        if kept_from > clock.kept_from_day:
            work.saved.append(Saved(number, clock._replace(kept_from_day=kept_from), forgets=True))
    else:
        said, saved = _judge(reader, partnership, clock, changes, kept_from)
        work.saved.append(saved)
    if said:
        work.emits.append(Emit(TRIGGERS.name, number, last_us, encode_triggers(said)))
    ticks = [change.recorded_at_us for change in changes if isinstance(change.what, Ticked)]
    if ticks:
        work.ticked_at_us[number] = ticks[-1]


def _are_mere_ticks(changes: Sequence[Change], clock: WatchClock) -> bool:
    """Whether a batch changes nothing but the time, and nothing is due by then."""
    is_quiet = clock.next_due_us is None or changes[-1].recorded_at_us < clock.next_due_us
    return clock.started_at_us is not None and is_quiet and all(isinstance(each.what, Ticked) for each in changes)


def _judge(
    reader: StageReader, partnership: Partnership, clock: WatchClock, changes: Sequence[Change], kept_from_day: int
) -> tuple[list[Watched], Saved]:
    number = partnership.number
    state = reader.watch.state(number, clock, _wanted(partnership, clock, changes))
    before = _Held(state)
    judge = Judge(_ground(partnership), state)
    said = [each for change in changes for each in judge.handle(change)]
    now = WatchClock(state.started_at_us, state.next_due_us, kept_from_day, state.rules)
    return _shortened(said), before.saved(number, state, now, forgets=kept_from_day > clock.kept_from_day)


def _ground(partnership: Partnership) -> Ground:
    return Ground(
        partnership.number, partnership.slug, partnership.calendar, partnership.geography, partnership.marking
    )


def _wanted(partnership: Partnership, clock: WatchClock, changes: Sequence[Change]) -> Wanted:
    """Return what judging a batch may need. Items: those in the longest window that any of its moments looks at."""
    sets = [change.what.rules for change in changes if isinstance(change.what, RulesSet)]
    longest = max((rule.days for rules in (clock.rules, *sets) for rule in rules if rule.enabled), default=0)
    first_us = min(us for us in (changes[0].recorded_at_us, clock.next_due_us) if us is not None)
    counts = any(isinstance(change.what, Booked | Rebuilt | RulesSet) for change in changes)
    is_due = clock.next_due_us is not None and clock.next_due_us <= changes[-1].recorded_at_us
    from_day = partnership.calendar.day_of_us(first_us) - longest
    return Wanted(
        items_from_day=from_day if longest and (counts or is_due) else None,
        incidents=frozenset(change.what.incident for change in changes if isinstance(change.what, Booked)),
        signals=frozenset(change.what.signal for change in changes if isinstance(change.what, SignalTold)),
        everything=any(isinstance(change.what, Rebuilt | RulesSet) for change in changes),
    )


class _Held:
    """What was held before a batch, so that only what has changed is written."""

    def __init__(self, state: State) -> None:
        self._items = len(state.items)
        self._rules = state.rules
        self._incidents = dict(state.incidents)
        self._signals = dict(state.signals)
        self._centres = dict(state.centres)
        self._verdicts = dict(state.verdicts.items())

    def saved(self, partnership: int, state: State, clock: WatchClock, *, forgets: bool) -> Saved:
        """Return what is different now."""
        items: list[Item] = [item for item in state.items[self._items :] if item.day >= clock.kept_from_day]
        return Saved(
            partnership=partnership,
            clock=clock,
            forgets=forgets,
            has_new_rules=state.rules != self._rules,
            items=items,
            incidents=_changed(self._incidents, state.incidents),
            signals=_changed(self._signals, state.signals),
            centres={code: held for code, held in state.centres.items() if self._centres.get(code) != held},
            verdicts=_changed(self._verdicts, dict(state.verdicts.items())),
        )


def _changed(before: Mapping[K, V], after: Mapping[K, V]) -> dict[K, V | None]:
    """Return what is new or different, and None for what is gone."""
    changed: dict[K, V | None] = {key: held for key, held in after.items() if before.get(key) != held}
    return changed | {key: None for key in before if key not in after}


def _shortened(said: Sequence[Watched]) -> list[Watched]:
    """Return what was said with ticks in a row reduced to the last."""
    shortened: list[Watched] = []
    for is_tick, run in groupby(said, key=lambda each: isinstance(each, Moved)):
        each = list(run)
        shortened += each[-1:] if is_tick else each
    return shortened
