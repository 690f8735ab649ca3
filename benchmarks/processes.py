"""Processes as the kernel accounts for them: cores, processor time, memory; it knows no server."""

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
CPUCLOCK_SCHED = 2
"""The kind of processor clock with the scheduler's precision (linux/posix-timers.h)."""

AUTOGROUP = Path("/proc/self/autogroup")
NICE_FIRST = -20


class PriorityError(Exception):
    """This process may not go first; the text is for the person at the terminal."""


@dataclass(frozen=True)
class Cores:
    """Which core the servers take turns on, and which one the load generator has."""

    server: int
    load: int


def choose_cores(allowed: set[int]) -> Cores:
    """The first two cores this process may use; on a machine with one core both share it, and every figure suffers."""
    first, *rest = sorted(allowed)
    return Cores(first, rest[0] if rest else first)


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """A process started inside runs on this core alone: affinity is inherited."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def going_first() -> Iterator[None]:
    """What is started inside, servers and load alike, goes before all other work of the machine.

    Where the kernel shares time between sessions first (sched_autogroup), the session's own priority decides; it is set
    back at the end. PriorityError where this process may not.
    """
    before = parse_autogroup_nice(AUTOGROUP.read_text()) if AUTOGROUP.exists() else None
    try:
        os.setpriority(os.PRIO_PROCESS, 0, NICE_FIRST)
        if before is not None:
            AUTOGROUP.write_text(str(NICE_FIRST))
    except OSError:
        raise PriorityError("only root may go before all other work") from None
    try:
        yield
    finally:
        if before is not None:
            AUTOGROUP.write_text(str(before))


def parse_autogroup_nice(text: str) -> int:
    """The priority of a session from the text of /proc/PID/autogroup, `/autogroup-17 nice 0`."""
    return int(text.split()[-1])


def raise_open_files() -> int:
    """Allow as many open files as the system lets this process have, and say how many: children inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def parse_processor_seconds(stat: str) -> float:
    """User and system time of a process with all its threads, from the text of /proc/PID/stat (fields 14 and 15).

    The name in field 2 may hold blanks and parentheses, so counting starts after its last one.
    """
    fields = stat[stat.rindex(")") + 2 :].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def parse_resident_bytes(status: str) -> int:
    """Resident memory from the text of /proc/PID/status; ValueError when the process has none (it has ended)."""
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ValueError("no VmRSS: the process has ended")


def processor_clock(process: int) -> int:
    """The number of the clock that counts a process's own time, as clock_getcpuclockid makes it on Linux."""
    return (~process << 3) | CPUCLOCK_SCHED


def processor_seconds(process: int) -> float:
    """The processor time a process has used with all its threads: to the nanosecond, or in hundredths of a second
    where the kernel does not give its clock away."""
    try:
        return time.clock_gettime(processor_clock(process))
    except OSError:
        return parse_processor_seconds(Path(f"/proc/{process}/stat").read_text())


def resident_bytes(process: int) -> int:
    """The memory of a process that is in RAM."""
    return parse_resident_bytes(Path(f"/proc/{process}/status").read_text())
