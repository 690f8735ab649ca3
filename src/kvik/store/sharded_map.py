"""A dict from bytes that splits into many when it is large. Knows nothing of what it holds.

One big dict stops the world when it grows (1 s at five million keys); many small ones never
take long. So: one dict in insertion order until it holds more than `split_at` entries, then SHARDS
dicts until it is empty again.

A copy is a step per dict: the two share them until one is changed.

Every key has a position, 32 bits of its hash, which never changes while the process lives. The
top bits of the position choose the shard, and `scan` walks positions upwards, so a cursor stays
true while the map grows, shrinks or splits: what was there all the time is returned.
"""

import sys
from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Final, Generic, TypeVar

from mypy_extensions import i64

V = TypeVar("V")

SPLIT_AT: Final = 65_536
SHARD_BITS: Final = 8
# Beyond twice the mean no shard is ever filled, small ones aside.
SPARE_PLACES: Final = 32
SHARDS: Final = 1 << SHARD_BITS
POSITION_BITS: Final = 32
POSITIONS: Final = 1 << POSITION_BITS
IN_SHARD_BITS: Final = POSITION_BITS - SHARD_BITS
KEYS_PER_BUCKET: Final = 4
# A dict looks a key up by the low bits of its hash: keys that share a shard must differ in them.
HASH_SHIFT: Final = 20
# A dict keeps its room when its keys leave. A full one takes at most 100 bytes an entry.
WASTEFUL_ENTRY_BYTES: Final = 400
SHRINKABLE_MIN: Final = 8
# From this share of all keys on, a list of them all is cheaper than looking each up by its index.
SPARSE: Final = 64
# An object of its own, not one that a client's key could be: empty bytes exist only once.
NO_KEY: Final = b"no key"


def position_of(key: bytes) -> i64:
    """Return the key's place in the scan order, 0 to POSITIONS - 1."""
    hashed: i64 = hash(key)
    return (hashed >> HASH_SHIFT) & (POSITIONS - 1)


def shard_of(key: bytes) -> int:
    """Return which of the SHARDS dicts of a map that has split holds `key`."""
    return position_of(key) >> IN_SHARD_BITS


