"""What watch needs from the store: its own state, read before the fence is taken and written under it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from schemas.changes import Name, Rule
from streams.core.rules.held import HeldCentre, HeldSignal, Incident, Item, State
from streams.core.rules.verdicts import Status, StatusKey


class WatchClock(NamedTuple):
    """How far watch is with a partnership: when its clock started, what is due next, from which day on it keeps.

    Enough to know that a tick changes nothing, and, with the rules in force, what else must be read.
    """

    started_at_us: int | None = None
    next_due_us: int | None = None
    kept_from_day: int = 0
    rules: tuple[Rule, ...] = ()


class Wanted(NamedTuple):
    """What of a partnership's state judging a batch may need: all centres and verdicts, and these.

    Items are needed from a day on, None for none; of incidents and signals those named, or with `everything` all.
    """

    items_from_day: int | None
    incidents: frozenset[Name]
    signals: frozenset[Name]
    everything: bool


@dataclass(frozen=True)
class Saved:
    """What a batch changes of one partnership's state; what is None is no longer held.

    Where it `forgets`, whatever is about a day before `clock.kept_from_day` goes.
    """

    partnership: int
    clock: WatchClock
    forgets: bool = False
    has_new_rules: bool = False
    items: Sequence[Item] = ()
    incidents: Mapping[Name, Incident | None] = field(default_factory=dict)
    signals: Mapping[Name, HeldSignal | None] = field(default_factory=dict)
    centres: Mapping[str, HeldCentre] = field(default_factory=dict)
    verdicts: Mapping[StatusKey, Status | None] = field(default_factory=dict)


class WatchReader(Protocol):
    """What watch reads before it takes the fence; only watch itself writes it, so a fence that holds vouches for it."""

    def clocks(self, partnerships: Sequence[int]) -> dict[int, WatchClock]:
        """Return how far watch is with some partnerships; those that it knows nothing of are left out."""
        ...

    def state(self, partnership: int, clock: WatchClock, wanted: Wanted) -> State:
        """Return what is held of a partnership that is so far, as far as it is wanted."""
        ...


class WatchStore(Protocol):
    """What watch writes within its unit."""

    def save(self, saved: Saved) -> None:
        """Write what a batch changes of one partnership's state."""
        ...
