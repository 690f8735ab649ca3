"""Large values are given to compaction and backup in slices, as they were at the moment, whatever changes meanwhile."""

from collections.abc import Callable
from random import Random

import pytest

from kvik.dialects.resp import RespDialect
from kvik.journal.compaction import Commands
from kvik.network.caller import Caller as Connection
from kvik.network.caller import Carrier
from kvik.rebuilding import SLICE_STEPS
from kvik.store.snapshot import SLICE_BYTES, SLICE_KEYS
from tests.commands.test_large_values import NAMES, fill
from tests.engines import Caller

LARGE = 30_000
COMMAND_BYTES_MAX = 64 << 10


def replayed(log: bytes) -> Caller:
    """Return an engine that has run a log."""
    fresh = Caller()
    Connection(fresh.engine, RespDialect(), Carrier()).receive(log)
    return fresh


def fill_with_all_kinds(caller: Caller) -> None:
    for kind in NAMES:
        fill(caller, kind, kind, LARGE)
        fill(caller, kind, f"small {kind}", 10)
        caller("PEXPIREAT", kind, 4_102_444_800_000)
    for number in range(LARGE // 2):
        caller("XADD", "stream", f"{number + 1}-0", "field", str(number))
    caller("XGROUP", "CREATE", "stream", "group", "0")
    caller("XREADGROUP", "GROUP", "group", "alice", "COUNT", LARGE // 4, "STREAMS", "stream", ">")


CHANGES: dict[str, Callable[[Caller, Random], object]] = {
    "list": lambda caller, random: (caller("LPUSH", "list", "new"), caller("RPOP", "list")),
    "hash": lambda caller, random: caller("HSET", "hash", f"member:{random.randrange(2 * LARGE)}", "new"),
    "set": lambda caller, random: (caller("SADD", "set", str(random.random())), caller("SPOP", "set", 5)),
    "zset": lambda caller, random: caller("ZADD", "zset", random.random(), f"member:{random.randrange(2 * LARGE)}"),
    "stream": lambda caller, random: (
        caller("XADD", "stream", "*", "f", "v"),
        caller("XDEL", "stream", f"{random.randrange(LARGE)}-0"),
        caller("XACK", "stream", "group", f"{random.randrange(LARGE)}-0"),
    ),
}


@pytest.mark.parametrize("is_cleared", [False, True])
def test_what_is_given_in_slices_is_the_data_of_the_moment(caller: Caller, is_cleared: bool) -> None:
    random = Random(3)
    fill_with_all_kinds(caller)
    expected = caller.content()
    snapshot = caller.engine.begin_snapshot()
    commands = Commands(caller.engine)
    log: list[bytes] = []
    slices = 0
    while not snapshot.is_over():
        made = snapshot.give(commands, SLICE_KEYS, SLICE_BYTES)
        given = commands.taken()
        assert made < SLICE_BYTES + COMMAND_BYTES_MAX
        assert len(given) <= SLICE_STEPS + SLICE_KEYS
        log += given
        slices += 1
        for change in CHANGES.values():
            change(caller, random)
        if is_cleared and slices == 10:
            caller("FLUSHALL")
    caller.engine.end_snapshot(snapshot)
    assert slices > 5 * len(NAMES)
    assert replayed(b"".join(log)).content() == expected
