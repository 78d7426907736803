"""Rules on one signal of tension. Signals are never added up: each is judged by itself.

The highest version holds whenever it comes, and amendments may come before the signal. A forecast is over at the end
of its last day, or once it is resolved. A feeling or a thing seen stays what it was, but one of long ago raises
nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from msgspec import UNSET
from msgspec.structs import replace

from schemas.changes import Change, Name, Rule, SignalTold
from schemas.grading import at_least, has_weight
from schemas.triggers import FELL, RAISED, Evidence
from schemas.vocabulary import Intensity, Reach, SignalForm
from streams.core.rules.findings import SIGNAL, Finding, most_real
from streams.core.rules.ground import Ground, strand_groups
from streams.core.rules.held import RECENT_DAYS, HeldSignal, SignalVersion, State
from streams.core.rules.moving import MovedPlaces
from streams.core.rules.verdicts import Status, StatusKey

SIGNAL_TOLD, AMENDED, LAPSED, RESOLVED, WITHDRAWN = (
    *("signal", "signal-amended", "signal-lapsed", "signal-resolved", "signal-withdrawn"),
)
UNKNOWN = "unknown"
_REACH = {reach.value: rank for rank, reach in enumerate(Reach, start=1) if reach != UNKNOWN}
_INTENSITY = {intensity.value: rank for rank, intensity in enumerate(Intensity, start=1) if intensity != UNKNOWN}


class SignalRules:
    """Judges the signal rules of one partnership's state."""

    def __init__(self, ground: Ground, state: State) -> None:
        self._ground = ground
        self._state = state

    def told(self, change: Change, what: SignalTold, day: int) -> list[Finding]:
        """Judge what an event says of one signal, unless a higher version has been told."""
        earlier = self._state.signals.get(what.signal)
        held = _after(earlier, SignalVersion(what, change.cause, change.marking), day)
        if held is None:
            return []
        self._state.signals[what.signal] = held
        is_first = earlier is None or earlier.version is None
        return [
            finding
            for rule in self._state.enabled(SIGNAL)
            for finding in (
                *self._fallen(rule, change, what.signal, day),
                *self._raised(rule, what.signal, day, SIGNAL_TOLD if is_first else AMENDED),
            )
        ]

    def moved(self, places: MovedPlaces, day: int) -> None:
        """Let signals lie where their places now count, with what rules say of them; nobody is told again."""
        for name, held in self._state.signals.items():
            version = held.version
            if version is None or version.told.place is UNSET:
                continue
            if (areas := places.areas(version.told.place, version.told.first_day)) is None:
                continue
            moved = replace(held, version=replace(version, told=replace(version.told, areas=areas)))
            self._state.signals[name] = moved
            for rule in self._state.enabled(SIGNAL):
                was = [self._state.verdicts.pop(key) for key in self._state.verdicts.about(rule.id, name)]
                if (live := _live(moved, day)) is not None and (was or _is_recent(live.told, day)):
                    for key in self._keys(rule, name, live.told):
                        self._state.verdicts[key] = self._status(rule, live)

    def judge(self, rule: Rule, day: int) -> list[Finding]:
        """Judge all signals that are held by one rule, as if it had just been added."""
        found: defaultdict[StatusKey, list[SignalVersion]] = defaultdict(list)
        for name, held in self._state.signals.items():
            version = _live(held, day)
            if version is None or not _is_recent(version.told, day):
                continue
            for key in self._keys(rule, name, version.told):
                self._state.verdicts[key] = self._status(rule, version)
                found[key.place].append(version)
        return [self._finding(rule, key, versions, day, SIGNAL_TOLD) for key, versions in found.items()]

    def settle(self, due: Iterable[StatusKey], day: int) -> list[Finding]:
        """Judge the forecasts whose last day is over: those of one rule, area and strand group lapse together."""
        rules = {rule.id: rule for rule in self._state.enabled(SIGNAL)}
        lapsed: defaultdict[StatusKey, list[tuple[Name, Status]]] = defaultdict(list)
        for key in sorted(due, key=lambda each: (each.cause.source, each.cause.id)):
            lapsed[key.place].append((key.cause, self._state.verdicts.pop(key)))
        return [
            self._fall(
                rules[key.rule],
                key,
                LAPSED,
                day,
                tuple(Evidence(name, -1) for name, _ in gone),
                most_real((status.marking for _, status in gone), self._ground.marking),
            )
            for key, gone in lapsed.items()
        ]

    def _fallen(self, rule: Rule, change: Change, name: Name, day: int) -> Iterator[Finding]:
        """Yield where a signal was above and no longer is: `observed` is what others still have there."""
        held = self._state.signals[name]
        version = _live(held, day)
        keys = [] if version is None else self._keys(rule, name, version.told)
        for key in self._state.verdicts.about(rule.id, name):
            if key not in keys:
                status = self._state.verdicts.pop(key)
                marking = most_real((change.marking, status.marking), change.marking)
                yield self._fall(rule, key, _reason(held), day, (Evidence(change.cause, -1),), marking)

    def _raised(self, rule: Rule, name: Name, day: int, reason: str) -> Iterator[Finding]:
        """Yield where a signal is above, and was not, or not so strongly."""
        version = _live(self._state.signals[name], day)
        if version is None:
            return
        is_recent = _is_recent(version.told, day)
        for key in self._keys(rule, name, version.told):
            held, status = self._state.verdicts.get(key), self._status(rule, version)
            if held is not None or is_recent:
                self._state.verdicts[key] = status
            if is_recent and (held is None or held.rank < status.rank):
                yield self._finding(rule, key, [version], day, reason)

    def _keys(self, rule: Rule, name: Name, told: SignalTold) -> list[StatusKey]:
        """Return where a signal is above: nowhere if it is not of the form, grade, reach or intensity asked for."""
        if not _meets(rule, told):
            return []
        return [
            StatusKey(rule.id, area, group, name)
            for area in self._ground.areas(rule).intersection(told.areas)
            for group in strand_groups(rule, told.groups)
        ]

    def _status(self, rule: Rule, version: SignalVersion) -> Status:
        told = version.told
        rank, marking = _strength(rule, told), version.marking
        if told.form == SignalForm.FORECAST:
            due_us = self._ground.calendar.first_us_of_day(told.last_day + 1)
            return Status(SIGNAL, True, rank, marking, due_us, told.last_day)
        return Status(SIGNAL, True, rank, marking, None, told.last_day)

    def _finding(self, rule: Rule, key: StatusKey, versions: Sequence[SignalVersion], day: int, reason: str) -> Finding:
        """Return that signals are above; more than one only where a rule is new, and then the strongest is shown."""
        strongest = max(versions, key=lambda version: (_strength(rule, version.told), version.order))
        told = strongest.told
        stated = {"form": told.form, "grade": told.grade, "reach": told.reach, "intensity": told.intensity}
        return Finding(
            rule=rule,
            kind=RAISED,
            reason=reason,
            area=key.area,
            group=key.group,
            observed=_strength(rule, told),
            threshold=_threshold(rule),
            days=(told.first_day, told.last_day),
            evidence=tuple(Evidence(version.cause, 1) for version in _newest_first(versions)),
            marking=most_real((version.marking for version in versions), self._ground.marking),
            told=tuple((f"told-{name}", value) for name, value in stated.items() if value not in (None, UNKNOWN)),
        )

    def _fall(
        self, rule: Rule, key: StatusKey, reason: str, day: int, evidence: tuple[Evidence, ...], marking: str
    ) -> Finding:
        left = self._state.verdicts.rank_left(key.place)
        return Finding(rule, FELL, reason, key.area, key.group, left, _threshold(rule), (day, day), evidence, marking)


