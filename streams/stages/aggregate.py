"""Aggregate: each event of the log changes the counts by exactly what it adds to what was known before it.

A first version to which nothing refers is booked as it stands. Anything else is booked as the difference between the
whole set of what is known of its cluster with the event and without it, for every known day, so that neither today's
counts nor an earlier as-of depends on the order of arrival.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from schemas.changes import Change, Name, Ticked, What
from schemas.codec import encode_changes
from schemas.events import (
    CLOCK_TICKED,
    CONTEXT_RECORDED,
    INCIDENT_AMENDED,
    INCIDENT_CONSENT_CHANGED,
    INCIDENT_LINKED,
    INCIDENT_REPORTED,
    INCIDENT_UNLINKED,
    INCIDENT_WITHDRAWN,
)
from schemas.stored import StoredEvent, StoredKey, StoredOccurred, decode_stored
from schemas.topics import CHANGES
from schemas.vocabulary import ConsentGiven, Recording
from streams.core.consent import Answered, statistics_answer
from streams.core.contribution import (
    Booking,
    ConsentVersion,
    Content,
    IncidentName,
    Known,
    LinkVersion,
    Version,
    VersionOrder,
    bookings,
    difference,
    pair_of,
    standing,
)
from streams.core.days import booking_day
from streams.core.triangle import Basis, Cells, Sums
from streams.ports import AggregateReader, ContributionRow, Emit, KnownEvent, Partnership, Record, StageUnit
from streams.stages.effects import Effect, first_booked, worst_harm
from streams.stages.rebuild import Part, is_barrier, next_part
from streams.stages.telling import Teller

T = TypeVar("T")

STAGE = "aggregate"
INCIDENT = "incident"
CONTEXT = "context"

ABOUT_INCIDENTS = {
    *(INCIDENT_REPORTED, INCIDENT_AMENDED, INCIDENT_WITHDRAWN, INCIDENT_LINKED, INCIDENT_UNLINKED),
    INCIDENT_CONSENT_CHANGED,
}
WHOLE_INCIDENTS = {INCIDENT_REPORTED, INCIDENT_AMENDED}


@dataclass
class AggregateWork:
    """All that one batch writes, computed before any lock is taken."""

    counts: list[tuple[int, ...]] = field(default_factory=list)
    triangle: list[tuple[int, ...]] = field(default_factory=list)
    contributions: list[ContributionRow] = field(default_factory=list)
    ticked_at_us: dict[int, int] = field(default_factory=dict)
    emits: list[Emit] = field(default_factory=list)


class Aggregate:
    """The stage between `events` and `changes`."""

    name = STAGE

    def prepare(self, records: Sequence[Record], reader: AggregateReader) -> AggregateWork | Part:
        """Compute what a batch adds, from the log and from versions up to each position alone.

        A record that changes how places count comes by itself. Raises msgspec.DecodeError for a record whose body is
        not an event.
        """
        decoded = [(record, decode_stored(record.body)) for record in records]
        if is_barrier(records[0]):
            return next_part(*decoded[0], reader)
        batch = _Batch(reader, _Related(reader, decoded))
        for record, event in decoded:
            batch.book(record, event)
        return batch.work()

    def apply(self, work: AggregateWork | Part, unit: StageUnit) -> Sequence[Emit] | None:
        """Write it. Counts are sorted by cell, so that no two units wait for each other crosswise."""
        if isinstance(work, Part):
            return work.apply(unit)
        unit.add_contributions(work.contributions)
        unit.add_counts(work.counts, work.triangle)
        unit.note_ticks(self.name, work.ticked_at_us)
        return work.emits


class Booker:
    """Turns what is known of one partnership's events into cells of counts."""

    def __init__(self, partnership: Partnership, cells: Cells) -> None:
        self._calendar = partnership.calendar
        self._cells = cells
        self._leaves_out = partnership.leaves_out_without_consent

    def area_numbers(self, place: int, day: int) -> tuple[int, ...]:
        """Return the areas that count a place on a day."""
        return self._cells.area_numbers(place, day)

    def add_occurred(self, sums: Sums, content: Content, known_day: int, n: int) -> None:
        """Book n of a content on the day it occurred."""
        sums.add_occurred(self._cells.of(Basis.OCCURRED, content), content.day, known_day, n)

    def add_received(self, sums: Sums, content: Content, received_day: int) -> None:
        """Book a report on the day it was received."""
        sums.add_received(self._cells.of(Basis.RECEIVED, content), received_day, 1)

    def known_day(self, known_at_us: int) -> int:
        """Return the civil day on which something became known."""
        return self._calendar.day_of_us(known_at_us)

    def received(self, event: StoredEvent, place: int) -> Content | None:
        """Return what a report counts as on the day it was received; nothing where its own consents leave it out.

        What is answered later changes nothing here: the received basis is never revised.
        """
        return None if self._left_out(event) else self.incident(event, place)

    def incident(self, event: StoredEvent, place: int) -> Content:
        """Return what an incident, as an event states it, counts as."""
        data = event.data
        source, _ = incidents_of(event)[0]  # the first to report it, whoever amends it
        occurred = data.occurred or StoredOccurred()
        day = booking_day(self._calendar, occurred.from_, occurred.to, occurred.ongoing, data.reported)
        return Content(
            INCIDENT, data.recording, day.day, day.dated, place, data.strands, data.types, data.centre or source
        )

    def context(self, event: StoredEvent, place: int) -> Content:
        """Return what a count from others counts as, on the first day of its period."""
        day = self._calendar.day_of(_required(event.data.period).from_)
        return Content(CONTEXT, Recording.REPORTED, day, True, place, (), (event.data.category,), event.source)

    def known(self, events: Iterable[tuple[StoredEvent, int, int]]) -> Known:
        """Return versions and links from (event, place, known day) of one set of related incidents."""
        versions, links, consents = [], [], []
        for event, place, known_day in events:
            data = event.data
            order = VersionOrder(data.revision, event.time, event.source, event.id)
            if event.type in (INCIDENT_LINKED, INCIDENT_UNLINKED):
                pair = pair_of(_name(data.incident), _name(data.same_as))
                links.append(LinkVersion(pair, order, known_day, event.type == INCIDENT_LINKED))
                continue
            if event.type == INCIDENT_CONSENT_CHANGED:
                if (left_out := self._left_out(event)) is not None:
                    said = (event.time, event.source, event.id)
                    consents.append(ConsentVersion(_name(data.incident), said, known_day, left_out))
                continue
            name = (event.source, event.id) if event.type == INCIDENT_REPORTED else _name(data.incident)
            whole = event.type in WHOLE_INCIDENTS
            versions.append(
                Version(
                    incident=name,
                    order=order,
                    known_day=known_day,
                    reported_us=self._calendar.last_us(data.reported) if whole else 0,
                    content=self.incident(event, place) if whole else None,
                    left_out=self._left_out(event),
                    harm=worst_harm(data.harm),
                )
            )
        return Known(tuple(versions), tuple(links), tuple(consents))

    def _left_out(self, event: StoredEvent) -> bool | None:
        """Return whether an event's consents leave its incident out; None where they say nothing of it, or it may."""
        if not self._leaves_out or not event.data.consents:
            return None
        consents = (Answered(each.to, each.given, each.on, each.agency) for each in event.data.consents)
        answer = statistics_answer(consents)
        return None if answer is None else answer == ConsentGiven.NO


