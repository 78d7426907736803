"""Grades of signals by the 3x5x2 system: source, information, handling.

Source: 1 reliable, 2 untested, 3 not reliable. Information: A known directly, B known indirectly but corroborated,
C known indirectly, D not known, E suspected to be false. Handling: P lawful sharing permitted, C with conditions.
The older 5x5x5 writes the letter first, for the source; a grade is never guessed from such a token.
Source: College of Policing, intelligence report guidance.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

_GRADE = re.compile(r"([123])[ -]?([ABCDE])[ -/]?([PC])")
_OLDER = re.compile(r"[ABCDE][ -]?[1-5][ -/]?[1-5]?")
SOURCES, INFORMATION = "123", "ABCDE"


def _grade(text: str) -> str:
    if found := _GRADE.fullmatch(text):
        return "".join(found.groups())
    if _OLDER.fullmatch(text):
        raise PydanticCustomError(
            "grade-5x5x5", "this looks like a 5x5x5 grade, letter first; grade it anew by 3x5x2, as in 2BP"
        )
    raise PydanticCustomError("grade", "write a 3x5x2 grade: source 1 to 3, information A to E, handling P or C: 2BP")


Grade = Annotated[str, Field(min_length=2, max_length=8), AfterValidator(_grade)]
"""A 3x5x2 grade, kept as in `2BP`."""


def has_weight(grade: str | None) -> bool:
    """Whether a signal of a grade may move anything: what is suspected to be false may not. Ungraded ones may."""
    return grade is None or grade[1] != "E"


def at_least(grade: str | None, least: str) -> bool:
    """Whether a grade is as good as another in source and in information; an ungraded signal is as good as none."""
    return (
        grade is not None
        and has_weight(grade)
        and SOURCES.index(grade[0]) <= SOURCES.index(least[0])
        and INFORMATION.index(grade[1]) <= INFORMATION.index(least[1])
    )
