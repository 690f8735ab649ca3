"""Random requests of two callers: kvik's replies are the real redis-server's, byte for byte."""

import pytest
from hypothesis import given
from librt.strings import BytesWriter

from kvik.dialects.resp import RespDialect
from kvik.request import Request
from tests.engines import Caller
from tests.properties.requests import REAL, Step, Words, limits, stories
from tests.servers import RedisServer
from tests.wire import Wire, encode_words


class RespCaller:
    """A caller of kvik whose requests and replies are RESP bytes."""

    def __init__(self, caller: Caller, protocol: int) -> None:
        self._caller = caller
        self._dialect = RespDialect()
        caller.session.protocol = protocol

    def ask(self, words: Words) -> bytes:
        self._dialect.feed(encode_words(words))
        request = self._dialect.next_request()
        assert isinstance(request, Request) and request.words == words
        reply = self._caller.engine.execute(self._caller.session, request)
        out = BytesWriter()
        self._dialect.encode(request, reply, self._caller.session.protocol, out)
        return out.getvalue()


def opened(server: RedisServer, protocol: int) -> Wire:
    wire = server.open()
    if protocol == 3:
        wire.call("HELLO", "3")
    return wire


@pytest.mark.parametrize("protocol", [2, 3])
def test_kvik_answers_what_redis_answers(protocol: int, redis_server: RedisServer) -> None:
    @limits(400)
    @given(stories(REAL))
    def holds(steps: list[Step]) -> None:
        caller = Caller()
        kviks = [RespCaller(caller, protocol), RespCaller(caller.another(), protocol)]
        with opened(redis_server, protocol) as one, opened(redis_server, protocol) as other:
            one.call("FLUSHALL")
            for number, words in steps:
                expected = (one, other)[number].ask(encode_words(words))
                assert kviks[number].ask(words) == expected, words

    holds()