class ShardedMap(Generic[V]):
    """A mapping of bytes to values with growth, iteration and scanning in small steps.

    None is not a value.
    """

    def __init__(self, split_at: int = SPLIT_AT) -> None:
        self._split_at: Final = split_at
        self._first: dict[bytes, V] = {}
        self._shards: list[dict[bytes, V]] = [self._first]
        self._is_split = False
        self._size = 0
        # Which dicts a copy has as well; None: none of them.
        self._shared: list[bool] | None = None
        self._order: ScanOrder[V] = ScanOrder()
        # Most commands that write have read the same key before.
        self._last_key = NO_KEY
        self._last_shard = self._first

    def __len__(self) -> int:
        return self._size

    def __contains__(self, key: bytes) -> bool:
        return key in self._shard(key)

    def get(self, key: bytes) -> V | None:
        if not self._is_split:
            return self._first.get(key)
        return self._shard(key).get(key)

    def set(self, key: bytes, value: V) -> bool:
        """Let `value` stand behind `key`; return whether the key is new."""
        shard = self._own_shard(key)
        before = len(shard)
        shard[key] = value
        if len(shard) == before:
            return False
        self._grow()
        return True

    def exchange(self, key: bytes, value: V) -> V | None:
        """As `set`; return what stood there before, None where the key is new."""
        shard = self._own_shard(key)
        before = shard.get(key)
        shard[key] = value
        if before is None:
            self._grow()
        return before

    def pop(self, key: bytes) -> V | None:
        """Remove `key` and return its value, None when it was not there."""
        shard = self._own_shard(key)
        value = shard.pop(key, None)
        if value is not None:
            self._size -= 1
            left = len(shard)
            if left & (left - 1) == 0:
                self._give_room_back(key, shard)
        return value

    def items(self) -> Iterator[tuple[bytes, V]]:
        """Yield every entry: in insertion order while the map is one dict, else shard by shard.

        The map must not change meanwhile.
        """
        for shard in self._shards:
            yield from shard.items()

    def keys(self) -> list[bytes]:
        """Return all keys, in the order of `items`."""
        return [key for shard in self._shards for key in shard]

    def nth(self, index: int) -> bytes:
        """Return the key at `index` in the order of `items`; a step per entry of one shard."""
        for shard in self._shards:
            if index < len(shard):
                return next(islice(shard, index, None))
            index -= len(shard)
        raise IndexError(index)

    def keys_at(self, indexes: list[int]) -> list[bytes]:
        """Return the keys at these indexes, as `nth` does one."""
        if len(indexes) * SPARSE < self._size:
            return [self.nth(index) for index in indexes]
        keys = self.keys()
        return [keys[index] for index in indexes]

    def random_key(self, random: Random) -> bytes:
        """Return a key chosen at random, of a map that is not empty; a step per entry of one shard.

        Shards are of nearly one size: hashes spread them. One is drawn, then a place in it, until there is a key.
        """
        if not self._is_split:
            return self.nth(random.randrange(self._size))
        places = 2 * self._size // SHARDS + SPARE_PLACES
        while True:
            shard = self._shards[random.getrandbits(SHARD_BITS)]
            index = int(random.random() * places)
            if index < len(shard):
                return next(islice(shard, index, None))

    def scan(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """Return the next cursor (0 at the end) and at least `count` keys, fewer at the end.

        A key that is there from the first call to the last is returned at least once.
        """
        if cursor == 0 and not self._order.is_current:
            self._order.forget()
        found: list[bytes] = []
        range_bits = IN_SHARD_BITS if self._is_split else POSITION_BITS
        position = min(max(cursor, 0), POSITIONS - 1)
        while len(found) < count and position < POSITIONS:
            number = position >> range_bits
            position = self._order.walk(self._shards[number], number, range_bits, position, count, found)
        if position < POSITIONS:
            return position, found
        self._order.forget()
        return 0, found

    def copy(self) -> "ShardedMap[V]":
        """Return an equal map. They share their dicts: each copies one before it changes it for the first time."""
        twin: ShardedMap[V] = ShardedMap(self._split_at)
        twin._first = self._first
        twin._shards = self._shards[:]
        twin._is_split = self._is_split
        twin._size = self._size
        twin._shared = [True] * len(self._shards)
        self._shared = [True] * len(self._shards)
        return twin

    def parts(self) -> list[object]:
        """Return what the map is made of, for freeing it part by part."""
        return list(self._shards)

    def is_split(self) -> bool:
        """Return whether there are SHARDS dicts now, not one."""
        return self._is_split

    def count_of_shards(self) -> int:
        """Return how many dicts there are: one, or SHARDS."""
        return len(self._shards)

    def keys_of_shard(self, number: int) -> list[bytes]:
        """Return the keys of the dict of this number, in its order."""
        return list(self._shards[number])

    def copy_of_shard(self, number: int) -> dict[bytes, V]:
        """Return what the dict of this number holds, in its order."""
        return dict(self._shards[number])

    def forget_shard(self, number: int) -> None:
        """Let go of what one dict holds, in a map nobody but the caller uses any more: its size is not true then."""
        self._shards[number] = {}
        self._last_key = NO_KEY

    def _shard(self, key: bytes) -> dict[bytes, V]:
        if not self._is_split:
            return self._first
        if key is not self._last_key:
            self._last_shard = self._shards[position_of(key) >> IN_SHARD_BITS]
            self._last_key = key
        return self._last_shard

    def _own_shard(self, key: bytes) -> dict[bytes, V]:
        """Return the dict of a key, for changing it."""
        return self._shard(key) if self._shared is None else self._unshared(key, self._shared)

    def _unshared(self, key: bytes, shared: list[bool]) -> dict[bytes, V]:
        number = position_of(key) >> IN_SHARD_BITS if self._is_split else 0
        if shared[number]:
            shared[number] = False
            self._replace_shard(number, self._shards[number].copy())
        return self._shards[number]

    def _replace_shard(self, number: int, shard: dict[bytes, V]) -> None:
        self._shards[number] = shard
        self._last_key = NO_KEY
        if not self._is_split:
            self._first = shard

    def _grow(self) -> None:
        """A key has come in."""
        self._size += 1
        self._order.is_current = False
        if not self._is_split and self._size > self._split_at:
            self._split()

    def _split(self) -> None:
        shards: list[dict[bytes, V]] = [{} for _ in range(SHARDS)]
        for key, value in self._first.items():
            shards[position_of(key) >> IN_SHARD_BITS][key] = value
        self._shards = shards
        self._shared = None
        self._last_key = NO_KEY
        self._first = {}
        self._is_split = True
        self._order.forget()

    def _give_room_back(self, key: bytes, shard: dict[bytes, V]) -> None:
        """The dict `key` has left holds a power of two entries now: replace it if it is mostly empty."""
        if self._is_split and self._size == 0:
            self._be_one_dict({})
        elif len(shard) >= SHRINKABLE_MIN and sys.getsizeof(shard) > WASTEFUL_ENTRY_BYTES * len(shard):
            if self._is_split:
                self._replace_shard(position_of(key) >> IN_SHARD_BITS, dict(shard))
            else:
                self._be_one_dict(dict(shard))

    def _be_one_dict(self, only: dict[bytes, V]) -> None:
        self._first = only
        self._shards = [only]
        self._shared = None
        self._last_key = NO_KEY
        self._is_split = False
        self._order.forget()


class ScanOrder(Generic[V]):
    """The keys of the shard that is being scanned, in buckets of a few by position.

    Made when a scan enters a shard and kept until one enters another or ends, so that a scan in
    small steps does not sort the shard anew at each. A scan may go on with an order made after it
    started, or as long as no key has come in since: that is what `is_current` says.
    """

    def __init__(self) -> None:
        self.is_current = False
        self._number = -1
        self._shift = 0
        self._buckets: list[list[bytes]] = []

    def forget(self) -> None:
        self._number = -1
        self._buckets = []

    def walk(
        self, shard: dict[bytes, V], number: int, range_bits: int, position: int, count: int, found: list[bytes]
    ) -> int:
        """Append keys bucket by bucket until `found` holds `count`; return the position to go on at."""
        start = number << range_bits
        if not shard:
            return start + (1 << range_bits)
        if number != self._number:
            self._sort(shard, number, range_bits)
        index = (position - start) >> self._shift
        while index < len(self._buckets) and len(found) < count:
            for key in self._buckets[index]:
                if key in shard:
                    found.append(key)
            index += 1
        return start + (index << self._shift)

    def _sort(self, shard: dict[bytes, V], number: int, range_bits: int) -> None:
        bucket_bits = max(len(shard) // KEYS_PER_BUCKET, 1).bit_length() - 1
        shift = range_bits - bucket_bits
        mask: i64 = (1 << range_bits) - 1
        by: i64 = shift
        buckets: list[list[bytes]] = [[] for _ in range(1 << bucket_bits)]
        for key in shard:
            buckets[(position_of(key) & mask) >> by].append(key)
        self.is_current = True
        self._number = number
        self._shift = shift
        self._buckets = buckets
