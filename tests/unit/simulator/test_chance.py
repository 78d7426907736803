"""Draws: right on average, the same for the same seed, apart from each other where they should be."""

from collections import Counter
from random import Random
from statistics import fmean, variance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.simulator.chance import Chance, Weighted

DRAWS = 20_000


def chance(seed: int = 7) -> Chance:
    return Chance(Random(seed))


@pytest.mark.parametrize("mean", [0.02, 1.1, 6.0])
def test_poisson_has_its_mean_and_variance(mean: float) -> None:
    source = chance()
    counts = [source.poisson(mean) for _ in range(DRAWS)]
    five_errors = 5 * (mean / DRAWS) ** 0.5
    assert fmean(counts) == pytest.approx(mean, abs=five_errors)
    assert variance(counts) == pytest.approx(mean, rel=0.15)


@pytest.mark.parametrize("shape", [1, 3, 18])
def test_erlang_has_mean_one_and_variance_one_over_shape(shape: int) -> None:
    source = chance()
    draws = [source.erlang(shape) for _ in range(DRAWS)]
    assert min(draws) > 0
    assert fmean(draws) == pytest.approx(1, abs=5 * (1 / shape / DRAWS) ** 0.5)
    assert variance(draws) == pytest.approx(1 / shape, rel=0.15)


@given(st.integers(), st.integers(-50, 50), st.integers(0, 20))
def test_between_stays_within_both_ends(seed: int, least: int, more: int) -> None:
    assert least <= chance(seed).between(least, least + more) <= least + more


def test_between_gives_both_ends() -> None:
    source = chance()
    assert {source.between(3, 5) for _ in range(100)} == {3, 4, 5}


def test_weights_are_kept() -> None:
    source, dice = chance(), Weighted([("often", 9.0), ("never", 0.0), ("seldom", 1.0)])
    seen = Counter(dice.pick(source) for _ in range(DRAWS))
    assert seen.keys() == {"often", "seldom"}
    assert seen["seldom"] / DRAWS == pytest.approx(0.1, abs=0.011)


def test_the_greatest_draw_still_picks_a_choice() -> None:
    class Greatest(Random):
        def random(self) -> float:
            return 1 - 2**-53

    assert Weighted([("first", 0.1), ("last", 0.2)]).pick(Chance(Greatest())) == "last"


def test_a_branch_is_not_moved_by_the_draws_of_another() -> None:
    def second_branch(draws_of_the_first: int) -> list[float]:
        source = chance()
        first, second = source.branch(), source.branch()
        for _ in range(draws_of_the_first):
            first.uniform()
        return [second.uniform() for _ in range(5)]

    assert second_branch(0) == second_branch(1000)
    assert len(set(second_branch(0))) == 5
