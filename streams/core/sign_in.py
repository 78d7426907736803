"""What users are by their role, and what is decided about passwords, failed attempts and sessions."""

from collections.abc import Collection
from typing import NamedTuple

from streams.core.access import Role, Scope
from streams.core.rights import RightsError

MINUTE_US = 60_000_000
SHORTEST_PASSWORD, LONGEST_PASSWORD, FEWEST_LETTERS = 12, 200, 6
FREE_ATTEMPTS = 4
"""Of failed attempts in a row: the next one locks the user for a minute, and each that follows for twice as long."""
LONGEST_LOCK_MINUTES = 16
IDLE_MINUTES, LONGEST_MINUTES = 60, 12 * 60
"""A session ends an hour after it was last used, and half a day after it was opened."""


SCOPES_OF_ROLE = {
    Role.CENTRE: frozenset[Scope](),
    Role.ANALYST: frozenset({Scope.COUNTS_READ}),
    Role.TASK_FORCE: frozenset({Scope.COUNTS_READ, Scope.ALERTS_READ, Scope.ALERTS_ACT}),
    Role.ADMIN: frozenset({Scope.ADMIN}),
}


class Attempts(NamedTuple):
    """Failed attempts at a user's password since the last right one, and until when none is let through."""

    failed: int = 0
    locked_until_us: int = 0

    def are_locked(self, now_us: int) -> bool:
        """Whether no attempt is let through now, not even with the right password."""
        return now_us < self.locked_until_us

    def one_more(self, now_us: int) -> "Attempts":
        """Return what holds after another failed one; it is counted before the password is looked at."""
        failed = self.failed + 1
        if failed <= FREE_ATTEMPTS:
            return Attempts(failed)
        minutes = min(LONGEST_LOCK_MINUTES, 1 << min(failed - FREE_ATTEMPTS - 1, LONGEST_LOCK_MINUTES))
        return Attempts(failed, now_us + minutes * MINUTE_US)


def judge_user(role: Role, centre: str | None, sources: Collection[str], areas: Collection[str]) -> None:
    """Raise RightsError where a role is given what means nothing to it, or lacks what it is nothing without."""
    if role is Role.CENTRE and not sources:
        raise RightsError("a user of a centre needs at least one source to report for, such as /centres/arvig")
    if role is not Role.CENTRE and (sources or centre is not None):
        raise RightsError("a centre and its sources are for users with the role centre")
    if role is not Role.TASK_FORCE and areas:
        raise RightsError("areas are for users with the role task-force")


def judge_password(password: str, code: str) -> None:
    """Raise RightsError where a password is easily guessed or too long; `code` is the user's. It is never repeated."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise RightsError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} letters; a few words will do well")
    if len(set(password)) < FEWEST_LETTERS:
        raise RightsError(f"a password has at least {FEWEST_LETTERS} different letters")
    if code in password.lower():
        raise RightsError("a password does not contain the user's code")


def session_ends_us(opened_at_us: int) -> int:
    """Return when a session ends at the latest."""
    return opened_at_us + LONGEST_MINUTES * MINUTE_US


def is_open(expires_at_us: int, last_seen_at_us: int, now_us: int) -> bool:
    """Whether a session may still be used."""
    return now_us < min(expires_at_us, last_seen_at_us + IDLE_MINUTES * MINUTE_US)
