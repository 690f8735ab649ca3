"""What a value weighs. Knows how values are kept, not who asks."""

from typing import Final

from kvik.store.container import Container
from kvik.store.keyspace import Keyspace
from kvik.store.value import Value

# Measured on 64-bit CPython 3.11, a million keys: what a dict keeps per entry, its empty places included.
ENTRY_BYTES: Final = 72
BYTES_OBJECT_BYTES: Final = 33
INT_OBJECT_BYTES: Final = 32
ALIGNMENT: Final = 16
# A deadline is an int in one dict and its key in the set of a slot.
DEADLINE_BYTES: Final = ENTRY_BYTES + INT_OBJECT_BYTES + 64
# A database of more keys than this is weighed by its first ones.
WEIGHED_KEYS_MAX: Final = 1_000


def weight_of(value: Value) -> int:
    """Return how many bytes of memory a value takes, as the allocator hands them out."""
    if isinstance(value, bytes):
        return aligned(BYTES_OBJECT_BYTES + len(value))
    return value.weight if isinstance(value, Container) else INT_OBJECT_BYTES


def weight_of_entry(key: bytes, value: Value, has_deadline: bool) -> int:
    """Return how many bytes a key takes with its value, its deadline and its place in the keyspace."""
    weight = ENTRY_BYTES + aligned(BYTES_OBJECT_BYTES + len(key)) + weight_of(value)
    return weight + DEADLINE_BYTES if has_deadline else weight


def weight_of_database(space: Keyspace) -> int:
    """Return about how many bytes all keys take: exact for few, for many the mean of some times their number."""
    weight = 0
    weighed = 0
    for key, value in space.items():
        if weighed == WEIGHED_KEYS_MAX:
            break
        weight += weight_of_entry(key, value, space.deadline(key) is not None)
        weighed += 1
    return weight * len(space) // weighed if weighed == WEIGHED_KEYS_MAX else weight


def aligned(size: int) -> int:
    """Return what an allocation of `size` bytes takes."""
    return (size + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
