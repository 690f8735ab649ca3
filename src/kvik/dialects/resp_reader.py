"""Replies of a server, RESP2 and RESP3, read as they come. Knows no socket and no request.

Standard library only, and cheap to import: the one-shot client reads its reply with this.
"""

from typing import Final

from kvik.errors import ProtocolError, ReplyError, shown
from kvik.replies import NULL_ARRAY, OK, BigNumber, Map, Push, Reply, Set, Status, Verbatim

LINE_MAX: Final = 1024 * 1024
"""Bytes of a status, an error or a length."""
DEPTH_MAX: Final = 128
LENGTH_DIGITS_MAX: Final = 18
CRLF: Final = b"\r\n"

# The first byte of a reply. Those with a text of a known length:
BULK: Final = 36  # $
BULK_ERROR: Final = 33  # !
VERBATIM: Final = 61  # =
# Those with elements:
ARRAY: Final = 42  # *
SET: Final = 126  # ~
PUSH: Final = 62  # >
MAP: Final = 37  # %
ATTRIBUTE: Final = 124  # |
# Those of one line:
STATUS: Final = 43  # +
ERROR: Final = 45  # -
INTEGER: Final = 58  # :
NULL: Final = 95  # _
BOOLEAN: Final = 35  # #
DOUBLE: Final = 44  # ,
BIG_NUMBER: Final = 40  # (

TEXTS: Final = (BULK, BULK_ERROR, VERBATIM)
AGGREGATES: Final = (ARRAY, SET, PUSH, MAP, ATTRIBUTE)


class Aggregate:
    """An aggregate that lacks `missing` elements still."""

    def __init__(self, kind: int, missing: int) -> None:
        self.kind: Final = kind
        self.missing = missing
        self.items: Final[list[Reply]] = []

    def reply(self) -> Reply:
        items = self.items
        if self.kind == ARRAY:
            return items
        if self.kind == SET:
            return Set(items)
        if self.kind == PUSH:
            return Push(items)
        return Map([(items[place], items[place + 1]) for place in range(0, len(items), 2)])


