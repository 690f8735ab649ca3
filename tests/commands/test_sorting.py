"""SORT and SORT_RO: their order, their limits, what is journalled."""

from random import Random

import pytest

from kvik.commands.partial_order import ordered
from tests.commands.redis_declarations import declared_as_in_redis, keys_as_in_redis
from tests.engines import Caller
from tests.reference import ReferenceServer


@pytest.mark.parametrize("name", ["SORT", "SORT_RO"])
def test_sort_is_declared_as_in_redis(caller: Caller, reference: ReferenceServer, name: str) -> None:
    declared_as_in_redis(caller, reference, name)


@pytest.mark.parametrize(
    "line",
    [
        "SORT k",
        "SORT k STORE d STORE e",
        "SORT k BY STORE x",
        "SORT k GET STORE store x",
        "SORT k LIMIT STORE x STORE y",
        "SORT k STORE STORE x",
        "SORT k GET",
        "SORT_RO k STORE e",
    ],
)
def test_the_keys_of_sort_are_where_redis_finds_them(caller: Caller, reference: ReferenceServer, line: str) -> None:
    keys_as_in_redis(caller, reference, line)


@pytest.mark.parametrize("count", [2, 6, 7, 8, 40, 41, 90, 300])
def test_equal_texts_come_in_the_order_of_redis(caller: Caller, reference: ReferenceServer, count: int) -> None:
    reference("FLUSHALL")
    random = Random(count)
    requests = [["RPUSH", "l", *[str(number) for number in range(count)]]]
    requests += [["SET", f"w_{number}", random.choice("abc")] for number in range(count) if random.random() < 0.8]
    for request in requests:
        assert caller.plain(*request) == reference(*request)
    for _ in range(20):
        words = ["SORT", "l", "BY", "w_*", "ALPHA", *random.choice([[], ["DESC"]])]
        words += ["LIMIT", str(random.randrange(count)), str(random.randrange(count))]
        assert caller.plain(*words) == reference(*words), words


def test_so_many_equal_ones_that_imitating_would_take_long_keep_their_order() -> None:
    assert ordered([1.0] * 2_000, False, 5, 8) == [5, 6, 7, 8]
    assert ordered([1.0] * 2_000, True, 5, 8) == [5, 6, 7, 8]
    assert ordered([3.0, 1.0, 2.0], False, 0, 2) == [1, 2, 0]
    assert ordered([3.0, 1.0, 2.0], True, 0, 0) == [0]


@pytest.mark.parametrize("text", ["1e400", "1e-400", "1e-310", "-1e400", "0x1p-1080"])
def test_what_no_double_can_hold_is_no_number(caller: Caller, reference: ReferenceServer, text: str) -> None:
    reference("FLUSHALL")
    for request in [["RPUSH", "l", "1", text], ["SORT", "l"]]:
        assert caller.plain(*request) == reference(*request)
    assert caller.error("SORT", "l") == "ERR One or more scores can't be converted into double"


def test_a_set_that_is_stored_unsorted_is_stored_in_the_same_order_in_a_replay(caller: Caller) -> None:
    for start in range(0, 6_000, 500):
        caller("SADD", "s", *[f"member {number * 7919 % 6_000}" for number in range(start, start + 500)])
    caller("SORT", "s", "BY", "nosort", "STORE", "d")
    caller("SORT", "s", "BY", "w_*", "ALPHA", "LIMIT", "10", "2000", "STORE", "e")
    caller("SORT", "s", "BY", "w_*", "ALPHA", "GET", "#", "GET", "w_*", "DESC", "STORE", "f")
    assert caller.replayed().content() == caller.content()
    assert caller.plain("LRANGE", "d", "0", "1") == [b"member 0", b"member 1"]


def test_what_stores_nothing_is_not_journalled(caller: Caller) -> None:
    caller("RPUSH", "l", "2", "1")
    assert caller.recorded("SORT", "l") == []
    assert caller.recorded("SORT", "l", "LIMIT", "5", "1", "STORE", "d") == []
    assert caller.recorded("SORT", "l", "STORE", "d") == [[b"SORT", b"l", b"STORE", b"d"]]


def test_a_pattern_goes_no_further_than_its_zero_byte_where_a_sign_is_looked_for(caller: Caller) -> None:
    caller("RPUSH", "l", "a", "b")
    caller("SET", b"w_a\0", "1")
    assert caller.plain("SORT", "l", "ALPHA", "GET", b"#\0*") == [b"a", b"b"]
    assert caller.plain("SORT", "l", "ALPHA", "GET", b"w\0_*") == [None, None]
    assert caller.plain("SORT", "l", "ALPHA", "GET", b"w_*\0") == [b"1", None]


def test_who_waits_for_a_list_gets_what_sort_stores(caller: Caller) -> None:
    other = caller.another()
    other("BLPOP", "d", "0")
    caller("RPUSH", "l", "2", "1")
    caller("SORT", "l", "STORE", "d")
    assert [reply for _, reply in other.outlet.delivered] == [[b"d", b"1"]]
    assert caller.plain("LRANGE", "d", "0", "-1") == [b"2"]
