"""One connection of a load: sends requests without waiting, counts the replies. Knows no schedule.

Its socket is connected and logged in when it comes here.
"""

import socket
import ssl
from typing import Final

from mypy_extensions import i64

from kvik.client.load.reply_counter import ReplyCounter
from kvik.client.load.requests import Stream

READ_BYTES_MIN: Final = 1_000
READ_BYTES_MAX: Final = 1 << 16


class Lane:
    """A connection. `waiting` replies are awaited; `left` requests of those to be measured are not yet sent."""

    def __init__(self, connected: socket.socket, warm_up: Stream, measured: Stream, left: int) -> None:
        connected.setblocking(False)
        self.descriptor: Final = connected.fileno()
        self.socket: Final = connected
        self.counter: Final = ReplyCounter()
        self.waiting: i64 = 0
        self.left: i64 = left
        self.is_measured = False
        self.sent_at: i64 = 0
        self.unsent: bytes = b""
        self.loss = ""
        self._warm_up: Final = warm_up
        self._measured: Final = measured
        self._send: Final = connected.send
        self._receive: Final = connected.recv
        self._read_bytes = READ_BYTES_MIN

    def start_measuring(self) -> None:
        """Forget what the warm-up has shown."""
        if not self.is_measured:
            self.is_measured = True
            self.counter.reset()

    def prepare(self, count: i64) -> bytes:
        """Return the next requests, of the warm-up or of what is measured."""
        return (self._measured if self.is_measured else self._warm_up).batch(count)

    def send(self, data: bytes) -> bool:
        """Send, or keep what the socket does not take; return whether all is sent."""
        try:
            sent = self._send(data)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            sent = 0
        except OSError as error:
            self.loss = error.strerror or str(error)
            return True
        self.unsent = data[sent:] if sent < len(data) else b""
        return sent == len(data)

    def receive(self) -> i64:
        """Read once; return how many replies are complete. Raises ProtocolError."""
        try:
            data = self._receive(self._read_bytes)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0
        except OSError as error:
            self.loss = error.strerror or str(error)
            return 0
        if not data:
            self.loss = "the server closed the connection"
            return 0
        if len(data) == self._read_bytes:
            data = self._read_more(data)
        return self.counter.count(data)

    def _read_more(self, data: bytes) -> bytes:
        """Fit the next read; take what encryption holds ready already, which no poller tells of."""
        self._read_bytes = min(4 * self._read_bytes, READ_BYTES_MAX)
        if isinstance(self.socket, ssl.SSLSocket) and self.socket.pending():
            return data + self.socket.recv(self.socket.pending())
        return data
