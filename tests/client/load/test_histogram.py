"""Latencies are counted to a thousandth, and merged without loss."""

import math
from random import Random

import pytest

from kvik.client.load.histogram import COUNTERS, Histogram, counter_of, histogram_of, upper_end


def filled(values: list[int]) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.record(value, 1)
    return histogram


def many(seed: int, count: int = 3_000) -> list[int]:
    """Return latencies from nanoseconds to minutes."""
    random = Random(seed)
    return [int(10 ** random.uniform(0, 11)) for _ in range(count)]


def exact(values: list[int], percent: float) -> int:
    return sorted(values)[max(0, math.ceil(round(percent / 100 * len(values), 6)) - 1)]


def test_a_counter_is_never_wider_than_a_thousandth() -> None:
    for value in [*range(5_000), *many(1)]:
        end = upper_end(counter_of(value))
        assert value <= end <= value * 1.001, value


def test_counters_follow_one_another_without_gap() -> None:
    ends = [upper_end(place) for place in range(COUNTERS)]
    assert ends == sorted(set(ends))
    assert all(counter_of(end) == place and counter_of(end + 1) == place + 1 for place, end in enumerate(ends[:-1]))


def test_anything_beyond_an_hour_is_counted_in_the_last_place() -> None:
    histogram = filled([10**18])
    assert counter_of(10**18) == COUNTERS - 1
    assert histogram.longest == 10**18 and histogram.total == 1


@pytest.mark.parametrize("percent", [0.0, 50.0, 90.0, 99.0, 99.9, 100.0])
def test_a_percentile_is_the_exact_one_but_for_a_thousandth(percent: float) -> None:
    values = many(2)
    assert exact(values, percent) <= filled(values).at(percent) <= exact(values, percent) * 1.001


def test_the_last_percentile_is_the_longest_latency() -> None:
    assert filled([1_000_003, 5]).at(100) == 1_000_003
    assert filled([1_000_003, 5]).at(50) == 5


def test_99_9_per_cent_of_a_thousand_are_999() -> None:
    assert filled([1] * 999 + [2]).at(99.9) == 1


def test_merging_is_counting_everything_in_one() -> None:
    one, other = many(3), many(4)
    merged = filled(one)
    merged.merge(filled(other))
    whole = filled(one + other)
    assert merged.counted() == whole.counted()
    assert (merged.total, merged.sum, merged.shortest, merged.longest) == (
        whole.total,
        whole.sum,
        whole.shortest,
        whole.longest,
    )


def test_merging_nothing_changes_nothing() -> None:
    merged = filled([7])
    merged.merge(Histogram())
    assert (merged.shortest, merged.total) == (7, 1)
    empty = Histogram()
    empty.merge(merged)
    assert (empty.shortest, empty.longest, empty.at(50)) == (7, 7, 7)


def test_an_empty_histogram_has_zeros() -> None:
    assert (Histogram().at(99), Histogram().mean(), Histogram().counted()) == (0, 0.0, [])


def test_who_shares_the_memory_sees_what_was_published() -> None:
    writer = Histogram()
    reader = Histogram(writer.cells)
    writer.record(5_000, 3)
    writer.publish()
    reader.refresh()
    assert (reader.total, reader.sum, reader.shortest, reader.longest) == (3, 15_000, 5_000, 5_000)
    assert reader.at(99) == 5_000


def test_a_histogram_is_made_again_from_what_it_counted() -> None:
    first = filled(many(5))
    again = histogram_of(first.counted(), int(first.sum), int(first.shortest), int(first.longest))
    assert again.counted() == first.counted()
    assert (again.total, again.mean()) == (first.total, first.mean())


@pytest.mark.parametrize("counted", [[(COUNTERS, 1)], [(-1, 1)], [(0, -1)]])
def test_counters_that_do_not_exist_are_refused(counted: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="no counter"):
        histogram_of(counted, 0, 0, 0)
