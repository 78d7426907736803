"""Where things happen: by residents, with hot spots; and how exactly a place is told."""

from dataclasses import dataclass
from typing import Literal

from producers.simulator.chance import Chance, Weighted
from producers.simulator.city import CITY, SMALL, ZONE, City, SmallArea
from schemas.upcast import RawEvent

UNEVENNESS_SHAPE = 3
"""Small areas differ by an Erlang factor of this shape, besides residents and hot spots."""
Told = Literal["code", "ward", "name"]
HOW_TOLD: Weighted[Told] = Weighted([("code", 66), ("ward", 20), ("name", 14)])
KINDS = Weighted([("located", 91), ("unknown", 5), ("outside", 2.5), ("prefer-not-to-say", 1.5)])
TARGET_TOLD_WHEN_ONLINE = 0.4


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as somebody knows it; written anew for each day on which it is booked, since wards change."""

    kind: str
    setting: str
    small: SmallArea | None = None
    told: Told = "code"
    which_name: float = 0.0
    targeted: bool = False
    as_written: str | None = None


class Where:
    """Draws spots, and writes them as events do."""

    def __init__(self, city: City, chance: Chance) -> None:
        self._city = city
        weights = {
            small: small.residents * city.hot_spots.get(small.zone or "", 1.0) * chance.erlang(UNEVENNESS_SHAPE)
            for small in city.small_areas
        }
        surging = {small: weight for small, weight in weights.items() if small.zone == city.surge_zone}
        self._anywhere = Weighted(weights.items())
        self._surging = Weighted(surging.items())
        self.surging_share = sum(surging.values()) / sum(weights.values())

    def small_area(self, chance: Chance, *, surge: bool = False) -> SmallArea:
        """Return a small area; `surge` for one of the zone that surges."""
        return (self._surging if surge else self._anywhere).pick(chance)

    def spots(self, chance: Chance, setting: str, *, surge: bool) -> tuple[Spot, ...]:
        """Return the places of an incident; what is online has, at times, somebody targeted whose area is known."""
        small = self.small_area(chance, surge=surge)
        told, which = HOW_TOLD.pick(chance), chance.uniform()
        kind = "located" if surge else KINDS.pick(chance)
        if setting == "online":
            online = Spot("online", setting)
            target = Spot("located", "home", small, told, which, targeted=True)
            return (online, target) if surge or chance.happens(TARGET_TOLD_WHEN_ONLINE) else (online,)
        return (Spot(kind, setting, small, told, which) if kind == "located" else Spot(kind, setting),)

    def place(self, spot: Spot, day: int) -> RawEvent:
        """Return a place of an incident that is booked on a day."""
        written: RawEvent = {"setting": spot.setting}
        if spot.targeted:
            written["role"] = "targeted"
        if spot.as_written is None:
            return written | self.whereabouts(spot, day)
        written["as_written"] = spot.as_written
        return written if spot.small is None else written | self.whereabouts(spot, day)

    def whereabouts(self, spot: Spot, day: int) -> RawEvent:
        """Return where a spot is: small area, ward of the day, or a name that stood for that ward on the day."""
        if spot.small is None:
            return {"kind": spot.kind}
        layer = self._city.vintage(day)
        if spot.told == "code" or layer is None:
            return {"areas": [{"layer": SMALL, "code": spot.small.code}]}
        ward = spot.small.wards[layer]
        names = self._city.names.get((layer, ward), ())
        if spot.told == "name" and names:
            return {"name": names[int(spot.which_name * len(names))]}
        return {"areas": [{"layer": layer, "code": ward}]}

    def around(self, small: SmallArea) -> RawEvent:
        """Return the zone of a small area, or the city where it lies in none."""
        layer, code = (CITY, self._city.code) if small.zone is None else (ZONE, small.zone)
        return {"areas": [{"layer": layer, "code": code}]}
