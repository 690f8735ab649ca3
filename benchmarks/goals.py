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

LATENESS = "p99 of being late"
LATENESS_MAX = "longest being late"
STALL = "longest stall"
STALL_P99 = "p99"
STALL_P99_OF_IDLE = "p99 of idle p99"

RATIO = "x"
MILLISECONDS = "ms"
IDLE_RATIO = "x idle"

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
OTHER_TYPES = ("SETBIT", "PFADD", "GEOADD", "XADD")

UNPIPELINED = "unpipelined"
PIPELINED = "pipeline 16"
DEEPLY_PIPELINED = "pipeline 100"
SYNCED = "synced before its answer"


def _labelled(label: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{name} {label}" for name in names)


OPERATIONS = ("GET", "SET")
DISKCACHE = "diskcache"
REDIS_PY = "redis-py"
IN_MEMORY = "in memory"
IN_FOLDER = "in a folder"


def embedded_row(operation: str, where: str, peer: str) -> str:
    """The name of a row of case 7."""
    return f"{operation} {where} against {peer}"


def _embedded(operation: str, peer: str) -> tuple[str, ...]:
    return tuple(embedded_row(operation, where, peer) for where in (IN_MEMORY, IN_FOLDER))


LOADING = "loading the log"
IDLE = "nothing else happens"
WHILE_GROWING = "while the data grow"
WHILE_COMPACTING = "while the log is compacted"
WHILE_EXPIRING = "while many keys expire at once"
BUSY = (WHILE_GROWING, WHILE_COMPACTING, WHILE_EXPIRING)
EXPIRY = "keys that expire over 10 s"
MILLION_SMALL = "1M keys, 16 B with 16 B"
LARGE_VALUES = "100k keys, 16 B with 1 KiB"
HASHES = "10k hashes of 20 fields"
LISTS = "10k lists of 20 values"
SETS = "10k sets of 20 members"
SORTED_SETS = "10k sorted sets of 20 members"
STREAMS = "10k streams of 20 entries"
LONG_STREAM = "an entry of a stream of 100k"
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
    *_at_least(3, 1.0, *FURTHER, *OTHER_TYPES),
    *_at_least(4, 1.0, *_labelled(UNPIPELINED, SIMPLE)),
    *_at_most(4, PROCESSOR, 1.0, *_labelled(UNPIPELINED, SIMPLE)),
    *_at_least(4, 1.2, *_labelled(PIPELINED, SIMPLE)),
    *_at_least(4, 1.5, *_labelled(DEEPLY_PIPELINED, SIMPLE)),
    *_at_least(4, 1.0, *_labelled(DEEPLY_PIPELINED, FURTHER + OTHER_TYPES)),
    *_at_least(5, 1.0, *_labelled(SYNCED, ("SET",))),
    *_at_least(6, 10.0, *_labelled(UNPIPELINED, SIMPLE)),
    *_at_least(6, 40.0, *_labelled(DEEPLY_PIPELINED, SIMPLE + FURTHER)),
    *_at_least(7, 25, *_embedded("GET", DISKCACHE)),
    *_at_least(7, 50, *_embedded("SET", DISKCACHE)),
    *_at_least(7, 50, *_embedded("GET", REDIS_PY), *_embedded("SET", REDIS_PY)),
    *_at_most(8, MEMORY, 1.35, MILLION_SMALL),
    *_at_most(8, MEMORY, 1.05, LARGE_VALUES),
    *_at_most(8, MEMORY, 2.5, HASHES),
    *_at_least(9, 1.0, LOADING),
    *_at_most(10, STALL, 1.0, *BUSY),
    *_at_most(10, STALL_P99_OF_IDLE, 1.5, *BUSY, unit=IDLE_RATIO),
    *_at_most(11, LATENESS, 100, EXPIRY, unit=MILLISECONDS),
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
