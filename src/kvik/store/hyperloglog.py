"""HyperLogLog in Redis' own bytes: how many different elements were added, in 12 KB at most. Knows no command.

16,384 registers of 6 bits. An element's hash chooses one and says how many zeros begin the rest of it; a register
keeps the most it has seen. A string begins with `HYLL`, the encoding, three unused bytes and the last estimate,
whose highest bit says that it no longer holds. Dense registers follow one another from the lowest bits of the first
byte. Sparse ones are runs: 00nnnnnn is n + 1 zeros, 01nnnnnn nnnnnnnn the same for up to 16,384, and 1vvvvvnn is
the value v + 1 for n + 1 registers. Reading and changing a sparse one takes a step per run, a dense one a step per
register, or one step for a single register.

The estimate is Otmar Ertl's, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), as in Redis;
its standard error is 1.04 / sqrt(16384) = 0.81 %.
"""

import math
from typing import Final

from librt.strings import BytesWriter, read_i64_le, write_i16_le, write_i32_le, write_i64_le
from librt.vecs import vec
from mypy_extensions import i16, i32, i64

from kvik.numbers import INTEGER_MAX, INTEGER_MIN

MAGIC: Final = b"HYLL"
HEADER_BYTES: Final = 16
ENCODING_AT: Final = 4
DENSE: Final = 0
SPARSE: Final = 1

REGISTERS: Final = 16_384
NO_REGISTERS: Final = bytes(REGISTERS)
INDEX_BITS: Final = 14
# How many zeros a hash can have, those that choose a register not counted.
ZEROS_MAX: Final = 50
DENSE_BYTES: Final = HEADER_BYTES + REGISTERS * 6 // 8
# As Redis' hll-sparse-max-bytes: a sparse one that would grow beyond becomes dense.
SPARSE_BYTES_MAX: Final = 3_000

LONGEST_SHORT_ZEROS: Final = 64
LARGEST_SPARSE: Final = 32
LONGEST_RUN: Final = 4
# After a change so many runs are looked at, from the one before it, for neighbours that are equal.
JOINED_RUNS: Final = 5

ESTIMATE_AT: Final = 8
STALE_AT: Final = 15
STALE: Final = 0x80
DENSE_HEAD: Final = MAGIC + bytes([DENSE])
SPARSE_HEAD: Final = MAGIC + bytes([SPARSE])
EMPTY: Final = SPARSE_HEAD + bytes(11) + b"\x7f\xff"
"""A new one: sparse, one run of zeros, with an estimate of 0 that holds."""

# One bit more than a register has, in each byte of a word.
GUARDS: Final = 0x4040404040404040

ALPHA: Final = 0.721347520444481703680

LOW: Final[i64] = 0xFFFFFFFF
SEED: Final[i64] = 0xADC83B19
SEVEN_BYTES: Final[i64] = 0xFFFFFFFFFFFFFF
# Of the factor's upper half only what it is modulo 2 ** 32 counts: below zero its products fit as well.
FACTOR_HIGH: Final[i64] = 0xC6A4A793 - 0x100000000
FACTOR_LOW: Final[i64] = 0x5BD1E995


class Corrupted(Exception):
    """The runs of a sparse HyperLogLog are not what they have to be."""


# The hash: MurmurHash64A in halves of 32 bits, upper and lower, whose products fit 63 bits, compiled or not


def shown(element: bytes) -> tuple[i64, i64]:
    """Return which register an element chooses, and what it shows to it: one more than its zeros, 51 at most."""
    high, low = hashed(element)
    rest = (low >> INDEX_BITS) | (high << (32 - INDEX_BITS)) | (1 << ZEROS_MAX)
    count: i64 = 1
    while rest & 1 == 0:
        rest >>= 1
        count += 1
    return low & (REGISTERS - 1), count


def hashed(element: bytes) -> tuple[i64, i64]:
    """Return the upper and the lower half of an element's hash."""
    length: i64 = len(element)
    high, low = times_factor(length >> 32, length & LOW)
    low ^= SEED
    at: i64 = 0
    while at + 8 <= length:
        part = read_i64_le(element, at)
        part_high, part_low = times_factor((part >> 32) & LOW, part & LOW)
        part_high, part_low = times_factor(part_high, part_low ^ (part_high >> 15))
        high, low = times_factor(high ^ part_high, low ^ part_low)
        at += 8
    if at < length:
        part = last_bytes(element, at)
        high, low = times_factor(high ^ (part >> 32), low ^ (part & LOW))
    high, low = times_factor(high, low ^ (high >> 15))
    return high, low ^ (high >> 15)


def times_factor(high: i64, low: i64) -> tuple[i64, i64]:
    product = low * FACTOR_LOW
    return ((product >> 32) + low * FACTOR_HIGH + high * FACTOR_LOW) & LOW, product & LOW


