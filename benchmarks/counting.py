"""Instructions and cycles that a process spends, counted by `perf` where the machine has it; it knows no server.

They are the least noisy figures there are: how many instructions a command takes hardly depends on who else is busy.
"""

import os
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

INSTRUCTIONS = "instructions:u"
CYCLES = "cycles"
ANSWER_SECONDS_MAX = 5.0
MEASURED = 2
"""The column of `perf stat -x,` with the name of the event; the figure is in the first."""


class CountingError(Exception):
    """perf did not do what it was told."""


@dataclass
class Counts:
    """What was counted; None while it is being counted, and for good where perf cannot."""

    instructions: float | None = None
    cycles: float | None = None


def parse_counts(text: str) -> Counts:
    """The figures that `perf stat -x,` printed; an event that was not counted has words in place of its figure."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        fields = line.split(",")
        if len(fields) > MEASURED and fields[0].isdecimal():
            found[fields[MEASURED]] = float(fields[0])
    return Counts(found.get(INSTRUCTIONS), found.get(CYCLES))


@cache
def can_count() -> bool:
    """Whether perf is installed and this machine lets it count: in many virtual ones it may not."""
    command = ["perf", "stat", "-x", ",", "-e", f"{INSTRUCTIONS},{CYCLES}", "true"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_SECONDS_MAX)
    except (OSError, subprocess.TimeoutExpired):
        return False
    counts = parse_counts(done.stderr)
    return counts.instructions is not None and counts.cycles is not None


@contextmanager
def counting(process: int) -> Iterator[Counts]:
    """Count what all threads of a process do inside; the counts are there at the end. perf runs on our own core."""
    counts = Counts()
    if not can_count():
        yield counts
        return
    with _perf(process) as (perf, orders, answers):
        _tell(b"enable\n", orders, answers)
        yield counts
        _tell(b"disable\n", orders, answers)
        perf.send_signal(signal.SIGINT)
        _, said = perf.communicate(timeout=ANSWER_SECONDS_MAX)
    found = parse_counts(said)
    counts.instructions, counts.cycles = found.instructions, found.cycles


@contextmanager
def _perf(process: int) -> Iterator[tuple["subprocess.Popen[str]", int, int]]:
    """A perf that waits for orders on a pipe and answers on another, so that it counts exactly what is between two."""
    their_orders, orders = os.pipe()
    answers, their_answers = os.pipe()
    command = ["perf", "stat", "-x", ",", "-e", f"{INSTRUCTIONS},{CYCLES}", "-p", str(process), "--delay=-1"]
    try:
        perf = subprocess.Popen(
            [*command, f"--control=fd:{their_orders},{their_answers}"],
            pass_fds=(their_orders, their_answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield perf, orders, answers
        finally:
            if perf.poll() is None:
                perf.kill()
            perf.wait(ANSWER_SECONDS_MAX)
            if perf.stderr is not None:
                perf.stderr.close()
    finally:
        for end in (their_orders, orders, answers, their_answers):
            os.close(end)


def _tell(order: bytes, orders: int, answers: int) -> None:
    os.write(orders, order)
    ready, _, _ = select.select([answers], [], [], ANSWER_SECONDS_MAX)
    if not ready or not os.read(answers, 64).startswith(b"ack"):
        raise CountingError(f"perf does not answer {order.decode().strip()!r}")
