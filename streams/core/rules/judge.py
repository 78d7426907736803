"""Judges one partnership's changes, one after another, each at its own recorded time.

Before each, whatever fell due by then is settled in due order, at the instant it fell due. So neither the spacing of
ticks nor the size of batches changes what is found.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from schemas.changes import (
    Booked,
    CentreRegistered,
    Change,
    HeartbeatSeen,
    Name,
    Rebuilt,
    ReturnMade,
    Rule,
    RulesSet,
    SignalTold,
    Ticked,
    What,
)
from schemas.triggers import FELL, Moved, Trigger, Watched
from streams.core.rules.counting import CountRules
from streams.core.rules.expecting import completeness
from streams.core.rules.findings import (
    CLOCK,
    COUNT,
    SEVERE_EVENT,
    SIGNAL,
    SILENCE,
    Finding,
    Occasion,
    most_real,
    triggers_of,
)
from streams.core.rules.ground import Ground
from streams.core.rules.held import KEPT_DAYS, State
from streams.core.rules.moving import MovedPlaces
from streams.core.rules.severe import SevereRules
from streams.core.rules.signalling import SignalRules
from streams.core.rules.silence import SilenceRules
from streams.core.rules.verdicts import Status, StatusKey

RULE_CHANGED = "rule-changed"


class RuleKind(Protocol):
    """Rules of one kind, as all of them are judged."""

    def judge(self, rule: Rule, day: int) -> list[Finding]:
        """Judge all that is held by one rule, as if it had just been added."""
        ...


class Judge:
    """Judges the changes of one partnership, and moves its state on."""

    def __init__(self, ground: Ground, state: State) -> None:
        self._ground = ground
        self._state = state
        self._counts = CountRules(ground, state)
        self._severe = SevereRules(ground, state)
        self._signals = SignalRules(ground, state)
        self._silence = SilenceRules(ground, state)
        self._kinds: dict[str, RuleKind] = {
            COUNT: self._counts,
            SEVERE_EVENT: self._severe,
            SIGNAL: self._signals,
            SILENCE: self._silence,
        }
        self._day: int | None = None

    def handle(self, change: Change) -> list[Watched]:
        """Return what a change brings about, after all that fell due before it; a tick is handed on in its place."""
        at_us = change.recorded_at_us
        said: list[Watched] = list(self._settle_until(change))
        if self._state.started_at_us is None and at_us > 0:
            self._state.started_at_us = at_us
            self._silence.reckon_anew()
            self._state.next_due_us = self._reckon()
        if isinstance(change.what, Ticked):
            return [*said, Moved(change.partnership, at_us)]
        occasion = self._occasion(change.cause, at_us, change.position)
        said += self._say(occasion, self._judge(change, change.what, occasion.day))
        self._state.next_due_us = self._reckon()
        return said

    def _settle_until(self, change: Change) -> list[Trigger]:
        said: list[Trigger] = []
        while (due_us := self._state.next_due_us) is not None and due_us <= change.recorded_at_us:
            occasion = self._occasion(Name(CLOCK, str(due_us)), due_us, change.position)
            said += self._say(occasion, self._settle(due_us, occasion.day))
            self._state.next_due_us = self._reckon()
        return said

    def _occasion(self, cause: Name, at_us: int, position: int) -> Occasion:
        """Return why rules are judged now; on a new day, forget what is too old for any."""
        day = self._ground.calendar.day_of_us(at_us)
        if day != self._day:
            self._state.forget(day - KEPT_DAYS)
            self._day = day
        return Occasion(cause, at_us, position, day)

    def _settle(self, due_us: int, day: int) -> list[Finding]:
        return [
            *self._counts.settle(self._state.verdicts.due(due_us, COUNT), day),
            *self._signals.settle(self._state.verdicts.due(due_us, SIGNAL), day),
            *self._silence.settle(day),
        ]

    def _reckon(self) -> int | None:
        day, due_us = self._silence.next_day(self._day), self._state.verdicts.next_due_us()
        dues = (due_us, None if day is None else self._ground.calendar.first_us_of_day(day))
        return min((due for due in dues if due is not None), default=None)

    def _judge(self, change: Change, what: What, day: int) -> list[Finding]:
        findings: list[Finding] = []
        match what:
            case Booked():
                findings += self._counts.booked(change, what.deltas, day)
                findings += self._severe.booked(change, what, day)
            case SignalTold():
                findings += self._signals.told(change, what, day)
            case ReturnMade():
                findings += self._silence.returned(change, what, day)
            case HeartbeatSeen():
                findings += self._silence.seen(change, what, day)
            case CentreRegistered():
                findings += self._silence.registered(change, what, day)
            case RulesSet():
                findings += self._rules_set(what, day)
            case Rebuilt():
                self._counts.rebuilt(change, what, day)
                places = MovedPlaces(what.places)
                self._severe.moved(places, day)
                self._signals.moved(places, day)
        return findings

    def _rules_set(self, what: RulesSet, day: int) -> list[Finding]:
        """Judge what is held once by each rule that is new or not as it was; let go of what others said."""
        before = {rule.id: rule for rule in self._state.rules}
        after = {rule.id: rule for rule in what.rules}
        changed = [id_ for id_ in {**before, **after} if before.get(id_) != after.get(id_)]
        were_above = self._let_go(changed)
        self._state.rules = what.rules
        self._counts.set_rules()
        self._silence.reckon_anew()
        findings = [
            finding
            for id_ in changed
            if (rule := after.get(id_)) is not None and rule.enabled
            for finding in self._kinds[rule.kind].judge(rule, day)
        ]
        self._silence.reckon_anew()
        return [*findings, *self._fallen(were_above, before, day)]

    def _let_go(self, rules: Sequence[str]) -> dict[StatusKey, Status]:
        """Drop the verdicts of some rules; return the strongest that was above, by rule, area and strand group."""
        let_go: dict[StatusKey, Status] = {}
        for key in [key for key, _ in self._state.verdicts.items() if key.rule in rules]:
            status, place = self._state.verdicts.pop(key), key.place
            if status.above:
                let_go[place] = _stronger(status, let_go.get(place, status))
        return let_go

    def _fallen(self, were_above: dict[StatusKey, Status], before: dict[str, Rule], day: int) -> list[Finding]:
        """Return what was above under a rule that is gone or different now, and is above no more."""
        still = {key.place for key, status in self._state.verdicts.items() if status.above}
        return [
            Finding(
                rule=before[key.rule],
                kind=FELL,
                reason=RULE_CHANGED,
                area=key.area,
                group=key.group,
                observed=status.rank,
                threshold=before[key.rule].count or 1,
                days=(day, day),
                marking=status.marking,
                rank=status.rank,
            )
            for key, status in were_above.items()
            if key not in still
        ]

    def _say(self, occasion: Occasion, findings: Iterable[Finding]) -> list[Trigger]:
        found = list(findings)
        if not found:
            return []
        complete = completeness(self._state.centres, occasion.day, self._silence.start_day)
        return triggers_of(self._ground, occasion, found, complete)


def _stronger(one: Status, other: Status) -> Status:
    """Return the higher of two verdicts on a place, as real as the more real of them."""
    marking = most_real((one.marking, other.marking), one.marking)
    return max(one, other, key=lambda each: each.rank)._replace(marking=marking)
