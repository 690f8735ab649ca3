"""The arithmetic of a benchmark: ratios of rounds, their spread, how a curve grows; it knows no server."""

import math
from collections.abc import Sequence
from statistics import median

COMPARABLE = 2.0
"""Servers whose rates differ by less than this factor get the same number of requests."""


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """One ratio per round, ours divided by theirs; the two of a round ran next to each other."""
    return [our / their for our, their in zip(ours, theirs, strict=True)]


def spread(values: Sequence[float]) -> float:
    """How far the rounds lie apart, as a share of their median: 0.04 means 4 %."""
    middle = median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def growth(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """By what factor the costs grow from the smallest to the largest size: 1.0 is a flat curve.

    All points count: it is the slope of the least squares line through the logarithms, so no single point decides.
    """
    across = [math.log(size) for size in sizes]
    up = [math.log(cost) for cost in costs]
    middle_across, middle_up = sum(across) / len(across), sum(up) / len(up)
    slope = sum((x - middle_across) * (y - middle_up) for x, y in zip(across, up, strict=True))
    slope /= sum((x - middle_across) ** 2 for x in across)
    return math.exp(slope * (max(across) - min(across)))


def growths(sizes: Sequence[float], rounds_at_sizes: Sequence[Sequence[float]]) -> list[float]:
    """The growth in each round, of costs given as one list of rounds per size."""
    return [growth(sizes, costs) for costs in zip(*rounds_at_sizes, strict=True)]


def requests_for(rates: Sequence[float], seconds: float, multiple: int) -> list[int]:
    """How many requests keep each server busy for about this time, in whole multiples; as many for comparable ones."""
    if max(rates) < COMPARABLE * min(rates):
        rates = [min(rates)] * len(rates)
    return [max(1, round(rate * seconds / multiple)) * multiple for rate in rates]
