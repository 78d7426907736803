"""Chance: draws made of `Random.random` alone, whose sequence Python promises to keep from version to version."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import exp, log
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


class Chance:
    """A seeded source of draws. `branch` gives another, so that one part's draws do not move another's."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.uniform = random.random

    def branch(self) -> "Chance":
        """Return a source of its own, seeded from this one."""
        return Chance(Random(self._random.getrandbits(64)))  # noqa: S311 - invented data, no secret

    def happens(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return self.uniform() < probability

    def between(self, least: int, most: int) -> int:
        """Return a whole number, both ends included, all alike."""
        return least + int(self.uniform() * (most - least + 1))

    def one(self, choices: Sequence[T]) -> T:
        """Return one of some choices, all alike."""
        return choices[int(self.uniform() * len(choices))]

    def poisson(self, mean: float) -> int:
        """Return a Poisson count, by multiplying uniform draws (Knuth 1969); meant for means below 100."""
        floor, product, count = exp(-mean), self.uniform(), 0
        while product > floor:
            product *= self.uniform()
            count += 1
        return count

    def erlang(self, shape: int) -> float:
        """Return a draw of mean 1 and variance 1 / shape: the mean of so many exponential waits."""
        product = 1.0
        for _ in range(shape):
            product *= 1.0 - self.uniform()  # never 0
        return -log(product) / shape


class Weighted(Generic[T]):
    """Choices of unequal weight."""

    def __init__(self, weights: Iterable[tuple[T, float]]) -> None:
        pairs = list(weights)
        self._choices = [choice for choice, _ in pairs]
        self._sums = list(accumulate(weight for _, weight in pairs))

    def pick(self, chance: Chance) -> T:
        """Return one of them."""
        found = bisect_right(self._sums, chance.uniform() * self._sums[-1])
        return self._choices[min(found, len(self._choices) - 1)]  # the product may round up to the whole


def weighted(**weights: float) -> Weighted[str]:
    """Return words of a vocabulary by weight; `_` stands for the hyphen."""
    return Weighted((word.replace("_", "-"), weight) for word, weight in weights.items())
