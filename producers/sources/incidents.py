"""Tables of incidents, read by a mapping: one report a row."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import BinaryIO, TypeVar

import orjson

from producers.sources.cells import (
    ABSURD_TIME,
    AREA_CODE,
    Faults,
    RowIds,
    TextForm,
    first_instant,
    instant_text,
    read_point,
    require_known_year,
)
from producers.sources.lines import SourceLine, refused
from producers.sources.mapping import AtPoint, ByColumn, IncidentMapping, MomentColumn, OccurredRange
from producers.sources.tables import Table, TableRow
from schemas.events import INCIDENT_REPORTED
from schemas.fields import AreaName, EventId, is_date
from streams.core.days import Calendar, day_from_number

T = TypeVar("T")

Cells = dict[str, str]

INCIDENT_ID = TextForm(EventId, "an id has at most 200 characters, no slash and no control character")
AREA_NAME = TextForm(AreaName, "an area's name has at most 120 characters, none of them a control character")
OPTIONAL_FIELDS = ("recording", "channel", "crime", "target")
MOMENTS_REMEMBERED = 10_000


def read_incidents(stream: BinaryIO, mapping: IncidentMapping, calendar: Calendar) -> Iterator[SourceLine]:
    """Return an `incident.reported` event for each row of a table.

    A cell whose format has a time is an instant in the calendar's zone (the earlier one where the clocks go back) or
    at its own offset; any other is a civil date and stays one. The event's time is the moment of the report, or the
    first instant of its day, so that reading a file again gives the same bytes. An empty cell leaves the occurrence or
    the place unknown; a report or receipt that is mapped must be there. Raises UnusableFileError at once if the file
    is no table or lacks a mapped column; a bad row is refused by itself, with its column as path.
    """
    table = Table(stream, mapping.columns())
    return _Incidents(table, mapping, calendar).lines()


class _Moments:
    """The moments of one column: `2026-07-01` where the format has no time, else an instant in UTC."""

    def __init__(self, column: MomentColumn, calendar: Calendar) -> None:
        self.column = column.column
        self._format = column.format
        self._has_time = column.has_time
        self._calendar = calendar
        self._remembered = lru_cache(MOMENTS_REMEMBERED)(self._parse)

    def read(self, cells: Cells, faults: Faults) -> str | None:
        """Return the cell's moment, or None if it is empty or, noted as a fault, no such moment."""
        text = cells[self.column]
        if not text:
            return None
        try:
            parsed = self._remembered(text)
        except ValueError:
            code, what = ("not-a-time", "time") if self._has_time else ("not-a-date", "date")
            faults.add(code, self.column, f"this is no {what} of the format {self._format}")
            return None
        if parsed is None:
            faults.add("absurd-time", self.column, ABSURD_TIME)
        return parsed

    def require(self, cells: Cells, faults: Faults) -> str:
        """Return the cell's moment; an empty cell is a fault."""
        if not cells[self.column]:
            faults.missing(self.column)
        return self.read(cells, faults) or ""

    def _parse(self, text: str) -> str | None:
        parsed = datetime.strptime(text, self._format)  # noqa: DTZ007 - the zone is told below, or none is meant
        try:
            require_known_year(parsed)
            first_instant(self._calendar, parsed.date())
            if not self._has_time:
                return parsed.date().isoformat()
            instant = parsed.replace(tzinfo=parsed.tzinfo or self._calendar.zone).astimezone(UTC)
            require_known_year(instant)
        except ValueError:
            return None
        return instant_text(instant)


