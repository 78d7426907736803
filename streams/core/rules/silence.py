"""Rules on silence: a centre's return or sign of life overdue by so many of its own periods.

Raised for each area that the centre serves; `fell` when no centre of the area is overdue any more under the rule.
"""

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from schemas.changes import CentreRegistered, Change, HeartbeatSeen, Name, ReturnMade, Rule
from schemas.rules import ANY
from schemas.triggers import FELL, RAISED, Evidence
from streams.core.rules.expecting import (
    DUTIES,
    HEARTBEAT,
    RETURN,
    areas_served,
    is_overdue,
    missing_since,
    overdue_day,
    registered,
)
from streams.core.rules.findings import SILENCE, Finding, most_real
from streams.core.rules.ground import Ground
from streams.core.rules.held import HeldCentre, State
from streams.core.rules.verdicts import Status, StatusKey

RETURN_MADE, HEARTBEAT_SEEN, CENTRE_CLOSED = "return-made", "heartbeat-seen", "centre-closed"
OVERDUE = {RETURN: "return-overdue", HEARTBEAT: "heartbeat-overdue"}


class SilenceRules:
    """Judges the silence rules of one partnership's state.

    `start_day` is the day on which the partnership's clock started: nothing is expected before.
    """

    def __init__(self, ground: Ground, state: State) -> None:
        self._ground = ground
        self._state = state
        self._turns: dict[str, set[int]] = {}
        self._moved: set[str] = set()
        self.start_day: int | None = None
        self.reckon_anew()

    def returned(self, change: Change, what: ReturnMade, day: int) -> list[Finding]:
        """Take in a return, nil or not."""
        held = self._state.centres.get(what.centre, HeldCentre())
        last = what.last_day if held.last_return is None else max(held.last_return, what.last_day)
        self._state.centres[what.centre] = msgspec.structs.replace(held, last_return=last)
        return self._no_longer(what.centre, day, RETURN_MADE, change)

    def seen(self, change: Change, what: HeartbeatSeen, day: int) -> list[Finding]:
        """Take in a sign of life, which is no return."""
        held = self._state.centres.get(what.centre, HeldCentre())
        last = what.day if held.last_heartbeat is None else max(held.last_heartbeat, what.day)
        self._state.centres[what.centre] = msgspec.structs.replace(held, last_heartbeat=last)
        return self._no_longer(what.centre, day, HEARTBEAT_SEEN, change)

    def registered(self, change: Change, what: CentreRegistered, day: int) -> list[Finding]:
        """Take in an entry of the register, which makes nobody late."""
        held = self._state.centres.get(what.centre, HeldCentre())
        self._state.centres[what.centre] = registered(held, change, what, day, self.start_day)
        return self._no_longer(what.centre, day, CENTRE_CLOSED, change)

    def judge(self, rule: Rule, day: int) -> list[Finding]:
        """Judge every centre by one rule, as if it had just been added."""
        return self._raised(rule, self._late(rule, day), day)

    def next_day(self, after: int | None) -> int | None:
        """Return the first day that will change a verdict by itself: something is overdue then, or a centre closed.

        What was to change up to the day `after` has been settled.
        """
        for code in self._moved:
            self._turns[code] = self._turns_of(code)
        self._moved.clear()
        turns = (day for days in self._turns.values() for day in days if after is None or day > after)
        return min(turns, default=None)

    def reckon_anew(self) -> None:
        """Forget what was reckoned: the rules, the start of the clock or the day have changed."""
        self._moved = set(self._state.centres)
        started = self._state.started_at_us
        self.start_day = None if started is None else self._ground.calendar.day_of_us(started)

    def settle(self, day: int) -> list[Finding]:
        """Judge what the beginning of a day makes overdue, and which centres have closed."""
        self.reckon_anew()
        findings = []
        for code, held in sorted(self._state.centres.items(), key=lambda each: each[0]):
            if held.entry is not None and held.entry.last_day == day - 1:
                findings += self._no_longer(code, day, CENTRE_CLOSED, None)
        for rule in self._state.enabled(SILENCE):
            late = [
                each
                for each in self._late(rule, day)
                if not self._state.verdicts.about(rule.id, Name(each[1], each[0]))
            ]
            findings += self._raised(rule, late, day)
        return findings

    def _late(self, rule: Rule, day: int) -> list[tuple[str, str]]:
        return [
            (code, what)
            for code, held in self._state.centres.items()
            for what in DUTIES
            if is_overdue(held, what, rule.periods, self.start_day, day)
        ]

    def _turns_of(self, code: str) -> set[int]:
        held, start_day = self._state.centres[code], self.start_day
        if held.entry is None or start_day is None:
            return set()
        turns: set[int | None] = set()
        for rule in self._state.enabled(SILENCE):
            for what in DUTIES:
                if self._state.verdicts.about(rule.id, Name(what, code)):
                    turns.add(None if held.entry.last_day is None else held.entry.last_day + 1)
                else:
                    turns.add(overdue_day(held, what, rule.periods, start_day))
        return {turn for turn in turns if turn is not None}

    def _raised(self, rule: Rule, late: Sequence[tuple[str, str]], day: int) -> list[Finding]:
        """Return that centres are late, one finding an area however many they are."""
        by_area: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
        for code, what in late:
            held = self._state.centres[code]
            for area in areas_served(held, self._ground.city):
                key = StatusKey(rule.id, area, ANY, Name(what, code))
                self._state.verdicts[key] = Status(SILENCE, True, 1, held.marking)
                by_area[area].append((code, what))
        return [self._finding(rule, area, sorted(there), day) for area, there in by_area.items()]

    def _finding(self, rule: Rule, area: int, late: Sequence[tuple[str, str]], day: int) -> Finding:
        centres, start_day = self._state.centres, self.start_day or 0
        entries = dict.fromkeys(centres[code].entered_by for code, _ in late)
        return Finding(
            rule=rule,
            kind=RAISED,
            reason=OVERDUE[max(what for _, what in late)],
            area=area,
            group=ANY,
            observed=self._silent(rule, area),
            threshold=1,
            days=(min(missing_since(centres[code], what, start_day) for code, what in late), day),
            evidence=tuple(Evidence(name, 0) for name in entries),
            marking=most_real((centres[code].marking for code, _ in late), self._ground.marking),
        )

    def _silent(self, rule: Rule, area: int) -> int:
        """Return how many centres that serve an area are overdue under a rule."""
        place = StatusKey(rule.id, area, ANY)
        return len({key.cause.id for key, _ in self._state.verdicts.items() if key.place == place})

    def _no_longer(self, code: str, day: int, reason: str, change: Change | None) -> list[Finding]:
        """Return where a centre was the last that was overdue, and is so no longer."""
        self._moved.add(code)
        held = self._state.centres[code]
        findings = []
        for rule in self._state.enabled(SILENCE):
            for what in DUTIES:
                if is_overdue(held, what, rule.periods, self.start_day, day):
                    continue
                for key in self._state.verdicts.about(rule.id, Name(what, code)):
                    status = self._state.verdicts.pop(key)
                    if self._silent(rule, key.area) == 0:
                        cause = held.entered_by if change is None else change.cause
                        marking = status.marking if change is None else most_real((status.marking, change.marking), "")
                        findings.append(
                            Finding(rule, FELL, reason, key.area, ANY, 0, 1, (day, day), (Evidence(cause, 0),), marking)
                        )
        return findings
