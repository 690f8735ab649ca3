"""Cases 1, 2, 3 and 6: commands a second and processor time per command, under the load of redis-benchmark."""

from dataclasses import replace

from benchmarks.bench import Bench
from benchmarks.figures import requests_for
from benchmarks.goals import FURTHER, PROCESSOR, SIMPLE, THROUGHPUT
from benchmarks.load import Load, LoadError, Measured, calibrate, measure
from benchmarks.outcome import Row
from benchmarks.servers import Program, Running, running
from benchmarks.wire import fill, knows_command, set_commands

FAKEREDIS_KEYS = 2_000
"""fakeredis answers some thousand commands a second: more keys would take minutes to load."""

SPECIAL = {
    "LPUSH": Load("lpush", 0, 0, 0, empty="mylist"),
    "RPOP": Load("rpop", 0, 0, 0, empty="mylist", prepare="lpush"),
    "LRANGE_100": Load("lrange", 0, 0, 0, words=("LRANGE", "mylist", "0", "99"), empty="mylist", prepare="lpush"),
}

Named = dict[str, Load]


def loads(names: tuple[str, ...], clients: int, pipeline: int, keys: int) -> Named:
    """The loads of these rows, by the name of the row."""
    found: Named = {}
    for name in names:
        load = SPECIAL.get(name) or Load(name.lower(), 0, 0, 0)
        found[name] = replace(load, clients=clients, pipeline=pipeline, keys=keys)
    return found


def unpipelined(bench: Bench) -> None:
    """Case 1: 50 clients, each waits for its answer."""
    _compare(bench, 1, bench.redis, loads(SIMPLE, 50, 1, bench.effort.keys))


def pipelined(bench: Bench) -> None:
    """Case 2: 50 clients, 16 commands per round trip."""
    _compare(bench, 2, bench.redis, loads(SIMPLE, 50, 16, bench.effort.keys))


def deeply_pipelined(bench: Bench) -> None:
    """Case 3: 10 clients, 100 commands per round trip, more commands."""
    _compare(bench, 3, bench.redis, loads(SIMPLE + FURTHER, 10, 100, bench.effort.keys))


def against_fakeredis(bench: Bench) -> None:
    """Case 6: the loads of 1 and 3 against fakeredis."""
    named = {f"{name} unpipelined": load for name, load in loads(SIMPLE, 50, 1, FAKEREDIS_KEYS).items()}
    deep = loads(SIMPLE + FURTHER, 10, 100, FAKEREDIS_KEYS)
    named |= {f"{name} pipeline 100": load for name, load in deep.items()}
    _compare(bench, 6, bench.fakeredis(), named)


def _compare(bench: Bench, case: int, peer: Program, named: Named) -> None:
    bench.progress.begin(f"case {case} against {peer.name}", len(named) * bench.effort.rounds * 2)
    with running(bench.ours, bench.cores.server) as ours, running(peer, bench.cores.server) as theirs:
        for server in (ours, theirs):
            fill(server.port, set_commands(range(next(iter(named.values())).keys), 3), b"+OK\r\n", 100)
        for name, load in named.items():
            bench.progress.about(f"case {case} against {peer.name}: {name}")
            if not knows_command(ours.port, _command_of(load)):
                bench.outcome.not_there_yet.append(f"case {case}: {name}")
                continue
            try:
                bench.outcome.add(*_rows(bench, case, name, load, (ours, theirs)))
            except LoadError as error:
                bench.outcome.failures.append(f"case {case}: {name}: {error}")


def _command_of(load: Load) -> str:
    return (load.words[0] if load.words else load.test).upper()


def _rows(bench: Bench, case: int, name: str, load: Load, servers: tuple[Running, Running]) -> tuple[Row, Row]:
    rates = [calibrate(server, load) for server in servers]
    requests = requests_for(rates, bench.effort.seconds, load.multiple)
    ours, theirs = bench.in_turns(
        bench.effort.rounds, servers, lambda index: measure(servers[index], load, requests[index])
    )
    return rows_of(case, name, servers[1].program.name, ours, theirs)


def rows_of(case: int, name: str, peer: str, ours: list[Measured], theirs: list[Measured]) -> tuple[Row, Row]:
    """The two rows of a load: throughput, with latencies and the use of the core beside it, and processor time."""
    extra = {
        figure: {"ours": [getattr(one, figure) for one in ours], "theirs": [getattr(one, figure) for one in theirs]}
        for figure in ("busy", "p50_ms", "p99_ms")
    }
    our_rates, their_rates = ([one.requests_per_second for one in rounds] for rounds in (ours, theirs))
    our_times, their_times = ([one.processor_us for one in rounds] for rounds in (ours, theirs))
    return (
        Row(case, name, THROUGHPUT, "1/s", peer, our_rates, their_rates, extra),
        Row(case, name, PROCESSOR, "us", peer, our_times, their_times),
    )
