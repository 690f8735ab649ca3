"""The real servers of these tests."""

import pytest

from tests.servers import KvikServer, RedisServer


@pytest.fixture(params=["kvik", "redis"])
def server(request: pytest.FixtureRequest) -> KvikServer | RedisServer:
    """A kvik and a redis-server, each empty."""
    found: KvikServer | RedisServer = request.getfixturevalue(f"{request.param}_server")
    with found.open() as wire:
        wire.call("FLUSHALL")
    return found
