"""Hit ratios of eviction: `python -m benchmarks.eviction`, kvik against redis-server with as many keys held.

redis-server gets a maxmemory; how many keys it holds when it is full is kvik's maxkeys. Both then see the same
requests: GET, and SET where there was nothing.
"""

import os
import random
import re
import sys
import time
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import click
from rich.console import Console
from rich.table import Table

from benchmarks.processes import choose_cores
from benchmarks.servers import Program, kvik_server, redis_server, running
from benchmarks.wire import ask, connect, encode, info_number

# What is asked for at once; what is missing among it is set at once thereafter.
BATCH = 50
VALUE = b"x" * 100
ZIPF = 0.99
# How much of a run is warming up.
WARM = 0.2
TABLE_WIDTH = 150
COLUMNS = ("policy", "workload", "keys held", "redis-server", "kvik", "exact LRU", "bytes", "resident", "seconds")

Requests = Iterator[bytes]
Workload = Callable[[int, int, int], Requests]


def zipf_ranks(count: int, universe: int, seed: int) -> Iterator[int]:
    """Yield `count` ranks below `universe`: rank r comes in proportion to 1 / (r + 1) ** 0.99."""
    total = 0.0
    sums = []
    for rank in range(universe):
        total += 1.0 / (rank + 1) ** ZIPF
        sums.append(total)
    draw = random.Random(seed)
    for _ in range(count):
        yield bisect_left(sums, draw.random() * total)


def zipf(count: int, universe: int, held: int) -> Requests:
    """A few keys are asked for often, most of them seldom, and that never changes."""
    for rank in zipf_ranks(count, universe, 1):
        yield b"key:%d" % rank


