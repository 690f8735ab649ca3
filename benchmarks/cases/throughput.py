"""Cases 1 to 6: commands a second and processor time per command, under the load of redis-benchmark."""

from dataclasses import replace

from benchmarks.bench import Bench
from benchmarks.counting import CountingError
from benchmarks.figures import requests_for
from benchmarks.goals import (
    DEEPLY_PIPELINED,
    FURTHER,
    OTHER_TYPES,
    PIPELINED,
    PROCESSOR,
    SIMPLE,
    SYNCED,
    THROUGHPUT,
    UNPIPELINED,
)
from benchmarks.load import Load, LoadError, Measured, calibrate, measure
from benchmarks.outcome import Extra, Row
from benchmarks.servers import ALWAYS, EVERYSEC, Program, Running, running
from benchmarks.wire import fill, knows_command, set_commands

FAKEREDIS_KEYS = 2_000
"""fakeredis answers some thousand commands a second: more keys would take minutes to load."""

RANDOM = "__rand_int__"
"""redis-benchmark puts a random number of twelve digits here."""
SPECIAL = {
    "LPUSH": Load("lpush", 0, 0, 0, empty="mylist"),
    "RPOP": Load("rpop", 0, 0, 0, empty="mylist", prepare="lpush"),
    "LRANGE_100": Load("lrange", 0, 0, 0, words=("LRANGE", "mylist", "0", "99"), empty="mylist", prepare="lpush"),
    "SETBIT": Load("setbit", 0, 0, 0, words=("SETBIT", f"bits:{RANDOM}", "7", "1")),
    "PFADD": Load("pfadd", 0, 0, 0, words=("PFADD", "visitors", f"element:{RANDOM}")),
    "GEOADD": Load("geoadd", 0, 0, 0, words=("GEOADD", "places", f"12.{RANDOM}", f"55.{RANDOM}", f"place:{RANDOM}")),
    "XADD": Load("xadd", 0, 0, 0, words=("XADD", "mystream", "*", "myfield", "data"), empty="mystream"),
}

Named = dict[str, Load]
Pair = tuple[Running, Running]


def loads(names: tuple[str, ...], clients: int, pipeline: int, keys: int) -> Named:
    """The loads of these rows, by the name of the row."""
    found: Named = {}
    for name in names:
        load = SPECIAL.get(name) or Load(name.lower(), 0, 0, 0)
        found[name] = replace(load, clients=clients, pipeline=pipeline, keys=keys)
    return found


def unpipelined(bench: Bench) -> None:
    """Case 1: 50 clients, each waits for its answer."""
    _compare(bench, 1, bench.ours, bench.redis, loads(SIMPLE, 50, 1, bench.effort.keys))


def pipelined(bench: Bench) -> None:
    """Case 2: 50 clients, 16 commands per round trip."""
    _compare(bench, 2, bench.ours, bench.redis, loads(SIMPLE, 50, 16, bench.effort.keys))


def deeply_pipelined(bench: Bench) -> None:
    """Case 3: 10 clients, 100 commands per round trip, more commands."""
    _compare(bench, 3, bench.ours, bench.redis, loads(SIMPLE + FURTHER + OTHER_TYPES, 10, 100, bench.effort.keys))


def with_journal(bench: Bench) -> None:
    """Case 4: the loads of 1 to 3 with a journal that is synced every second.

    Each load has servers of its own: their journals grow with every round and are gone after it.
    """
    keys = bench.effort.keys
    named = _labelled(UNPIPELINED, loads(SIMPLE, 50, 1, keys)) | _labelled(PIPELINED, loads(SIMPLE, 50, 16, keys))
    named |= _labelled(DEEPLY_PIPELINED, loads(SIMPLE + FURTHER + OTHER_TYPES, 10, 100, keys))
    for name, load in named.items():
        _compare(bench, 4, bench.ours.kept(EVERYSEC), bench.redis.kept(EVERYSEC), {name: load})


