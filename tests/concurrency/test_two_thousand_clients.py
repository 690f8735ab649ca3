"""Two thousand clients at once, and what happens where the system has no room for so many."""

import contextlib
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.concurrency.conftest import CLIENTS_MAX, guest_at
from tests.patience import wait_until, wait_until_connected
from tests.servers import KvikServer
from tests.speech import DOORS
from tests.wire import Wire

ROOM = 80
"""Descriptors that a server gets in the tests of narrow places: 32 of them stay free for files."""
CROWD = 100
FEWER_THAN_IT_HAS = 5
REFUSED = b"-ERR max number of clients reached\r\n"
NARROW = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lowers the limit of a program that runs")


def test_two_thousand_at_once_each_find_their_own_value(server: KvikServer) -> None:
    room, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if room < CLIENTS_MAX + 100:
        pytest.skip(f"this system allows {room} open files, and each client is one")
    with contextlib.ExitStack() as stack:
        guests = [stack.enter_context(guest_at(server, DOORS[number % len(DOORS)])) for number in range(CLIENTS_MAX)]
        entries = [(b"key-%d" % number, b"value-%d" % number) for number in range(CLIENTS_MAX)]
        for guest, entry in zip(guests, entries, strict=True):
            guest.wire.send(guest.speech.store(*entry))
        for guest, entry in zip(guests, entries, strict=True):
            guest.hear(guest.speech.stored(*entry))
            guest.wire.send(guest.speech.ask(*entry))
        for guest, entry in zip(guests, entries, strict=True):
            guest.hear(guest.speech.found(*entry))
        assert guests[0].wire.call("DBSIZE") == CLIENTS_MAX
        for guest in guests[1:]:
            guest.wire.close()
        wait_until_connected(guests[0].wire.call)


@pytest.fixture(params=["poller", "asyncio"])
def small(request: pytest.FixtureRequest, folder: Path) -> Iterator[KvikServer]:
    """A server of its own, which keeps its data."""
    server = KvikServer(folder, doors=("resp",), flags=[str(folder / "data"), "--porch", request.param])
    yield server
    assert server.stop() == 0, server.output()


def allow(server: KvikServer, descriptors: int) -> None:
    _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (descriptors, hard))


def processor_seconds(server: KvikServer) -> float:
    user, system = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def test_a_server_asks_the_system_for_room_for_its_clients(small: KvikServer) -> None:
    soft, hard = resource.prlimit(small.process.pid, resource.RLIMIT_NOFILE)
    with small.open() as wire:
        _, most = wire.call("CONFIG", "GET", "maxclients")
    is_enough = resource.RLIM_INFINITY in (soft, hard) or soft >= min(int(most) + 32, hard)
    assert is_enough, "a server that starts with 1,024 descriptors serves 10,000 clients where it may"


@NARROW
def test_where_descriptors_run_out_clients_are_refused_and_files_can_still_be_opened(small: KvikServer) -> None:
    allow(small, ROOM)
    first = small.open()
    # Whoever is still going would leave a place to one of the last.
    wait_until_connected(first.call)
    crowd = [first, *[small.open() for _ in range(CROWD - 1)]]
    answers = [last_word(wire) for wire in crowd[ROOM:]]
    assert answers == [REFUSED] * (CROWD - ROOM)
    assert crowd[0].call("SET", "k", "v") == b"OK"
    assert b"started" in bytes(crowd[0].call("BGREWRITEAOF"))
    wait_for_compaction(crowd[0])
    for wire in crowd[1:]:
        wire.close()
    # Who comes before they are gone is refused too.
    wait_until_connected(first.call)
    with small.open() as wire:
        assert wire.call("GET", "k") == b"v"
    first.close()


def last_word(wire: Wire) -> bytes:
    data = b""
    with contextlib.suppress(ConnectionError):
        data = wire.read_to_the_end()
    return data


def wait_for_compaction(wire: Wire) -> None:
    limit = time.monotonic() + 10
    while b"aof_rewrite_in_progress:0" not in (facts := bytes(wire.call("INFO", "persistence"))):
        assert time.monotonic() < limit, facts
        time.sleep(0.02)
    assert b"aof_last_bgrewrite_status:ok" in facts


@NARROW
def test_a_server_that_can_accept_nobody_says_so_once_and_rests(small: KvikServer) -> None:
    with small.open() as wire:
        assert wire.call("PING") == b"PONG"
        allow(small, FEWER_THAN_IT_HAS)
        with small.open() as waiting:
            wait_until(lambda: "Accepting a client" in small.output())
            before = processor_seconds(small)
            time.sleep(0.5)
            assert processor_seconds(small) - before < 0.2
            assert small.output().count("Accepting a client") == 1
            assert wire.call("PING") == b"PONG"
            allow(small, ROOM)
            assert waiting.call("PING") == b"PONG"
