"""Keyspace events on a clock of their own: keys that die, go or come while nobody looks."""

import pytest

from tests.engines import Caller


def events_of(listener: Caller) -> list[tuple[object, object]]:
    return [(items[2], items[3]) for items in listener.outlet.pushed]


@pytest.fixture
def listener(caller: Caller) -> Caller:
    other = caller.another()
    caller("CONFIG", "SET", "notify-keyspace-events", "KEAnm")
    other("PSUBSCRIBE", "__keyspace@*")
    return other


def test_a_key_that_dies_unseen_is_told_when_it_is_looked_for(caller: Caller, listener: Caller) -> None:
    caller("SET", "k", "v", "PX", "10")
    caller.clock.advance(20)
    caller("GET", "k")
    names = [name for _, name in events_of(listener)]
    assert names == [b"new", b"set", b"expire", b"expired", b"keymiss"]


@pytest.mark.parametrize("request_", [b"SET k w", b"RPUSH k w", b"SINTERSTORE k s"], ids=bytes.decode)
def test_a_key_that_dies_unseen_is_told_before_it_comes_again(
    caller: Caller, listener: Caller, request_: bytes
) -> None:
    caller("SADD", "s", "m")
    caller("SET", "k", "v", "PX", "10")
    caller.clock.advance(20)
    listener.outlet.pushed.clear()
    words = request_.split()
    caller(*words)
    assert [name for _, name in events_of(listener)] == [b"expired", b"new", words[0].lower()]


def test_a_key_that_the_timer_removes_is_told_at_once(caller: Caller, listener: Caller) -> None:
    caller("SET", "k", "v", "PX", "10")
    caller.clock.advance(5_000)
    listener.outlet.pushed.clear()
    caller.engine.databases.expire_due(10)
    assert events_of(listener) == [(b"__keyspace@0__:k", b"expired")]


def test_an_evicted_key_is_told_before_what_it_made_room_for(caller: Caller, listener: Caller) -> None:
    caller("CONFIG", "SET", "maxkeys", "1")
    caller("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    caller("SET", "a", "1")
    listener.outlet.pushed.clear()
    caller("SET", "b", "1")
    assert events_of(listener) == [
        (b"__keyspace@0__:a", b"evicted"),
        (b"__keyspace@0__:b", b"new"),
        (b"__keyspace@0__:b", b"set"),
    ]


def test_what_a_transaction_does_is_told_command_by_command(caller: Caller, listener: Caller) -> None:
    caller("MULTI")
    caller("SET", "a", "1")
    caller("INCR", "a")
    caller("DEL", "a")
    caller("EXEC")
    assert [name for _, name in events_of(listener)] == [b"new", b"set", b"incrby", b"del"]


def test_what_died_while_nothing_was_told_is_not_told_later(caller: Caller) -> None:
    caller("CONFIG", "SET", "notify-keyspace-events", "KEA")
    caller("CONFIG", "SET", "notify-keyspace-events", "")
    caller("SET", "k", "v", "PX", 10)
    caller.clock.advance(10)
    caller.engine.databases.expire_due(1)
    listener = caller.another()
    listener("PSUBSCRIBE", "*")
    caller("CONFIG", "SET", "notify-keyspace-events", "KEA")
    assert listener.outlet.pushed == []
