"""Random requests beside a real redis-server once more: after each the same keyspace events, in the same order."""

import pytest

from kvik.replies import Push
from tests.differential.campaign import FAMILIES, drawn
from tests.differential.draw import Draw, Request
from tests.differential.pair import shown
from tests.engines import Caller, plain_reply
from tests.servers import RedisServer
from tests.wire import Wire

REQUESTS = 1_500
SEED = 77_001
PATTERN = "__key*__:*"


class Side:
    """What one server tells of each request."""

    def heard(self, request: Request) -> object:
        """Run a request and return the events it caused, as channel and message."""
        raise NotImplementedError


class RedisSide(Side):
    """redis-server with two connections: one asks, one listens."""

    def __init__(self, wire: Wire, listener: Wire) -> None:
        self._wire, self._listener = wire, listener
        wire.call("FLUSHALL")
        wire.call("CONFIG", "SET", "notify-keyspace-events", "KEA")
        listener.call("PSUBSCRIBE", PATTERN)

    def heard(self, request: Request) -> object:
        self._wire.call(*request)
        # What the listener gets before this answer is all there was.
        message = self._listener.call("PING")
        events: list[object] = []
        while message != [b"pong", b""]:
            assert isinstance(message, list)
            events.append(message[2:])
            message = self._listener.reply()
        return events

    def close(self) -> None:
        self._wire.call("CONFIG", "SET", "notify-keyspace-events", "")


class KvikSide(Side):
    """An engine with two sessions."""

    def __init__(self) -> None:
        self._asks = Caller()
        self._listens = self._asks.another()
        self._asks("CONFIG", "SET", "notify-keyspace-events", "KEA")
        self._listens("PSUBSCRIBE", PATTERN)

    def heard(self, request: Request) -> object:
        self._listens.outlet.pushed.clear()
        self._asks(*request)
        return [plain_reply(Push(items[2:])) for items in self._listens.outlet.pushed]


@pytest.mark.parametrize("family", ["strings", "bitmaps", "hyperloglogs"])
def test_the_same_events_are_told_as_by_a_redis_server(redis_server: RedisServer, family: str) -> None:
    draw = Draw(SEED)
    assert family in FAMILIES
    with redis_server.open() as wire, redis_server.open() as listener:
        redis, kvik = RedisSide(wire, listener), KvikSide()
        try:
            for _ in range(REQUESTS):
                request = drawn(draw, FAMILIES[family])
                assert kvik.heard(request) == redis.heard(request), shown(request)
        finally:
            redis.close()
