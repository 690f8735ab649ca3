"""Connections as asyncio transports, for systems without a poller that can be watched.

The same turns as in `poller`, one connection at a time: slower, everywhere available.
"""

import asyncio
import socket
from typing import Final

from kvik.dialects.dialect import Dialect
from kvik.network.turn import Connection, Turn, Welcome

# A transport keeps whatever it is given: small pieces leave what it has not sent to be counted here.
WRITE_BYTES: Final = 1 << 16


class StreamPorch:
    """Connections whose sockets asyncio reads and writes."""

    def __init__(self, turn: Turn, loop: asyncio.AbstractEventLoop) -> None:
        self.turn: Final = turn
        self._loop: Final = loop
        self._connecting: Final[set[asyncio.Task[object]]] = set()

    def adopt(self, connected: socket.socket, dialect: Dialect, welcome: Welcome) -> None:
        """Serve a connected socket from now on."""
        protocol = StreamProtocol(dialect, self.turn, welcome)
        task: asyncio.Task[object] = self._loop.create_task(
            self._loop.connect_accepted_socket(lambda: protocol, connected)
        )
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    def close(self) -> None:
        """Drop every connection."""
        for connection in list(self.turn.connections.values()):
            connection.drop()


class StreamConnection(Connection):
    """A connection whose transport does the reading and writing."""

    def __init__(self, dialect: Dialect, turn: Turn, transport: asyncio.Transport) -> None:
        super().__init__(dialect, turn)
        self._transport: Final = transport
        self.is_full = False

    def write(self, data: bytes | memoryview) -> int:
        if self._transport.is_closing():
            return -1
        sent = 0
        while sent < len(data) and not self.is_full:
            piece = data[sent : sent + WRITE_BYTES]
            self._transport.write(piece)
            sent += len(piece)
        return sent

    def watch(self, reading: bool, writing: bool) -> None:
        if reading:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def shut(self) -> None:
        self._transport.close()


class StreamProtocol(asyncio.Protocol):
    """What asyncio calls; every call is one turn."""

    def __init__(self, dialect: Dialect, turn: Turn, welcome: Welcome) -> None:
        self._dialect: Final = dialect
        self._turn: Final = turn
        self._welcome: Final = welcome
        self.connection: StreamConnection | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
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
        if self.connection is not None:
            self.connection.drop()

    def pause_writing(self) -> None:
        if self.connection is not None:
            self.connection.is_full = True

    def resume_writing(self) -> None:
        if self.connection is not None:
            self.connection.is_full = False
            self.connection.flush()
            self._turn.finish()

    def _receive(self, data: bytes) -> None:
        if self.connection is not None and self.connection.is_open:
            self._turn.begin()
            self.connection.received(data)
            self._turn.finish()
