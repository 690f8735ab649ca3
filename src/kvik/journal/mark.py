"""The mark that closes every batch of a journal file: built and read back, strictly. Knows no file.

docs/formats/journal.md says what the fields mean.
"""

from typing import Final
from zlib import crc32

from mypy_extensions import i64, mypyc_attr

OPENING: Final = 0x6F
"""`o`: opens a file."""
BATCH: Final = 0x62
"""`b`: closes a batch."""
CLOSING: Final = 0x65
"""`e`: closes the last batch of a base."""

HEAD: Final = b"*2\r\n$4\r\nPING\r\n$72\r\nkvik1 "
HEAD_SIZE: Final = 25
# The name of the format is part of the text that is summed.
NAME_SIZE: Final = 6
TEXT_START: Final = HEAD_SIZE - NAME_SIZE
SUMMED_END: Final = TEXT_START + 63
# Two bytes of HEAD that hardly any other command has: `*2` and `$72` behind a name of four letters.
COUNT_AT: Final = 1
LENGTH_AT: Final = 15
MARK_SIZE: Final = 93

SEQUENCE_MAX: Final = 2**48 - 1
LENGTH_MAX: Final = 2**32 - 1
"""The most bytes of commands one batch can have."""
TIME_MAX: Final = 2**44 - 1
CHECKSUM_MAX: Final = 2**32 - 1

ZERO: Final = 48
TWO: Final = 50
SEVEN: Final = 55
NINE: Final = 57
LETTER_A: Final = 97
LETTER_F: Final = 102
SPACE: Final = 32
CR: Final = 13
LF: Final = 10


@mypyc_attr(acyclic=True, free_list_len=1)
class Mark:
    """The fields of one mark. `time` is in wall-clock milliseconds since 1970."""

    def __init__(
        self, kind: i64, sequence: i64, length: i64, durable: i64, time: i64, chain: i64, checksum: i64
    ) -> None:
        self.kind: Final = kind
        self.sequence: Final = sequence
        self.length: Final = length
        self.durable: Final = durable
        self.time: Final = time
        self.chain: Final = chain
        self.checksum: Final = checksum


@mypyc_attr(acyclic=True)
class BuiltMark:
    """A mark as bytes, and the checksum the next mark is chained to."""

    def __init__(self, data: bytes, checksum: int) -> None:
        self.data: Final = data
        self.checksum: Final = checksum


def build_mark(kind: int, sequence: int, length: int, durable: int, time: int, chain: int, running: int) -> BuiltMark:
    """Return the mark behind `length` bytes of commands.

    `running` is the CRC-32, begun with `chain`, of these commands: `chain` itself where there are
    none. Raises ValueError for a field that does not fit.
    """
    check_range("sequence", sequence, SEQUENCE_MAX)
    check_range("length", length, LENGTH_MAX)
    check_range("durable", durable, sequence)
    check_range("time", time, TIME_MAX)
    check_range("chain", chain, CHECKSUM_MAX)
    text = b"kvik1 %c %012x %08x %012x %011x %08x" % (kind, sequence, length, durable, time, chain)
    checksum = crc32(text, running)
    return BuiltMark(b"*2\r\n$4\r\nPING\r\n$72\r\n%b %08x\r\n" % (text, checksum), checksum)


def close_batch(kind: int, sequence: int, commands: bytes, durable: int, time: int, chain: int) -> BuiltMark:
    """Return the mark behind a batch whose bytes are at hand. Raises ValueError for a field that does not fit."""
    return build_mark(kind, sequence, len(commands), durable, time, chain, crc32(commands, chain))


def check_range(field: str, value: int, most: int) -> None:
    if not 0 <= value <= most:
        raise ValueError(f"the {field} of a mark is {value}; it must be between 0 and {most}")


def parse_mark(buffer: bytes, start: i64) -> Mark | None:
    """Return the mark that stands at `start`, None where what stands there is not exactly the form of one.

    Whether the checksum is right is for `checksum_at` to say.
    """
    return fields_of_mark(buffer, start) if stands_at(buffer, start) else None


def stands_at(buffer: bytes, start: i64) -> bool:
    """Return whether the form of a mark begins at `start`, and MARK_SIZE bytes are there."""
    if start + MARK_SIZE > len(buffer) or buffer[start + COUNT_AT] != TWO or buffer[start + LENGTH_AT] != SEVEN:
        return False
    return buffer[start : start + HEAD_SIZE] == HEAD


def fields_of_mark(buffer: bytes, start: i64) -> Mark | None:
    """As `parse_mark`, where HEAD is known to stand at `start` with MARK_SIZE bytes in the buffer."""
    index = start + HEAD_SIZE
    kind: i64 = buffer[index]
    if kind != BATCH and kind != OPENING and kind != CLOSING:
        return None
    sequence = hexadecimal(buffer, index + 1, 12)
    length = hexadecimal(buffer, index + 14, 8)
    durable = hexadecimal(buffer, index + 23, 12)
    time = hexadecimal(buffer, index + 36, 11)
    chain = hexadecimal(buffer, index + 48, 8)
    checksum = hexadecimal(buffer, index + 57, 8)
    if sequence < 0 or length < 0 or durable < 0 or time < 0 or chain < 0 or checksum < 0:
        return None
    if buffer[index + 66] != CR or buffer[index + 67] != LF:
        return None
    return Mark(kind, sequence, length, durable, time, chain, checksum)


def hexadecimal(buffer: bytes, start: i64, digits: i64) -> i64:
    """Return the number behind the space at `start`, -1 where it is not exactly `digits` lower-case digits."""
    if buffer[start] != SPACE:
        return -1
    number: i64 = 0
    index = start + 1
    end = index + digits
    while index < end:
        digit: i64 = buffer[index]
        if digit >= ZERO and digit <= NINE:
            number = number * 16 + (digit - ZERO)
        elif digit >= LETTER_A and digit <= LETTER_F:
            number = number * 16 + (digit - LETTER_A + 10)
        else:
            return -1
        index += 1
    return number


def summed_text(buffer: bytes, start: i64) -> bytes:
    """Return the part of the mark at `start` that its checksum covers, behind the commands."""
    return buffer[start + TEXT_START : start + SUMMED_END]
