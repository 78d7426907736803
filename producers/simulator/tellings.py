"""What one report says of an incident, and what a correction makes of it."""

from dataclasses import dataclass, replace

from producers.simulator.acts import draw_circumstances, draw_harm, draw_setting, draw_types
from producers.simulator.chance import Chance, weighted
from producers.simulator.city import SmallArea
from producers.simulator.routes import Route
from producers.simulator.strands import draw_strands
from producers.simulator.times import Times, day_text, written
from producers.simulator.when import draw_minute, draw_occurred
from producers.simulator.where import Spot, Where
from schemas.upcast import RawEvent

DETAILS_CHECKED = weighted(not_checked=50, checked=35, unknown=15)
CORRECTIONS = weighted(crime=40, place=25, occurred=15, harm=10, strand=10)
COARSER, FOUND_A_CRIME = 0.3, 0.5
NOT_SAID = {"unknown", "prefer-not-to-say"}
WORSE = {"none": "minor", "minor": "serious", "serious": "critical"}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What happened, whoever reports it."""

    day: int
    minute: int
    spots: tuple[Spot, ...]
    facts: RawEvent
    found: bool

    @property
    def main(self) -> str:
        """The main thing that was done."""
        return str(self.facts["types"][0])


@dataclass(frozen=True, slots=True)
class Telling:
    """A report's content. `booked` is the day whose wards its places are written in."""

    occurred: RawEvent
    booked: int
    reported: str
    spots: tuple[Spot, ...]
    facts: RawEvent

    def data(self, where: Where) -> RawEvent:
        """Return the content as an event has it."""
        places = [where.place(spot, self.booked) for spot in self.spots]
        return {"occurred": self.occurred, "reported": self.reported, "places": places, **self.facts}


def draw_occurrence(
    chance: Chance, where: Where, day: int, *, found: bool, surge: bool, new_strand: bool
) -> Occurrence:
    """Return something that happens on a day; `found` if an agency comes upon it, `surge` if it is of the surge."""
    types = draw_types(chance, found=found)
    strands, sub_strands = draw_strands(chance, new_strand=new_strand)
    facts: RawEvent = {
        "strands": strands,
        **({"sub_strands": sub_strands} if sub_strands else {}),
        "types": types,
        "harm": draw_harm(chance, types),
        **draw_circumstances(chance, types[0]),
    }
    spots = where.spots(chance, draw_setting(chance, types[0]), surge=surge)
    return Occurrence(day, draw_minute(chance, day), spots, facts, found)


def draw_telling(chance: Chance, times: Times, occurrence: Occurrence, route: Route, *, first: bool) -> Telling:
    """Return what a report says; any but the first report of an occurrence may know less of it."""
    occurred, began = draw_occurred(chance, times, occurrence.day, occurrence.minute, occurrence.main)
    reported_day = times.day_of(route.reported_us)
    facts = occurrence.facts | {
        "recording": "proactive" if occurrence.found else "reported",
        "details_checked": DETAILS_CHECKED.pick(chance),
        "channel": route.channel,
    }
    if route.centre is not None:
        facts["centre"] = route.centre
    spots = occurrence.spots
    if not first:
        facts["types"] = occurrence.facts["types"][:1]
        spots = tuple(replace(spot, told="ward") if chance.happens(COARSER) else spot for spot in spots)
    reported = day_text(reported_day) if route.dated_only else written(route.reported_us)
    return Telling(occurred, reported_day if began is None else began, reported, spots, facts)


def corrected(chance: Chance, telling: Telling, small: SmallArea) -> Telling:
    """Return what staff believe after going through the details; `small` is where it was, should that come out."""
    checked = telling.facts | {"details_checked": "checked"}
    telling = replace(telling, facts=checked)
    match CORRECTIONS.pick(chance):
        case "place":
            spots = tuple(_found_out(spot, small) for spot in telling.spots)
            return replace(telling, spots=spots)
        case "occurred" if set(telling.occurred) == {"from"}:
            booked = telling.booked - 1
            return replace(telling, occurred={"from": day_text(booked)}, booked=booked)
        case "harm":
            worse = {"threat": WORSE.get(checked["harm"]["threat"], "minor")}
            return replace(telling, facts=checked | {"harm": checked["harm"] | worse})
        case "strand" if "religion" not in checked["strands"]:
            known = [strand for strand in checked["strands"] if strand not in NOT_SAID]
            return replace(telling, facts=checked | {"strands": [*known, "religion"]})
    settled = "crime" if chance.happens(FOUND_A_CRIME) else "non-crime"
    return replace(telling, facts=checked | {"crime": settled})


def _found_out(spot: Spot, small: SmallArea) -> Spot:
    if spot.kind == "located":
        return replace(spot, told="code")
    return replace(spot, kind="located", small=small) if spot.kind == "unknown" else spot
