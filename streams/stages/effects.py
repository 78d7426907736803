"""What an event about incidents tells the stages behind aggregate: what is booked, and what stands of its incident."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from schemas.changes import Booked, Delta, Name
from schemas.vocabulary import HarmGrade
from streams.core.contribution import Booking, Version

HARM_ORDER = (HarmGrade.NONE, HarmGrade.MINOR, HarmGrade.SERIOUS, HarmGrade.CRITICAL)
_HARM_RANK = {grade.value: rank for rank, grade in enumerate(HARM_ORDER)}


class Places(Protocol):
    """Says which areas count a place."""

    def area_numbers(self, place: int, day: int) -> tuple[int, ...]:
        """Return the areas that count a place on a day."""
        ...


class Effect(NamedTuple):
    """What an event changes: what is booked, and the version of its incident that held before it and holds after."""

    booked: dict[Booking, int]
    stood: Version | None
    stands: Version | None

    @property
    def changes_anything(self) -> bool:
        """Whether anybody behind would notice."""
        return bool(self.booked) or self.stood != self.stands

    def told(self, incident: Name, places: Places) -> Booked:
        """Return what is told of it."""
        deltas = tuple(_delta(booking, n, places) for booking, n in sorted(self.booked.items()))
        stands = self.stands
        if stands is None or stands.content is None:
            return Booked(incident, deltas, stands=None)
        stood = _delta((stands.content, stands.known_day), 1, places)
        return Booked(incident, deltas, stands.harm, stood, stands.content.place)


def first_booked(incident: Name, booked: Mapping[Booking, int], harm: Mapping[str, str], places: Places) -> Booked:
    """Return what a first version tells. What stands is what it books, so that is not said twice."""
    if not booked:
        return Booked(incident, ())
    ((content, known_day),) = booked
    return Booked(incident, (_delta((content, known_day), 1, places),), worst_harm(harm), place=content.place)


def worst_harm(harm: Mapping[str, str]) -> str:
    """Return the worst grade of the four sorts of harm; unknown if none is graded."""
    grades = [grade for grade in harm.values() if grade in _HARM_RANK]
    return max(grades, key=_HARM_RANK.__getitem__, default=HarmGrade.UNKNOWN.value)


def _delta(booking: Booking, n: int, places: Places) -> Delta:
    content, known_day = booking
    return Delta(
        n,
        content.day,
        known_day,
        content.dated,
        content.recording,
        places.area_numbers(content.place, content.day),
        content.strands,
    )
