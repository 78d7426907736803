"""Which alert a trigger belongs to, and the order in which triggers and clocks are settled."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from alerts.policy.lifecycle import Alert, AlertKey, Happening, clock_ran_out, opened, updated
from schemas.triggers import RAISED, Moved, Trigger, Watched
from schemas.vocabulary import AlertClass

ID_LENGTH = 32
SEPARATOR = "\n"
"""No slug, code or id holds one, so that no two different alerts spell the same text."""


@dataclass(frozen=True, slots=True)
class City:
    """What alerting needs to know of a partnership."""

    slug: str
    zone: tzinfo


def key_of(trigger: Trigger) -> AlertKey:
    """Return what a trigger's alert is known by while it is open."""
    return AlertKey(
        trigger.partnership,
        AlertClass(trigger.alert_class),
        trigger.layer,
        trigger.area_code,
        trigger.strand_group,
    )


def alert_id(slug: str, key: AlertKey, trigger_id: str) -> str:
    """Return the id of the alert that a trigger opens: it derives from causes alone, so a replay gives it again."""
    parts = (slug, key.alert_class, key.layer, key.area_code, key.strand_group, trigger_id)
    return hashlib.sha256(SEPARATOR.join(parts).encode()).hexdigest()[:ID_LENGTH]


class Docket:
    """Open alerts on which triggers are heard in their order; before each, the clocks that ran out are settled.

    It holds what one unit of work has locked, and says what happened. It decides nothing that depends on how many
    triggers it is given at once, nor on another partnership's.
    """

    def __init__(self, cities: Mapping[int, City], alerts: Iterable[Alert], heard: Iterable[tuple[int, str]]) -> None:
        """`heard` are (partnership, trigger id) that some alert has had already."""
        self._cities = cities
        self._alerts = {alert.key: alert for alert in alerts}
        self._heard = set(heard)
        self.happenings: list[Happening] = []

    def hear(self, item: Watched) -> None:
        """Settle a partnership's clocks up to a trigger or a tick, then the trigger."""
        self._settle(item.partnership, item.at_us)
        if not isinstance(item, Moved):
            self._judge(item)

    def _settle(self, partnership: int, until_us: int) -> None:
        ran_out = [
            happening
            for key, alert in self._alerts.items()
            if key.partnership == partnership and (happening := clock_ran_out(alert, until_us)) is not None
        ]
        for happening in sorted(ran_out, key=lambda each: (each.at_us, each.alert.key)):
            self._note(happening)

    def _judge(self, trigger: Trigger) -> None:
        name, key = (trigger.partnership, trigger.id), key_of(trigger)
        if name in self._heard:
            return
        city, alert = self._cities[trigger.partnership], self._alerts.get(key)
        if alert is not None:
            self._note(updated(alert, trigger, city.zone))
        elif trigger.kind == RAISED:
            self._note(opened(alert_id(city.slug, key, trigger.id), key, trigger, city.zone))
        else:
            return
        self._heard.add(name)

    def _note(self, happening: Happening) -> None:
        self._alerts[happening.alert.key] = happening.alert
        self.happenings.append(happening)
