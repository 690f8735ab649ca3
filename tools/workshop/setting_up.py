"""Set-up as a list of steps, one process at a time, with visible progress. Knows no step itself."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TextIO

from workshop.environment import Environment

SECONDS_PER_DOT = 2
SECONDS_TO_END = 5
LINES_SHOWN_OF_A_FAILURE = 25


class SetUpError(Exception):
    """A set-up that cannot go on; the text is what the user reads."""


@dataclass
class Step:
    """A part of a set-up: its name, and what it does, which takes a file for its output and returns a note or ""."""

    title: str
    action: Callable[[TextIO], str]


class SetUp:
    """Runs steps under a lock, tells a person how far it is, and keeps the steps' output in a log."""

    def __init__(self, work_folder: str, screen: TextIO) -> None:
        self._lock_path = os.path.join(work_folder, "setup.lock")
        self._log_path = os.path.join(work_folder, "setup.log")
        self._screen = screen
        os.makedirs(work_folder, exist_ok=True)

    def bring(self, environment: Environment, stamp: str, steps: Sequence[Step]) -> None:
        """Run the steps unless the environment already has the stamp; raises SetUpError."""
        if environment.is_ready(stamp):
            return
        with self._lock():
            if environment.is_ready(stamp):
                return
            start = time.monotonic()
            self.say(f"kvik: setting up {os.path.basename(environment.folder)}")
            self._run(environment, stamp, steps)
            self.say(f"kvik: ready after {time.monotonic() - start:.1f} s")

    def _run(self, environment: Environment, stamp: str, steps: Sequence[Step]) -> None:
        if not environment.can_become(stamp):
            shutil.rmtree(environment.folder, ignore_errors=True)
        environment.forget()
        self._run_steps(steps)
        environment.remember(stamp)

    def run(self, steps: Sequence[Step]) -> None:
        """Run steps that leave no stamp; raises SetUpError."""
        with self._lock():
            self._run_steps(steps)

    def _run_steps(self, steps: Sequence[Step]) -> None:
        with open(self._log_path, "w", encoding="utf-8") as log:
            for step in steps:
                self._run_step(step, log)

    def say(self, line: str) -> None:
        print(line, file=self._screen, flush=True)

    def _run_step(self, step: Step, log: TextIO) -> None:
        start = time.monotonic()
        print(f"  {step.title} ", end="", file=self._screen, flush=True)
        done = threading.Event()
        life = threading.Thread(target=self._show_life, args=(done,), daemon=True)
        life.start()
        note = ""
        try:
            note = step.action(log)
        except subprocess.CalledProcessError as error:
            raise SetUpError(self._failure(step, error, log)) from None
        finally:
            done.set()
            life.join()
            self.say(f" {time.monotonic() - start:.1f} s")
        if note:
            self.say(f"  {note}")

    def _show_life(self, done: threading.Event) -> None:
        while not done.wait(SECONDS_PER_DOT):
            print(".", end="", file=self._screen, flush=True)

    def _failure(self, step: Step, error: subprocess.CalledProcessError, log: TextIO) -> str:
        log.flush()
        with open(self._log_path, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()[-LINES_SHOWN_OF_A_FAILURE:]
        return "\n".join(
            [*lines, f"kvik: {step.title} failed with code {error.returncode}; all of it: {self._log_path}"]
        )

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Hold the lock of this checkout; children inherit it, so it lasts until the last of them has ended."""
        with open(self._lock_path, "w", encoding="utf-8") as file:
            os.set_inheritable(file.fileno(), True)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.say("kvik: another set-up is under way here; waiting for it")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield


class HeldSignals:
    """Holds back SIGTERM and Ctrl-C while a program is being started, when nobody could end it yet."""

    def __init__(self) -> None:
        self._seen: list[int] = []
        numbers = (signal.SIGTERM, signal.SIGINT)
        self._handlers = {
            number: signal.signal(number, lambda seen, frame: self._seen.append(seen)) for number in numbers
        }

    def release(self) -> None:
        """Go back to what was, and deliver what came meanwhile."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        for seen in self._seen:
            signal.raise_signal(seen)


def run(command: Sequence[str], log: TextIO, **variables: str) -> None:
    """Run a command to its end with its output in the log; an interruption ends the command and its children too.

    Raises CalledProcessError where the command fails.
    """
    print(f"$ {' '.join(command)}", file=log, flush=True)
    held = HeldSignals()
    try:
        process = start(command, log, {**os.environ, **variables})
    except OSError:
        held.release()
        raise
    try:
        held.release()
        code = process.wait()
    except BaseException:
        # It may have ended just now.
        with suppress(subprocess.TimeoutExpired, ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(SECONDS_TO_END)
        raise
    if code:
        raise subprocess.CalledProcessError(code, command)


def start(command: Sequence[str], log: TextIO, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start a command in a session of its own; it inherits the lock, so that the lock outlives whoever is killed."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env=environment,
        close_fds=False,
        start_new_session=True,
    )


def exit_on_termination() -> None:
    """Let SIGTERM unwind a set-up as an interruption does, so that it takes its children with it."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
