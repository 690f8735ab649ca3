"""Commands on whole databases."""

import pytest

from kvik.replies import OK, CommandLines
from tests.engines import Caller

RANGE = "ERR DB index is out of range"


def test_each_database_has_keys_of_its_own(caller: Caller) -> None:
    caller("SET", "k", 0)
    assert caller("SELECT", 15) == OK
    assert caller("GET", "k") is None
    assert caller.recorded("SET", "k", 15) == [[b"SET", b"k", b"15"]]
    assert caller.journal.entries[-1][1] == 15
    caller("SELECT", 0)
    assert caller("GET", "k") == b"0"


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (16, RANGE),
        (-1, RANGE),
        ("x", "ERR value is not an integer or out of range"),
        ("01", "ERR value is not an integer or out of range"),
        (2**31, "ERR value is out of range, value must between -2147483648 and 2147483647"),
        (2**64, "ERR value is not an integer or out of range"),
    ],
)
def test_a_database_that_does_not_exist_is_not_selected(caller: Caller, number: int | str, error: str) -> None:
    caller("SELECT", 3)
    assert caller.error("SELECT", number) == error
    assert caller.session.keys.number == 3


def test_two_databases_are_exchanged_for_every_caller(caller: Caller) -> None:
    caller("SET", "k", 0)
    other = caller.another()
    other("SELECT", 7)
    assert caller("SWAPDB", 0, 7) == OK
    assert (caller("GET", "k"), other("GET", "k")) == (None, b"0")


@pytest.mark.parametrize(
    ("numbers", "error"),
    [
        (("x", 0), "ERR invalid first DB index"),
        ((0, "x"), "ERR invalid second DB index"),
        ((2**31, 0), "ERR invalid first DB index"),
        ((99, 0), RANGE),
        ((0, -1), RANGE),
    ],
)
def test_only_databases_that_exist_are_exchanged(
    caller: Caller, numbers: tuple[int | str, int | str], error: str
) -> None:
    assert caller.error("SWAPDB", *numbers) == error


def test_the_keys_are_counted(caller: Caller) -> None:
    caller("SET", "a", 1)
    caller("SET", "b", 2)
    assert (caller("DBSIZE"), caller("COUNT")) == (2, 2)
    caller("SELECT", 1)
    assert (caller("DBSIZE"), caller("COUNT")) == (0, 0)


@pytest.mark.parametrize("words", [("FLUSHDB",), ("FLUSHDB", "ASYNC"), ("flushdb", "sync"), ("CLEAN",)])
def test_one_database_is_emptied(caller: Caller, words: tuple[str, ...]) -> None:
    caller("SET", "a", 1)
    caller("EXPIRE", "a", 10)
    caller("COPY", "a", "a", "DB", 1)
    assert caller(*words) == OK
    assert caller("DBSIZE") == 0
    caller("SELECT", 1)
    assert caller("DBSIZE") == 1


@pytest.mark.parametrize("words", [("FLUSHALL",), ("FLUSHALL", "ASYNC"), ("FLUSHALL", "SYNC")])
def test_all_databases_are_emptied_and_the_journal_hears_it(caller: Caller, words: tuple[str, ...]) -> None:
    caller("SET", "a", 1)
    caller("COPY", "a", "a", "DB", 1)
    assert caller.recorded(*words) == [[word.encode() for word in words]]
    assert caller.content() == [[] for _ in range(16)]


@pytest.mark.parametrize("words", [("FLUSHALL", "NOW"), ("FLUSHDB", "ASYNC", "SYNC"), ("FLUSHDB", "ASYNC", "ASYNC")])
def test_a_flush_with_other_words_empties_nothing(caller: Caller, words: tuple[str, ...]) -> None:
    caller("SET", "a", 1)
    assert caller.error(*words) == "ERR syntax error"
    assert caller("DBSIZE") == 1


def test_compact_returns_what_makes_the_database_again_in_its_order(caller: Caller) -> None:
    """S8."""
    caller("SET", "counter", 10)
    caller("SET", "foo", "bar")
    caller("SET", "late", "1")
    caller("INCRBY", "counter", 3)
    caller("PEXPIREAT", "late", caller.clock.now + 5)
    reply = caller("COMPACT")
    assert isinstance(reply, CommandLines)
    assert reply.commands == [
        [b"SET", b"counter", b"13"],
        [b"SET", b"foo", b"bar"],
        [b"SET", b"late", b"1", b"PXAT", b"%d" % (caller.clock.now + 5)],
    ]


def test_compact_of_an_empty_database_is_empty(caller: Caller) -> None:
    """S8: a key that has died is not made again."""
    caller("SET", "k", 1)
    caller("PEXPIRE", "k", 5)
    caller.clock.advance(5)
    reply = caller("COMPACT")
    assert isinstance(reply, CommandLines)
    assert reply.commands == []
