"""Which key dies next, on time. Knows keys and milliseconds, nothing of values.

A deadline is kept beside its key in `at`, and the key waits in a set for the span of time it dies
in. Spans are wide far away and narrow nearby: days, hours, minutes, seconds, 32 ms. When a wide
span comes near, its keys are spread over the next narrower ones, a slice at a time; a narrow span
that is over is handed out. So a deadline is moved or dropped in one step and leaves nothing behind,
a million keys that die together never make one long pause, and there are never more than a few
thousand sets, however many keys wait.
"""

import heapq
from typing import Final

from kvik.store.key_set import KeySet
from kvik.store.sharded_map import ShardedMap

# The widths of the spans as powers of two, in milliseconds: 32 ms, 1 s, 1 min, 1 h, 12 days.
SHIFTS: Final = (5, 10, 16, 22, 30)
# All deadlines from the year 2109 on share one span: clients may name any moment.
FAR: Final = 1 << 42
# The queue of span numbers is made anew when this many of its entries may be stale.
STALE_SPANS: Final = 64


class Deadlines:
    """Deadlines of keys in wall-clock milliseconds."""

    def __init__(self) -> None:
        self.at: ShardedMap[int] = ShardedMap()
        self._levels = [Spans(shift) for shift in SHIFTS]
        self._now = 0

    def set(self, key: bytes, deadline: int) -> None:
        self.drop(key)
        self.at.set(key, deadline)
        self._level_for(deadline).add(key, deadline)

    def keep(self, key: bytes, deadline: int) -> None:
        """Let `key` have this deadline, none where it is negative; where that is so already nothing is done."""
        if deadline < 0:
            if len(self.at) > 0:
                self.drop(key)
        elif self.at.get(key) != deadline:
            self.set(key, deadline)

    def drop(self, key: bytes) -> bool:
        """Forget the deadline of `key`; return whether it had one."""
        deadline = self.at.pop(key)
        if deadline is None:
            return False
        for level in self._levels:
            if level.discard(key, deadline):
                break
        return True

    def due(self, now: int, most: int) -> list[bytes]:
        """Return up to `most` keys whose deadline is over, early ones first.

        Each is handed out once: the caller removes it, or sets its deadline anew.
        """
        self._now = max(self._now, now)
        for number in range(len(SHIFTS) - 1, 0, -1):
            self._spread(self._levels[number], most)
        nearest = self._levels[0]
        keys: list[bytes] = []
        while len(keys) < most:
            span = nearest.first()
            if span < 0 or nearest.end(span) > now:
                break
            keys += nearest.take(span, most - len(keys))
        return keys

    def over(self, now: int, most: int) -> list[bytes]:
        """As `due`, but to the millisecond: those of the span that is not over yet are handed out too.

        Their deadlines are forgotten.
        """
        keys = self.due(now, most)
        for key in keys:
            self.at.pop(key)
        nearest = self._levels[0]
        span = nearest.first()
        if len(keys) < most and span >= 0 and nearest.begin(span) <= now:
            near = [key for key in nearest.keys(span) if self._deadline(key) <= now][: most - len(keys)]
            for key in near:
                self.drop(key)
            keys += near
        return keys

    def soonest(self, now: int) -> int:
        """Return a moment before which nothing is over, -1 when no key has a deadline.

        After `over` it is exact within the span of `now`.
        """
        nearest = self._levels[0]
        span = nearest.first()
        soonest = nearest.begin(span) if span >= 0 else -1
        if 0 <= soonest <= now:
            soonest = min([self._deadline(key) for key in nearest.keys(span)])
        for level in self._levels[1:]:
            span = level.first()
            if span >= 0 and (soonest < 0 or level.begin(span) < soonest):
                soonest = level.begin(span)
        return soonest

    def next_due(self) -> int:
        """Return the moment to call `due` again, -1 when no key has a deadline."""
        nearest = self._levels[0]
        span = nearest.first()
        soonest = nearest.end(span) if span >= 0 else -1
        for level in self._levels[1:]:
            span = level.first()
            if span >= 0 and (soonest < 0 or level.spread_at(span) < soonest):
                soonest = level.spread_at(span)
        return soonest

    def copy(self) -> "Deadlines":
        """Return equal deadlines, a step per dict and set: they are shared until they are changed."""
        twin = Deadlines()
        twin.at = self.at.copy()
        twin._levels = [level.copy() for level in self._levels]
        twin._now = self._now
        return twin

    def parts(self) -> list[object]:
        """Return what this is made of, for freeing it part by part."""
        parts = self.at.parts()
        for level in self._levels:
            parts += level.parts()
        return parts

    def _deadline(self, key: bytes) -> int:
        deadline = self.at.get(key)
        return 0 if deadline is None else deadline

    def _level_for(self, deadline: int) -> "Spans":
        for number in range(len(SHIFTS) - 1):
            if self._levels[number + 1].is_near(deadline, self._now):
                return self._levels[number]
        return self._levels[-1]

    def _spread(self, level: "Spans", most: int) -> None:
        while most > 0:
            span = level.first()
            if span < 0 or level.spread_at(span) > self._now:
                break
            keys = level.take(span, most)
            for key in keys:
                deadline = self.at.get(key)
                if deadline is not None:
                    self._level_for(deadline).add(key, deadline)
            most -= len(keys)


