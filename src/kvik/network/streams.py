"""Connections as asyncio transports, for systems without a poller that can be watched.

The same turns as in `poller`, one connection at a time: slower, everywhere available.
"""

import asyncio
import socket
import sys
from typing import Final

from kvik.dialects.dialect import Dialect
from kvik.network.turn import Connection, Turn, Welcome

# A transport keeps whatever it is given: small pieces leave what it has not sent to be counted here.
WRITE_BYTES: Final = 1 << 16

if sys.platform == "linux":
    import fcntl
    import termios
    from asyncio.trsock import TransportSocket

    def unsent_by_system(transport: asyncio.Transport) -> int:
        """Return how many bytes the system has not sent yet, or the other side not acknowledged."""
        connected: object = transport.get_extra_info("socket")
        if not isinstance(connected, TransportSocket) or connected.fileno() < 0:
            return 0
        return int.from_bytes(fcntl.ioctl(connected.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)

else:

    def unsent_by_system(transport: asyncio.Transport) -> int:
        """Return 0: here the system does not tell."""
        return 0


class StreamPorch:
    """Connections whose sockets asyncio reads and writes."""

    def __init__(self, turn: Turn, loop: asyncio.AbstractEventLoop) -> None:
        self.turn: Final = turn
        self._loop: Final = loop
        self._connecting: Final[set[asyncio.Task[object]]] = set()
        self._transports: Final[set[asyncio.Transport]] = set()

    def adopt(self, connected: socket.socket, dialect: Dialect, welcome: Welcome) -> None:
        """Serve a connected socket from now on."""
        protocol = StreamProtocol(dialect, self.turn, welcome, self._transports)
        task: asyncio.Task[object] = self._loop.create_task(
            self._loop.connect_accepted_socket(lambda: protocol, connected)
        )
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    def close(self) -> None:
        """Drop every connection, with what its client has not read yet."""
        for connection in list(self.turn.connections.values()):
            connection.drop()
        for transport in self._transports:
            if transport.get_write_buffer_size() > 0:
                # It would wait for its client, and the loop for nobody.
                transport.abort()


class StreamConnection(Connection):
    """A connection whose transport does the reading and writing."""

    def __init__(self, dialect: Dialect, turn: Turn, transport: asyncio.Transport) -> None:
        super().__init__(dialect, turn)
        self._transport: Final = transport
        self._wants_to_write = False
        self._is_called_soon = False
        self.is_full = False

    def write(self, data: bytes | memoryview) -> int:
        sent = 0
        while sent < len(data) and not self.is_full and not self._transport.is_closing():
            piece = data[sent : sent + WRITE_BYTES]
            self._transport.write(piece)
            sent += len(piece)
        return -1 if self._transport.is_closing() else sent

    def watch(self, reading: bool, writing: bool) -> None:
        if reading:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()
        self._wants_to_write = writing
        self._call_soon()

    def unsent(self) -> int:
        return self._transport.get_write_buffer_size() + unsent_by_system(self._transport)

    def go_on_writing(self) -> None:
        """Take a turn for what may be written now, and see to the next one where there is more."""
        self._is_called_soon = False
        if self.is_open and not self.is_full:
            self.turn.begin()
            self.writable()
            self.turn.finish()
            self._call_soon()

    def _call_soon(self) -> None:
        # A transport says when it has become able to write, not that it is.
        if self._wants_to_write and not self.is_full:
            self.go_on_soon()

    def go_on_soon(self) -> None:
        if self.is_open and not self._is_called_soon:
            self._is_called_soon = True
            asyncio.get_running_loop().call_soon(self.go_on_writing)

    def shut(self) -> None:
        self._transport.close()


class StreamProtocol(asyncio.Protocol):
    """What asyncio calls; every call is one turn."""

    def __init__(self, dialect: Dialect, turn: Turn, welcome: Welcome, transports: set[asyncio.Transport]) -> None:
        self._dialect: Final = dialect
        self._turn: Final = turn
        self._welcome: Final = welcome
        self._transports: Final = transports
        self._transport: asyncio.Transport | None = None
        self.connection: StreamConnection | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._transports.add(transport)
            self.connection = StreamConnection(self._dialect, self._turn, transport)
            self._welcome(self.connection)
            self.connection.touch()
            self._turn.finish()

    def data_received(self, data: bytes) -> None:
        self._receive(data)

    def eof_received(self) -> bool:
        self._receive(b"")
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._transports.discard(self._transport)
        if self.connection is not None:
            self.connection.drop()

    def pause_writing(self) -> None:
        if self.connection is not None:
            self.connection.is_full = True

    def resume_writing(self) -> None:
        if self.connection is not None:
            self.connection.is_full = False
            # Not at once: a transport that is closed while it says so loses its connection twice (CPython 3.11).
            self.connection.go_on_soon()

    def _receive(self, data: bytes) -> None:
        if self.connection is not None and self.connection.is_open:
            self._turn.begin()
            self.connection.received(data)
            self._turn.finish()
