"""Connections on a poller of their own, whose file descriptor the asyncio loop watches.

Client sockets are no asyncio transports: a transport costs more per request than the request. Here
one turn reads every socket that is ready, then sends once to each.
"""

import select
import socket
from typing import Final

from kvik.dialects.dialect import Dialect
from kvik.network.turn import Connection, Turn, Welcome

# What one read takes at the most. A connection starts small and grows while its reads are full: every
# large buffer makes malloc() tidy its heap, which costs more than a small request.
READ_BYTES_MIN: Final = 1_000
READ_BYTES_MAX: Final = 1 << 16
# So many fit a small allocation; see above. The others are ready in the next turn.
EVENTS_PER_TURN: Final = 64
# Turns taken before the asyncio loop gets its turn again: its round costs as much as a small turn.
TURNS_PER_ROUND: Final = 32

READABLE: Final = select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR


class Poller:
    """Sockets that wait in epoll, and the turns in which they are served."""

    def __init__(self, turn: Turn) -> None:
        self.turn: Final = turn
        self._epoll: Final = select.epoll()
        self._by_descriptor: Final[dict[int, PolledConnection]] = {}

    def fileno(self) -> int:
        """Return the descriptor that is readable when a turn is due."""
        return self._epoll.fileno()

    def adopt(self, connected: socket.socket, dialect: Dialect, welcome: Welcome) -> None:
        """Serve a connected socket from now on; it is made non-blocking."""
        connected.setblocking(False)
        connection = PolledConnection(dialect, self, connected)
        self._by_descriptor[connection.descriptor] = connection
        self._epoll.register(connection.descriptor, select.EPOLLIN)
        welcome(connection)
        connection.touch()
        self.turn.finish()

    def take_turns(self) -> None:
        """Serve until nothing is ready, at most TURNS_PER_ROUND times."""
        for _ in range(TURNS_PER_ROUND):
            events = self._epoll.poll(0, EVENTS_PER_TURN)
            if not events:
                return
            self.turn.begin()
            for descriptor, mask in events:
                connection = self._by_descriptor.get(descriptor)
                if connection is not None:
                    connection.wake(mask)
            self.turn.finish()

    def watch(self, descriptor: int, reading: bool, writing: bool) -> None:
        mask = (select.EPOLLIN if reading else 0) | (select.EPOLLOUT if writing else 0)
        self._epoll.modify(descriptor, mask)

    def forget(self, descriptor: int) -> None:
        del self._by_descriptor[descriptor]
        self._epoll.unregister(descriptor)

    def close(self) -> None:
        """Drop every connection."""
        for connection in list(self._by_descriptor.values()):
            connection.drop()
        self._epoll.close()


class PolledConnection(Connection):
    """A connection that reads and writes its socket itself."""

    def __init__(self, dialect: Dialect, poller: Poller, connected: socket.socket) -> None:
        super().__init__(dialect, poller.turn)
        self.descriptor: Final = connected.fileno()
        self._poller: Final = poller
        self._socket: Final = connected
        self._read_bytes = READ_BYTES_MIN
        self._receive: Final = connected.recv
        self._send: Final = connected.send

    def wake(self, mask: int) -> None:
        """Something is ready, as the poller's mask says."""
        if mask & READABLE:
            try:
                data = self._receive(self._read_bytes)
            except BlockingIOError:
                return
            except OSError:
                self.drop()
                return
            self._fit_next_read(len(data))
            self.received(data)
        elif mask & select.EPOLLOUT:
            self.writable()

    def _fit_next_read(self, size: int) -> None:
        if size == self._read_bytes:
            self._read_bytes = min(4 * size, READ_BYTES_MAX)
        elif size < self._read_bytes >> 4:
            self._read_bytes = max(self._read_bytes >> 1, READ_BYTES_MIN)

    def write(self, data: bytes | memoryview) -> int:
        try:
            return self._send(data)
        except BlockingIOError:
            return 0
        except OSError:
            return -1

    def watch(self, reading: bool, writing: bool) -> None:
        self._poller.watch(self.descriptor, reading, writing)

    def shut(self) -> None:
        self._poller.forget(self.descriptor)
        self._socket.close()
