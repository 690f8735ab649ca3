"""Programs as a person or a script starts them: with arguments, a pipe or a terminal, ended by their own id."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

SOURCE = str(Path(__file__).resolve().parent.parent / "src")
KVIK = [sys.executable, "-m", "kvik"]
ONE_SHOT = "import sys; from kvik.client.oneshot import main; sys.exit(main(sys.argv[1:]))"
CLIENT = [sys.executable, "-c", ONE_SHOT]
SECONDS_MAX = 20.0
# Nothing of the surroundings decides what a test sees.
QUIET = {"REDIS_URL": "", "REDISCLI_AUTH": "", "NO_COLOR": "1", "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}


def run(
    command: Sequence[str | bytes], data: bytes = b"", environment: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """Run a program to its end with `data` on its standard input."""
    surroundings = {**os.environ, **QUIET, **(environment or {})}
    return subprocess.run(command, input=data, capture_output=True, timeout=SECONDS_MAX, env=surroundings)


def run_python(script: str, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    """Run a small program to its end."""
    return run([sys.executable, "-c", script, *arguments])


def pipe_to(command: Sequence[str]) -> "subprocess.Popen[bytes]":
    """Start a program between two pipes."""
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **QUIET}
    )


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self.screen = b""
        self._has_ended = False
        self._process_id, self._terminal = pty.fork()
        if self._process_id == 0:
            os.execvpe(command[0], list(command), {**os.environ, **QUIET, **environment})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._terminal)
        if not self._has_ended:
            os.kill(self._process_id, signal.SIGKILL)
            os.waitpid(self._process_id, 0)

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def wait_for(self, text: str) -> bytes:
        """Return what was shown up to `text`, which must come."""
        limit = time.monotonic() + SECONDS_MAX
        while text.encode() not in self.screen:
            assert time.monotonic() < limit, f"{text!r} did not come: {self.screen!r}"
            self._read()
        before, _, self.screen = self.screen.partition(text.encode())
        return before

    def exit_code(self, seconds_max: float = SECONDS_MAX) -> int:
        """Wait for the program to end by itself and return its exit code."""
        limit = time.monotonic() + seconds_max
        while time.monotonic() < limit:
            done, status = os.waitpid(self._process_id, os.WNOHANG)
            if done:
                self._has_ended = True
                return os.waitstatus_to_exitcode(status)
            self._read()
        raise AssertionError(f"the program did not end: {self.screen!r}")

    def _read(self) -> None:
        if select.select([self._terminal], [], [], 0.05)[0]:
            try:
                self.screen += os.read(self._terminal, 65536)
            except OSError:
                # What Linux says when the program has closed its terminal.
                time.sleep(0.01)
