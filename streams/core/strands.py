"""The register of strands: the characteristics that hostility is perceived to be aimed at.

Five are monitored nationally; the others are local additions. Each may have a first day, since a series must not be
read across the day on which a strand was added.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Strand:
    """One strand, its sub-strands, and the first and last day numbers on which it may be recorded (None: open)."""

    code: str
    sub_strands: tuple[str, ...] = ()
    from_day: int | None = None
    to_day: int | None = None


@dataclass(frozen=True)
class StrandRegister:
    """The strands that a partnership records."""

    strands: tuple[Strand, ...]
    by_code: dict[str, Strand] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_code", {strand.code: strand for strand in self.strands})

    def knows(self, code: str, day: int) -> bool:
        """Whether a strand was in the register on a day."""
        strand = self.by_code.get(code)
        return (
            strand is not None
            and (strand.from_day is None or strand.from_day <= day)
            and (strand.to_day is None or day <= strand.to_day)
        )

    def knows_sub_strand(self, code: str, of: tuple[str, ...]) -> bool:
        """Whether a sub-strand belongs to one of some strands."""
        return any(code in self.by_code[strand].sub_strands for strand in of if strand in self.by_code)


SHIPPED_STRANDS = StrandRegister(
    (
        Strand("race", ("anti-black", "anti-asian", "anti-gypsy-roma-traveller", "anti-migrant", "other-race")),
        Strand(
            "religion", ("anti-muslim", "antisemitic", "anti-hindu", "anti-sikh", "anti-christian", "other-religion")
        ),
        Strand("disability", ("physical", "learning", "mental-health", "sensory", "other-disability")),
        Strand("sexual-orientation", ("anti-gay", "anti-lesbian", "anti-bisexual", "other-sexual-orientation")),
        Strand("transgender"),
        Strand("age"),
        Strand("gender"),
        Strand("other"),
        Strand("unknown"),
        Strand("prefer-not-to-say"),
    )
)
