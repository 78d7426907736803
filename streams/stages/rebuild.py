"""Rebuild: where lookups or zones change, a partnership's counts are made anew from its contributions.

The record of the change is a barrier. At it the counts grow under a new generation, a slice to a unit, while readers
see the old one whole; how far it is stands in the store, so that whoever comes next goes on from there. The last unit
switches, says what moved, and lets the position pass.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from msgspec import DecodeError

from schemas.changes import Change, Delta, Name, PlaceMoved, Rebuilt
from schemas.codec import encode_changes
from schemas.events import AREA_CONFIRMED
from schemas.geography import GEOGRAPHY_CHANGED, GeographyChange
from schemas.stored import StoredEvent, decode_data, decode_type
from schemas.topics import CHANGES
from streams.core.triangle import Basis, Cells, Sums
from streams.ports import AggregateReader, Emit, Record, StageUnit
from streams.ports.rebuilding import Kept, Progress, Recent, Standing

BARRIERS = {AREA_CONFIRMED, GEOGRAPHY_CHANGED}
SLICE_CONTRIBUTIONS = 500
SWEEP_CELLS = 2_500
"""Each takes about as long as a unit of an import, so that on SQLite others get their turn as often."""
WATCHED_DAYS = 400
"""What moved earlier than that is no longer in anybody's state."""


def is_barrier(record: Record) -> bool:
    """Whether a record changes how places count; what cannot be read does not."""
    try:
        return decode_type(record.body) in BARRIERS
    except DecodeError:
        return False


@dataclass(frozen=True)
class Part:
    """One unit's work: prepared on how far the rebuild was, it is written only if it is still there."""

    partnership: int
    found: Progress | None
    write: Callable[[StageUnit], Sequence[Emit] | None]

    def apply(self, unit: StageUnit) -> Sequence[Emit] | None:
        """Write it; return what others must see if that was the last part, else None."""
        if unit.rebuild.progress(self.partnership) != self.found:
            return None
        return self.write(unit)


def next_part(record: Record, event: StoredEvent, reader: AggregateReader) -> Part:
    """Return what is to be done next at a barrier."""
    partnership, rebuild = record.partnership, reader.rebuild
    standing = rebuild.standing(partnership)
    version = _version_made(record, event, reader)
    if version <= standing.version:
        return Part(partnership, standing.progress, lambda _: ())
    if rebuild.geography(partnership, version).moves_nothing_of(rebuild.geography(partnership, standing.version)):
        return Part(partnership, standing.progress, _adopting(partnership, version))
    return _Rebuild(record, event, reader, standing, version).next_part()


def _version_made(record: Record, event: StoredEvent, reader: AggregateReader) -> int:
    if event.type == GEOGRAPHY_CHANGED:
        return decode_data(record.body, GeographyChange).version
    return reader.rebuild.version_confirmed(record.event)


