"""Case 11: how long after its time a key expires, when many keys have a time to live."""

import socket
import time
from collections.abc import Iterable

from benchmarks.bench import Bench
from benchmarks.figures import lateness, percentile
from benchmarks.goals import EXPIRY, LATENESS, LATENESS_MAX, MILLISECONDS
from benchmarks.outcome import Row
from benchmarks.servers import EVERYSEC, Program, running
from benchmarks.wire import WireError, ask, ask_over, connect, encode, fill, info_number

KEYS_MAX = 1_000_000
WINDOW_MS = 10_000
"""The times of expiry are spread over so long."""
POLL_SECONDS = 0.005
PATIENCE_SECONDS = 10.0
"""How long after the last time of expiry is waited for keys that are still there."""
BATCH = 100
TRIAL_KEYS = 20_000
TRIAL_MOMENT_MS = 4_102_444_800_000
"""The year 2100."""
START_SECONDS = 1.0
RESERVE = 1.5


def how_late(bench: Bench) -> None:
    """The same keys with the same times in both servers, with a journal that is synced every second; in turns."""
    bench.progress.begin("case 11", bench.effort.rounds * 2)
    programs = [program.kept(EVERYSEC) for program in (bench.ours, bench.redis)]
    keys = min(bench.effort.many, KEYS_MAX)
    ours, theirs = bench.in_turns(
        bench.effort.rounds, programs, lambda index: _measure(programs[index], bench.cores.server, keys)
    )
    for at, figure in enumerate((LATENESS, LATENESS_MAX)):
        our_times, their_times = ([one[at] for one in rounds] for rounds in (ours, theirs))
        bench.outcome.add(Row(11, EXPIRY, figure, MILLISECONDS, bench.redis.name, our_times, their_times))


def _measure(program: Program, core: int, keys: int) -> tuple[float, float]:
    with running(program, core) as server:
        due = fill_expiring(server.port, keys, WINDOW_MS)
        late = lateness(due, _poll(server.port, keys, due[-1] + PATIENCE_SECONDS))
    return percentile(late, 0.99) * 1000, max(late) * 1000


def _poll(port: int, keys: int, end: float) -> list[tuple[float, int]]:
    """Moments, and how many keys had expired by then, until all have or until the end; in Unix time."""
    polls: list[tuple[float, int]] = []
    with connect(port) as connection:
        before = _expired(connection)
        while True:
            count = _expired(connection) - before
            polls.append((time.time(), count))
            if count >= keys or polls[-1][0] > end:
                return polls
            time.sleep(POLL_SECONDS)


def _expired(connection: socket.socket) -> int:
    return info_number(ask_over(connection, b"INFO", b"stats"), "expired_keys")


def expired_keys(port: int) -> int:
    """How many keys a server has let expire since it started."""
    return info_number(ask(port, b"INFO", b"stats"), "expired_keys")


def fill_expiring(port: int, keys: int, window_ms: int) -> list[float]:
    """Write keys whose times of expiry begin soon after the last is written; return the times, in Unix time.

    How soon is told by a trial with fewer keys. WireError when the keys took so long that the first had to expire.
    """
    started = time.time()
    fill(port, _expiring([TRIAL_MOMENT_MS] * TRIAL_KEYS), b"+OK\r\n", BATCH)
    seconds_per_key = (time.time() - started) / TRIAL_KEYS
    first_ms = int((time.time() + START_SECONDS + seconds_per_key * keys * RESERVE) * 1000)
    due_ms = [first_ms + window_ms * number // keys for number in range(keys)]
    fill(port, _expiring(due_ms), b"+OK\r\n", BATCH)
    if time.time() * 1000 > first_ms:
        raise WireError("writing keys took longer than their time to live: the machine is too busy for this case")
    return [moment / 1000 for moment in due_ms]


def _expiring(moments_ms: Iterable[int]) -> Iterable[bytes]:
    for number, moment in enumerate(moments_ms):
        yield encode(b"SET", b"ttl:%012d" % number, b"%016d" % number, b"PXAT", b"%d" % moment)
