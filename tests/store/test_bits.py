"""Bits are counted, found and combined as one by one, by words as by numbers, wherever pieces begin and end."""

from random import Random

import pytest

from kvik.store.bits import (
    PIECE,
    combined,
    count_bits,
    count_ones,
    find_bit,
    merged_numbers,
    merged_words,
    ones_of_words,
)

LENGTHS = [0, 1, 7, 8, 9, 63, 64, 65, 1_000]


def pieces(length: int) -> list[bytes]:
    random = Random(length)
    return [bytes(length), b"\xff" * length, b"\x80" * length, random.randbytes(length), random.randbytes(length)]


@pytest.mark.parametrize("length", LENGTHS)
def test_words_have_as_many_ones_as_the_number_they_are(length: int) -> None:
    for piece in pieces(length):
        assert ones_of_words(piece) == count_ones(piece) == int.from_bytes(piece, "big").bit_count()


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("operation", [b"AND", b"OR", b"XOR"])
def test_words_are_combined_as_the_numbers_they_are(operation: bytes, length: int) -> None:
    for one in pieces(length):
        for other in pieces(length):
            assert merged_words(operation, one, other) == merged_numbers(operation, one, other)


def test_what_is_shorter_ends_with_zeros() -> None:
    values = [b"\xff" * 3, b"\xff" * (PIECE + 9)]
    assert b"".join(combined(b"AND", [*values], PIECE + 9)) == b"\xff" * 3 + bytes(PIECE + 6)
    assert b"".join(combined(b"XOR", [*values], PIECE + 9)) == bytes(3) + b"\xff" * (PIECE + 6)
    assert b"".join(combined(b"NOT", [values[0]], 3)) == bytes(3)


def test_ones_are_counted_over_the_edges_of_pieces() -> None:
    text = Random(1).randbytes(2 * PIECE + 100)
    bits = f"{int.from_bytes(text, 'big'):0{len(text) * 8}b}"
    for start, end in [(0, len(bits)), (5, len(bits) - 3), (PIECE * 8 - 3, PIECE * 8 + 3), (9, 10)]:
        assert count_bits(text, start, end) == bits[start:end].count("1")


@pytest.mark.parametrize("bit", [0, 1])
@pytest.mark.parametrize("place", [0, 7, 8, 511, 512, 513, 2_560, 2_561, PIECE * 8 - 1, PIECE * 8, PIECE * 16 + 77])
def test_a_single_bit_is_found_wherever_it_is(bit: int, place: int) -> None:
    number = 1 << (3 * PIECE * 8 - 1 - place)
    text = (number if bit else number ^ ((1 << 3 * PIECE * 8) - 1)).to_bytes(3 * PIECE, "big")
    size = len(text) * 8
    assert find_bit(text, bit, 0, size) == place
    assert find_bit(text, bit, place, place + 1) == place
    assert find_bit(text, bit, place + 1, size) == -1
    assert find_bit(text, bit, 0, place) == -1
