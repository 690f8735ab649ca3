"""Processes as the kernel accounts for them: cores, processor time, memory; it knows no server."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


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


def processor_seconds(process: int) -> float:
    """The processor time a process has used, in hundredths of a second as the kernel shows it."""
    return parse_processor_seconds(Path(f"/proc/{process}/stat").read_text())


def resident_bytes(process: int) -> int:
    """The memory of a process that is in RAM."""
    return parse_resident_bytes(Path(f"/proc/{process}/status").read_text())
