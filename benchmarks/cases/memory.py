"""Case 8: how many bytes of memory a key takes, as the growth of resident memory while keys are loaded."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.goals import HASHES, LARGE_VALUES, MEMORY, MEMORY_SETTLED, MILLION_SMALL
from benchmarks.outcome import Row
from benchmarks.processes import resident_bytes
from benchmarks.servers import Program, running
from benchmarks.wire import WireError, encode, fill, key, knows_command, set_commands

PAUSE_SECONDS = 0.2
SETTLE_SECONDS = 11.0
"""jemalloc gives freed pages back within ten seconds: of its 130 bytes a key redis-server then keeps 123."""

FIELDS = 20


@dataclass(frozen=True)
class Filling:
    """One data set: how many keys, the commands that make them, and what each is answered."""

    name: str
    command: str
    keys: int
    commands: Callable[[], Iterable[bytes]]
    answer: bytes
    settles: bool = False
    """Whether growing leaves freed tables behind, so that memory is read a second time."""


def hash_commands(keys: int) -> Iterable[bytes]:
    """One HSET per key, with FIELDS fields of 8 bytes and values of 16 bytes."""
    for number in range(keys):
        pairs: list[bytes] = []
        for field in range(FIELDS):
            pairs += [b"field:%02d" % field, b"%016d" % (number * FIELDS + field)]
        yield encode(b"HSET", key(number), *pairs)


FILLINGS = (
    Filling(MILLION_SMALL, "SET", 1_000_000, lambda: set_commands(range(1_000_000), 16), b"+OK\r\n", settles=True),
    Filling(LARGE_VALUES, "SET", 100_000, lambda: set_commands(range(100_000), 1024), b"+OK\r\n"),
    Filling(HASHES, "HSET", 10_000, lambda: hash_commands(10_000), b":%d\r\n" % FIELDS),
)


def bytes_per_key(bench: Bench) -> None:
    """Each data set into a new server of each kind, in turns."""
    bench.progress.begin("case 8", len(FILLINGS) * bench.effort.rounds * 2)
    for filling in FILLINGS:
        bench.progress.about(f"case 8: {filling.name}")
        if not _knows(bench, filling.command):
            bench.outcome.not_there_yet.append(f"case 8: {filling.name}")
            continue
        try:
            bench.outcome.add(*_rows(bench, filling))
        except WireError as error:
            bench.outcome.failures.append(f"case 8: {filling.name}: {error}")


def _knows(bench: Bench, name: str) -> bool:
    with running(bench.ours, bench.cores.server) as server:
        return knows_command(server.port, name)


def _rows(bench: Bench, filling: Filling) -> list[Row]:
    programs = (bench.ours, bench.redis)
    ours, theirs = bench.in_turns(
        bench.effort.rounds, programs, lambda index: _measure(programs[index], bench.cores.server, filling)
    )
    figures = (MEMORY, MEMORY_SETTLED) if filling.settles else (MEMORY,)
    return [
        Row(8, filling.name, figure, "B/key", bench.redis.name, [one[at] for one in ours], [one[at] for one in theirs])
        for at, figure in enumerate(figures)
    ]


def _measure(program: Program, core: int, filling: Filling) -> list[float]:
    with running(program, core) as server:
        time.sleep(PAUSE_SECONDS)
        before = resident_bytes(server.process)
        fill(server.port, filling.commands(), filling.answer, 100)
        grown: list[float] = []
        for pause in (PAUSE_SECONDS, SETTLE_SECONDS) if filling.settles else (PAUSE_SECONDS,):
            time.sleep(pause)
            grown.append((resident_bytes(server.process) - before) / filling.keys)
        return grown
