"""Case 7: gets and sets a second inside a program, against diskcache and against redis-py with a server on loopback."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.figures import requests_for
from benchmarks.goals import DISKCACHE, IN_FOLDER, IN_MEMORY, OPERATIONS, REDIS_PY, THROUGHPUT, embedded_row
from benchmarks.outcome import Row
from benchmarks.processes import on_core
from benchmarks.servers import EVERYSEC, ServerError, clean_environment, running

SCRIPT = Path(__file__).resolve().parents[1] / "embedded_loop.py"
CALIBRATION_OPERATIONS = 1_000
END_SECONDS_MAX = 20.0


@dataclass(frozen=True)
class Store:
    """A store in a process of its own, which waits for orders."""

    kind: str
    process: "subprocess.Popen[str]"

    def answer(self) -> str:
        """Its next line; ServerError with what it said when it has ended."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            _, said = self.process.communicate(timeout=END_SECONDS_MAX)
            raise ServerError(f"{self.kind} inside a program: {said.strip()[-300:]}")
        return line

    def rate(self, operation: str, count: int) -> float:
        """How many of these operations it does in a second."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{operation} {count}\n")
        self.process.stdin.flush()
        return count / float(self.answer())


def inside_a_program(bench: Bench) -> None:
    """kvik in memory and in a folder, each against each peer; another server has nothing that could take its place."""
    if bench.ours.name != "kvik":
        return
    for where in (IN_MEMORY, IN_FOLDER):
        for peer in (DISKCACHE, REDIS_PY):
            bench.progress.begin(f"case 7: {where} against {peer}", len(OPERATIONS) * bench.effort.pairs * 2)
            try:
                _compare(bench, where, peer)
            except ServerError as error:
                bench.outcome.failures.append(f"case 7: {where} against {peer}: {error}")


def _compare(bench: Bench, where: str, peer: str) -> None:
    with tempfile.TemporaryDirectory(prefix="kvik-bench-") as folder:
        place = str(Path(folder, "kvik")) if where == IN_FOLDER else ""
        with store("kvik", place, bench.cores.server) as ours, _peer(bench, where, peer, folder) as theirs:
            for operation in OPERATIONS:
                bench.outcome.add(_row(bench, operation, where, peer, (ours, theirs)))


@contextmanager
def _peer(bench: Bench, where: str, peer: str, folder: str) -> Iterator[Store]:
    """diskcache always has a folder. The server behind redis-py has the other core for itself."""
    if peer == DISKCACHE:
        with store("diskcache", str(Path(folder, "diskcache")), bench.cores.server) as found:
            yield found
        return
    program = bench.redis.kept(EVERYSEC) if where == IN_FOLDER else bench.redis
    with running(program, bench.cores.load) as server, store("redis", str(server.port), bench.cores.server) as found:
        yield found


@contextmanager
def store(kind: str, place: str, core: int) -> Iterator[Store]:
    """A store in a process on a core; it ends when its input does."""
    with on_core(core):
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), kind, place],
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    try:
        found = Store(kind, process)
        found.answer()
        yield found
    finally:
        _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    try:
        process.communicate(timeout=END_SECONDS_MAX)
    except (subprocess.TimeoutExpired, ValueError):
        process.kill()
        process.wait(END_SECONDS_MAX)


def _row(bench: Bench, operation: str, where: str, peer: str, stores: tuple[Store, Store]) -> Row:
    name = operation.lower()
    rates = [one.rate(name, CALIBRATION_OPERATIONS) for one in stores]
    counts = requests_for(rates, bench.effort.pair_seconds, 1)
    ours, theirs = bench.in_turns(bench.effort.pairs, stores, lambda index: stores[index].rate(name, counts[index]))
    return Row(7, embedded_row(operation, where, peer), THROUGHPUT, "1/s", peer, ours, theirs)
