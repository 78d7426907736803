"""Names of places: how they are compared, and which known ones an unknown one may have meant.

A suggestion is for a person to confirm. Nothing is ever placed by likeness.
"""

import re
from collections.abc import Iterable

SUGGESTIONS = 3


def normal_name(name: str) -> str:
    """Return a name without case, punctuation or the choice between `&` and `and`."""
    return " ".join(re.findall(r"\w+", name.casefold().replace("&", " and ")))


def suggestions(name: str, known: Iterable[str]) -> list[str]:
    """Return the known names nearest by edit distance, all that tie with the last included."""
    ranked = sorted((edit_distance(name, other), other) for other in known)
    if not ranked:
        return []
    limit = ranked[min(SUGGESTIONS, len(ranked)) - 1][0]
    return [other.title() for distance, other in ranked if distance <= limit]


def edit_distance(one: str, other: str) -> int:
    """Return how many letters must be added, dropped or changed to make one text the other (Levenshtein 1966)."""
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        line = [row]
        for column, against in enumerate(other, start=1):
            line.append(min(line[-1] + 1, above[column] + 1, above[column - 1] + (letter != against)))
        above = line
    return above[-1]
