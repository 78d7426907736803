"""Alerting: each trigger opens an alert or updates the open one, and clocks that ran out are settled before it.

What people do to alerts goes the same way out: `tell` writes what happened, asks for deliveries and says it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.policy.grouping import City, Docket, key_of
from alerts.policy.lifecycle import Happening
from schemas.alerts import AlertTold, encode_told
from schemas.codec import decode_triggers
from schemas.topics import ALERTS
from schemas.triggers import Trigger, Watched
from streams.ports import Emit, Record, StageReader, StageUnit
from streams.ports.alerting import AlertStore, DeliveryWanted

STAGE = "alerting"


@dataclass(frozen=True, slots=True)
class AlertingWork:
    """What a batch holds, in its order; nothing is decided before the alerts concerned are locked."""

    items: list[Watched]
    cities: dict[int, City]


class Alerting:
    """The stage between `triggers` and `alerts`."""

    name = STAGE

    def prepare(self, records: Sequence[Record], reader: StageReader) -> AlertingWork:
        """Decode a batch. Raises msgspec.DecodeError for a record whose body holds no triggers."""
        items = [item for record in records for item in decode_triggers(record.body)]
        cities = {}
        for number in sorted({item.partnership for item in items}):
            partnership = reader.partnership(number)
            cities[number] = City(partnership.slug, partnership.calendar.zone)
        return AlertingWork(items, cities)

    def apply(self, work: AlertingWork, unit: StageUnit) -> Sequence[Emit]:
        """Decide and write it, under the locks of the alerts concerned."""
        if not work.items:
            return []
        unit.note_ticks(STAGE, _ticks(work.items))
        triggers = [item for item in work.items if isinstance(item, Trigger)]
        alerts = unit.alerts
        docket = Docket(
            work.cities,
            alerts.lock_open({key_of(each) for each in triggers}, work.cities, max(item.at_us for item in work.items)),
            alerts.heard({(each.partnership, each.id) for each in triggers}),
        )
        for item in work.items:
            docket.hear(item)
        return tell(docket.happenings, alerts)


def tell(happenings: Sequence[Happening], alerts: AlertStore) -> list[Emit]:
    """Write what happened to alerts, have those told who must be, and return it for the log."""
    numbers = alerts.record(happenings)
    for happening in happenings:
        if (wanted := _wanted(happening, numbers[happening.alert.id])) is not None:
            alerts.ask_for_delivery(wanted)
    return [_emit(happening) for happening in happenings]


def _ticks(items: Sequence[Watched]) -> dict[int, int]:
    return {item.partnership: item.at_us for item in items if not isinstance(item, Trigger)}


def _wanted(happening: Happening, number: int) -> DeliveryWanted | None:
    if happening.delivery is None:
        return None
    alert = happening.alert
    return DeliveryWanted(
        partnership=alert.key.partnership,
        alert=number,
        alert_id=alert.id,
        update=alert.updates,
        kind=happening.delivery,
        alert_class=alert.key.alert_class,
        severity=alert.severity,
        area=alert.area,
        layer=alert.key.layer,
        area_code=alert.key.area_code,
        marking=alert.marking,
        at_us=happening.at_us,
    )


def _emit(happening: Happening) -> Emit:
    alert, transition = happening.alert, happening.transition
    by = None if transition is None else transition.by
    told = AlertTold(
        event=happening.event,
        alert=alert.id,
        partnership=alert.key.partnership,
        at_us=happening.at_us,
        alert_class=alert.key.alert_class,
        severity=alert.severity,
        layer=alert.key.layer,
        area_code=alert.key.area_code,
        strand_group=alert.key.strand_group,
        state=alert.state,
        update=alert.updates,
        actor=by.user if by else "",
        agency=by.agency if by else "",
        outcome=transition.outcome or "" if transition else "",
        marking=alert.marking,
    )
    return Emit(ALERTS.name, alert.key.partnership, happening.at_us, encode_told(told))
