"""kvik and a real redis-server side by side: the same requests to both, their replies compared byte for byte.

Where somebody listens, so are the keyspace events that each request publishes, and their order.

What may differ is a short list, `rules.py`; everything else is a difference, with the requests that led to it.
"""

from collections.abc import Sequence
from random import Random

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
from tests.differential.events import MARK, KvikEar, RedisEar, setting
from tests.differential.replies import Replies
from tests.differential.rules import is_other_order
from tests.differential.transactions import Queue
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
    """One connection to each of the two, in the same protocol; both databases are empty.

    With a `listener`, another connection to the real server, the events in `flags` are compared as well.
    """

    def __init__(self, wire: Wire, protocol: int, listener: Wire | None = None, flags: bytes = b"") -> None:
        self._redis = wire.socket
        engine = Engine(CommandTable(BUILT_IN), Clock(), Random(1), Journal(), Settings(), House())
        self._engine = engine
        self._kvik = Caller(engine, RespDialect(), Carrier())
        self._past: list[Request] = []
        self._queue = Queue()
        self._replies = Replies(self._redis)
        self._redis_ear: RedisEar | None = None
        self._kvik_ear: KvikEar | None = None
        beginning = [[b"FLUSHALL"], [b"HELLO", b"%d" % protocol], setting(flags)]
        self._ask_redis(beginning)
        for request in beginning:
            self._ask_kvik(request)
        if listener is not None:
            self._redis_ear, self._kvik_ear = RedisEar(listener), KvikEar(engine)

    def check(self, seed: int, requests: Sequence[Request]) -> None:
        """Send the requests to both. Raises Difference for the first reply that must not differ and does."""
        expected = self._ask_redis(requests)
        self._engine.clock.tick()
        for request, (reply, events) in zip(requests, expected, strict=True):
            found = self._ask_kvik(request)
            heard = b"" if self._kvik_ear is None else self._kvik_ear.heard()
            if found != reply and not self._queue.is_allowed(request, reply, found):
                raise Difference(seed, request, reply, found, self._related(request))
            self._queue.note(request, reply)
            if heard != events and not is_other_order(request, events, heard):
                raise Difference(seed, request, events, heard, self._related(request))
            self._past.append(request)
        del self._past[: -SHOWN_REQUESTS * 50]

    def ask_kvik_alone(self, request: Request) -> None:
        """Let kvik do what the real server does not: the next requests differ."""
        self._ask_kvik(request)
        if self._kvik_ear is not None:
            self._kvik_ear.heard()

    def _related(self, request: Request) -> list[Request]:
        """Return the last requests that name a word of this one in a key's place."""
        words = set(request[1:])
        return [each for each in self._past if words & set(each[1:3])][-SHOWN_REQUESTS:]

    def _ask_redis(self, requests: Sequence[Request]) -> list[tuple[bytes, bytes]]:
        """Return the replies, and the events published with each."""
        ear = self._redis_ear
        sent = []
        for request in requests:
            sent.append(encode_request(request))
            if ear is not None:
                sent.append(encode_request([b"PUBLISH", MARK, b""]))
        self._redis.sendall(b"".join(sent))
        answers = []
        for _ in requests:
            reply = self._replies.next()
            if ear is not None:
                self._replies.next()
            answers.append((reply, b"" if ear is None else ear.heard()))
        return answers

    def _ask_kvik(self, request: Request) -> bytes:
        """Return the reply; who would have to wait gives up at once."""
        self._kvik.receive(encode_request(request))
        wait = self._kvik.session.wait
        if wait is not None:
            self._kvik.give_up_waiting(wait.deadline)
        return self._kvik.take_output()
