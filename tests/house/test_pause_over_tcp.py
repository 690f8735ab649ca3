"""A pause of a real server beside that of a redis-server: what is sent meanwhile is answered in its order."""

import time

from tests.patience import wait_until, wait_until_blocked, wait_until_connected
from tests.servers import KvikServer, RedisServer
from tests.wire import Wire, encode_words


def pipeline(wire: Wire, *lines: str) -> None:
    wire.send(b"".join([encode_words(line.split()) for line in lines]))


def test_a_pipeline_stops_at_what_has_to_wait_and_goes_on_behind_it(server: KvikServer | RedisServer) -> None:
    with server.open() as wire, server.open() as other:
        begin = time.monotonic()
        assert other.call("CLIENT", "PAUSE", 600, "WRITE") == b"OK"
        pipeline(wire, "GET a", "SET a 1", "GET a", "SET a 2", "GET a")
        assert [wire.reply() for _ in range(5)] == [None, b"OK", b"1", b"OK", b"2"]
        assert time.monotonic() - begin > 0.59


def test_what_stands_before_it_in_the_pipeline_is_answered_at_once(server: KvikServer | RedisServer) -> None:
    with server.open() as wire, server.open() as other:
        other.call("CLIENT", "PAUSE", 60_000, "WRITE")
        pipeline(wire, "GET a", "SET a 1", "GET a")
        assert wire.reply() is None
        wait_until_blocked(other.call)
        assert other.call("CLIENT", "UNPAUSE") == b"OK"
        assert [wire.reply(), wire.reply()] == [b"OK", b"1"]


def test_unpause_lets_all_go_on_at_once(server: KvikServer | RedisServer) -> None:
    with server.open() as wire, server.open() as second, server.open() as other:
        other.call("CLIENT", "PAUSE", 60_000, "WRITE")
        pipeline(wire, "RPUSH l 1", "ECHO a")
        wait_until_blocked(other.call)
        pipeline(second, "RPUSH l 2", "BLPOP none 0.01")
        wait_until_blocked(other.call, 2)
        assert other.call("LLEN", "l") == 0
        assert other.call("CLIENT", "UNPAUSE") == b"OK"
        assert [wire.reply(), wire.reply()] == [1, b"a"] and [second.reply(), second.reply()] == [2, None]


def test_in_a_pause_of_all_even_goodbye_waits(server: KvikServer | RedisServer) -> None:
    with server.open() as wire, server.open() as other:
        begin = time.monotonic()
        other.call("CLIENT", "PAUSE", 150)
        pipeline(wire, "QUIT", "SET never 1")
        assert wire.reply() == b"OK" and time.monotonic() - begin > 0.14
        assert other.call("EXISTS", "never") == 0


def test_a_client_that_leaves_in_a_pause_has_done_nothing(server: KvikServer | RedisServer) -> None:
    with server.open() as other:
        other.call("CLIENT", "PAUSE", 60_000, "WRITE")
        with server.open() as wire:
            pipeline(wire, "SET gone 1")
            wait_until_blocked(other.call)
        wait_until_connected(other.call)
        other.call("CLIENT", "UNPAUSE")
        assert other.call("EXISTS", "gone") == 0


def test_keys_die_behind_the_pause(server: KvikServer | RedisServer) -> None:
    with server.open() as other:
        # In one go, so that it cannot die before the pause begins.
        pipeline(other, "SET k v PX 200", "CLIENT PAUSE 60000 WRITE")
        assert [other.reply(), other.reply()] == [b"OK", b"OK"]
        time.sleep(0.3)
        assert other.call("DBSIZE") == 1 and other.call("GET", "k") is None
        other.call("CLIENT", "UNPAUSE")
        wait_until(lambda: other.call("DBSIZE") == 0)


def test_a_pause_that_was_made_longer_ends_by_itself(server: KvikServer | RedisServer) -> None:
    with server.open() as wire, server.open() as other:
        begin = time.monotonic()
        other.call("CLIENT", "PAUSE", 1_500, "WRITE")
        pipeline(wire, "SET a 1")
        wait_until_blocked(other.call)
        other.call("CLIENT", "PAUSE", 1_700, "WRITE")
        assert wire.reply() == b"OK"
        assert time.monotonic() - begin > 1.69
