"""Which key dies next, on time. Knows keys and milliseconds, nothing of values.

A deadline is kept beside its key in `at`, and the key waits in a set for the second it dies in. A
second before that, the set is spread over sets for 32 ms each, a slice at a time, and those are
handed out when their time is over. So a deadline is moved or dropped in one step and leaves nothing
behind, a million keys that die together never make one long pause, and the wait costs one set a second.
"""

import heapq
from typing import Final

SECOND_SHIFT: Final = 10
SOON_SHIFT: Final = 5
# The queue of slot numbers is made anew when this many of its entries may be stale.
STALE_SLOTS: Final = 64


class Deadlines:
    """Deadlines of keys in wall-clock milliseconds."""

    def __init__(self) -> None:
        self.at: Final[dict[bytes, int]] = {}
        self._seconds = Slots(SECOND_SHIFT)
        self._soon = Slots(SOON_SHIFT)
        self._horizon = -1

    def set(self, key: bytes, deadline: int) -> None:
        self.drop(key)
        self.at[key] = deadline
        if deadline >> SECOND_SHIFT <= self._horizon:
            self._soon.add(key, deadline)
        else:
            self._seconds.add(key, deadline)

    def drop(self, key: bytes) -> bool:
        """Forget the deadline of `key`; return whether it had one."""
        deadline = self.at.pop(key, None)
        if deadline is None:
            return False
        self._seconds.discard(key, deadline)
        self._soon.discard(key, deadline)
        return True

    def due(self, now: int, most: int) -> list[bytes]:
        """Return up to `most` keys whose deadline is over, early ones first.

        Each is handed out once: the caller removes it, or sets its deadline anew.
        """
        self._spread(now, most)
        keys: list[bytes] = []
        while len(keys) < most:
            slot = self._soon.first()
            if slot < 0 or (slot + 1) << SOON_SHIFT > now:
                break
            keys += self._soon.take(slot, most - len(keys))
        return keys

    def next_due(self) -> int:
        """Return the moment to call `due` again, -1 when no key has a deadline."""
        moments: list[int] = []
        slot = self._soon.first()
        if slot >= 0:
            moments.append((slot + 1) << SOON_SHIFT)
        slot = self._seconds.first()
        if slot >= 0:
            moments.append((slot - 1) << SECOND_SHIFT)
        return min(moments) if moments else -1

    def _spread(self, now: int, most: int) -> None:
        self._horizon = max(self._horizon, (now >> SECOND_SHIFT) + 1)
        while most > 0:
            slot = self._seconds.first()
            if slot < 0 or slot > self._horizon:
                break
            keys = self._seconds.take(slot, most)
            for key in keys:
                self._soon.add(key, self.at[key])
            most -= len(keys)


class Slots:
    """Sets of keys by the slot of time their deadline lies in; slots are 2**shift milliseconds."""

    def __init__(self, shift: int) -> None:
        self._shift: Final = shift
        self._sets: dict[int, set[bytes]] = {}
        self._queue: list[int] = []

    def add(self, key: bytes, deadline: int) -> None:
        slot = deadline >> self._shift
        keys = self._sets.get(slot)
        if keys is None:
            keys = set()
            self._sets[slot] = keys
            self._enqueue(slot)
        keys.add(key)

    def discard(self, key: bytes, deadline: int) -> None:
        slot = deadline >> self._shift
        keys = self._sets.get(slot)
        if keys is not None:
            keys.discard(key)
            if not keys:
                del self._sets[slot]

    def first(self) -> int:
        """Return the number of the earliest slot that holds a key, -1 where there is none."""
        while self._queue and self._queue[0] not in self._sets:
            heapq.heappop(self._queue)
        return self._queue[0] if self._queue else -1

    def take(self, slot: int, most: int) -> list[bytes]:
        """Remove and return up to `most` keys of a slot."""
        keys = self._sets[slot]
        if len(keys) <= most:
            del self._sets[slot]
            return list(keys)
        return [keys.pop() for _ in range(most)]

    def _enqueue(self, slot: int) -> None:
        heapq.heappush(self._queue, slot)
        if len(self._queue) > 2 * len(self._sets) + STALE_SLOTS:
            self._queue = sorted(self._sets)
