"""What the journal keeps of hashes, sets and sorted sets: what happened, so that a replay chooses nothing anew."""

from random import Random

import pytest

from tests.engines import Caller

BEFORE = [
    "SADD s a b c d e",
    "HSET h f 1.1 n 5",
    "ZADD z 1.1 a 2 b 3 c",
    "RPUSH l a b c",
    "SET t 1 EX 100",
]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("HINCRBYFLOAT h f 0.1", "HSET h f 1.2"),
        ("HINCRBYFLOAT h new 1e2", "HSET h new 100"),
        ("ZINCRBY z 0.1 a", "ZADD z 1.2000000000000002 a"),
        ("ZADD z INCR 1e300 b", "ZADD z 1.0000000000000001e+300 b"),
        ("ZINCRBY z inf c", "ZADD z inf c"),
        ("HINCRBY h n 2", "HINCRBY h n 2"),
        ("ZPOPMIN z", "ZPOPMIN z"),
        ("ZPOPMAX z 2", "ZPOPMAX z 2"),
        ("ZMPOP 2 x z MAX COUNT 9", "ZPOPMAX z 3"),
        ("BZPOPMIN x z 0", "ZPOPMIN z"),
        ("LMPOP 2 x l RIGHT COUNT 2", "RPOP l 2"),
        ("BLPOP x l 0", "LPOP l"),
        ("SMOVE s r a", "SMOVE s r a"),
        ("SUNIONSTORE d s x", "SUNIONSTORE d s x"),
        ("GETDEL t", "DEL t"),
        ("SPOP s 9", None),
    ],
)
def test_the_journal_is_told_what_happened(caller: Caller, line: str, expected: str | None) -> None:
    words = caller.told(BEFORE, line)
    if expected is None:
        assert len(words) == 1 and sorted(words[0].split()[2:]) == ["a", "b", "c", "d", "e"]
    else:
        assert words == [expected]
    assert caller.replayed().content() == caller.content()


@pytest.mark.parametrize(
    "line",
    [
        *["SPOP x", "SPOP s 0", "SADD s a", "SREM s x", "SMOVE s s a", "SMOVE s r x", "SRANDMEMBER s 3", "SMEMBERS s"],
        *["HSETNX h f 2", "HDEL h x", "HRANDFIELD h 3", "HINCRBYFLOAT h f x", "HINCRBY h f 1", "HGETALL h"],
        *["ZADD z 1.1 a", "ZADD z NX 5 a", "ZADD z XX 5 x", "ZADD z GT 1 b", "ZINCRBY z 0 a", "ZREM z x", "ZPOPMIN x"],
        *["ZPOPMIN z 0", "ZMPOP 1 x MIN", "ZREMRANGEBYSCORE z 50 60", "ZRANDMEMBER z 3", "ZUNION 1 z"],
        "SDIFFSTORE x y",
    ],
)
def test_what_changes_nothing_is_not_journalled(caller: Caller, line: str) -> None:
    assert caller.told(BEFORE, line) == []


def test_random_choices_come_out_the_same_in_a_replay(caller: Caller) -> None:
    random = Random(1)
    caller("SADD", "s", *range(500))
    for _ in range(60):
        caller("SPOP", "s", random.choice([1, 1, 2, 7]))
    replayed = caller.replayed()
    assert replayed.content() == caller.content()
    assert sorted(map(bytes, replayed("SMEMBERS", "s").members)) == sorted(map(bytes, caller("SMEMBERS", "s").members))


def test_a_sum_of_floats_is_replayed_to_the_last_digit(caller: Caller) -> None:
    random = Random(2)
    for _ in range(200):
        caller("ZINCRBY", "z", repr(random.uniform(-1e9, 1e-9)), random.choice("abc"))
        caller("HINCRBYFLOAT", "h", random.choice("abc"), repr(random.uniform(-10, 10)))
    replayed = caller.replayed()
    for line in (["ZRANGE", "z", "0", "-1", "WITHSCORES"], ["HGETALL", "h"]):
        assert replayed.plain(*line) == caller.plain(*line)
