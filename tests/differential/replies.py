"""Replies as bytes: where one ends, and what it says."""

import socket


class Replies:
    """Cuts a stream into the bytes of single replies."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._data = b""

    def next(self) -> bytes:
        """Return the bytes of the next reply."""
        while True:
            end = end_of_reply(self._data, 0)
            if end >= 0:
                reply, self._data = self._data[:end], self._data[end:]
                return reply
            more = self._socket.recv(1 << 16)
            if not more:
                raise ConnectionError("redis-server has closed the connection")
            self._data += more


def end_of_reply(data: bytes, start: int) -> int:
    """Return where the reply that begins at `start` ends, -1 where it is not all there."""
    missing = 1
    while missing:
        end = data.find(b"\r\n", start)
        if end < 0:
            return -1
        kind, rest = data[start : start + 1], data[start + 1 : end]
        start = end + 2
        missing -= 1
        if kind in b"$=!" and int(rest) >= 0:
            start += int(rest) + 2
            if start > len(data):
                return -1
        elif kind in b"*~>" and int(rest) > 0:
            missing += int(rest)
        elif kind == b"%":
            missing += 2 * int(rest)
    return start
