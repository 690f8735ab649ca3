"""Ziplists, zipmaps and intsets: what Redis kept small values in before listpacks, and small sets still."""

from typing import Final

from mypy_extensions import i64

from kvik.errors import PayloadDamaged
from kvik.numbers import decimal
from kvik.rdb.cursor import Cursor

END: Final = 0xFF
BIG_LENGTH: Final = 0xFE
COUNT_UNKNOWN: Final = 0xFFFF
ZIPMAP_COUNT_UNKNOWN: Final = 0xFE
# The first byte of an item of a ziplist: two bits for the kinds of strings, all of it for the integers.
INTEGER_SIZES: Final = {0xC0: 2, 0xD0: 4, 0xE0: 8, 0xF0: 3, 0xFE: 1}
LONG_STRING: Final = 0x80
LOWEST_AT_ONCE: Final = 0xF1
HIGHEST_AT_ONCE: Final = 0xFD


def items_of_ziplist(data: bytes) -> list[bytes]:
    """Return all items. Raises PayloadDamaged where a length, or anything else, is not what it should be."""
    cursor = Cursor(data, len(data))
    size, tail, count = cursor.unsigned(4), cursor.unsigned(4), cursor.unsigned(2)
    items: list[bytes] = []
    last = before = cursor.place
    while True:
        start = cursor.place
        first = cursor.byte()
        if first == END:
            break
        if (cursor.unsigned(4) if first == BIG_LENGTH else first) != start - before:
            raise PayloadDamaged("a ziplist has an item with two lengths")
        items.append(item_of_ziplist(cursor))
        last = before = start
    is_whole = cursor.is_at_end() and size == len(data) and tail == last
    if not is_whole or count not in (len(items), COUNT_UNKNOWN):
        raise PayloadDamaged("a ziplist has another size than it says")
    return items


def item_of_ziplist(cursor: Cursor) -> bytes:
    first = cursor.byte()
    form = first >> 6
    if form == 0:
        return cursor.take(first)
    if form == 1:
        length = ((first & 63) << 8) | cursor.byte()
        return cursor.take(length)
    if first == LONG_STRING:
        return cursor.take(int.from_bytes(cursor.take(4), "big"))
    if LOWEST_AT_ONCE <= first <= HIGHEST_AT_ONCE:
        return b"%d" % (first - LOWEST_AT_ONCE)
    size = INTEGER_SIZES.get(first)
    if size is None:
        raise PayloadDamaged("a ziplist has an item of an unknown kind")
    return decimal(cursor.signed(size))


def items_of_zipmap(data: bytes) -> list[bytes]:
    """Return field, value, field, value and so on, as hashes were kept before Redis 2.6."""
    cursor = Cursor(data, len(data))
    count = cursor.byte()
    items: list[bytes] = []
    while True:
        first = cursor.byte()
        if first == END:
            break
        items.append(cursor.take(length_in_zipmap(cursor, first)))
        length = length_in_zipmap(cursor, cursor.byte())
        unused = cursor.byte()
        items.append(cursor.take(length))
        cursor.take(unused)
    if not cursor.is_at_end() or (count < ZIPMAP_COUNT_UNKNOWN and count != len(items) // 2):
        raise PayloadDamaged("a zipmap has another size than it says")
    return items


def length_in_zipmap(cursor: Cursor, first: i64) -> int:
    if first == END:
        raise PayloadDamaged("a zipmap has a field without a value")
    return cursor.unsigned(4) if first == BIG_LENGTH else first


def items_of_intset(data: bytes) -> list[bytes]:
    """Return the integers of a set, in their order."""
    cursor = Cursor(data, len(data))
    size, count = cursor.unsigned(4), cursor.unsigned(4)
    if size not in (2, 4, 8) or count * size != cursor.left():
        raise PayloadDamaged("an intset has another size than it says")
    numbers = [cursor.signed(size) for _ in range(count)]
    if any(numbers[index - 1] >= numbers[index] for index in range(1, count)):
        raise PayloadDamaged("an intset is not in order")
    return [decimal(number) for number in numbers]


def intset_of(numbers: list[int]) -> bytes:
    """Return integers as Redis keeps a set of them; they are at least one, and in order."""
    lowest, highest = numbers[0], numbers[-1]
    size = 2
    while not -(1 << 8 * size - 1) <= lowest <= highest < 1 << 8 * size - 1:
        size *= 2
    parts = [size.to_bytes(4, "little"), len(numbers).to_bytes(4, "little")]
    for number in numbers:
        parts.append(number.to_bytes(size, "little", signed=True))
    return b"".join(parts)
