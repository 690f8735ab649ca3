"""`kvik serve DIR` as a process that is to be killed, on a unix socket."""

import os
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.servers import KVIK, START_SECONDS, Process
from tests.wire import Wire

STOPPING_SECONDS_MAX: Final = 0.05
"""A process in the middle of a call stops when that is over, before it does anything else."""
EAGER: Final = ("--auto-aof-rewrite-percentage", "20", "--auto-aof-rewrite-min-size", "32kb")
"""Flags for a journal that is compacted as often as it may be."""


class DurableServer(Process):
    """A server on a directory. Its socket and its log lie in `folder`."""

    def __init__(self, folder: Path, directory: Path, flags: Sequence[str] = ()) -> None:
        self.address = str(folder / "kvik.sock")
        if os.path.exists(self.address):
            os.remove(self.address)
        command = [*KVIK, "serve", str(directory), "--listen", f"resp://{self.address}", *flags]
        super().__init__(command, folder)

    def open(self) -> Wire:
        """Return a connection to the server, as soon as it has loaded its directory."""
        limit = time.monotonic() + START_SECONDS
        while time.monotonic() < limit:
            assert self.process.poll() is None, f"the server ended with {self.process.returncode}:\n{self.output()}"
            wire = self._try_to_open()
            if wire is not None:
                return wire
            time.sleep(0.005)
        raise AssertionError(f"nothing answers on {self.address}:\n{self.output()}")

    def _try_to_open(self) -> Wire | None:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(self.address)
        except OSError:
            connection.close()
            return None
        wire = Wire(connection)
        if wire.call("GET", "nothing") is None:
            return wire
        wire.close()
        return None

    def stop_the_processor(self) -> None:
        """Let it do nothing more, not even answer; a call of the system that is under way goes on without it."""
        self.process.send_signal(signal.SIGSTOP)
        limit = time.monotonic() + STOPPING_SECONDS_MAX
        while self._state() not in ("T", "Z") and time.monotonic() < limit:
            time.sleep(0.0005)

    def _state(self) -> str:
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.process.kill()
        self.process.wait()
