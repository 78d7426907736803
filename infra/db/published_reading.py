"""Reads what published figures are made from: how far a partnership's counts stand, and its counts by weeks."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, func, select, text

from infra.db import tables
from infra.db.columns import CATEGORY_SEPARATOR
from infra.db.geography_reading import read_geography
from infra.db.names import read_anchor
from infra.db.registers import STRAND
from schemas.stored import StoredRegisterChange, decode_data
from schemas.topics import EVENTS
from streams.core.areas import CITY_LAYER, Geography
from streams.core.days import Calendar
from streams.core.publication import Arrivals, Piece, history_loaded, last_sunday_over
from streams.core.published_areas import published_layers, strand_layers
from streams.core.published_context import ContextCounts
from streams.core.published_tables import NOTHING, Known
from streams.core.strands import SHIPPED_STRANDS, Strand
from streams.core.triangle import ANY_STRAND, ELSEWHERE_LAYER, Basis
from streams.stages.aggregate import STAGE as AGGREGATE

INCIDENT, CONTEXT = "incident", "context"
IN_FLIGHT_US = 5 * 60 * 1_000_000
"""A unit that took its time before a week was over has been written by then."""
CONTEXT_ALONE = "import police-uk"
"""An import that brings no incidents."""


class Standing(NamedTuple):
    """How far a partnership's counts stand: while nothing of it changes, nothing that was published does.

    `cut_off` is the last Sunday all of which is counted. Imports are named since one that claims times of receipt is
    believed, and so may change what was known before.
    """

    partnership: int
    calendar: Calendar
    generation: int
    geography_version: int
    imports: tuple[int | None, int | None]
    cut_off: int


def read_standing(connection: Connection, partnership: int, now_us: int) -> Standing:
    """Return how far a partnership stands.

    A Sunday is over where aggregate has handled a tick after it, where the first record that waits for it came later,
    or, if none does, a while after the Sunday. What is being replayed into a partnership goes by its own ticks only.
    """
    row = connection.execute(select(tables.partnership).where(tables.partnership.c.number == partnership)).one()
    clock, batch = tables.stage_clock, tables.import_batch
    ticked_us = connection.execute(
        select(clock.c.ticked_at_us).where(clock.c.stage == AGGREGATE, clock.c.partnership == partnership)
    ).scalar_one_or_none()
    imports = connection.execute(
        select(func.max(batch.c.number), func.max(batch.c.last_recorded_at_us)).where(
            batch.c.partnership == partnership
        )
    ).one()
    counted_us = ticked_us or 0
    if row.replaying is None:
        waiting_us = _first_waiting_us(connection, partnership, row.partition)
        counted_us = max(counted_us, now_us - IN_FLIGHT_US if waiting_us is None else waiting_us)
    calendar = Calendar(row.time_zone)
    cut_off = last_sunday_over(calendar.day_of_us(counted_us))
    return Standing(partnership, calendar, row.generation, row.applied_geography, (imports[0], imports[1]), cut_off)


def _first_waiting_us(connection: Connection, partnership: int, partition: int) -> int | None:
    """Return when the first of a partnership's records that aggregate has not handled was recorded."""
    log, position = tables.log, tables.stage_position
    handled = connection.execute(
        select(position.c.position).where(position.c.stage == AGGREGATE, position.c.partition == partition)
    ).scalar_one_or_none()
    waiting = (
        select(log.c.recorded_at_us)
        .where(
            log.c.topic == EVENTS.name,
            log.c.partition == partition,
            log.c.position > (handled or 0),  # as a subquery, row security would have the whole log read
            log.c.partnership == partnership,
        )
        .order_by(log.c.position)
        .limit(1)
    )
    found: int | None = connection.execute(waiting).scalar_one_or_none()
    return found


def read_known(connection: Connection, standing: Standing) -> Known:
    """Return all that figures of incidents are made from, as known by the cut-off, in a few statements."""
    geography = read_geography(connection, standing.partnership, standing.geography_version)
    city = geography.layer_by_name.get(CITY_LAYER)
    coarse = {layer.number for layer in strand_layers(geography)}
    series = {
        number: (layer, strand)
        for number, layer, strand in _series(connection, standing, Basis.OCCURRED)
        if strand == ANY_STRAND or layer in coarse
    }
    shown = {ELSEWHERE_LAYER, *(layer.number for layer in published_layers(geography))}
    by_area = _arrivals(connection, standing, {each: of[1] for each, of in series.items() if of[0] in shown})
    cities = [area.number for area in geography.areas if city is not None and area.layer == city.number]
    whole = by_area.get((cities[0] if len(cities) == 1 else 0, ANY_STRAND), NOTHING)
    received = [
        number
        for number, layer, strand in _series(connection, standing, Basis.RECEIVED)
        if city is not None and layer == city.number and strand == ANY_STRAND
    ]
    return Known(
        geography,
        whole,
        by_area,
        _received(connection, standing, received),
        _strands(connection, standing),
        history_loaded(_import_days(connection, standing), whole),
    )


