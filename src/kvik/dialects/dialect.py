"""What a dialect is: bytes to requests, replies to bytes. Knows no socket and no engine."""

from collections.abc import Sequence
from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64, mypyc_attr

from kvik.replies import Reply
from kvik.request import Request
from kvik.statistics import Statistics

WORD_BYTES_MAX: Final = 512 * 1024 * 1024
"""As Redis' proto-max-bulk-len."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Dialect:
    """One connection's reader and writer, with a buffer of its own.

    The order of calls is: `greeting` once, then any number of `feed`, each followed by
    `next_request` until it returns None, each request answered by `encode`; `end_of_input` once
    when the other side will send no more, followed by `next_request` as after `feed`.
    """

    name = "dialect"
    is_for_people = False
    """Whether somebody reads along: the log says that they come and go, and the end of the server is announced."""
    is_paced = False
    """Whether it holds back what it has to write until earlier output has left: see `has_backlog`."""

    def __init__(self) -> None:
        self.is_trusted = False
        """Whether the client may send large requests: the caller sets it when it is authenticated."""
        self.word_bytes_max: i64 = WORD_BYTES_MAX
        """Bytes of the largest word a trusted client may send: the caller sets it from the settings."""

    def feed(self, data: bytes) -> None:
        """Take what arrived. Nothing is parsed and nothing raised here."""
        raise NotImplementedError

    def next_request(self) -> Request | None:
        """Return the next complete request, or None when more bytes are needed.

        Raises ProtocolError when the stream can no longer be understood; nothing that follows in
        the stream is a request then. Raises RecoverableProtocolError for one bad request only.
        """
        raise NotImplementedError

    def settled(self) -> "Dialect | None":
        """Return the dialect that goes on with this connection, None while it cannot be told yet.

        Raises ProtocolError where it can be told that none will.
        """
        return self

    def end_of_input(self) -> None:
        """No more bytes will come: a last line without its line end counts as complete."""

    def buffered(self) -> int:
        """Return how many bytes were fed and not yet given out as requests."""
        raise NotImplementedError

    def encode(self, request: Request | None, reply: Reply, protocol: int, out: BytesWriter) -> None:
        """Append the bytes of `reply` to `out`; `protocol` is 2 or 3, `request` what it answers."""
        raise NotImplementedError

    def encode_protocol_error(self, message: str, out: BytesWriter) -> None:
        """Append the last words to a client whose stream is broken."""
        raise NotImplementedError

    def push(self, items: Sequence[Reply], protocol: int, out: BytesWriter) -> None:
        """Append a message nobody asked for."""
        raise NotImplementedError

    # A dialect that is paced

    def has_backlog(self) -> bool:
        """Return whether earlier output must leave before there is more: `next_request` returns None until then.

        When it has left, `continue_writing` is called.
        """
        return False

    def takes_requests(self) -> bool:
        """Return whether `next_request` gives out what has come: not with a backlog, unless the client is stalled."""
        return True

    def continue_writing(self, out: BytesWriter) -> None:
        """Append the next piece of what is held back, 64 KiB or so: all that was appended before has left."""

    def stall(self, is_stalled: bool) -> None:
        """The client has stopped reading, or reads again; said every 100 ms for as long as it does not read.

        While it is stalled requests are given out in spite of the backlog, and nothing is appended;
        how much waits, and how much is done for nothing in these 100 ms, is the dialect's to limit.
        """

    def forget(self) -> None:
        """The client is gone: let go of what is held back."""

    def report(self, statistics: Statistics) -> None:
        """Add what was counted since the last call."""

    def greeting(self) -> bytes:
        """Return what a client hears on connecting."""
        return b""

    def farewell(self, seconds: int) -> bytes:
        """Return the warning that the server closes in so many seconds; empty where none is given."""
        return b""
