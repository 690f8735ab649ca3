"""Random requests of each family: kvik answers byte for byte as a real redis-server, but for a list of rules."""

import pytest

from tests.differential.campaign import FAMILIES, run
from tests.differential.draw import Draw
from tests.differential.replies import end_of_reply
from tests.differential.rules import is_allowed
from tests.servers import RedisServer

COMMANDS = 10_000
SEED = 20_261_121


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_random_requests_are_answered_as_by_a_redis_server(
    redis_server: RedisServer, family: str, protocol: int
) -> None:
    run(redis_server, FAMILIES[family], protocol, COMMANDS, SEED)


def test_the_same_seed_draws_the_same_requests() -> None:
    for request in FAMILIES.values():
        first, second = Draw(7), Draw(7)
        assert [request(first) for _ in range(100)] == [request(second) for _ in range(100)]


def test_only_order_and_choice_may_differ() -> None:
    assert is_allowed([b"SMEMBERS", b"k"], b"*2\r\n$1\r\na\r\n$1\r\nb\r\n", b"*2\r\n$1\r\nb\r\n$1\r\na\r\n")
    assert not is_allowed([b"SMEMBERS", b"k"], b"*1\r\n$1\r\na\r\n", b"*1\r\n$1\r\nb\r\n")
    assert not is_allowed([b"LRANGE", b"k"], b"*2\r\n$1\r\na\r\n$1\r\nb\r\n", b"*2\r\n$1\r\nb\r\n$1\r\na\r\n")
    assert not is_allowed([b"HGETALL", b"k"], b"*2\r\n$1\r\na\r\n$1\r\nb\r\n", b"%1\r\n$1\r\na\r\n$1\r\nb\r\n")
    assert is_allowed([b"SRANDMEMBER", b"k"], b"$1\r\na\r\n", b"$1\r\nb\r\n")
    assert not is_allowed([b"SRANDMEMBER", b"k"], b"$1\r\na\r\n", b"$-1\r\n")


@pytest.mark.parametrize(
    "reply",
    [
        b"+OK\r\n",
        b":1\r\n",
        b"$-1\r\n",
        b"$2\r\n\r\n\r\n",
        b"*2\r\n$1\r\na\r\n*0\r\n",
        b"%1\r\n+a\r\n_\r\n",
        b"*-1\r\n",
    ],
)
def test_a_reply_ends_where_it_ends(reply: bytes) -> None:
    assert end_of_reply(reply + b"+tail", 0) == len(reply)
    assert all(end_of_reply(reply[:cut], 0) == -1 for cut in range(len(reply)))
