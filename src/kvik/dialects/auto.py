"""The door that finds out by a client's first bytes which dialect it speaks, once per connection.

Knows the candidates only as data: a further dialect is a further candidate.
"""

from collections.abc import Callable, Sequence
from typing import Final

from librt.strings import BytesWriter

from kvik.dialects.colon import ColonDialect, opens_with_a_verb
from kvik.dialects.dialect import Dialect
from kvik.dialects.resp import RespDialect
from kvik.dialects.text import TextDialect
from kvik.errors import ProtocolError
from kvik.replies import Reply
from kvik.request import Request

# A first line that is still undecided after this much goes to the last resort.
UNDECIDED_MAX: Final = 1024
# A TLS record of type handshake, version 3.x.
TLS_HELLO: Final = b"\x16\x03"
BLANK: Final = b" \t\r"


class Candidate:
    """A dialect and how its first line is known.

    `test` gets the beginning of the first line that is not blank, and whether that is the whole line;
    it returns None where it needs more to tell.
    """

    def __init__(self, test: Callable[[bytes, bool], bool | None], factory: Callable[[], Dialect]) -> None:
        self.test: Final = test
        self.factory: Final = factory


def opens_an_array(line: bytes, is_whole: bool) -> bool | None:
    """Return whether a client speaks RESP: its first byte is `*`."""
    return line.startswith(b"*")


CANDIDATES: Final = (Candidate(opens_an_array, RespDialect), Candidate(opens_with_a_verb, ColonDialect))


class AutoDialect(Dialect):
    """Undecided until `settled` returns the dialect that goes on, which has all the bytes then.

    The candidates are asked in order; the first that says yes is taken, and `last_resort` where all
    say no. Blank lines decide nothing and are dropped.
    """

    name = "auto"

    def __init__(
        self, candidates: Sequence[Candidate] = CANDIDATES, last_resort: Callable[[], Dialect] = TextDialect
    ) -> None:
        super().__init__()
        self._candidates: Final = candidates
        self._last_resort: Final = last_resort
        self._head = b""
        self._has_ended = False
        self._chosen: Dialect | None = None

    def feed(self, data: bytes) -> None:
        if self._chosen is not None:
            self._chosen.feed(data)
        else:
            self._head += data

    def end_of_input(self) -> None:
        self._has_ended = True
        if self._chosen is not None:
            self._chosen.end_of_input()

    def settled(self) -> Dialect | None:
        """Return the chosen dialect, None while it cannot be told. Raises ProtocolError for a TLS client."""
        if self._chosen is None:
            self._skip_blank_lines()
            if self._head == TLS_HELLO[:1] or not self._head:
                return None
            if self._head.startswith(TLS_HELLO):
                raise ProtocolError("")
            factory = self._find_factory()
            if factory is not None:
                self._choose(factory())
        return self._chosen

    def next_request(self) -> Request | None:
        chosen = self.settled()
        return None if chosen is None else chosen.next_request()

    def buffered(self) -> int:
        return len(self._head) if self._chosen is None else self._chosen.buffered()

    def encode(self, request: Request | None, reply: Reply, protocol: int, out: BytesWriter) -> None:
        self._speaker().encode(request, reply, protocol, out)

    def encode_protocol_error(self, message: str, out: BytesWriter) -> None:
        self._speaker().encode_protocol_error(message, out)

    def push(self, items: Sequence[Reply], protocol: int, out: BytesWriter) -> None:
        self._speaker().push(items, protocol, out)

    def farewell(self, seconds: int) -> bytes:
        return b"" if self._chosen is None else self._chosen.farewell(seconds)

    def _speaker(self) -> Dialect:
        return self._last_resort() if self._chosen is None else self._chosen

    def _skip_blank_lines(self) -> None:
        # Up to the last line end before the first byte that is not blank.
        blank = len(self._head) - len(self._head.lstrip(BLANK + b"\n"))
        self._head = self._head[self._head.rfind(b"\n", 0, blank) + 1 :]

    def _find_factory(self) -> Callable[[], Dialect] | None:
        """Return how to make the dialect of the first line, None where that cannot be told yet."""
        line, end, _ = self._head.partition(b"\n")
        is_whole = bool(end) or self._has_ended or len(line) > UNDECIDED_MAX
        if not is_whole and not line.strip(BLANK):
            return None
        for candidate in self._candidates:
            verdict = candidate.test(line, is_whole)
            if verdict:
                return candidate.factory
            if verdict is None and not is_whole:
                return None
        return self._last_resort

    def _choose(self, dialect: Dialect) -> None:
        dialect.is_trusted = self.is_trusted
        dialect.feed(self._head)
        if self._has_ended:
            dialect.end_of_input()
        self._head = b""
        self._chosen = dialect
