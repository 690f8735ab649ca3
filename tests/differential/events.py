"""What two servers publish about keys: a second connection to each listens and tells one request's events apart."""

from kvik.dialects.resp import RespDialect
from kvik.engine import Engine
from kvik.network.caller import Caller, Carrier
from kvik.wire import encode_request
from tests.differential.draw import Request
from tests.differential.replies import Replies
from tests.wire import Wire

EVERYTHING = b"KEAnm"
LISTENING: list[Request] = [[b"HELLO", b"3"], [b"PSUBSCRIBE", b"__key*__:*"]]
MARK = b"__keymark__:"
"""A channel the listener hears as well: what is published there ends the events of one request."""


class RedisEar:
    """Listens to a real server: a mark is published behind each request."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._messages = Replies(wire.socket)
        wire.send(b"".join([encode_request(request) for request in LISTENING]))
        for _ in LISTENING:
            self._messages.next()

    def heard(self) -> bytes:
        heard = b""
        while MARK not in (message := self._messages.next()):
            heard += message
        return heard


class KvikEar:
    """Listens to an engine in this process: what was published is there as soon as the request is answered."""

    def __init__(self, engine: Engine) -> None:
        self._caller = Caller(engine, RespDialect(), Carrier())
        self._caller.receive(b"".join([encode_request(request) for request in LISTENING]))
        self._caller.take_output()

    def heard(self) -> bytes:
        return self._caller.take_output()


def setting(flags: bytes) -> Request:
    """Return the request that has events published; no flags: none."""
    return [b"CONFIG", b"SET", b"notify-keyspace-events", flags]
