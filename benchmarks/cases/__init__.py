"""The cases by their numbers."""

from collections.abc import Callable

from benchmarks.bench import Bench
from benchmarks.cases import growth, memory, starting, throughput

CASES: dict[int, Callable[[Bench], None]] = {
    1: throughput.unpipelined,
    2: throughput.pipelined,
    3: throughput.deeply_pipelined,
    6: throughput.against_fakeredis,
    8: memory.bytes_per_key,
    12: starting.first_answers,
    13: growth.curves,
}
QUICK = (1, 2, 3)
