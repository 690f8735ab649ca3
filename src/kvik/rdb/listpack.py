"""Listpacks: strings in a row in one, each with its length before and behind it. Knows nothing of what they mean."""

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64

from kvik.errors import PayloadDamaged
from kvik.numbers import decimal, parse_integer
from kvik.rdb.cursor import Cursor

HEADER_BYTES: Final = 6
END: Final = 0xFF
COUNT_UNKNOWN: Final = 0xFFFF
BACK_LENGTH_OF_1_BYTE_MAX: Final = 127
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
SHORT_STRING_MAX: Final = 64
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
        return decimal(cursor.signed(8))
    if first <= INTEGER_OF_32_BITS:
        return b"%d" % cursor.signed(first - INTEGER_OF_16_BITS + 2)
    raise PayloadDamaged("a listpack has an item of an unknown kind")


def check_back_length(cursor: Cursor, size: int) -> None:
    """Step over the length behind an item of so many bytes, for those who read backwards."""
    if size <= BACK_LENGTH_OF_1_BYTE_MAX:
        is_same = cursor.byte() == size
    else:
        expected = back_length(size)
        is_same = cursor.take(len(expected)) == expected
    if not is_same:
        raise PayloadDamaged("a listpack has an item with two lengths")


def back_length(size: int) -> bytes:
    """Return a length as it stands behind an item: seven bits a byte, and a high bit where one comes before."""
    if size <= BACK_LENGTH_OF_1_BYTE_MAX:
        return bytes([size])
    # As Redis: where the last number of so many bytes would be, it takes one more.
    count = 2 if size < 16383 else 3 if size < 2097151 else 4 if size < 268435455 else 5
    digits = [size >> 7 * (count - 1)]
    for number in range(count - 2, -1, -1):
        digits.append((size >> 7 * number) & 127 | 128)
    return bytes(digits)


def listpack_of(items: list[bytes]) -> bytes:
    """Return items as one listpack; what is an integer is kept as one, as Redis does."""
    out = BytesWriter()
    for item in items:
        start = len(out)
        write_entry(item, out)
        size = len(out) - start
        if size <= BACK_LENGTH_OF_1_BYTE_MAX:
            out.append(size)
        else:
            out.write(back_length(size))
    out.append(END)
    size = HEADER_BYTES + len(out)
    count = min(len(items), COUNT_UNKNOWN)
    return int(size).to_bytes(4, "little") + count.to_bytes(2, "little") + out.getvalue()


def write_entry(item: bytes, out: BytesWriter) -> None:
    """Append an item without the length behind it."""
    number = parse_integer(item)
    if number is not None:
        write_integer(number, out)
        return
    length = len(item)
    if length < SHORT_STRING_MAX:
        out.append(SHORT_STRING | length)
    elif length < LONG_STRING_MIN:
        out.append(MIDDLING_STRING | length >> 8)
        out.append(length & 255)
    else:
        out.append(LONG_STRING)
        out.write(length.to_bytes(4, "little"))
    out.write(item)


def write_integer(number: int, out: BytesWriter) -> None:
    if 0 <= number < SHORT_STRING:
        out.append(number)
    elif -SIGN_OF_13_BITS <= number < SIGN_OF_13_BITS:
        out.append(INTEGER_OF_13_BITS | (number & 0x1FFF) >> 8)
        out.append(number & 255)
    else:
        kind, size = INTEGER_OF_64_BITS, 8
        for smaller in (INTEGER_OF_32_BITS, INTEGER_OF_24_BITS, INTEGER_OF_16_BITS):
            bytes_of_kind = smaller - INTEGER_OF_16_BITS + 2
            if -(1 << 8 * bytes_of_kind - 1) <= number < 1 << 8 * bytes_of_kind - 1:
                kind, size = smaller, bytes_of_kind
        out.append(kind)
        out.write(number.to_bytes(size, "little", signed=True))
