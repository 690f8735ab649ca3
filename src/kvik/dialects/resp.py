"""The RESP door: RESP2, RESP3 and Redis' inline commands, with Redis' limits and error texts. Knows no command.

Stricter than Redis in two points, so that a request's own bytes are always a valid RESP array: a length
ends in CRLF, not in CR and any byte, and a bulk string is followed by CRLF, not by any two bytes.
"""

from collections.abc import Sequence
from typing import Final

from librt.strings import BytesWriter, read_i16_le, read_i64_le
from mypy_extensions import i64

from kvik.dialects.dialect import Dialect
from kvik.dialects.http_guard import looks_like_http
from kvik.dialects.intake import Intake
from kvik.dialects.resp_writer import write_protocol_error, write_reply
from kvik.dialects.words import UnbalancedQuotes, split_words
from kvik.errors import ProtocolError, shown
from kvik.numbers import parse_integer
from kvik.replies import Push, Reply
from kvik.request import Request

LINE_MAX: Final = 64 * 1024
"""Bytes of an inline request or of a line with a length, as in Redis."""
WORDS_MAX: Final = 2**31 - 1
UNTRUSTED_WORDS_MAX: Final = 10
UNTRUSTED_BULK_MAX: Final = 16384

TOO_BIG_INLINE: Final = "Protocol error: too big inline request"
TOO_BIG_COUNT: Final = "Protocol error: too big mbulk count string"
TOO_BIG_LENGTH: Final = "Protocol error: too big bulk count string"
UNBALANCED: Final = "Protocol error: unbalanced quotes in request"

STAR: Final = 42
DOLLAR: Final = 36
ZERO: Final = 48
NINE: Final = 57
CR: Final = 13
LF: Final = 10
# `*1\r\n$0\r\n\r\n`
SHORTEST_ARRAY: Final = 10
# The line of a length as the lowest of eight bytes, and which bits of those are not its digits.
LINE_BITS: Final[i64] = 0xFFFF00FF
LINE_END: Final[i64] = 0x0A0D0000
LONGER_LINE_BITS: Final[i64] = 0xFFFF0000FF
LONGER_LINE_END: Final[i64] = 0x0A0D000000
WORD_END: Final[i64] = 0x0A0D
# Longer lengths than this many digits take the slow way, which checks their range first.
DIGITS_MAX: Final = 10


class RespDialect(Dialect):
    """The protocol of every Redis client.

    A request that lies in the buffer whole is read in one go; anything else (torn, huge, inline, broken,
    or from a client that is not trusted yet) is read piece by piece and keeps its place in between.
    """

    name = "resp"

    def __init__(self) -> None:
        super().__init__()
        self._intake: Final = Intake()
        self._words: list[bytes] = []
        self._missing = 0
        self._length = -1
        self._word: bytes | None = None

    def feed(self, data: bytes) -> None:
        self._intake.feed(data)

    def buffered(self) -> int:
        return self._intake.size()

    def next_request(self) -> Request | None:
        if self._missing == 0 and self.is_trusted and self._intake.is_whole():
            request = whole_request(self._intake, self.word_bytes_max)
            if request is not None or self._intake.is_used_up():
                return request
        return self._patient_request()

    def encode(self, request: Request | None, reply: Reply, protocol: int, out: BytesWriter) -> None:
        write_reply(reply, protocol, out)

    def encode_protocol_error(self, message: str, out: BytesWriter) -> None:
        write_protocol_error(message, out)

    def push(self, items: Sequence[Reply], protocol: int, out: BytesWriter) -> None:
        write_reply(Push(items), protocol, out)

    # Piece by piece

    def _patient_request(self) -> Request | None:
        while True:
            if self._missing == 0:
                line = self._intake.line(LINE_MAX, self._line_complaint())
                words = None if line is None else self._first_line(line)
            else:
                words = self._next_words()
            if words is None:
                return None
            if words:
                return self._finished(words)
            if self._missing == 0:
                self._intake.begin()

    def _line_complaint(self) -> str:
        return TOO_BIG_COUNT if self._intake.first_byte() == STAR else TOO_BIG_INLINE

    def _first_line(self, line: bytes) -> list[bytes]:
        """Return the words of an inline request; empty for a blank line and where an array starts."""
        if line and line[0] == STAR:
            self._missing = self._checked_count(line)
            return []
        if looks_like_http(line):
            raise ProtocolError("")
        try:
            return split_words(line)
        except UnbalancedQuotes:
            raise ProtocolError(UNBALANCED) from None

    def _checked_count(self, line: bytes) -> int:
        count = parse_length(line)
        if count is None or count > WORDS_MAX:
            raise ProtocolError("Protocol error: invalid multibulk length")
        if count > UNTRUSTED_WORDS_MAX and not self.is_trusted:
            raise ProtocolError("Protocol error: unauthenticated multibulk length")
        return max(count, 0)

    def _next_words(self) -> list[bytes] | None:
        """Read the words an array still lacks; None when more bytes are needed."""
        while self._missing > 0:
            if self._length < 0:
                line = self._intake.line(LINE_MAX, TOO_BIG_LENGTH)
                if line is None:
                    return None
                self._length = self._checked_length(line)
            if not self._take_word():
                return None
        words = self._words
        self._words = []
        return words

    def _checked_length(self, line: bytes) -> int:
        if line[:1] != b"$":
            found = shown(line[:1].strip() or b" ")
            raise ProtocolError(f"Protocol error: expected '$', got '{found}'")
        length = parse_length(line)
        if length is None or length < 0 or length > self.word_bytes_max:
            raise ProtocolError("Protocol error: invalid bulk length")
        if length > UNTRUSTED_BULK_MAX and not self.is_trusted:
            raise ProtocolError("Protocol error: unauthenticated bulk length")
        return length

    def _take_word(self) -> bool:
        """Read one bulk string with its end; return False when more bytes are needed."""
        word = self._word
        if word is None:
            word = self._intake.take(self._length)
            if word is None:
                return False
        end = self._intake.take(2)
        if end is None:
            self._word = word
            return False
        if end != b"\r\n":
            raise ProtocolError("Protocol error: expected CRLF after bulk string")
        self._words.append(word)
        self._word = None
        self._length = -1
        self._missing -= 1
        return True

    def _finished(self, words: list[bytes]) -> Request:
        intake = self._intake
        if intake.is_whole() and intake.buffer[intake.start] == STAR:
            request = Request(words, intake.buffer, intake.start, intake.position)
        else:
            request = Request(words)
        intake.begin()
        return request


