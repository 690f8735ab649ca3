"""Many clients at once: nothing is lost, nothing comes between, nobody's trouble is anybody else's."""

import socket
import struct
import time
from random import Random

from tests.concurrency.crowd import play
from tests.patience import wait_until_connected
from tests.servers import KvikServer
from tests.wire import encode_words

CLIENTS = 100
INCREMENTS = 1000
INCR = encode_words(["INCR", "counter"])


def in_packets(random: Random, request: bytes, count: int) -> list[tuple[bytes, int]]:
    """Return `count` requests in packets of one to forty."""
    packets = []
    while count:
        size = min(random.randint(1, 40), count)
        packets.append((request * size, size))
        count -= size
    return packets


def test_a_hundred_clients_count_to_a_hundred_thousand(kvik_server: KvikServer) -> None:
    random = Random(1)
    replies = play(kvik_server, [in_packets(random, INCR, INCREMENTS) for _ in range(CLIENTS)])
    with kvik_server.open() as wire:
        assert wire.call("GET", "counter") == b"%d" % (CLIENTS * INCREMENTS)
    seen = [number for client in replies for number in client]
    assert sorted(seen) == list(range(1, CLIENTS * INCREMENTS + 1)), "each number is given out once"
    assert all(client == sorted(client) for client in replies), "each client sees the counter rise"


def test_transactions_of_many_clients_never_interleave(kvik_server: KvikServer) -> None:
    scripts = []
    for number in range(40):
        words = [["MULTI"], ["SET", "a", number], ["SET", "b", number], ["MGET", "a", "b"], ["EXEC"]]
        scripts.append([(encode_words(request), 1) for request in words] * 10)
    readers = [[(encode_words(["MGET", "a", "b"]), 1)] * 100] * 5
    replies = play(kvik_server, scripts + readers)
    for number, answers in enumerate(replies[:40]):
        own = [b"OK", b"OK", [b"%d" % number] * 2]
        assert [answer for answer in answers if isinstance(answer, list)] == [own] * 10
    for answers in replies[40:]:
        assert all(a == b for a, b in answers), "a reader saw half a transaction"


def test_watched_counters_lose_no_update(kvik_server: KvikServer) -> None:
    wires = [kvik_server.open() for _ in range(10)]
    successes = 0
    for _ in range(20):
        values = []
        for wire in wires:
            wire.call("WATCH", "counter")
            values.append(int(wire.call("GET", "counter") or 0))
        for wire, value in zip(wires, values, strict=True):
            wire.call("MULTI")
            wire.call("SET", "counter", value + 1)
            successes += wire.call("EXEC") is not None
    assert int(wires[0].call("GET", "counter")) == successes == 20, "of ten that saw the same, one may write"
    for wire in wires:
        wire.close()


def test_a_client_that_dies_inside_multi_leaves_nothing_behind(kvik_server: KvikServer) -> None:
    dying = kvik_server.open()
    assert [dying.call("MULTI"), dying.call("SET", "k", "v"), dying.call("INCR", "n")] == [b"OK", b"QUEUED", b"QUEUED"]
    # Dies without a word: the other side gets a reset.
    dying.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    dying.close()
    with kvik_server.open() as wire:
        wait_until_connected(wire.call)
        assert wire.call("MGET", "k", "n") == [None, None]
        assert wire.call("DBSIZE") == 0


def test_a_client_that_dies_while_it_watches_leaves_nothing_behind(kvik_server: KvikServer) -> None:
    dying = kvik_server.open()
    dying.call("WATCH", "k")
    dying.close()
    with kvik_server.open() as wire:
        wait_until_connected(wire.call)
        assert wire.call("SET", "k", "v") == b"OK"


def test_requests_that_are_half_sent_harm_nobody(kvik_server: KvikServer) -> None:
    slow = [kvik_server.open() for _ in range(50)]
    for number, wire in enumerate(slow):
        wire.send(encode_words(["SET", f"slow{number}", "v"])[: 5 + number % 20])
    with kvik_server.open() as wire:
        start = time.monotonic()
        assert [wire.call("INCR", "n") for _ in range(500)] == list(range(1, 501))
        assert time.monotonic() - start < 5
    for number, wire in enumerate(slow):
        wire.send(encode_words(["SET", f"slow{number}", "v"])[5 + number % 20 :])
        assert wire.reply() == b"OK"
        wire.close()


def test_a_request_may_come_byte_by_byte(kvik_server: KvikServer) -> None:
    with kvik_server.open() as wire:
        for byte in encode_words(["SET", "k", "v"]):
            wire.send(bytes([byte]))
        assert wire.reply() == b"OK"


def test_a_client_that_does_not_read_costs_little_and_harms_nobody(kvik_server: KvikServer) -> None:
    with kvik_server.open() as wire, kvik_server.open() as lazy:
        wire.call("SET", "large", b"x" * 1_000_000)
        before = kvik_server.memory()
        lazy.send(encode_words(["GET", "large"]) * 200)
        assert [wire.call("INCR", "n") for _ in range(200)] == list(range(1, 201))
        assert kvik_server.memory() - before < 40_000_000, "replies nobody reads are not all made at once"
        assert [lazy.reply() for _ in range(200)] == [b"x" * 1_000_000] * 200
