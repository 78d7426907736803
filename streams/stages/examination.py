"""Examination: each event handed in is judged by itself, before any lock is taken."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from schemas import codec
from schemas.context import Context
from schemas.events import (
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
from schemas.vocabulary import PlaceRole
from streams.core.areas import UNLOCATED, Anchor, Precision, UnknownPlaceError
from streams.core.contribution import IncidentName
from streams.core.days import booking_day, instant_of
from streams.core.strands import StrandRegister
from streams.ports import Partnership

P = TypeVar("P", bound=Whereabouts)

CLOCK_AHEAD_LIMIT_US = 10 * 60 * 1_000_000
"""How far a producer's clock may be ahead before its events are set aside."""


CLOCK_AHEAD = Problem(
    "clock-ahead", "time", "the sender's clock is ahead of ours; mend it, then replay this dead letter"
)


class Candidate(NamedTuple):
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


def _counting_anchor(places: Sequence[Place], anchors: Sequence[Anchor]) -> Anchor:
    """Return the one place that an incident counts in.

    That is where it happened if that is on our map, else where the person targeted is; else online before unknown;
    outside only if all that is known lies outside.
    """
    if len(anchors) < 2:  # noqa: PLR2004 - nothing to choose from
        return anchors[0] if anchors else UNLOCATED
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
