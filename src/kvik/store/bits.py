"""Bits of a string, counted from the highest of its first byte, by operations on whole pieces. Knows no command."""

from typing import Final

from kvik.store.value import Value, length_of, part_of

# So many bytes become one number at a time: they fit a processor's second cache.
PIECE: Final = 1 << 16
FIRST_PIECE: Final = 64


def bits_at(value: Value, offset: int, width: int) -> int:
    """Return `width` bits, at least one, from bit `offset` on as an unsigned number; what is not there is 0."""
    first = offset >> 3
    end = (offset + width + 7) >> 3
    found = part_of(value, first, end)
    bits = int.from_bytes(found, "big") << ((end - first - len(found)) << 3)
    return (bits >> ((end << 3) - offset - width)) & ((1 << width) - 1)


def count_bits(value: Value, start: int, end: int) -> int:
    """Return how many bits are 1 from bit `start` up to, not including, `end`; both are in the string."""
    total = 0
    first = start >> 3
    last = (end + 7) >> 3
    for at in range(first, last, PIECE):
        total += int.from_bytes(part_of(value, at, min(at + PIECE, last)), "little").bit_count()
    if start & 7:
        total -= bits_at(value, first << 3, start & 7).bit_count()
    if end & 7:
        total -= bits_at(value, end, 8 - (end & 7)).bit_count()
    return total


def find_bit(value: Value, bit: int, start: int, end: int) -> int:
    """Return where the first bit that is `bit` is from bit `start` up to, not including, `end`; -1 where none is."""
    at = start >> 3
    last = (end + 7) >> 3
    missing = start & 7
    # Most searches end soon: the first pieces are short.
    size = FIRST_PIECE
    while at < last:
        piece = part_of(value, at, min(at + size, last))
        width = len(piece) << 3
        bits = int.from_bytes(piece, "big")
        if bit == 0:
            bits ^= (1 << width) - 1
        bits &= (1 << (width - missing)) - 1
        if bits:
            found = (at << 3) + width - bits.bit_length()
            return found if found < end else -1
        at += len(piece)
        missing = 0
        size = min(size << 2, PIECE)
    return -1


def combined(operation: bytes, values: list[Value], length: int) -> list[bytes]:
    """Return the pieces of AND, OR, XOR or NOT of strings; those that are shorter than `length` end with zeros."""
    return [combined_piece(operation, values, at, min(at + PIECE, length)) for at in range(0, length, PIECE)]


def combined_piece(operation: bytes, values: list[Value], start: int, end: int) -> bytes:
    size = end - start
    result = int.from_bytes(part_of(values[0], start, end), "little")
    if operation == b"NOT":
        return (result ^ ((1 << (size << 3)) - 1)).to_bytes(size, "little")
    for value in values[1:]:
        operand = int.from_bytes(part_of(value, start, end), "little")
        if operation == b"AND":
            result &= operand
        elif operation == b"OR":
            result |= operand
        else:
            result ^= operand
    return result.to_bytes(size, "little")


def longest(values: list[Value]) -> int:
    """Return the length of the longest string."""
    length = 0
    for value in values:
        length = max(length, length_of(value))
    return length
