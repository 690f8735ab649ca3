"""Case 8: how many bytes of memory a key takes, as the growth of resident memory while keys are loaded."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.goals import (
    HASHES,
    LARGE_VALUES,
    LISTS,
    LONG_STREAM,
    MEMORY,
    MEMORY_SETTLED,
    MILLION_SMALL,
    SETS,
    SORTED_SETS,
    STREAMS,
)
from benchmarks.outcome import Row
from benchmarks.processes import resident_bytes
from benchmarks.servers import Program, running
from benchmarks.wire import Exchange, WireError, encode, exchange, key, knows_command, set_commands

PAUSE_SECONDS = 0.2
SETTLE_SECONDS = 11.0
"""jemalloc gives freed pages back within ten seconds: of its 130 bytes a key redis-server then keeps 123."""

MEMBERS = 20
COLLECTIONS = 10_000


@dataclass(frozen=True)
class Filling:
    """One data set: how many keys, or entries of one, the commands that make them, and all their answers."""

    name: str
    command: str
    keys: int
    commands: Callable[[], Iterable[Exchange]]
    settles: bool = False
    """Whether growing leaves freed tables behind, so that memory is read a second time."""


def strings(keys: int, value_bytes: int) -> Iterable[Exchange]:
    for command in set_commands(range(keys), value_bytes):
        yield command, b"+OK\r\n"


def collections(name: bytes, words: Callable[[int], tuple[bytes, ...]]) -> Iterable[Exchange]:
    """One command per key, which puts MEMBERS members in; `words` are those of a number of its own."""
    for number in range(COLLECTIONS):
        members: list[bytes] = []
        for member in range(MEMBERS):
            members += words(number * MEMBERS + member)
        yield encode(name, key(number), *members), b":%d\r\n" % MEMBERS


def field(number: int) -> tuple[bytes, ...]:
    """A field of 8 bytes, the same in each hash, and a value of 16 bytes."""
    return b"field:%02d" % (number % MEMBERS), b"%016d" % number


def value(number: int) -> tuple[bytes, ...]:
    return (b"value:%010d" % number,)


def scored(number: int) -> tuple[bytes, ...]:
    return b"%d.5" % number, *value(number)


def streams(keys: int, entries: int) -> Iterable[Exchange]:
    """One XADD per entry, with a field of 8 bytes and a value of 16 bytes."""
    for number in range(keys * entries):
        entry = b"%d-0" % (1_700_000_000_000 + number)
        words = (b"field:00", b"%016d" % number)
        yield encode(b"XADD", key(number % keys), entry, *words), b"$%d\r\n%s\r\n" % (len(entry), entry)


FILLINGS = (
    Filling(MILLION_SMALL, "SET", 1_000_000, lambda: strings(1_000_000, 16), settles=True),
    Filling(LARGE_VALUES, "SET", 100_000, lambda: strings(100_000, 1024)),
    Filling(HASHES, "HSET", COLLECTIONS, lambda: collections(b"HSET", field)),
    Filling(LISTS, "RPUSH", COLLECTIONS, lambda: collections(b"RPUSH", value)),
    Filling(SETS, "SADD", COLLECTIONS, lambda: collections(b"SADD", value)),
    Filling(SORTED_SETS, "ZADD", COLLECTIONS, lambda: collections(b"ZADD", scored)),
    Filling(STREAMS, "XADD", COLLECTIONS, lambda: streams(COLLECTIONS, MEMBERS)),
    Filling(LONG_STREAM, "XADD", 100_000, lambda: streams(1, 100_000)),
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
        exchange(server.port, filling.commands(), 100)
        grown: list[float] = []
        for pause in (PAUSE_SECONDS, SETTLE_SECONDS) if filling.settles else (PAUSE_SECONDS,):
            time.sleep(pause)
            grown.append((resident_bytes(server.process) - before) / filling.keys)
        return grown
