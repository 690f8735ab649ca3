"""One process, every door, one keyspace: what is written at each door is read at each other."""

import re
import sys
import time
from collections.abc import Iterator

import pytest

from tests.servers import START_SECONDS, Process, connect
from tests.speech import DOORS, Guest
from tests.wire import Wire, encode_words

LISTEN = ["auto://:0", "telnet://:0", "colon://:0", "resp://:0", "text://:0"]
PLACE = re.compile(r"(\w+)://127\.0\.0\.1:(\d+)")
VALUE = b"value"


@pytest.fixture(scope="module", params=["poller", "asyncio"])
def ports(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """The port of each door of one process that was asked for any free ones."""
    command = [sys.executable, "-m", "kvik", "serve", "--porch", request.param]
    for address in LISTEN:
        command += ["--listen", address]
    process = Process(command, tmp_path_factory.mktemp("doors"))
    limit = time.monotonic() + START_SECONDS
    while "Ready to accept" not in process.output():
        assert process.process.poll() is None and time.monotonic() < limit, process.output()
        time.sleep(0.02)
    yield {door: int(port) for door, port in PLACE.findall(process.output())}
    assert process.stop() == 0, process.output()


def guest_at(ports: dict[str, int], door: str) -> Guest:
    return Guest(Wire(connect(("127.0.0.1", ports[door]))), door)


def test_the_log_names_every_door_with_the_port_it_got(ports: dict[str, int]) -> None:
    assert sorted(ports) == sorted(DOORS) and 0 not in ports.values()


@pytest.mark.parametrize("writer", DOORS)
def test_what_is_written_at_a_door_is_read_at_every_door(writer: str, ports: dict[str, int]) -> None:
    key = f"from-{writer}".encode()
    with guest_at(ports, writer) as guest:
        guest.store(key, VALUE)
    for reader in DOORS:
        with guest_at(ports, reader) as guest:
            if writer == "colon" and reader != "colon":
                find_in_list(guest, key)
            else:
                guest.find(key, VALUE)


def find_in_list(guest: Guest, key: bytes) -> None:
    """Ask for what the colon door has put, which is an ordinary list."""
    if guest.door == "resp":
        guest.wire.send(encode_words(["LRANGE", key, 0, -1]))
        guest.hear(b"*1\r\n$5\r\nvalue\r\n")
    else:
        guest.wire.send(b"LRANGE %b 0 -1\r\n" % key)
        guest.hear(b"[value]\r\n-> " if guest.door == "telnet" else b"[value]\n")


def test_the_door_that_finds_out_takes_every_dialect_that_has_no_greeting(ports: dict[str, int]) -> None:
    for door in ("resp", "text", "colon"):
        with Guest(Wire(connect(("127.0.0.1", ports["auto"]))), door) as guest:
            guest.store(f"auto-{door}".encode(), VALUE)
            guest.find(f"auto-{door}".encode(), VALUE)
