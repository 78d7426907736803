"""History played into a ledger, slice by slice with the stages at work, and all that was judged on the way."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from infra.clock import PlayedClock
from infra.db.alert_views import list_alerts, show_alert
from infra.db.engine import make_engine, transaction
from infra.db.geography import NewArea, import_areas
from infra.db.ledger import SqlLedger
from infra.db.partnerships import create_partnership
from producers.replay import Line, in_order, received_us, slices
from schemas.alerts import AlertState
from schemas.codec import decode_triggers
from schemas.topics import TRIGGERS
from schemas.triggers import Trigger
from streams.core.days import instant_of
from streams.hosts.desk import IntakeDesk
from streams.hosts.embedded import EmbeddedHost
from streams.runner import Runner
from streams.topology import TOPOLOGY
from tests.support.city import QuietObserver
from tests.support.databases import STORE_TIMEOUT_S
from tests.support.events import Raw, encoded, envelope

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
LONG_AGO_US = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


class Judged(NamedTuple):
    """What a replay came to: every trigger, by digest, and every alert."""

    triggers: int
    digest: str
    alerts: list[dict[str, Any]]


class Stage:
    """A ledger on which several partnerships' histories are played side by side."""

    def __init__(self, url: str, batch_size: int) -> None:
        self.clock = PlayedClock()
        self.clock.move_to(LONG_AGO_US)
        self.engine = make_engine(url, STORE_TIMEOUT_S)
        self.ledger = SqlLedger(self.engine, self.clock)
        runners = [Runner(step, self.ledger, self.ledger, QuietObserver()) for step in TOPOLOGY]
        self.host = EmbeddedHost(self.ledger, runners, lambda: batch_size)

    def partnership(
        self, slug: str, places: str, rules: Sequence[Raw], layers: Sequence[tuple[str, Sequence[str]]]
    ) -> int:
        """Make a partnership with some layers of areas, whose codes are their names, and rules."""
        with transaction(self.engine, write=True) as connection:
            number = create_partnership(connection, slug, places, "Europe/London", LONG_AGO_US)
            for layer, names in layers:
                import_areas(connection, number, layer, [NewArea(n, n, None, None) for n in names], None, None)
        self.ledger.refresh()
        changed = envelope(
            "bellwether.rule.changed.v1", "rules-1", "/rules", "2000-01-01T00:00:00Z", {"version": 1, "rules": rules}
        )
        (answer,) = IntakeDesk(self.ledger, number).take(encoded(changed), trusted=False)
        assert answer.problems == (), answer
        return number

    def play(self, histories: dict[int, Sequence[bytes]], tick_us: int) -> None:
        """Play all histories at once: a slice of each in turn, worked off together."""
        waiting = {number: slices(self._lines(number, raws), tick_us) for number, raws in histories.items()}
        while waiting:
            for number, parts in list(waiting.items()):
                part = next(parts, None)
                if part is None:
                    del waiting[number]
                    continue
                answers = IntakeDesk(self.ledger, number).play([line.raw for line in part.lines], part.ticks_us)
                assert all(answer.outcome is not None for answer in answers), answers
            self.host.drain()

    def judged(self, partnership: int) -> Judged:
        """Return all that was judged of a partnership."""
        partition = self.ledger.partnership(partnership).partition
        last = self.ledger.heads(TRIGGERS.name)[partition]
        triggers = [
            item
            for record in self.ledger.read_log(TRIGGERS.name, partition, 1, last)
            if record.partnership == partnership
            for item in decode_triggers(record.body)
            if isinstance(item, Trigger)
        ]
        said = hashlib.sha256()
        for trigger in triggers:
            said.update(msgspec.json.encode(_without_numbers(trigger)))
        return Judged(len(triggers), said.hexdigest(), self._alerts(partnership))

    def _alerts(self, partnership: int) -> list[dict[str, Any]]:
        alerts = list_alerts(self.engine, partnership, list(AlertState))
        views = [show_alert(self.engine, partnership, alert.id) for alert in alerts]
        return [
            {
                "id": view.alert.id,
                "area": view.alert.key.area_code,
                "strand_group": view.alert.key.strand_group,
                "opened_at": instant_of(view.alert.opened_at_us),
                "updates": view.alert.updates,
                "deliveries": len(view.deliveries),
            }
            for view in views
        ]

    def _lines(self, partnership: int, raws: Sequence[bytes]) -> list[Line]:
        calendar = self.ledger.partnership(partnership).calendar
        return in_order(Line(n, received_us(raw, calendar), raw) for n, raw in enumerate(raws, start=1))


def _without_numbers(trigger: Trigger) -> Trigger:
    """Return a trigger without the numbers that one ledger gives and another does not."""
    return msgspec.structs.replace(trigger, position=0, partnership=0, area=0)
