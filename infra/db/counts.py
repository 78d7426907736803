"""Exact counts by any dimensions, as known now or at the end of an earlier day.

Counts by area, time and strand read `count_day`, or the triangle for an earlier day; counts by category or centre read
contributions. This is for whoever holds the store: other readers go through the disclosure gate.
"""

from bisect import bisect_right
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cache
from typing import NamedTuple

import orjson
from sqlalchemy import Connection, Engine, select, text

from infra.db import tables
from infra.db.columns import CATEGORY_SEPARATOR, STRAND_SEPARATOR
from infra.db.engine import transaction
from infra.db.geography_reading import read_geography
from infra.db.names import read_anchor
from schemas.fields import EARLIEST_YEAR, LATEST_YEAR
from streams.core.areas import CITY_LAYER, Geography
from streams.core.days import Calendar, day_from_number, day_number, from_us, monday_of
from streams.core.triangle import ANY_STRAND, ELSEWHERE_LAYER, Basis


class Dimension(StrEnum):
    """What counts can be broken down by."""

    AREA = "area"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    STRAND = "strand"
    CATEGORY = "category"
    CENTRE = "centre"


TIME = (Dimension.DAY, Dimension.WEEK, Dimension.MONTH)


class CountsError(Exception):
    """A question that cannot be answered as put; says what can be asked."""


@dataclass(frozen=True, slots=True)
class CountQuery:
    """A question. Days are inclusive; `as_of` asks for what was known at the end of that day."""

    layer: str
    first: date
    last: date
    by: tuple[Dimension, ...]
    kind: str
    basis: str
    as_of: date | None = None


class Backfill(NamedTuple):
    """A trusted import that came after an as-of day and changed what was known by then."""

    number: int
    command: str
    file_name: str
    recorded: date


@dataclass(frozen=True, slots=True)
class CountTable:
    """The answer. `unplaced` counts lie in no area of the layer; `undated` ones are in totals, but in no period."""

    columns: tuple[str, ...]
    rows: list[tuple[str | int, ...]]
    unplaced: int
    undated: int
    backfills: list[Backfill]


Key = tuple[str, ...]
EARLIEST_DAY, LATEST_DAY = date(EARLIEST_YEAR - 1, 1, 1), date(LATEST_YEAR, 12, 31)


def count(engine: Engine, partnership: int, query: CountQuery) -> CountTable:
    """Answer a question about one partnership, in one snapshot. Raises CountsError."""
    with transaction(engine, write=False) as connection:
        return count_within(connection, partnership, query)


def count_within(connection: Connection, partnership: int, query: CountQuery) -> CountTable:
    """Do the same within a transaction. Raises CountsError."""
    if query.last < query.first:
        raise CountsError("--to lies before --from")
    if len(set(query.by)) < len(query.by):
        raise CountsError("--by takes each dimension only once")
    return _Counting(connection, partnership, within_calendar(query)).table()


def within_calendar(query: CountQuery) -> CountQuery:
    """Return the same question without days on which nothing can lie, such as 9999-12-31."""
    return replace(
        query,
        first=max(query.first, EARLIEST_DAY),
        last=min(query.last, LATEST_DAY),
        as_of=None if query.as_of is None else min(query.as_of, LATEST_DAY),
    )


