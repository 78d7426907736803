"""What waits to be sent: claimed by a courier for a while, and settled when it is known what became of it.

A courier that is killed leaves its lease behind; the message is sent again once the lease has run out.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    and_,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from alerts.policy.lifecycle import DeliveryKind
from infra.db.deliveries import DELIVERED, SUPERSEDED, WAITING
from infra.db.engine import repeat_where_asked, transaction
from infra.db.tables.alerting import alert
from infra.db.tables.delivering import delivery, delivery_attempt
from schemas.alerts import AlertState

T = TypeVar("T")


class Due(NamedTuple):
    """A delivery that a courier has for a while, with its alert as it is now. `attempt` counts from 1."""

    number: int
    id: str
    alert: str
    kind: str
    severity: str
    marking: str
    area_name: str
    recipient: str
    agency: str
    channel: str
    attempt: int
    first_tried_at_us: int


class Settlement(NamedTuple):
    """What became of an attempt, by its code and reason, and what that makes of the delivery.

    `again_us` is when it is due again; None where it is not.
    """

    result: str
    reason: str
    state: str
    again_us: int | None


class Outbox:
    """Deliveries as couriers use them. Safe to share between threads, and among any number of couriers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, now_us: int, lease_us: int, most: int) -> list[Due]:
        """Take deliveries that are due, for as long as a lease, and note that an attempt begins.

        What need not be sent any more is settled on the way, until something must be sent or nothing is due.
        """
        while self._anything_due(now_us):
            found, taken = self._write(lambda connection: _claim(connection, now_us, lease_us, most))
            if taken or not found:  # all that is due may be in another courier's hands at this moment
                return taken
        return []

    def settle(self, settled: Sequence[tuple[Due, Settlement]], now_us: int) -> None:
        """Note what became of attempts. One that outlived its lease settles the delivery only if it got through."""

        def work(connection: Connection) -> None:
            for due, settlement in settled:
                _settle(connection, due, settlement, now_us)

        self._write(work)

    def _anything_due(self, now_us: int) -> bool:
        with transaction(self._engine, write=False) as connection:
            return connection.execute(_FIRST_DUE, {"now_us": now_us}).first() is not None

    def _write(self, work: Callable[[Connection], T]) -> T:
        def once() -> T:
            with transaction(self._engine, write=True) as connection:
                return work(connection)

        return repeat_where_asked(once)


def _due(now_us: int | BindParameter[int]) -> Select[Any]:
    """Return the query for what nobody has and is due, with its alert as it is now and whether it is outdated.

    What was never tried is due whatever the clocks say: a partnership's time may be ahead of this machine's.
    """
    later = delivery.alias("later")
    outdated = (
        select(later.c.number)
        .where(
            *(later.c[name] == delivery.c[name] for name in ("alert", "recipient", "channel")),
            later.c.number > delivery.c.number,
            or_(later.c.kind == DeliveryKind.OVERDUE, delivery.c.kind != DeliveryKind.OVERDUE),
        )
        .exists()
    )
    return (
        select(
            *(delivery.c[name] for name in ("number", "id", "kind", "recipient", "agency", "channel")),
            *(delivery.c[name] for name in ("attempts", "first_tried_at_us")),
            *(alert.c[name] for name in ("severity", "marking", "area_name")),
            alert.c.id.label("alert_id"),
            or_(_ended(), outdated).label("outdated"),
        )
        .join(alert, alert.c.number == delivery.c.alert)
        .where(
            delivery.c.state == WAITING,
            or_(delivery.c.first_tried_at_us.is_(None), delivery.c.due_at_us <= now_us),
            delivery.c.leased_until_us <= now_us,
        )
        .order_by(delivery.c.due_at_us, delivery.c.number)
    )


def _ended() -> ColumnElement[bool]:
    """Return whether an alert is past what a delivery would say of it."""
    somebody_has_it = and_(delivery.c.kind == DeliveryKind.OVERDUE, alert.c.state != AlertState.OPEN)
    return or_(alert.c.state == AlertState.CLOSED, somebody_has_it)


_FIRST_DUE = _due(bindparam("now_us", type_=BigInteger)).limit(1)
"""Put together once: a courier that has nothing to do asks it every second."""


def _claim(connection: Connection, now_us: int, lease_us: int, most: int) -> tuple[bool, list[Due]]:
    """Return whether anything was found, and what of it is to be sent."""
    wanted = _due(now_us).limit(most).with_for_update(of=delivery, skip_locked=True)
    found = list(connection.execute(wanted))
    outdated = [row.number for row in found if row.outdated]
    if outdated:
        connection.execute(
            update(delivery).where(delivery.c.number.in_(outdated)).values(state=SUPERSEDED, ended_at_us=now_us)
        )
    taken = [_taken(row, now_us) for row in found if not row.outdated]
    for due in taken:
        connection.execute(
            update(delivery)
            .where(delivery.c.number == due.number)
            .values(
                attempts=due.attempt,
                leased_until_us=now_us + lease_us,
                first_tried_at_us=due.first_tried_at_us,
            )
        )
    if taken:
        started = [{"delivery": due.number, "attempt": due.attempt, "started_at_us": now_us} for due in taken]
        connection.execute(insert(delivery_attempt), started)
    return bool(found), taken


def _settle(connection: Connection, due: Due, settlement: Settlement, now_us: int) -> None:
    own = [delivery.c.number == due.number, delivery.c.state == WAITING]
    if settlement.state != DELIVERED:
        own.append(delivery.c.attempts == due.attempt)
    connection.execute(
        update(delivery_attempt)
        .where(delivery_attempt.c.delivery == due.number, delivery_attempt.c.attempt == due.attempt)
        .values(ended_at_us=now_us, result=settlement.result, reason=settlement.reason)
    )
    connection.execute(
        update(delivery)
        .where(*own)
        .values(
            state=settlement.state,
            due_at_us=delivery.c.due_at_us if settlement.again_us is None else settlement.again_us,
            leased_until_us=0,
            ended_at_us=now_us if settlement.again_us is None else None,
            last_result=": ".join(filter(None, (settlement.result, settlement.reason))),
        )
    )


def _taken(row: Row[Any], now_us: int) -> Due:
    return Due(
        number=row.number,
        id=row.id,
        alert=row.alert_id,
        kind=row.kind,
        severity=row.severity,
        marking=row.marking,
        area_name=row.area_name,
        recipient=row.recipient,
        agency=row.agency,
        channel=row.channel,
        attempt=row.attempts + 1,
        first_tried_at_us=now_us if row.first_tried_at_us is None else row.first_tried_at_us,
    )
