"""Examination: each event handed in is judged by itself, before any lock is taken."""

from collections.abc import Container, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from schemas import codec, sealing
from schemas.context import Context
from schemas.events import (
    AreaConfirmed,
    ClockTicked,
    ContextRecorded,
    Event,
    IncidentAmended,
    IncidentConsentChanged,
    IncidentLinked,
    IncidentReported,
    IncidentUnlinked,
    IncidentWithdrawn,
    RegisterChanged,
)
from schemas.incident import Incident, IncidentKey, Place, PlaceAsTold, Whereabouts
from schemas.problems import Problem, RefusedError
from schemas.sealing import split
from schemas.vocabulary import PlaceKind, PlaceRole
from streams.core.areas import UNLOCATED, Anchor, Precision, UnknownPlaceError
from streams.core.contribution import IncidentName
from streams.core.days import booking_day, instant_of
from streams.ports import Partnership
from streams.ports.told import Noted
from streams.ports.vault import Apart, PartnershipVault
from streams.stages.apart import cannot_seal, case_of, set_apart
from streams.stages.examination_of_others import confirmed_areas, examine_other
from streams.stages.noting import noted

P = TypeVar("P", bound=Whereabouts)

CLOCK_AHEAD_LIMIT_US = 10 * 60 * 1_000_000
"""How far a producer's clock may be ahead before its events are set aside."""


CLOCK_AHEAD = Problem(
    "clock-ahead", "time", "the sender's clock is ahead of ours; mend it, then replay this dead letter"
)


class Candidate(NamedTuple):
    """An event that intake may admit.

    `body` is what the ledger keeps; all that was sent, where `quarantine` says that it must be set aside.
    `claimed_known_at_us` is when it was received, where that is believed. `entry` is the register and code that it
    enters. `apart` is what the vault must seal, in the case of the incident `case_of`. `confirms` is the reference of
    a place as written, and the areas in which it lies from now on. `tells` is what readers are told besides incidents.
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
    entry: tuple[str, str] | None = None
    quarantine: Problem | None = None
    apart: Apart | None = None
    case_of: IncidentName | None = None
    confirms: tuple[str, tuple[int, ...]] | None = None
    tells: Noted | None = None

    @property
    def parts(self) -> bytes | None:
        """What the vault must seal; None if nothing."""
        return None if self.apart is None else self.apart.parts


class Examiner:
    """Judges events by themselves, one after another, before any lock is taken."""

    def __init__(
        self,
        partnership: Partnership,
        now_us: int,
        *,
        trusted: bool,
        plays: bool = False,
        vault: PartnershipVault | None = None,
    ) -> None:
        """`now_us` is the time of asking; `trusted` believes an event's receivedtime, as from an import or replay.

        `plays` asks of each event at the time at which it was received. Without a vault persons are refused.
        """
        self._calendar = partnership.calendar
        self._geography = partnership.geography
        self._strands = partnership.strands
        self._partnership = partnership
        self._trusted = trusted
        self._now = instant_of(now_us)
        self._latest_time = instant_of(now_us + CLOCK_AHEAD_LIMIT_US)
        self._plays = plays
        self._vault = vault

    def examine(self, event: Event) -> Candidate:
        """Return what intake may admit. Raises RefusedError with every fault found."""
        problems: list[Problem] = []
        left, parts = split(event)
        if parts is not None and self._vault is None:
            problems += cannot_seal(parts)
        claim = event.receivedtime if self._trusted else None
        claimed_us = None if claim is None else self._calendar.last_us(claim)
        if claim is not None and not self._plays and self._calendar.is_after(claim, self._now):
            problems.append(Problem("received-in-future", "receivedtime", "nothing can have been received after now"))
        anchor: Anchor | None = None
        match event:
            case IncidentReported() | IncidentAmended():
                anchor = self._incident(event.data, claim or self._now, problems)
            case ContextRecorded():
                anchor = self._context(event.data, claim or self._now, problems)
            case ClockTicked():
                problems.append(Problem("not-from-outside", "type", "only the ledger's own clock may say so"))
            case _:
                anchor = examine_other(event, self._partnership, claim or self._now, problems, self._locate)
        if problems:
            raise RefusedError(*problems)
        content = codec.content(left)
        incident, other = _refers_to(event)
        latest = instant_of(claimed_us + CLOCK_AHEAD_LIMIT_US) if self._plays and claimed_us else self._latest_time
        ahead = CLOCK_AHEAD if event.time > latest else None
        return Candidate(
            source=event.source,
            id=event.id,
            type=event.type,
            digest=sealing.digest(content, parts),
            body=_kept(left, content) if ahead is None else codec.encode(event),
            anchor=anchor,
            claimed_known_at_us=claimed_us,
            incident=incident,
            other=other,
            entry=(event.data.entry.register_, event.data.entry.code) if isinstance(event, RegisterChanged) else None,
            quarantine=ahead,
            apart=None if parts is None else set_apart(event, parts, self._calendar),
            case_of=None if parts is None else case_of(event),
            confirms=confirmed_areas(event.data, self._geography) if isinstance(event, AreaConfirmed) else None,
            tells=noted(event, self._calendar, self._geography),
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
        return _counting_anchor(incident.places, anchors, self._geography.confirmed)

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
        if (text := _only_as_written(place)) is not None:
            return self._locate_text(text, day)
        try:
            return self._geography.locate(place, day, elsewhere_allowed=elsewhere_allowed)
        except UnknownPlaceError as error:
            problems.append(replace(error.problem, path=f"{path}.{error.problem.path}"))
            return UNLOCATED

    def _locate_text(self, text: str, day: int) -> Anchor:
        """Settle a text by its name in the gazetteer; one that is not there stays a reference until people say where.

        Without a vault there is no reference, and the event is refused for that.
        """
        found = self._geography.locate_text(text, day)
        if found is not None or self._vault is None:
            return found or UNLOCATED
        return Anchor(Precision.WRITTEN, written=self._vault.written_reference(text))


def _only_as_written(place: Whereabouts) -> str | None:
    """Return the text of a place of which nothing else is known."""
    if not isinstance(place, PlaceAsTold) or place.kind not in (PlaceKind.LOCATED, PlaceKind.UNKNOWN):
        return None
    otherwise_known = place.areas or place.point or place.name
    return None if otherwise_known else place.as_written


def _counting_anchor(places: Sequence[Place], anchors: Sequence[Anchor], confirmed: Container[str]) -> Anchor:
    """Return the one place that an incident counts in.

    That is where it happened if that is on our map, else where the person targeted is; else what may yet be put on it,
    then online before unknown; outside only if all that is known lies outside.
    """
    if len(anchors) < 2:  # noqa: PLR2004 - nothing to choose from
        return anchors[0] if anchors else UNLOCATED
    order = [Precision.WRITTEN, Precision.ONLINE, Precision.UNLOCATED, Precision.OUTSIDE]

    def preference(index: int) -> tuple[int, bool, int]:
        anchor = anchors[index]
        on_map = anchor.precision not in order or anchor.written in confirmed
        rank = 0 if on_map else order.index(anchor.precision) + 1
        return rank, places[index].role is PlaceRole.TARGETED, index

    return anchors[min(range(len(anchors)), key=preference)]


def _refers_to(event: Event) -> tuple[IncidentName | None, IncidentName | None]:
    match event:
        case IncidentAmended() | IncidentWithdrawn() | IncidentConsentChanged():
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
