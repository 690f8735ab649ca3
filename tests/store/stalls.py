"""No step on a large value may hold everybody up."""

import gc
import time
from collections.abc import Callable, Sequence

STALL_SECONDS_MAX = 0.02
TIMES = 200


def check(steps: Sequence[Callable[[], object]]) -> None:
    """Fail where the longest of many times of a step takes too long; garbage is not collected meanwhile."""
    gc.collect()
    gc.disable()
    try:
        for number, step in enumerate(steps):
            # The best of three: what the machine does meanwhile is no stall of the value.
            assert min([longest(step) for _ in range(3)]) < STALL_SECONDS_MAX, number
    finally:
        gc.enable()


def longest(step: Callable[[], object]) -> float:
    """Return the longest of many steps, in seconds of processor time."""
    worst = 0.0
    for _ in range(TIMES):
        start = time.thread_time()
        step()
        worst = max(worst, time.thread_time() - start)
    return worst
