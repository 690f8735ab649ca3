"""Ranges of a sorted set, by score or by bytes, as `(1`, `+inf`, `[a` and `-` say them: a range becomes two ranks."""

import re
from typing import Final

from kvik.numbers import parse_float
from kvik.store.sorted_set import SortedSet

# What C's strtod passes over before a number.
BLANK: Final = b" \t\n\v\f\r"
DECIMAL: Final = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class Bounds:
    """The two ends of a range of members."""

    def first(self, members: SortedSet) -> int:
        """Return the rank of the first member that is not before the range."""
        raise NotImplementedError

    def end(self, members: SortedSet) -> int:
        """Return the rank of the first member behind the range; it may lie before `first`."""
        raise NotImplementedError

    def size(self, members: SortedSet) -> int:
        """Return how many members are in the range."""
        return max(self.end(members) - self.first(members), 0)


class ScoreBounds(Bounds):
    """From one score to another, each included or not."""

    def __init__(self, low: float, excludes_low: bool, high: float, excludes_high: bool) -> None:
        self._low: Final = low
        self._excludes_low: Final = excludes_low
        self._high: Final = high
        self._excludes_high: Final = excludes_high

    def first(self, members: SortedSet) -> int:
        return members.count_below(self._low, self._excludes_low)

    def end(self, members: SortedSet) -> int:
        return members.count_below(self._high, not self._excludes_high)


class ByteBounds(Bounds):
    """From one member to another as bytes; a mark says that an end is before, or behind, every member."""

    def __init__(self, low: bytes, high: bytes) -> None:
        """`low` and `high` are as a client says them: `-`, `+`, `[member`, `(member`."""
        self._low: Final = low
        self._high: Final = high

    def first(self, members: SortedSet) -> int:
        return rank_of_end(members, self._low, False)

    def end(self, members: SortedSet) -> int:
        return rank_of_end(members, self._high, True)


def rank_of_end(members: SortedSet, text: bytes, is_high: bool) -> int:
    """Return how many members stand before an end of a range."""
    if text == b"-":
        return 0
    if text == b"+":
        return len(members)
    is_open = text[:1] == b"("
    return members.count_before_member(text[1:], is_open is not is_high)


def parse_score_bounds(low: bytes, high: bytes) -> ScoreBounds | None:
    """Return the range between two numbers, each with `(` before it where it is excluded; None for no numbers."""
    excludes_low, excludes_high = low[:1] == b"(", high[:1] == b"("
    first = parse_bound(low[1:] if excludes_low else low)
    last = parse_bound(high[1:] if excludes_high else high)
    if first is None or last is None:
        return None
    return ScoreBounds(first, excludes_low, last, excludes_high)


def parse_bound(text: bytes) -> float | None:
    """Return the number a bound is, None where it is none: what C's strtod reads, as in Redis, where nothing is 0."""
    number = text.partition(b"\0")[0].lstrip(BLANK)
    if not number:
        return 0.0
    found = parse_float(number)
    if found is None and DECIMAL.fullmatch(number):
        # Too large or too small for a score, not for an end.
        found = float(number)
    return found


def parse_byte_bounds(low: bytes, high: bytes) -> ByteBounds | None:
    """Return the range from `low` to `high`, None where one of them is no `-`, `+`, `[member` or `(member`."""
    for text in (low, high):
        if text not in (b"-", b"+") and text[:1] not in (b"[", b"("):
            return None
    return ByteBounds(low, high)
