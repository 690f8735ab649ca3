"""Real servers for tests: redis-server, and kvik as a process of its own, each on loopback, ended by its own id."""

import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.wire import Wire

START_SECONDS = 30.0
STOP_SECONDS = 10.0
KVIK = [sys.executable, "-m", "kvik"]
PR_SET_PDEATHSIG = 1
READY = re.compile(r"Ready to accept connections on (.+)\n")


def require(program: str) -> str:
    """Return where a program is; without it the test is skipped with the reason, in CI it fails."""
    path = shutil.which(program)
    if path is None:
        reason = f"{program} is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def surroundings() -> dict[str, str]:
    """Return the environment for a program that runs in another folder: no settings, paths made absolute."""
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("KVIK_")}
    return variables | {"PYTHONPATH": os.pathsep.join([os.path.abspath(path) for path in paths])}


def end_with_the_tests() -> None:
    """Let Linux end this process when the tests that started it are killed, so that no server is left over."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Process:
    """A program that runs beside the tests; its output is kept in `log`."""

    def __init__(self, command: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> None:
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=surroundings() | (environment or {}),
                preexec_fn=end_with_the_tests,
            )

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_for(self, address: tuple[str, int] | str) -> None:
        """Return when the program answers on `address`."""
        limit = time.monotonic() + START_SECONDS
        while time.monotonic() < limit:
            assert self.process.poll() is None, f"the server ended with {self.process.returncode}:\n{self.output()}"
            try:
                connect(address).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError(f"nothing answers on {address}:\n{self.output()}")

    def memory(self) -> int:
        """Return the resident memory in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def stop(self) -> int:
        """End the program and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server did not end at SIGTERM:\n{self.output()}") from None


def connect(address: tuple[str, int] | str) -> socket.socket:
    """Return a connection to a host and port, or to a unix socket."""
    if isinstance(address, str):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(address)
        return connection
    return socket.create_connection(address, timeout=10)


class RedisServer(Process):
    """The real redis-server on a unix socket, keeping nothing."""

    def __init__(self, folder: Path) -> None:
        self.address = str(folder / "redis.sock")
        command = [
            require("redis-server"),
            "--port",
            "0",
            "--unixsocket",
            self.address,
            "--save",
            "",
            "--dir",
            str(folder),
        ]
        super().__init__(command, folder)
        self.wait_for(self.address)

    def open(self) -> Wire:
        return Wire(connect(self.address))


class KvikServer(Process):
    """`kvik serve` with a door of each kind that is asked for, each on a free port."""

    def __init__(
        self,
        folder: Path,
        doors: Sequence[str] = ("resp", "text", "telnet", "colon", "auto"),
        flags: Sequence[str] = (),
        host: str = "127.0.0.1",
    ) -> None:
        command = [*KVIK, "serve", *flags]
        for door in doors:
            command += ["--listen", f"{door}://{host}:0"]
        super().__init__(command, folder)
        self.ports = dict(zip(doors, self._ports_found(), strict=True))

    def _ports_found(self) -> list[int]:
        """Return the ports the server has found free, as soon as it says that it listens there."""
        limit = time.monotonic() + START_SECONDS
        while (ready := READY.search(self.output())) is None:
            assert self.process.poll() is None, f"the server ended with {self.process.returncode}:\n{self.output()}"
            assert time.monotonic() < limit, f"the server does not listen:\n{self.output()}"
            time.sleep(0.02)
        return [int(address.rpartition(":")[2]) for address in ready[1].split(", ")]

    def open(self, door: str = "resp") -> Wire:
        return Wire(connect(("127.0.0.1", self.ports[door])))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a path short enough for a unix socket."""
    with tempfile.TemporaryDirectory(prefix="kvik-") as name:
        yield Path(name)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One redis-server for all tests: each empties it first."""
    with tempfile.TemporaryDirectory(prefix="kvik-") as name:
        server = RedisServer(Path(name))
        yield server
        server.stop()


@pytest.fixture(scope="session")
def kvik_process() -> Iterator[KvikServer]:
    with tempfile.TemporaryDirectory(prefix="kvik-") as name:
        server = KvikServer(Path(name))
        yield server
        assert server.stop() == 0, server.output()


@pytest.fixture
def kvik_server(kvik_process: KvikServer) -> KvikServer:
    """`kvik serve` with a door of every kind, empty."""
    with kvik_process.open() as wire:
        assert wire.call("FLUSHALL") == b"OK"
    return kvik_process
