"""Seed 004's server as a part of a program: `kvik.Server` on the colon door, and who is connected to it."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

import kvik

SECONDS_MAX = 20.0
CLIENTS = 10
REQUESTS = 1_500


@pytest.fixture
def server() -> Iterator[kvik.Server]:
    with kvik.Server(door="colon") as server:
        server.start(0)
        yield server


def connect(server: kvik.Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), SECONDS_MAX)


def ask(server: kvik.Server, lines: bytes) -> bytes:
    """Return what a client is answered that sends its lines, says that it is done, and leaves."""
    with connect(server) as client:
        client.sendall(lines)
        client.shutdown(socket.SHUT_WR)
        return client.makefile("rb").read()


# Starting and closing


def test_a_server_that_was_started_serves_at_once(server: kvik.Server) -> None:
    assert ask(server, b"PUT:a:1\nPUT:a:2\nGET:a\n") == b"a:1\na:2\n"


def test_a_port_that_is_taken_is_an_error_of_start(server: kvik.Server) -> None:
    with pytest.raises(OSError, match=f"port {server.port} is taken"):
        kvik.Server(door="colon").start(server.port)


def test_a_closed_server_has_dropped_its_clients_and_accepts_nobody(server: kvik.Server) -> None:
    port = server.port
    clients = [connect(server) for _ in range(5)]
    server.close()
    assert [client.recv(1) for client in clients] == [b""] * 5
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), SECONDS_MAX)
    for client in clients:
        client.close()


def test_counting_the_clients_of_a_server_that_does_not_run_is_an_error(server: kvik.Server) -> None:
    unstarted = kvik.Server(door="colon")
    server.close()
    for ask_for in (unstarted.count_active, unstarted.count_dropped, server.count_active, server.count_dropped):
        with pytest.raises(RuntimeError, match="the server is not running"):
            ask_for()


# Connection tracking


def test_nobody_is_counted_before_anybody_came(server: kvik.Server) -> None:
    assert (server.count_active(), server.count_dropped()) == (0, 0)


def test_every_client_that_is_connected_is_counted_as_active(server: kvik.Server) -> None:
    clients = []
    for number in range(1, 21):
        clients.append(connect(server))
        assert server.count_active() == number
    assert server.count_dropped() == 0
    for client in clients:
        client.close()


def test_every_client_that_has_gone_is_counted_as_dropped(server: kvik.Server) -> None:
    clients = [connect(server) for _ in range(20)]
    for number, client in enumerate(clients, 1):
        client.close()
        assert (server.count_active(), server.count_dropped()) == (20 - number, number)


def test_a_client_is_counted_whatever_it_sends(server: kvik.Server) -> None:
    with connect(server) as silent, connect(server) as talking, connect(server) as wrong:
        talking.sendall(b"PUT:k:v\nGET:k\n")
        assert talking.recv(10) == b"k:v\n"
        wrong.sendall(b"what is this\nPUT:half a li")
        assert (server.count_active(), server.count_dropped()) == (3, 0)
        assert silent.fileno() > 0
    assert (server.count_active(), server.count_dropped()) == (0, 3)


def test_a_client_that_dies_is_counted_as_dropped(server: kvik.Server) -> None:
    client = connect(server)
    assert server.count_active() == 1
    # Closing then resets the connection, as when the program was killed with answers unread.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    assert (server.count_active(), server.count_dropped()) == (0, 1)


def test_clients_of_all_doors_are_counted_together() -> None:
    with kvik.Server(door="colon", also=["resp://127.0.0.1:0"]) as server:
        server.start(0)
        other = int(server.addresses[1].rpartition(":")[2])
        with connect(server), socket.create_connection(("127.0.0.1", other), SECONDS_MAX):
            assert server.count_active() == 2
        assert (server.count_active(), server.count_dropped()) == (0, 2)


def test_ten_clients_with_many_requests_lose_nothing_and_are_all_counted(server: kvik.Server) -> None:
    def work(number: int) -> None:
        lines = b"".join([b"PUT:shared:%d.%d\n" % (number, request) for request in range(REQUESTS)])
        assert ask(server, lines) == b""

    threads = [threading.Thread(target=work, args=[number]) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS_MAX)
    values = [line.partition(b":")[2] for line in ask(server, b"GET:shared\n").splitlines()]
    assert sorted(values) == sorted([b"%d.%d" % (n, r) for n in range(CLIENTS) for r in range(REQUESTS)])
    # Each client's own values are in the order in which it put them.
    assert [value for value in values if value.startswith(b"3.")] == [b"3.%d" % r for r in range(REQUESTS)]
    assert (server.count_active(), server.count_dropped()) == (0, CLIENTS + 1)


def test_a_client_that_does_not_read_stays_connected_until_the_server_is_closed(server: kvik.Server) -> None:
    ask(server, b"PUT:large:" + b"x" * 60_000 + b"\n")
    with connect(server) as deaf:
        deaf.sendall(b"GET:large\n" * 2_000)
        assert ask(server, b"PUT:a:1\nGET:a\n") == b"a:1\n"
        assert server.count_active() == 1
        began = time.monotonic()
        server.close()
        assert time.monotonic() - began < 2


def test_the_program_reads_what_the_clients_have_put(server: kvik.Server) -> None:
    ask(server, b"PUT:fruit:apple\nPUT:fruit:pear\nUPDATE:fruit:apple:fig\n")
    assert server.execute("LRANGE", "fruit", 0, -1) == [b"pear", b"fig"]
    assert server.count_active() == 0
