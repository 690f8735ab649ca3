"""Keys come as often as their distribution says."""

from collections import Counter
from random import Random

import pytest

from kvik.client.load.keys import Numbers, Zipf

DRAWS = 60_000


def counted(numbers: Numbers) -> "Counter[int]":
    return Counter([numbers.next() for _ in range(DRAWS)])


def deviation(found: "Counter[int]", shares: list[float]) -> float:
    """Return chi-square over its degrees of freedom, which is about 1 where the shares are right."""
    terms = [(found[number] - DRAWS * share) ** 2 / (DRAWS * share) for number, share in enumerate(shares)]
    return sum(terms) / (len(shares) - 1)


def zipf_shares(count: int, exponent: float) -> list[float]:
    weights = [(number + 1) ** -exponent for number in range(count)]
    return [weight / sum(weights) for weight in weights]


def test_uniform_numbers_come_equally_often() -> None:
    found = counted(Numbers(50, Random(1).random))
    assert set(found) == set(range(50))
    assert deviation(found, [1 / 50] * 50) < 1.6


@pytest.mark.parametrize("exponent", [0.5, 0.99, 1.0, 1.2, 2.0])
def test_zipf_numbers_come_as_often_as_the_law_says(exponent: float) -> None:
    found = counted(Zipf(40, Random(7).random, exponent))
    assert deviation(found, zipf_shares(40, exponent)) < 1.7


def test_a_wrong_exponent_would_be_noticed() -> None:
    found = counted(Zipf(40, Random(7).random, 1.1))
    assert deviation(found, zipf_shares(40, 0.99)) > 10


@pytest.mark.parametrize("count", [1, 2, 3, 10_000_000])
def test_zipf_numbers_stay_below_their_count(count: int) -> None:
    numbers = Zipf(count, Random(3).random, 0.99)
    assert all(0 <= numbers.next() < count for _ in range(5_000))


def test_the_hottest_of_ten_million_keys_gets_its_share() -> None:
    # The sum of k ** -0.99 up to ten million is 18.066.
    found = counted(Zipf(10_000_000, Random(5).random, 0.99))
    assert found[0] / DRAWS == pytest.approx(1 / 18.066, rel=0.06)
