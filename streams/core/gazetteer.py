"""Names of places: how they are compared, and which known ones an unknown one may have meant.

A suggestion is for a person to confirm. Nothing is ever placed by likeness.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

SUGGESTIONS = 3


class Suggestion(NamedTuple):
    """A known name, and how many letters lie between it and what was written."""

    distance: int
    name: str


def normal_name(name: str) -> str:
    """Return a name without case, punctuation or the choice between `&` and `and`."""
    return " ".join(re.findall(r"\w+", name.casefold().replace("&", " and ")))


def ranked(name: str, known: Iterable[str]) -> list[Suggestion]:
    """Return the known names nearest by edit distance, the nearest first, all that tie with the last included."""
    found = sorted(Suggestion(edit_distance(name, other), other.title()) for other in known)
    if not found:
        return []
    limit = found[min(SUGGESTIONS, len(found)) - 1].distance
    return [each for each in found if each.distance <= limit]


def suggestions(name: str, known: Iterable[str]) -> list[str]:
    """Return only the names of those."""
    return [each.name for each in ranked(name, known)]


def edit_distance(one: str, other: str) -> int:
    """Return how many letters must be added, dropped or changed to make one text the other (Levenshtein 1966)."""
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        line = [row]
        for column, against in enumerate(other, start=1):
            line.append(min(line[-1] + 1, above[column] + 1, above[column - 1] + (letter != against)))
        above = line
    return above[-1]