def last_bytes(element: bytes, at: i64) -> i64:
    """Return the bytes from `at` on, one to seven, as a number."""
    length: i64 = len(element)
    bits = 8 * (length - at)
    if at > 0:
        return ((read_i64_le(element, length - 8) >> 8) & SEVEN_BYTES) >> (56 - bits)
    number: i64 = 0
    while length > 0:
        length -= 1
        number = number << 8 | element[length]
    return number


# Dense registers


def place_of(index: i64) -> i64:
    """Return where in a dense string the bytes of a register begin."""
    return HEADER_BYTES + (index * 6 >> 3)


def dense_registers(text: bytes) -> bytes:
    """Return all registers of a dense string, a byte for each."""
    data = text[HEADER_BYTES:] + bytes(2)
    registers = BytesWriter()
    at: i64 = 0
    while at < len(data) - 2:
        # 48 bits are eight registers.
        bits = read_i64_le(data, at)
        write_i32_le(registers, i32(spread(bits & 0xFFFFFF)))
        write_i32_le(registers, i32(spread((bits >> 24) & 0xFFFFFF)))
        at += 6
    return registers.getvalue()


def spread(bits: i64) -> i64:
    """Return four registers of 6 bits with a byte for each."""
    return (bits & 0x3F) | (bits & 0xFC0) << 2 | (bits & 0x3F000) << 4 | (bits & 0xFC0000) << 6


def dense_of(registers: bytes, header: bytes) -> bytes:
    """Return a dense string with these registers; encoding apart, the header is kept."""
    dense = BytesWriter()
    dense.write(header[:ENCODING_AT] + bytes([DENSE]) + header[ENCODING_AT + 1 : HEADER_BYTES])
    at: i64 = 0
    while at < REGISTERS:
        bits = joined(read_i64_le(registers, at))
        write_i16_le(dense, signed(bits & 0xFFFF))
        write_i16_le(dense, signed((bits >> 16) & 0xFFFF))
        write_i16_le(dense, signed(bits >> 32))
        at += 8
    return dense.getvalue()


def joined(octets: i64) -> i64:
    """Return eight registers with a byte for each as 48 bits."""
    pairs = (octets & 0x003F003F003F003F) | (octets & 0x3F003F003F003F00) >> 2
    fours = (pairs & 0x00000FFF00000FFF) | (pairs & 0x0FFF00000FFF0000) >> 4
    return (fours & 0xFFFFFF) | (fours & 0x00FFFFFF00000000) >> 8


def signed(bits: i64) -> i16:
    """Return the number that these 16 bits are."""
    return i16(bits) if bits < 0x8000 else i16(bits - 0x10000)


def highest_of(one: bytes, other: bytes) -> bytes:
    """Return of each register, a byte for each, the higher of two values."""
    highest = BytesWriter()
    # Not the constant itself: it is more than a tagged number holds.
    guards: i64 = GUARDS
    at: i64 = 0
    while at < REGISTERS:
        a, b = read_i64_le(one, at), read_i64_le(other, at)
        # The guard of a byte stays where its subtraction borrows nothing: there `a` is not less.
        keeps = ((a | guards) - b) & guards
        write_i64_le(highest, b ^ ((a ^ b) & (keeps - (keeps >> 6))))
        at += 8
    return highest.getvalue()


# Sparse registers


def run_bytes(byte: i64) -> i64:
    """Return how many bytes the run takes that begins with this one."""
    return 2 if byte & 0xC0 == 0x40 else 1


def run_length(text: bytes, at: i64) -> i64:
    """Return how many registers a run is for. Raises Corrupted where it is cut off."""
    byte: i64 = text[at]
    if byte & 0x80:
        return (byte & 3) + 1
    if byte & 0x40 == 0:
        return (byte & 0x3F) + 1
    if at + 1 >= len(text):
        raise Corrupted
    low: i64 = text[at + 1]
    return (((byte & 0x3F) << 8) | low) + 1


def run_value(byte: i64) -> i64:
    return ((byte >> 2) & 31) + 1 if byte & 0x80 else 0


def run_of(value: i64, length: i64) -> bytes:
    """Return the bytes of a run, nothing where it has no registers."""
    if length == 0:
        return b""
    if value:
        return bytes([0x80 | (value - 1) << 2 | (length - 1)])
    if length <= LONGEST_SHORT_ZEROS:
        return bytes([length - 1])
    return bytes([0x40 | (length - 1) >> 8, (length - 1) & 0xFF])


def sparse_registers(text: bytes) -> bytes:
    """Return all registers of a sparse string, a byte for each. Raises Corrupted where they are not 16,384."""
    return raised_by_sparse(NO_REGISTERS, text)


