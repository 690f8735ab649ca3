"""A set of keys that splits into many when it is large, so that no growth takes long."""

from typing import Final

from kvik.store.sharded_map import POSITION_BITS, position_of

SPLIT_AT: Final = 65_536
PART_BITS: Final = 8
PARTS: Final = 1 << PART_BITS
IN_PART_BITS: Final = POSITION_BITS - PART_BITS


class KeySet:
    """Keys in no order, handed out a few at a time. A copy shares the parts: each is copied before it is changed."""

    def __init__(self, split_at: int = SPLIT_AT) -> None:
        self._split_at: Final = split_at
        self._parts: list[set[bytes]] = [set()]
        self._size = 0
        # Which parts a copy has as well; None: none of them.
        self._shared: list[bool] | None = None

    def __len__(self) -> int:
        return self._size

    def add(self, key: bytes) -> None:
        part = self._own_part(self._number(key))
        before = len(part)
        part.add(key)
        if len(part) != before:
            self._size += 1
            if self._size > self._split_at and len(self._parts) == 1:
                self._split()

    def discard(self, key: bytes) -> bool:
        """Remove `key`; return whether it was there."""
        number = self._number(key)
        if key not in self._parts[number]:
            return False
        self._own_part(number).discard(key)
        self._size -= 1
        return True

    def take(self, most: int) -> list[bytes]:
        """Remove and return up to `most` keys."""
        taken: list[bytes] = []
        for number in range(len(self._parts)):
            if len(taken) == most:
                break
            part = self._own_part(number)
            while part and len(taken) < most:
                taken.append(part.pop())
        self._size -= len(taken)
        return taken

    def keys(self) -> list[bytes]:
        """Return all keys."""
        return [key for part in self._parts for key in part]

    def copy(self) -> "KeySet":
        """Return an equal set, a step per part."""
        twin = KeySet(self._split_at)
        twin._parts = self._parts[:]
        twin._size = self._size
        twin._shared = [True] * len(self._parts)
        self._shared = [True] * len(self._parts)
        return twin

    def parts(self) -> list[object]:
        """Return what the set is made of, for freeing it part by part."""
        return list(self._parts)

    def _number(self, key: bytes) -> int:
        """Return the number of the part that a key is in."""
        return 0 if len(self._parts) == 1 else position_of(key) >> IN_PART_BITS

    def _own_part(self, number: int) -> set[bytes]:
        """Return a part for changing it."""
        shared = self._shared
        if shared is not None and shared[number]:
            shared[number] = False
            self._parts[number] = self._parts[number].copy()
        return self._parts[number]

    def _split(self) -> None:
        parts: list[set[bytes]] = [set() for _ in range(PARTS)]
        for key in self._parts[0]:
            parts[position_of(key) >> IN_PART_BITS].add(key)
        self._parts = parts
        self._shared = None