class _Counting:
    def __init__(self, connection: Connection, partnership: int, query: CountQuery) -> None:
        self._connection = connection
        self._query = query
        row = connection.execute(select(tables.partnership).where(tables.partnership.c.number == partnership)).one()
        self._partnership = partnership
        self._generation = row.generation
        self._geography_version = row.applied_geography
        self._calendar = Calendar(row.time_zone)
        layers = self._layers()
        self._layer = layers[query.layer]
        self._whole = [ELSEWHERE_LAYER, *(layers[name] for name in (CITY_LAYER,) if name in layers)]

    def table(self) -> CountTable:
        by = self._query.by
        if Dimension.CATEGORY in by or Dimension.CENTRE in by:
            counts, unplaced, undated = self._from_contributions()
        else:
            counts = self._from_series(self._layer, by)
            undated = self._total(self._layer, dated=False) if set(TIME) & set(by) else 0
            placed = self._total(self._layer) if Dimension.STRAND in by else counts.total() + undated
            unplaced = sum(self._total(layer) for layer in self._whole) - placed
        rows: list[tuple[str | int, ...]] = [(*key, n) for key, n in sorted(counts.items()) if n]
        columns = [name for dimension in by for name in _columns(dimension)]
        return CountTable((*columns, "count"), rows, unplaced, undated, self._backfills())

    def _layers(self) -> dict[str, int]:
        layer = tables.layer
        rows = self._connection.execute(select(layer).where(layer.c.partnership == self._partnership))
        numbers = {row.name: int(row.number) for row in rows}
        if self._query.layer not in numbers:
            known = ", ".join(sorted(numbers)) or "none"
            raise CountsError(f"there is no layer {self._query.layer}; known layers: {known}")
        return numbers

    def _total(self, layer: int, dated: bool | None = None) -> int:
        return sum(self._from_series(layer, (), dated=dated).values())

    def _from_series(self, layer: int, by: Sequence[Dimension], dated: bool | None = None) -> Counter[Key]:
        if dated is None and set(TIME) & set(by):
            dated = True
        strands = self._series(layer, dated, each_strand=Dimension.STRAND in by)
        if not strands:
            return Counter()
        by_area, by_day, by_strand = Dimension.AREA in by, Dimension.DAY in by, Dimension.STRAND in by
        cell = ("area" if by_area else "0", "day" if by_day else "0", "series" if by_strand else "0")
        asked = [name for name in cell if name != "0"] or ["series"]
        buckets = self._buckets([] if by_day else [dimension for dimension in by if dimension in TIME])
        rows = self._connection.execute(
            text(
                _SUMS[self._connection.dialect.name].format(
                    cell=", ".join(cell),
                    of_cell=", ".join(asked),
                    cells=self._cells(),
                    condition=f"series IN ({', '.join(map(str, strands))})"
                    f" AND day BETWEEN bucket.first AND bucket.last{self._as_of_condition()}",
                )
            ),
            {
                "buckets": orjson.dumps([[number, first, last] for number, first, last, _ in buckets]).decode(),
                **({} if self._query.as_of is None else {"as_of": day_number(self._query.as_of)}),
            },
        )
        names = self._area_names() if by_area else {}
        labels = {number: label for number, _, _, label in buckets}
        counts: Counter[Key] = Counter()
        for bucket, sums in rows:
            for area, day, series, n in orjson.loads(sums or "[]"):
                periods = _labels(day, by) if by_day else labels[bucket]
                counts[_key(by, periods, area=names.get(area, ()), strand=(strands.get(series, ""),))] += n
        return counts

    def _series(self, layer: int, dated: bool | None, *, each_strand: bool) -> dict[int, str]:
        """Return the numbers of the series asked for, with their strands."""
        series = tables.series
        wanted = select(series.c.number, series.c.strand).where(
            series.c.partnership == self._partnership,
            series.c.generation == self._generation,
            series.c.kind == self._query.kind,
            series.c.basis == self._query.basis,
            series.c.layer == layer,
            series.c.strand != ANY_STRAND if each_strand else series.c.strand == ANY_STRAND,
        )
        if dated is not None:
            wanted = wanted.where(series.c.dated == dated)
        return {row.number: row.strand for row in self._connection.execute(wanted)}

    def _from_contributions(self) -> tuple[Counter[Key], int, int]:
        query, received = self._query, self._query.basis == Basis.RECEIVED
        day = "known_day" if received else "day"
        n = "received" if received else "n"
        rows = self._connection.execute(
            text(
                f"SELECT place, day, {day} AS counted_day, dated, strands, categories, centre, sum({n}) AS n"
                " FROM contribution WHERE partnership = :partnership AND kind = :kind"
                f" AND {day} BETWEEN :first AND :last AND {n} <> 0 AND known_day <= :as_of"
                f" GROUP BY place, day, {day}, dated, strands, categories, centre"
            ),
            {
                "partnership": self._partnership,
                "kind": query.kind,
                "first": day_number(query.first),
                "last": day_number(query.last),
                "as_of": day_number(query.as_of or date.max),
            },
        )
        geography = read_geography(self._connection, self._partnership, self._geography_version)
        areas_of = self._areas_of(geography)
        names, in_periods = self._area_names(), bool(set(TIME) & set(query.by))
        counts: Counter[Key] = Counter()
        unplaced = undated = 0
        for row in rows:
            area = areas_of(row.place, row.day)
            if area is None:
                unplaced += row.n
                continue
            if in_periods and not row.dated and not received:
                undated += row.n
                continue
            periods = _labels(row.counted_day, query.by)
            strands = row.strands.split(STRAND_SEPARATOR) if Dimension.STRAND in query.by else [""]
            categories = row.categories.split(CATEGORY_SEPARATOR) if Dimension.CATEGORY in query.by else [""]
            for strand in strands:
                for category in categories:
                    key = _key(
                        query.by, periods, names[area], strand=(strand,), category=(category,), centre=(row.centre,)
                    )
                    counts[key] += row.n
        return counts, unplaced, undated

    def _areas_of(self, geography: Geography) -> Callable[[int, int], int | None]:
        places = tables.place
        rows = self._connection.execute(select(places).where(places.c.partnership == self._partnership))
        anchors = {row.number: read_anchor(row) for row in rows}

        @cache
        def area_at(place: int, since: int, day: int) -> int | None:
            return dict(geography.areas_of(anchors[place], day)).get(self._layer)

        def area_of(place: int, day: int) -> int | None:
            since = bisect_right(geography.turning_days, day)
            return area_at(place, since, geography.turning_days[since - 1] if since else day_number(date.min))

        return area_of

    def _area_names(self) -> dict[int, tuple[str, str]]:
        area = tables.area
        rows = self._connection.execute(
            select(area.c.number, area.c.code, area.c.name).where(area.c.layer == self._layer)
        )
        return {row.number: (row.code, row.name) for row in rows}

    def _cells(self) -> str:
        as_known = self._query.as_of is not None and self._query.basis == Basis.OCCURRED
        return "triangle" if as_known else "count_day"

    def _as_of_condition(self) -> str:
        if self._query.as_of is None:
            return ""
        return f" AND {'known_day' if self._query.basis == Basis.OCCURRED else 'day'} <= :as_of"

    def _buckets(self, by: Sequence[Dimension]) -> list[tuple[int, int, int, Key]]:
        """Return runs of days that share all their labels, as (number, first day, last day, labels)."""
        day, last = day_number(self._query.first), day_number(self._query.last)
        buckets: list[tuple[int, int, int, Key]] = []
        while day <= last:
            end = min([last, *(_last_day(day, dimension) for dimension in by)])
            buckets.append((len(buckets), day, end, _labels(day, by)))
            day = end + 1
        return buckets

    def _backfills(self) -> list[Backfill]:
        if self._query.as_of is None:
            return []
        as_of, batch = day_number(self._query.as_of), tables.import_batch
        rows = self._connection.execute(
            select(batch)
            .where(
                batch.c.partnership == self._partnership,
                batch.c.first_known_day <= as_of,
                batch.c.last_recorded_at_us >= self._calendar.first_us_of_day(as_of + 1),
            )
            .order_by(batch.c.number)
        )
        return [
            Backfill(row.number, row.command, row.file_name, from_us(row.last_recorded_at_us).date()) for row in rows
        ]


