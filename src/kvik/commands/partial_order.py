"""The order in which Redis leaves what it sorts only partly, equal ones included. Knows no command."""

from typing import Final

from mypy_extensions import i64

# Beyond so many, equal ones keep the order they had: this sort takes quadratic time where somebody wants it to.
IMITATED_MAX: Final = 1_000
SHORT: Final = 7
MIDDLING: Final = 40


def ordered(keys: list[float], is_descending: bool, first: int, last: int) -> list[int]:
    """Return the places of those keys that come at `first` to `last` in order.

    As Redis: all of them are sorted so that equal ones stay as they were; a part of them, by a quicksort that
    leaves alone what is not needed, and there equal ones come in its order.
    """
    places = sorted(range(len(keys)), key=keys.__getitem__, reverse=is_descending)
    if (first > 0 or last < len(keys) - 1) and len(keys) <= IMITATED_MAX and has_equal(keys, places):
        places = Quicksort(ranks_of(keys, places), first, last).run()
    return places[first : last + 1]


def has_equal(keys: list[float], places: list[int]) -> bool:
    """Return whether there are equal keys; `places` are in order."""
    return any(keys[places[index]] == keys[places[index - 1]] for index in range(1, len(places)))


def ranks_of(keys: list[float], places: list[int]) -> list[int]:
    """Return for each key how many different ones come before it."""
    ranks = [0] * len(keys)
    rank = 0
    for index in range(len(places)):
        if index > 0 and keys[places[index]] != keys[places[index - 1]]:
            rank += 1
        ranks[places[index]] = rank
    return ranks


class Quicksort:
    """Sorts places by their ranks between `first` and `last`, and leaves the rest as it falls.

    Bentley's and McIlroy's quicksort: what equals the pivot gathers at both ends and is moved to the middle at last.
    """

    def __init__(self, ranks: list[int], first: int, last: int) -> None:
        self._ranks: Final = ranks
        self._places: Final = list(range(len(ranks)))
        self._first: Final = first
        self._last: Final = last

    def run(self) -> list[int]:
        """Return the places."""
        parts = [(0, len(self._places))]
        while len(parts) > 0:
            start, size = parts.pop()
            if size < SHORT:
                self._insert(start, size)
            else:
                low, high = self._divide(start, size)
                for part in ((start, low), (start + size - high, high)):
                    if part[1] > 1 and part[0] <= self._last and part[0] + part[1] > self._first:
                        parts.append(part)
        return self._places

    def _insert(self, start: i64, size: i64) -> None:
        place = start + 1
        while place < start + size:
            here = place
            while here > start and self._rank(here - 1) > self._rank(here):
                self._swap(here - 1, here)
                here -= 1
            place += 1

    def _divide(self, start: i64, size: i64) -> tuple[int, int]:
        """Bring the lower ones before the pivot and the higher ones behind it; return how many these and those are."""
        end = start + size
        self._swap(start, self._pivot(start, size))
        pivot = self._rank(start)
        equal_below = below = start + 1
        above = equal_above = end - 1
        while True:
            while below <= above and self._rank(below) <= pivot:
                if self._rank(below) == pivot:
                    self._swap(equal_below, below)
                    equal_below += 1
                below += 1
            while below <= above and self._rank(above) >= pivot:
                if self._rank(above) == pivot:
                    self._swap(above, equal_above)
                    equal_above -= 1
                above -= 1
            if below > above:
                break
            self._swap(below, above)
            below += 1
            above -= 1
        self._swap_rows(start, below, min(equal_below - start, below - equal_below))
        self._swap_rows(below, end, min(equal_above - above, end - equal_above - 1))
        return below - equal_below, equal_above - above

    def _pivot(self, start: i64, size: i64) -> i64:
        """Return the place of the middle one of three; of three times three where there are many."""
        low, middle, high = start, start + size // 2, start + size - 1
        if size > MIDDLING:
            step = size // 8
            low = self._median(low, low + step, low + 2 * step)
            middle = self._median(middle - step, middle, middle + step)
            high = self._median(high - 2 * step, high - step, high)
        return middle if size == SHORT else self._median(low, middle, high)

    def _median(self, one: i64, two: i64, three: i64) -> i64:
        first, second, third = self._rank(one), self._rank(two), self._rank(three)
        if first < second:
            return two if second < third else three if first < third else one
        return two if second > third else one if first < third else three

    def _swap_rows(self, one: i64, end: i64, count: i64) -> None:
        """Exchange `count` places from `one` on with those before `end`."""
        for number in range(count):
            self._swap(one + number, end - count + number)

    def _rank(self, place: i64) -> int:
        return self._ranks[self._places[place]]

    def _swap(self, one: i64, other: i64) -> None:
        places = self._places
        places[one], places[other] = places[other], places[one]
