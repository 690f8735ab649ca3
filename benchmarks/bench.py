"""What every case gets: the two programs, how long to measure, where to put what was found; it knows no case."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.outcome import Outcome
from benchmarks.processes import Cores
from benchmarks.progress import Progress
from benchmarks.servers import Program

Result = TypeVar("Result")


@dataclass(frozen=True)
class Effort:
    """How much is measured: rounds, seconds of load in each, random keys, and whether the longest rows are in."""

    rounds: int
    seconds: float
    keys: int
    full: bool = False


@dataclass(frozen=True)
class Bench:
    """One run: our program against the peers, on these cores, with this effort."""

    ours: Program
    redis: Program
    fakeredis: Callable[[], Program]
    cores: Cores
    files_max: int
    effort: Effort
    outcome: Outcome
    progress: Progress

    def in_turns(self, count: int, servers: Sequence[object], measure: Callable[[int], Result]) -> list[list[Result]]:
        """Measure each server in each round, the second first in every other round; one list of rounds per server."""
        found: list[list[Result]] = [[] for _ in servers]
        for number in range(count):
            order = range(len(servers)) if number % 2 == 0 else range(len(servers) - 1, -1, -1)
            for index in order:
                found[index].append(measure(index))
                self.progress.advance()
        return found
