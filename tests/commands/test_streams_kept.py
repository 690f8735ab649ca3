"""What the journal keeps of streams, in commands that Redis 7.0 knows, and how whole streams come back."""

import time
from pathlib import Path

import pytest

from kvik.clock import ManualClock
from kvik.numbers import INTEGER_MAX
from kvik.replies import CommandLines
from kvik.wire import encode_request
from tests.cli.test_import import redis
from tests.differential import general, streams
from tests.differential.draw import Draw, Request
from tests.engines import Caller
from tests.rdb.values import HOW_IT_IS_KEPT, without
from tests.reference import ReferenceServer
from tests.wire import Wire

STORIES = range(40)
STEPS = 200
NOW = 1_700_000_000_000
LOADING_SECONDS_MAX = 10.0
BEFORE = [
    *["XADD s 1-1 a 1", "XADD s 2-1 a 2", "XADD s 3-1 a 3", "XGROUP CREATE s g 0", "XGROUP CREATE s new $"],
    "XREADGROUP GROUP g one COUNT 2 STREAMS s >",
]
GIVEN = f"TIME {NOW} RETRYCOUNT"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("XADD s * a 4", [f"XADD s {NOW}-0 a 4"]),
        ("XADD s 3-* a 4", ["XADD s 3-2 a 4"]),
        ("XADD s 4-1 a 4", ["XADD s 4-1 a 4"]),
        ("XADD s MAXLEN 2 * a 4", [f"XADD s MAXLEN = 2 {NOW}-0 a 4"]),
        ("XADD s MAXLEN = 2 4-1 a 4", ["XADD s MAXLEN = 2 4-1 a 4"]),
        ("XADD s MAXLEN ~ 2 4-1 a 4", ["XADD s 4-1 a 4"]),
        ("XADD s MINID ~ 9 LIMIT 100 4-1 a 4", ["XADD s MAXLEN = 0 4-1 a 4"]),
        ("XTRIM s MINID ~ 9", ["XTRIM s MAXLEN = 0"]),
        ("XTRIM s MAXLEN 1", ["XTRIM s MAXLEN 1"]),
        ("XDEL s 1-1 7-7", ["XDEL s 1-1 7-7"]),
        (
            "XREADGROUP GROUP g two STREAMS s >",
            [
                "XGROUP CREATECONSUMER s g two",
                f"XCLAIM s g two 0 3-1 {GIVEN} 1 FORCE JUSTID",
                "XGROUP SETID s g 3-1 ENTRIESREAD 3",
            ],
        ),
        (
            "XREADGROUP GROUP g two NOACK STREAMS s >",
            ["XGROUP CREATECONSUMER s g two", "XGROUP SETID s g 3-1 ENTRIESREAD 3"],
        ),
        ("XREADGROUP GROUP g one STREAMS s 1-1", [f"XCLAIM s g one 0 2-1 {GIVEN} 2 FORCE JUSTID"]),
        (
            "XCLAIM s g two 0 1-1 3-1 FORCE",
            [
                "XGROUP CREATECONSUMER s g two",
                f"XCLAIM s g two 0 1-1 3-1 {GIVEN} 2 FORCE JUSTID",
            ],
        ),
        ("XCLAIM s g two 0 7-7 LASTID 3-0", ["XGROUP SETID s g 3-0 ENTRIESREAD 2"]),
        ("XAUTOCLAIM s g one 0 0 COUNT 1", [f"XCLAIM s g one 0 1-1 {GIVEN} 2 FORCE JUSTID"]),
        ("XACK s g 1-1 9-9", ["XACK s g 1-1 9-9"]),
        ("XGROUP DESTROY s g", ["XGROUP DESTROY s g"]),
    ],
)
def test_the_journal_is_told_what_happened(caller: Caller, line: str, expected: list[str]) -> None:
    assert caller.told(BEFORE, line) == expected
    assert caller.replayed().content() == caller.content()


@pytest.mark.parametrize(
    "line",
    [
        *["XADD x NOMKSTREAM * a 1", "XADD s 1-1 a 1", "XTRIM s MAXLEN 5", "XTRIM s MAXLEN ~ 2", "XDEL s 7-7"],
        *["XREADGROUP GROUP new one STREAMS s >", "XREADGROUP GROUP g one NOACK STREAMS s 9", "XACK s g 3-1"],
        *["XCLAIM s g two 0 3-1", "XCLAIM s g two 1000 1-1", "XAUTOCLAIM s new two 0 0", "XGROUP DESTROY s x"],
        *["XGROUP CREATECONSUMER s g one", "XGROUP DELCONSUMER s g x", "XREAD STREAMS s 0", "XPENDING s g"],
    ],
)
def test_what_changes_nothing_is_not_journalled(caller: Caller, line: str) -> None:
    assert caller.told(BEFORE, line) == []


def test_entries_that_have_gone_are_acknowledged_in_the_journal(caller: Caller) -> None:
    for each in BEFORE:
        caller(*each.split())
    caller("XDEL", "s", "1-1")
    assert caller.recorded("XAUTOCLAIM", "s", "g", "one", 0, 0)[0] == b"XACK s g 1-1".split()
    assert caller.replayed().content() == caller.content()


