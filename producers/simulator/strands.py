"""Which strands an incident is perceived to be of: shares as England and Wales publish them, some with two."""

from producers.simulator.chance import Chance, Weighted, weighted
from streams.core.strands import SHIPPED_STRANDS

NEW_STRAND = "subculture"
NEW_SUB_STRANDS = ("alternative-dress", "music-scene")
NEW_STRAND_SHARE = 0.03
SUB_STRAND_SAID = 0.7
FIRST: Weighted[str] = weighted(
    race=68,
    sexual_orientation=12,
    disability=7.5,
    religion=6.5,
    transgender=3,
    gender=0.8,
    age=0.5,
    other=0.5,
    unknown=0.9,
    prefer_not_to_say=0.3,
)
SECOND = {
    "race": (("religion", 0.05), ("gender", 0.01)),
    "religion": (("race", 0.30),),
    "sexual-orientation": (("transgender", 0.05),),
    "transgender": (("sexual-orientation", 0.15),),
    "disability": (("age", 0.04), ("race", 0.03)),
}
"""What else some incidents of a strand are perceived as, and how often."""


def draw_strands(chance: Chance, *, new_strand: bool) -> tuple[list[str], list[str]]:
    """Return strands and sub-strands; the new strand only where it may be recorded."""
    if new_strand and chance.happens(NEW_STRAND_SHARE):
        return [NEW_STRAND], [chance.one(NEW_SUB_STRANDS)]
    first = FIRST.pick(chance)
    strands = [first, *(other for other, share in SECOND.get(first, ()) if chance.happens(share))]
    sub_strands = [
        chance.one(of)
        for strand in strands
        if (of := SHIPPED_STRANDS.by_code[strand].sub_strands) and chance.happens(SUB_STRAND_SAID)
    ]
    return strands, sub_strands
