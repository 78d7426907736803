"""Alerts as people read them: the list, and one with its updates, its life and its deliveries."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, Table, select

from alerts.policy.lifecycle import Alert
from infra.db.alerting import alert_of
from infra.db.engine import transaction
from infra.db.tables.alerting import alert as alert_table
from infra.db.tables.alerting import alert_transition, alert_update
from infra.db.tables.delivering import delivery
from schemas.alerts import AlertState
from schemas.codec import decode_triggers
from schemas.triggers import Trigger


class AlertError(Exception):
    """An alert that is not there. `bellwether alerts list` shows those that are."""


@dataclass(frozen=True)
class AlertView:
    """One alert with all that belongs to it, in the order in which it came."""

    alert: Alert
    updates: list[Trigger]
    transitions: list[Row[Any]]
    deliveries: list[Row[Any]]


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


def show_alert(engine: Engine, partnership: int, alert_id: str) -> AlertView:
    """Return one alert as of one moment. Raises AlertError."""
    columns = alert_table.c
    with transaction(engine, write=False) as connection:
        row = connection.execute(
            select(alert_table).where(columns.partnership == partnership, columns.id == alert_id)
        ).one_or_none()
        if row is None:
            raise AlertError(f"there is no alert {alert_id}; `bellwether alerts list` shows those there are")

        def belonging(table: Table) -> list[Row[Any]]:
            return list(connection.execute(select(table).where(table.c.alert == row.number).order_by(table.c.number)))

        return AlertView(
            alert=alert_of(row),
            updates=[
                item
                for each in belonging(alert_update)
                for item in decode_triggers(bytes(each.body))
                if isinstance(item, Trigger)
            ],
            transitions=belonging(alert_transition),
            deliveries=belonging(delivery),
        )