@dataclass(frozen=True)
class _Rebuild:
    record: Record
    event: StoredEvent
    reader: AggregateReader
    standing: Standing
    version: int

    def next_part(self) -> Part:
        partnership, progress = self.record.partnership, self.standing.progress
        if progress is None or progress.position != self.record.position:
            return Part(partnership, progress, self._begin)
        if progress.last_contribution == 0 and self.standing.has_dead_counts:
            return Part(partnership, progress, self._sweep)
        cells = self.reader.rebuild.cells(partnership, progress.generation, self.version)
        kept = self.reader.rebuild.contributions(partnership, progress.last_contribution, SLICE_CONTRIBUTIONS)
        if kept:
            return Part(partnership, progress, self._slice(progress, cells, kept))
        emits = (self._told(progress.generation, cells),)
        return Part(partnership, progress, _switching(partnership, self.version, progress.generation, emits))

    def _begin(self, unit: StageUnit) -> None:
        """Begin under a generation that was never used, also where an earlier rebuild was given up."""
        abandoned = self.standing.progress.generation if self.standing.progress else 0
        generation = max(self.standing.generation, abandoned) + 1
        unit.rebuild.store_progress(
            self.record.partnership, Progress(self.record.position, self.version, generation, last_contribution=0)
        )

    def _sweep(self, unit: StageUnit) -> None:
        unit.rebuild.delete_dead_counts(self.record.partnership, SWEEP_CELLS)

    def _slice(self, progress: Progress, cells: Cells, kept: Sequence[Kept]) -> Callable[[StageUnit], None]:
        sums = Sums()
        for each in kept:
            if each.n:
                sums.add_occurred(cells.of(Basis.OCCURRED, each.content), each.content.day, each.known_day, each.n)
            if each.received:
                sums.add_received(cells.of(Basis.RECEIVED, each.content), each.known_day, each.received)
        counts, triangle = sums.counts(), sums.triangle()

        def write(unit: StageUnit) -> None:
            unit.add_counts(counts, triangle)
            unit.rebuild.store_progress(self.record.partnership, progress._replace(last_contribution=kept[-1].number))

        return write

    def _told(self, generation: int, cells: Cells) -> Emit:
        record, partnership = self.record, self.reader.partnership(self.record.partnership)
        since = partnership.calendar.day_of_us(record.recorded_at_us) - WATCHED_DAYS
        recent = self.reader.rebuild.incidents_since(record.partnership, since)
        before = self.reader.cells(record.partnership)
        deltas, markings = moved(recent, before, cells, partnership.marking)
        change = Change(
            position=record.position,
            partnership=record.partnership,
            event=record.event,
            recorded_at_us=record.recorded_at_us,
            cause=Name(self.event.source, self.event.id),
            what=Rebuilt(
                generation,
                deltas,
                markings if set(markings) - {partnership.marking} else (),
                tuple(
                    places_moved(self.reader.rebuild.places(record.partnership), self._turning_days(), before, cells)
                ),
            ),
            marking=partnership.marking,
        )
        return Emit(CHANGES.name, record.partnership, record.recorded_at_us, encode_changes([change]))

    def _turning_days(self) -> list[int]:
        """Return the days from which on places count elsewhere, by the geography of before or of now."""
        partnership, rebuild = self.record.partnership, self.reader.rebuild
        versions = (self.standing.version, self.version)
        return sorted({day for each in versions for day in rebuild.geography(partnership, each).turning_days})


def places_moved(
    places: Iterable[int], turning_days: Sequence[int], before: Cells, after: Cells
) -> Iterator[PlaceMoved]:
    """Yield where and when places count in other areas than before; between turning days areas are the same."""
    firsts = (None, *turning_days)
    lasts = (*(day - 1 for day in turning_days), None)
    for place in places:
        for first, last in zip(firsts, lasts, strict=True):
            day = next((day for day in (first, last) if day is not None), 0)
            areas = after.area_numbers(place, day)
            if areas != before.area_numbers(place, day):
                yield PlaceMoved(place, first, last, areas)


def moved(
    recent: Iterable[Recent], before: Cells, after: Cells, marking: str
) -> tuple[tuple[Delta, ...], tuple[str, ...]]:
    """Return what contributions take from the areas that counted them and add to those that now do, with markings.

    `marking` is that of the partnership, which holds where a contribution has none of its own.
    """
    booked: Counter[tuple[str, int, int, bool, str, tuple[int, ...], tuple[str, ...]]] = Counter()
    for own_marking, content, known_day, n in recent:
        areas = [cells.area_numbers(content.place, content.day) for cells in (before, after)]
        for change, numbers in zip((-n, n), areas, strict=True):
            by = (content.day, known_day, content.dated, content.recording, numbers, content.strands)
            booked[own_marking or marking, *by] += change
    told = sorted((key, n) for key, n in booked.items() if n)
    return tuple(Delta(n, *key[1:]) for key, n in told), tuple(key[0] for key, _ in told)


def _switching(
    partnership: int, version: int, generation: int, emits: Sequence[Emit]
) -> Callable[[StageUnit], Sequence[Emit]]:
    def write(unit: StageUnit) -> Sequence[Emit]:
        unit.rebuild.switch(partnership, version, generation)
        return emits

    return write


def _adopting(partnership: int, version: int) -> Callable[[StageUnit], Sequence[Emit]]:
    def write(unit: StageUnit) -> Sequence[Emit]:
        unit.rebuild.adopt(partnership, version)
        return ()

    return write
