"""What time it is, read once per turn, so that one turn sees one time."""

import time

from mypy_extensions import mypyc_attr


@mypyc_attr(allow_interpreted_subclasses=True)
class Clock:
    """Wall-clock milliseconds since 1970 in `now`, as of the last `tick`."""

    def __init__(self) -> None:
        self.now = time.time_ns() // 1_000_000

    def tick(self) -> int:
        """Read the time anew and return it, in milliseconds."""
        self.now = time.time_ns() // 1_000_000
        return self.now

    def microseconds(self) -> int:
        """Return the wall clock in microseconds, read now."""
        return time.time_ns() // 1_000

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back, for measuring how long something took."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let the whole program stand still for a while, and read the time anew."""
        time.sleep(seconds)
        self.tick()


@mypyc_attr(allow_interpreted_subclasses=True)
class ManualClock(Clock):
    """A clock that moves only when told to."""

    def __init__(self, now: int = 1_700_000_000_000) -> None:
        super().__init__()
        self.now = now

    def tick(self) -> int:
        return self.now

    def microseconds(self) -> int:
        return self.now * 1_000

    def monotonic(self) -> float:
        return self.now / 1_000

    def sleep(self, seconds: float) -> None:
        self.now += int(seconds * 1_000)

    def advance(self, milliseconds: int) -> None:
        self.now += milliseconds


def shown_second(milliseconds: int) -> str:
    """Return a moment since 1970 in UTC as `20261121-034500`, as names of files have it."""
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(milliseconds // 1_000))
