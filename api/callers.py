"""Who calls, and what they may do: decided from the key or session alone, before anything else is looked at."""

from typing import Protocol

from streams.core.access import IMPLIED_BY_ADMIN, WRITES, Caller, Scope

__all__ = ["IMPLIED_BY_ADMIN", "WRITES", "Access", "Caller", "Scope"]


class Access(Protocol):
    """Knows keys and sessions."""

    def caller(self, secret: str) -> Caller | None:
        """Return who a bearer key belongs to; None for one that is unknown, expired or revoked."""
        ...

    def note(self, caller: Caller, act: str, what: str, purpose: str | None) -> None:
        """Note that a record was read or figures were exported, and why, before the answer goes out."""
        ...
