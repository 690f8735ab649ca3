"""The colon door: `PUT:key:value`, a line each, and the values of a key as lines. Knows no command's meaning."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from librt.strings import BytesWriter

from kvik.dialects.dialect import Dialect
from kvik.dialects.http_guard import looks_like_http
from kvik.dialects.intake import Intake
from kvik.dialects.text import LINE_MAX, UNTRUSTED_LINE_MAX
from kvik.errors import ProtocolError, ReplyError
from kvik.numbers import decimal
from kvik.replies import Reply
from kvik.request import Request
from kvik.statistics import Statistics

PIECE_BYTES: Final = 64 * 1024
"""About how much is written before what was written must have left."""
WAITING_LINES_MAX: Final = 500
"""So many lines wait for a client that has stopped reading; the seed's figure."""
DROPPED_AT_ONCE: Final = 10_000
"""After so many lines were dropped for a client its requests wait until it is looked at again: to ask for a large
reply and not to read it costs the client nothing, and would hold up everybody else."""
# A collection of garbage walks through a list of a million values in 12 ms; a copy of it costs half of that, once.
KEPT_AS_LIST_MAX: Final = 10_000

ANSWERED: Final = b"VALUES"
"""The only command that is answered with lines."""


class Form:
    """What a verb stands for: the command, and of how many parts its line consists behind the verb.

    Where `is_open` is set the last part may hold colons.
    """

    def __init__(self, command: bytes, parts: int, is_open: bool) -> None:
        self.command: Final = command
        self.parts: Final = parts
        self.colons_split: Final = parts - 1 if is_open else parts


FORMS: Final = {
    b"PUT": Form(b"PUT", 2, True),
    b"GET": Form(ANSWERED, 1, False),
    b"DELETE": Form(b"DEL", 1, False),
    b"UPDATE": Form(b"UPDATE", 3, True),
    b"AUTH": Form(b"AUTH", 1, True),
}
VERB_MAX: Final = 6


def opens_with_a_verb(line: bytes, is_whole: bool) -> bool | None:
    """Return whether a client speaks colon: its first line starts with a verb and a colon."""
    verb, colon, _ = line[: VERB_MAX + 1].upper().partition(b":")
    if colon:
        return verb in FORMS
    if is_whole:
        return False
    for known in FORMS:
        if known.startswith(verb):
            return None
    return False


class Lines:
    """The lines of one reply that are still to be written. `has_waited`: they came for a client that did not read."""

    def __init__(self, key: bytes, values: Sequence[Reply], has_waited: bool) -> None:
        self.has_waited: Final = has_waited
        self._prefix: Final = key + b":"
        self._values = values
        self._count: Final = len(values)
        self._place = 0
        self._offset = 0

    def left(self) -> int:
        """Return how many lines are left, one that was begun included."""
        return self._count - self._place

    def keep(self) -> None:
        """They are written over some time: as a tuple, which the garbage collector does not walk through each time."""
        if self.left() > KEPT_AS_LIST_MAX:
            self._values = tuple(self._values)

    def write(self, out: BytesWriter, room: int) -> int:
        """Append lines as long as there is room, in bytes; return the room that is left, below 0 for one line more."""
        prefix, values = self._prefix, self._values
        while self._place < self._count and room > 0:
            value = as_line(values[self._place])
            size = len(value)
            if size > PIECE_BYTES:
                room = self._write_slice(value, out, room)
            else:
                out.write(prefix)
                out.write(value)
                out.write(b"\n")
                room -= len(prefix) + size + 1
                self._place += 1
        return room

    def _write_slice(self, value: bytes, out: BytesWriter, room: int) -> int:
        """Append the next slice of a value that is larger than a piece."""
        if self._offset == 0:
            out.write(self._prefix)
        part = value[self._offset : self._offset + PIECE_BYTES]
        out.write(part)
        self._offset += len(part)
        if self._offset == len(value):
            out.write(b"\n")
            self._offset = 0
            self._place += 1
        return room - len(part)


def as_line(value: Reply) -> bytes:
    """Return a value as it stands in a line. Bytes stay as they are, line ends among them."""
    if isinstance(value, bytes):
        return value
    return decimal(value) if isinstance(value, int) else b""


