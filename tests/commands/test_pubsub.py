"""Publish and subscribe: beside a real redis-server byte for byte, and what only kvik's side can show."""

from collections.abc import Iterator

import pytest

from kvik.dialects.resp import RespDialect
from kvik.network.caller import Caller as Connection
from kvik.network.caller import Carrier
from kvik.replies import Reply, Verbatim
from tests.engines import Caller
from tests.servers import RedisServer
from tests.wire import Wire, encode_words

SENTINEL = "end-of-step"
SENTINEL_REPLY = b"$11\r\nend-of-step\r\n"

# Connection and words, one step after the other. A and B speak RESP2, C and D speak RESP3.
STEPS = """
A UNSUBSCRIBE
A UNSUBSCRIBE a b
A PUNSUBSCRIBE
A SUNSUBSCRIBE
A SUBSCRIBE a b a
A PSUBSCRIBE x* [ab]
A SSUBSCRIBE s
B PUBLISH a one
B PUBLISH b two
B PUBLISH xyz three
B PUBLISH nobody four
B SPUBLISH s five
B SPUBLISH a six
B PUBLISH s seven
B PUBSUB CHANNELS a*
B PUBSUB NUMSUB a b c
B PUBSUB NUMSUB
B PUBSUB NUMPAT
B PUBSUB SHARDCHANNELS
B PUBSUB SHARDCHANNELS q*
B PUBSUB SHARDNUMSUB s t
B PUBSUB
B PUBSUB FOO
B PUBSUB CHANNELS a b
A GET k
A client list
A NOSUCH
A SUBSCRIBE
A PING
A PING hello
A PUNSUBSCRIBE x*
B PUBLISH xyz eight
A UNSUBSCRIBE b
A UNSUBSCRIBE
A PUNSUBSCRIBE
A GET k
A SUNSUBSCRIBE
A GET k
C SUBSCRIBE a
C PUBLISH a nine
C PSUBSCRIBE a
C PUBLISH a ten
C GET k
C PING
C SET k v
D MULTI ; PUBLISH a eleven ; SUBSCRIBE m n ; SSUBSCRIBE o ; EXEC
B PUBLISH m twelve
C RESET
C GET k
B PUBLISH a thirteen
D UNSUBSCRIBE m
D UNSUBSCRIBE
B PUBSUB NUMPAT
B PUBSUB SHARDCHANNELS
"""


class Both:
    """The same four connections on kvik, in process, and on a real redis-server."""

    def __init__(self, server: RedisServer) -> None:
        engine = Caller().engine
        self.kvik = {name: Connection(engine, RespDialect(), Carrier()) for name in "ABCD"}
        self.redis: dict[str, Wire] = {name: server.open() for name in "ABCD"}
        self.redis["A"].call("FLUSHALL")
        for name in "CD":
            self.redis[name].call("HELLO", "3")
            self.kvik[name].session.protocol = 3

    def step(self, name: str, requests: str) -> None:
        """Send requests; what every connection hears until it has answered a PING must be the same."""
        sent = b"".join([encode_words(request.split()) for request in requests.split(" ; ")])
        self.redis[name].send(sent)
        self.kvik[name].receive(sent)
        for listener in [name, *sorted(set("ABCD") - {name})]:
            ping = encode_words(["PING", SENTINEL])
            self.redis[listener].send(ping)
            expected = self.redis[listener].read_until(lambda data: data.endswith(SENTINEL_REPLY))
            self.kvik[listener].receive(ping)
            assert self.kvik[listener].take_output() == expected, f"{name} {requests}: what {listener} hears"

    def close(self) -> None:
        for wire in self.redis.values():
            wire.close()


@pytest.fixture
def both(redis_server: RedisServer) -> Iterator[Both]:
    pair = Both(redis_server)
    yield pair
    pair.close()


def test_a_conversation_is_heard_as_on_a_redis_server(both: Both) -> None:
    for line in STEPS.strip().splitlines():
        name, _, requests = line.partition(" ")
        both.step(name, requests)


def shown(reply: Reply) -> str:
    assert isinstance(reply, Verbatim)
    return reply.text.decode()


def test_a_caller_that_has_gone_listens_no_more(caller: Caller) -> None:
    listener = caller.another()
    listener("SUBSCRIBE", "news", "sport")
    listener("PSUBSCRIBE", "n*")
    assert caller("PUBLISH", "news", "1") == 2
    caller.engine.close_session(listener.session)
    assert caller("PUBLISH", "news", "2") == 0
    assert caller("PUBSUB", "NUMPAT") == 0
    assert listener.outlet.pushed == [[b"message", b"news", b"1"], [b"pmessage", b"n*", b"news", b"1"]]


def test_who_listens_is_seen_in_the_client_list_and_in_info(caller: Caller) -> None:
    listener = caller.another()
    listener("SUBSCRIBE", "a", "b")
    listener("PSUBSCRIBE", "c*")
    listener("SSUBSCRIBE", "s")
    line = [line for line in shown(caller("CLIENT", "LIST")).splitlines() if "flags=P" in line]
    assert len(line) == 1 and " sub=2 psub=1 ssub=1 " in line[0]
    assert shown(caller("CLIENT", "LIST", "TYPE", "pubsub")).splitlines() == line
    assert "pubsub_clients:1" in shown(caller("INFO", "clients"))
    assert "pubsub_channels:2\r\npubsub_patterns:1\r\npubsubshard_channels:1" in shown(caller("INFO", "stats"))


def test_a_message_may_be_any_bytes(caller: Caller) -> None:
    listener = caller.another()
    listener("SUBSCRIBE", b"\x00\r\n")
    assert caller("PUBLISH", b"\x00\r\n", b"\xff\x00") == 1
    assert listener.outlet.pushed == [[b"message", b"\x00\r\n", b"\xff\x00"]]


def test_the_container_tells_what_can_be_asked(caller: Caller) -> None:
    lines = caller.plain("PUBSUB", "HELP")
    assert isinstance(lines, list)
    assert lines[0] == b"PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"
    assert b"NUMPAT" in lines
