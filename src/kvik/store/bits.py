"""Bits of a string, counted from the highest of its first byte, by operations on whole pieces. Knows no command."""

from typing import Final

from kvik.store.value import Value, length_of, part_of

# So many bytes become one number at a time: they fit a processor's second cache.
PIECE: Final = 1 << 16
FILLED: Final = (b"\x00", b"\xff")


def bits_at(value: Value, offset: int, width: int) -> int:
    """Return `width` bits, 1 to 64, from bit `offset` on as an unsigned number; what is not there is 0."""
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
    first = start >> 3
    last = (end + 7) >> 3
    masked = first if start & 7 else -1
    for at in range(first, last, PIECE):
        piece = part_of(value, at, min(at + PIECE, last))
        if at == masked:
            piece = with_head(piece, start & 7, bit)
        # Stripping on the left is how to find the first byte that has another bit.
        rest = piece.lstrip(FILLED[1 - bit])
        if rest:
            found = ((at + len(piece) - len(rest)) << 3) + first_bit(rest[0], bit)
            return found if found < end else -1
    return -1


def with_head(piece: bytes, count: int, bit: int) -> bytes:
    """Return the bytes with their first `count` bits turned into what is not `bit`."""
    mask = (0xFF00 >> count) & 0xFF
    head = piece[0] & ~mask if bit else piece[0] | mask
    return bytes([head]) + piece[1:]


def first_bit(byte: int, bit: int) -> int:
    """Return the place of the first bit of a byte that is `bit`; there is one."""
    return 8 - (byte if bit else byte ^ 0xFF).bit_length()


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
