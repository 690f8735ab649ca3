"""What small collections cost in memory, beside a real redis-server that holds the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import KvikServer, RedisServer
from tests.wire import Wire, encode_words

KEYS = 10_000
BATCH = 500
TIMES_MAX = 2.5
NUMBERS = range(20)
REQUESTS = {
    "hash of 20 fields": [
        "HSET",
        *[word for number in NUMBERS for word in (f"field:{number:02}", f"value:{number:06}")],
    ],
    "set of 20 members": ["SADD", *[f"member:{number:02}" for number in NUMBERS]],
    "list of 20 values": ["RPUSH", *[f"value:{number:02}" for number in NUMBERS]],
    "sorted set of 20 members": [
        "ZADD",
        *[word for number in NUMBERS for word in (number * 1.5, f"member:{number:02}")],
    ],
}
KNOWN = {"list of 20 values": 5.0, "sorted set of 20 members": 6.0}
"""What is not packed: as often the memory at most."""


def grown(server: KvikServer | RedisServer, wire: Wire, words: list[str | float]) -> int:
    """Return by how many bytes the process grew while it took so many keys."""
    before = server.memory()
    name, *rest = [str(word) for word in words]
    for start in range(0, KEYS, BATCH):
        wire.send(b"".join([encode_words([name, f"key:{number}", *rest]) for number in range(start, start + BATCH)]))
        for _ in range(BATCH):
            assert isinstance(wire.reply(), int)
    return server.memory() - before


@pytest.fixture
def kvik(folder: Path) -> Iterator[KvikServer]:
    (folder / "kvik").mkdir()
    server = KvikServer(folder / "kvik", ["resp"])
    yield server
    server.stop()


@pytest.fixture
def redis(folder: Path) -> Iterator[RedisServer]:
    server = RedisServer(folder)
    yield server
    server.stop()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux says how large a process is")
@pytest.mark.parametrize("kind", REQUESTS)
def test_small_collections_take_not_much_more_memory_than_in_redis(
    kind: str, kvik: KvikServer, redis: RedisServer
) -> None:
    words = REQUESTS[kind]
    with kvik.open() as wire, redis.open() as other:
        ours, theirs = grown(kvik, wire, words), grown(redis, other, words)
    print(f"\n{kind}: {ours / KEYS:.0f} bytes, redis-server {theirs / KEYS:.0f}: {ours / theirs:.2f} times")
    assert ours < KNOWN.get(kind, TIMES_MAX) * theirs
