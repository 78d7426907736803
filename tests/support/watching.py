"""A town of two zones for rules to be judged on, and changes as aggregate tells them. All of it is invented."""

from collections.abc import Sequence
from datetime import date
from itertools import count

from msgspec import UNSET, UnsetType

from schemas.changes import (
    Booked,
    CentreRegistered,
    Change,
    Delta,
    HeartbeatSeen,
    Name,
    ReturnMade,
    Rule,
    RulesSet,
    SignalTold,
    Ticked,
    What,
)
from schemas.triggers import Trigger, Watched
from streams.core.areas import Area, Geography, Layer
from streams.core.days import Calendar, day_number
from streams.core.rules.ground import Ground
from streams.core.rules.held import State
from streams.core.rules.judge import Judge

CITY, ZONE_A, ZONE_B = 1, 2, 3
LONDON = Calendar("Europe/London")
START = day_number(date(2026, 3, 2))
"""A Monday; clocks go forward on the 29th."""
HOUR_US = 3_600_000_000
PLACES = Geography(
    version=1,
    layers=(Layer(1, "zone", 30), Layer(2, "city", 40)),
    areas=(
        Area(CITY, 2, "C", "Testing"),
        Area(ZONE_A, 1, "zone-a", "Zone A"),
        Area(ZONE_B, 1, "zone-b", "Zone B"),
    ),
)
TOWN = Ground(7, "town", LONDON, PLACES, "synthetic")
_serial = count(1)


def at(day: int, hour: float = 12) -> int:
    """Return an instant by days after START and hours of the local clock, as they are counted on most days."""
    return LONDON.first_us_of_day(START + day) + int(hour * HOUR_US)


def delta(
    day: int,
    n: int = 1,
    *,
    zone: int | None = ZONE_A,
    strands: tuple[str, ...] = ("race",),
    dated: bool = True,
    recording: str = "reported",
) -> Delta:
    """Return a contribution by days after START, in a zone, or with None in the city only."""
    areas = (CITY,) if zone is None else (zone, CITY)
    return Delta(n, START + day, START + day, dated, recording, areas, strands)


def booked(
    id_: str,
    *deltas: Delta,
    harm: str = "unknown",
    stands: Delta | UnsetType | None = UNSET,
    place: int | UnsetType = UNSET,
) -> Booked:
    """Return what an event adds to and takes from an incident; what `stands` is said where it is not the first."""
    return Booked(Name("/centres/test", id_), deltas, harm, stands, place)


def signal(id_: str, first: int, last: int, *, form: str = "forecast", **stated: object) -> SignalTold:
    """Return a signal by days after START, in zone A unless other areas are given."""
    told = {"revision": 1, "time": "2026-03-02T09:00:00.000000Z", "areas": (ZONE_A, CITY)} | stated
    return SignalTold(
        Name("/centres/test", id_),
        form=form,
        first_day=START + first,
        last_day=START + last,
        **told,  # type: ignore[arg-type]
    )


def centre(
    code: str,
    *,
    first: int | None = None,
    last: int | None = None,
    returns: int | None = 7,
    heartbeats: int | None = None,
    areas: tuple[int, ...] = (),
) -> CentreRegistered:
    """Return a centre's entry, its days after START."""
    opens, closes = (None if each is None else START + each for each in (first, last))
    return CentreRegistered(code, opens, closes, returns, heartbeats, areas)


def returned(code: str, last: int, *, days: int = 7, nil: bool = False) -> ReturnMade:
    """Return a centre's return up to a day after START."""
    return ReturnMade(code, START + last - days + 1, START + last, nil)


def alive(code: str, day: int) -> HeartbeatSeen:
    """Return a centre's sign of life on a day after START."""
    return HeartbeatSeen(code, START + day)


def change(at_us: int, what: What, *, cause: str | None = None, marking: str = "actual") -> Change:
    """Return a change at an instant; its cause is named after its incident or signal unless said."""
    position = next(_serial)
    named = cause or (what.incident.id if isinstance(what, Booked) else f"event-{position}")
    return Change(position, TOWN.number, position, at_us, Name("/centres/test", named), what, marking)


def tick(at_us: int) -> Change:
    """Return that the clock moved on."""
    return change(at_us, Ticked(), cause=f"tick-{at_us}")


class Watching:
    """A partnership that is watched: changes in, triggers out."""

    def __init__(self, *rules: Rule, ground: Ground = TOWN) -> None:
        self.judge = Judge(ground, State())
        self.said: list[Watched] = []
        if rules:
            self.set(0, *rules)

    def set(self, at_us: int, *rules: Rule, cause: str = "rules") -> list[Trigger]:
        """Let other rules hold."""
        return self.tell(at_us, RulesSet(1, rules), cause=cause)

    def tell(self, at_us: int, what: What, *, cause: str | None = None, marking: str = "actual") -> list[Trigger]:
        """Tell of something at an instant; return the triggers, those of what fell due before included."""
        return self.hear(change(at_us, what, cause=cause, marking=marking))

    def hear(self, *changes: Change) -> list[Trigger]:
        """Hear of changes; return the triggers."""
        said = [each for heard in changes for each in self.judge.handle(heard)]
        self.said += said
        return [each for each in said if isinstance(each, Trigger)]

    def tick(self, at_us: int) -> list[Trigger]:
        """Let the clock move on."""
        return self.hear(tick(at_us))


def told(triggers: Sequence[Trigger]) -> list[tuple[str, str, str, str, int]]:
    """Return what triggers say in short."""
    return [(each.kind, each.reason, each.area_code, each.strand_group, each.observed) for each in triggers]


def day_of(trigger: Trigger) -> tuple[int, float]:
    """Return when a trigger was so, as days after START and hours of that day's own."""
    day = LONDON.day_of_us(trigger.at_us)
    return day - START, (trigger.at_us - LONDON.first_us_of_day(day)) / HOUR_US
