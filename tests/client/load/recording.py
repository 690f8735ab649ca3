"""A server in a thread that keeps what it was sent, answers +OK, and stands still when told to."""

import selectors
import socket
import threading
import time
from types import TracebackType
from typing import Self

ANSWER = b"+OK\r\n"
INFO = b"*1\r\n$4\r\nINFO\r\n"


class RecordingServer:
    """Counts requests by their `*`, so what it is sent must have none elsewhere."""

    def __init__(self, answer: bytes = ANSWER, pause_after: int = 0, pause_seconds: float = 0.0) -> None:
        """After `pause_after` requests it does nothing for a while, once. An empty answer is none at all."""
        self.received: dict[int, bytes] = {}
        self._answer = answer
        self._pause_after = pause_after
        self._pause_seconds = pause_seconds
        self._counted = 0
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._is_over = False
        self._thread = threading.Thread(target=self._serve)

    @property
    def node(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def streams(self) -> list[bytes]:
        """Return what each connection has sent, but for those that only asked who is there."""
        return sorted(data for data in self.received.values() if data != INFO)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over = True
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while not self._is_over:
            for key, _ in self._selector.select(0.05):
                assert isinstance(key.fileobj, socket.socket)
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    self._answer_to(key.fileobj, key.data)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        number = len(self.received)
        self.received[number] = b""
        self._selector.register(connection, selectors.EVENT_READ, number)

    def _answer_to(self, connection: socket.socket, number: int) -> None:
        try:
            data = connection.recv(1 << 16)
        except ConnectionError:
            data = b""
        if not data:
            self._selector.unregister(connection)
            connection.close()
            return
        self.received[number] += data
        requests = data.count(b"*")
        before, self._counted = self._counted, self._counted + requests
        if before < self._pause_after <= self._counted:
            time.sleep(self._pause_seconds)
        if self.received[number] == INFO:
            connection.sendall(ANSWER)
        else:
            connection.sendall(self._answer * requests)
