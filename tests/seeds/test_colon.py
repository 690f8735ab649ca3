"""The colon door as its seed tests it: basic operations, concurrent clients, slow clients, connection tracking."""

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import SECONDS_MAX, wait_until
from tests.servers import KvikServer, require
from tests.wire import Wire

CLIENTS = 10
REQUESTS = 1_500
WAITING_LINES = 500
# Twice as long as it takes until a client that does not read is taken for one.
SLOW_SECONDS = 2.0


class ColonServer(KvikServer):
    """A server with a colon door, and a RESP door to look behind it."""

    def __init__(self, folder: Path, porch: str) -> None:
        super().__init__(folder, ("resp", "colon", "auto"), ["--porch", porch])

    def facts(self) -> dict[str, str]:
        with self.open() as wire:
            text = wire.call("INFO")
        assert isinstance(text, bytes)
        return dict(line.split(":", 1) for line in text.decode().splitlines() if ":" in line)

    def dropped(self) -> int:
        return int(self.facts()["colon_lines_dropped"])

    def has(self, key: str) -> bool:
        with self.open() as wire:
            return wire.call("EXISTS", key) == 1


@pytest.fixture(scope="module", params=["poller", "asyncio"])
def process(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ColonServer]:
    server = ColonServer(tmp_path_factory.mktemp("colon"), request.param)
    yield server
    assert server.stop() == 0, server.output()


@pytest.fixture
def server(process: ColonServer) -> ColonServer:
    """The server, empty and with its counters at 0."""
    with process.open() as wire:
        assert wire.call("FLUSHALL") == b"OK"
        assert wire.call("CONFIG", "RESETSTAT") == b"OK"
    return process


@pytest.fixture
def client(server: ColonServer) -> Iterator[Wire]:
    with server.open("colon") as wire:
        yield wire


def lines(wire: Wire, count: int) -> list[bytes]:
    """Read so many lines and return them."""
    pieces: list[bytes] = []
    left = count
    while left > 0:
        data = wire.socket.recv(1 << 16)
        assert data, "the server closed the connection"
        pieces.append(data)
        left -= data.count(b"\n")
    return b"".join(pieces).splitlines()


def hear(wire: Wire, request: bytes) -> bytes:
    """Send a request and return what is answered before the answer to a marker behind it."""
    wire.send(request + b"DELETE:marker\nPUT:marker:x\nGET:marker\n")
    marker = b"marker:x\n"
    data = wire.read_until(lambda data: data.endswith(marker))
    assert data.endswith(marker)
    return data[: -len(marker)]


def fill(server: ColonServer, key: str, count: int, size: int = 10) -> None:
    """Give a key so many values, numbered, each of so many bytes."""
    with server.open() as wire:
        for start in range(0, count, 10_000):
            wire.call("RPUSH", key, *[b"%0*d" % (size, number) for number in range(start, min(start + 10_000, count))])


# Basic operations


def test_values_come_back_in_the_order_they_were_put(client: Wire) -> None:
    assert hear(client, b"PUT:k:one\nPUT:k:two\nPUT:other:x\nGET:k\n") == b"k:one\nk:two\n"


def test_a_key_without_values_is_answered_with_nothing(client: Wire) -> None:
    assert hear(client, b"GET:k\nPUT:k:v\nDELETE:k\nGET:k\nDELETE:k\n") == b""


def test_update_takes_the_first_equal_value_and_puts_the_new_one_last(client: Wire) -> None:
    client.send(b"PUT:k:a\nPUT:k:b\nPUT:k:a\n")
    assert hear(client, b"UPDATE:k:a:c\nGET:k\n") == b"k:b\nk:a\nk:c\n"
    assert hear(client, b"UPDATE:k:missing:d\nGET:k\n") == b"k:b\nk:a\nk:c\nk:d\n"
    assert hear(client, b"UPDATE:none:a:e\nGET:none\n") == b"none:e\n"


def test_values_may_hold_colons_and_be_empty_and_lines_may_end_in_cr(client: Wire) -> None:
    assert hear(client, b"put:k:a:b\r\nPUT:k:\nUpdate:k:a:b:c:d\nget:k\n") == b"k:a:b\nk:\nk:b:c:d\n"


