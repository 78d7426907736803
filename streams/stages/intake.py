"""Intake: what was examined becomes an event of the log, once, or is quarantined with a reason.

A batch enters the ledger in one unit: identities in the order of (source, id), then the head's lock, and only then
position, recorded time, known time and the stamp.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from schemas import codec
from schemas.decisions import Tick
from schemas.events import AREA_CONFIRMED, INCIDENT_REPORTED, REGISTER_CHANGED, RULE_CHANGED, ClockTicked
from schemas.problems import Problem
from schemas.topics import EVENTS
from streams.core.contribution import IncidentName
from streams.core.days import instant_of
from streams.ports import (
    ArrivalRow,
    ConfirmationRow,
    DeadLetter,
    HeldEvent,
    IntakeUnit,
    LogHead,
    LogRow,
    Names,
    NewEvent,
    Partnership,
    ReferenceRow,
    RegisterRow,
)
from streams.ports.told import NotedRow
from streams.ports.vault import Resent, ToSeal
from streams.stages.examination import Candidate

STAGE = "intake"
SET_UP = {AREA_CONFIRMED, REGISTER_CHANGED, RULE_CHANGED}
"""What may be said before there is any report: it then holds from the beginning, and starts no clock."""
FROM_THE_BEGINNING = 0
CLOCK_SOURCE = "/clock"


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
FORGOTTEN = Problem(
    "case-forgotten",
    "data.incident",
    "the persons of this incident were forgotten; discard it, or have it sent again without persons",
)


def number_names(names: Names, partnership: Partnership, candidates: Sequence[Candidate]) -> None:
    """Have every source and place that candidates name numbered, before the unit that uses the numbers.

    In the order in which they are named, so that a replay gives out the same numbers, and sorts by them alike.
    """
    uses = (name[0] for c in candidates for name in ((c.source, c.id), c.incident, c.case_of, c.other) if name)
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
    played_ticks: Sequence[int] | None = None,
) -> list[Admission]:
    """Take candidates into the ledger in one unit, and say what became of each, in their order.

    `played_ticks` has time played: each candidate is recorded when it was received, in the order given, and the clock
    ticks at these instants in between. Without it all are recorded now.
    """
    times = _Times(played_ticks)
    settled, head = _enter(unit, names, partnership, candidates, times)
    _note_backfill(unit, partnership, head, times, import_batch)
    numbers = iter(unit.quarantine(_letters(candidates, settled, partnership), head.recorded_at_us))
    unit.add_arrivals(
        partnership,
        import_batch,
        [
            ArrivalRow(
                arrived_at_us=times.recorded.get(state.event or 0, head.recorded_at_us)
                if state.outcome is Outcome.ACCEPTED
                else head.recorded_at_us,
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
    times = _Times(None)
    settled, head = _enter(unit, names, partnership, [candidate], times)
    _note_backfill(unit, partnership, head, times, import_batch)
    return settled[0]


def _enter(
    unit: IntakeUnit,
    names: Names,
    partnership: Partnership,
    candidates: Sequence[Candidate],
    times: "_Times",
) -> tuple[list[Admission], LogHead]:
    """Claim identities, then, under the head's lock, seal what is new and give it its position and times."""
    sources = {candidate.source: names.source_number(partnership.number, candidate.source) for candidate in candidates}
    held = unit.claim(_claims(candidates, sources, names, partnership))
    head = unit.lock_head(EVENTS.name, partnership)
    settled = _settle(unit, candidates, sources, held)
    if any(candidate.apart for candidate in candidates):
        settled = _seal(unit, names, partnership, head, candidates, settled)
    new = [
        (state.event, candidate)
        for candidate, state in zip(candidates, settled, strict=True)
        if state.outcome is Outcome.ACCEPTED and state.event is not None
    ]
    times.start(head, partnership)
    if new or times.ticks:
        _append(unit, names, partnership, head, new, times)
    return settled, head


def _note_backfill(
    unit: IntakeUnit, partnership: Partnership, head: LogHead, times: "_Times", import_batch: int | None
) -> None:
    """Note the known days that an import has claimed."""
    if times.claimed and import_batch is not None:
        day_of = partnership.calendar.day_of_us
        unit.note_backfill(import_batch, (day_of(min(times.claimed)), day_of(max(times.claimed))), head.recorded_at_us)


def tick(unit: IntakeUnit, partnership: Partnership) -> bool:
    """Move a live partnership's clock on to now; False before its first report, when no clock runs."""
    head = unit.lock_head(EVENTS.name, partnership)
    if not head.clock_runs:
        return False
    at = head.recorded_at_us
    unit.append(
        EVENTS.name, partnership, head, [LogRow(None, at, at, first=False, body=tick_body(partnership.slug, at))]
    )
    return True


def tick_body(partnership: str, at_us: int) -> bytes:
    """Return what a tick says; nobody sent it, so it is no event of the ledger, and stands in the log itself."""
    at = instant_of(at_us)
    return codec.encode(ClockTicked(id=f"{partnership}-{at_us}", source=CLOCK_SOURCE, time=at, data=Tick()))


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
    unit: IntakeUnit,
    candidates: Sequence[Candidate],
    sources: dict[str, int],
    held: dict[tuple[int, str], HeldEvent],
) -> list[Admission]:
    """Say what becomes of each by what is held under its identity, sealed parts included."""
    settled: list[Admission] = []
    first: dict[IncidentName, Candidate] = {}
    resent = [
        Resent(there.number, candidate.parts)
        for candidate in candidates
        if candidate.parts is not None and candidate.quarantine is None
        for there in [held[sources[candidate.source], candidate.id]]
        if not there.is_new and there.digest == candidate.digest
    ]
    differing = unit.vault.differing(resent) if resent else set()
    for candidate in candidates:
        if candidate.quarantine is not None:
            settled.append(Admission(Outcome.QUARANTINED, problem=candidate.quarantine))
            continue
        there = held[sources[candidate.source], candidate.id]
        claimed = first.setdefault((candidate.source, candidate.id), candidate)
        if not _says_the_same(candidate, there, claimed, differing):
            settled.append(Admission(Outcome.QUARANTINED, there.number, problem=CONFLICT))
        elif there.is_new and claimed is candidate:
            settled.append(Admission(Outcome.ACCEPTED, there.number))
        else:
            settled.append(Admission(Outcome.DUPLICATE, there.number))
    return settled


