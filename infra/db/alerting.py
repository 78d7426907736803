"""Alerts in the ledger, as the stage and people's acts write them."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, or_, select, tuple_, update

from alerts.policy.lifecycle import Act, Alert, AlertKey, Happening, Person, Transition
from infra.db.bulk import Bulk
from infra.db.deliveries import expand
from infra.db.tables.alerting import alert as alert_table
from infra.db.tables.alerting import alert_transition, alert_update
from schemas.alerts import AlertState
from schemas.codec import encode_triggers
from schemas.triggers import Trigger
from schemas.vocabulary import AlertClass, Marking, Severity
from streams.ports.alerting import DeliveryWanted

SEPARATOR = " "
KEY_COLUMNS = (
    alert_table.c.partnership,
    alert_table.c.alert_class,
    alert_table.c.layer,
    alert_table.c.area_code,
    alert_table.c.strand_group,
)
UPDATE_COLUMNS = ("alert", "number", "partnership", "trigger_id", "severity", "at_us", "body")
TRANSITION_COLUMNS = (
    *("alert", "from_state", "to_state", "act", "at_us", "actor", "agency", "reason", "outcome", "after_trigger"),
)


class SqlAlertStore:
    """Implements AlertStore on an open connection."""

    def __init__(self, connection: Connection, bulk: Bulk) -> None:
        self._connection = connection
        self._bulk = bulk

    def lock_open(self, keys: Collection[AlertKey], partnerships: Collection[int], due_by_us: int) -> list[Alert]:
        """See AlertStore."""
        columns = alert_table.c
        runs_out = and_(columns.partnership.in_(partnerships), columns.acknowledge_by_us <= due_by_us)
        wanted = or_(tuple_(*KEY_COLUMNS).in_([_key_values(key) for key in keys]), runs_out) if keys else runs_out
        rows = self._connection.execute(
            select(alert_table)
            .where(columns.state != AlertState.CLOSED.value, wanted)
            .order_by(*KEY_COLUMNS)
            .with_for_update()
        )
        return [alert_of(row) for row in rows]

    def lock(self, partnership: int, alert_id: str) -> Alert | None:
        """Lock one alert of a partnership, open or closed, and return it; None if there is none."""
        columns = alert_table.c
        row = self._connection.execute(
            select(alert_table).where(columns.partnership == partnership, columns.id == alert_id).with_for_update()
        ).one_or_none()
        return None if row is None else alert_of(row)

    def heard(self, triggers: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
        """See AlertStore."""
        if not triggers:
            return set()
        columns = alert_update.c
        rows = self._connection.execute(
            select(columns.partnership, columns.trigger_id).where(
                tuple_(columns.partnership, columns.trigger_id).in_(sorted(triggers))
            )
        )
        return {(row.partnership, row.trigger_id) for row in rows}

    def record(self, happenings: Sequence[Happening]) -> dict[str, int]:
        """See AlertStore."""
        last = {happening.alert.id: happening.alert for happening in happenings}
        opened = {each.alert.id for each in happenings if each.transition and each.transition.act is Act.OPENED}
        numbers = {id_: self._add(last[id_]) for id_ in last if id_ in opened}
        numbers |= {id_: self._change(alert) for id_, alert in last.items() if id_ not in opened}
        self._bulk.insert(
            self._connection,
            alert_update,
            UPDATE_COLUMNS,
            [_update_row(each.alert, each.update, numbers[each.alert.id]) for each in happenings if each.update],
        )
        self._bulk.insert(
            self._connection,
            alert_transition,
            TRANSITION_COLUMNS,
            [_transition_row(each.transition, numbers[each.alert.id]) for each in happenings if each.transition],
        )
        return numbers

    def ask_for_delivery(self, wanted: DeliveryWanted) -> None:
        """See AlertStore."""
        expand(self._connection, wanted)

    def _add(self, alert: Alert) -> int:
        made = self._connection.execute(insert(alert_table).returning(alert_table.c.number), _alert_row(alert))
        return int(made.scalar_one())

    def _change(self, alert: Alert) -> int:
        changed = self._connection.execute(
            update(alert_table)
            .where(alert_table.c.id == alert.id)
            .values(_alert_row(alert))
            .returning(alert_table.c.number)
        )
        return int(changed.scalar_one())


def alert_of(row: Row[Any]) -> Alert:
    """Return an alert from its row."""
    return Alert(
        id=row.id,
        key=AlertKey(row.partnership, AlertClass(row.alert_class), row.layer, row.area_code, row.strand_group),
        area=row.area,
        area_name=row.area_name,
        rule=row.rule,
        severity=Severity(row.severity),
        marking=Marking(row.marking),
        state=AlertState(row.state),
        opened_at_us=row.opened_at_us,
        updated_at_us=row.updated_at_us,
        updates=row.updates,
        acknowledge_by_us=row.acknowledge_by_us,
        below_since_us=row.below_since_us,
        standing=tuple(row.standing.split(SEPARATOR)) if row.standing else (),
        holder=None if row.holder is None else Person(row.holder, row.holder_agency),
    )


def _key_values(key: AlertKey) -> tuple[int, str, str, str, str]:
    return key.partnership, key.alert_class.value, key.layer, key.area_code, key.strand_group


def _alert_row(alert: Alert) -> dict[str, Any]:
    return {
        **dict(zip((column.name for column in KEY_COLUMNS), _key_values(alert.key), strict=True)),
        "id": alert.id,
        "area": alert.area,
        "area_name": alert.area_name,
        "rule": alert.rule,
        "severity": alert.severity.value,
        "marking": alert.marking.value,
        "state": alert.state.value,
        "opened_at_us": alert.opened_at_us,
        "updated_at_us": alert.updated_at_us,
        "updates": alert.updates,
        "acknowledge_by_us": alert.acknowledge_by_us,
        "below_since_us": alert.below_since_us,
        "standing": SEPARATOR.join(alert.standing),
        "holder": alert.holder.user if alert.holder else None,
        "holder_agency": alert.holder.agency if alert.holder else None,
    }


def _update_row(alert: Alert, trigger: Trigger, number: int) -> tuple[object, ...]:
    """Return an update in the order of UPDATE_COLUMNS."""
    return (
        number,
        alert.updates,
        alert.key.partnership,
        trigger.id,
        alert.severity.value,
        trigger.at_us,
        encode_triggers([trigger]),
    )


def _transition_row(transition: Transition, number: int) -> tuple[object, ...]:
    """Return a transition in the order of TRANSITION_COLUMNS."""
    before, by, outcome = transition.before, transition.by, transition.outcome
    return (
        number,
        None if before is None else before.value,
        transition.after.value,
        transition.act.value,
        transition.at_us,
        None if by is None else by.user,
        None if by is None else by.agency,
        transition.reason,
        None if outcome is None else outcome.value,
        transition.after_trigger,
    )
