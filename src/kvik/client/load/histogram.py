"""How often each latency came, to three significant digits, in memory that other processes may read meanwhile.

Log-linear as an HDR histogram: below 2,048 ns every nanosecond has its counter, above that every power of two has
1,024 of them, so a counter is never wider than a thousandth of what it counts. It knows no clock.
"""

from collections.abc import Iterable
from typing import Final

from mypy_extensions import i64

STEPS: Final = 1024
"""Counters in each power of two."""
STEP_BITS: Final = 11
"""A latency of that many bits is counted exactly; of a longer one the leading bits count."""
LONGEST_BITS: Final = 42
"""Anything above 73 minutes counts as that; the longest latency is kept exactly beside the counters."""
COUNTERS: Final = STEPS * (LONGEST_BITS - STEP_BITS + 2)

TOTAL: Final = 0
SUM: Final = 1
SHORTEST: Final = 2
LONGEST: Final = 3
HEADER: Final = 4
CELLS: Final = HEADER + COUNTERS
"""Numbers of 64 bits that one histogram takes."""


class Histogram:
    """Latencies in whole nanoseconds, counted in `cells`."""

    def __init__(self, cells: "memoryview[int] | None" = None) -> None:
        """Count in memory of CELLS numbers, or in memory of its own."""
        self.cells: Final = memoryview(bytearray(8 * CELLS)).cast("q") if cells is None else cells
        self.total: i64 = 0
        self.sum: i64 = 0
        self.shortest: i64 = 0
        self.longest: i64 = 0

    def record(self, nanoseconds: i64, times: i64) -> None:
        """Count a latency `times` times; a negative one, which a clock cannot give, counts as 0."""
        if nanoseconds < 0:
            nanoseconds = 0
        if self.total == 0 or nanoseconds < self.shortest:
            self.shortest = nanoseconds
        if nanoseconds > self.longest:
            self.longest = nanoseconds
        self.total += times
        self.sum += nanoseconds * times
        place = HEADER + counter_of(nanoseconds)
        self.cells[place] = self.cells[place] + times

    def publish(self) -> None:
        """Let other processes see the totals; the counters they see anyway."""
        self.cells[SUM] = self.sum
        self.cells[SHORTEST] = self.shortest
        self.cells[LONGEST] = self.longest
        self.cells[TOTAL] = self.total

    def refresh(self) -> None:
        """See what another process has published."""
        self.total = self.cells[TOTAL]
        self.sum = self.cells[SUM]
        self.shortest = self.cells[SHORTEST]
        self.longest = self.cells[LONGEST]

    def merge(self, other: "Histogram") -> None:
        """Count what another histogram has counted."""
        if other.total == 0:
            return
        self.shortest = other.shortest if self.total == 0 else min(self.shortest, other.shortest)
        self.longest = max(self.longest, other.longest)
        self.total += other.total
        self.sum += other.sum
        for place, times in other.counted():
            self.cells[HEADER + place] = self.cells[HEADER + place] + times

    def counted(self) -> list[tuple[int, int]]:
        """Return every counter that is not zero, with its count, from the shortest latency on."""
        return [(place, times) for place, times in enumerate(self.cells[HEADER:].tolist()) if times]

    def at(self, percent: float) -> int:
        """Return the nanoseconds that `percent` of all latencies do not exceed, 0 where nothing was counted.

        It is the upper end of what its counter counts, and never more than the longest latency.
        """
        return self.at_all([percent])[0]

    def at_all(self, percents: list[float]) -> list[int]:
        """Return `at` for each of some percentages that grow."""
        found: list[int] = []
        slack = 1e-9 * float(self.total)  # 99.9 per cent of 1,000 are 999, whatever floating point makes of it
        seen = 0
        for place, times in self.counted():
            seen += times
            while len(found) < len(percents) and seen + slack >= percents[len(found)] / 100 * float(self.total):
                found.append(min(upper_end(place), int(self.longest)))
        return found + [int(self.longest)] * (len(percents) - len(found))

    def mean(self) -> float:
        """Return the mean in nanoseconds, 0 where nothing was counted."""
        return float(self.sum) / float(self.total) if self.total else 0.0


def histogram_of(counted: Iterable[tuple[int, int]], sum_ns: int, shortest: int, longest: int) -> Histogram:
    """Return the histogram that `counted` was taken from. Raises ValueError for what no histogram has counted."""
    histogram = Histogram()
    total = 0
    for place, times in counted:
        if not 0 <= place < COUNTERS or times < 0:
            raise ValueError(f"a histogram has no counter {place} with {times}")
        histogram.cells[HEADER + place] = times
        total += times
    histogram.total = total
    histogram.sum = sum_ns
    histogram.shortest = shortest
    histogram.longest = longest
    return histogram


def counter_of(nanoseconds: i64) -> i64:
    """Return the number of the counter for a latency that is not negative."""
    shift: i64 = 0
    while nanoseconds >> shift >= 2 * STEPS:
        shift += 1
    if shift > LONGEST_BITS - STEP_BITS:
        return COUNTERS - 1
    return shift * STEPS + (nanoseconds >> shift)


def upper_end(place: int) -> int:
    """Return the longest latency that a counter counts."""
    if place < 2 * STEPS:
        return place
    shift = place // STEPS - 1
    return ((place - shift * STEPS + 1) << shift) - 1
