"""Whatever one client sends, it gets Redis' own error or is closed, and no other client notices."""

import contextlib
import os

import pytest

from tests.servers import KvikServer, RedisServer
from tests.wire import Wire, encode_words

BROKEN = [
    pytest.param(b"*x\r\n", id="a count that is no number"),
    pytest.param(b"*\r\n$4\r\nPING\r\n", id="no count"),
    pytest.param(b"*99999999999999999999\r\n", id="a count beyond 64 bits"),
    pytest.param(b"*2147483648\r\n", id="a count beyond the limit"),
    pytest.param(b"*1\r\nPING\r\n", id="a word without its length"),
    pytest.param(b"*1\r\n:4\r\nPING\r\n", id="a word that is a number"),
    pytest.param(b"*1\r\n$x\r\n", id="a length that is no number"),
    pytest.param(b"*1\r\n$-1\r\n", id="a length below zero"),
    pytest.param(b"*1\r\n$99999999999999999999\r\n", id="a length beyond 64 bits"),
    pytest.param(b"*1\r\n$536870913\r\n", id="a length beyond 512 MB"),
    pytest.param(b"*1\r\n$4 \r\nPING\r\n", id="a length with a blank"),
    pytest.param(b'PING "x\r\n', id="an inline command with an open quote"),
    pytest.param(b"x" * 70_000, id="a line without an end"),
    pytest.param(b"*" + b"1" * 70_000, id="a count without an end"),
    pytest.param(b"*1\r\n$" + b"1" * 70_000, id="a length without an end"),
    pytest.param(b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\nSET hacked 1\r\n", id="a web page"),
    pytest.param(b"Host: localhost\r\nSET hacked 1\r\n", id="a web page's second line"),
]


def last_words(wire: Wire, data: bytes) -> bytes:
    """Return everything a server answers until it closes."""
    with contextlib.suppress(ConnectionError):
        wire.send(data)
    answer = b""
    with contextlib.suppress(ConnectionError):
        answer = wire.read_to_the_end()
    wire.close()
    return answer


@pytest.mark.parametrize("data", BROKEN)
def test_broken_framing_gets_the_last_words_redis_has_for_it(
    data: bytes, kvik_server: KvikServer, redis_server: RedisServer
) -> None:
    with kvik_server.open() as neighbour:
        neighbour.call("MULTI")
        neighbour.call("INCR", "n")
        assert last_words(kvik_server.open(), data) == last_words(redis_server.open(), data)
        assert neighbour.call("EXEC") == [1]
        assert neighbour.call("EXISTS", "hacked") == 0


@pytest.mark.parametrize("door", ["auto", "text"])
@pytest.mark.parametrize(
    "request_of_a_page",
    [
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16\r\n\r\nSET hacked 1\r\n",
        b"GET / HTTP/1.1\r\nSET hacked 1\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\n\r\nSET hacked 1\r\n",
        b"SET before 1\r\nHost: localhost\r\nSET hacked 1\r\n",
    ],
)
def test_a_web_page_is_closed_out_at_once(request_of_a_page: bytes, door: str, kvik_server: KvikServer) -> None:
    with kvik_server.open() as neighbour:
        answer = last_words(kvik_server.open(door), request_of_a_page)
        assert answer in (b"", b"OK\n")
        assert neighbour.call("EXISTS", "hacked") == 0


def test_a_tls_greeting_is_closed_on_the_auto_door(kvik_server: KvikServer) -> None:
    assert last_words(kvik_server.open("auto"), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03") == b""


@pytest.mark.parametrize("door", ["resp", "text", "auto"])
def test_binary_garbage_harms_nobody(door: str, kvik_server: KvikServer) -> None:
    with kvik_server.open() as neighbour:
        for _ in range(30):
            wire = kvik_server.open(door)
            wire.send(os.urandom(5000) + b"\r\n" + os.urandom(100))
            wire.close()
            assert neighbour.call("PING") == b"PONG"


@pytest.mark.parametrize(
    "beginning",
    [
        pytest.param(b"*2\r\n$3\r\nGET\r\n$500000000\r\nabc", id="a word of 500 MB"),
        pytest.param(b"*1000000\r\n$3\r\nDEL\r\n", id="a million words"),
        pytest.param(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$500000000\r\n", id="a value of 500 MB"),
    ],
)
@pytest.mark.parametrize("door", ["resp", "auto"])
def test_a_declared_size_moves_no_memory(beginning: bytes, door: str, kvik_server: KvikServer) -> None:
    with kvik_server.open() as neighbour:
        before = kvik_server.memory()
        wires = [kvik_server.open(door) for _ in range(10)]
        for wire in wires:
            wire.send(beginning)
        assert [neighbour.call("PING") for _ in range(20)] == [b"PONG"] * 20
        assert kvik_server.memory() - before < 10_000_000
        for wire in wires:
            wire.close()


def test_requests_without_words_are_passed_over(kvik_server: KvikServer) -> None:
    with kvik_server.open() as wire:
        wire.send(b"*0\r\n*-1\r\n\r\n  \r\n" + encode_words(["PING"]))
        assert wire.reply() == b"PONG"


def test_an_unknown_command_of_a_megabyte_gets_a_short_error(kvik_server: KvikServer) -> None:
    with kvik_server.open() as wire:
        assert len(str(wire.call(b"x" * 1_000_000, b"y" * 1_000_000))) < 500
        assert wire.call("PING") == b"PONG"


def test_nesting_and_line_ends_in_data_never_forge_a_reply(kvik_server: KvikServer) -> None:
    with kvik_server.open() as wire:
        wire.send(encode_words(["a\r\n+OK\r\nb"]) + encode_words(["PING"]))
        assert "unknown command" in str(wire.reply())
        assert wire.reply() == b"PONG"


def test_a_server_that_was_battered_ends_orderly_and_logged_no_traceback(kvik_server: KvikServer) -> None:
    for parameters in BROKEN:
        last_words(kvik_server.open(), parameters.values[0])
    assert "Traceback" not in kvik_server.output()
