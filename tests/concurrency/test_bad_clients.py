"""Clients that are slow, die, fall silent, flood or never end a line, at every door: nobody else notices."""

import contextlib
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.concurrency.conftest import guest_at
from tests.patience import told, wait_until, wait_until_connected
from tests.servers import KvikServer
from tests.speech import DOORS, LINE_DOORS, Guest
from tests.wire import Wire, encode_words

RESET = struct.pack("ii", 1, 0)
# What an answer may take while others behave badly; a laden machine is allowed for.
ANSWER_SECONDS_MAX = 1.0
MEGABYTE = 1_000_000
COMES_AND_GOES = 2_000
WEB_PAGES = [
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\r\n",
    b"Host: localhost\r\n",
    b"GET / HTTP/1.1\r\n",
    b"PUT /a:b HTTP/1.1\r\n",
    b"DELETE /a:b HTTP/1.0\r\n",
]
COMMANDS = b"SET hacked 1\r\nset hacked 1\r\nPUT:hacked:1\r\n" + encode_words(["SET", "hacked", 1])


@pytest.fixture
def neighbour(server: KvikServer) -> Iterator[Wire]:
    """Somebody who behaves."""
    with server.open() as wire:
        yield wire


@pytest.fixture
def guests(server: KvikServer) -> Iterator[list[Guest]]:
    """One client at each door."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(guest_at(server, door)) for door in DOORS]


def is_answered_quickly(neighbour: Wire, count: int = 50) -> None:
    """Ask often; the slowest answer counts."""
    slowest = 0.0
    for _ in range(count):
        start = time.monotonic()
        assert neighbour.call("PING") == b"PONG"
        slowest = max(slowest, time.monotonic() - start)
    assert slowest < ANSWER_SECONDS_MAX


@contextlib.contextmanager
def setting(wire: Wire, name: str, value: str) -> Iterator[None]:
    """Change a setting, and put it back as it was."""
    before = wire.call("CONFIG", "GET", name)
    assert isinstance(before, list) and wire.call("CONFIG", "SET", name, value) == b"OK"
    try:
        yield
    finally:
        wire.call("CONFIG", "SET", name, before[1])


def reset(wire: Wire) -> None:
    """Die without a word."""
    wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    wire.close()


# Slow


def test_a_request_at_one_byte_in_ten_milliseconds_is_answered(guests: list[Guest], neighbour: Wire) -> None:
    requests = [guest.speech.store(guest.own("slow"), b"v") for guest in guests]
    for position in range(max(map(len, requests))):
        for guest, request in zip(guests, requests, strict=True):
            guest.wire.send(request[position : position + 1])
        is_answered_quickly(neighbour, 2)
        time.sleep(0.01)
    for guest in guests:
        guest.hear(guest.speech.stored(b"", b""))
        guest.find(guest.own("slow"), b"v")


def test_a_reader_of_single_bytes_gets_every_answer(guests: list[Guest], neighbour: Wire) -> None:
    for guest in guests:
        key, value = guest.own("long"), b"v" * 50
        guest.store(key, value)
        guest.wire.send(guest.speech.ask(key, value) * 20)
        expected = guest.speech.found(key, value) * 20
        assert b"".join([guest.wire.socket.recv(1) for _ in range(len(expected))]) == expected
    is_answered_quickly(neighbour)


# Dying


def test_a_request_that_a_reset_cuts_short_is_never_executed(guests: list[Guest], neighbour: Wire) -> None:
    for guest in guests:
        guest.wire.send(guest.speech.store(guest.own("torn"), b"value")[:-3])
    is_answered_quickly(neighbour)
    for guest in guests:
        reset(guest.wire)
    wait_until_connected(neighbour.call)
    assert neighbour.call("DBSIZE") == 0


@pytest.mark.parametrize("ending", ["reset", "end"])
def test_a_client_that_leaves_before_its_answers_harms_nobody(
    ending: str, guests: list[Guest], neighbour: Wire
) -> None:
    for guest in guests:
        key, value = guest.own("large"), b"v" * MEGABYTE
        guest.store(key, value)
        guest.wire.send(guest.speech.ask(key, value) * 10)
        guest.wire.socket.recv(1)
        if ending == "reset":
            reset(guest.wire)
        else:
            guest.wire.close()
    is_answered_quickly(neighbour)
    wait_until_connected(neighbour.call)


# Half open


def test_who_sends_no_more_still_gets_every_answer(guests: list[Guest]) -> None:
    """More than any socket holds, so that most answers are still to be made when the last request is read."""
    value = b"v" * 20_000
    for guest in guests:
        guest.store(guest.own("half"), value)
        guest.wire.send(guest.speech.ask(guest.own("half"), value) * 500)
        guest.wire.socket.shutdown(socket.SHUT_WR)
    for guest in guests:
        expected = guest.speech.found(guest.own("half"), value) * 500
        assert guest.wire.read_to_the_end() == expected, guest.door


def test_a_line_without_its_end_counts_when_the_client_ends_there(server: KvikServer, neighbour: Wire) -> None:
    for door in DOORS:
        with guest_at(server, door) as guest:
            guest.wire.send(guest.speech.store(guest.own("last"), b"v").rstrip(b"\r\n"))
            guest.wire.socket.shutdown(socket.SHUT_WR)
            guest.wire.read_to_the_end()
    found = [neighbour.call("EXISTS", f"last-{door}") for door in DOORS]
    assert found == [1 if door in LINE_DOORS else 0 for door in DOORS]


def test_who_is_silent_for_longer_than_the_timeout_is_dropped_and_others_stay(
    server: KvikServer, guests: list[Guest], neighbour: Wire
) -> None:
    silent = [server.open(door) for door in DOORS for _ in range(20)]

    def only_they_are_left() -> bool:
        for guest in guests:
            guest.store(guest.own("awake"), b"v")
        return b"\r\nconnected_clients:%d\r\n" % (len(guests) + 1) in told(neighbour.call)

    # As long as this machine may stand still without anybody's being silent.
    with setting(neighbour, "timeout", "3"):
        wait_until(only_they_are_left)
        for wire in silent:
            wire.read_to_the_end()
            wire.close()
        for guest in guests:
            guest.store(guest.own("still"), b"v")


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux shows the timers of a socket")
def test_a_peer_that_vanishes_is_probed_for(server: KvikServer, guests: list[Guest]) -> None:
    for guest in guests:
        guest.store(guest.own("greeted"), b"v")
    expected = {(server.ports[guest.door], guest.wire.socket.getsockname()[1]) for guest in guests}
    limit = time.monotonic() + 5
    while not expected <= connections_with_keepalive():
        assert time.monotonic() < limit, "nobody would notice that the other machine is gone"
        time.sleep(0.02)


def connections_with_keepalive() -> set[tuple[int, int]]:
    """Return the ports of connections whose next timer is keepalive's: here and there."""
    connections = set()
    for entry in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, here, there, _, _, timer, *_ = entry.split()
        if timer.startswith("02:"):
            connections.add((int(here.partition(":")[2], 16), int(there.partition(":")[2], 16)))
    return connections


