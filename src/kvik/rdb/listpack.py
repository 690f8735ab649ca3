"""Listpacks: strings in a row in one, each with its length before and behind it. Knows nothing of what they mean."""

from typing import Final

from mypy_extensions import i64

from kvik.errors import PayloadDamaged
from kvik.numbers import parse_integer
from kvik.rdb.cursor import Cursor

HEADER_BYTES: Final = 6
END: Final = 0xFF
COUNT_UNKNOWN: Final = 0xFFFF
# The first byte of an item, by the lowest one of each kind.
SHORT_STRING: Final = 0x80
INTEGER_OF_13_BITS: Final = 0xC0
MIDDLING_STRING: Final = 0xE0
LONG_STRING: Final = 0xF0
INTEGER_OF_16_BITS: Final = 0xF1
INTEGER_OF_24_BITS: Final = 0xF2
INTEGER_OF_32_BITS: Final = 0xF3
INTEGER_OF_64_BITS: Final = 0xF4
SIGN_OF_13_BITS: Final = 1 << 12
LONG_STRING_MIN: Final = 1 << 12


def items_of(data: bytes) -> list[bytes]:
    """Return all items. Raises PayloadDamaged where a length, or anything else, is not what it should be."""
    cursor = Cursor(data, len(data))
    size, count = cursor.unsigned(4), cursor.unsigned(2)
    if size != len(data):
        raise PayloadDamaged("a listpack has another size than it says")
    items: list[bytes] = []
    while True:
        start = cursor.place
        first = cursor.byte()
        if first == END:
            break
        items.append(item_after(cursor, first))
        check_back_length(cursor, cursor.place - start)
    if not cursor.is_at_end() or count not in (len(items), COUNT_UNKNOWN):
        raise PayloadDamaged("a listpack has another number of items than it says")
    return items


def item_after(cursor: Cursor, first: i64) -> bytes:
    """Return the item that begins with the byte `first`."""
    if first < SHORT_STRING:
        return b"%d" % first
    if first < INTEGER_OF_13_BITS:
        return cursor.take(first & 63)
    if first < MIDDLING_STRING:
        number = ((first & 31) << 8) | cursor.byte()
        return b"%d" % (number - 2 * SIGN_OF_13_BITS if number >= SIGN_OF_13_BITS else number)
    if first < LONG_STRING:
        length = ((first & 15) << 8) | cursor.byte()
        return cursor.take(length)
    if first == LONG_STRING:
        return cursor.take(cursor.unsigned(4))
    if first == INTEGER_OF_64_BITS:
        return b"%d" % cursor.signed(8)
    if first <= INTEGER_OF_32_BITS:
        return b"%d" % cursor.signed(first - INTEGER_OF_16_BITS + 2)
    raise PayloadDamaged("a listpack has an item of an unknown kind")


def check_back_length(cursor: Cursor, size: int) -> None:
    """Step over the length behind an item of so many bytes, for those who read backwards."""
    expected = back_length(size)
    if cursor.take(len(expected)) != expected:
        raise PayloadDamaged("a listpack has an item with two lengths")


def back_length(size: int) -> bytes:
    """Return a length as it stands behind an item: seven bits a byte, and a high bit where one comes before."""
    if size <= 127:
        return bytes([size])
    # As Redis: where the last number of so many bytes would be, it takes one more.
    count = 2 if size < 16383 else 3 if size < 2097151 else 4 if size < 268435455 else 5
    digits = [size >> 7 * (count - 1)]
    for number in range(count - 2, -1, -1):
        digits.append((size >> 7 * number) & 127 | 128)
    return bytes(digits)


def listpack_of(items: list[bytes]) -> bytes:
    """Return items as one listpack; what is an integer is kept as one, as Redis does."""
    parts = [b""]
    for item in items:
        entry = entry_of(item)
        parts.append(entry)
        parts.append(back_length(len(entry)))
    parts.append(bytes([END]))
    body = b"".join(parts)
    size = HEADER_BYTES + len(body)
    return size.to_bytes(4, "little") + min(len(items), COUNT_UNKNOWN).to_bytes(2, "little") + body


def entry_of(item: bytes) -> bytes:
    """Return an item without the length behind it."""
    number = parse_integer(item)
    if number is not None:
        return entry_of_integer(number)
    length = len(item)
    if length < 64:
        return bytes([SHORT_STRING | length]) + item
    if length < LONG_STRING_MIN:
        return bytes([MIDDLING_STRING | length >> 8, length & 255]) + item
    return bytes([LONG_STRING]) + length.to_bytes(4, "little") + item


def entry_of_integer(number: int) -> bytes:
    if 0 <= number < SHORT_STRING:
        return bytes([number])
    if -SIGN_OF_13_BITS <= number < SIGN_OF_13_BITS:
        bits = number & 0x1FFF
        return bytes([INTEGER_OF_13_BITS | bits >> 8, bits & 255])
    for kind in (INTEGER_OF_16_BITS, INTEGER_OF_24_BITS, INTEGER_OF_32_BITS):
        size = kind - INTEGER_OF_16_BITS + 2
        if -(1 << 8 * size - 1) <= number < 1 << 8 * size - 1:
            return bytes([kind]) + number.to_bytes(size, "little", signed=True)
    return bytes([INTEGER_OF_64_BITS]) + number.to_bytes(8, "little", signed=True)