def parse_length(line: bytes) -> int | None:
    """Return the number between a line's first byte and its CR, None where it is not one."""
    return parse_integer(line[1:-1]) if line[-1:] == b"\r" else None


def whole_request(intake: Intake, bulk_max: i64) -> Request | None:
    """Return the next request where all of it is in the buffer, as an array in its usual form.

    Otherwise return None and use nothing up.
    """
    buffer = intake.buffer
    start = intake.position
    size: i64 = len(buffer)
    if size - start < SHORTEST_ARRAY:
        return None
    count, index = length_at(buffer, start, size, STAR)
    if count <= 0:
        return None
    words: list[bytes] = []
    place: i64 = 0
    while place < count:
        begin, end = word_at(buffer, index, size, bulk_max)
        if end < 0:
            return None
        if place == 0:
            words.append(intake.names.read(buffer, begin, end))
        elif place == 1:
            words.append(intake.keys.read(buffer, begin, end))
        else:
            words.append(buffer[begin:end])
        index = end + 2
        place += 1
    intake.position = index
    intake.start = index
    return Request(words, buffer, start, index)


def word_at(buffer: bytes, index: i64, size: i64, bulk_max: i64) -> tuple[i64, i64]:
    """Return where the bulk string at `index` begins and ends, -1 where it is not all there or not plain."""
    length, begin = length_at(buffer, index, size, DOLLAR)
    end = begin + length
    if length < 0 or length > bulk_max or end + 2 > size or i64(read_i16_le(buffer, end)) != WORD_END:
        return -1, -1
    return begin, end


def length_at(buffer: bytes, index: i64, size: i64, mark: i64) -> tuple[i64, i64]:
    """Return the number behind `mark` at `index` and where the next line starts, -1 where there is no plain one."""
    if index + 8 <= size:
        # Most lengths have one digit or two.
        line = read_i64_le(buffer, index)
        first = ((line >> 8) & 0xFF) - ZERO
        if line & LINE_BITS == LINE_END | mark and 0 <= first <= 9:
            return first, index + 4
        second = ((line >> 16) & 0xFF) - ZERO
        if line & LONGER_LINE_BITS == LONGER_LINE_END | mark and 0 < first <= 9 and 0 <= second <= 9:
            return first * 10 + second, index + 5
    if index >= size or buffer[index] != mark:
        return -1, index
    return long_length_at(buffer, index + 1, size)


def long_length_at(buffer: bytes, index: i64, size: i64) -> tuple[i64, i64]:
    """As `length_at`, for a number of any digits at `index`."""
    number: i64 = 0
    first = index
    last = index + DIGITS_MAX if index + DIGITS_MAX < size else size
    while index < last:
        digit: i64 = buffer[index]
        if digit < ZERO or digit > NINE:
            break
        number = number * 10 + digit - ZERO
        index += 1
    if index == first or index + 1 >= size or buffer[index] != CR or buffer[index + 1] != LF:
        return -1, index
    if buffer[first] == ZERO and index > first + 1:
        return -1, index
    return number, index + 2
