"""A server with every door, once on each porch, which every test must leave as it found it."""

import os
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.patience import wait_until, wait_until_connected
from tests.servers import KvikServer
from tests.speech import DOORS, Guest

CLIENTS_MAX = 2_000


@contextmanager
def many_descriptors() -> Iterator[None]:
    """Allow as many open files as many clients need, here and in programs started here, where the system does."""
    soft, hard = before = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CLIENTS_MAX if hard == resource.RLIM_INFINITY else min(2 * CLIENTS_MAX, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture(scope="session", params=["poller", "asyncio"])
def house(request: pytest.FixtureRequest) -> Iterator[KvikServer]:
    with tempfile.TemporaryDirectory(prefix="kvik-") as name, many_descriptors():
        server = KvikServer(Path(name), doors=DOORS, flags=["--porch", request.param])
        yield server
        assert server.stop() == 0, server.output()


@pytest.fixture(scope="session")
def descriptors(house: KvikServer) -> int:
    """How many the server has open with one client, before it has had others."""
    return descriptors_when_alone(house)


@pytest.fixture
def server(house: KvikServer, descriptors: int) -> Iterator[KvikServer]:
    """An empty server; afterwards nobody is connected, no descriptor is left open and nothing went wrong inside."""
    logged = len(house.output().splitlines())
    with house.open() as wire:
        assert wire.call("FLUSHALL") == b"OK"
    yield house
    wait_until(lambda: descriptors_when_alone(house) == descriptors)
    lines = house.output().splitlines()[logged:]
    assert not [line for line in lines if "Traceback" in line or "exception" in line]


def descriptors_when_alone(server: KvikServer) -> int:
    """Return how many descriptors the server has when one client is connected."""
    with server.open() as wire:
        wait_until_connected(wire.call)
        # A client is forgotten before its descriptor is closed: in the round of the loop behind that.
        assert wire.call("PING") == b"PONG"
        return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def guest_at(server: KvikServer, door: str) -> Guest:
    return Guest(server.open(door), door)
