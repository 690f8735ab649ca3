"""Case 10: how long a client that pings at a steady rate has to wait while the server has other things to do."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from random import Random

from benchmarks.bench import Bench
from benchmarks.cases.expiry import KEYS_MAX, expired_keys, fill_expiring
from benchmarks.figures import percentile
from benchmarks.goals import (
    IDLE,
    IDLE_RATIO,
    MILLISECONDS,
    STALL,
    STALL_P99,
    STALL_P99_OF_IDLE,
    WHILE_COMPACTING,
    WHILE_EXPIRING,
    WHILE_GROWING,
)
from benchmarks.outcome import Row
from benchmarks.servers import EVERYSEC, Program, Running, clean_environment, running
from benchmarks.wire import WireError, ask, connect, encode, expect, key, knows_command

SCRIPT = Path(__file__).resolve().parents[1] / "pinging.py"
PHASES = (IDLE, WHILE_GROWING, WHILE_COMPACTING, WHILE_EXPIRING)
BATCH = 20
BATCH_SECONDS = 0.0002
"""100,000 writes a second, in portions so small that a ping does not stand behind many of them."""
VALUE_BYTES = 16
LOOK_SECONDS = 0.1
SETTLE_SECONDS = 0.5
PHASE_SECONDS_MAX = 300.0
MANIFEST = Path("appendonlydir", "appendonly.aof.manifest")


@dataclass
class Pings:
    """The answers to the pings of one phase, in milliseconds."""

    milliseconds: list[float] = field(default_factory=list)

    @property
    def longest(self) -> float:
        return max(self.milliseconds)

    @property
    def p99(self) -> float:
        return percentile(self.milliseconds, 0.99)


Stalls = dict[str, Pings]


def of_a_pinging_client(bench: Bench) -> None:
    """All phases on one server after the other, with a journal that is synced every second; servers in turns."""
    bench.progress.begin("case 10", bench.effort.rounds * 2)
    programs = [program.kept(EVERYSEC) for program in (bench.ours, bench.redis)]
    ours, theirs = bench.in_turns(bench.effort.rounds, programs, lambda index: _measure(bench, programs[index]))
    for phase in PHASES:
        if all(phase in found for found in ours + theirs):
            bench.outcome.add(*rows_of(phase, bench.redis.name, ours, theirs))
        else:
            bench.outcome.not_there_yet.append(f"case 10: {phase}")


def rows_of(phase: str, peer: str, ours: list[Stalls], theirs: list[Stalls]) -> list[Row]:
    """The longest answer and the p99 of a phase, and the p99 as a multiple of the one of the same server at rest."""
    sides = (ours, theirs)
    our_longest, their_longest = ([one[phase].longest for one in rounds] for rounds in sides)
    our_p99, their_p99 = ([one[phase].p99 for one in rounds] for rounds in sides)
    rows = [
        Row(10, phase, STALL, MILLISECONDS, peer, our_longest, their_longest),
        Row(10, phase, STALL_P99, MILLISECONDS, peer, our_p99, their_p99),
    ]
    if phase != IDLE:
        our_multiples, their_multiples = ([one[phase].p99 / one[IDLE].p99 for one in rounds] for rounds in sides)
        rows.append(Row(10, phase, STALL_P99_OF_IDLE, IDLE_RATIO, peer, our_multiples, their_multiples))
    return rows


def _measure(bench: Bench, program: Program) -> Stalls:
    keys = bench.effort.many
    found: Stalls = {}
    with running(program, bench.cores.server) as server:
        bench.progress.about(f"case 10: {program.name}")
        with pinged(server, found, IDLE):
            time.sleep(bench.effort.seconds * 2)
        with pinged(server, found, WHILE_GROWING):
            write_steadily(server.port, _batches(range(keys)), _never)
        if knows_command(server.port, "BGREWRITEAOF"):
            with pinged(server, found, WHILE_COMPACTING):
                _compact(server, keys)
        expiring = min(keys, KEYS_MAX)
        before = expired_keys(server.port)
        moment = fill_expiring(server.port, expiring, 0)[0]
        time.sleep(max(moment - SETTLE_SECONDS - time.time(), 0))
        with pinged(server, found, WHILE_EXPIRING):
            time.sleep(max(moment - time.time(), 0))
            _wait(lambda: expired_keys(server.port) - before >= expiring, "keys do not expire")
    return found


@contextmanager
def pinged(server: Running, found: Stalls, phase: str) -> Iterator[None]:
    """Ping the server from a process of its own, on the core of this one, as long as what is inside goes on."""
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(server.port)],
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        time.sleep(SETTLE_SECONDS)
        yield
        answers, said = process.communicate(timeout=PHASE_SECONDS_MAX)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate(timeout=PHASE_SECONDS_MAX)
    if process.returncode:
        raise WireError(f"{phase}: {said.strip()[-200:]}")
    found[phase] = Pings(json.loads(answers))


def write_steadily(port: int, batches: Iterable[list[bytes]], is_over: Callable[[], bool]) -> None:
    """Write batch after batch, each when it is due; after a stall what was missed is not made up for."""
    with connect(port) as connection:
        due = look = time.perf_counter()
        for batch in batches:
            expect(connection, b"".join(batch), b"+OK\r\n" * len(batch))
            now = time.perf_counter()
            if now >= look:
                if is_over():
                    return
                look = now + LOOK_SECONDS
            due = max(due + BATCH_SECONDS, now)
            time.sleep(due - now)


def _batches(numbers: Iterable[int]) -> Iterator[list[bytes]]:
    rest = iter(numbers)
    while batch := [encode(b"SET", key(number), b"%0*d" % (VALUE_BYTES, number)) for number in islice(rest, BATCH)]:
        yield batch


def _never() -> bool:
    return False


def _compact(server: Running, keys: int) -> None:
    """Have the log compacted while keys are overwritten, until the manifest names another base."""
    before = base_of(server.folder)
    answer = ask(server.port, b"BGREWRITEAOF")
    if not answer.startswith(b"+"):
        raise WireError(f"BGREWRITEAOF was answered {answer[:80]!r}")
    random, deadline = Random(1), time.monotonic() + PHASE_SECONDS_MAX

    def is_over() -> bool:
        if time.monotonic() > deadline:
            raise WireError(f"BGREWRITEAOF takes more than {PHASE_SECONDS_MAX:g} s")
        return base_of(server.folder) != before

    write_steadily(server.port, _batches(random.randrange(keys) for _ in count()), is_over)
    time.sleep(SETTLE_SECONDS)


def base_of(folder: Path) -> str:
    """The name of the base that the manifest in a server's folder names; nothing where there is none."""
    return parse_base((folder / MANIFEST).read_text())


def parse_base(manifest: str) -> str:
    """The file of type b in the text of a manifest."""
    for line in manifest.splitlines():
        words = line.split()
        if words[:1] == ["file"] and words[-1] == "b":
            return words[1]
    return ""


def _wait(is_over: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PHASE_SECONDS_MAX
    while not is_over():
        if time.monotonic() > deadline:
            raise WireError(f"{otherwise} within {PHASE_SECONDS_MAX:g} s")
        time.sleep(LOOK_SECONDS)