@pytest.mark.parametrize(
    ("before", "line", "expected"),
    [
        (f"XSETID s 5-0 ENTRIESADDED {INTEGER_MAX}", "XADD s 6-1 a 4", "XADD s 6-1 a 4"),
        (
            f"XGROUP SETID s g 2-1 ENTRIESREAD {INTEGER_MAX}",
            "XREADGROUP GROUP g one NOACK STREAMS s >",
            f"XGROUP SETID s g 3-1 ENTRIESREAD {INTEGER_MAX}",
        ),
        (
            f"XCLAIM s g one 0 1-1 RETRYCOUNT {INTEGER_MAX}",
            "XCLAIM s g one 0 1-1",
            f"XCLAIM s g one 0 1-1 {GIVEN} {INTEGER_MAX} FORCE JUSTID",
        ),
        (
            f"XCLAIM s g one 0 1-1 RETRYCOUNT {INTEGER_MAX}",
            "XAUTOCLAIM s g one 0 0 COUNT 1",
            f"XCLAIM s g one 0 1-1 {GIVEN} {INTEGER_MAX} FORCE JUSTID",
        ),
        (
            f"XCLAIM s g one 0 1-1 RETRYCOUNT {INTEGER_MAX}",
            "XREADGROUP GROUP g one COUNT 1 STREAMS s 0",
            f"XCLAIM s g one 0 1-1 {GIVEN} {INTEGER_MAX} FORCE JUSTID",
        ),
    ],
)
def test_what_is_counted_stays_a_number_that_commands_take(
    caller: Caller, before: str, line: str, expected: str
) -> None:
    assert caller.told([*BEFORE, before], line) == [expected]
    assert caller.replayed().content() == caller.content()
    payload = caller.plain("DUMP", "s")
    assert isinstance(payload, bytes)
    assert caller.plain("RESTORE", "s", "0", payload, "REPLACE") == b"OK"
    assert made_again(caller).content() == caller.content()


# Anything


def story(seed: int) -> Caller:
    """Return an engine after random requests, its clock moving on."""
    caller, draw = Caller(clock=ManualClock(NOW)), Draw(seed)
    for _ in range(STEPS):
        caller(*drawn(draw))
        caller.clock.advance(draw.random.randrange(30_000))
    return caller


def compacted(caller: Caller) -> list[list[bytes]]:
    """Return the commands that make all data again."""
    reply = caller("COMPACT")
    assert isinstance(reply, CommandLines)
    return reply.commands


def made_again(caller: Caller) -> Caller:
    """Return an engine that ran these commands."""
    restored = Caller(clock=ManualClock(caller.clock.now))
    for words in compacted(caller):
        assert not isinstance(restored.plain(*words), str), words
    return restored


def drawn(draw: Draw) -> Request:
    request = general.making(draw) if draw.chance(0.01) else streams.request(draw)
    return [b"0" if word == b"BLOCK" else word for word in draw.mangled(request)]


@pytest.mark.parametrize("seed", STORIES)
def test_a_replay_makes_the_same_streams(seed: int) -> None:
    caller = story(seed)
    assert caller.replayed().content() == caller.content()


@pytest.mark.parametrize("seed", STORIES)
def test_the_commands_that_rebuild_streams_do(seed: int) -> None:
    caller = story(seed)
    assert made_again(caller).content() == caller.content()


@pytest.mark.parametrize("seed", STORIES)
def test_a_redis_server_makes_the_same_streams_of_them(seed: int, reference: ReferenceServer) -> None:
    caller = story(seed)
    reference("FLUSHALL")
    for words in compacted(caller):
        assert not isinstance(reference(*words), str), words
    for key in streams_of(caller):
        assert known(reference(*everything(key))) == known(caller.plain(*everything(key)))


@pytest.mark.needs("redis-server")
@pytest.mark.parametrize("seed", STORIES[::8])
def test_a_redis_server_loads_the_journal_of_streams(seed: int, folder: Path) -> None:
    caller = story(seed)
    (folder / "redis").mkdir()
    log = b"".join([encode_request(words) for words in caller.journal.words()])
    (folder / "redis" / "appendonly.aof").write_bytes(log)
    with redis(folder) as wire:
        wait_until_loaded(wire)
        for key in streams_of(caller):
            assert known(wire.call(*everything(key))) == known(caller.plain(*everything(key)))


def streams_of(caller: Caller) -> list[bytes]:
    names = caller.session.keys.keys()
    keys = [key for key in names if caller.plain("TYPE", key) == b"stream"]
    assert len(keys) > 1
    return keys


def wait_until_loaded(wire: Wire) -> None:
    limit = time.monotonic() + LOADING_SECONDS_MAX
    while isinstance(wire.call("DBSIZE"), Exception):
        assert time.monotonic() < limit, "the server does not end loading"
        time.sleep(0.01)


def everything(key: bytes) -> list[str | bytes]:
    return ["XINFO", "STREAM", key, "FULL", "COUNT", "0"]


def known(reply: object) -> object:
    """Return what is known of a stream, but for its blocks, which are cut anew, and for when somebody last asked."""
    return without(reply, (*HOW_IT_IS_KEPT, b"seen-time"))
