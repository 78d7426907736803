"""What was done, how bad it was, to whom, where: characteristics that go together, as an incident's data has them."""

from collections.abc import Collection

from producers.simulator.chance import Chance, Weighted, weighted
from schemas.upcast import RawEvent

REPORTED_TYPES = weighted(
    verbal_abuse=41,
    harassment=12,
    threat=8,
    assault=8,
    graffiti=5,
    damage=5,
    online_abuse=5,
    offensive_message=4,
    bullying=3.5,
    spitting=2.5,
    refusal_of_service=1.5,
    dumping=1,
    theft=0.8,
    exploitation=0.7,
    arson=0.3,
    other=1.2,
    unknown=0.4,
    prefer_not_to_say=0.1,
)
FOUND_TYPES = weighted(graffiti=55, damage=15, online_abuse=15, demonstration=10, offensive_message=5)
"""What an agency that goes looking finds: traces, and what is said in public."""
BESIDES = {
    "assault": ("verbal-abuse", 0.5),
    "spitting": ("verbal-abuse", 0.6),
    "threat": ("verbal-abuse", 0.4),
    "harassment": ("verbal-abuse", 0.4),
    "graffiti": ("damage", 0.15),
    "arson": ("damage", 0.7),
}
AGAINST_THINGS = {"graffiti", "damage", "arson", "dumping"}
REMOTE = {"online-abuse", "offensive-message"}
LASTING = {"harassment", "bullying", "exploitation"}
USUALLY_CRIMES = AGAINST_THINGS | {"assault", "threat", "spitting", "theft"}

INJURY = weighted(none=38, minor=49, serious=7, critical=0.7, unknown=5.3)
WEAPON = weighted(none=90, minor=4, serious=2.6, critical=0.4, unknown=3)
THREAT = weighted(minor=76, serious=13, critical=1, unknown=10)
DAMAGE = weighted(minor=80, serious=8, none=4, unknown=8)
TARGET_OF_THINGS = weighted(property=58, premises=34, person=4, unknown=4)
TARGET_REMOTE = weighted(person=55, group=40, unknown=5)
TARGET = weighted(person=93, group=4, unknown=2.5, prefer_not_to_say=0.5)
SETTING_LASTING = weighted(home=68, work=12, education=12, street=5, unknown=3)
SETTING_OF_THINGS = weighted(street=34, home=26, public_building=12, worship=10, park=10, shop=5, other=3)
SETTING = weighted(
    street=38, public_transport=13, shop=13, home=10, pub_or_restaurant=6, park=6, education=5, work=4, care=2, other=3
)
COURSE_LASTING = weighted(yes=72, no=10, unknown=18)
COURSE = weighted(no=62, yes=12, unknown=26)
EARLIER_LASTING = weighted(two_or_more=55, one=18, none=12, unknown=15)
EARLIER = weighted(none=58, one=10, two_or_more=6, unknown=24, prefer_not_to_say=2)
CRIME_LIKELY = weighted(crime=78, undecided=17, non_crime=5)
CRIME_UNLIKELY = weighted(non_crime=55, undecided=27, crime=18)


def draw_types(chance: Chance, *, found: bool) -> list[str]:
    """Return what was done, the main thing first; `found` for what an agency went looking for."""
    first = (FOUND_TYPES if found else REPORTED_TYPES).pick(chance)
    beside, share = BESIDES.get(first, ("", 0.0))
    return [first, beside] if chance.happens(share) else [first]


def draw_harm(chance: Chance, types: Collection[str]) -> RawEvent:
    """Return grades of harm; what a type of incident cannot have done is `none`."""
    bodily, threatening = "assault" in types, "threat" in types
    return {
        "injury": INJURY.pick(chance) if bodily else "none",
        "weapon": WEAPON.pick(chance) if bodily or threatening else "none",
        "threat": THREAT.pick(chance) if threatening else "none",
        "damage": "critical" if "arson" in types else DAMAGE.pick(chance) if AGAINST_THINGS & set(types) else "none",
    }


def draw_setting(chance: Chance, main: str) -> str:
    """Return the sort of place at which such a thing was done."""
    if main in REMOTE:
        return "online" if main == "online-abuse" else "home"
    return _by_sort(main, SETTING_OF_THINGS, SETTING_LASTING, SETTING).pick(chance)


def draw_circumstances(chance: Chance, main: str) -> RawEvent:
    """Return target, course of conduct, earlier incidents, and whether it is a crime."""
    target = TARGET_REMOTE if main in REMOTE else TARGET_OF_THINGS if main in AGAINST_THINGS else TARGET
    lasting = main in LASTING
    return {
        "target": target.pick(chance),
        "course_of_conduct": (COURSE_LASTING if lasting else COURSE).pick(chance),
        "earlier_incidents": (EARLIER_LASTING if lasting else EARLIER).pick(chance),
        "crime": (CRIME_LIKELY if main in USUALLY_CRIMES else CRIME_UNLIKELY).pick(chance),
    }


def _by_sort(main: str, things: Weighted[str], lasting: Weighted[str], others: Weighted[str]) -> Weighted[str]:
    return things if main in AGAINST_THINGS else lasting if main in LASTING else others
