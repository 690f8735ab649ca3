"""Values of every kind are there when a server that was killed is started again, as a redis-server has them."""

from pathlib import Path

import pytest

from kvik.rdb.writing import payload_of
from tests.crash.accounts import Violation
from tests.crash.all_types import State, differences, prefix_of, run_types
from tests.crash.lives import Ground
from tests.servers import RedisServer

ENDS = 4
SEED = 1


@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_values_of_every_kind_are_there_after_kill_9(folder: Path, redis_server: RedisServer, seed: int) -> None:
    figures = run_types(Ground(folder), redis_server, seed, ENDS)
    print(figures)
    assert figures.ends == ENDS
    assert figures.answered > 100, "there was no load"
    assert figures.keys_max > 10, "there was nothing to lose"


def only(value: bytes, deadline: int = -1, number: int = 0) -> State:
    return {(number, b"k"): (deadline, payload_of(value))}


@pytest.mark.parametrize("other", [{}, only(b"2"), only(b"1", deadline=5_000), only(b"1", number=1)])
def test_a_key_a_value_a_deadline_or_a_database_that_differs_is_found(other: State) -> None:
    assert differences(only(b"1"), only(b"1")) == []
    assert differences(only(b"1"), other) != []
    assert differences(other, only(b"1")) != []


def test_what_was_answered_has_to_be_there_and_what_was_only_sent_may_be(redis_server: RedisServer) -> None:
    sent = [[b"FLUSHALL"], [b"SET", b"k", b"1"], [b"INCR", b"k"], [b"INCR", b"k"]]
    assert prefix_of(redis_server, sent, 3, only(b"2"), SEED) == 3
    assert prefix_of(redis_server, sent, 3, only(b"3"), SEED) == 4
    with pytest.raises(Violation, match="key b'k'"):
        prefix_of(redis_server, sent, 3, only(b"1"), SEED)