# Flooding


def flood(wire: Wire, requests: bytes, seconds: float, bytes_max: int) -> int:
    """Send without reading until nothing is taken for a moment, or so long; return how much was taken."""
    wire.socket.settimeout(0.2)
    until = time.monotonic() + seconds
    sent = 0
    with contextlib.suppress(TimeoutError):
        while time.monotonic() < until and sent < bytes_max:
            sent += wire.socket.send(requests)
    return sent


def test_who_asks_without_reading_costs_little_and_others_are_answered(
    server: KvikServer, guests: list[Guest], neighbour: Wire
) -> None:
    for guest in guests:
        guest.store(guest.own("wide"), b"v" * 100_000)
    before = server.memory()
    for guest in guests:
        flood(guest.wire, guest.speech.ask(guest.own("wide"), b"") * 1_000, 1.0, 8 * MEGABYTE)
        is_answered_quickly(neighbour, 20)
    assert server.memory() - before < 50 * MEGABYTE
    for guest in guests:
        reset(guest.wire)


def test_a_line_that_never_ends_is_cut_off_before_the_password(server: KvikServer, neighbour: Wire) -> None:
    before = server.memory()
    with setting(neighbour, "requirepass", "secret"):
        for door in DOORS:
            with guest_at(server, door) as guest:
                with contextlib.suppress(ConnectionError):
                    flood(guest.wire, b"x" * 10_000, 2.0, 50 * MEGABYTE)
                guest.wire.socket.settimeout(5)
                with contextlib.suppress(ConnectionError):
                    assert len(guest.wire.read_to_the_end()) < 200
        is_answered_quickly(neighbour)
    assert server.memory() - before < 10 * MEGABYTE


def test_with_the_password_a_line_is_bounded_by_what_a_caller_may_have_unanswered(
    server: KvikServer, neighbour: Wire
) -> None:
    with setting(neighbour, "client-query-buffer-limit", "1mb"):
        for door in DOORS:
            with guest_at(server, door) as guest, contextlib.suppress(ConnectionError):
                assert flood(guest.wire, b"x" * 100_000, 5.0, 30 * MEGABYTE) < 30 * MEGABYTE, door
        is_answered_quickly(neighbour)


# Web pages


@pytest.mark.parametrize("page", WEB_PAGES, ids=lambda page: page.split(b"\r")[0].decode())
def test_a_web_page_with_a_body_of_commands_is_closed_out_and_nothing_is_executed(
    page: bytes, server: KvikServer, neighbour: Wire
) -> None:
    for door in LINE_DOORS:
        for parts in ([page + COMMANDS], [page, COMMANDS], [page[:7], page[7:] + COMMANDS]):
            with guest_at(server, door) as guest:
                assert last_words(guest.wire, parts) == b"", door
    assert neighbour.call("EXISTS", "hacked", "/a", "//localhost") == 0


def last_words(wire: Wire, parts: Sequence[bytes]) -> bytes:
    """Return everything a server answers until it closes; that it closes while more is sent is no trouble."""
    for part in parts:
        with contextlib.suppress(ConnectionError):
            wire.send(part)
        time.sleep(0.002)
    with contextlib.suppress(ConnectionError):
        return wire.read_to_the_end()
    return b""


# Coming and going


def test_two_thousand_that_come_and_go_at_once_leave_nothing(server: KvikServer, neighbour: Wire) -> None:
    for number in range(COMES_AND_GOES):
        wire = server.open(DOORS[number % len(DOORS)])
        if number % 2:
            reset(wire)
        else:
            wire.close()
    is_answered_quickly(neighbour)
    wait_until_connected(neighbour.call)
