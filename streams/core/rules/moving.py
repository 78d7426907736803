"""Where places count after a rezoning, for what is held of single incidents and signals."""

from collections import defaultdict
from collections.abc import Iterable

from schemas.changes import PlaceMoved


class MovedPlaces:
    """The places that a rebuild moved, by number and day."""

    def __init__(self, places: Iterable[PlaceMoved]) -> None:
        self._moves: defaultdict[int, list[PlaceMoved]] = defaultdict(list)
        for moved in places:
            self._moves[moved.place].append(moved)

    def areas(self, place: int, day: int) -> tuple[int, ...] | None:
        """Return the areas that count a place on a day now; None where they are what they were."""
        for moved in self._moves.get(place, ()):
            begins = moved.first_day is None or moved.first_day <= day
            if begins and (moved.last_day is None or day <= moved.last_day):
                return moved.areas
        return None