class _Batch:
    """One batch on its way to being work: sums by partnership, rows and changes in order."""

    def __init__(self, reader: AggregateReader, related: "_Related") -> None:
        self._reader = reader
        self._related = related
        self._bookers: dict[int, Booker] = {}
        self._contributions: list[ContributionRow] = []
        self._tellers: dict[int, Teller] = {}
        self._changes: dict[int, list[Change]] = {}
        self._sums = Sums()
        self._ticked_at_us: dict[int, int] = {}

    def book(self, record: Record, event: StoredEvent) -> None:
        booker = self._booker(record.partnership)
        known_day = booker.known_day(record.known_at_us)
        received: Content | None = None
        if event.type == CONTEXT_RECORDED:
            booked = {(booker.context(event, record.place), known_day): event.data.count}
        elif event.type in ABOUT_INCIDENTS:
            if event.type == INCIDENT_REPORTED:
                received = booker.received(event, record.place)
            if record.first:
                booked = {} if received is None else {(received, known_day): 1}
                self._say(record, event, first_booked(Name(event.source, event.id), booked, event.data.harm, booker))
            else:
                effect = self._effect(booker, record, event, known_day)
                booked = effect.booked
                if effect.changes_anything or event.type != INCIDENT_CONSENT_CHANGED:
                    self._say(record, event, effect.told(Name(*incidents_of(event)[0]), booker))
        else:
            self._tell(record, event)
            return
        self._add(booker, record, booked, received, known_day)

    def _tell(self, record: Record, event: StoredEvent) -> None:
        """Hand on what counts nothing. A tick right after another says all that the first did."""
        if event.type == CLOCK_TICKED:
            self._ticked_at_us[record.partnership] = record.recorded_at_us
            said = self._changes.get(record.partnership)
            if said and isinstance(said[-1].what, Ticked):
                said.pop()
            self._say(record, event, Ticked())
            return
        teller = self._tellers.get(record.partnership)
        if teller is None:
            reader, number = self._reader, record.partnership
            as_counted = replace(reader.partnership(number), geography=reader.applied_geography(number))
            teller = self._tellers[number] = Teller(as_counted, reader.cells(number))
        if (what := teller.tell(record, event)) is not None:
            self._say(record, event, what)

    def _say(self, record: Record, event: StoredEvent, what: What) -> None:
        marking = event.marking or self._reader.partnership(record.partnership).marking
        change = Change(
            record.position,
            record.partnership,
            record.event,
            record.recorded_at_us,
            Name(event.source, event.id),
            what,
            marking,
        )
        self._changes.setdefault(record.partnership, []).append(change)

    def work(self) -> AggregateWork:
        emits = [
            Emit(CHANGES.name, partnership, changes[-1].recorded_at_us, encode_changes(changes))
            for partnership, changes in self._changes.items()
        ]
        return AggregateWork(
            counts=self._sums.counts(),
            triangle=self._sums.triangle(),
            contributions=self._contributions,
            ticked_at_us=self._ticked_at_us,
            emits=emits,
        )

    def _booker(self, partnership: int) -> Booker:
        booker = self._bookers.get(partnership)
        if booker is None:
            booker = self._bookers[partnership] = Booker(
                self._reader.partnership(partnership), self._reader.cells(partnership)
            )
        return booker

    def _effect(self, booker: Booker, record: Record, event: StoredEvent, known_day: int) -> Effect:
        """Return what an event changes of all that was known before it."""
        earlier = [
            (other, known.place, booker.known_day(known.known_at_us))
            for known, other in self._related.to(record.partnership, event)
            if known.position < record.position
        ]
        before = booker.known(earlier)
        after = booker.known([*earlier, (event, record.place, known_day)])
        name = incidents_of(event)[0]
        return Effect(difference(bookings(after), bookings(before)), standing(before, name), standing(after, name))

    def _add(
        self,
        booker: Booker,
        record: Record,
        booked: dict[Booking, int],
        received: Content | None,
        received_day: int,
    ) -> None:
        if received is not None:
            booker.add_received(self._sums, received, received_day)
            if (received, received_day) not in booked:
                row = ContributionRow(record.partnership, record.event, received, received_day, 0, 1)
                self._contributions.append(row)
        for (content, known_day), n in booked.items():
            booker.add_occurred(self._sums, content, known_day, n)
            as_received = int(content == received and known_day == received_day)
            self._contributions.append(
                ContributionRow(record.partnership, record.event, content, known_day, n, as_received)
            )


