"""The arithmetic of a benchmark: ratios of rounds, their spread, how a curve grows; it knows no server."""

import math
from collections.abc import Sequence
from statistics import median

COMPARABLE = 2.0
"""Servers whose rates differ by less than this factor get the same number of requests."""

CHANCE_OUTSIDE = 0.1
"""How often the true median may lie outside of an interval."""


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """One ratio per round, ours divided by theirs; the two of a round ran next to each other."""
    return [our / their for our, their in zip(ours, theirs, strict=True)]


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Where the true median lies with at least nine chances in ten, whatever the noise is like: two of the values.

    They are the pair of ranks, as far inside as that allows; with fewer than five values it is the whole range.
    """
    ordered = sorted(values)
    count = len(ordered)
    outside, inward = 0, 0
    while inward < (count - 1) // 2:
        outside += 2 * math.comb(count, inward)
        if (outside + 2 * math.comb(count, inward + 1)) / 2**count > CHANCE_OUTSIDE:
            break
        inward += 1
    return ordered[inward], ordered[-1 - inward]


def spread(values: Sequence[float]) -> float:
    """The noise of rounds: the width of their interval as a share of their median; 0.04 means 4 %."""
    middle = median(values)
    low, high = interval(values)
    return (high - low) / middle if middle else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least this share of them does not exceed: 0.99 is the p99."""
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]


def lateness(due: Sequence[float], polls: Sequence[tuple[float, int]]) -> list[float]:
    """How long after its time each of many things happened, in the unit of time that was given.

    `due` are their times in order, `polls` moments with the number of things that had happened by then. The n-th thing
    that was counted is held against the n-th time: where they happen out of order the mean is right and the highest
    figures are too low. What had not happened at the last poll counts as happening then.
    """
    late: list[float] = []
    for moment, count in polls:
        late += [max(moment - time, 0.0) for time in due[len(late) : count]]
    end = polls[-1][0]
    return late + [max(end - time, 0.0) for time in due[len(late) :]]


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
