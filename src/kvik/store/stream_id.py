"""The ID of an entry of a stream: milliseconds and a number, of 64 bits each. Knows no stream."""

import re
from typing import Final

from mypy_extensions import i64, mypyc_attr

from kvik.numbers import NINE, ZERO, decimal, parse_integer

NUMBER_MAX: Final = 2**64 - 1
# Formatting a number costs more than looking it up.
PREPARED: Final = 1_024
BEHIND: Final = [b"-%d" % seq for seq in range(PREPARED)]
# Compiled code compares integers up to here without making objects.
CHEAP_MAX: Final = 2**61
# So many digits are a number of 63 bits, whatever they are.
DIGITS_MAX: Final = 18
# As Redis, which copies an ID into so many bytes to read it.
TEXT_BYTES_MAX: Final = 127
# What C's strtoull reads beyond Redis' strict integers.
LENIENT: Final = re.compile(rb"[ \t\n\v\f\r]*([+-]?)([0-9]+)")


@mypyc_attr(acyclic=True, free_list_len=1)
class StreamId:
    """IDs are ordered by their milliseconds, then by their number."""

    __slots__ = ("ms", "seq")

    def __init__(self, ms: int, seq: int) -> None:
        self.ms: Final = ms
        self.seq: Final = seq

    def is_before(self, other: "StreamId") -> bool:
        ms, others = self.ms, other.ms
        return ms < others or (ms == others and self.seq < other.seq)

    def equals(self, other: "StreamId") -> bool:
        return self.seq == other.seq and self.ms == other.ms

    def is_zero(self) -> bool:
        return self.seq == 0 and self.ms == 0

    def following(self) -> "StreamId | None":
        """Return the next higher ID, None for the highest."""
        if self.seq < CHEAP_MAX or self.seq < NUMBER_MAX:
            return StreamId(self.ms, self.seq + 1)
        return StreamId(self.ms + 1, 0) if self.ms < NUMBER_MAX else None

    def preceding(self) -> "StreamId | None":
        """Return the next lower ID, None for the lowest."""
        if self.seq > 0:
            return StreamId(self.ms, self.seq - 1)
        return StreamId(self.ms - 1, NUMBER_MAX) if self.ms > 0 else None

    def text(self) -> bytes:
        return text_of(self.ms, self.seq)


def text_of(ms: int, seq: int) -> bytes:
    """Return an ID as it is written."""
    return decimal(ms) + (BEHIND[seq] if seq < PREPARED else b"-" + decimal(seq))


LOWEST: Final = StreamId(0, 0)
HIGHEST: Final = StreamId(NUMBER_MAX, NUMBER_MAX)


def parse_id(text: bytes, missing: int) -> StreamId | None:
    """Return the ID a client wrote, None where it is none; `missing` is the number of one that is milliseconds only."""
    dash = text.find(b"-")
    ms = whole_number(text, 0, len(text) if dash < 0 else dash)
    seq = missing if dash < 0 else whole_number(text, dash + 1, len(text))
    if ms >= 0 and seq >= 0:
        return StreamId(ms, seq)
    return parse_lenient_id(text, missing)


def whole_number(text: bytes, start: i64, end: i64) -> int:
    """Return the number that up to 18 digits are, -1 for anything else."""
    if not 0 < end - start <= DIGITS_MAX:
        return -1
    number: i64 = 0
    for place in range(start, end):
        digit: i64 = text[place]
        if digit < ZERO or digit > NINE:
            return -1
        number = number * 10 + (digit - ZERO)
    return number


def parse_lenient_id(text: bytes, missing: int) -> StreamId | None:
    """As `parse_id`, for any text.

    As Redis, which reads both parts with C's strtoull: `+1`, ` 1` and `01` are numbers, and a zero byte ends the text.
    """
    if len(text) > TEXT_BYTES_MAX:
        return None
    text = up_to_zero(text)
    dash = text.find(b"-")
    if dash < 0:
        ms = parse_unsigned(text)
        return None if ms is None else StreamId(ms, missing)
    ms, seq = parse_unsigned(text[:dash]), parse_unsigned(text[dash + 1 :])
    return None if ms is None or seq is None else StreamId(ms, seq)


def up_to_zero(text: bytes) -> bytes:
    """Return what C sees of a text: all before a zero byte."""
    return text.partition(b"\0")[0] if b"\0" in text else text


def parse_unsigned(text: bytes) -> int | None:
    """Return the 64-bit number without a sign a text is, None where it is none."""
    number = parse_integer(text)
    if number is not None:
        return number if number >= 0 else None
    lenient = LENIENT.fullmatch(text)
    if lenient is None:
        return None
    number = int(lenient[2])
    if number > NUMBER_MAX:
        return None
    # As C does, a negative number goes round.
    return (NUMBER_MAX + 1 - number) % (NUMBER_MAX + 1) if lenient[1] == b"-" else number
