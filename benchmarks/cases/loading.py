"""Case 9: how fast a log is loaded, as the time from the start of a server on a folder to its first answer."""

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.goals import LOADING, PROCESSOR, THROUGHPUT
from benchmarks.outcome import Row
from benchmarks.processes import processor_seconds
from benchmarks.servers import EVERYSEC, Program, running
from benchmarks.wire import WireError, ask, encode, fill, key

VALUE_BYTES = 16
LOADING_SECONDS_MAX = 300.0
BATCH = 100


def log_commands(count: int) -> Iterable[bytes]:
    """SET commands that write each of half as many keys twice, the second time with another value."""
    for number in range(count):
        yield encode(b"SET", key(number % (count // 2)), b"%0*d" % (VALUE_BYTES, number))


def of_a_log(bench: Bench) -> None:
    """Our server writes a log; then both load a copy of it, in turns."""
    count = bench.effort.many
    bench.progress.begin(f"case 9: a log of {count:,} commands", bench.effort.rounds * 2)
    programs = [program.kept(EVERYSEC) for program in (bench.ours, bench.redis)]
    with tempfile.TemporaryDirectory(prefix="kvik-bench-") as place:
        written, *folders = (Path(place, name) for name in ("written", "ours", "theirs"))
        with running(programs[0], bench.cores.server, written) as server:
            fill(server.port, log_commands(count), b"+OK\r\n", BATCH)
        for folder in folders:
            shutil.copytree(written, folder)
        ours, theirs = bench.in_turns(
            bench.effort.rounds,
            programs,
            lambda index: load_once(programs[index], bench.cores.server, folders[index], count),
        )
    bench.outcome.add(*rows_of(bench.redis.name, ours, theirs))


def load_once(program: Program, core: int, folder: Path, count: int) -> tuple[float, float]:
    """Commands a second, and microseconds of processor time per command; WireError unless every key is there."""
    with running(program, core, folder, LOADING_SECONDS_MAX) as server:
        used = processor_seconds(server.process)
        answer = ask(server.port, b"DBSIZE")
        if answer != b":%d\r\n" % (count // 2):
            raise WireError(f"{program.name} loaded {count // 2} keys, but DBSIZE is answered {answer!r}")
        return count / server.start_seconds, used / count * 1e6


def rows_of(peer: str, ours: list[tuple[float, float]], theirs: list[tuple[float, float]]) -> tuple[Row, Row]:
    """The row of throughput and the one of processor time."""
    columns = [([one[at] for one in ours], [one[at] for one in theirs]) for at in (0, 1)]
    return (
        Row(9, LOADING, THROUGHPUT, "1/s", peer, *columns[0]),
        Row(9, LOADING, PROCESSOR, "us", peer, *columns[1]),
    )
