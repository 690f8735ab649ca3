"""A server and its clients as programs of their own: story 5, and `./server` with `./client`."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.servers import free_port

from tests.programs import KVIK, pipe_to, run
from tests.servers import KvikServer

CLIENT = str(Path(__file__).parent.parent.parent / "client")
SECONDS_MAX = 20


def node(server: KvikServer) -> str:
    return f"127.0.0.1:{server.ports['auto']}"


@pytest.fixture
def own_server(folder: Path) -> Iterator[KvikServer]:
    """A server that only this test talks to."""
    server = KvikServer(folder, doors=("auto",))
    yield server
    server.stop()


# Story 5


def test_clients_of_one_server_see_the_same_data(kvik_server: KvikServer) -> None:
    one, other = [pipe_to([*KVIK, "client", node(kvik_server)]) for _ in range(2)]
    assert one.communicate(b"SET shared 1\nINCR shared\nDISCONNECT\n", SECONDS_MAX)[0] == b"OK\n2\nOK\n"
    assert other.communicate(b"GET shared\nDISCONNECT\n", SECONDS_MAX)[0] == b"2\nOK\n"
    assert (one.returncode, other.returncode) == (0, 0)


def test_disconnect_ends_the_client_and_closes_its_connection(own_server: KvikServer) -> None:
    client = pipe_to([*KVIK, "client", node(own_server)])
    output, errors = client.communicate(b"PING\nDISCONNECT\nSET after 1\n", SECONDS_MAX)
    assert (output, errors, client.returncode) == (b"PONG\nOK\n", b"", 0)
    with own_server.open("auto") as wire:
        assert wire.call("GET", "after") is None
        assert str(wire.call("CLIENT", "LIST"), "utf-8").count("\n") == 1


def test_the_client_connects_at_its_start_and_says_so_when_it_cannot() -> None:
    done = run([*KVIK, "client", f"127.0.0.1:{free_port()}"], b"")
    assert done.returncode == 3
    assert done.stdout == b""
    assert len(done.stderr.splitlines()) == 1


def test_a_transaction_of_one_client_is_not_seen_by_another_before_its_end(kvik_server: KvikServer) -> None:
    with kvik_server.open("auto") as one, kvik_server.open("auto") as other:
        assert [one.call("MULTI"), one.call("SET", "k", "v")] == [b"OK", b"QUEUED"]
        assert other.call("GET", "k") is None
        assert one.call("EXEC") == [b"OK"]
        assert other.call("GET", "k") == b"v"


# `./server` and `./client`


def client(server: KvikServer, *words: str) -> tuple[int, bytes, bytes]:
    """Run `./client` against a server; return exit code, output and errors."""
    done = run([CLIENT, node(server), *words], environment={"PYTHON": sys.executable})
    return done.returncode, done.stdout, done.stderr


def test_capital_cities_are_stored_and_found(kvik_server: KvikServer) -> None:
    assert client(kvik_server, "set", "norway", "oslo") == (0, b"", b"")
    assert client(kvik_server, "set", "denmark", "copenhagen") == (0, b"", b"")
    assert client(kvik_server, "get", "norway") == (0, b"oslo\n", b"")
    assert client(kvik_server, "get", "sweden") == (1, b"", b"error: not found\n")


def test_a_further_word_behind_get_is_ignored(kvik_server: KvikServer) -> None:
    assert client(kvik_server, "set", "norway", "oslo") == (0, b"", b"")
    assert client(kvik_server, "get", "norway", "oslo") == (0, b"oslo\n", b"")


def test_any_other_command_works_the_same_way(kvik_server: KvikServer) -> None:
    assert client(kvik_server, "incr", "hits") == (0, b"1\n", b"")
    assert client(kvik_server, "incr", "hits") == (0, b"2\n", b"")


def test_an_error_of_the_server_is_one_line_and_exit_code_1(kvik_server: KvikServer) -> None:
    client(kvik_server, "set", "k", "text")
    code, output, errors = client(kvik_server, "incr", "k")
    assert (code, output) == (1, b"")
    assert errors == b"error: value is not an integer or out of range\n"


def test_wrong_use_of_the_client_is_exit_code_2(kvik_server: KvikServer) -> None:
    code, output, errors = client(kvik_server, "set", "k")
    assert (code, output) == (2, b"")
    assert errors.startswith(b"error: wrong number of arguments")


def test_no_server_is_one_line_and_exit_code_3() -> None:
    done = run([CLIENT, f"127.0.0.1:{free_port()}", "get", "k"], environment={"PYTHON": sys.executable})
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.startswith(b"error: ") and len(done.stderr.splitlines()) == 1


def test_a_taken_port_is_one_clear_line_and_exit_code_1(own_server: KvikServer) -> None:
    done = run([*KVIK, "serve", "--listen", f"auto://127.0.0.1:{own_server.ports['auto']}"])
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert str(own_server.ports["auto"]).encode() in done.stderr


def test_the_server_ends_orderly_when_it_is_told_to(folder: Path) -> None:
    server = KvikServer(folder, doors=("auto",))
    with server.open("auto") as wire:
        wire.call("SET", "k", "v")
    assert server.stop() == 0
