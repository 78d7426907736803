"""What people do to an alert: decided under its row lock, and placed among the triggers so that a replay finds it."""

from sqlalchemy import Connection, Engine, select

from alerts.policy.acts import PersonsAct, Refusal, Unchanged, perform
from alerts.policy.lifecycle import Happening
from infra.clock import Clock
from infra.db import tables
from infra.db.alert_views import AlertError
from infra.db.bulk import bulk_for
from infra.db.engine import repeat_where_asked, transaction
from infra.db.units import SqlUnit
from streams.stages.alerting import STAGE, tell


class AlertActs:
    """Where people acknowledge, stand down and close alerts. Safe to share between threads."""

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        """`clock` stands in for the ledger's own time; without one it is the database's."""
        self._engine = engine
        self._bulk = bulk_for(engine.dialect.name)
        self._clock = clock

    def act(self, partnership: int, alert_id: str, act: PersonsAct) -> Happening | Unchanged | Refusal:
        """Do what a person asks for, at the partnership's own time, or say why not; a refusal writes nothing.

        Raises AlertError, StoreUnavailableError.
        """

        def once() -> Happening | Unchanged | Refusal:
            with transaction(self._engine, write=True) as connection:
                return self._act(connection, partnership, alert_id, act)

        return repeat_where_asked(once)

    def _act(
        self, connection: Connection, partnership: int, alert_id: str, act: PersonsAct
    ) -> Happening | Unchanged | Refusal:
        unit = SqlUnit(connection, self._bulk, self._clock)
        partition, after_trigger = _place_among_triggers(connection, partnership)
        alert = unit.alerts.lock(partnership, alert_id)
        if alert is None:
            raise AlertError(f"there is no alert {alert_id}; `bellwether alerts list` shows those there are")
        done = perform(alert, act, unit.clock_us(partnership), after_trigger)
        if not isinstance(done, tuple):
            return done
        unit.emit(partition, tell(done, unit.alerts))
        return done[-1]


def _place_among_triggers(connection: Connection, partnership: int) -> tuple[int, int]:
    """Return a partnership's partition, and the last position of triggers that alerting has handled in it.

    The position is locked until the unit ends, so that no trigger comes between it and the decision.
    """
    partition = connection.execute(
        select(tables.partnership.c.partition).where(tables.partnership.c.number == partnership)
    ).scalar_one()
    table = tables.stage_position
    position = connection.execute(
        select(table.c.position)
        .where(table.c.stage == STAGE, table.c.partition == partition)
        .with_for_update(read=True)
    ).scalar_one()
    return int(partition), int(position)
