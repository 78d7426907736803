"""Intake: what is handed in becomes an event of the log, once, or is refused or quarantined with a reason.

`Examiner` judges one event by itself, before any lock. `admit` takes a batch into the ledger in one unit: identities in
the order of (source, id), then the head's lock, and only then position, recorded time, known time and the stamp.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NamedTuple, TypeVar

from schemas import codec
from schemas.context import Context
from schemas.events import (
    INCIDENT_REPORTED,
    ContextRecorded,
    Event,
    IncidentAmended,
    IncidentLinked,
    IncidentReported,
    IncidentUnlinked,
    IncidentWithdrawn,
)
from schemas.incident import Incident, IncidentKey, Place, Whereabouts
from schemas.problems import Problem, RefusedError
from schemas.topics import EVENTS
from schemas.vocabulary import PlaceRole
from streams.core.areas import UNLOCATED, Anchor, Precision, UnknownPlaceError
from streams.core.contribution import IncidentName
from streams.core.days import booking_day, instant_of
from streams.core.strands import StrandRegister
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

P = TypeVar("P", bound=Whereabouts)

STAGE = "intake"
CLOCK_AHEAD_LIMIT_US = 10 * 60 * 1_000_000
"""How far a producer's clock may be ahead before its events are set aside."""


class Outcome(IntEnum):
    """What became of an attempt to hand in an event that was well formed. The numbers are stored."""

    ACCEPTED = 0
    DUPLICATE = 1
    QUARANTINED = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """An event that intake may admit.

    `body` is what the ledger keeps; all that was sent, where `quarantine` says that it must be set aside.
    `claimed_known_at_us` is when it was received, where that is believed.
    """

    source: str
    id: str
    type: str
    digest: bytes
    body: bytes
    anchor: Anchor | None
    claimed_known_at_us: int | None
    incident: IncidentName | None = None
    other: IncidentName | None = None
    quarantine: Problem | None = None


class Admission(NamedTuple):
    """What became of one candidate: the event held under its identity, and why where it was quarantined."""

    outcome: Outcome
    event: int | None = None
    problem: Problem | None = None


CLOCK_AHEAD = Problem(
    "clock-ahead", "time", "the sender's clock is ahead of ours; mend it, then replay this dead letter"
)
CONFLICT = Problem("conflict", "id", "this source has sent other content under the same id; it was kept aside")


class Examiner:
    """Judges events by themselves, one after another, before any lock is taken."""

    def __init__(self, partnership: Partnership, strands: StrandRegister, now_us: int, *, trusted: bool) -> None:
        """`now_us` is the time of asking; `trusted` believes an event's receivedtime, as from an import or replay."""
        self._calendar = partnership.calendar
        self._geography = partnership.geography
        self._strands = strands
        self._trusted = trusted
        self._now = instant_of(now_us)
        self._latest_time = instant_of(now_us + CLOCK_AHEAD_LIMIT_US)

    def examine(self, event: Event) -> Candidate:
        """Return what intake may admit. Raises RefusedError with every fault found."""
        problems: list[Problem] = []
        claim = event.receivedtime if self._trusted else None
        if claim is not None and self._calendar.is_after(claim, self._now):
            problems.append(Problem("received-in-future", "receivedtime", "nothing can have been received after now"))
        anchor: Anchor | None = None
        match event:
            case IncidentReported() | IncidentAmended():
                anchor = self._incident(event.data, claim or self._now, problems)
            case ContextRecorded():
                anchor = self._context(event.data, claim or self._now, problems)
        if problems:
            raise RefusedError(*problems)
        content = codec.content(event)
        incident, other = _refers_to(event)
        ahead = CLOCK_AHEAD if event.time > self._latest_time else None
        return Candidate(
            source=event.source,
            id=event.id,
            type=event.type,
            digest=codec.digest(content),
            body=_kept(event, content) if ahead is None else codec.encode(event),
            anchor=anchor,
            claimed_known_at_us=None if claim is None else self._calendar.last_us(claim),
            incident=incident,
            other=other,
            quarantine=ahead,
        )

    def _incident(self, incident: Incident, received: str, problems: list[Problem]) -> Anchor:
        calendar, occurred = self._calendar, incident.occurred
        for name, moment in (("from", occurred.from_), ("to", occurred.to)):
            if moment is not None and calendar.is_after(moment, received):
                problems.append(
                    Problem("occurred-after-received", f"data.occurred.{name}", "it cannot lie after it was received")
                )
        if calendar.is_after(incident.reported, received):
            problems.append(Problem("reported-after-received", "data.reported", "it cannot lie after it was received"))
        if occurred.from_ and occurred.to and calendar.is_after(occurred.from_, occurred.to):
            problems.append(Problem("range-backwards", "data.occurred.to", "the range ends before it begins"))
        if occurred.ongoing and (occurred.to or not occurred.from_):
            problems.append(
                Problem("ongoing-with-end", "data.occurred.ongoing", "what goes on has a beginning, no end")
            )
        day = booking_day(calendar, occurred.from_, occurred.to, occurred.ongoing, incident.reported).day
        self._judge_strands(incident, day, problems)
        anchors = [
            self._locate(place, day, f"data.places[{index}]", problems) for index, place in enumerate(incident.places)
        ]
        return _counting_anchor(incident.places, anchors)

    def _judge_strands(self, incident: Incident, day: int, problems: list[Problem]) -> None:
        register = self._strands
        for index, code in enumerate(incident.strands):
            if not register.knows(code, day):
                known = ", ".join(register.by_code)
                problems.append(Problem("unknown-strand", f"data.strands[{index}]", f"the register has: {known}"))
        for index, code in enumerate(incident.sub_strands):
            if not register.knows_sub_strand(code, incident.strands):
                problems.append(
                    Problem(
                        "unknown-sub-strand", f"data.sub_strands[{index}]", "it belongs to none of the strands given"
                    )
                )
        for name, values in (("strands", incident.strands), ("types", incident.types)):
            if len(set(values)) < len(values):
                problems.append(Problem("repeated-value", f"data.{name}", "say each only once"))

    def _context(self, context: Context, received: str, problems: list[Problem]) -> Anchor:
        if self._calendar.is_after(context.period.from_, received):
            problems.append(Problem("occurred-after-received", "data.period.from", "the period has not begun"))
        day = self._calendar.day_of(context.period.from_)
        return self._locate(context.place, day, "data.place", problems, elsewhere_allowed=True)

    def _locate(
        self, place: Whereabouts, day: int, path: str, problems: list[Problem], elsewhere_allowed: bool = False
    ) -> Anchor:
        try:
            return self._geography.locate(place, day, elsewhere_allowed=elsewhere_allowed)
        except UnknownPlaceError as error:
            problems.append(replace(error.problem, path=f"{path}.{error.problem.path}"))
            return UNLOCATED


