"""The cases by their numbers."""

from collections.abc import Callable

from benchmarks.bench import Bench
from benchmarks.cases import embedding, expiry, growth, loading, memory, stalls, starting, throughput

CASES: dict[int, Callable[[Bench], None]] = {
    1: throughput.unpipelined,
    2: throughput.pipelined,
    3: throughput.deeply_pipelined,
    4: throughput.with_journal,
    5: throughput.with_every_write_synced,
    6: throughput.against_fakeredis,
    7: embedding.inside_a_program,
    8: memory.bytes_per_key,
    9: loading.of_a_log,
    10: stalls.of_a_pinging_client,
    11: expiry.how_late,
    12: starting.first_answers,
    13: growth.curves,
}
QUICK = (1, 2, 3)
