"""Load from redis-benchmark: how it is called, what its lines mean, and what a server used meanwhile."""

import csv
import io
import subprocess
from dataclasses import dataclass, replace

from benchmarks.counting import Counts, counting
from benchmarks.processes import processor_seconds
from benchmarks.servers import Running
from benchmarks.wire import ask

LOAD_SECONDS_MAX = 120.0
CALIBRATION_SECONDS = 0.1
CALIBRATION_STEPS = 8
PROCESSOR_SECONDS_MIN = 1e-6


class LoadError(Exception):
    """redis-benchmark could not run a test to its end; the text is what it said."""


@dataclass(frozen=True)
class Load:
    """One test of redis-benchmark: its name there, clients, commands per round trip and how many random keys."""

    test: str
    clients: int
    pipeline: int
    keys: int
    words: tuple[str, ...] = ()
    """The command itself, for a test that redis-benchmark would mix with others."""
    empty: str = ""
    """A key that is deleted before each round."""
    prepare: str = ""
    """A test that runs before each round with as many requests and is not measured."""

    @property
    def multiple(self) -> int:
        """Requests come in whole pipelines of every client, so that all clients end at the same time."""
        return self.clients * self.pipeline


@dataclass(frozen=True)
class Line:
    """One line of `redis-benchmark --csv`; latencies in milliseconds."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Measured:
    """What one server did in one round: processor time, instructions and cycles are per command, busy is the share of
    its core that it used. What perf cannot count is None."""

    requests_per_second: float
    processor_us: float
    busy: float
    p50_ms: float
    p99_ms: float
    instructions: float | None = None
    cycles: float | None = None


def parse_csv(text: str, test: str) -> Line:
    """The line of one test, found by the first word of its title: `MSET (10 keys)` is the line of mset."""
    for row in csv.DictReader(io.StringIO(text)):
        if row["test"].split(" ", 1)[0].lower() == test.lower():
            return Line(float(row["rps"]), float(row["p50_latency_ms"]), float(row["p99_latency_ms"]))
    raise LoadError(f"redis-benchmark printed no line for {test}: {text.strip()[-200:]!r}")


def command(port: int, load: Load, requests: int) -> list[str]:
    """redis-benchmark as it is called: random keys in the same range for every server."""
    options = {"-h": "127.0.0.1", "-p": port, "-n": requests, "-c": load.clients, "-P": load.pipeline, "-r": load.keys}
    words = ["redis-benchmark", "--csv", "--precision", "3"]
    words += [str(word) for option in options.items() for word in option]
    return words + (list(load.words) or ["-t", load.test])


def run(port: int, load: Load, requests: int) -> Line:
    """Run one test on the core this process is on, and return its line."""
    try:
        words = command(port, load, requests)
        done = subprocess.run(words, capture_output=True, text=True, timeout=LOAD_SECONDS_MAX)
    except FileNotFoundError:
        raise LoadError("redis-benchmark is missing: apt-get install redis-tools") from None
    except subprocess.TimeoutExpired:
        raise LoadError(f"{load.test} with {load.clients} clients: no end after {LOAD_SECONDS_MAX:g} s") from None
    if done.returncode or "Error from server" in done.stdout + done.stderr:
        raise LoadError(f"{load.test} with {load.clients} clients: {(done.stderr or done.stdout).strip()[-200:]}")
    return parse_csv(done.stdout, load.test)


def make_ready(server: Running, load: Load, requests: int) -> None:
    """What a test needs before it and what must not be measured."""
    if load.empty:
        ask(server.port, b"DEL", load.empty.encode())
    if load.prepare:
        run(server.port, replace(load, test=load.prepare, words=(), prepare="", empty=""), requests)


def measure(server: Running, load: Load, requests: int) -> Measured:
    """Run a test against a server and account for the processor time it used meanwhile."""
    make_ready(server, load, requests)
    with counting(server.process) as counts:
        before = processor_seconds(server.process)
        line = run(server.port, load, requests)
        used = max(processor_seconds(server.process) - before, PROCESSOR_SECONDS_MIN)
    return measured(line, requests, used, counts)


def measured(line: Line, requests: int, used: float, counts: Counts) -> Measured:
    """A line of redis-benchmark with what the server used for it, per command."""
    rate = line.requests_per_second
    per_command = [None if count is None else count / requests for count in (counts.instructions, counts.cycles)]
    return Measured(rate, used / requests * 1e6, used * rate / requests, line.p50_ms, line.p99_ms, *per_command)


def calibrate(server: Running, load: Load) -> float:
    """The rate of a server in requests a second, from runs that grow until one takes long enough to be trusted."""
    requests, rate = load.multiple, 1.0
    for _ in range(CALIBRATION_STEPS):
        make_ready(server, load, requests)
        rate = run(server.port, load, requests).requests_per_second
        if requests / rate >= CALIBRATION_SECONDS:
            return rate
        requests *= 4
    return rate