class _Incidents:
    """The rows of a table as incidents."""

    def __init__(self, table: Table, mapping: IncidentMapping, calendar: Calendar) -> None:
        def moments(column: MomentColumn | None) -> _Moments | None:
            return None if column is None else _Moments(column, calendar)

        occurred = mapping.occurred
        first, last = (occurred.from_, occurred.to) if isinstance(occurred, OccurredRange) else (occurred, None)
        self._table = table
        self._mapping = mapping
        self._calendar = calendar
        self._from = _Moments(first, calendar)
        self._to = moments(last)
        self._reported = moments(mapping.reported)
        self._received = moments(mapping.received)
        self._columns = mapping.columns()
        self._pick = table.picker(self._columns)
        self._digested = _Digested(table)
        self._ids = RowIds()

    def lines(self) -> Iterator[SourceLine]:
        for row in self._table.rows():
            yield refused(row.number, *row.problems) if row.problems else self._line(row)

    def _line(self, row: TableRow) -> SourceLine:
        cells = dict(zip(self._columns, self._pick(row.cells), strict=True))
        faults = Faults()
        event = self._event(cells, faults)
        if faults:
            return refused(row.number, *faults.as_tuple())
        if self._mapping.id is None:
            event["id"] = self._ids.next_id(self._digested.content(row))
        return SourceLine(row.number, orjson.dumps(event))

    def _event(self, cells: Cells, faults: Faults) -> dict[str, object]:
        mapping = self._mapping
        event: dict[str, object] = {
            "specversion": "1.0",
            "type": INCIDENT_REPORTED,
            "source": mapping.source,
            "datacontenttype": "application/json",
        }
        if mapping.id is not None:
            event["id"] = _id(mapping.id.column, cells, faults)
        occurred = self._occurrence(cells, faults)
        reported = self._report(cells, occurred, faults)
        event["time"] = self._time(reported)
        if self._received is not None:
            event["receivedtime"] = self._received.require(cells, faults)
        event["data"] = {
            "occurred": occurred,
            "reported": reported,
            "places": [self._place(cells, faults)],
            "strands": _chosen(mapping.strands, cells, faults),
            "types": _chosen(mapping.types, cells, faults),
            **self._optional(cells, faults),
        }
        return event

    def _occurrence(self, cells: Cells, faults: Faults) -> dict[str, str]:
        first = self._from.read(cells, faults)
        last = None if self._to is None else self._to.read(cells, faults)
        return {name: moment for name, moment in (("from", first), ("to", last)) if moment is not None}

    def _report(self, cells: Cells, occurred: dict[str, str], faults: Faults) -> str:
        if self._reported is not None:
            return self._reported.require(cells, faults)
        if "from" in occurred:
            return day_from_number(self._calendar.day_of(occurred["from"])).isoformat()
        if not cells[self._from.column]:
            detail = "no column says when it was reported, and this cell, which would, is empty"
            faults.add("missing-value", self._from.column, detail)
        return ""

    def _time(self, reported: str) -> str:
        if reported and is_date(reported):
            return first_instant(self._calendar, date.fromisoformat(reported))
        return reported

    def _place(self, cells: Cells, faults: Faults) -> dict[str, object]:
        area = self._mapping.area
        if isinstance(area, AtPoint):
            columns = (area.point.longitude, area.point.latitude)
            point = read_point(cells[columns[0]], cells[columns[1]], columns, faults)
            return {"point": point} if point else {"kind": "unknown"}
        if not cells[area.column]:
            return {"kind": "unknown"}
        form = AREA_CODE if area.by == "code" else AREA_NAME
        return {"areas": [{"layer": area.layer, area.by: form.read(cells[area.column], area.column, faults)}]}

    def _optional(self, cells: Cells, faults: Faults) -> dict[str, object]:
        choices = {field: getattr(self._mapping, field) for field in OPTIONAL_FIELDS}
        return {field: _chosen(choice, cells, faults) for field, choice in choices.items() if choice is not None}


class _Digested:
    """What of a row goes into its digest: all its columns by name, wherever they stand in the file."""

    def __init__(self, table: Table) -> None:
        by_name = sorted(range(len(table.columns)), key=lambda position: table.columns[position])
        self._names = orjson.dumps(sorted(table.columns))
        self._pick = table.picker_of_positions(by_name)

    def content(self, row: TableRow) -> bytes:
        return self._names + orjson.dumps(self._pick(row.cells))


def _id(column: str, cells: Cells, faults: Faults) -> str:
    if not cells[column]:
        faults.missing(column)
        return ""
    return INCIDENT_ID.read(cells[column], column, faults)


def _chosen(choice: T | ByColumn[T], cells: Cells, faults: Faults) -> T | None:
    if not isinstance(choice, ByColumn):
        return choice
    text = cells[choice.column]
    value = choice.map.get(text, choice.default)
    if value is None and not text:
        faults.missing(choice.column)
    elif value is None:
        detail = "the mapping does not say what this value means, and has no default for it"
        faults.add("unmapped-value", choice.column, detail)
    return value