def raised_by_sparse(registers: bytes, text: bytes) -> bytes:
    """Return of each register, a byte for each, the higher of its value and that in a sparse string.

    Takes a step for each run and for each register that is not 0 there.
    """
    raised = bytearray(registers)
    index: i64 = 0
    at: i64 = HEADER_BYTES
    while at < len(text):
        end = index + run_length(text, at)
        if end > REGISTERS:
            raise Corrupted
        byte: i64 = text[at]
        value = run_value(byte)
        while value > 0 and index < end:
            if raised[index] < value:
                raised[index] = value
            index += 1
        index = end
        at += run_bytes(byte)
    if index != REGISTERS:
        raise Corrupted
    return bytes(raised)


class Runs:
    """The runs of a sparse string while registers are changed; in rising order each is found from the one before."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        # The run that a search has found, the one before it (-1: none), and the first register of each.
        self._at: i64 = HEADER_BYTES
        self._first: i64 = 0
        self._before: i64 = -1
        self._before_first: i64 = 0

    def text(self) -> bytes:
        return self._text

    def raise_to(self, index: i64, value: i64) -> bool | None:
        """Let a register be at least `value`; return whether it was less, None where only a dense string can say so.

        Raises Corrupted where the register is not there.
        """
        if value > LARGEST_SPARSE:
            return None
        length = self._find(index)
        byte: i64 = self._text[self._at]
        old = run_value(byte)
        if old >= value:
            return False
        before_it = index - self._first
        behind_it = length - before_it - 1
        runs = run_of(old, before_it) + run_of(value, 1) + run_of(old, behind_it)
        taken = run_bytes(byte)
        grown = len(self._text) + len(runs) - taken
        if len(runs) > taken and grown > SPARSE_BYTES_MAX:
            return None
        self._text = self._text[: self._at] + runs + self._text[self._at + taken :]
        self._join(self._before if self._before >= 0 else HEADER_BYTES)
        return True

    def _find(self, index: i64) -> i64:
        """Stop at the run that a register is in, and return the length of that run."""
        text = self._text
        # The run before the last one found stands where it was; only what is behind it can be sought from there.
        if self._before >= 0 and index >= self._before_first + run_length(text, self._before):
            self._at, self._first = self._before, self._before_first
        else:
            self._at, self._first = HEADER_BYTES, 0
        self._before = -1
        while self._at < len(text):
            length = run_length(text, self._at)
            if index < self._first + length:
                return length
            self._before, self._before_first = self._at, self._first
            byte: i64 = text[self._at]
            self._at += run_bytes(byte)
            self._first += length
        raise Corrupted

    def _join(self, at: i64) -> None:
        """Make one run of equal neighbours, in the few runs from `at` on."""
        text = self._text
        left: i64 = JOINED_RUNS
        while at < len(text) and left > 0:
            left -= 1
            byte: i64 = text[at]
            following: i64 = text[at + 1] if at + 1 < len(text) else 0
            length = (byte & 3) + (following & 3) + 2
            if byte & following & 0x80 and run_value(byte) == run_value(following) and length <= LONGEST_RUN:
                text = text[:at] + run_of(run_value(byte), length) + text[at + 2 :]
            else:
                at += run_bytes(byte)
        self._text = text


# The estimate


def estimate(registers: bytes) -> int:
    """Return about how many different elements have been added; there is a byte for each register."""
    counts = vec[i64]([0] * 64)
    at: i64 = 0
    while at < REGISTERS:
        word = read_i64_le(registers, at)
        if word == 0:
            counts[0] += 8
        else:
            shift: i64 = 0
            while shift < 64:
                counts[(word >> shift) & 63] += 1
                shift += 8
        at += 8
    return estimate_of_counts(list(counts))


def estimate_of_counts(counts: list[int]) -> int:
    """As `estimate`, from how many registers there are of each value.

    Registers as high as nobody's elements make them may say more than an integer holds: INTEGER_MIN, as in Redis.
    """
    registers = float(REGISTERS)
    total = registers * tau((registers - counts[ZEROS_MAX + 1]) / registers)
    for value in range(ZEROS_MAX, 0, -1):
        total += counts[value]
        total *= 0.5
    total += registers * sigma(counts[0] / registers)
    if total == 0.0:
        return INTEGER_MIN
    number = math.floor(ALPHA * registers * registers / total + 0.5)
    return number if number <= INTEGER_MAX else INTEGER_MIN


def tau(x: float) -> float:
    """The correction for registers that can grow no more."""
    if x == 0.0 or x == 1.0:
        return 0.0
    step = 1.0
    result = 1.0 - x
    before = -1.0
    while before != result:
        x = math.sqrt(x)
        before = result
        step *= 0.5
        result -= (1.0 - x) * (1.0 - x) * step
    return result / 3.0


def sigma(x: float) -> float:
    """The correction for registers that have seen nothing."""
    if x == 1.0:
        return math.inf
    step = 1.0
    result = x
    before = -1.0
    while before != result:
        x *= x
        before = result
        result += x * step
        step += step
    return result
