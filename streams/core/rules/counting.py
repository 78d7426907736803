"""Rules that count: N incidents in D days.

A count is the sum of what was booked and taken back within the window, which ends on the day of now: dated and
reported incidents only, since what an agency goes looking for feeds itself. Raised when the count reaches N, and again
for each addition while it stays there; `fell` when a correction or the passing of days takes it below.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from schemas.changes import Change, Delta, Rebuilt, Rule
from schemas.triggers import FELL, RAISED, Evidence
from schemas.vocabulary import Recording
from streams.core.rules.findings import COUNT, MOST_EVIDENCE, Finding, most_real
from streams.core.rules.ground import Ground, strand_groups
from streams.core.rules.held import Item, State
from streams.core.rules.verdicts import Status, StatusKey

COUNT_REACHED, NEW_EVIDENCE, COUNT_CORRECTED, WINDOW_EMPTIED = (
    *("count-reached", "new-evidence", "count-corrected", "window-emptied"),
)


def items_of(change: Change, deltas: Sequence[Delta], markings: Sequence[str] = ()) -> list[Item]:
    """Return what a change books of dated contributions: what is undated is in totals, never in detection."""
    return [
        Item(
            delta.day,
            change.position,
            ordinal,
            delta.recording,
            delta.areas,
            delta.strands,
            delta.n,
            change.cause,
            markings[ordinal] if markings else change.marking,
        )
        for ordinal, delta in enumerate(deltas)
        if delta.dated
    ]


class _Tally:
    """What one rule counts in one area for one strand group: n by day, and each item in its order."""

    def __init__(self) -> None:
        self.by_day: Counter[int] = Counter()
        self.items: list[Item] = []
        self._markings: dict[int, str] = {}

    def add(self, item: Item) -> None:
        self.by_day[item.day] += item.n
        self.items.append(item)
        self._markings[item.day] = most_real((item.marking, self._markings.get(item.day, item.marking)), item.marking)

    def count(self, first: int, last: int) -> int:
        return sum(n for day, n in self.by_day.items() if first <= day <= last)

    def marking(self, first: int, last: int, default: str) -> str:
        return most_real((marking for day, marking in self._markings.items() if first <= day <= last), default)

    def evidence(self, first: int, last: int) -> tuple[Evidence, ...]:
        """Return the events that a count in a window rests on, the newest first; without those that add nothing."""
        found: list[Evidence] = []
        for _, items in groupby(reversed(self.items), key=lambda item: item.position):
            within = [item for item in items if first <= item.day <= last]
            if n := sum(item.n for item in within):
                found.append(Evidence(within[0].cause, n))
            if len(found) == MOST_EVIDENCE:
                break
        return tuple(found)


class CountRules:
    """Judges the count rules of one partnership's state."""

    def __init__(self, ground: Ground, state: State) -> None:
        self._ground = ground
        self._state = state
        self.set_rules()

    def set_rules(self) -> None:
        """Take up the rules as they are now, and tally what is held for them."""
        self._rules = {rule.id: (rule, self._ground.areas(rule)) for rule in self._state.enabled(COUNT)}
        self._tallies: defaultdict[StatusKey, _Tally] = defaultdict(_Tally)
        for item in sorted(self._state.items, key=lambda each: (each.position, each.ordinal)):
            self._enter(item)

    def booked(self, change: Change, deltas: Sequence[Delta], day: int) -> list[Finding]:
        """Judge what an event about incidents adds and takes back; several deltas make one finding."""
        return self._judge_all(self._book(items_of(change, deltas), day), day, COUNT_CORRECTED)

    def rebuilt(self, change: Change, what: Rebuilt, day: int) -> None:
        """Take in what a rebuild moved, silently: what is above is known to be so, and nobody is told again."""
        added = self._book(items_of(change, what.deltas, what.markings), day)
        self._judge_all(added, day, COUNT_CORRECTED)

    def judge(self, rule: Rule, day: int) -> list[Finding]:
        """Judge all that is held by one rule, as if it had just been added."""
        keys = [key for key in self._tallies if key.rule == rule.id]
        return self._judge_all(dict.fromkeys(keys, 0), day, COUNT_CORRECTED)

    def settle(self, due: Iterable[StatusKey], day: int) -> list[Finding]:
        """Judge what the beginning of a day changes: days leave a window, or what lay in the future is there."""
        return self._judge_all({key: self._tallies[key].by_day[day] for key in due}, day, WINDOW_EMPTIED)

    def _book(self, items: Iterable[Item], day: int) -> Counter[StatusKey]:
        """Book what a change says; return what it adds within the window, by what it touches at all."""
        added: Counter[StatusKey] = Counter()
        for item in items:
            self._state.items.append(item)
            for key in self._enter(item):
                rule, _ = self._rules[key.rule]
                added[key] += item.n if day - rule.days < item.day <= day else 0
        return added

    def _enter(self, item: Item) -> list[StatusKey]:
        keys = list(self._keys(item))
        for key in keys:
            self._tallies[key].add(item)
        return keys

    def _keys(self, item: Item) -> Iterator[StatusKey]:
        if item.recording != Recording.REPORTED:
            return
        for rule, areas in self._rules.values():
            for area in areas.intersection(item.areas):
                for group in strand_groups(rule, item.strands):
                    yield StatusKey(rule.id, area, group)

    def _judge_all(self, added: dict[StatusKey, int], day: int, reason_to_fall: str) -> list[Finding]:
        findings = (self._judge(key, n, day, reason_to_fall) for key, n in added.items())
        return [finding for finding in findings if finding is not None]

    def _judge(self, key: StatusKey, added: int, day: int, reason_to_fall: str) -> Finding | None:
        rule, _ = self._rules[key.rule]
        tally, held = self._tallies[key], self._state.verdicts.get(key)
        first = day - rule.days + 1
        count = tally.count(first, day)
        was_above, is_above = held is not None and held.above, count >= rule.count
        marking = tally.marking(first, day, self._ground.marking)
        turn = _next_turn(tally.by_day, rule, day, count)
        if is_above or turn is not None:
            due_us = None if turn is None else self._ground.calendar.first_us_of_day(turn)
            self._state.verdicts[key] = Status(COUNT, is_above, count, marking, due_us)
        elif held is not None:
            self._state.verdicts.pop(key)
        if is_above and (added > 0 or not was_above):
            kind, reason = RAISED, NEW_EVIDENCE if was_above else COUNT_REACHED
        elif was_above and not is_above:
            kind, reason = FELL, reason_to_fall
        else:
            return None
        evidence, days = tally.evidence(first, day), (first, day)
        return Finding(rule, kind, reason, key.area, key.group, count, rule.count, days, evidence, marking)


def _next_turn(by_day: Counter[int], rule: Rule, day: int, count: int) -> int | None:
    """Return the next day that changes the verdict by itself, or brings evidence: None if nothing held does."""
    is_above = count >= rule.count
    coming = [each for each in by_day if each > day]
    if not is_above and not coming:
        return None
    turns = {each + rule.days for each in by_day if each + rule.days > day} | set(coming)
    for turn in sorted(turns):
        count += by_day[turn] - by_day[turn - rule.days]
        if (count >= rule.count) != is_above or (is_above and by_day[turn] > 0):
            return turn
    return None
