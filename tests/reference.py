"""A real redis-server to ask what the right answer is; tests skip, with the reason, where there is none."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kvik.wire import encode_request
from tests.engines import as_word

START_SECONDS_MAX = 10.0
ANSWER_SECONDS_MAX = 30.0


class ReferenceServer:
    """redis-server on a unix socket of its own, in memory only, and one connection to it.

    Calling it runs one command; the reply has the shape of `tests.engines.plain_reply`.
    """

    def __init__(self, program: str, folder: Path) -> None:
        path = folder / "redis.sock"
        options = ["--port", "0", "--unixsocket", str(path), "--save", "", "--dir", str(folder)]
        self._process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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
        self._process.kill()
        self._process.wait()

    def _connect(self, path: Path) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(ANSWER_SECONDS_MAX)
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                connection.connect(str(path))
            except OSError:
                if time.monotonic() > deadline:
                    self._process.kill()
                    raise
                time.sleep(0.01)
            else:
                return connection

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
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    with tempfile.TemporaryDirectory(prefix="kvik-reference-") as folder:
        server = ReferenceServer(program, Path(folder))
        try:
            yield server
        finally:
            server.close()
