"""How lately and how often keys were used, in a table of marks. Knows neither keys nor values, and keeps no key.

A mark is one number. Each use counts as 1 at its moment and half as much after every half-life, and the number is the
logarithm of the sum, on a scale that moves with time: so marks of different keys can be compared as they
stand, and nothing ever has to be aged. With a short half-life that is the order of last uses, with a long one the
order of frequencies. Time is counted in uses.

The table is an array of buckets of four marks, found by the hash of the key and told apart by 11 further bits of it: of
a thousand keys without a mark two are taken for others. A key without a mark takes the place of the lowest one, so that
marks of keys that are gone stay as long as there is room: a key that comes back soon is known.
"""

from math import log2
from typing import Final

from librt.vecs import extend, vec
from mypy_extensions import i32, i64

from kvik.clock import Clock

TAG_BITS: Final = 11
TAG_MASK: Final = (1 << TAG_BITS) - 1
TAG_SHIFT: Final = 40
BUCKET: Final = 4
# The scale of marks: so many steps are a half-life. A mark grows up to some 500 uses in a half-life.
STEPS: Final = 256
# What is older than so many steps adds nothing to a mark.
FORGOTTEN: Final = 9 * STEPS
# There are 20 bits for a mark. When time comes near their end, all of it is moved back, a step for each mark: after
# some 2,000 half-lives.
LAST: Final = (1 << 20) - 2 * FORGOTTEN
MOVED_BACK: Final = 1 << 19
FRACTION_BITS: Final = 32
# Marks in the smallest table: in so many, a few keys never share a bucket.
SMALLEST: Final = 1024

NEVER: Final = 0
"""The mark of a key nobody knows."""


class Marks:
    """Marks of the keys used lately; `half_life` is in uses per key held, so 0.5 is half as many uses as keys."""

    def __init__(
        self, keys: int, marks_per_key: int, half_life: float, half_life_min: float, clock: Clock, keeps_time: bool
    ) -> None:
        """Make room for the marks of so many keys, at least `marks_per_key` for each and at most twice as many.

        `half_life_min` is in uses. With `keeps_time` the moment of the last use is kept too, to the second.
        """
        count = SMALLEST
        while count < keys * marks_per_key:
            count *= 2
        self._marks_per_key: Final = marks_per_key
        self._half_life: Final = half_life
        self._half_life_min: Final = half_life_min
        self._clock: Final = clock
        self._started: Final = clock.now
        self._marks: vec[i32] = vec[i32]([0] * count)
        self._times: vec[i32] = vec[i32]([0] * (count if keeps_time else 0))
        self._keeps_time: Final = keeps_time
        self._last_bucket: i64 = count // BUCKET - 1
        gains = [round(STEPS * log2(1 + 2 ** (-age / STEPS))) for age in range(FORGOTTEN)]
        self._gains: vec[i64] = vec[i64](gains)
        # The time in steps, the same with its fraction, and how much of it a use takes.
        self._now: i64 = STEPS
        self._exact: i64 = STEPS << FRACTION_BITS
        self._step: i64 = 1
        self.adjust(keys)

    def adjust(self, keys: int) -> None:
        """Let so many keys be held: there is room for their marks, and the half-life follows."""
        while keys * self._marks_per_key > len(self._marks):
            self._double()
        uses = max(keys * self._half_life, self._half_life_min)
        self._step = int((STEPS << FRACTION_BITS) / uses)

    def has_room(self, keys: i64) -> bool:
        """Return whether the table is large enough for so many keys."""
        return keys * self._marks_per_key <= len(self._marks)

    def touch(self, key: bytes) -> None:
        """`key` was used."""
        self._exact += self._step
        self._now = self._exact >> FRACTION_BITS
        if self._now > LAST:
            self._move_back()
        hashed: i64 = hash(key)
        tag: i64 = (hashed >> TAG_SHIFT) & TAG_MASK
        place: i64 = (hashed & self._last_bucket) * BUCKET
        end: i64 = place + BUCKET
        marks = self._marks
        lowest: i64 = place
        least: i64 = i64(marks[place])
        while place < end:
            mark: i64 = i64(marks[place])
            if mark & TAG_MASK == tag and mark != NEVER:
                self._set(place, (self._raised(mark >> TAG_BITS) << TAG_BITS) | tag)
                return
            if mark < least:
                least = mark
                lowest = place
            place += 1
        self._set(lowest, (self._now << TAG_BITS) | tag)

    def mark(self, key: bytes) -> i64:
        """Return the mark of `key`: the lower, the longer ago or the more seldom it was used."""
        place = self._find(key)
        return NEVER if place < 0 else i64(self._marks[place]) >> TAG_BITS

    def uses(self, key: bytes) -> float:
        """Return how often `key` was used, old uses counted less."""
        mark = self.mark(key)
        return 0.0 if mark == NEVER else float(2.0 ** (int(mark - self._now) / STEPS))

    def idle_seconds(self, key: bytes) -> int:
        """Return for how long `key` was not used; as long as there are marks where nobody knows."""
        place = self._find(key)
        now = (self._clock.now - self._started) // 1_000
        return now if place < 0 or not self._keeps_time else max(now - int(self._times[place]), 0)

    def _raised(self, mark: i64) -> i64:
        """Return a mark after one more use now."""
        age: i64 = self._now - mark
        if age >= 0:
            return self._now + self._gains[age] if age < FORGOTTEN else self._now
        return mark + self._gains[-age] if age > -FORGOTTEN else mark

    def _set(self, place: i64, mark: i64) -> None:
        self._marks[place] = i32(mark)
        if self._keeps_time:
            seconds: i64 = (self._clock.now - self._started) // 1_000
            self._times[place] = i32(seconds)

    def _find(self, key: bytes) -> i64:
        hashed: i64 = hash(key)
        tag: i64 = (hashed >> TAG_SHIFT) & TAG_MASK
        place: i64 = (hashed & self._last_bucket) * BUCKET
        end: i64 = place + BUCKET
        while place < end:
            mark: i64 = i64(self._marks[place])
            if mark & TAG_MASK == tag and mark != NEVER:
                return place
            place += 1
        return -1

    def _move_back(self) -> None:
        """Let the scale begin later; what lies before its beginning is forgotten."""
        marks = self._marks
        lowered: i64 = MOVED_BACK << TAG_BITS
        place: i64 = 0
        while place < len(marks):
            mark: i64 = i64(marks[place]) - lowered
            marks[place] = i32(mark) if mark > TAG_MASK else NEVER
            place += 1
        self._now -= MOVED_BACK
        self._exact -= MOVED_BACK << FRACTION_BITS

    def _double(self) -> None:
        """Every mark is then in both places where its key may look for it; the wrong one is overwritten in time."""
        self._marks = extend(self._marks, self._marks)
        if self._keeps_time:
            self._times = extend(self._times, self._times)
        self._last_bucket = self._last_bucket * 2 + 1
