"""What a key or a user may be given, and for how long a key is in force."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter, ValidationError

from schemas.fields import SourceUri
from streams.core.access import WRITES, Scope

_source: TypeAdapter[str] = TypeAdapter(SourceUri)


class RightsError(ValueError):
    """Rights that cannot be given; says which can. It never repeats what was asked for."""


class KeyState(StrEnum):
    """Whether a key opens anything."""

    IN_FORCE = "in-force"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Rights:
    """What a caller may do: scopes, and the sources that they may hand in events for."""

    scopes: frozenset[Scope] = frozenset()
    sources: frozenset[str] = frozenset()

    def names(self) -> list[str]:
        """Return them as people write them, in order: `counts:read`, `events:write:/centres/arvig`."""
        return sorted([*self.scopes, *(WRITES + source for source in self.sources)])


def read_rights(names: Iterable[str]) -> Rights:
    """Return the rights that some scopes name. Raises RightsError for none, and for one that is not known."""
    given = set(names)
    sources = {source_of(name.removeprefix(WRITES)) for name in given if name.startswith(WRITES)}
    others = {name for name in given if not name.startswith(WRITES)}
    if not given or others - set(Scope):
        raise RightsError(f"give one or more of the scopes {WRITES}SOURCE, {', '.join(Scope)}")
    return Rights(frozenset(map(Scope, others)), frozenset(sources))


def source_of(text: str) -> str:
    """Return a source as it is. Raises RightsError where it is none."""
    try:
        return _source.validate_python(text)
    except ValidationError:
        raise RightsError("a source is what a centre's events come from, such as /centres/arvig") from None


def judge_key(rights: Rights, agency: str | None) -> None:
    """Raise RightsError where a key is made to act on alerts, but for no agency."""
    if agency is None and Scope.ALERTS_ACT in rights.scopes:
        raise RightsError(f"{Scope.ALERTS_ACT} needs an agency, since every act on an alert names one")


def key_state(expires_at_us: int | None, revoked_at_us: int | None, now_us: int) -> KeyState:
    """Return whether a key is in force: it is until the instant at which it expires, which is not part of its time."""
    if revoked_at_us is not None:
        return KeyState.REVOKED
    if expires_at_us is not None and now_us >= expires_at_us:
        return KeyState.EXPIRED
    return KeyState.IN_FORCE
