"""A partnership as it stands at one moment: what every read begins with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Connection

from api.deps import Deps
from api.security import AnyCaller, DepsOf
from infra.db.places import HeldPlaces, Places
from infra.db.row_security import reading
from infra.db.standing import Standing, read_standing


@dataclass(frozen=True)
class Moment:
    """An open transaction in which one partnership can be read, how that stands, and its places."""

    connection: Connection
    standing: Standing
    places: Places


class Reader:
    """Opens the one partnership that a caller may read."""

    def __init__(self, deps: Deps, partnership: int, places: HeldPlaces) -> None:
        self._deps = deps
        self._partnership = partnership
        self._places = places

    @contextmanager
    def moment(self) -> Iterator[Moment]:
        """Run a block in one transaction. Raises StoreUnavailableError."""
        with reading(self._deps.engine, self._partnership) as connection:
            standing = read_standing(connection, self._partnership, self._deps.clock.now_us())
            yield Moment(connection, standing, self._places.get(connection, self._partnership, standing.today))


async def reader_of(request: Request, deps: DepsOf, caller: AnyCaller) -> Reader:
    """Return what opens the caller's partnership. Places are remembered by the app, from one request to the next."""
    state = request.app.state
    if not hasattr(state, "places"):
        state.places = HeldPlaces()
    return Reader(deps, caller.partnership, state.places)


ReaderOf = Annotated[Reader, Depends(reader_of)]
