"""A set of keys that splits into many when it is large, so that no growth takes long."""

from typing import Final

from kvik.store.sharded_map import POSITION_BITS, position_of

SPLIT_AT: Final = 65_536
PART_BITS: Final = 8
PARTS: Final = 1 << PART_BITS
IN_PART_BITS: Final = POSITION_BITS - PART_BITS


class KeySet:
    """Keys in no order, handed out a few at a time."""

    def __init__(self, split_at: int = SPLIT_AT) -> None:
        self._split_at: Final = split_at
        self._parts: list[set[bytes]] = [set()]
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, key: bytes) -> None:
        part = self._part(key)
        before = len(part)
        part.add(key)
        if len(part) != before:
            self._size += 1
            if self._size > self._split_at and len(self._parts) == 1:
                self._split()

    def discard(self, key: bytes) -> bool:
        """Remove `key`; return whether it was there."""
        part = self._part(key)
        if key not in part:
            return False
        part.discard(key)
        self._size -= 1
        return True

    def take(self, most: int) -> list[bytes]:
        """Remove and return up to `most` keys."""
        taken: list[bytes] = []
        for part in self._parts:
            while part and len(taken) < most:
                taken.append(part.pop())
        self._size -= len(taken)
        return taken

    def keys(self) -> list[bytes]:
        """Return all keys."""
        return [key for part in self._parts for key in part]

    def parts(self) -> list[object]:
        """Return what the set is made of, for freeing it part by part."""
        return list(self._parts)

    def _part(self, key: bytes) -> set[bytes]:
        if len(self._parts) == 1:
            return self._parts[0]
        return self._parts[position_of(key) >> IN_PART_BITS]

    def _split(self) -> None:
        parts: list[set[bytes]] = [set() for _ in range(PARTS)]
        for key in self._parts[0]:
            parts[position_of(key) >> IN_PART_BITS].add(key)
        self._parts = parts
