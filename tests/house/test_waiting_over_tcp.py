"""Waiting clients of a real server, on both porches: served in order, in time, and gone when they are gone."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.servers import free_port

from tests.patience import wait_until_blocked, wait_until_connected
from tests.servers import Process, connect
from tests.wire import Wire, encode_words

ROOT = str(Path(__file__).parent.parent.parent)


class TakingServer(Process):
    """A server that knows TAKE, on a free port."""

    def __init__(self, folder: Path, porch: str, *directory: str) -> None:
        self.address = ("127.0.0.1", free_port())
        command = [sys.executable, "-m", "tests.house.taking", f"resp://127.0.0.1:{self.address[1]}", porch]
        command += directory
        paths = [ROOT, *[os.path.abspath(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]]
        super().__init__(command, folder, {"PYTHONPATH": os.pathsep.join(paths)})
        self.wait_for(self.address)

    def open(self) -> Wire:
        return Wire(connect(self.address))


@pytest.fixture(scope="module", params=["poller", "asyncio"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TakingServer]:
    server = TakingServer(tmp_path_factory.mktemp("taking"), request.param)
    yield server
    assert server.stop() == 0, server.output()


def take(wire: Wire, key: str) -> None:
    """Begin to wait."""
    wire.send(encode_words(["TAKE", key, 0]))


def test_waiting_clients_are_served_in_the_order_they_came(server: TakingServer) -> None:
    wires = [server.open() for _ in range(3)]
    with server.open() as other:
        for number, wire in enumerate(wires):
            take(wire, "order")
            wait_until_blocked(other.call, number + 1)
        for number in range(3):
            assert other.call("SET", "order", number) == b"OK"
        assert other.call("EXISTS", "order") == 0
    assert [wire.reply() for wire in wires] == [b"0", b"1", b"2"]
    for wire in wires:
        wire.close()


def test_a_deadline_is_kept_on_time(server: TakingServer) -> None:
    with server.open() as wire:
        start = time.monotonic()
        assert wire.call("TAKE", "nothing", 120) is None
        assert 0.115 <= time.monotonic() - start < 1.0
        assert wire.call("PING") == b"PONG"


def test_who_waits_keeps_nobody_else_from_working(server: TakingServer) -> None:
    with server.open() as waiting, server.open() as other:
        take(waiting, "busy")
        wait_until_blocked(other.call)
        assert [other.call("INCR", "n") for _ in range(100)] == list(range(1, 101))
        other.call("DEL", "n")
        other.call("SET", "busy", "v")
        assert waiting.reply() == b"v"


def test_requests_sent_while_waiting_are_answered_afterwards(server: TakingServer) -> None:
    with server.open() as waiting, server.open() as other:
        take(waiting, "later")
        wait_until_blocked(other.call)
        waiting.send(encode_words(["PING"]) + encode_words(["ECHO", "x"]))
        other.call("SET", "later", "v")
        assert [waiting.reply() for _ in range(3)] == [b"v", b"PONG", b"x"]


def test_a_client_that_died_waiting_takes_nothing(server: TakingServer) -> None:
    dying = server.open()
    with server.open() as wire:
        take(dying, "left")
        wait_until_blocked(wire.call)
        dying.close()
        wait_until_connected(wire.call)
        wire.call("SET", "left", "v")
        assert wire.call("GETDEL", "left") == b"v"


def test_inside_a_transaction_nobody_waits_on_a_connection(server: TakingServer) -> None:
    with server.open() as wire:
        wire.call("MULTI")
        wire.call("TAKE", "inside", 0)
        assert wire.call("EXEC") == [None]