def _key(
    by: Sequence[Dimension],
    periods: Key,
    area: Key = (),
    strand: Key = (),
    category: Key = (),
    centre: Key = (),
) -> Key:
    """Return the values of some dimensions in the order asked for; `periods` are those of the time dimensions."""
    if by == (Dimension.AREA, Dimension.MONTH):
        return (*area, *periods)
    values = {Dimension.AREA: area, Dimension.STRAND: strand, Dimension.CATEGORY: category, Dimension.CENTRE: centre}
    remaining = iter(periods)
    return tuple(
        value for dimension in by for value in ((next(remaining),) if dimension in TIME else values[dimension])
    )


def _labels(day: int, by: Iterable[Dimension]) -> Key:
    return tuple(_LABELS[dimension](day) for dimension in by if dimension in TIME)


_LABELS: Mapping[Dimension, Callable[[int], str]] = {
    Dimension.DAY: lambda day: day_from_number(day).isoformat(),
    Dimension.WEEK: lambda day: day_from_number(monday_of(day)).isoformat(),
    Dimension.MONTH: lambda day: day_from_number(day).isoformat()[: len("2018-06")],
}


def _last_day(day: int, dimension: Dimension) -> int:
    """Return the last day of the week or month that a day lies in."""
    if dimension is Dimension.WEEK:
        return monday_of(day) + 6
    civil = day_from_number(day)
    return day - civil.day + monthrange(civil.year, civil.month)[1]


def _columns(dimension: Dimension) -> tuple[str, ...]:
    return ("area", "area_name") if dimension is Dimension.AREA else (dimension.value,)


_OF_A_BUCKET = (
    " FROM (SELECT {of_cell}, sum(n) AS n FROM {cells} WHERE {condition} GROUP BY {of_cell}) AS sums) FROM bucket"
)
_SUMS = {
    "sqlite": (
        "WITH bucket AS MATERIALIZED (SELECT CAST(json_extract(value, '$[0]') AS INTEGER) AS number,"
        " CAST(json_extract(value, '$[1]') AS INTEGER) AS first, CAST(json_extract(value, '$[2]') AS INTEGER) AS last"
        " FROM json_each(:buckets))"
        " SELECT number, (SELECT json_group_array(json_array({cell}, n))" + _OF_A_BUCKET
    ),
    "postgresql": (
        "WITH bucket AS MATERIALIZED (SELECT (value ->> 0)::integer AS number, (value ->> 1)::integer AS first,"
        " (value ->> 2)::integer AS last FROM json_array_elements(CAST(:buckets AS json)))"
        " SELECT number, (SELECT CAST(json_agg(json_build_array({cell}, n)) AS text)" + _OF_A_BUCKET
    ),
}
"""Buckets are ranges of days from one JSON parameter; cast, or SQLite would read the JSON again for each row.

Cells are summed within each bucket, and a bucket's sums come as one JSON array: SQLite sorts thirty days much faster
than ten years, and in a plain join PostgreSQL, which cannot know how few cells a bucket holds, reads a large series
whole and compares each of its cells with each bucket.
"""
