"""What a figure was measured on: processor, cores, kernel, versions; it knows no figures."""

import os
import platform
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

FSYNCS = 21
ROOT = Path(__file__).resolve().parents[1]


def describe() -> dict[str, str]:
    """The machine and the Python that runs the harness, in words."""
    return {
        "processor": parse_processor(_text("/proc/cpuinfo")),
        "cores": str(os.cpu_count() or 1),
        "memory": f"{parse_memory_kib(_text('/proc/meminfo')) / 1024 / 1024:.1f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "commit": commit(),
        "data": f"{tempfile.gettempdir()}, where an fsync takes {fsync_ms(tempfile.gettempdir()):.2f} ms",
    }


def fsync_ms(folder: str) -> float:
    """The median of some writes of 4 KiB that are made durable one by one: near 0 where nothing is ever on a disk."""
    taken = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(FSYNCS):
            file.write(bytes(4096))
            file.flush()
            started = time.perf_counter()
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - started) * 1000)
    return median(taken)


def parse_processor(cpuinfo: str) -> str:
    """The model of the first processor in the text of /proc/cpuinfo."""
    for line in cpuinfo.splitlines():
        if line.startswith(("model name", "Model")):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def parse_memory_kib(meminfo: str) -> int:
    """All memory in the text of /proc/meminfo, 0 when it does not say."""
    for line in meminfo.splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1])
    return 0


def commit() -> str:
    """The commit of the checkout with a + when files have changed, or an empty text outside of one."""
    try:
        command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip()


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
