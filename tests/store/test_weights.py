"""What is counted is what the process grows by, in a process of its own each time."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from random import Random
from kvik.clock import ManualClock
from kvik.store.databases import Databases
from kvik.store.observer import Observer

def resident():
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[1]) * 4096

size, keys, policy, seconds = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
clock = ManualClock()
databases = Databases(clock, Observer())
databases.limit(1 << 60, 0, policy, Random(1))
space, limit = databases.spaces[0], databases.evictor.limit
before = resident()
for number in range(keys):
    key = b"key:%012d" % number
    space.put(key, (b"%012d" % number).ljust(size, b"x"))
    if seconds:
        space.set_deadline(key, clock.now + 1_000 * (1 + number % seconds))
print(limit.bytes / (resident() - before))
"""


def counted_share(size: int, keys: int, policy: str = "noeviction", seconds: int = 0) -> float:
    """Return what is counted for so many keys as a share of what the process has grown by."""
    command = [sys.executable, "-c", PROGRAM, str(size), str(keys), policy, str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={"PYTHONPATH": source()})
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def source() -> str:
    """Return the folder this process has kvik from, so that the other one measures the same build."""
    import kvik

    return str(Path(kvik.__file__).parent.parent)


needs_linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux says how large a process is")


@needs_linux
@pytest.mark.parametrize(
    ("size", "keys"), [(16, 100_000), (16, 45_000), (200, 30_000), (1_024, 10_000), (65_536, 500), (1 << 20, 100)]
)
def test_values_of_every_size_are_counted_within_15_percent(size: int, keys: int) -> None:
    assert 0.85 < counted_share(size, keys) < 1.15


@needs_linux
@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu"])
def test_what_a_policy_keeps_is_counted_too(policy: str) -> None:
    assert 0.85 < counted_share(16, 60_000, policy) < 1.15


@needs_linux
def test_deadlines_are_counted_too() -> None:
    assert 0.85 < counted_share(16, 60_000, seconds=5_000) < 1.15
