"""What the machine says about this process: its number, memory and processor time. Knows nothing of kvik."""

import gc
import os
import platform
import sys
from typing import Final

KB: Final = 1024
UNLIMITED: Final = 1 << 30
# The youngest objects are looked at when there are so many, and after so many times those that survived.
YOUNG_OBJECTS: Final = 2_000
YOUNG_COLLECTIONS: Final = 10
NEVER: Final = 1 << 30
STATM: Final = "/proc/self/statm"
"""Linux' sizes of this process in pages; the second one is what is in memory."""


def absolute_path(path: str) -> str:
    """Return a path that means the same wherever the process goes."""
    return os.path.abspath(path)


def process_id() -> int:
    return os.getpid()


def system() -> str:
    """Return name, version and processor, such as `Linux 6.1.0 x86_64`."""
    return f"{platform.system()} {platform.release()} {platform.machine()}"


def resident_bytes() -> int:
    """Return how much memory the process holds now; where only the peak can be known, the peak."""
    try:
        with open(STATM, "rb") as stream:
            pages = int(stream.read(256).split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return resident_bytes_max()


def resident_bytes_max() -> int:
    """Return the most memory the process has held, 0 where the system does not say."""
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * KB


def descriptors_max() -> int:
    """Return how many files and sockets the process may have open at once."""
    if sys.platform == "win32":
        return UNLIMITED
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return UNLIMITED if soft == resource.RLIM_INFINITY else soft


def allow_descriptors(wanted: int) -> int:
    """Allow the process `wanted` open files and sockets, or as many as the system lets it; return how many."""
    if sys.platform != "win32" and descriptors_max() < wanted:
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return descriptors_max()


def collect_only_what_is_young() -> None:
    """Let Python's garbage collector look at new objects alone, never again at all there are.

    A full collection walks through every list, hash and block of the data and serves nobody meanwhile: a
    quarter of a second at some million. The data has no cycles, and connections break theirs when they end.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, YOUNG_COLLECTIONS, NEVER)


def processor_seconds() -> tuple[float, float]:
    """Return the seconds spent in the program and, for it, in the system."""
    spent = os.times()
    return spent.user, spent.system
