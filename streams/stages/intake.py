"""Intake: what was examined becomes an event of the log, once, or is quarantined with a reason.

A batch enters the ledger in one unit: identities in the order of (source, id), then the head's lock, and only then
position, recorded time, known time and the stamp.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from schemas.events import INCIDENT_REPORTED
from schemas.problems import Problem
from schemas.topics import EVENTS
from streams.core.contribution import IncidentName
from streams.ports import (
    ArrivalRow,
    DeadLetter,
    HeldEvent,
    IntakeUnit,
    LogHead,
    LogRow,
    Names,
    NewEvent,
    Partnership,
    ReferenceRow,
)
from streams.stages.examination import Candidate

STAGE = "intake"


class Outcome(IntEnum):
    """What became of an attempt to hand in an event that was well formed. The numbers are stored."""

    ACCEPTED = 0
    DUPLICATE = 1
    QUARANTINED = 2


class Admission(NamedTuple):
    """What became of one candidate: the event held under its identity, and why where it was quarantined."""

    outcome: Outcome
    event: int | None = None
    problem: Problem | None = None


CONFLICT = Problem("conflict", "id", "this source has sent other content under the same id; it was kept aside")


def number_names(names: Names, partnership: Partnership, candidates: Sequence[Candidate]) -> None:
    """Have every source and place that candidates name numbered, before the unit that uses the numbers.

    In the order in which they are named, so that a replay gives out the same numbers, and sorts by them alike.
    """
    uses = (name[0] for c in candidates for name in ((c.source, c.id), c.incident, c.other) if name is not None)
    for uri in dict.fromkeys(uses):
        names.source_number(partnership.number, uri)
    for anchor in dict.fromkeys(candidate.anchor for candidate in candidates if candidate.anchor is not None):
        names.place_number(partnership.number, anchor)


def admit(
    unit: IntakeUnit,
    names: Names,
    partnership: Partnership,
    candidates: Sequence[Candidate],
    import_batch: int | None = None,
) -> list[Admission]:
    """Take candidates into the ledger in one unit, and say what became of each, in their order."""
    settled, head = _enter(unit, names, partnership, candidates, import_batch)
    numbers = iter(unit.quarantine(_letters(candidates, settled, partnership), head.recorded_at_us))
    unit.add_arrivals(
        partnership,
        head.recorded_at_us,
        import_batch,
        [
            ArrivalRow(
                source=names.source_number(partnership.number, candidate.source),
                outcome=state.outcome,
                event=state.event,
                dead_letter=next(numbers) if state.outcome is Outcome.QUARANTINED else None,
            )
            for candidate, state in zip(candidates, settled, strict=True)
        ],
    )
    return settled


def readmit(
    unit: IntakeUnit, names: Names, partnership: Partnership, candidate: Candidate, import_batch: int | None
) -> Admission:
    """Take in a candidate that arrived earlier, in that batch, and was set aside: its arrival is noted already."""
    settled, _ = _enter(unit, names, partnership, [candidate], import_batch)
    return settled[0]


def _enter(
    unit: IntakeUnit,
    names: Names,
    partnership: Partnership,
    candidates: Sequence[Candidate],
    import_batch: int | None,
) -> tuple[list[Admission], LogHead]:
    """Claim identities, then, under the head's lock, give what is new its position and times."""
    sources = {candidate.source: names.source_number(partnership.number, candidate.source) for candidate in candidates}
    held = unit.claim(_claims(candidates, sources, names, partnership))
    settled = _settle(candidates, sources, held)
    head = unit.lock_head(EVENTS.name, partnership)
    new = [
        (state.event, candidate)
        for candidate, state in zip(candidates, settled, strict=True)
        if state.outcome is Outcome.ACCEPTED and state.event is not None
    ]
    if new:
        _append(unit, names, partnership, head, new, import_batch)
    return settled, head


