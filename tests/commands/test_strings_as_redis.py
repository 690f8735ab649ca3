"""String and counter commands beside a real redis-server: the same declarations, the same answers."""

import time
from random import Random

import pytest

from kvik.clock import ManualClock
from tests.commands.string_requests import LONG_LIFE, SHAPES, random_request
from tests.engines import Caller, as_word
from tests.reference import ReferenceServer

ROUNDS = 10
REQUESTS_PER_ROUND = 300
# Between the two clock readings for one relative time to live.
CLOCK_DIFFERENCE_MS_MAX = 5_000


@pytest.mark.parametrize("name", SHAPES)
def test_a_declaration_equals_what_redis_says(caller: Caller, reference: ReferenceServer, name: str) -> None:
    declaration = caller.engine.declarations()[name.encode()]
    keys = declaration.keys
    own = [
        declaration.full_name().encode(),
        declaration.arity(),
        declaration.flag_names(),
        keys.first,
        keys.last,
        keys.step,
    ]
    answer = reference("COMMAND", "INFO", name)
    assert isinstance(answer, list) and isinstance(answer[0], list)
    assert own == answer[0][:6]


@pytest.mark.parametrize("name", SHAPES)
def test_group_and_first_version_equal_what_redis_documents(
    caller: Caller, reference: ReferenceServer, name: str
) -> None:
    declaration = caller.engine.declarations()[name.encode()]
    answer = reference("COMMAND", "DOCS", name)
    assert isinstance(answer, list)
    documented = dict(zip(answer[1][::2], answer[1][1::2], strict=True))
    assert declaration.group.encode() == documented[b"group"]
    assert declaration.since.encode() == documented[b"since"]


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_random_requests_are_answered_as_redis_answers_them(reference: ReferenceServer, seed: int) -> None:
    compare_with_redis(reference, seed, REQUESTS_PER_ROUND)


def compare_with_redis(reference: ReferenceServer, seed: int, count: int) -> None:
    """Send the same random requests to both and compare every answer, then what is left."""
    random = Random(seed)
    clock = ManualClock(time.time_ns() // 1_000_000)
    caller = Caller(clock=clock)
    reference("FLUSHALL")
    for number in range(count):
        clock.now = time.time_ns() // 1_000_000
        words = [as_word(word) for word in random_request(random, clock.now)]
        own, expected = caller.plain(*words), reference(*words)
        assert own == expected, f"seed {seed}, request {number}: {words}"
    compare_what_is_left(caller, reference, seed)


def compare_what_is_left(caller: Caller, reference: ReferenceServer, seed: int) -> None:
    keys = caller.session.keys
    for key in (b"a", b"b", b"c", b"d", b""):
        assert keys.string(key) == reference("GET", key), f"seed {seed}, key {key!r}"
        moment = reference("PEXPIRETIME", key)
        assert isinstance(moment, int)
        own = keys.deadline(key)
        if moment < 0 or own is None:
            assert (moment < 0) == (own is None), f"seed {seed}, key {key!r}: {own} and {moment}"
        else:
            assert abs(own - moment) <= CLOCK_DIFFERENCE_MS_MAX < LONG_LIFE, f"seed {seed}, key {key!r}"
