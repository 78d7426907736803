"""Watch's own state in the ledger."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import orjson
from sqlalchemy import Connection, Engine, Select, Table, and_, bindparam, delete, select, text

from infra.db.bulk import Bulk
from infra.db.engine import transaction
from infra.db.tables import watching as tables
from schemas.changes import Name, Rule
from schemas.vocabulary import Recording
from streams.core.rules.held import HeldCentre, HeldSignal, Incident, Item, State
from streams.core.rules.verdicts import Status, StatusKey, Verdicts
from streams.ports.watching import Saved, Wanted, WatchClock

SEPARATOR = " "
_RULES = msgspec.json.Decoder(tuple[Rule, ...])
_SIGNAL = msgspec.json.Decoder(HeldSignal)
_CENTRE = msgspec.json.Decoder(HeldCentre)
_ENCODER = msgspec.json.Encoder()

_NAMES = {
    "sqlite": "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:names)",
    "postgresql": "SELECT value ->> 0, value ->> 1 FROM json_array_elements(CAST(:names AS json))",
}
"""SQL for a relation of (source, id) made from one JSON parameter."""


class SqlWatchReader:
    """Implements WatchReader."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def clocks(self, partnerships: Sequence[int]) -> dict[int, WatchClock]:
        """See WatchReader."""
        clock, rules = tables.watch_clock, tables.watch_rules
        both = clock.outerjoin(rules, rules.c.partnership == clock.c.partnership)
        query = select(*clock.columns, rules.c.body).select_from(both).where(clock.c.partnership.in_(partnerships))
        with transaction(self._engine, write=False) as connection:
            return {row.partnership: _clock(row) for row in connection.execute(query)}

    def state(self, partnership: int, clock: WatchClock, wanted: Wanted) -> State:
        """See WatchReader."""
        with transaction(self._engine, write=False) as connection:
            return State(
                started_at_us=clock.started_at_us,
                next_due_us=clock.next_due_us,
                rules=clock.rules,
                items=_items(connection, partnership, wanted.items_from_day),
                incidents=_incidents(connection, partnership, None if wanted.everything else wanted.incidents),
                signals=_signals(connection, partnership, None if wanted.everything else wanted.signals),
                centres=_centres(connection, partnership),
                verdicts=_verdicts(connection, partnership),
            )


