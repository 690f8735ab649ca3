"""Bits of a string, counted from the highest of its first byte, by operations on whole pieces. Knows no command.

Pieces are counted and combined word by word where this is compiled, else as one number: compiled, words are three to
six times as fast, interpreted they are much slower.
"""

from typing import Final

from librt.strings import BytesWriter, read_i64_le, write_i64_le
from mypy_extensions import i64

from kvik.build_info import is_compiled
from kvik.store.value import Value, length_of, part_of

IS_COMPILED: Final = is_compiled()

# So many bytes are looked at at a time: they fit a processor's second cache.
PIECE: Final = 1 << 16
FIRST_PIECE: Final = 64
ZEROS: Final = bytes(PIECE)
ONES: Final = b"\xff" * PIECE

WORD_BYTES: Final = 8
# A word without its highest bit stays positive whatever is added up in it. Every second bit, pair and four:
ALL_BUT_HIGHEST: Final = 0x7FFFFFFFFFFFFFFF
BITS: Final = 0x5555555555555555
PAIRS: Final = 0x3333333333333333
FOURS: Final = 0x0F0F0F0F0F0F0F0F


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
        total += count_ones(part_of(value, at, min(at + PIECE, last)))
    if start & 7:
        total -= bits_at(value, first << 3, start & 7).bit_count()
    if end & 7:
        total -= bits_at(value, end, 8 - (end & 7)).bit_count()
    return total


def count_ones(piece: bytes) -> int:
    """Return how many bits of a piece are 1."""
    return ones_of_words(piece) if IS_COMPILED else int.from_bytes(piece, "little").bit_count()


def ones_of_words(piece: bytes) -> int:
    # Not the constants themselves: these are more than a tagged number holds.
    all_but_highest: i64 = ALL_BUT_HIGHEST
    bits: i64 = BITS
    size: i64 = len(piece)
    total: i64 = 0
    at: i64 = 0
    while at + WORD_BYTES <= size:
        word = read_i64_le(piece, at)
        total += (word >> 63) & 1
        word &= all_but_highest
        word = (word & bits) + ((word >> 1) & bits)
        word = (word & PAIRS) + ((word >> 2) & PAIRS)
        word = (word + (word >> 4)) & FOURS
        word += word >> 8
        word += word >> 16
        word += word >> 32
        total += word & 0x7F
        at += WORD_BYTES
    return total + int.from_bytes(piece[at:], "little").bit_count()


def find_bit(value: Value, bit: int, start: int, end: int) -> int:
    """Return where the first bit that is `bit` is from bit `start` up to, not including, `end`; -1 where none is."""
    at = start >> 3
    last = (end + 7) >> 3
    missing = start & 7
    others = ZEROS if bit else ONES
    # Most searches end soon: the first pieces are short.
    size = FIRST_PIECE
    while at < last:
        piece = part_of(value, at, min(at + size, last))
        place = -1 if others.startswith(piece) else first_bit(piece, bit, missing)
        if place >= 0:
            found = (at << 3) + place
            return found if found < end else -1
        at += len(piece)
        missing = 0
        size = min(size << 2, PIECE)
    return -1


def first_bit(piece: bytes, bit: int, missing: int) -> int:
    """Return where the first bit that is `bit` is in a piece, -1 where none is; the first `missing` do not count."""
    others = ZEROS if bit else ONES
    before = 0
    while len(piece) > FIRST_PIECE:
        half = len(piece) >> 1
        if others.startswith(piece[:half]):
            before += half
            piece = piece[half:]
        else:
            piece = piece[:half]
    width = len(piece) << 3
    bits = int.from_bytes(piece, "big")
    if bit == 0:
        bits ^= (1 << width) - 1
    bits &= (1 << (width - missing)) - 1
    return (before << 3) + width - bits.bit_length() if bits else -1


def combined(operation: bytes, values: list[Value], length: int) -> list[bytes]:
    """Return the pieces of AND, OR, XOR or NOT of strings; those that are shorter than `length` end with zeros."""
    return [combined_piece(operation, values, at, min(at + PIECE, length)) for at in range(0, length, PIECE)]


def combined_piece(operation: bytes, values: list[Value], start: int, end: int) -> bytes:
    size = end - start
    result = part_of(values[0], start, end).ljust(size, b"\0")
    if operation == b"NOT":
        return merged(b"XOR", result, ONES[:size])
    for value in values[1:]:
        result = merged(operation, result, part_of(value, start, end).ljust(size, b"\0"))
    return result


def merged(operation: bytes, one: bytes, other: bytes) -> bytes:
    """Return AND, OR or XOR of two pieces that are equally long."""
    return merged_words(operation, one, other) if IS_COMPILED else merged_numbers(operation, one, other)


def merged_words(operation: bytes, one: bytes, other: bytes) -> bytes:
    words = BytesWriter()
    is_and = operation == b"AND"
    is_or = operation == b"OR"
    size: i64 = len(one)
    at: i64 = 0
    while at + WORD_BYTES <= size:
        a, b = read_i64_le(one, at), read_i64_le(other, at)
        write_i64_le(words, a & b if is_and else a | b if is_or else a ^ b)
        at += WORD_BYTES
    words.write(merged_numbers(operation, one[at:], other[at:]))
    return words.getvalue()


def merged_numbers(operation: bytes, one: bytes, other: bytes) -> bytes:
    a, b = int.from_bytes(one, "little"), int.from_bytes(other, "little")
    result = a & b if operation == b"AND" else a | b if operation == b"OR" else a ^ b
    return result.to_bytes(len(one), "little")


def longest(values: list[Value]) -> int:
    """Return the length of the longest string."""
    length = 0
    for value in values:
        length = max(length, length_of(value))
    return length
