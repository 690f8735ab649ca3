"""Case 12: how long until a started server answers, and how long a program takes that asks for one key and ends."""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.goals import ONE_SHOT, START, TIME
from benchmarks.outcome import Row
from benchmarks.servers import Program, Running, clean_environment, running
from benchmarks.wire import connect, encode, expect

STARTS = 11
ONE_SHOTS = 31
ONE_SHOT_SECONDS_MAX = 10.0
CHECKOUT = Path(__file__).resolve().parents[2]


def first_answers(bench: Bench) -> None:
    """Starts in turns, then one-shot clients in turns; medians of many."""
    bench.progress.begin("case 12", (STARTS + ONE_SHOTS) * 2)
    bench.progress.about("case 12: start to first answer")
    bench.outcome.add(_starts(bench))
    bench.progress.about("case 12: one-shot client")
    try:
        bench.outcome.add(_one_shots(bench))
    except (OSError, subprocess.SubprocessError) as error:
        bench.outcome.failures.append(f"case 12: {ONE_SHOT}: {error}")


def _starts(bench: Bench) -> Row:
    programs = (bench.ours, bench.redis)
    ours, theirs = bench.in_turns(STARTS, programs, lambda index: _start(programs[index], bench.cores.server))
    return Row(12, START, TIME, "ms", bench.redis.name, ours, theirs)


def _start(program: Program, core: int) -> float:
    with running(program, core) as server:
        return server.start_seconds * 1000


def _one_shots(bench: Bench) -> Row:
    with running(bench.ours, bench.cores.server) as ours, running(bench.redis, bench.cores.server) as theirs:
        commands = (client_command(ours), client_command(theirs))
        for server in (ours, theirs):
            with connect(server.port) as connection:
                expect(connection, encode(b"SET", b"k", b"v"), b"+OK\r\n")
        our_times, their_times = bench.in_turns(ONE_SHOTS, commands, lambda index: _one_shot(commands[index]))
    return Row(12, ONE_SHOT, TIME, "ms", "redis-cli", our_times, their_times)


def client_command(server: Running) -> list[str]:
    """The one-shot client that belongs to a server: `./client` of the checkout, or the installed program."""
    if server.program.name != "kvik":
        return ["redis-cli", "-p", str(server.port), "get", "k"]
    script = CHECKOUT / "client"
    program = [str(script)] if script.exists() else [sys.executable, "-m", "kvik", "client"]
    return [*program, f"127.0.0.1:{server.port}", "get", "k"]


def _one_shot(command: list[str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        command,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=ONE_SHOT_SECONDS_MAX,
    )
    taken = time.perf_counter() - started
    if done.stdout.strip() != b"v":
        raise OSError(f"{command[0]} printed {done.stdout[:80]!r} instead of v")
    return taken * 1000