def number_names(names: Names, partnership: Partnership, candidates: Sequence[Candidate]) -> None:
    """Have every source and place that candidates name numbered, before the unit that uses the numbers."""
    for uri in {name[0] for c in candidates for name in ((c.source, c.id), c.incident, c.other) if name is not None}:
        names.source_number(partnership.number, uri)
    for anchor in {candidate.anchor for candidate in candidates if candidate.anchor is not None}:
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


def readmit(unit: IntakeUnit, names: Names, partnership: Partnership, candidate: Candidate) -> Admission:
    """Take in a candidate that arrived earlier and was set aside: its arrival is noted already."""
    settled, _ = _enter(unit, names, partnership, [candidate], None)
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


def _counting_anchor(places: Sequence[Place], anchors: Sequence[Anchor]) -> Anchor:
    """Return the one place that an incident counts in.

    That is where it happened if that is on our map, else where the person targeted is; else online before unknown;
    outside only if all that is known lies outside.
    """
    if not anchors:
        return UNLOCATED
    order = [Precision.ONLINE, Precision.UNLOCATED, Precision.OUTSIDE]

    def preference(index: int) -> tuple[int, bool, int]:
        anchor = anchors[index]
        rank = order.index(anchor.precision) + 1 if anchor.precision in order else 0
        return rank, places[index].role is PlaceRole.TARGETED, index

    return anchors[min(range(len(anchors)), key=preference)]


def _refers_to(event: Event) -> tuple[IncidentName | None, IncidentName | None]:
    match event:
        case IncidentAmended() | IncidentWithdrawn():
            return _name(event.data.incident), None
        case IncidentLinked() | IncidentUnlinked():
            return _name(event.data.incident), _name(event.data.same_as)
    return None, None


def _name(key: IncidentKey) -> IncidentName:
    return key.source, key.id


def _kept(event: Event, content: bytes) -> bytes:
    """Return what the ledger keeps: the content, but for exact points, which have given way to areas."""
    match event:
        case IncidentReported() | IncidentAmended() if any(place.point for place in event.data.places):
            places = tuple(_without_point(place) for place in event.data.places)
            return codec.content(event.model_copy(update={"data": event.data.model_copy(update={"places": places})}))
        case ContextRecorded() if event.data.place.point:
            place = _without_point(event.data.place)
            return codec.content(event.model_copy(update={"data": event.data.model_copy(update={"place": place})}))
    return content


def _without_point(place: P) -> P:
    return place.model_copy(update={"point": None})
