"""What intake, readers and pages need from the vault: it seals, compares, opens, and never hands a key out."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

Incident = tuple[int, str]
"""An incident by its source's number and its id."""


class Apart(NamedTuple):
    """What is taken out of an event for the vault, and what follows from it.

    `whole` is the event as it was sent. `victims` has for each victim the identifiers by which they may be known
    again, already in one spelling; `consents` are what the log may say: codes and dates. `day` is when it happened.
    """

    parts: bytes
    whole: bytes
    victims: tuple[tuple[str, ...], ...] = ()
    consents: tuple[dict[str, str], ...] = ()
    day: int = 0


class Resent(NamedTuple):
    """An event that is held already, and the parts that came with it this time."""

    event: int
    parts: bytes


class ToSeal(NamedTuple):
    """A new event with something to seal. It goes to the incident's case; where there is none, to one of its own."""

    event: int
    identity: tuple[int, str]
    incident: Incident | None
    body: bytes
    apart: Apart


class IntakeVault(Protocol):
    """The vault within a unit of intake, under the lock of the log's head."""

    def differing(self, resent: Sequence[Resent]) -> set[Resent]:
        """Return those whose event was sealed with other parts than came this time.

        What was forgotten cannot be compared, and differs from nothing.
        """
        ...

    def seal(self, partnership: int, at_us: int, events: Sequence[ToSeal]) -> set[int]:
        """Seal parts, note the case in each event, and the repeats among its victims; in the order given.

        Returns the events that were not sealed, since their case has been forgotten.
        """
        ...


class PartnershipVault(Protocol):
    """The vault as the desk of one partnership sees it, outside any unit."""

    def written_reference(self, text: str) -> str:
        """Return 32 hex digits that stand for a place as written, the same for every spelling of case and spaces.

        They are keyed: whoever lacks the key can neither read the text nor try out guesses. The key is the
        partnership's own, and outlives a rotation of the master.
        """
        ...

    def open_written(self, events: Sequence[int]) -> dict[str, str]:
        """Return the places as written in some events, by their reference; what was forgotten is not among them."""
        ...


class SavedDraft(NamedTuple):
    """A draft that can be opened, and when it was last saved."""

    draft: str
    saved_at_us: int


class NoDraftError(Exception):
    """There is no such draft of this owner's, or not any more; another's is as if it were not there."""


class DraftTooLargeError(Exception):
    """A draft has more bytes than are kept. Nothing was saved."""


class Drafts(Protocol):
    """The drafts of one partnership: what its users are still writing, sealed, each draft for its owner only.

    `owner` is a user's code. A draft stands for some days from its last save; after that nobody can open it.
    """

    def save(self, owner: str, draft: str | None, content: bytes, now_us: int) -> str:
        """Seal a draft, a new one or in place of what it held; return its random name.

        Raises DraftTooLargeError, and NoDraftError where the owner has no such draft.
        """
        ...

    def open(self, owner: str, draft: str, now_us: int) -> bytes:
        """Return what a draft holds. Raises NoDraftError."""
        ...

    def list(self, owner: str, now_us: int) -> Sequence[SavedDraft]:
        """Return an owner's drafts, the last saved first."""
        ...

    def discard(self, owner: str, draft: str) -> None:
        """Destroy a draft with its key, as when it was handed in; one that is not there is gone already."""
        ...
