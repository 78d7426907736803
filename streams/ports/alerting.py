"""What alerting needs from the store, within its unit: alerts are read under their locks, since people act on them."""

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from alerts.policy.lifecycle import Alert, AlertKey, DeliveryKind, Happening
from schemas.vocabulary import AlertClass, Marking, Severity


class DeliveryWanted(NamedTuple):
    """Somebody must be told of one update of an alert; who that is, the routes say.

    All else is as it was when it happened, whatever became of the alert since. `alert` is the alert's row number,
    `area` the ledger's number of the area, 0 for the whole partnership.
    """

    partnership: int
    alert: int
    alert_id: str
    update: int
    kind: DeliveryKind
    alert_class: AlertClass
    severity: Severity
    area: int
    layer: str
    area_code: str
    marking: Marking
    at_us: int


class AlertStore(Protocol):
    """What alerting reads and writes within its unit."""

    def lock_open(self, keys: Collection[AlertKey], partnerships: Collection[int], due_by_us: int) -> list[Alert]:
        """Lock the open alerts of some keys, and those of some partnerships whose clock runs out by then, by key."""
        ...

    def heard(self, triggers: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
        """Return those (partnership, trigger id) that some alert has had already, whatever became of it."""
        ...

    def record(self, happenings: Sequence[Happening]) -> dict[str, int]:
        """Write what happened, in its order; return the row numbers of the alerts by their ids."""
        ...

    def ask_for_delivery(self, wanted: DeliveryWanted) -> None:
        """Have those told who must be, in this unit: a delivery row for each."""
        ...
