"""What is known of tension by area: levels that people set, open alerts, and the newest evidence of each class."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, func, select, tuple_

from infra.db import tables
from infra.db.names import read_anchor
from infra.db.places import Places
from infra.db.standing import Standing
from infra.db.tables.alerting import alert
from infra.db.tables.told import assessment, signal_version
from schemas.alerts import AlertState
from schemas.codec import decode
from schemas.decisions import Assessment
from schemas.events import AssessmentSet
from schemas.vocabulary import AlertClass
from streams.core.areas import UNLOCATED, Anchor, Layer
from streams.core.rules.held import KEPT_DAYS
from streams.core.triangle import ANY_STRAND, Basis
from streams.stages.aggregate import INCIDENT

EVIDENCE_DAYS = KEPT_DAYS
"""Evidence is looked for in so many days; what is older says nothing of tension now."""
WORKED_ON = (AlertState.OPEN.value, AlertState.ACKNOWLEDGED.value)


@dataclass(frozen=True)
class Level:
    """A level that people set: when, and whether it holds no longer."""

    set_at: str
    said: Assessment
    expires_day: int


class OpenAlert(NamedTuple):
    """An alert that somebody must still answer."""

    id: str
    area: int


class AreaAndForm(NamedTuple):
    """Of which area and form a piece of evidence is."""

    area: int
    form: str


def read_levels(connection: Connection, partnership: int, today: int) -> dict[tuple[int, str], Level]:
    """Return by area and community the newest level whose period has begun, expired or not."""
    table, event = assessment, tables.event
    newest = (
        select(func.max(table.c.number))
        .where(table.c.partnership == partnership, table.c.first_day <= today)
        .group_by(table.c.area, table.c.community)
    )
    rows = connection.execute(
        select(table.c.area, table.c.community, table.c.expires_day, event.c.body)
        .join(event, event.c.number == table.c.event)
        .where(table.c.number.in_(newest))
    )
    read = ((row, decode(bytes(row.body))) for row in rows)
    return {
        (row.area, row.community): Level(said.time, said.data, row.expires_day)
        for row, said in read
        if isinstance(said, AssessmentSet)
    }


def read_open_alerts(connection: Connection, partnership: int) -> list[OpenAlert]:
    """Return the alerts of tension that are open or acknowledged, by id."""
    columns = alert.c
    rows = connection.execute(
        select(columns.id, columns.area)
        .where(
            columns.partnership == partnership,
            columns.alert_class == AlertClass.TENSION.value,
            columns.state != AlertState.CLOSED.value,  # as the index on open alerts has it
            columns.state.in_(WORKED_ON),
        )
        .order_by(columns.id)
    )
    return [OpenAlert(row.id, row.area) for row in rows]


def newest_incidents(connection: Connection, standing: Standing, layer: Layer) -> dict[int, int]:
    """Return by area of a layer the newest day, up to today, on which an incident is counted there."""
    series, cells = tables.series, tables.count_day
    theirs = select(series.c.number).where(
        series.c.partnership == standing.number,
        series.c.generation == standing.generation,
        series.c.kind == INCIDENT,
        series.c.basis == Basis.OCCURRED,
        series.c.dated,
        series.c.layer == layer.number,
        series.c.strand == ANY_STRAND,
    )
    numbers = list(connection.execute(theirs).scalars())
    rows = connection.execute(
        select(cells.c.area, func.max(cells.c.day).label("day"))
        .where(
            cells.c.series.in_(numbers),
            cells.c.day.between(standing.today - EVIDENCE_DAYS, standing.today),
            cells.c.n > 0,
        )
        .group_by(cells.c.area)
    )
    return {row.area: row.day for row in rows}


def newest_signals(
    connection: Connection, partnership: int, places: Places, days: tuple[int, int], known_by: int
) -> dict[AreaAndForm, int]:
    """Return by area and form the newest day, among some, of which a signal is evidence.

    Only what was known by the day `known_by` is looked at; of each signal its highest revision holds.
    """
    holding = [
        version
        for version in _holding(connection, partnership, days, known_by)
        if version.form and days[0] <= version.day <= days[1]
    ]
    anchors = _anchors(connection, {version.place for version in holding if version.place is not None})
    newest: dict[AreaAndForm, int] = {}
    for version in holding:
        anchor = anchors.get(version.place, UNLOCATED)
        for _, area in places.geography.areas_of(anchor, version.day):
            key = AreaAndForm(area, version.form)
            newest[key] = max(version.day, newest.get(key, version.day))
    return newest


class _Version(NamedTuple):
    order: tuple[int, str, str, str]
    form: str
    day: int
    place: int | None


def _holding(connection: Connection, partnership: int, days: tuple[int, int], known_by: int) -> Iterable[_Version]:
    """Return the version that holds of each signal that any version dates within some days."""
    version, event, source = signal_version.c, tables.event.c, tables.source.c
    recent = (
        select(version.signal_source, version.signal_id)
        .where(version.partnership == partnership, version.day >= days[0], version.known_day <= known_by)
        .distinct()
    )
    rows = connection.execute(
        select(signal_version, event.place, event.id, source.uri)
        .join(tables.event, event.number == version.event)
        .join(tables.source, source.number == event.source)
        .where(
            version.partnership == partnership,
            version.known_day <= known_by,
            tuple_(version.signal_source, version.signal_id).in_(recent),
        )
    )
    held: defaultdict[tuple[str, str], list[_Version]] = defaultdict(list)
    for row in rows:
        order = (row.revision, row.told_at, row.uri, row.id)
        held[row.signal_source, row.signal_id].append(_Version(order, row.form, row.day, row.place))
    return [max(versions) for versions in held.values()]


def _anchors(connection: Connection, places: Collection[int]) -> Mapping[int | None, Anchor]:
    place = tables.place
    rows = connection.execute(select(place).where(place.c.number.in_(sorted(places))))
    return {row.number: read_anchor(row) for row in rows}