class ColonDialect(Dialect):
    """Requests without answers, except GET.

    It holds back: replies are written a piece at a time, and while something is held back no further
    request is given out, so that one reply at the most waits here, as a cursor. While the client is
    stalled its requests are given out all the same; WAITING_LINES_MAX lines of their replies wait, what
    is beyond is dropped and counted, DROPPED_AT_ONCE and the rest of a reply between two calls of `stall`.
    """

    name = "colon"
    is_paced = True

    def __init__(self) -> None:
        super().__init__()
        self._intake: Final = Intake()
        self._has_ended = False
        self._pending: Final[deque[Lines]] = deque()
        self._room: int = PIECE_BYTES
        self._is_stalled = False
        self._waiting_lines = 0
        self._may_drop: int = DROPPED_AT_ONCE
        self._dropped = 0
        self._malformed = 0
        self._refused = 0

    def feed(self, data: bytes) -> None:
        self._intake.feed(data)

    def end_of_input(self) -> None:
        self._has_ended = True

    def buffered(self) -> int:
        return self._intake.size()

    def next_request(self) -> Request | None:
        """As Dialect.next_request; None too unless it `takes_requests`. A line that is no request is counted."""
        if not self.takes_requests():
            return None
        while True:
            line = self._next_line()
            if line is None:
                return None
            request = self._understand(line)
            if request is not None:
                return request

    def _next_line(self) -> bytes | None:
        most = LINE_MAX if self.is_trusted else UNTRUSTED_LINE_MAX
        line = self._intake.line(most, "Protocol error: too big inline request")
        if line is None and self._has_ended:
            line = self._intake.last_line()
        if line is not None:
            self._intake.begin()
        return line

    def _understand(self, line: bytes) -> Request | None:
        if looks_like_http(line):
            raise ProtocolError("")
        if line.endswith(b"\r"):
            line = line[:-1]
        if not line:
            return None
        verb, colon, rest = line.partition(b":")
        form = FORMS.get(verb.upper()) if colon and len(verb) <= VERB_MAX else None
        if form is not None:
            parts = rest.split(b":", form.colons_split)
            if len(parts) == form.parts:
                return Request([form.command, *parts])
        self._malformed += 1
        return None

    # Replies

    def encode(self, request: Request | None, reply: Reply, protocol: int, out: BytesWriter) -> None:
        """Only the values of a key are lines; an error is none, but counted."""
        if isinstance(reply, ReplyError):
            self._refused += 1
        elif request is not None and request.words[0] == ANSWERED and isinstance(reply, list) and len(reply) > 0:
            if self._is_stalled:
                self._keep_waiting(request.words[1], reply)
            else:
                lines = Lines(request.words[1], reply, False)
                self._pending.append(lines)
                self._write(out)
                lines.keep()

    def encode_protocol_error(self, message: str, out: BytesWriter) -> None:
        """Nothing: there is no line for it."""

    def push(self, items: Sequence[Reply], protocol: int, out: BytesWriter) -> None:
        """Nothing: there is no line for it."""

    # Holding back

    def has_backlog(self) -> bool:
        return self._room <= 0 or len(self._pending) > 0

    def takes_requests(self) -> bool:
        return self._may_drop > 0 if self._is_stalled else not self.has_backlog()

    def continue_writing(self, out: BytesWriter) -> None:
        self._room = PIECE_BYTES
        self._write(out)

    def stall(self, is_stalled: bool) -> None:
        self._is_stalled = is_stalled
        self._may_drop = DROPPED_AT_ONCE
        self._waiting_lines = sum([lines.left() for lines in self._pending if lines.has_waited])

    def forget(self) -> None:
        self._pending.clear()

    def report(self, statistics: Statistics) -> None:
        statistics.colon_lines_dropped += self._dropped
        statistics.colon_lines_malformed += self._malformed
        statistics.colon_lines_refused += self._refused
        self._dropped = self._malformed = self._refused = 0

    def _write(self, out: BytesWriter) -> None:
        while self._pending and self._room > 0:
            lines = self._pending[0]
            self._room = lines.write(out, self._room)
            if lines.left() == 0:
                self._pending.popleft()

    def _keep_waiting(self, key: bytes, values: Sequence[Reply]) -> None:
        kept = min(WAITING_LINES_MAX - self._waiting_lines, len(values))
        self._dropped += len(values) - kept
        self._may_drop -= len(values) - kept
        self._waiting_lines += kept
        if kept > 0:
            self._pending.append(Lines(key, values[:kept], True))
