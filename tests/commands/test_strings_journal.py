"""What the journal is told by string and counter commands, and that it makes the same database again."""

from random import Random

import pytest

from tests.commands.string_requests import random_request
from tests.engines import Caller

NOW = 1_700_000_000_000

Words = list[list[bytes]]


def words(text: str) -> list[bytes]:
    return text.encode().split()


@pytest.mark.parametrize(
    ("request_text", "recorded"),
    [
        ("SET k v", "SET k v"),
        ("SET k v XX", "SET k v XX"),
        ("SET k v EX 10", f"SET k v PXAT {NOW + 10_000}"),
        ("SET k v PX 10 GET", f"SET k v PXAT {NOW + 10}"),
        ("SET k v EXAT 1700000001 XX", "SET k v PXAT 1700000001000"),
        ("SETEX k 10 v", f"SET k v PXAT {NOW + 10_000}"),
        ("PSETEX k 10 v", f"SET k v PXAT {NOW + 10}"),
        ("GETEX k EX 10", f"PEXPIREAT k {NOW + 10_000}"),
        ("GETEX k PXAT 5", "DEL k"),
        ("SET k v PXAT 5", "DEL k"),
        ("SET k v EXAT 5 GET", "DEL k"),
        ("MSETEX 1 k v PXAT 5", "DEL k"),
        ("GETDEL k", "DEL k"),
        ("INCRBYFLOAT k 0.2", "SET k 12.2 KEEPTTL"),
        ("INCR k", "INCR k"),
        ("APPEND k 1", "APPEND k 1"),
    ],
)
def test_the_journal_is_told_what_happened(caller: Caller, request_text: str, recorded: str) -> None:
    caller("SET", "k", 12)
    assert caller.recorded(*words(request_text)) == [words(recorded)]


def test_getex_persist_is_told_where_there_was_a_deadline(caller: Caller) -> None:
    caller("SET", "k", "v", "EX", 10)
    assert caller.recorded("GETEX", "k", "PERSIST") == [words("PERSIST k")]
    assert caller.recorded("GETEX", "k", "PERSIST") == []


@pytest.mark.parametrize(
    "request_text",
    [
        "GET k",
        "MGET k l",
        "STRLEN k",
        "GETEX k",
        "GETEX missing EX 10",
        "GETDEL missing",
        "SET k v NX",
        "SET missing v XX EX 10",
        "SET k v EX 0",
        "SETNX k v",
        "MSETNX k v l w",
        "INCRBY k x",
        "INCRBYFLOAT k x",
        "LCS k l",
    ],
)
def test_where_nothing_changed_the_journal_is_told_nothing(caller: Caller, request_text: str) -> None:
    caller("SET", "k", 12)
    assert caller.recorded(*words(request_text)) == []


def test_setrange_of_nothing_is_not_told(caller: Caller) -> None:
    caller("SET", "k", 12)
    assert caller.recorded("SETRANGE", "k", 5, "") == []


@pytest.mark.parametrize("seed", range(20))
def test_what_the_journal_was_told_makes_an_equal_database(caller: Caller, seed: int) -> None:
    random = Random(seed)
    for _ in range(300):
        caller(*random_request(random, caller.clock.now))
        caller.clock.advance(random.choice((0, 0, 0, 1, 40_000)))
    assert caller.replayed().content() == caller.content()