class SqlWatchStore:
    """Implements WatchStore on an open connection."""

    def __init__(self, connection: Connection, bulk: Bulk) -> None:
        self._connection = connection
        self._bulk = bulk

    def save(self, saved: Saved) -> None:
        """See WatchStore."""
        number, encode = saved.partnership, _ENCODER.encode
        if saved.forgets:
            self._forget(number, saved.clock.kept_from_day)
        self._replace(tables.watch_clock, {(number,): saved.clock[:-1]})
        if saved.has_new_rules:
            self._replace(tables.watch_rules, {(number,): (encode(saved.clock.rules),)})
        self._insert(tables.watch_item, [(number, *_item_row(item)) for item in saved.items])
        self._replace(
            tables.watch_incident,
            {(number, *_name(name)): _incident_row(held) for name, held in saved.incidents.items()},
        )
        self._replace(
            tables.watch_signal,
            {
                (number, *_name(name)): None if held is None else (held.kept_day, encode(held))
                for name, held in saved.signals.items()
            },
        )
        self._replace(tables.watch_centre, {(number, code): (encode(held),) for code, held in saved.centres.items()})
        self._replace(
            tables.watch_verdict,
            {
                (number, key.rule, key.area, key.group, *_name(key.cause)): status
                for key, status in saved.verdicts.items()
            },
        )

    def _replace(self, table: Table, rows: Mapping[tuple[Any, ...], Sequence[Any] | None]) -> None:
        """Put rows, the primary key first, in the place of those with the same key; None leaves that empty."""
        if not rows:
            return
        keys = list(table.primary_key)
        same = and_(*(column == bindparam(f"key_{column.name}") for column in keys))
        values = [{f"key_{column.name}": part for column, part in zip(keys, row, strict=True)} for row in rows]
        self._connection.execute(delete(table).where(same), values)
        self._insert(table, [(*key, *row) for key, row in rows.items() if row is not None])

    def _insert(self, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        self._bulk.insert(self._connection, table, [column.name for column in table.columns], rows)

    def _forget(self, partnership: int, before_day: int) -> None:
        for column in (
            tables.watch_item.c.day,
            tables.watch_incident.c.day,
            tables.watch_signal.c.kept_day,
            tables.watch_verdict.c.kept_day,
        ):
            table = column.table
            self._connection.execute(delete(table).where(table.c.partnership == partnership, column < before_day))


def _clock(row: Any) -> WatchClock:
    rules = () if row.body is None else _RULES.decode(row.body)
    return WatchClock(row.started_at_us, row.next_due_us, row.kept_from_day, rules)


def _items(connection: Connection, partnership: int, from_day: int | None) -> list[Item]:
    """Return what counts: items that were reported, in the windows."""
    if from_day is None:
        return []
    table = tables.watch_item
    rows = connection.execute(
        select(*list(table.columns)[1:]).where(
            table.c.partnership == partnership, table.c.day >= from_day, table.c.recording == Recording.REPORTED.value
        )
    )
    return [
        Item(day, position, ordinal, recording, _numbers(areas), _codes(strands), n, Name(source, id_), marking)
        for day, position, ordinal, recording, areas, strands, n, source, id_, marking in rows
    ]


def _incidents(connection: Connection, partnership: int, names: Iterable[Name] | None) -> dict[Name, Incident]:
    rows = _named(connection, tables.watch_incident, partnership, names)
    return {
        Name(row.source, row.id): Incident(
            row.harm,
            row.day,
            _numbers(row.areas),
            _codes(row.strands),
            Name(row.cause_source, row.cause_id),
            row.marking,
            row.place,
        )
        for row in rows
    }


def _signals(connection: Connection, partnership: int, names: Iterable[Name] | None) -> dict[Name, HeldSignal]:
    rows = _named(connection, tables.watch_signal, partnership, names)
    return {Name(row.source, row.id): _SIGNAL.decode(row.body) for row in rows}


def _centres(connection: Connection, partnership: int) -> dict[str, HeldCentre]:
    table = tables.watch_centre
    rows = connection.execute(select(table.c.code, table.c.body).where(table.c.partnership == partnership))
    return {row.code: _CENTRE.decode(row.body) for row in rows}


def _verdicts(connection: Connection, partnership: int) -> Verdicts:
    table = tables.watch_verdict
    rows = connection.execute(select(*list(table.columns)[1:]).where(table.c.partnership == partnership))
    return Verdicts(
        {
            StatusKey(rule, area, group, Name(source, id_)): Status(*status)
            for rule, area, group, source, id_, *status in rows
        }
    )


def _named(connection: Connection, table: Table, partnership: int, names: Iterable[Name] | None) -> Sequence[Any]:
    """Return a partnership's rows under some names, or all."""
    query: Select[Any] = select(table).where(table.c.partnership == partnership)
    if names is None:
        return connection.execute(query).all()
    parameter = orjson.dumps([_name(name) for name in names]).decode()
    if parameter == "[]":
        return []
    wanted = text(f"(source, id) IN ({_NAMES[connection.dialect.name]})")
    return connection.execute(query.where(wanted), {"names": parameter}).all()


def _item_row(item: Item) -> tuple[Any, ...]:
    return (
        item.day,
        item.position,
        item.ordinal,
        item.recording,
        _joined(item.areas),
        _joined(item.strands),
        item.n,
        *_name(item.cause),
        item.marking,
    )


def _incident_row(held: Incident | None) -> tuple[Any, ...] | None:
    if held is None:
        return None
    return (
        held.harm,
        held.day,
        _joined(held.areas),
        _joined(held.strands),
        *_name(held.cause),
        held.marking,
        held.place,
    )


def _name(name: Name) -> tuple[str, str]:
    return name.source, name.id


def _joined(parts: Iterable[int | str]) -> str:
    return SEPARATOR.join(str(part) for part in parts)


def _numbers(joined: str) -> tuple[int, ...]:
    return tuple(map(int, joined.split()))


def _codes(joined: str) -> tuple[str, ...]:
    return tuple(joined.split())
