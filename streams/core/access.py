"""Who calls, and what they may do: decided from the key or session alone, before anything else is looked at."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

WRITES = "events:write:"
"""Before the source that a key may hand events in for, and whose receipts it may read."""


class Scope(StrEnum):
    """What a key or user may be allowed to do, but for handing in: that scope names its source."""

    COUNTS_READ = "counts:read"
    COUNTS_EXACT = "counts:exact"
    ALERTS_READ = "alerts:read"
    ALERTS_ACT = "alerts:act"
    ADMIN = "admin"


class Role(StrEnum):
    """What a user is here for."""

    CENTRE = "centre"
    ANALYST = "analyst"
    TASK_FORCE = "task-force"
    ADMIN = "admin"


IMPLIED_BY_ADMIN = frozenset(Scope) - {Scope.COUNTS_EXACT}


@dataclass(frozen=True)
class Caller:
    """Whoever calls, by key or session: always of one partnership.

    `actor` is the key's id or the user's code, which may stand in records of what was done. `sources` are those that
    they may hand events in for; `areas` the ledger's numbers of the areas that they answer for, None for all.
    """

    actor: str
    partnership: int
    agency: str | None
    scopes: frozenset[Scope]
    sources: frozenset[str] = frozenset()
    areas: frozenset[int] | None = None

    def may(self, scope: Scope) -> bool:
        """Whether a scope is theirs, by itself or because they administer."""
        return scope in self.scopes or (Scope.ADMIN in self.scopes and scope in IMPLIED_BY_ADMIN)

    def may_write(self, source: str) -> bool:
        """Whether they may hand in events of a source, and read its receipts."""
        return source in self.sources or Scope.ADMIN in self.scopes

    def may_any(self, scopes: Collection[Scope]) -> bool:
        """Whether one of some scopes is theirs."""
        return any(self.may(scope) for scope in scopes)
