"""How much data may be kept, and how much there is: bytes and keys over all databases. Knows nobody who is evicted."""

from typing import Final

from mypy_extensions import i64

from kvik.clock import Clock
from kvik.store.marks import Marks
from kvik.store.memory import weight_of_key

NOBODY: Final = 0
LATEST_USE: Final = 1
FREQUENCY: Final = 2
CHANCE: Final = 3
DEADLINE: Final = 4

POLICIES: Final = {
    "volatile-lru": (LATEST_USE, True),
    "allkeys-lru": (LATEST_USE, False),
    "volatile-lfu": (FREQUENCY, True),
    "allkeys-lfu": (FREQUENCY, False),
    "volatile-random": (CHANCE, True),
    "allkeys-random": (CHANCE, False),
    "volatile-ttl": (DEADLINE, True),
    "noeviction": (NOBODY, False),
}
"""Redis' names and order: by what the keys to evict are chosen, and whether only those with a deadline are."""

LATEST_USE_OR_FREQUENCY: Final = ("volatile-lru", "allkeys-lru", "volatile-lfu", "allkeys-lfu")
"""The policies that have to know how keys are used: they count also where there is no limit yet."""

# Uses per key held after which a use counts half; see marks.py and docs/memory-limit.md.
LRU_HALF_LIFE: Final = 0.25
LFU_HALF_LIFE: Final = 6.0
# Uses after which one counts half at the earliest, however few keys there are.
LRU_HALF_LIFE_MIN: Final = 1.0
LFU_HALF_LIFE_MIN: Final = 1000.0
# So many places in the table of marks for each key that is held, up to twice as many. What is not taken by those
# remembers keys that have gone, which is worth more where frequencies are compared.
LRU_MARKS_PER_KEY: Final = 2
LFU_MARKS_PER_KEY: Final = 4
# What these places take for each key: a mark is 4 bytes, LRU keeps a moment of 4 bytes beside it, and a table that
# grows leaves a hole behind it. 16 to 48 were measured.
MARK_BYTES: Final = 32


class Limit:
    """What is held, counted with every change, and what may be held; a maximum of 0 is none."""

    def __init__(self, policy: str, keys: int, clock: Clock) -> None:
        """`policy` is one of POLICIES; `keys` is how many keys there will be at once."""
        self.policy: Final = policy
        self.by, self.is_volatile = POLICIES[policy]
        self.bytes_max: i64 = 0
        self.keys_max: i64 = 0
        self.bytes: i64 = 0
        """What all data weighs."""
        self.keys: i64 = 0
        """How many keys all databases hold, those that have expired unseen included."""
        self.marks: Marks | None = None
        self.mark_bytes = 0
        """What the policy itself keeps for each key."""
        if self.by == LATEST_USE:
            self.marks = Marks(keys, LRU_MARKS_PER_KEY, LRU_HALF_LIFE, LRU_HALF_LIFE_MIN, clock, True)
            self.mark_bytes = MARK_BYTES
        elif self.by == FREQUENCY:
            self.marks = Marks(keys, LFU_MARKS_PER_KEY, LFU_HALF_LIFE, LFU_HALF_LIFE_MIN, clock, False)
            self.mark_bytes = MARK_BYTES

    def is_over(self, new_keys: i64) -> bool:
        """Return whether there is more than may be, or would be with so many more keys."""
        if self.bytes > self.bytes_max > 0:
            return True
        return self.has_too_many_keys(new_keys)

    def has_too_many_keys(self, new_keys: i64) -> bool:
        """Return whether there would be more keys than may be, with so many more."""
        return self.keys + new_keys > self.keys_max > 0

    def key_weight(self, key: bytes) -> int:
        """Return what a key weighs with what the policy keeps for it."""
        return weight_of_key(key) + self.mark_bytes

    def make_room_for_marks(self) -> None:
        """Let there be as many marks as the keys need."""
        marks = self.marks
        if marks is not None and not marks.has_room(self.keys):
            marks.adjust(self.keys)
