"""Payloads both ways: a redis-server takes what DUMP gives here, and RESTORE takes what it gives."""

import pytest

from tests.engines import Caller
from tests.rdb.values import HOW_IT_IS_KEPT, commands, stream_lines, without
from tests.reference import ReferenceServer

REQUESTS = {name: [words] for name, words in commands().items()}
REQUESTS |= {f"a stream: {name}": [line.encode().split() for line in lines] for name, lines in stream_lines().items()}
READING = {
    b"string": ["GET", "k"],
    b"list": ["LRANGE", "k", "0", "-1"],
    b"set": ["SMEMBERS", "k"],
    b"hash": ["HGETALL", "k"],
    b"zset": ["ZRANGE", "k", "0", "-1", "WITHSCORES"],
    b"stream": ["XINFO", "STREAM", "k", "FULL", "COUNT", "0"],
}


@pytest.fixture(scope="module")
def strict(reference: ReferenceServer) -> ReferenceServer:
    """A redis-server that looks at everything in a payload before it takes it."""
    assert reference("CONFIG", "SET", "sanitize-dump-payload", "yes") == b"OK"
    return reference


def content(kind: bytes, reply: object) -> tuple[bytes, object]:
    """Return what a key holds so that it can be compared: without an order where there is none, scores as numbers."""
    if kind == b"set":
        assert isinstance(reply, list)
        return kind, sorted(reply)
    if kind == b"hash":
        assert isinstance(reply, list)
        return kind, dict(zip(reply[::2], reply[1::2], strict=True))
    if kind == b"zset":
        assert isinstance(reply, list)
        return kind, [float(each) if index % 2 else each for index, each in enumerate(reply)]
    return kind, without(reply, HOW_IT_IS_KEPT) if kind == b"stream" else reply


def content_here(caller: Caller) -> tuple[bytes, object]:
    kind = caller.plain("TYPE", "k")
    assert isinstance(kind, bytes)
    return content(kind, caller.plain(*READING[kind]))


def content_there(server: ReferenceServer) -> tuple[bytes, object]:
    kind = server("TYPE", "k")
    assert isinstance(kind, bytes)
    return content(kind, server(*READING[kind]))


@pytest.mark.parametrize("name", REQUESTS)
def test_a_value_goes_to_redis_and_back(caller: Caller, strict: ReferenceServer, name: str) -> None:
    strict("FLUSHALL")
    for words in REQUESTS[name]:
        strict(*words)
    payload = strict("DUMP", "k")
    assert isinstance(payload, bytes)
    assert caller.plain("RESTORE", "k", "0", payload) == b"OK"
    expected = content_there(strict)
    assert content_here(caller) == expected
    encoding = strict("OBJECT", "ENCODING", "k")
    if content_here(caller)[0] != b"string":
        assert caller.plain("OBJECT", "ENCODING", "k") == encoding
    own = caller.plain("DUMP", "k")
    assert isinstance(own, bytes)
    assert strict("RESTORE", "k", "0", own, "REPLACE") == b"OK"
    assert content_there(strict) == expected
    assert strict("OBJECT", "ENCODING", "k") == encoding


@pytest.mark.parametrize("name", REQUESTS)
def test_a_value_that_was_made_here_comes_back_here(caller: Caller, name: str) -> None:
    for words in REQUESTS[name]:
        caller(*words)
    before = content_here(caller)
    payload = caller.plain("DUMP", "k")
    assert isinstance(payload, bytes)
    assert caller.plain("RESTORE", "k", "0", payload, "REPLACE") == b"OK"
    assert content_here(caller) == before
