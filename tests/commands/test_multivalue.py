"""PUT, VALUES and UPDATE (S60, S61, S63): what they leave in the journal, and that it makes the same keys again."""

from random import Random

import pytest

from tests.engines import Caller
from tests.servers import RedisServer

NOW = 1_700_000_000_000


def lines(text: str) -> list[list[bytes]]:
    return [line.encode().split() for line in text.split("; ")]


@pytest.mark.parametrize(
    ("line", "recorded"),
    [
        ("PUT l d", "RPUSH l d"),
        ("PUT new d", "RPUSH new d"),
        ("PUT s d", "DEL s; RPUSH s v; RPUSH s d"),
        ("PUT dying d", f"DEL dying; RPUSH dying 5; PEXPIREAT dying {NOW + 5_000}; RPUSH dying d"),
        ("UPDATE l a z", "RPUSH l z; LREM l 1 a"),
        ("UPDATE l none z", "RPUSH l z"),
        ("UPDATE l a a", "RPUSH l a; LREM l 1 a"),
        ("UPDATE s v z", "DEL s; RPUSH s v; RPUSH s z; LREM s 1 v"),
        ("UPDATE new a z", "RPUSH new z"),
    ],
)
def test_the_journal_is_told_in_words_that_redis_knows(caller: Caller, line: str, recorded: str) -> None:
    caller("RPUSH", "l", "a", "b", "a")
    caller("SET", "s", "v")
    caller("SET", "dying", 5, "PX", 5_000)
    assert caller.recorded(*line.split()) == lines(recorded)
    assert caller.replayed().content() == caller.content()


def test_the_only_value_of_a_dying_key_is_replaced_and_the_key_dies_as_before(caller: Caller) -> None:
    caller("PUT", "k", "a")
    caller("PEXPIRE", "k", 1_000)
    caller("UPDATE", "k", "a", "b")
    assert caller("PEXPIRETIME", "k") == NOW + 1_000
    assert caller.replayed().content() == caller.content()


def test_reading_tells_the_journal_nothing(caller: Caller) -> None:
    caller("PUT", "k", "a")
    assert caller.recorded("VALUES", "k") == caller.recorded("VALUES", "none") == []


@pytest.mark.parametrize("line", ["PUT k a", "UPDATE k a b", "UPDATE none a b"])
def test_a_transaction_that_watches_the_key_is_refused(caller: Caller, line: str) -> None:
    other = caller.another()
    caller("PUT", "k", "a")
    other("WATCH", "k", "none")
    caller(*line.split())
    other("MULTI")
    assert other.plain("EXEC") is None


@pytest.mark.parametrize("seed", range(4))
def test_random_values_come_again_in_a_replay_and_in_redis(
    caller: Caller, redis_server: RedisServer, seed: int
) -> None:
    random = Random(seed)
    for _ in range(300):
        key, old, new = random.choice("kls"), random.choice("abc"), random.choice("abc")
        draw = random.random()
        if draw < 0.05:
            caller("SET", key, old)
        elif draw < 0.1:
            caller("DEL", key)
        elif draw < 0.6:
            caller("PUT", key, new)
        else:
            caller("UPDATE", key, old, new)
    assert caller.replayed().content() == caller.content()
    with redis_server.open() as wire:
        wire.call("FLUSHALL")
        for words in caller.journal.words():
            wire.call(*words)
        for key in "kls":
            kind = caller.plain("TYPE", key)
            assert wire.call("TYPE", key) == kind
            if kind == b"list":
                assert wire.call("LRANGE", key, 0, -1) == caller("VALUES", key)
