"""A dict from bytes that splits into many when it is large. Knows nothing of what it holds.

One big dict stops the world when it grows (1 s at five million keys); a thousand small ones never
take long. So: one dict in insertion order until SPLIT_AT entries, then SHARDS dicts for good.

Every key has a position, 32 bits of its hash, which never changes while the process lives. The
top bits of the position choose the shard, and `scan` walks positions upwards, so a cursor stays
true while the map grows, shrinks or splits: what was there all the time is returned.
"""

from collections.abc import Iterator
from typing import Final, Generic, TypeVar

from mypy_extensions import i64

V = TypeVar("V")

SPLIT_AT: Final = 65_536
SHARD_BITS: Final = 10
SHARDS: Final = 1 << SHARD_BITS
POSITION_BITS: Final = 32
POSITIONS: Final = 1 << POSITION_BITS
IN_SHARD_BITS: Final = POSITION_BITS - SHARD_BITS
KEYS_PER_BUCKET: Final = 4
# A dict looks a key up by the low bits of its hash: keys that share a shard must differ in them.
HASH_SHIFT: Final = 20


def position_of(key: bytes) -> i64:
    """Return the key's place in the scan order, 0 to POSITIONS - 1."""
    hashed: i64 = hash(key)
    return (hashed >> HASH_SHIFT) & (POSITIONS - 1)


class ShardedMap(Generic[V]):
    """A mapping of bytes to values with growth, iteration and scanning in small steps."""

    def __init__(self) -> None:
        self._first: dict[bytes, V] = {}
        self._shards: list[dict[bytes, V]] = [self._first]
        self._is_split = False
        self._size = 0
        self._order: ScanOrder[V] = ScanOrder()

    def __len__(self) -> int:
        return self._size if self._is_split else len(self._first)

    def __contains__(self, key: bytes) -> bool:
        return key in self._shard(key)

    def get(self, key: bytes) -> V | None:
        if not self._is_split:
            return self._first.get(key)
        return self._shard(key).get(key)

    def set(self, key: bytes, value: V) -> None:
        if not self._is_split:
            self._first[key] = value
            if len(self._first) > SPLIT_AT:
                self._split()
            return
        shard = self._shard(key)
        before = len(shard)
        shard[key] = value
        self._size += len(shard) - before

    def pop(self, key: bytes) -> V | None:
        """Remove `key` and return its value, None when it was not there."""
        shard = self._shard(key)
        value = shard.pop(key, None)
        if value is not None:
            self._size -= 1
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
                for key in shard:
                    if index == 0:
                        return key
                    index -= 1
            index -= len(shard)
        raise IndexError(index)

    def scan(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """Return the next cursor (0 at the end) and at least `count` keys, fewer at the end.

        A key that is there from the first call to the last is returned at least once.
        """
        if cursor == 0:
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

    def _shard(self, key: bytes) -> dict[bytes, V]:
        if not self._is_split:
            return self._first
        return self._shards[position_of(key) >> IN_SHARD_BITS]

    def _split(self) -> None:
        shards: list[dict[bytes, V]] = [{} for _ in range(SHARDS)]
        for key, value in self._first.items():
            shards[position_of(key) >> IN_SHARD_BITS][key] = value
        self._size = len(self._first)
        self._shards = shards
        self._first = {}
        self._is_split = True
        self._order.forget()


class ScanOrder(Generic[V]):
    """The keys of the shard that is being scanned, in buckets of a few by position.

    Made when a scan enters a shard and kept until one enters another or starts, so that a scan in
    small steps does not sort the shard anew at each. A scan may go on with an order made after it
    started, never with an older one: keys may have come in between.
    """

    def __init__(self) -> None:
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
            self._sort(shard, number, start, range_bits)
        index = (position - start) >> self._shift
        while index < len(self._buckets) and len(found) < count:
            for key in self._buckets[index]:
                if key in shard:
                    found.append(key)
            index += 1
        return start + (index << self._shift)

    def _sort(self, shard: dict[bytes, V], number: int, start: int, range_bits: int) -> None:
        bucket_bits = max(len(shard) // KEYS_PER_BUCKET, 1).bit_length() - 1
        shift = range_bits - bucket_bits
        buckets: list[list[bytes]] = [[] for _ in range(1 << bucket_bits)]
        for key in shard:
            buckets[(position_of(key) - start) >> shift].append(key)
        self._number = number
        self._shift = shift
        self._buckets = buckets
