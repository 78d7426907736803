"""What rules have said of a partnership so far, found by what it is about and by when time will change it."""

from collections import defaultdict
from collections.abc import ItemsView, Mapping
from typing import NamedTuple

from schemas.changes import Name

NO_CAUSE = Name("", "")


class StatusKey(NamedTuple):
    """What a verdict is about; `cause` is the one incident, signal or centre's duty where it is about one."""

    rule: str
    area: int
    group: str
    cause: Name = NO_CAUSE

    @property
    def place(self) -> "StatusKey":
        """Return the rule, area and strand group alone, which one trigger speaks of."""
        return StatusKey(self.rule, self.area, self.group)


class Status(NamedTuple):
    """A rule's verdict as it was last told, and when time alone will change it.

    One that is not `above` is kept only for what is due. `kept_day` is the day that it is about, after which it is
    forgotten some time; None where time settles it anyway.
    """

    kind: str
    above: bool
    rank: int
    marking: str
    due_us: int | None = None
    kept_day: int | None = None


class Verdicts:
    """The verdicts on one partnership."""

    def __init__(self, held: Mapping[StatusKey, Status]) -> None:
        self._held: dict[StatusKey, Status] = {}
        self._by_cause: defaultdict[Name, set[StatusKey]] = defaultdict(set)
        self._due_us: dict[StatusKey, int] = {}
        for key, status in held.items():
            self[key] = status

    def __setitem__(self, key: StatusKey, status: Status) -> None:
        self._held[key] = status
        self._by_cause[key.cause].add(key)
        self._due_us.pop(key, None)
        if status.due_us is not None:
            self._due_us[key] = status.due_us

    def get(self, key: StatusKey) -> Status | None:
        """Return a verdict, None where nothing is said."""
        return self._held.get(key)

    def pop(self, key: StatusKey) -> Status:
        """Drop a verdict and return it."""
        self._by_cause[key.cause].discard(key)
        self._due_us.pop(key, None)
        return self._held.pop(key)

    def items(self) -> ItemsView[StatusKey, Status]:
        """Return all verdicts."""
        return self._held.items()

    def about(self, rule: str, cause: Name) -> list[StatusKey]:
        """Return what a rule says of one incident, signal or duty, and where."""
        return [key for key in self._by_cause.get(cause, ()) if key.rule == rule]

    def rank_left(self, place: StatusKey) -> int:
        """Return the highest rank that is still above in a place, 0 where nothing is."""
        ranks = (status.rank for key, status in self._held.items() if key.place == place and status.above)
        return max(ranks, default=0)

    def next_due_us(self) -> int | None:
        """Return when time alone will next change one of them."""
        return min(self._due_us.values(), default=None)

    def due(self, at_us: int, kind: str) -> list[StatusKey]:
        """Return what time changes at an instant."""
        return [key for key, due_us in self._due_us.items() if due_us == at_us and self._held[key].kind == kind]

    def forget(self, before_day: int) -> None:
        """Drop what is about a day before one."""
        for key in [
            key for key, held in self._held.items() if held.kept_day is not None and held.kept_day < before_day
        ]:
            self.pop(key)
