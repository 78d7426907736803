"""Rules on one incident with harm at or above a grade.

It raises once, and again where the harm rises or the incident moves to another area; `fell` when it is withdrawn,
lowered or moved away. It is one event and no count, so it is judged however its day is known and whoever recorded it;
and by what stands of it, whether or not a count changes. A link changes nothing: that two reports tell of one
occurrence takes nothing from either, so each stands for itself until it is withdrawn, whichever of them counts.

One that no area of the rule's layer counts, since its place is not known so finely or lies online, is raised for the
city: it must not go unheard. A rule that names its areas is about those alone.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec import UNSET

from schemas.changes import Booked, Change, Name, Rule
from schemas.triggers import FELL, RAISED, Evidence
from streams.core.rules.findings import HARM_RANK, SEVERE_EVENT, Finding, most_real
from streams.core.rules.ground import Ground, strand_groups
from streams.core.rules.held import KEPT_DAYS, RECENT_DAYS, Incident, State
from streams.core.rules.moving import MovedPlaces
from streams.core.rules.verdicts import Status, StatusKey

HARM, HARM_WITHDRAWN = "harm", "harm-withdrawn"


class SevereRules:
    """Judges the rules on single incidents of one partnership's state."""

    def __init__(self, ground: Ground, state: State) -> None:
        self._ground = ground
        self._state = state

    def booked(self, change: Change, what: Booked, day: int) -> list[Finding]:
        """Judge one incident as an event leaves it, where it is not as it was."""
        held, incident = self._state.incidents.get(what.incident), _standing(change, what)
        if incident is None or incident.day < day - KEPT_DAYS:
            self._state.incidents.pop(what.incident, None)
        elif held is not None and held.is_same(incident):
            return []
        else:
            self._state.incidents[what.incident] = incident
        return [
            finding
            for rule in self._state.enabled(SEVERE_EVENT)
            for finding in (*self._fallen(rule, change, what.incident, day), *self._raised(rule, what.incident, day))
        ]

    def moved(self, places: MovedPlaces, day: int) -> None:
        """Let incidents lie where their places now count, with what rules say of them; nobody is told again."""
        for name, held in self._state.incidents.items():
            if (areas := places.areas(held.place, held.day)) is None:
                continue
            incident = self._state.incidents[name] = held._replace(areas=areas)
            for rule in self._state.enabled(SEVERE_EVENT):
                was = [self._state.verdicts.pop(key) for key in self._state.verdicts.about(rule.id, name)]
                if was or _is_recent(incident, day):
                    for key in self._keys(rule, name, incident):
                        self._state.verdicts[key] = _status(incident)

    def judge(self, rule: Rule, day: int) -> list[Finding]:
        """Judge all recent incidents that are held by one rule, as if it had just been added; the worst come first."""
        found: defaultdict[StatusKey, list[Incident]] = defaultdict(list)
        for name, incident in sorted(self._state.incidents.items(), key=_worst_first):
            if not _is_recent(incident, day):
                continue
            for key in self._keys(rule, name, incident):
                self._state.verdicts[key] = _status(incident)
                found[key.place].append(incident)
        return [self._finding(rule, key, incidents, day) for key, incidents in found.items()]

    def _fallen(self, rule: Rule, change: Change, name: Name, day: int) -> Iterator[Finding]:
        """Yield where an incident was above and no longer is: `observed` is the harm that others still have there."""
        incident = self._state.incidents.get(name)
        keys = set() if incident is None else set(self._keys(rule, name, incident))
        for key in self._state.verdicts.about(rule.id, name):
            if key in keys:
                continue
            status = self._state.verdicts.pop(key)
            yield Finding(
                rule=rule,
                kind=FELL,
                reason=HARM_WITHDRAWN,
                area=key.area,
                group=key.group,
                observed=self._state.verdicts.rank_left(key.place),
                threshold=HARM_RANK[rule.harm or ""],
                days=(day - RECENT_DAYS, day),
                evidence=(Evidence(change.cause, -1),),
                marking=most_real((change.marking, status.marking), change.marking),
                rank=status.rank,
            )

    def _raised(self, rule: Rule, name: Name, day: int) -> Iterator[Finding]:
        """Yield where a recent incident is above, and was not, or not with so much harm."""
        incident = self._state.incidents.get(name)
        if incident is None:
            return
        for key in self._keys(rule, name, incident):
            held = self._state.verdicts.get(key)
            if held is not None or _is_recent(incident, day):
                self._state.verdicts[key] = _status(incident)
            if _is_recent(incident, day) and (held is None or held.rank < HARM_RANK[incident.harm]):
                yield self._finding(rule, key, [incident], day)

    def _keys(self, rule: Rule, name: Name, incident: Incident) -> list[StatusKey]:
        """Return what one incident is above: nothing if its harm is less than the rule's, or is not known."""
        if HARM_RANK.get(incident.harm, 0) < HARM_RANK[rule.harm or ""]:
            return []
        areas = self._ground.areas(rule).intersection(incident.areas)
        if not areas and not (rule.scope and rule.scope.areas):
            areas = frozenset({self._ground.city}).intersection(incident.areas)
        return [
            StatusKey(rule.id, area, group, name) for area in areas for group in strand_groups(rule, incident.strands)
        ]

    def _finding(self, rule: Rule, key: StatusKey, incidents: Sequence[Incident], day: int) -> Finding:
        rank = max(HARM_RANK[incident.harm] for incident in incidents)
        return Finding(
            rule=rule,
            kind=RAISED,
            reason=HARM,
            area=key.area,
            group=key.group,
            observed=rank,
            threshold=HARM_RANK[rule.harm or ""],
            days=(day - RECENT_DAYS, day),
            evidence=tuple(Evidence(incident.cause, 1) for incident in incidents),
            marking=most_real((incident.marking for incident in incidents), self._ground.marking),
            rank=rank,
        )


def _standing(change: Change, what: Booked) -> Incident | None:
    """Return an incident as an event leaves it; None where nothing of it stands."""
    stands = next(iter(what.deltas), None) if what.stands is UNSET else what.stands
    if stands is None:
        return None
    place = 0 if what.place is UNSET else what.place
    return Incident(what.harm, stands.day, stands.areas, stands.strands, change.cause, change.marking, place)


def _worst_first(held: tuple[Name, Incident]) -> tuple[int, int, str, str]:
    """Return by what incidents are shown: never by the order in which they were told or are held."""
    name, incident = held
    return -HARM_RANK.get(incident.harm, 0), -incident.day, name.source, name.id


def _status(incident: Incident) -> Status:
    rank = HARM_RANK[incident.harm]
    return Status(SEVERE_EVENT, True, rank, incident.marking, kept_day=incident.day)


def _is_recent(incident: Incident, day: int) -> bool:
    return 0 <= day - incident.day <= RECENT_DAYS
