"""What is to be reached: one record per row of a case; it knows no measurement."""

from dataclasses import dataclass
from enum import StrEnum


class Better(StrEnum):
    """Which direction is the good one."""

    HIGHER = ">="
    LOWER = "<="


class Verdict(StrEnum):
    """What a measured figure is, held against its goal."""

    REACHED = "reached"
    MISSED = "missed"
    NO_GOAL = ""


THROUGHPUT = "throughput"
PROCESSOR = "processor time"
MEMORY = "memory"
MEMORY_SETTLED = "memory, settled"
TIME = "time"
GROWTH = "growth of time"
PROCESSOR_GROWTH = "growth of processor time"

RATIO = "x"
MILLISECONDS = "ms"

NO_STEEPER = 1.1
"""The same growth as the peer's, and 10 % for noise: on a machine with other work, redis-server against itself came out
between 0.86 and 1.12 (`--noise`)."""


@dataclass(frozen=True)
class Goal:
    """A limit for one figure of one row: in RATIO it is held against kvik / peer, else against kvik's own figure."""

    case: int
    row: str
    figure: str
    better: Better
    limit: float
    unit: str = RATIO

    def verdict(self, ratio: float, ours: float) -> Verdict:
        """Whether the goal is reached: by the median ratio, or by our own figure where the goal has a unit."""
        value = ratio if self.unit == RATIO else ours
        reached = value >= self.limit if self.better is Better.HIGHER else value <= self.limit
        return Verdict.REACHED if reached else Verdict.MISSED

    def __str__(self) -> str:
        return f"{self.better} {self.limit:g}{'' if self.unit == RATIO else ' ' + self.unit}"


def _at_least(case: int, limit: float, *rows: str) -> tuple[Goal, ...]:
    return tuple(Goal(case, row, THROUGHPUT, Better.HIGHER, limit) for row in rows)


def _at_most(case: int, figure: str, limit: float, *rows: str, unit: str = RATIO) -> tuple[Goal, ...]:
    return tuple(Goal(case, row, figure, Better.LOWER, limit, unit) for row in rows)


SIMPLE = ("SET", "GET", "INCR")
FURTHER = ("LPUSH", "RPOP", "SADD", "HSET", "ZADD", "LRANGE_100", "MSET")

MILLION_SMALL = "1M keys, 16 B with 16 B"
LARGE_VALUES = "100k keys, 16 B with 1 KiB"
HASHES = "10k hashes of 20 fields"
START = "start to first answer"
ONE_SHOT = "one-shot get k"
GET_OVER_KEYS = "GET over keys"
SET_OVER_KEYS = "SET over keys"
GET_OVER_CLIENTS = "GET over clients"

GOALS: tuple[Goal, ...] = (
    *_at_least(1, 1.0, *SIMPLE),
    *_at_most(1, PROCESSOR, 1.0, *SIMPLE),
    *_at_least(2, 1.2, *SIMPLE),
    *_at_least(3, 1.5, *SIMPLE),
    *_at_least(3, 1.0, *FURTHER),
    *_at_least(6, 10.0, *(f"{name} unpipelined" for name in SIMPLE)),
    *_at_least(6, 40.0, *(f"{name} pipeline 100" for name in SIMPLE + FURTHER)),
    *_at_most(8, MEMORY, 1.35, MILLION_SMALL),
    *_at_most(8, MEMORY, 1.05, LARGE_VALUES),
    *_at_most(8, MEMORY, 2.5, HASHES),
    *_at_most(12, TIME, 250, START, unit=MILLISECONDS),
    *_at_most(12, TIME, 80, ONE_SHOT, unit=MILLISECONDS),
    *_at_most(13, GROWTH, NO_STEEPER, GET_OVER_KEYS, SET_OVER_KEYS, GET_OVER_CLIENTS),
)


def goal_for(case: int, row: str, figure: str) -> Goal | None:
    """The goal of this figure, or None when it is shown for information."""
    for goal in GOALS:
        if (goal.case, goal.row, goal.figure) == (case, row, figure):
            return goal
    return None
