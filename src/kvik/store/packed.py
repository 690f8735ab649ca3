"""Short byte strings in one bytes object, each behind its length: a tenth of the memory of objects of their own.

An item is found by stepping over those before it, so this is for few and short ones. Knows nothing of what they mean.
"""

from typing import Final

from mypy_extensions import i64

from kvik.store.container import weight_of_bytes

ITEM_BYTES_MAX: Final = 64
"""As Redis' listpacks by default: of sets, hashes and sorted sets."""

LENGTH_MAX: Final = 255
"""A length is one byte."""

PACKED_BYTES_MAX: Final = 2_048
"""What is larger costs more to search and to copy at each change than objects of their own."""

LENGTHS: Final = [bytes([length]) for length in range(LENGTH_MAX + 1)]


def weight_of_packed(length: i64) -> i64:
    """Return how many bytes of memory packed items of `length` bytes take, with the holes their growing leaves."""
    return weight_of_bytes(length) + length // 8


def fits(item: bytes) -> bool:
    """Return whether an item is short enough to be packed."""
    return len(item) <= ITEM_BYTES_MAX


def packed(item: bytes) -> bytes:
    """Return one item as it stands among the others."""
    return LENGTHS[len(item)] + item


def find(items: bytes, wanted: bytes, step: i64, place: i64 = 0) -> i64:
    """Return where `wanted` stands among every `step`-th item from the one at `place` on, -1 where it does not."""
    size: i64 = len(items)
    length: i64 = len(wanted)
    while place < size:
        here: i64 = items[place]
        begin = place + 1
        end = begin + here
        if here == length and (length == 0 or (items[end - 1] == wanted[length - 1] and items[begin:end] == wanted)):
            return place
        place = end
        left = step
        while left > 1:
            skipped: i64 = items[place]
            place += 1 + skipped
            left -= 1
    return -1


def item_at(items: bytes, place: i64) -> bytes:
    """Return the item that stands at `place`."""
    length: i64 = items[place]
    return items[place + 1 : place + 1 + length]


def after(items: bytes, place: i64) -> i64:
    """Return where the next item stands."""
    length: i64 = items[place]
    return place + 1 + length


def unpacked(items: bytes) -> list[bytes]:
    """Return all items in their order."""
    found: list[bytes] = []
    size: i64 = len(items)
    place: i64 = 0
    while place < size:
        length: i64 = items[place]
        found.append(items[place + 1 : place + 1 + length])
        place += 1 + length
    return found


def beyond(items: bytes, place: i64, count: i64) -> i64:
    """Return where the item stands that comes `count` items behind the one at `place`."""
    while count > 0:
        length: i64 = items[place]
        place += 1 + length
        count -= 1
    return place


def positions(items: bytes, wanted: bytes) -> list[int]:
    """Return how many items stand before each one that equals `wanted`."""
    found: list[int] = []
    here: i64 = 0
    passed: i64 = 0
    place = find(items, wanted, 1)
    while place >= 0:
        while here < place:
            here = after(items, here)
            passed += 1
        found.append(passed)
        place = find(items, wanted, 1, after(items, place))
    return found
