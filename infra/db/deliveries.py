"""Deliveries in the ledger: a row for each person and channel by which they must be told of an update of an alert."""

from typing import Any

from sqlalchemy import Connection, Engine, Row, select, text

from alerts.policy.routing import Occasion, delivery_id, recipients
from infra.db import tables
from infra.db.engine import transaction
from infra.db.routes import read_routes
from infra.db.tables.alerting import alert
from infra.db.tables.delivering import delivery
from schemas.vocabulary import Marking
from streams.ports.alerting import DeliveryWanted

WAITING, DELIVERED, REFUSED, GIVEN_UP, SUPERSEDED = "waiting", "delivered", "refused", "given-up", "superseded"
"""States of a delivery. `superseded`: the alert is past what it says, or a later message says more."""

_COLUMNS = (
    "id",
    "partnership",
    "alert",
    "update_number",
    "kind",
    "recipient",
    "agency",
    "channel",
    "state",
    "due_at_us",
)
_INSERT = text(
    f"INSERT INTO delivery ({', '.join(_COLUMNS)}) VALUES ({', '.join(f':{name}' for name in _COLUMNS)})"
    " ON CONFLICT (id) DO NOTHING"
)


def expand(connection: Connection, wanted: DeliveryWanted) -> None:
    """Write a delivery for each who must be told, within the unit that wants it; once however often it is wanted."""
    replaying = connection.execute(
        select(tables.partnership.c.replaying).where(tables.partnership.c.number == wanted.partnership)
    ).scalar_one()
    occasion = Occasion(
        kind=wanted.kind,
        alert_class=wanted.alert_class,
        severity=wanted.severity,
        layer=wanted.layer,
        area_code=wanted.area_code,
        rehearsed=replaying is not None or wanted.marking == Marking.SYNTHETIC,
    )
    rows = [
        {
            "id": delivery_id(wanted.alert_id, wanted.update, wanted.kind, recipient),
            "partnership": wanted.partnership,
            "alert": wanted.alert,
            "update_number": wanted.update,
            "kind": wanted.kind.value,
            "recipient": recipient.user,
            "agency": recipient.agency,
            "channel": recipient.channel,
            "state": WAITING,
            "due_at_us": wanted.at_us,
        }
        for recipient in recipients(read_routes(connection, wanted.partnership), occasion)
    ]
    connection.execute(_INSERT, rows)


def list_deliveries(engine: Engine, partnership: int) -> list[Row[Any]]:
    """Return a partnership's deliveries, the oldest first, each with its alert's id as `alert_id`."""
    names = ("id", "update_number", "kind", "recipient", "agency", "channel")
    also = ("state", "attempts", "due_at_us", "last_result")
    wanted = (
        select(alert.c.id.label("alert_id"), *(delivery.c[name] for name in names + also))
        .join(alert, alert.c.number == delivery.c.alert)
        .where(delivery.c.partnership == partnership)
        .order_by(delivery.c.number)
    )
    with transaction(engine, write=False) as connection:
        return list(connection.execute(wanted))
