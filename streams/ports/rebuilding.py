"""What a rebuild needs from the store: what it counts anew, and how far it is."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from streams.core.areas import Geography
from streams.core.contribution import Content
from streams.core.triangle import Cells


class Progress(NamedTuple):
    """How far a rebuild is: the record that asks for it, what it makes, and the last contribution that it counts."""

    position: int
    version: int
    generation: int
    last_contribution: int


class Standing(NamedTuple):
    """What a partnership's counts are made by, the rebuild that is under way, and whether counts of old are left."""

    version: int
    generation: int
    progress: Progress | None
    has_dead_counts: bool


class Kept(NamedTuple):
    """A contribution as it is kept; `received` is for the received basis."""

    number: int
    content: Content
    known_day: int
    n: int
    received: int


class Recent(NamedTuple):
    """What incidents alike contribute; no marking where their events have none of their own."""

    marking: str
    content: Content
    known_day: int
    n: int


class RebuildReader(Protocol):
    """What is read before the fence is taken; only aggregate writes it, so a fence that holds vouches for it."""

    def standing(self, partnership: int) -> Standing:
        """Return how things stand now."""
        ...

    def version_confirmed(self, event: int) -> int:
        """Return the version of the geography that the confirmation of a place made."""
        ...

    def geography(self, partnership: int, version: int) -> Geography:
        """Return a version of a partnership's geography."""
        ...

    def cells(self, partnership: int, generation: int, version: int) -> Cells:
        """Return which cells of a generation a partnership's contents count in."""
        ...

    def places(self, partnership: int) -> Sequence[int]:
        """Return the numbers of all places that a partnership has settled so far."""
        ...

    def contributions(self, partnership: int, after: int, limit: int) -> Sequence[Kept]:
        """Return up to `limit` contributions behind one, in order of their numbers."""
        ...

    def incidents_since(self, partnership: int, day: int) -> Sequence[Recent]:
        """Return what incidents contribute on a day and later, added up over all that rules do not look at."""
        ...


class RebuildStore(Protocol):
    """What is written within aggregate's unit."""

    def progress(self, partnership: int) -> Progress | None:
        """Return how far a rebuild is, as it stands under the fence."""
        ...

    def store_progress(self, partnership: int, progress: Progress) -> None:
        """Begin a rebuild, or note how far it is."""
        ...

    def delete_dead_counts(self, partnership: int, cells: int) -> None:
        """Delete up to so many cells of each sort that belong neither to the counts in use nor to those being made."""
        ...

    def switch(self, partnership: int, version: int, generation: int) -> None:
        """Let a generation be the one in use, made by a version of the geography; no rebuild is under way then."""
        ...

    def adopt(self, partnership: int, version: int) -> None:
        """Note that the counts in use are what a version of the geography makes of them too."""
        ...