class ReplyReader:
    """`feed` it bytes; each time `advance` returns True, `reply` is the next reply.

    An error is a reply, too: a ReplyError. Attributes are read over. A stream that is no RESP raises
    ProtocolError, and is of no further use then.
    """

    def __init__(self) -> None:
        self.reply: Reply = None
        self._buffer = b""
        self._position = 0
        self._waiting: list[bytes] = []
        self._waiting_size = 0
        self._open: list[Aggregate] = []
        self._kind = 0
        self._wanted = 0

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        if self._position == len(self._buffer) and not self._waiting:
            self._buffer = data
            self._position = 0
        else:
            self._waiting.append(data)
            self._waiting_size += len(data)

    def advance(self) -> bool:
        """Read the next reply; return False when more bytes are needed. Raises ProtocolError."""
        while True:
            if self._wanted > 0:
                text = self._take(self._wanted)
                if text is None:
                    return False
                is_complete = self._close(self._text_reply(text))
            else:
                line = self._take_line()
                if line is None:
                    return False
                is_complete = self._read_line(line)
            if is_complete:
                return True

    # Bytes

    def _take(self, count: int) -> bytes | None:
        if len(self._buffer) - self._position + self._waiting_size < count:
            return None
        if len(self._buffer) - self._position < count:
            self._gather()
        start = self._position
        self._position = start + count
        return self._buffer[start : self._position]

    def _take_line(self) -> bytes | None:
        """Return the next line without its end."""
        end = self._buffer.find(CRLF, self._position)
        if end < 0 and self._waiting:
            self._gather()
            end = self._buffer.find(CRLF, self._position)
        if end < 0:
            if len(self._buffer) - self._position > LINE_MAX:
                raise ProtocolError("too long a line in a reply")
            return None
        line = self._buffer[self._position : end]
        self._position = end + 2
        return line

    def _gather(self) -> None:
        """Put what waits behind the rest of the buffer: once for a text, however many pieces it came in."""
        self._buffer = b"".join([self._buffer[self._position :], *self._waiting])
        self._position = 0
        self._waiting = []
        self._waiting_size = 0

    # Replies

    def _read_line(self, line: bytes) -> bool:
        """Understand a line; return whether the reply is complete with it."""
        if not line:
            raise ProtocolError("an empty line where a reply should be")
        kind = line[0]
        if kind not in TEXTS and kind not in AGGREGATES:
            return self._close(line_reply(kind, line[1:]))
        if line[1:] == b"-1" and kind in (BULK, ARRAY):
            return self._close(None if kind == BULK else NULL_ARRAY)
        length = parse_length(line)
        if kind in TEXTS:
            self._kind = kind
            self._wanted = length + 2
            return False
        return self._open_aggregate(kind, length * 2 if kind in (MAP, ATTRIBUTE) else length)

    def _open_aggregate(self, kind: int, count: int) -> bool:
        aggregate = Aggregate(kind, count)
        if count == 0:
            return kind != ATTRIBUTE and self._close(aggregate.reply())
        if len(self._open) == DEPTH_MAX:
            raise ProtocolError("a reply nested too deeply")
        self._open.append(aggregate)
        return False

    def _close(self, reply: Reply) -> bool:
        """Give a complete reply to the aggregate it is in; return whether the outermost one is complete."""
        while self._open:
            aggregate = self._open[-1]
            aggregate.items.append(reply)
            aggregate.missing -= 1
            if aggregate.missing > 0:
                return False
            self._open.pop()
            if aggregate.kind == ATTRIBUTE:
                return False
            reply = aggregate.reply()
        self.reply = reply
        return True

    def _text_reply(self, text: bytes) -> Reply:
        self._wanted = 0
        if not text.endswith(CRLF):
            raise ProtocolError("a text in a reply is not as long as it says")
        text = text[:-2]
        if self._kind == BULK:
            return text
        if self._kind == BULK_ERROR:
            return parse_error(text)
        if text[3:4] != b":":
            raise ProtocolError("a verbatim text in a reply does not name its format")
        return Verbatim(text[4:], text[:3])


def line_reply(kind: int, text: bytes) -> Reply:
    """Return the reply that is one line of the given kind. Raises ProtocolError."""
    if kind == STATUS:
        return OK if text == b"OK" else Status(text)
    if kind == INTEGER:
        return parse_number(text)
    if kind == ERROR:
        return parse_error(text)
    if kind == NULL and not text:
        return None
    if kind == BOOLEAN and text in (b"t", b"f"):
        return text == b"t"
    if kind == DOUBLE:
        return parse_double(text)
    if kind == BIG_NUMBER:
        return BigNumber(parse_number(text))
    raise ProtocolError(f"a reply that starts with {shown(bytes([kind]))!r}")


def parse_error(text: bytes) -> ReplyError:
    """Return `CODE message` as an error."""
    code, _, message = text.partition(b" ")
    return ReplyError(shown(code), shown(message))


def parse_length(line: bytes) -> int:
    """Return the number behind a line's first byte. Raises ProtocolError."""
    digits = line[1:]
    if not digits.isdigit() or len(digits) > LENGTH_DIGITS_MAX:
        raise ProtocolError(f"an invalid length in a reply: {shown(line[:40])!r}")
    return int(digits)


def parse_number(text: bytes) -> int:
    """Return the integer `text` is. Raises ProtocolError."""
    digits = text[1:] if text[:1] in (b"-", b"+") else text
    if digits.isdigit():
        try:
            return int(text)
        except ValueError:
            # Python's limit on the digits of an integer; the error below says what there is to say.
            pass
    raise ProtocolError(f"an invalid number in a reply: {shown(text[:40])!r}")


def parse_double(text: bytes) -> float:
    """Return the number `text` is, `inf`, `-inf` and `nan` among them. Raises ProtocolError."""
    try:
        return float(text)
    except ValueError:
        raise ProtocolError(f"an invalid number in a reply: {shown(text[:40])!r}") from None
