"""Large values are taken away at once and freed in slices: nobody waits while a million members go."""

import gc
import time
from collections.abc import Callable

import pytest

from kvik.store.databases import Databases
from tests.engines import Caller

MANY = 30_000
AT_ONCE = 1_000
STALL_SECONDS_MAX = 0.015


def words_of(kind: str, number: int) -> list[bytes]:
    """Return what one member adds to a request of its kind."""
    member = b"member:%d" % number
    if kind == "hash":
        return [member, b"%d" % number]
    return [b"%d" % number, member] if kind == "zset" else [member]


NAMES = {"list": "RPUSH", "hash": "HSET", "set": "SADD", "zset": "ZADD"}


def fill(caller: Caller, kind: str, key: str, count: int = MANY) -> None:
    for start in range(0, count, AT_ONCE):
        words = [word for number in range(start, min(start + AT_ONCE, count)) for word in words_of(kind, number)]
        caller(NAMES[kind], key, *words)


WAYS: dict[str, Callable[[Caller], object]] = {
    "DEL": lambda caller: caller("DEL", "k"),
    "UNLINK": lambda caller: caller("UNLINK", "k"),
    "SET": lambda caller: caller("SET", "k", "v"),
    "RENAME": lambda caller: caller("RENAME", "other", "k"),
    "COPY": lambda caller: caller("COPY", "other", "k", "REPLACE"),
    "EXPIRE": lambda caller: caller("EXPIRE", "k", "-1"),
    "SUNIONSTORE": lambda caller: caller("SUNIONSTORE", "k", "none"),
    "FLUSHALL": lambda caller: caller("FLUSHALL"),
    "dying": lambda caller: caller("EXISTS", "dying"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", NAMES)
def test_a_large_value_goes_without_a_stall_and_is_freed_in_slices(caller: Caller, kind: str, way: str) -> None:
    fill(caller, kind, "dying" if way == "dying" else "k")
    caller("SET", "other", "v")
    caller("PEXPIRE", "dying", "10")
    caller.clock.advance(20 if way == "dying" else 0)
    gc.collect()
    start = time.thread_time()
    WAYS[way](caller)
    taken = time.thread_time() - start
    assert taken < STALL_SECONDS_MAX, f"{taken * 1000:.1f} ms"
    databases = caller.engine.databases
    assert slices_of(databases) > 3


def slices_of(databases: Databases) -> int:
    """Free everything slice by slice, none of which may take long; return how many there were."""
    count = 0
    more = True
    while more:
        start = time.thread_time()
        more = databases.free_some()
        assert time.thread_time() - start < STALL_SECONDS_MAX
        count += 1
    return count


@pytest.mark.parametrize("kind", NAMES)
def test_a_small_value_is_freed_at_once(caller: Caller, kind: str) -> None:
    fill(caller, kind, "k", 500)
    caller("DEL", "k")
    assert not caller.engine.databases.free_some()


@pytest.mark.parametrize("kind", NAMES)
def test_a_large_value_that_is_copied_and_deleted_leaves_the_copy(caller: Caller, kind: str) -> None:
    fill(caller, kind, "k", 20_000)
    caller("COPY", "k", "copy")
    caller("DEL", "k")
    slices_of(caller.engine.databases)
    count = {"list": "LLEN", "hash": "HLEN", "set": "SCARD", "zset": "ZCARD"}[kind]
    assert caller(count, "copy") == 20_000
    assert len(caller.content()[0]) >= 20_000 // 512