class _Related:
    """What the ledger holds of the incidents that a batch refers to, by the groups that links ever joined."""

    def __init__(self, reader: AggregateReader, batch: Sequence[tuple[Record, StoredEvent]]) -> None:
        wanted: defaultdict[int, set[IncidentName]] = defaultdict(set)
        last = max((record.position for record, _ in batch), default=0)
        for record, event in batch:
            if event.type in ABOUT_INCIDENTS and not record.first:
                wanted[record.partnership].update(incidents_of(event))
        self._groups = {
            # what comes later is not read yet: if it is poison, it must spoil only itself
            partnership: grouped([(known, decode_stored(known.body)) for known in found if known.position <= last])
            for partnership, found in (reader.related(wanted) if wanted else {}).items()
        }

    def to(self, partnership: int, event: StoredEvent) -> list[tuple[KnownEvent, StoredEvent]]:
        """Return all that is held of an event's incidents and of all that were ever linked to them."""
        return self._groups[partnership].get(incidents_of(event)[0], [])


def grouped(
    events: Sequence[tuple[KnownEvent, StoredEvent]],
) -> Mapping[IncidentName, list[tuple[KnownEvent, StoredEvent]]]:
    """Return for each incident all events about it and about those that links or unlinks ever joined to it."""
    group_of: dict[IncidentName, list[tuple[KnownEvent, StoredEvent]]] = {}
    members: defaultdict[int, list[IncidentName]] = defaultdict(list)
    for known, event in events:
        names = incidents_of(event)
        groups = {id(group): group for name in names if (group := group_of.get(name)) is not None}
        joined = max(groups.values(), key=len, default=[])
        for group in groups.values():
            if group is not joined:
                joined += group
                for name in members.pop(id(group)):
                    group_of[name] = joined
                    members[id(joined)].append(name)
        for name in names:
            if group_of.get(name) is not joined:
                group_of[name] = joined
                members[id(joined)].append(name)
        joined.append((known, event))
    return group_of


def incidents_of(event: StoredEvent) -> list[IncidentName]:
    """Return the incidents that an event is about."""
    if event.type == INCIDENT_REPORTED:
        return [(event.source, event.id)]
    return [_name(key) for key in (event.data.incident, event.data.same_as) if key is not None]


def _name(key: StoredKey | None) -> IncidentName:
    there = _required(key)
    return there.source, there.id


def _required(value: T | None) -> T:
    """Return what intake has seen to. Raises ValueError where a stored event lacks it: the record is poison."""
    if value is None:
        raise ValueError("a stored event lacks a field that its type requires")
    return value
