"""What intake tells readers besides incidents: levels that people set, signals, and what centres have said.

No stage reads it. It is noted in the unit that lets an event in, in the order in which events take force.
"""

from typing import NamedTuple


class LevelSet(NamedTuple):
    """A level of tension for an area, from a day on which its period begins to the last on which it holds."""

    area: int
    community: str
    first_day: int
    expires_day: int


class SignalNoted(NamedTuple):
    """One telling of a signal; its form is empty where it is withdrawn.

    `day` is the newest day that it is evidence of; None where that is the day on which it became known, as of
    something expected.
    """

    source: str
    id: str
    revision: int
    time: str
    form: str
    day: int | None


class ReturnNoted(NamedTuple):
    """A centre's return, by the last day that it covers."""

    centre: str
    last_day: int


class LifeNoted(NamedTuple):
    """A centre's sign of life."""

    centre: str
    day: int


Noted = LevelSet | SignalNoted | ReturnNoted | LifeNoted


class NotedRow(NamedTuple):
    """What one event tells, and the day on which it became known."""

    event: int
    known_day: int
    what: Noted
