"""KEYS, FIND, SCAN and RANDOMKEY."""

import pytest

from kvik.replies import Reply
from tests.engines import Caller


def scanned(caller: Caller, *options: str | int) -> list[bytes]:
    """Return what a whole SCAN with these options returns."""
    found: list[bytes] = []
    cursor = b"0"
    for _ in range(100_000):
        reply = caller("SCAN", cursor, *options)
        assert isinstance(reply, list)
        cursor, some = reply
        found += some
        if cursor == b"0":
            return found
    raise AssertionError("the scan never ends")


def with_keys(caller: Caller, count: int) -> Caller:
    for number in range(count):
        caller("SET", f"k{number}", number)
    return caller


@pytest.mark.parametrize("word", ["KEYS", "FIND"])
def test_keys_are_listed_by_pattern_in_the_order_they_came(caller: Caller, word: str) -> None:
    with_keys(caller, 12)
    assert caller(word, "k1*") == [b"k1", b"k10", b"k11"]
    assert caller(word, "*") == [b"k%d" % number for number in range(12)]
    assert caller(word, "nothing") == []


def test_a_scan_returns_every_key_whatever_the_count(caller: Caller) -> None:
    with_keys(caller, 300)
    for count in (1, 10, 1_000):
        assert sorted(scanned(caller, "COUNT", count)) == sorted(b"k%d" % number for number in range(300))


def test_a_scan_can_be_narrowed_by_pattern_and_type(caller: Caller) -> None:
    with_keys(caller, 30)
    assert sorted(scanned(caller, "MATCH", "k?")) == sorted(b"k%d" % number for number in range(10))
    assert len(scanned(caller, "TYPE", "STRING")) == 30
    assert scanned(caller, "TYPE", "list") == []
    assert scanned(caller, "TYPE", "nonsense") == []
    assert scanned(caller, "match", "nothing", "match", "k1", "count", 5) == [b"k1"]


def test_a_scan_does_not_show_the_dead(caller: Caller) -> None:
    with_keys(caller, 3)
    caller("PEXPIRE", "k1", 5)
    caller.clock.advance(5)
    assert sorted(scanned(caller)) == [b"k0", b"k2"]


@pytest.mark.parametrize("cursor", ["x", " 1", "1 ", "0x1", "+", "-", "1.0", str(2**64), "9" * 400])
def test_a_cursor_that_is_no_number_is_refused(caller: Caller, cursor: str) -> None:
    assert caller.error("SCAN", cursor, "nonsense") == "ERR invalid cursor"


@pytest.mark.parametrize("cursor", ["", "-1", "+1", "-0", "007", str(2**64 - 1), str(2**63)])
def test_any_number_is_a_cursor(caller: Caller, cursor: str) -> None:
    assert caller("SCAN", cursor) == [b"0", []]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["COUNT", 0], "ERR syntax error"),
        (["COUNT", -1], "ERR syntax error"),
        (["COUNT", "x"], "ERR value is not an integer or out of range"),
        (["COUNT"], "ERR syntax error"),
        (["MATCH"], "ERR syntax error"),
        (["TYPE"], "ERR syntax error"),
        (["WHERE", "x"], "ERR syntax error"),
    ],
)
def test_options_that_make_no_sense_are_refused(caller: Caller, options: list[str | int], error: str) -> None:
    assert caller.error("SCAN", 0, *options) == error


def test_a_random_key_is_one_of_the_keys_and_not_always_the_same(caller: Caller) -> None:
    assert caller("RANDOMKEY") is None
    with_keys(caller, 10)
    drawn: set[Reply] = {caller("RANDOMKEY") for _ in range(200)}
    assert drawn == {b"k%d" % number for number in range(10)}


def test_a_random_key_is_never_dead(caller: Caller) -> None:
    with_keys(caller, 10)
    for number in range(9):
        caller("PEXPIRE", f"k{number}", 5)
    caller.clock.advance(5)
    assert caller("RANDOMKEY") == b"k9"
    caller("DEL", "k9")
    assert caller("RANDOMKEY") is None
