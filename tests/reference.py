"""A real redis-server to ask what the right answer is; tests skip, with the reason, where there is none."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvik.wire import encode_request
from tests.engines import as_word
from tests.servers import require

START_SECONDS_MAX = 10.0
ANSWER_SECONDS_MAX = 30.0
# The server ends with whoever started it, even one that was killed: the pipe to it closes then.
UNTIL_END_OF_INPUT = '"$@" & read -r line; kill $!; wait'


class ReferenceServer:
    """redis-server on a unix socket of its own, in memory only, and one connection to it.

    Calling it runs one command; the reply has the shape of `tests.engines.plain_reply`.
    """

    def __init__(self, program: str, folder: Path) -> None:
        path = folder / "redis.sock"
        options = ["--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(folder)]
        self._process = subprocess.Popen(
            ["sh", "-c", UNTIL_END_OF_INPUT, "sh", program, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._socket = self._connect(path)
        self._reader = self._socket.makefile("rb")

    def __call__(self, *words: str | bytes | int) -> object:
        return self.many([[as_word(word) for word in words]])[0]

    def many(self, requests: list[list[bytes]]) -> list[object]:
        """Run commands in one go and return their replies."""
        self._socket.sendall(b"".join(encode_request(words) for words in requests))
        return [self._read() for _ in requests]

    def close(self) -> None:
        self._reader.close()
        self._socket.close()
        self._end()

    def _connect(self, path: Path) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(ANSWER_SECONDS_MAX)
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                connection.connect(str(path))
            except OSError:
                if time.monotonic() > deadline:
                    self._end()
                    raise
                time.sleep(0.01)
            else:
                return connection

    def _end(self) -> None:
        self._process.communicate()

    def _read(self) -> object:
        line = self._reader.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            return rest.decode("utf-8", "surrogateescape")
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self._reader.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self._read() for _ in range(int(rest))]
        raise AssertionError(f"not a RESP2 reply: {line!r}")


@pytest.fixture(scope="session")
def reference() -> Iterator[ReferenceServer]:
    """A real redis-server, shared by the tests of one process: begin with FLUSHALL."""
    program = require("redis-server")
    with tempfile.TemporaryDirectory(prefix="kvik-reference-") as folder:
        server = ReferenceServer(program, Path(folder))
        try:
            yield server
        finally:
            server.close()
