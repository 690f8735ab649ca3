"""kvik and a real redis-server side by side: the same requests to both, their replies compared byte for byte.

What may differ is a short list, `rules.py`; everything else is a difference, with the requests that led to it.
"""

import socket
from collections.abc import Sequence
from random import Random

import hiredis

from kvik.clock import Clock
from kvik.commands import BUILT_IN
from kvik.commands.family import CommandTable
from kvik.dialects.resp import RespDialect
from kvik.engine import Engine
from kvik.journal.journal import Journal
from kvik.network.caller import Caller, Carrier
from kvik.services import House
from kvik.settings import Settings
from kvik.wire import encode_request
from tests.differential.draw import Request
from tests.differential.rules import is_allowed
from tests.wire import Wire

SHOWN_REQUESTS = 40


class Difference(AssertionError):
    """What was asked, what each side said, and the requests before it on the same keys."""

    def __init__(self, seed: int, request: Request, expected: bytes, found: bytes, before: Sequence[Request]) -> None:
        lines = [f"seed {seed}: {shown(request)}", f"  redis: {expected!r}", f"  kvik:  {found!r}", "after:"]
        lines += [f"  {shown(each)}" for each in before]
        super().__init__("\n".join(lines))


def shown(request: Request) -> str:
    return " ".join([repr(word)[1:].strip("'") if word and b" " not in word else repr(word)[1:] for word in request])


class Pair:
    """One connection to each of the two, in the same protocol; both databases are empty."""

    def __init__(self, wire: Wire, protocol: int) -> None:
        self._redis = wire.socket
        engine = Engine(CommandTable(BUILT_IN), Clock(), Random(1), Journal(), Settings(), House())
        self._engine = engine
        self._kvik = Caller(engine, RespDialect(), Carrier())
        self._past: list[Request] = []
        self._replies = Replies(self._redis)
        self._ask_redis([[b"FLUSHALL"], [b"HELLO", b"%d" % protocol]])
        self._ask_kvik([b"HELLO", b"%d" % protocol])

    def check(self, seed: int, requests: Sequence[Request]) -> None:
        """Send the requests to both. Raises Difference for the first reply that must not differ and does."""
        expected = self._ask_redis(requests)
        self._engine.clock.tick()
        for request, reply in zip(requests, expected, strict=True):
            found = self._ask_kvik(request)
            if found != reply and not is_allowed(request, reply, found):
                raise Difference(seed, request, reply, found, self._related(request))
            self._past.append(request)
        del self._past[: -SHOWN_REQUESTS * 50]

    def _related(self, request: Request) -> list[Request]:
        """Return the last requests that name a word of this one in a key's place."""
        words = set(request[1:])
        return [each for each in self._past if words & set(each[1:3])][-SHOWN_REQUESTS:]

    def _ask_redis(self, requests: Sequence[Request]) -> list[bytes]:
        self._redis.sendall(b"".join([encode_request(request) for request in requests]))
        return [self._replies.next() for _ in requests]

    def _ask_kvik(self, request: Request) -> bytes:
        self._kvik.receive(encode_request(request))
        return self._kvik.take_output()


class Replies:
    """Cuts a stream into the bytes of single replies."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._data = b""

    def next(self) -> bytes:
        """Return the bytes of the next reply."""
        while True:
            end = end_of_reply(self._data, 0)
            if end >= 0:
                reply, self._data = self._data[:end], self._data[end:]
                return reply
            more = self._socket.recv(1 << 16)
            if not more:
                raise ConnectionError("redis-server has closed the connection")
            self._data += more


def end_of_reply(data: bytes, start: int) -> int:
    """Return where the reply that begins at `start` ends, -1 where it is not all there."""
    missing = 1
    while missing:
        end = data.find(b"\r\n", start)
        if end < 0:
            return -1
        kind, rest = data[start : start + 1], data[start + 1 : end]
        start = end + 2
        missing -= 1
        if kind in b"$=!" and int(rest) >= 0:
            start += int(rest) + 2
            if start > len(data):
                return -1
        elif kind in b"*~>" and int(rest) > 0:
            missing += int(rest)
        elif kind == b"%":
            missing += 2 * int(rest)
    return start


def parsed(reply: bytes) -> object:
    """Return a reply as Python values; an error stays an error."""
    reader = hiredis.Reader()
    reader.feed(reply)
    return reader.gets()
