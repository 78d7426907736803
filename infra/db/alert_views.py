"""Alerts as people read them: the list, and one with its updates, its life and its deliveries."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, Row, Table, and_, literal, select, tuple_

from alerts.policy.acts import PersonsAct
from alerts.policy.lifecycle import Act, Alert, Person
from infra.db.alerting import alert_of
from infra.db.engine import transaction
from infra.db.tables.alerting import alert as alert_table
from infra.db.tables.alerting import alert_transition, alert_update
from infra.db.tables.delivering import delivery
from schemas.alerts import AlertState
from schemas.codec import decode_triggers
from schemas.triggers import Trigger
from schemas.vocabulary import AlertOutcome


class AlertError(Exception):
    """An alert that is not there. `bellwether alerts list` shows those that are."""


@dataclass(frozen=True)
class AlertView:
    """One alert with all that belongs to it, in the order in which it came."""

    alert: Alert
    updates: list[Trigger]
    transitions: list[Row[Any]]
    deliveries: list[Row[Any]]


class ListedAlert(NamedTuple):
    """An alert, and the trigger of its last update."""

    alert: Alert
    latest: Trigger


@dataclass(frozen=True)
class AlertsWanted:
    """Which alerts are asked for; None asks for any. `areas` are the ledger's numbers, 0 the whole partnership."""

    states: Collection[str] | None = None
    classes: Collection[str] | None = None
    severities: Collection[str] | None = None
    layers: Collection[str] | None = None
    area_codes: Collection[str] | None = None
    areas: Collection[int] | None = None


def list_alerts(engine: Engine, partnership: int, states: Collection[AlertState]) -> list[Alert]:
    """Return a partnership's alerts in some states, the oldest first."""
    columns = alert_table.c
    wanted = (
        select(alert_table)
        .where(columns.partnership == partnership, columns.state.in_([state.value for state in states]))
        .order_by(columns.opened_at_us, columns.id)
    )
    with transaction(engine, write=False) as connection:
        return [alert_of(row) for row in connection.execute(wanted)]


def page_of_alerts(
    connection: Connection, partnership: int, wanted: AlertsWanted, before: tuple[int, str] | None, rows: int
) -> list[ListedAlert]:
    """Return at most so many alerts, the newest first, from before the opening time and id of the last one seen."""
    columns, latest = alert_table.c, alert_update.c
    query = (
        select(alert_table, latest.body)
        .join(alert_update, and_(latest.alert == columns.number, latest.number == columns.updates))
        .where(columns.partnership == partnership, *_conditions(wanted))
        .order_by(columns.opened_at_us.desc(), columns.id.desc())
        .limit(rows)
    )
    if before is not None:
        query = query.where(tuple_(columns.opened_at_us, columns.id) < tuple_(*map(literal, before)))
    return [ListedAlert(alert_of(row), _triggers(row.body)[-1]) for row in connection.execute(query)]


def show_alert(engine: Engine, partnership: int, alert_id: str) -> AlertView:
    """Return one alert as of one moment. Raises AlertError."""
    with transaction(engine, write=False) as connection:
        return read_alert(connection, partnership, alert_id)


def read_alert(connection: Connection, partnership: int, alert_id: str) -> AlertView:
    """Do the same within a transaction. Raises AlertError."""
    columns = alert_table.c
    row = connection.execute(
        select(alert_table).where(columns.partnership == partnership, columns.id == alert_id)
    ).one_or_none()
    if row is None:
        raise AlertError(f"there is no alert {alert_id}; `bellwether alerts list` shows those there are")

    def belonging(table: Table) -> list[Row[Any]]:
        return list(connection.execute(select(table).where(table.c.alert == row.number).order_by(table.c.number)))

    return AlertView(
        alert=alert_of(row),
        updates=[item for each in belonging(alert_update) for item in _triggers(each.body)],
        transitions=belonging(alert_transition),
        deliveries=belonging(delivery),
    )


def area_of_alert(connection: Connection, partnership: int, alert_id: str) -> int | None:
    """Return the number of the area that an alert is about, 0 for the whole partnership; None if there is no such."""
    columns = alert_table.c
    found: int | None = connection.execute(
        select(columns.area).where(columns.partnership == partnership, columns.id == alert_id)
    ).scalar_one_or_none()
    return found


def last_act(connection: Connection, partnership: int, alert_id: str) -> PersonsAct | None:
    """Return the last thing that became of an alert, where a person did it; None where nobody did, or there is none."""
    columns, transition = alert_table.c, alert_transition.c
    row = connection.execute(
        select(alert_transition)
        .join(alert_table, columns.number == transition.alert)
        .where(columns.partnership == partnership, columns.id == alert_id)
        .order_by(transition.number.desc())
        .limit(1)
    ).one_or_none()
    if row is None or row.actor is None:
        return None
    outcome = None if row.outcome is None else AlertOutcome(row.outcome)
    return PersonsAct(Act(row.act), Person(row.actor, row.agency), row.reason, outcome)


def _conditions(wanted: AlertsWanted) -> list[ColumnElement[bool]]:
    columns = alert_table.c
    among = (
        (columns.state, wanted.states),
        (columns.alert_class, wanted.classes),
        (columns.severity, wanted.severities),
        (columns.layer, wanted.layers),
        (columns.area_code, wanted.area_codes),
        (columns.area, wanted.areas),
    )
    return [column.in_(list(values)) for column, values in among if values is not None]


def _triggers(body: bytes) -> list[Trigger]:
    return [item for item in decode_triggers(bytes(body)) if isinstance(item, Trigger)]