def _after(earlier: HeldSignal | None, version: SignalVersion, day: int) -> HeldSignal | None:
    """Return a signal once one more thing is told of it; None where a higher version is held already.

    A resolution is no version: what a forecast expected has come or not, whatever is still said of it.
    """
    told = version.told
    kept_day = max(day, told.last_day, 0 if earlier is None else earlier.kept_day)
    held, outcome = (None, "") if earlier is None else (earlier.version, earlier.outcome)
    if told.outcome:
        return HeldSignal(held, told.outcome, kept_day)
    if held is not None and held.order >= version.order:
        return None
    return HeldSignal(version, outcome, kept_day)


def _live(held: HeldSignal, day: int) -> SignalVersion | None:
    """Return what is held to be so of a signal: nothing if it is withdrawn, resolved, lapsed or not yet told."""
    version = held.version
    if version is None or version.told.withdrawn or held.outcome:
        return None
    is_over = version.told.form == SignalForm.FORECAST and version.told.last_day < day
    return None if is_over else version


def _is_recent(told: SignalTold, day: int) -> bool:
    return day - told.last_day <= RECENT_DAYS


def _reason(held: HeldSignal) -> str:
    if held.outcome:
        return RESOLVED
    return WITHDRAWN if held.version is not None and held.version.told.withdrawn else AMENDED


def _meets(rule: Rule, told: SignalTold) -> bool:
    if told.form not in rule.forms or not has_weight(told.grade):
        return False
    if rule.grade is not None and not at_least(told.grade, rule.grade):
        return False
    return all(
        asked is None or scale.get(stated, 0) >= scale[asked]
        for scale, stated, asked in ((_REACH, told.reach, rule.reach), (_INTENSITY, told.intensity, rule.intensity))
    )


def _strength(rule: Rule, told: SignalTold) -> int:
    """Return the rank of what a rule asks for first, intensity before reach, or 1 where it ranks nothing."""
    if rule.intensity is not None:
        return _INTENSITY.get(told.intensity, 0)
    return 1 if rule.reach is None else _REACH.get(told.reach, 0)


def _threshold(rule: Rule) -> int:
    """Return the least of that rank."""
    if rule.intensity is not None:
        return _INTENSITY[rule.intensity]
    return 1 if rule.reach is None else _REACH[rule.reach]


def _newest_first(versions: Sequence[SignalVersion]) -> list[SignalVersion]:
    return sorted(versions, key=lambda version: version.order[1:], reverse=True)