class Spans:
    """Sets of keys by the span of time their deadline lies in; spans are 2**shift milliseconds."""

    def __init__(self, shift: int) -> None:
        self._shift: Final = shift
        self._sets: dict[int, KeySet] = {}
        self._queue: list[int] = []

    def add(self, key: bytes, deadline: int) -> None:
        span = self._span(deadline)
        keys = self._sets.get(span)
        if keys is None:
            keys = KeySet()
            self._sets[span] = keys
            self._enqueue(span)
        keys.add(key)

    def discard(self, key: bytes, deadline: int) -> bool:
        """Remove `key`; return whether it was here."""
        span = self._span(deadline)
        keys = self._sets.get(span)
        if keys is None or not keys.discard(key):
            return False
        if len(keys) == 0:
            del self._sets[span]
        return True

    def first(self) -> int:
        """Return the number of the earliest span that holds a key, -1 where there is none."""
        while self._queue and self._queue[0] not in self._sets:
            heapq.heappop(self._queue)
        return self._queue[0] if self._queue else -1

    def take(self, span: int, most: int) -> list[bytes]:
        """Remove and return up to `most` keys of a span."""
        keys = self._sets[span]
        taken = keys.take(most)
        if len(keys) == 0:
            del self._sets[span]
        return taken

    def copy(self) -> "Spans":
        twin = Spans(self._shift)
        twin._sets = {span: keys.copy() for span, keys in self._sets.items()}
        twin._queue = self._queue[:]
        return twin

    def parts(self) -> list[object]:
        return [part for keys in self._sets.values() for part in keys.parts()]

    def keys(self, span: int) -> list[bytes]:
        """Return the keys of a span."""
        return self._sets[span].keys()

    def begin(self, span: int) -> int:
        """Return the moment when a span begins."""
        return span << self._shift

    def end(self, span: int) -> int:
        """Return the moment when a span is over."""
        return (span + 1) << self._shift

    def spread_at(self, span: int) -> int:
        """Return the moment when a span is near: one span before its own begins."""
        return (span - 1) << self._shift

    def is_near(self, deadline: int, now: int) -> bool:
        """Return whether the span of `deadline` is near at `now`, and so belongs in narrower ones."""
        return self.spread_at(self._span(deadline)) <= now

    def _span(self, deadline: int) -> int:
        if deadline < 0:
            return 0
        if deadline > FAR:
            return FAR >> self._shift
        return deadline >> self._shift

    def _enqueue(self, span: int) -> None:
        heapq.heappush(self._queue, span)
        if len(self._queue) > 2 * len(self._sets) + STALE_SPANS:
            self._queue = sorted(self._sets)
