"""The EXPIRE and TTL families and PERSIST."""

import pytest

from tests.engines import Caller

COMPATIBLE = "ERR NX and XX, GT or LT options at the same time are not compatible"
BOTH_WAYS = "ERR GT and LT options at the same time are not compatible"


def with_key(caller: Caller, milliseconds: int = 0) -> Caller:
    caller("SET", "k", "v")
    if milliseconds:
        caller("PEXPIRE", "k", milliseconds)
    return caller


def test_each_way_to_expire_means_the_same_moment(caller: Caller) -> None:
    moment = caller.clock.now + 7_000
    for words in (
        ("EXPIRE", "k", 7),
        ("PEXPIRE", "k", 7_000),
        ("EXPIREAT", "k", moment // 1_000),
        ("PEXPIREAT", "k", moment),
    ):
        with_key(caller)
        assert caller(*words) == 1
        assert caller("PEXPIRETIME", "k") == moment
        assert caller("EXPIRETIME", "k") == moment // 1_000
        assert (caller("PTTL", "k"), caller("TTL", "k")) == (7_000, 7)


@pytest.mark.parametrize("word", ["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"])
def test_no_deadline_is_minus_one_and_no_key_minus_two(caller: Caller, word: str) -> None:
    with_key(caller)
    assert caller(word, "k") == -1
    assert caller(word, "nothing") == -2


def test_seconds_are_rounded_as_in_redis(caller: Caller) -> None:
    assert with_key(caller, 1_499)("TTL", "k") == 1
    assert with_key(caller, 1_500)("TTL", "k") == 2
    assert with_key(caller, 499)("TTL", "k") == 0


def test_the_journal_hears_the_moment(caller: Caller) -> None:
    with_key(caller)
    moment = caller.clock.now + 7_000
    assert caller.recorded("EXPIRE", "k", 7, "NX") == [[b"PEXPIREAT", b"k", b"%d" % moment]]
    assert caller.recorded("EXPIRE", "k", 7, "NX") == []
    assert caller.recorded("EXPIRE", "k", -7) == [[b"DEL", b"k"]]


@pytest.mark.parametrize(
    "words", [("EXPIRE", "k", 0), ("PEXPIRE", "k", -5), ("EXPIREAT", "k", 1), ("PEXPIREAT", "k", -(2**63))]
)
def test_a_moment_that_has_passed_removes_the_key(caller: Caller, words: tuple[str | int, ...]) -> None:
    with_key(caller)
    assert caller(*words) == 1
    assert caller("EXISTS", "k") == 0
    assert caller(*words) == 0


@pytest.mark.parametrize(
    ("had", "condition", "wanted", "is_set"),
    [
        (0, "NX", 10, 1),
        (20, "NX", 10, 0),
        (0, "XX", 10, 0),
        (20, "XX", 10, 1),
        (0, "GT", 10, 0),
        (20, "GT", 10, 0),
        (20, "GT", 20, 0),
        (20, "gt", 30, 1),
        (0, "LT", 10, 1),
        (20, "LT", 10, 1),
        (20, "LT", 20, 0),
        (20, "lt", 30, 0),
        (20, "GT", -1, 0),
        (20, "LT", -1, 1),
    ],
)
def test_a_condition_decides_whether_the_deadline_is_set(
    caller: Caller, had: int, condition: str, wanted: int, is_set: int
) -> None:
    with_key(caller, had * 1_000)
    before = caller("PTTL", "k")
    assert caller("EXPIRE", "k", wanted, condition) == is_set
    assert caller("PTTL", "k") == (before if not is_set else wanted * 1_000 if wanted > 0 else -2)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["NX", "XX"], COMPATIBLE),
        (["NX", "GT"], COMPATIBLE),
        (["LT", "NX"], COMPATIBLE),
        (["GT", "LT"], BOTH_WAYS),
        (["soon"], "ERR Unsupported option soon"),
        (["XX", "soon"], "ERR Unsupported option soon"),
    ],
)
def test_conditions_that_make_no_sense_are_refused(caller: Caller, options: list[str], error: str) -> None:
    assert caller.error("EXPIRE", "nothing", 10, *options) == error
    assert caller.error("PEXPIREAT", "nothing", "x", *options) == error


@pytest.mark.parametrize(
    ("word", "amount"),
    [
        ("expire", 2**63 - 1),
        ("expire", (2**63 - 1) // 1_000),
        ("expire", -(2**63) // 1_000),
        ("expireat", (2**63 - 1) // 1_000 + 1),
        ("pexpire", 2**63 - 1),
    ],
)
def test_moments_beyond_64_bits_are_refused(caller: Caller, word: str, amount: int) -> None:
    with_key(caller)
    assert caller.error(word, "k", amount) == f"ERR invalid expire time in '{word}' command"
    assert caller("TTL", "k") == -1


@pytest.mark.parametrize("amount", ["x", "1.5", "", "9223372036854775808"])
def test_an_amount_has_to_be_an_integer(caller: Caller, amount: str) -> None:
    assert caller.error("EXPIRE", "nothing", amount) == "ERR value is not an integer or out of range"


def test_the_last_moment_of_all_can_be_named(caller: Caller) -> None:
    with_key(caller)
    assert caller("PEXPIREAT", "k", 2**63 - 1) == 1
    assert caller("PEXPIRETIME", "k") == 2**63 - 1


def test_persist_takes_a_deadline_away_once(caller: Caller) -> None:
    with_key(caller, 1_000)
    assert caller("PERSIST", "k") == 1
    assert caller("PERSIST", "k") == 0
    assert caller("PERSIST", "nothing") == 0
    caller.clock.advance(10_000)
    assert caller("TTL", "k") == -1


def test_a_key_that_has_died_cannot_be_persisted(caller: Caller) -> None:
    with_key(caller, 1_000)
    caller.clock.advance(1_000)
    assert caller("PERSIST", "k") == 0
    assert caller("EXPIRE", "k", 10) == 0
    assert caller("TTL", "k") == -2


def test_deadlines_are_the_same_after_a_replay(caller: Caller) -> None:
    for number in range(10):
        caller("SET", f"k{number}", number)
        caller("EXPIRE", f"k{number}", number)
        caller.clock.advance(600)
    caller("PERSIST", "k9")
    assert caller.replayed().content() == caller.content()
