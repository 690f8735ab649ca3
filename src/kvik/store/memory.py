"""What a value weighs in memory. Knows how values are kept, not who asks."""

from typing import Final

from kvik.store.container import ALIGNMENT, BYTES_OBJECT_BYTES, Container
from kvik.store.value import Value

# Measured on 64-bit CPython 3.11 from 10^4 to 10^6 keys: what a dict keeps per entry, its empty places included. It is
# 27 bytes in a dict that is full and 54 in one that has just grown; the many dicts of a database grow together.
ENTRY_BYTES: Final = 42
INT_OBJECT_BYTES: Final = 32
# Python's own allocator serves what is small. The system's adds a header, and gives whole pages to what is large.
SMALL_MAX: Final = 512
HEADER_BYTES: Final = 8
LARGE_MIN: Final = 128 * 1024
PAGE: Final = 4096
# A deadline is an int in one dict and its key in the set of a span, which is mostly empty places.
DEADLINE_BYTES: Final = ENTRY_BYTES + INT_OBJECT_BYTES + 71


def weight_of(value: Value) -> int:
    """Return how many bytes of memory a value takes, as the allocator hands them out."""
    if isinstance(value, bytes):
        return allocated(BYTES_OBJECT_BYTES + len(value))
    return value.weight if isinstance(value, Container) else INT_OBJECT_BYTES


def weight_of_key(key: bytes) -> int:
    """Return how many bytes of memory a key takes, and its place in the keyspace."""
    return ENTRY_BYTES + allocated(BYTES_OBJECT_BYTES + len(key))


def weight_of_entry(key: bytes, value: Value, has_deadline: bool) -> int:
    """Return how many bytes a key takes with its value, its deadline and its place in the keyspace."""
    weight = weight_of_key(key) + weight_of(value)
    return weight + DEADLINE_BYTES if has_deadline else weight


def allocated(size: int) -> int:
    """Return what an object of `size` bytes takes."""
    if size <= SMALL_MAX:
        return aligned(size)
    size = aligned(size + HEADER_BYTES)
    return size if size < LARGE_MIN else (size + PAGE - 1) // PAGE * PAGE


def aligned(size: int) -> int:
    """Return what an allocation of `size` bytes takes where it has no header."""
    return (size + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
