"""Random requests beside a real redis-server: each publishes the same keyspace events, byte for byte and in order."""

import pytest

from tests.differential.campaign import FAMILIES, run_with_events
from tests.differential.events import EVERYTHING, setting
from tests.differential.pair import Difference, Pair
from tests.servers import RedisServer
from tests.wire import Wire

COMMANDS = 2_000
SEED = 7_021


@pytest.mark.parametrize("family", FAMILIES)
def test_random_requests_publish_the_events_of_a_redis_server(redis_server: RedisServer, family: str) -> None:
    run_with_events(redis_server, family, 2, COMMANDS, SEED)


def heard(wire: Wire, listener: Wire, flags: bytes, requests: list[str]) -> bool:
    """Return whether both servers publish the same; Difference says what they did not."""
    pair = Pair(wire, 3, listener, flags)
    pair.check(0, [line.encode().split() for line in requests])
    return True


STORIES = {
    "a key that is new": ["SET a 1", "SET a 2", "RENAME a b", "COPY b c", "COPY b c REPLACE", "MOVE b 1", "SADD s m"],
    "a key that goes": ["SADD s m", "SREM s m", "RPUSH l a", "LPOP l", "HSET h f v", "HDEL h f", "ZADD z 1 m", "ZPOPMIN z"],
    "a key that moves on": ["RPUSH l a", "LMOVE l m LEFT RIGHT", "SADD s m", "SMOVE s t m", "SET a 1", "RENAME a b"],
    "a key that is missed": ["GET a", "MGET a b a", "TTL a", "TYPE a", "OBJECT ENCODING a", "SINTER a b", "EXISTS a a"],
    "several keys": ["MSET a 1 b 2 a 3", "DEL a b a c", "MSETNX a 1 b 2", "UNLINK a b"],
    "time": ["SET a 1 EX 100", "EXPIRE a 100", "PERSIST a", "GETEX a PX 100000", "GETEX a PERSIST", "EXPIRE a -1"],
    "no change": ["SADD s a", "SADD s a", "SREM s x", "ZADD z 1 a", "ZADD z 1 a", "ZINCRBY z 0 a", "HSETNX h f v"],
    "one request": ["RPUSH l a b", "BLPOP l 0", "BLMPOP 0 1 l LEFT", "ZADD z 1 a 2 b", "BZPOPMIN z 0", "ZMPOP 1 z MAX"],
}


@pytest.mark.parametrize("flags", [EVERYTHING, b"KEA", b"Kg$", b"El", b"Kn", b"Em", b"A", b"KE"], ids=bytes.decode)
@pytest.mark.parametrize("story", STORIES)
def test_only_what_was_asked_for_is_published(redis_server: RedisServer, story: str, flags: bytes) -> None:
    try:
        with redis_server.open() as wire, redis_server.open() as listener:
            assert heard(wire, listener, flags, STORIES[story])
    finally:
        with redis_server.open() as wire:
            wire.call(*setting(b""))


def test_another_order_is_a_difference(redis_server: RedisServer) -> None:
    with redis_server.open() as wire, redis_server.open() as listener:
        pair = Pair(wire, 2, listener, EVERYTHING)
        pair.check(0, [[b"SET", b"a", b"1"]])
        pair.ask_kvik_alone([b"SET", b"b", b"1"])
        with pytest.raises(Difference, match="new"):
            pair.check(0, [[b"SET", b"b", b"1"]])
        wire.call(*setting(b""))
