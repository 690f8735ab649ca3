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
    """How much is measured."""

    pairs: int
    """Short rounds of both servers next to each other: most cases compare so."""
    pair_seconds: float
    """The load of one server in a short round."""
    rounds: int
    """Long rounds, for what cannot be measured in a short one."""
    seconds: float
    """The load of one server in a long round that is under load."""
    keys: int
    """Among how many keys the load chooses."""
    many: int
    """How many keys or commands stand for "a lot of data"."""
    full: bool = False
    """Whether the longest rows are in."""


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