def _series(connection: Connection, standing: Standing, basis: str) -> list[tuple[int, int, str]]:
    """Return number, layer and strand of the dated series of incidents."""
    columns = tables.series.c
    wanted = select(columns.number, columns.layer, columns.strand).where(
        columns.partnership == standing.partnership,
        columns.generation == standing.generation,
        columns.kind == INCIDENT,
        columns.basis == basis,
        columns.dated,
    )
    return [(row.number, row.layer, row.strand) for row in connection.execute(wanted)]


def _arrivals(connection: Connection, standing: Standing, strands: dict[int, str]) -> dict[tuple[int, str], Arrivals]:
    """Return arrivals by area and strand of some series, given with the strand of each."""
    if not strands:
        return {}
    rows = connection.execute(
        text(
            f"SELECT series, area, {_MONDAY.format(day='day')} AS week, {_MONDAY.format(day='known_day')} + 6 AS known,"
            f" sum(n) AS n FROM triangle WHERE series IN ({', '.join(map(str, strands))}) AND known_day <= :cut_off"
            " GROUP BY 1, 2, 3, 4"
        ),
        {"cut_off": standing.cut_off},
    )
    found: defaultdict[tuple[int, str], list[tuple[int, int, int]]] = defaultdict(list)
    for number, area, week, known, n in rows:
        found[area, strands[number]].append((week, known, int(n)))
    return {key: Arrivals(entries) for key, entries in found.items()}


def _received(connection: Connection, standing: Standing, series: Sequence[int]) -> Arrivals:
    """Return what some series counted by the day received. It is known on that day, and never taken back."""
    if not series:
        return NOTHING
    rows = connection.execute(
        text(
            f"SELECT {_MONDAY.format(day='day')} AS week, sum(n) AS n FROM count_day"
            f" WHERE series IN ({', '.join(map(str, series))}) AND day <= :cut_off GROUP BY 1"
        ),
        {"cut_off": standing.cut_off},
    )
    return Arrivals((week, week + 6, int(n)) for week, n in rows)


def _import_days(connection: Connection, standing: Standing) -> list[int]:
    batch = tables.import_batch
    wanted = select(batch.c.started_at_us).where(
        batch.c.partnership == standing.partnership, batch.c.command != CONTEXT_ALONE
    )
    return [standing.calendar.day_of_us(at_us) for at_us in connection.execute(wanted).scalars()]


def _strands(connection: Connection, standing: Standing) -> Callable[[Piece, int], Sequence[str]]:
    """Return what says which strands count in a piece, as the register stood at the end of a Sunday.

    Its last entries come first, to be held back before others: local ones, and those that say little.
    """
    entry, log = tables.register_entry, tables.log
    rows = connection.execute(
        select(entry.c.body, log.c.recorded_at_us)
        .outerjoin(log, (log.c.event == entry.c.event) & (log.c.topic == EVENTS.name))
        .where(entry.c.partnership == standing.partnership, entry.c.register == STRAND)
        .order_by(entry.c.number)
    )
    changes = [(standing.calendar.day_of_us(row.recorded_at_us or 0), _strand(standing, row.body)) for row in rows]

    def strands(piece: Piece, sunday: int) -> Sequence[str]:
        register = {strand.code: strand for strand in SHIPPED_STRANDS.strands}
        register |= {strand.code: strand for day, strand in changes if day <= sunday}
        return [
            code
            for code, strand in reversed(register.items())
            if (strand.from_day is None or strand.from_day <= piece.last)
            and (strand.to_day is None or strand.to_day >= piece.first)
        ]

    return strands


def _strand(standing: Standing, body: bytes) -> Strand:
    entry = decode_data(bytes(body), StoredRegisterChange).entry
    first, last = (None if moment is None else standing.calendar.day_of(moment) for moment in (entry.first, entry.last))
    return Strand(entry.code, (), first, last)


def read_context(connection: Connection, standing: Standing, geography: Geography, as_of: int) -> ContextCounts:
    """Return counts from others by area, category and day, as known at the end of a day."""
    place = tables.place
    anchors = {
        row.number: read_anchor(row)
        for row in connection.execute(select(place).where(place.c.partnership == standing.partnership))
    }
    published = {layer.number for layer in published_layers(geography)}
    rows = connection.execute(
        text(
            "SELECT place, day, categories, sum(n) AS n FROM contribution WHERE partnership = :partnership"
            " AND kind = :kind AND dated AND n <> 0 AND known_day <= :as_of GROUP BY place, day, categories"
        ),
        {"partnership": standing.partnership, "kind": CONTEXT, "as_of": as_of},
    )
    areas_at = cache(
        lambda number, day: [area for layer, area in geography.areas_of(anchors[number], day) if layer in published]
    )
    counts: defaultdict[tuple[int, str], Counter[int]] = defaultdict(Counter)
    for number, day, categories, n in rows:
        for area in areas_at(number, day):
            for category in (ANY_STRAND, *categories.split(CATEGORY_SEPARATOR)):
                counts[area, category][day] += int(n)
    return counts


_MONDAY = "({day} + 700003) / 7 * 7 - 700003"
"""SQL for the Monday of a day: 1970-01-05 is one, and no day lies 1,900 years before it."""
