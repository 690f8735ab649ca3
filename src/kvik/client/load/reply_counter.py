"""Complete replies, counted as they come, RESP2 and RESP3; what they hold is skipped. Knows no socket and no clock.

A reader that builds replies would cost more than the server takes to send them.
"""

from typing import Final

from mypy_extensions import i64

from kvik.errors import ProtocolError, shown

LENGTH_DIGITS_MAX: Final = 18
LINE_MAX: Final = 1 << 20
CODES_MAX: Final = 50
"""Kinds of errors told apart; a server that makes up new ones does not fill our memory."""
OTHER: Final = "OTHER"

ATTRIBUTE: Final = 124  # |
MAP: Final = 37  # %
PUSH: Final = 62  # >
ERROR: Final = 45  # -
BULK_ERROR: Final = 33  # !
NULL: Final = 95  # _
MINUS: Final = 45
ZERO: Final = 48
RETURN: Final = 13

LINES: Final = b"+-:_#,("
TEXTS: Final = b"$!="
AGGREGATES: Final = b"*~>%|"


class ReplyCounter:
    """`count` it bytes. `failed` replies were errors, by code in `errors`; `missing` ones were null."""

    def __init__(self) -> None:
        self.failed: i64 = 0
        self.missing: i64 = 0
        self.errors: Final[dict[str, int]] = {}
        self._rest = b""
        self._skip: i64 = 0
        self._open: i64 = 0
        self._is_push = False
        self._is_inside = False

    def reset(self) -> None:
        """Forget errors and null replies; go on in the middle of a reply."""
        self.failed = 0
        self.missing = 0
        self.errors.clear()

    def count(self, data: bytes) -> int:
        """Return how many replies are complete with these bytes. Raises ProtocolError."""
        if self._rest:
            data = self._rest + data
            self._rest = b""
        complete: i64 = 0
        position: i64 = 0
        size: i64 = len(data)
        while position < size:
            if self._skip > 0:
                taken = min(self._skip, size - position)
                position += taken
                self._skip -= taken
                if self._skip == 0:
                    complete += self._element()
                continue
            end = line_end(data, position, size)
            if end < 0:
                self._keep(data[position:])
                return complete
            complete += self._line(data, position, end)
            position = end + 2
        return complete

    def _keep(self, rest: bytes) -> None:
        if len(rest) > LINE_MAX:
            raise ProtocolError("too long a line in a reply")
        self._rest = rest

    def _line(self, data: bytes, start: i64, end: i64) -> i64:
        """Understand a line; return how many replies it completes, 0 or 1."""
        if start == end:
            raise ProtocolError("an empty line where a reply should be")
        kind = data[start]
        if not self._is_inside:
            self._is_inside = True
            self._is_push = kind == PUSH
        if kind in LINES:
            self._note(kind, data, start, end)
            return self._element()
        if kind not in TEXTS and kind not in AGGREGATES:
            raise ProtocolError(f"a reply that starts with {shown(data[start : start + 1])!r}")
        if data[start + 1] == MINUS:
            if self._open == 0:
                self.missing += 1
            return self._element()
        return self._length(kind, data, start, end)

    def _length(self, kind: int, data: bytes, start: i64, end: i64) -> i64:
        length = number(data, start + 1, end)
        if kind in TEXTS:
            if kind == BULK_ERROR:
                self._fail("ERR")
            self._skip = length + 2
            return 0
        if kind == ATTRIBUTE:
            self._open += 2 * length + (1 if self._open == 0 else 0)
            return 0
        if self._open > 0:
            self._open -= 1
        self._open += 2 * length if kind == MAP else length
        return self._end() if self._open == 0 else 0

    def _element(self) -> i64:
        """One element is complete; return whether the reply is."""
        if self._open > 1:
            self._open -= 1
            return 0
        return self._end()

    def _end(self) -> i64:
        self._open = 0
        self._is_inside = False
        return 0 if self._is_push else 1

    def _note(self, kind: int, data: bytes, start: i64, end: i64) -> None:
        if kind == ERROR:
            self._fail(shown(data[start + 1 : end].partition(b" ")[0]))
        elif kind == NULL and self._open == 0:
            self.missing += 1

    def _fail(self, code: str) -> None:
        """Errors inside an array, as EXEC gives them, are counted too: somebody's command has failed."""
        self.failed += 1
        if code not in self.errors and len(self.errors) >= CODES_MAX:
            code = OTHER
        self.errors[code] = self.errors.get(code, 0) + 1


def line_end(data: bytes, start: i64, size: i64) -> i64:
    """Return where the line that begins at `start` ends, -1 where its CRLF has not come yet.

    Compiled this is quicker than bytes.find: what a server sends is mostly lines of a few bytes.
    """
    place = start
    while place < size:
        if data[place] == RETURN:
            return place if place + 1 < size else -1
        place += 1
    return -1


def number(data: bytes, start: i64, end: i64) -> i64:
    """Return the length that stands in a line. Raises ProtocolError."""
    if end - start > LENGTH_DIGITS_MAX or start == end:
        raise ProtocolError(f"an invalid length in a reply: {shown(data[start : start + 40])!r}")
    value: i64 = 0
    for place in range(start, end):
        digit: i64 = data[place] - ZERO
        if digit < 0 or digit > 9:
            raise ProtocolError(f"an invalid length in a reply: {shown(data[start:end])!r}")
        value = value * 10 + digit
    return value