def test_a_line_that_is_no_request_is_ignored_and_counted(server: ColonServer, client: Wire) -> None:
    assert hear(client, b"PUT:k\nNONSENSE\nGET:a:b\n") == b""
    assert server.facts()["colon_lines_malformed"] == "3"


def test_an_error_is_not_answered_but_counted(server: ColonServer, client: Wire) -> None:
    with server.open() as wire:
        wire.call("SADD", "set", "x")
    assert hear(client, b"PUT:set:v\nGET:set\n") == b""
    assert server.facts()["colon_lines_refused"] == "2"


def test_the_values_are_an_ordinary_list_and_a_string_is_one_value(server: ColonServer, client: Wire) -> None:
    with server.open() as wire:
        wire.call("SET", "string", "one")
        wire.call("SET", "number", 12)
        assert hear(client, b"GET:string\nGET:number\nPUT:string:two\n") == b"string:one\nnumber:12\n"
        assert wire.call("LRANGE", "string", 0, -1) == [b"one", b"two"]


def test_a_line_from_nc_is_stored(server: ColonServer) -> None:
    command = [require("nc"), "-q0", "127.0.0.1", str(server.ports["colon"])]
    for data in (b"PUT:k:v\n", b"PUT:k:w"):
        assert subprocess.run(command, input=data, capture_output=True, timeout=SECONDS_MAX).stdout == b""
    with server.open() as wire:
        wait_until(lambda: wire.call("LRANGE", "k", 0, -1) == [b"v", b"w"])


def test_a_client_that_sends_all_and_then_reads_to_the_end_gets_all(server: ColonServer) -> None:
    fill(server, "big", 100_000)
    with server.open("colon") as wire:
        wire.send(b"GET:big\nPUT:k:v\nGET:k")
        wire.socket.shutdown(socket.SHUT_WR)
        data = wire.read_to_the_end()
    assert data == b"".join([b"big:%010d\n" % number for number in range(100_000)]) + b"k:v\n"


@pytest.mark.parametrize("door", ["colon", "auto"])
def test_a_web_page_runs_nothing(server: ColonServer, door: str) -> None:
    with server.open(door) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 24\r\n\r\nPUT:k:v\r\nPUT:k:w\r\n")
        assert wire.read_to_the_end() == b""
    with server.open() as wire:
        assert wire.call("DBSIZE") == 0


def test_the_auto_door_knows_this_dialect(server: ColonServer) -> None:
    with server.open("auto") as wire:
        assert hear(wire, b"put:k:v\nGET:k\n") == b"k:v\n"


def test_a_password_is_asked_for(folder: Path) -> None:
    server = KvikServer(folder, ("colon",), ["--requirepass", "secret"])
    try:
        with server.open("colon") as wire:
            wire.send(b"PUT:k:before\nAUTH:wrong\nPUT:k:before\n")
            assert hear(wire, b"AUTH:secret\nPUT:k:after\nGET:k\n") == b"k:after\n"
    finally:
        assert server.stop() == 0


# Concurrent clients


