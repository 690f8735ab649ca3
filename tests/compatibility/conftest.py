"""redis-py's client, in both protocols."""

from collections.abc import Iterator

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.servers import KvikServer


@pytest.fixture(params=[2, 3], ids=["RESP2", "RESP3"])
def client(request: pytest.FixtureRequest, kvik_server: KvikServer) -> Iterator[redis.Redis]:
    with redis.Redis(port=kvik_server.ports["resp"], protocol=request.param, retry=Retry(NoBackoff(), 0)) as client:
        yield client
