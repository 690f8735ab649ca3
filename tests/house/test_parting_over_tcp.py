"""Clients that are thrown out, or hear no replies, on a real server beside a redis-server: what still comes to them."""

import pytest

from tests.patience import wait_until_blocked
from tests.servers import KvikServer, RedisServer
from tests.wire import Wire, encode_words


def asked(wire: Wire, *lines: str) -> list[object]:
    """Send requests in one packet and return their replies."""
    wire.send(b"".join([encode_words(line.split()) for line in lines]))
    return [wire.reply() for _ in lines]


def test_who_was_thrown_out_takes_nothing_that_comes_right_behind(server: KvikServer | RedisServer) -> None:
    with server.open() as victim, server.open() as other:
        number = victim.call("CLIENT", "ID")
        victim.send(encode_words(["BLPOP", "list", 0]))
        wait_until_blocked(other.call)
        replies = asked(other, f"CLIENT KILL ID {number}", "RPUSH list v", "LLEN list", f"CLIENT LIST ID {number}")
        assert replies == [1, 1, 1, b""]
        assert victim.read_to_the_end() == b""


def test_who_was_thrown_out_is_told_nothing_more(server: KvikServer | RedisServer) -> None:
    with server.open() as victim, server.open() as other:
        number = victim.call("CLIENT", "ID")
        victim.call("SUBSCRIBE", "news")
        assert asked(other, f"CLIENT KILL ID {number}", "PUBLISH news gone", "PUBSUB NUMSUB news") == [
            *[1, 0],
            [b"news", 0],
        ]
        assert victim.read_to_the_end() == b""


@pytest.mark.parametrize("mode", ["OFF", "SKIP"])
def test_subscriptions_are_told_where_replies_are_switched_off(server: KvikServer | RedisServer, mode: str) -> None:
    with server.open() as wire, server.open() as other:
        wire.send(encode_words(["CLIENT", "REPLY", mode]))
        assert wire.call("SUBSCRIBE", "news", "talk") == [b"subscribe", b"news", 1]
        assert wire.reply() == [b"subscribe", b"talk", 2]
        assert other.call("PUBLISH", "news", "hello") == 1
        assert wire.reply() == [b"message", b"news", b"hello"]


def test_a_reply_that_is_to_be_skipped_is_skipped_by_reset_too(server: KvikServer | RedisServer) -> None:
    with server.open() as wire:
        wire.send(b"".join([encode_words(words) for words in (["CLIENT", "REPLY", "SKIP"], ["RESET"], ["ECHO", "on"])]))
        assert wire.reply() == b"on"
