"""The registers of a HyperLogLog, sparse and dense, and how near its estimate is to the truth."""

import math
from random import Random

import pytest

from kvik.store.hyperloglog import (
    EMPTY,
    REGISTERS,
    SPARSE_BYTES_MAX,
    Corrupted,
    Runs,
    dense_of,
    dense_registers,
    estimate,
    highest_of,
    shown,
    sparse_registers,
)

ALL_BITS = (1 << 64) - 1
FACTOR = 0xC6A4A7935BD1E995
SEED = 0xADC83B19


def murmur(data: bytes) -> int:
    """MurmurHash64A, as it is published."""
    value = (SEED ^ (len(data) * FACTOR)) & ALL_BITS
    whole = len(data) // 8 * 8
    for start in range(0, whole, 8):
        part = int.from_bytes(data[start : start + 8], "little") * FACTOR & ALL_BITS
        part = (part ^ part >> 47) * FACTOR & ALL_BITS
        value = (value ^ part) * FACTOR & ALL_BITS
    if data[whole:]:
        value = (value ^ int.from_bytes(data[whole:], "little")) * FACTOR & ALL_BITS
    value = (value ^ value >> 47) * FACTOR & ALL_BITS
    return value ^ value >> 47


@pytest.mark.parametrize("length", [*range(40), 255, 65_535, 65_536, 65_537, 200_001])
def test_an_element_shows_its_register_what_its_hash_says(length: int) -> None:
    element = Random(length).randbytes(length)
    value = murmur(element)
    rest = value >> 14 | 1 << 50
    zeros = (rest & -rest).bit_length()
    assert shown(element) == (value % REGISTERS, zeros)


def test_random_registers_are_the_same_dense_and_again() -> None:
    registers = bytes(Random(1).choices(range(52), k=REGISTERS))
    assert dense_registers(dense_of(registers, EMPTY)) == registers


def test_of_two_the_higher_register_counts() -> None:
    random = Random(2)
    one, other = [bytes(random.choices(range(64), k=REGISTERS)) for _ in range(2)]
    assert highest_of(one, other) == bytes(map(max, one, other))


@pytest.mark.parametrize("is_rising", [True, False])
def test_sparse_registers_are_raised_in_any_order(is_rising: bool) -> None:
    random = Random(3)
    changes = [(random.randrange(REGISTERS), random.randint(1, 32)) for _ in range(700)]
    expected = bytearray(REGISTERS)
    runs = Runs(EMPTY)
    for index, value in sorted(changes) if is_rising else changes:
        assert runs.raise_to(index, value) == (value > expected[index])
        expected[index] = max(expected[index], value)
    assert sparse_registers(runs.text()) == expected


def test_a_sparse_one_says_when_only_a_dense_one_will_do() -> None:
    runs = Runs(EMPTY)
    assert runs.raise_to(5, 33) is None, "the value is too large"
    random = Random(4)
    while runs.raise_to(random.randrange(REGISTERS), random.randint(1, 32)) is not None:
        assert len(runs.text()) <= SPARSE_BYTES_MAX
    assert len(runs.text()) > SPARSE_BYTES_MAX - 3


@pytest.mark.parametrize("runs", [b"", b"\x7f", b"\x7f\xfe", b"\x7f\xff\x00", b"\x80"])
def test_runs_for_another_number_of_registers_are_corrupted(runs: bytes) -> None:
    with pytest.raises(Corrupted):
        sparse_registers(EMPTY[:16] + runs)


def test_the_estimate_errs_by_no_more_than_the_algorithm_says() -> None:
    random = Random(5)
    errors = []
    for elements in [500, 3_000, 12_000] * 8:
        registers = bytearray(REGISTERS)
        for _ in range(elements):
            index, zeros = shown(random.randbytes(12))
            registers[index] = max(registers[index], zeros)
        errors.append(estimate(bytes(registers)) / elements - 1)
    bound = 1.04 / math.sqrt(REGISTERS)
    assert math.sqrt(sum(error * error for error in errors) / len(errors)) < 1.3 * bound
    assert max(map(abs, errors)) < 4 * bound
    assert abs(sum(errors) / len(errors)) < bound


def test_nothing_is_estimated_as_nothing_and_little_exactly() -> None:
    assert estimate(bytes(REGISTERS)) == 0
    registers = bytearray(REGISTERS)
    for number in range(100):
        registers[number * 100] = 1 + number % 3
    assert estimate(bytes(registers)) == 100
