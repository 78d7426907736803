"""The register of strands: what may be recorded, and from which day."""

from streams.core.strands import SHIPPED_STRANDS, Strand, StrandRegister

REGISTER = StrandRegister((Strand("race", ("anti-roma",)), Strand("age", (), from_day=100)))


def test_a_strand_may_be_recorded_from_its_first_day_on() -> None:
    assert [REGISTER.knows("age", day) for day in (99, 100, 101)] == [False, True, True]
    assert REGISTER.knows("race", -10_000)
    assert not REGISTER.knows("rase", 100)


def test_a_sub_strand_belongs_to_a_strand_that_is_given_with_it() -> None:
    assert REGISTER.knows_sub_strand("anti-roma", ("age", "race"))
    assert not REGISTER.knows_sub_strand("anti-roma", ("age",))
    assert not REGISTER.knows_sub_strand("anti-roma", ("unknown", "age"))
    assert not REGISTER.knows_sub_strand("anti-rome", ("race",))


def test_the_shipped_register_has_the_five_monitored_strands_and_both_ways_of_not_saying() -> None:
    for code in ("race", "religion", "disability", "sexual-orientation", "transgender", "unknown", "prefer-not-to-say"):
        assert SHIPPED_STRANDS.knows(code, 0)


def test_no_code_of_the_shipped_register_stands_twice() -> None:
    codes = [code for strand in SHIPPED_STRANDS.strands for code in (strand.code, *strand.sub_strands)]
    assert len(set(codes)) == len(codes)
