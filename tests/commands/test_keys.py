"""Commands on keys whatever they hold."""

import pytest

from kvik.replies import OK
from tests.engines import Caller

INTEGER = "ERR value is not an integer or out of range"
SAME = "ERR source and destination objects are the same"


@pytest.mark.parametrize("word", ["DEL", "UNLINK"])
def test_removing_keys_counts_those_that_went(caller: Caller, word: str) -> None:
    caller("SET", "a", 1)
    caller("SET", "b", 2)
    assert caller(word, "a", "nothing", "b", "a") == 2
    assert caller("DBSIZE") == 0


@pytest.mark.parametrize("word", ["EXISTS", "TOUCH"])
def test_a_key_named_twice_is_counted_twice(caller: Caller, word: str) -> None:
    caller("SET", "a", 1)
    assert caller(word, "a", "nothing", "a") == 2


def test_only_removals_that_removed_something_are_journalled(caller: Caller) -> None:
    caller("SET", "a", 1)
    assert caller.recorded("DEL", "a", "b") == [[b"DEL", b"a", b"b"]]
    assert caller.recorded("DEL", "a", "b") == []


def test_the_type_of_nothing_is_none(caller: Caller) -> None:
    caller("SET", "a", 1)
    assert caller.plain("TYPE", "a") == b"string"
    assert caller.plain("TYPE", "b") == b"none"


def test_renaming_moves_the_value_and_its_deadline_over_what_was_there(caller: Caller) -> None:
    caller("SET", "a", 1)
    caller("PEXPIRE", "a", 5_000)
    caller("SET", "b", 2)
    assert caller("RENAME", "a", "b") == OK
    assert caller("GET", "b") == b"1"
    assert caller("PTTL", "b") == 5_000
    assert caller("EXISTS", "a") == 0


def test_renaming_to_the_same_name_changes_nothing(caller: Caller) -> None:
    caller("SET", "a", 1)
    assert caller.recorded("RENAME", "a", "a") == []
    assert caller("RENAMENX", "a", "a") == 0
    assert caller("GET", "a") == b"1"


@pytest.mark.parametrize("word", ["RENAME", "RENAMENX"])
def test_what_is_not_there_cannot_be_renamed(caller: Caller, word: str) -> None:
    assert caller.error(word, "nothing", "b") == "ERR no such key"
    assert caller.error(word, "nothing", "nothing") == "ERR no such key"


def test_renamenx_spares_a_destination_that_exists(caller: Caller) -> None:
    caller("SET", "a", 1)
    caller("SET", "b", 2)
    assert caller("RENAMENX", "a", "b") == 0
    assert caller("RENAMENX", "a", "c") == 1
    assert (caller("GET", "b"), caller("GET", "c")) == (b"2", b"1")


def test_a_copy_takes_the_deadline_along(caller: Caller) -> None:
    caller("SET", "a", 1)
    caller("PEXPIRE", "a", 5_000)
    assert caller("COPY", "a", "b") == 1
    assert caller("COPY", "a", "a", "DB", 3) == 1
    assert (caller("GET", "a"), caller("PTTL", "b")) == (b"1", 5_000)
    caller("SELECT", 3)
    assert (caller("GET", "a"), caller("PTTL", "a")) == (b"1", 5_000)


def test_a_copy_overwrites_only_when_told_to(caller: Caller) -> None:
    caller("SET", "a", 1)
    caller("SET", "b", 2)
    caller("EXPIRE", "b", 10)
    assert caller("COPY", "a", "b") == 0
    assert caller("COPY", "a", "b", "replace") == 1
    assert (caller("GET", "b"), caller("TTL", "b")) == (b"1", -1)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["a", "a"], SAME),
        (["a", "a", "DB", 0], SAME),
        (["a", "b", "DB", 99], "ERR DB index is out of range"),
        (["a", "b", "DB", -1], "ERR DB index is out of range"),
        (["a", "b", "DB", "x"], INTEGER),
        (["a", "b", "DB"], "ERR syntax error"),
        (["a", "b", "OVER"], "ERR syntax error"),
    ],
)
def test_a_copy_that_makes_no_sense_is_refused(caller: Caller, options: list[str | int], error: str) -> None:
    caller("SET", "a", 1)
    assert caller.error("COPY", *options) == error


def test_a_moved_key_lives_in_the_other_database_with_its_deadline(caller: Caller) -> None:
    caller("SET", "a", 1)
    caller("PEXPIRE", "a", 5_000)
    assert caller("MOVE", "a", 1) == 1
    assert caller("EXISTS", "a") == 0
    caller("SELECT", 1)
    assert (caller("GET", "a"), caller("PTTL", "a")) == (b"1", 5_000)


def test_a_key_is_not_moved_over_another_or_from_nowhere(caller: Caller) -> None:
    caller("SET", "a", 1)
    caller("COPY", "a", "a", "DB", 1)
    assert caller("MOVE", "a", 1) == 0
    assert caller("MOVE", "nothing", 1) == 0
    assert caller.error("MOVE", "a", 0) == SAME
    assert caller.error("MOVE", "a", 99) == "ERR DB index is out of range"
    assert caller.error("MOVE", "a", "x") == INTEGER


def test_carried_keys_are_the_same_after_a_replay(caller: Caller) -> None:
    for number in range(6):
        caller("SET", f"k{number}", number)
        caller("PEXPIRE", f"k{number}", 1_000 * (number + 1))
    caller("RENAME", "k0", "n0")
    caller("RENAMENX", "k1", "n1")
    caller("COPY", "k2", "n2", "REPLACE")
    caller("COPY", "k2", "n2", "DB", 5)
    caller("MOVE", "k3", 2)
    caller.clock.advance(2_500)
    assert caller.replayed().content() == caller.content()