def _claims(
    candidates: Sequence[Candidate], sources: dict[str, int], names: Names, partnership: Partnership
) -> list[NewEvent]:
    """Return one claim an identity, the first content given, in the order in which identities are locked."""
    claims: dict[IncidentName, NewEvent] = {}
    for candidate in candidates:
        identity = (candidate.source, candidate.id)
        if candidate.quarantine is not None or identity in claims:
            continue
        anchor = candidate.anchor
        place = None if anchor is None else names.place_number(partnership.number, anchor)
        claims[identity] = NewEvent(
            sources[candidate.source], candidate.id, candidate.type, place, candidate.digest, candidate.body
        )
    return [claims[identity] for identity in sorted(claims)]


def _settle(
    candidates: Sequence[Candidate], sources: dict[str, int], held: dict[tuple[int, str], HeldEvent]
) -> list[Admission]:
    settled: list[Admission] = []
    seen = set()
    for candidate in candidates:
        if candidate.quarantine is not None:
            settled.append(Admission(Outcome.QUARANTINED, problem=candidate.quarantine))
            continue
        identity = (sources[candidate.source], candidate.id)
        there = held[identity]
        if there.digest != candidate.digest:
            settled.append(Admission(Outcome.QUARANTINED, there.number, problem=CONFLICT))
        elif there.is_new and identity not in seen:
            settled.append(Admission(Outcome.ACCEPTED, there.number))
        else:
            settled.append(Admission(Outcome.DUPLICATE, there.number))
        seen.add(identity)
    return settled


def _append(
    unit: IntakeUnit,
    names: Names,
    partnership: Partnership,
    head: LogHead,
    new: Sequence[tuple[int, Candidate]],
    import_batch: int | None,
) -> None:
    """Write the log rows of new events, with known time and stamp, and what they refer to."""
    referred = _Referred(unit, names, partnership, [candidate for _, candidate in new])
    rows, claimed = [], []
    for number, candidate in new:
        known_at_us = head.recorded_at_us
        if candidate.claimed_known_at_us is not None:
            known_at_us = min(known_at_us, candidate.claimed_known_at_us)
            claimed.append(known_at_us)
        rows.append(LogRow(number, known_at_us, first=referred.is_first(candidate)))
        referred.note(number, candidate)
    unit.append(EVENTS.name, partnership, head, rows)
    unit.add_references(referred.rows)
    if claimed and import_batch is not None:
        day_of = partnership.calendar.day_of_us
        unit.note_backfill(import_batch, (day_of(min(claimed)), day_of(max(claimed))), head.recorded_at_us)


class _Referred:
    """Which incidents are named by versions or links up to now, within the unit and before it."""

    def __init__(
        self, unit: IntakeUnit, names: Names, partnership: Partnership, candidates: Sequence[Candidate]
    ) -> None:
        self._names = names
        self._partnership = partnership.number
        reports = [self._number((c.source, c.id)) for c in candidates if c.type == INCIDENT_REPORTED]
        self._named = unit.referred_to(reports) if reports else set()
        self.rows: list[ReferenceRow] = []

    def _number(self, name: IncidentName) -> tuple[int, str]:
        return self._names.source_number(self._partnership, name[0]), name[1]

    def is_first(self, candidate: Candidate) -> bool:
        return candidate.type == INCIDENT_REPORTED and (
            not self._named or self._number((candidate.source, candidate.id)) not in self._named
        )

    def note(self, event: int, candidate: Candidate) -> None:
        if candidate.incident is None:
            return
        incident = self._number(candidate.incident)
        other = None if candidate.other is None else self._number(candidate.other)
        self._named.add(incident)
        if other is not None:
            self._named.add(other)
        self.rows.append(ReferenceRow(event, incident, other))


def _letters(
    candidates: Sequence[Candidate], settled: Sequence[Admission], partnership: Partnership
) -> list[DeadLetter]:
    return [
        DeadLetter(
            partnership=partnership.number,
            stage=STAGE,
            source=candidate.source,
            id=candidate.id,
            event=state.event,
            problem=state.problem,
            body=candidate.body,
            known_at_us=candidate.claimed_known_at_us,
        )
        for candidate, state in zip(candidates, settled, strict=True)
        if state.problem is not None
    ]