def scanned_zipf(count: int, universe: int, held: int) -> Requests:
    """The same; and again and again somebody reads as many keys as are held, once each, that nobody asks for after."""
    scanned = 0
    for number, rank in enumerate(zipf_ranks(count * 4 // 5, universe, 2), 1):
        yield b"key:%d" % rank
        if number % (held * 4) == 0:
            for _ in range(held):
                scanned += 1
                yield b"scan:%d" % scanned


def shifting(count: int, universe: int, held: int) -> Requests:
    """Nine requests of ten go to keys that are hot, half as many as are held; ten times all of these change."""
    hot = held // 2
    draw = random.Random(3)
    for number in range(count):
        first = number * 10 // count * hot
        if draw.random() < 0.9:
            yield b"key:%d" % ((first + draw.randrange(hot)) % universe)
        else:
            yield b"key:%d" % draw.randrange(universe)


WORKLOADS: dict[str, Workload] = {"zipf": zipf, "zipf and scans": scanned_zipf, "shifting hot set": shifting}


@dataclass(frozen=True)
class Held:
    """How a server did: its share of hits, the keys held at the end, the bytes for them, the seconds it took."""

    hits: float
    keys: int
    counted_bytes: int
    resident_bytes: int
    seconds: float


def replay(port: int, requests: Requests, count: int, pause: float) -> tuple[float, float]:
    """Run the requests; return the share of hits after warming up, and the seconds all took."""
    hits = asked = done = 0
    began = time.perf_counter()
    with connect(port) as connection:
        reader = connection.makefile("rb")
        batch: list[bytes] = []
        for key in requests:
            batch.append(key)
            if len(batch) == BATCH:
                connection.sendall(b"".join([encode(b"GET", one) for one in batch]))
                missing = [one for one in batch if not took_value(reader.readline(), reader.read)]
                unique = list(dict.fromkeys(missing))
                connection.sendall(b"".join([encode(b"SET", one, VALUE) for one in unique]))
                for _ in unique:
                    answer = reader.readline()
                    if answer != b"+OK\r\n":
                        raise RuntimeError(f"SET was answered with {answer!r}")
                done += len(batch)
                if done > count * WARM:
                    asked += len(batch)
                    hits += len(batch) - len(missing)
                batch = []
                if pause:
                    time.sleep(pause)
    return hits / max(asked, 1), time.perf_counter() - began


def took_value(line: bytes, read: Callable[[int], bytes]) -> bool:
    """Whether GET found something; reads it away."""
    if line == b"$-1\r\n":
        return False
    read(int(line[1:]) + 2)
    return True


def exact_lru(requests: Requests, count: int, held: int) -> float:
    """The share of hits of a cache that always lets the key go whose last use is longest ago."""
    kept: OrderedDict[bytes, None] = OrderedDict()
    hits = asked = 0
    for number, key in enumerate(requests):
        is_hit = key in kept
        if is_hit:
            kept.move_to_end(key)
        else:
            kept[key] = None
            if len(kept) > held:
                kept.popitem(last=False)
        if number >= count * WARM:
            asked += 1
            hits += is_hit
    return hits / max(asked, 1)


def measure(program: Program, words: list[str], core: int, requests: Requests, count: int, pause: float) -> Held:
    """Start a server, run the requests and ask it what it holds."""
    limited = replace(program, command=lambda port: [*program.command(port), *words])
    with running(limited, core) as server:
        before = info_number(ask(server.port, b"INFO", b"memory"), "used_memory_rss")
        empty = info_number(ask(server.port, b"INFO", b"memory"), "used_memory")
        hits, seconds = replay(server.port, requests, count, pause)
        memory = ask(server.port, b"INFO", b"memory")
        found = re.search(rb":(\d+)\r\n", ask(server.port, b"DBSIZE"))
        keys = int(found[1]) if found else 0
        counted = info_number(memory, "used_memory") - empty
        return Held(hits, keys, counted, info_number(memory, "used_memory_rss") - before, seconds)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--requests", "count", default=1_000_000, show_default=True, help="Requests per run.")
@click.option("--universe", default=200_000, show_default=True, help="Different keys, scans not counted.")
@click.option("--maxmemory", default="6mb", show_default=True, help="redis-server's limit.")
@click.option("--pause", default=0.0, show_default=True, help="Seconds between two batches of 50 requests.")
@click.option("--policies", default="allkeys-lru,allkeys-lfu", show_default=True, help="Which policies.")
@click.option("--allow-interpreted", is_flag=True, help="Measure an interpreted kvik too.")
def main(count: int, universe: int, maxmemory: str, pause: float, policies: str, allow_interpreted: bool) -> None:
    """Print the hit ratios of each policy on each workload. The exit code is 1 where kvik has fewer hits."""
    peer, measured = redis_server(), kvik_server(allow_interpreted)
    core = choose_cores(os.sched_getaffinity(0)).server
    title = f"hit ratios: {count:,} requests of {universe:,} keys, redis-server {peer.version}, kvik {measured.build}"
    table = Table(title=title)
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in COLUMNS[:2] else "right")
    is_worse = False
    for policy in policies.split(","):
        words = ["--maxmemory", maxmemory, "--maxmemory-policy", policy]
        # How many keys are held has to be known before: scans and shifts depend on it.
        held = measure(peer, words, core, every_key(universe), universe, 0.0).keys
        for name, workload in WORKLOADS.items():
            other = measure(peer, words, core, workload(count, universe, held), count, pause)
            own_words = ["--maxkeys", str(other.keys), "--maxmemory-policy", policy]
            own = measure(measured, own_words, core, workload(count, universe, held), count, pause)
            reference = exact_lru(workload(count, universe, held), count, other.keys)
            is_worse = is_worse or own.hits < other.hits
            table.add_row(policy, name, *figures(other, own, reference))
            Console(stderr=True).print(f"{policy}, {name}: {other.hits:.4f} against {own.hits:.4f}")
    Console(width=TABLE_WIDTH).print(table)
    sys.exit(int(is_worse))


def every_key(universe: int) -> Requests:
    """Each key once."""
    return (b"key:%d" % number for number in range(universe))


def figures(other: Held, own: Held, reference: float) -> list[str]:
    """The figures of a row of the table."""
    return [
        f"{other.keys:,} / {own.keys:,}",
        f"{other.hits:.4f}",
        f"{own.hits:.4f}",
        f"{reference:.4f}",
        f"{other.counted_bytes / 1e6:.1f} / {own.counted_bytes / 1e6:.1f} MB",
        f"{other.resident_bytes / 1e6:.1f} / {own.resident_bytes / 1e6:.1f} MB",
        f"{other.seconds:.0f} / {own.seconds:.0f}",
    ]


if __name__ == "__main__":
    main()