def with_every_write_synced(bench: Bench) -> None:
    """Case 5: SET from 50 clients, answered when it is on disk."""
    named = _labelled(SYNCED, loads(("SET",), 50, 1, bench.effort.keys))
    _compare(bench, 5, bench.ours.kept(ALWAYS), bench.redis.kept(ALWAYS), named)


def against_fakeredis(bench: Bench) -> None:
    """Case 6: the loads of 1 and 3 against fakeredis; few rounds, as the goals are far above any noise."""
    named = _labelled(UNPIPELINED, loads(SIMPLE, 50, 1, FAKEREDIS_KEYS))
    named |= _labelled(DEEPLY_PIPELINED, loads(SIMPLE + FURTHER, 10, 100, FAKEREDIS_KEYS))
    _compare(bench, 6, bench.ours, bench.fakeredis(), named, bench.effort.rounds)


def _labelled(label: str, named: Named) -> Named:
    return {f"{name} {label}": load for name, load in named.items()}


def _compare(bench: Bench, case: int, program: Program, peer: Program, named: Named, rounds: int | None = None) -> None:
    rounds = rounds or bench.effort.pairs
    title = f"case {case} against {peer.name}: {', '.join(named)}"
    bench.progress.begin(title, len(named) * rounds * 2)
    with running(program, bench.cores.server) as ours, running(peer, bench.cores.server) as theirs:
        for server in (ours, theirs):
            fill(server.port, set_commands(range(next(iter(named.values())).keys), 3), b"+OK\r\n", 100)
        for name, load in named.items():
            bench.progress.about(f"case {case} against {peer.name}: {name}")
            if not knows_command(ours.port, _command_of(load)):
                bench.outcome.not_there_yet.append(f"case {case}: {name}")
                continue
            try:
                bench.outcome.add(*_rows(bench, case, name, load, (ours, theirs), rounds))
            except (LoadError, CountingError) as error:
                bench.outcome.failures.append(f"case {case}: {name}: {error}")


def _command_of(load: Load) -> str:
    return (load.words[0] if load.words else load.test).upper()


def _rows(bench: Bench, case: int, name: str, load: Load, servers: Pair, rounds: int) -> tuple[Row, Row]:
    rates = [calibrate(server, load) for server in servers]
    requests = requests_for(rates, bench.effort.pair_seconds, load.multiple)
    ours, theirs = bench.in_turns(rounds, servers, lambda index: measure(servers[index], load, requests[index]))
    return rows_of(case, name, servers[1].program.name, ours, theirs)


def rows_of(case: int, name: str, peer: str, ours: list[Measured], theirs: list[Measured]) -> tuple[Row, Row]:
    """The two rows of a load: throughput, with latencies and the use of the core beside it, and processor time, with
    instructions and cycles beside it where they could be counted."""
    our_rates, their_rates = ([one.requests_per_second for one in rounds] for rounds in (ours, theirs))
    our_times, their_times = ([one.processor_us for one in rounds] for rounds in (ours, theirs))
    beside_rates = _extra(ours, theirs, "busy", "p50_ms", "p99_ms")
    beside_times = _extra(ours, theirs, "instructions", "cycles")
    return (
        Row(case, name, THROUGHPUT, "1/s", peer, our_rates, their_rates, beside_rates),
        Row(case, name, PROCESSOR, "us", peer, our_times, their_times, beside_times),
    )


def _extra(ours: list[Measured], theirs: list[Measured], *figures: str) -> dict[str, Extra]:
    """These figures of all rounds, without those that are not there in each of them."""
    found: dict[str, Extra] = {}
    for figure in figures:
        sides = [[getattr(one, figure) for one in rounds] for rounds in (ours, theirs)]
        if None not in sides[0] + sides[1]:
            found[figure] = {"ours": sides[0], "theirs": sides[1]}
    return found
