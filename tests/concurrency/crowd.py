"""Many clients at once from one thread: each a script of requests, sent and answered as the sockets allow."""

import selectors
from collections.abc import Sequence

import hiredis

from tests.servers import KvikServer
from tests.wire import TIMEOUT_SECONDS, Wire


class Member:
    """One client: packets of requests to send, each once the one before it has been answered."""

    def __init__(self, wire: Wire, packets: Sequence[tuple[bytes, int]]) -> None:
        self.wire = wire
        self.replies: list[object] = []
        self._packets = list(reversed(packets))
        self._reader = hiredis.Reader()
        self._missing = 0

    def go_on(self) -> bool:
        """Send the next packet; return whether there was one."""
        if not self._packets:
            return False
        data, self._missing = self._packets.pop()
        self.wire.send(data)
        return True

    def take(self) -> bool:
        """Read what has come; return whether the packet has been answered."""
        data = self.wire.socket.recv(65536)
        assert data, "the server closed the connection"
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            self.replies.append(reply)
            self._missing -= 1
        return self._missing == 0


def play(server: KvikServer, scripts: Sequence[Sequence[tuple[bytes, int]]]) -> list[list[object]]:
    """Let one client per script send its packets `(bytes, requests in them)`; return each client's replies."""
    members = [Member(server.open(), script) for script in scripts]
    with selectors.DefaultSelector() as selector:
        for member in members:
            selector.register(member.wire.socket, selectors.EVENT_READ, member)
        waiting = sum([member.go_on() for member in members])
        while waiting:
            ready = selector.select(TIMEOUT_SECONDS)
            assert ready, f"{waiting} clients wait in vain"
            for key, _ in ready:
                member = key.data
                if member.take() and not member.go_on():
                    waiting -= 1
    for member in members:
        member.wire.close()
    return [member.replies for member in members]
