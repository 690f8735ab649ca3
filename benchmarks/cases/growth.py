"""Case 13: how the time per command grows with keys and with clients, beside the curve of the peer."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.cases.throughput import rows_of
from benchmarks.counting import CountingError
from benchmarks.figures import growths, requests_for
from benchmarks.goals import (
    GET_OVER_CLIENTS,
    GET_OVER_KEYS,
    GROWTH,
    PROCESSOR_GROWTH,
    RATIO,
    SET_OVER_KEYS,
    THROUGHPUT,
)
from benchmarks.load import Load, LoadError, calibrate, measure
from benchmarks.outcome import Row
from benchmarks.servers import Running, running
from benchmarks.wire import fill, set_commands

KEYS = (1_000, 10_000, 100_000, 1_000_000)
KEYS_FULL = (5_000_000,)
CLIENTS = (1, 50, 1_000, 5_000)
FILES_BESIDE_CLIENTS = 64
ROUND_TRIPS_MIN = 40
"""Requests per client and round: accepting a client costs as much as several commands and is not what is measured."""

Pair = tuple[Running, Running]
Point = tuple[int, Row, Row]


@dataclass(frozen=True)
class Curve:
    """One command, and the measurements along its curve: a size, a row of throughput, a row of processor time."""

    name: str
    points: list[Point]


def curves(bench: Bench) -> None:
    """Keys first, on servers that are filled up from size to size; then clients, on new servers."""
    sizes = KEYS + (KEYS_FULL if bench.effort.full else ())
    bench.progress.begin("case 13", (len(sizes) * 2 + len(CLIENTS)) * bench.effort.rounds * 2)
    with running(bench.ours, bench.cores.server) as ours, running(bench.redis, bench.cores.server) as theirs:
        _over_keys(bench, (ours, theirs), sizes)
    with running(bench.ours, bench.cores.server) as ours, running(bench.redis, bench.cores.server) as theirs:
        _over_clients(bench, (ours, theirs))


def _over_keys(bench: Bench, servers: Pair, sizes: Sequence[int]) -> None:
    gets, sets = Curve(GET_OVER_KEYS, []), Curve(SET_OVER_KEYS, [])
    loaded = 0
    for size in sizes:
        bench.progress.about(f"case 13: {size:,} keys")
        for server in servers:
            fill(server.port, set_commands(range(loaded, size), 16), b"+OK\r\n", 100)
        loaded = size
        for curve, test in ((gets, "get"), (sets, "set")):
            _measure(bench, servers, curve, size, f"{size:,} keys", Load(test, 50, 16, size))
    _add(bench, gets)
    _add(bench, sets)


def _over_clients(bench: Bench, servers: Pair) -> None:
    curve = Curve(GET_OVER_CLIENTS, [])
    for server in servers:
        fill(server.port, set_commands(range(10_000), 16), b"+OK\r\n", 100)
    for clients in CLIENTS:
        what = f"{clients:,} client{'s' if clients > 1 else ''}"
        bench.progress.about(f"case 13: {what}")
        if clients + FILES_BESIDE_CLIENTS > bench.files_max:
            bench.outcome.failures.append(f"case 13: {what}: only {bench.files_max} open files are allowed here")
            continue
        _measure(bench, servers, curve, clients, what, Load("get", clients, 1, 10_000))
    _add(bench, curve)


def _measure(bench: Bench, servers: Pair, curve: Curve, size: int, what: str, load: Load) -> None:
    try:
        rates = [calibrate(server, load) for server in servers]
        requests = requests_for(rates, bench.effort.seconds, load.multiple)
        requests = [max(count, ROUND_TRIPS_MIN * load.multiple) for count in requests]
        ours, theirs = bench.in_turns(
            bench.effort.rounds, servers, lambda index: measure(servers[index], load, requests[index])
        )
    except (LoadError, CountingError) as error:
        bench.outcome.failures.append(f"case 13: {what}: {error}")
        return
    name = f"{load.test.upper()}, {what}"
    curve.points.append((size, *rows_of(13, name, servers[1].program.name, ours, theirs)))


def _add(bench: Bench, curve: Curve) -> None:
    if len(curve.points) < 2:
        return
    for _, throughput, processor in curve.points:
        bench.outcome.add(throughput, processor)
    bench.outcome.add(*growth_rows(curve.name, curve.points))


def growth_rows(name: str, points: list[Point]) -> tuple[Row, Row]:
    """By what factor the time per command grows along a curve: as clients see it, and as the processor spends it."""
    sizes = [float(size) for size, _, _ in points]
    peer = points[0][1].peer
    our_taken, their_taken = _growths(sizes, [_times(row) for _, row, _ in points])
    our_spent, their_spent = _growths(sizes, [_times(row) for _, _, row in points])
    return (
        Row(13, name, GROWTH, RATIO, peer, our_taken, their_taken),
        Row(13, name, PROCESSOR_GROWTH, RATIO, peer, our_spent, their_spent),
    )


def _times(row: Row) -> tuple[list[float], list[float]]:
    if row.figure == THROUGHPUT:
        return [1 / rate for rate in row.ours], [1 / rate for rate in row.theirs]
    return row.ours, row.theirs


def _growths(sizes: Sequence[float], points: Sequence[tuple[list[float], list[float]]]) -> tuple[list[float], ...]:
    return tuple(growths(sizes, [point[side] for point in points]) for side in (0, 1))
