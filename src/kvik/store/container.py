"""A value that has members: what the keyspace asks of every list, hash, set and the like. Knows no kind of them."""

from typing import Final

from mypy_extensions import i64

# Redis' names of kinds, by number; see value.py.
STRING: Final = 0
LIST: Final = 1
SET: Final = 2
ZSET: Final = 3
HASH: Final = 4
STREAM: Final = 5

# Freeing so many keys or members takes about a millisecond; more of them are freed in slices.
FREED_AT_ONCE_MAX: Final = 10_000

# Measured on 64-bit CPython 3.11: what a bytes object has beside its bytes, and how the allocator rounds.
BYTES_OBJECT_BYTES: Final = 33
ALIGNMENT: Final = 16


def weight_of_bytes(length: i64) -> i64:
    """Return how many bytes of memory a bytes object of `length` bytes takes."""
    return (length + (BYTES_OBJECT_BYTES + ALIGNMENT - 1)) & -ALIGNMENT


class Container:
    """Members behind one key. Changed between `Keyspace.edit` and `Keyspace.edited` only.

    An empty container is never kept, but for kinds whose `keeps_empty` says so.
    """

    def __init__(self) -> None:
        self.weight: i64 = 0
        """Bytes of memory it takes with its members; every method that changes it keeps this true in O(1)."""
        self.counted: i64 = 0
        """How much of that its keyspace has counted; this and the next are the keyspace's own affair."""
        self.is_kept = False
        """Whether it stands behind a key."""

    def kind(self) -> int:
        """Return the number of its kind, an index into KIND_NAMES."""
        raise NotImplementedError

    def __len__(self) -> int:
        """Return how many members there are."""
        raise NotImplementedError

    def keeps_empty(self) -> bool:
        """Return whether the key stays when the last member goes: only a stream's does."""
        return False

    def next_expiry(self) -> i64:
        """Return a moment before which no member of it dies, -1 where none ever does: only a hash's fields do."""
        return -1

    def expire_members(self, now: int, most: int) -> list[bytes]:
        """Remove up to `most` members whose deadline has passed; return them."""
        return []

    def is_large(self) -> bool:
        """Return whether to free it, or to go through it, would hold others up: that is done in slices then."""
        return len(self) > FREED_AT_ONCE_MAX

    def copy(self) -> "Container":
        """Return an equal container, a step for each of its parts: what is changed in one is not in the other."""
        raise NotImplementedError

    def parts(self) -> list[object]:
        """Return what it is made of in parts of a few thousand members each, for freeing it part by part."""
        raise NotImplementedError

    def encoding(self) -> bytes:
        """Return the name OBJECT ENCODING gives: what Redis 7 with its default settings would have chosen."""
        raise NotImplementedError