def work(server: ColonServer, number: int, heard: dict[int, list[bytes]]) -> None:
    """Put a value, ask for it and replace it by turns, in a list of one's own and in everybody's; read all answers."""
    requests: list[bytes] = []
    for turn in range(REQUESTS // 3):
        requests.append(b"PUT:shared:%d.%d\n" % (number, turn))
        requests.append(b"UPDATE:own%d:%d:%d\n" % (number, turn - 1, turn))
        requests.append(b"GET:own%d\n" % number)
    with server.open("colon") as wire:
        sending = threading.Thread(target=wire.send, args=(b"".join(requests),))
        sending.start()
        heard[number] = lines(wire, REQUESTS // 3)
        sending.join()


def test_ten_clients_lose_nothing(server: ColonServer) -> None:
    heard: dict[int, list[bytes]] = {}
    threads = [threading.Thread(target=work, args=(server, number, heard)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(CLIENTS):
        assert heard[number] == [b"own%d:%d" % (number, turn) for turn in range(REQUESTS // 3)]
    with server.open() as wire:
        shared = wire.call("LRANGE", "shared", 0, -1)
        assert isinstance(shared, list)
        assert len(shared) == CLIENTS * REQUESTS // 3
        for number in range(CLIENTS):
            own = [value for value in shared if value.startswith(b"%d." % number)]
            assert own == [b"%d.%d" % (number, turn) for turn in range(REQUESTS // 3)]
    facts = server.facts()
    assert (facts["colon_lines_dropped"], facts["colon_lines_malformed"], facts["colon_lines_refused"]) == ("0",) * 3


# Slow clients


def test_a_client_that_does_not_read_is_served_and_gets_at_least_500_lines_when_it_reads(server: ColonServer) -> None:
    fill(server, "big", 100_000, 100)
    with server.open("colon") as slow:
        slow.send(b"GET:big\n" + b"GET:k\n" * (WAITING_LINES + 100) + b"PUT:k:v\n" + b"GET:k\n" * 2_000)
        wait_until(lambda: server.dropped() == 2_000 - WAITING_LINES)
        with server.open("colon") as other:
            assert hear(other, b"GET:k\n") == b"k:v\n"
        heard = lines(slow, 100_000 + WAITING_LINES)
        assert heard[:100_000] == [b"big:%0100d" % number for number in range(100_000)]
        assert heard[100_000:] == [b"k:v"] * WAITING_LINES
        assert hear(slow, b"GET:k\n") == b"k:v\n"
        assert server.dropped() == 2_000 - WAITING_LINES


def test_a_client_that_reads_slowly_but_steadily_loses_nothing(server: ColonServer) -> None:
    fill(server, "big", 100, 200)
    with server.open("colon") as slow:
        sending = threading.Thread(target=slow.send, args=(b"GET:big\n" * 1_000,))
        sending.start()
        data = bytearray()
        end = time.monotonic() + SLOW_SECONDS
        while time.monotonic() < end:
            data += slow.socket.recv(20_000)
            time.sleep(0.05)
        while data.count(b"\n") < 100_000:
            data += slow.socket.recv(1 << 20)
        sending.join()
    assert bytes(data) == b"".join([b"big:%0200d\n" % number for number in range(100)]) * 1_000
    assert server.dropped() == 0


def test_others_are_served_at_once_while_one_reads_a_million_values_or_does_not(server: ColonServer) -> None:
    fill(server, "big", 1_000_000)
    before = server.memory()
    with server.open("colon") as standing, server.open("colon") as reading, server.open() as other:
        standing.send(b"GET:big\n")
        reading.send(b"GET:big\n")
        heard: list[bytes] = []
        thread = threading.Thread(target=lambda: heard.extend(lines(reading, 1_000_000)))
        thread.start()
        waits = []
        while thread.is_alive():
            start = time.monotonic()
            assert other.call("PING") == b"PONG"
            waits.append(time.monotonic() - start)
        thread.join()
        assert len(heard) == 1_000_000
        assert heard[-1] == b"big:0000999999"
        # Python's threads in this process share one processor with each other: the bound is wide.
        assert sorted(waits)[-len(waits) // 100] < 0.25
        assert server.memory() - before < 60_000_000
        assert server.dropped() == 0


# Connection tracking


def test_clients_that_come_and_go_are_counted(server: ColonServer) -> None:
    wait_until(lambda: server.facts()["connected_clients"] == "1")
    wires = [server.open("colon") for _ in range(5)]
    for wire in wires:
        hear(wire, b"GET:k\n")
    assert server.facts()["connected_clients"] == "6"
    for wire in wires[:2]:
        wire.close()
    wait_until(lambda: server.facts()["connected_clients"] == "4")
    assert int(server.facts()["total_connections_received"]) >= 5
    for wire in wires[2:]:
        assert hear(wire, b"PUT:k:v\n") == b""
        wire.close()
    wait_until(lambda: server.facts()["connected_clients"] == "1")


def test_a_slow_client_stays_and_a_client_that_dies_is_forgotten(server: ColonServer) -> None:
    fill(server, "big", 100_000, 100)
    with server.open("colon") as standing:
        dying = server.open("colon")
        for wire in (standing, dying):
            wire.send(b"GET:big\nPUT:k:v\n")
        with server.open() as wire:
            wait_until(lambda: wire.call("VALUES", "k") == [b"v", b"v"])
        assert server.facts()["connected_clients"] == "3"
        dying.close()
        wait_until(lambda: server.facts()["connected_clients"] == "2")
        assert len(lines(standing, 100_000)) == 100_000
