"""What watch remembers of one partnership, as values; and the state that judging moves on."""

from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from schemas.changes import CentreRegistered, Name, Rule, SignalTold
from streams.core.rules.verdicts import NO_CAUSE, Verdicts

KEPT_DAYS = 400
"""For so many days watch keeps what it was told, whatever the rules, so that a new rule can judge it once."""
RECENT_DAYS = 30
"""What happened longer ago raises nothing by itself: a backfill of years must not set off alerts of today."""


class Item(NamedTuple):
    """A dated contribution that was booked (n > 0) or taken back (n < 0), and by which event."""

    day: int
    position: int
    ordinal: int
    recording: str
    areas: tuple[int, ...]
    strands: tuple[str, ...]
    n: int
    cause: Name
    marking: str


class Incident(NamedTuple):
    """An incident as it stands: its worst harm, where and when it happened, and the event that made it stand so.

    `place` is the ledger's number of where it counts, 0 where that was not told: then no rezoning moves it.
    """

    harm: str
    day: int
    areas: tuple[int, ...]
    strands: tuple[str, ...]
    cause: Name
    marking: str
    place: int = 0

    def is_same(self, other: "Incident") -> bool:
        """Whether another states the same, whatever made it do so."""
        return self[:4] == other[:4]


class SignalVersion(msgspec.Struct, frozen=True, array_like=True):
    """One telling of a signal, with the event that told it. The highest in order holds."""

    told: SignalTold
    cause: Name
    marking: str

    @property
    def order(self) -> tuple[int, str, str, str]:
        """Return by what versions are ordered, never by arrival."""
        return self.told.revision, self.told.time, self.cause.source, self.cause.id


class HeldSignal(msgspec.Struct, frozen=True, array_like=True):
    """A signal: the version that holds, None where only a resolution has come; how it was resolved, if it was.

    `kept_day` is the last day that it is about or was told on; it is forgotten some time after.
    """

    version: SignalVersion | None
    outcome: str
    kept_day: int


class HeldCentre(msgspec.Struct, frozen=True, array_like=True):
    """A centre: its entry in the register, None where it has none; how far its returns reach; when it was last alive.

    Nothing is expected of it before `return_from` and `heartbeat_from`.
    """

    entry: CentreRegistered | None = None
    entered_by: Name = NO_CAUSE
    marking: str = "actual"
    return_from: int = 0
    heartbeat_from: int = 0
    last_return: int | None = None
    last_heartbeat: int | None = None


@dataclass
class State:
    """All that judging one batch of a partnership's changes needs; judging changes it in place.

    `items` are those within the windows of the rules. `started_at_us` is None until the partnership's clock runs,
    `next_due_us` says when time alone will next change a verdict.
    """

    started_at_us: int | None = None
    next_due_us: int | None = None
    rules: tuple[Rule, ...] = ()
    items: list[Item] = field(default_factory=list)
    incidents: dict[Name, Incident] = field(default_factory=dict)
    signals: dict[Name, HeldSignal] = field(default_factory=dict)
    centres: dict[str, HeldCentre] = field(default_factory=dict)
    verdicts: Verdicts = field(default_factory=lambda: Verdicts({}))

    def enabled(self, kind: str) -> list[Rule]:
        """Return the rules of a kind that are to be judged."""
        return [rule for rule in self.rules if rule.kind == kind and rule.enabled]

    def forget(self, before_day: int) -> None:
        """Drop what is about days before one: it is out of every rule's sight."""
        for name in [name for name, incident in self.incidents.items() if incident.day < before_day]:
            del self.incidents[name]
        for name in [name for name, signal in self.signals.items() if signal.kept_day < before_day]:
            del self.signals[name]
        self.verdicts.forget(before_day)