def _says_the_same(candidate: Candidate, there: HeldEvent, claimed: Candidate, differing: set[Resent]) -> bool:
    """Whether a candidate says what is held under its identity, by this unit's own claim or from before it."""
    if there.digest != candidate.digest:
        return False
    if there.is_new:
        return candidate.parts == claimed.parts
    return candidate.parts is None or Resent(there.number, candidate.parts) not in differing


def _seal(
    unit: IntakeUnit,
    names: Names,
    partnership: Partnership,
    head: LogHead,
    candidates: Sequence[Candidate],
    settled: Sequence[Admission],
) -> list[Admission]:
    """Seal what is new; what would go to a forgotten case is taken back out and set aside for a person to decide."""

    def number(name: IncidentName) -> tuple[int, str]:
        return names.source_number(partnership.number, name[0]), name[1]

    new = [
        ToSeal(
            event=state.event,
            identity=number((candidate.source, candidate.id)),
            incident=None if candidate.case_of is None else number(candidate.case_of),
            body=candidate.body,
            apart=candidate.apart,
        )
        for candidate, state in zip(candidates, settled, strict=True)
        if candidate.apart is not None and state.outcome is Outcome.ACCEPTED and state.event is not None
    ]
    refused = unit.vault.seal(partnership.number, head.recorded_at_us, new) if new else set()
    if not refused:
        return list(settled)
    unit.unclaim(sorted(refused))
    return [Admission(Outcome.QUARANTINED, problem=FORGOTTEN) if state.event in refused else state for state in settled]


def _append(
    unit: IntakeUnit,
    names: Names,
    partnership: Partnership,
    head: LogHead,
    new: Sequence[tuple[int, Candidate]],
    times: "_Times",
) -> None:
    """Write the log rows of new events, with recorded and known time and stamp, and what they refer to."""
    referred = _Referred(unit, names, partnership, [candidate for _, candidate in new])
    rows: list[LogRow] = []
    entries, confirmations, told = [], [], []
    for number, candidate in new:
        recorded_at_us = known_at_us = times.record(number, candidate)
        rows += times.ticks_until(recorded_at_us)
        if candidate.claimed_known_at_us is not None and recorded_at_us != FROM_THE_BEGINNING:
            known_at_us = min(known_at_us, candidate.claimed_known_at_us)
            times.claimed.append(known_at_us)
        rows.append(LogRow(number, recorded_at_us, known_at_us, first=referred.is_first(candidate)))
        referred.note(number, candidate)
        if candidate.entry is not None:
            entries.append(RegisterRow(number, *candidate.entry, candidate.body))
        if candidate.confirms is not None:
            confirmations.append(ConfirmationRow(number, *candidate.confirms))
        if candidate.tells is not None:
            told.append(NotedRow(number, partnership.calendar.day_of_us(known_at_us), candidate.tells))
    rows += times.ticks_until(None)
    if not rows:
        return
    unit.append(EVENTS.name, partnership, head, rows)
    unit.add_references(referred.rows)
    if entries:
        unit.enter_register(partnership.number, entries)
    if confirmations:
        unit.confirm_places(partnership.number, confirmations)
    if told:
        unit.note(partnership.number, told)


class _Times:
    """When each row of a unit is recorded: all now, or each in its own time where time is played."""

    def __init__(self, played_ticks: Sequence[int] | None) -> None:
        self._plays = played_ticks is not None
        self.ticks = list(played_ticks or ())
        self.recorded: dict[int, int] = {}
        self.claimed: list[int] = []

    def start(self, head: LogHead, partnership: Partnership) -> None:
        """Begin under the head's lock. Ticks that its clock is beyond already are dropped."""
        self._slug = partnership.slug
        self._last = head.recorded_at_us
        self._clock_runs = head.clock_runs
        self.ticks = [at for at in self.ticks if at > head.last_recorded_at_us]

    def record(self, number: int, candidate: Candidate) -> int:
        """Return when an event is recorded; what is set up before any report holds from the beginning."""
        self._clock_runs = self._clock_runs or candidate.type not in SET_UP
        if not self._clock_runs:
            self.recorded[number] = FROM_THE_BEGINNING
            return FROM_THE_BEGINNING
        if self._plays and candidate.claimed_known_at_us is not None:
            self._last = max(self._last, candidate.claimed_known_at_us)
        self.recorded[number] = self._last
        return self._last

    def ticks_until(self, before_us: int | None) -> list[LogRow]:
        """Return and drop the ticks that come before an instant, or all; before the first report no clock runs."""
        due = [at for at in self.ticks if before_us is None or at < before_us] if self._clock_runs else []
        self.ticks = self.ticks[len(due) :]
        return [LogRow(None, at, at, first=False, body=tick_body(self._slug, at)) for at in due]


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
            body=candidate.body if candidate.apart is None else candidate.apart.whole,
            known_at_us=candidate.claimed_known_at_us,
            incident=candidate.case_of,
        )
        for candidate, state in zip(candidates, settled, strict=True)
        if state.problem is not None
    ]
