"""Commands on strings and ranks that came after Redis 7.0, as Redis 7.2 and 8.4 and Valkey 9 document them."""

import pytest

from kvik.clock import ManualClock
from tests.engines import Caller

NOW = 1_700_000_000_000
WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"
NOT_A_STRING = "ERR Key should be of string type if conditions are specified"


@pytest.fixture
def caller() -> Caller:
    made = Caller(clock=ManualClock(NOW))
    made("SET", "k", "old")
    made("RPUSH", "l", "old")
    return made


def ask(caller: Caller, line: str) -> object:
    return caller.plain(*line.split())


# SET


@pytest.mark.parametrize(
    ("line", "reply", "after", "recorded"),
    [
        ("SET k new IFEQ old", b"OK", b"new", "SET k new"),
        ("set k new ifeq old", b"OK", b"new", "SET k new"),
        ("SET k new IFEQ other", None, b"old", ""),
        ("SET k new IFNE other", b"OK", b"new", "SET k new"),
        ("SET k new IFNE old", None, b"old", ""),
        ("SET k new IFEQ old GET", b"old", b"new", "SET k new"),
        ("SET k new GET IFEQ other", b"old", b"old", ""),
        ("SET k new IFEQ old EX 10", b"OK", b"new", f"SET k new PXAT {NOW + 10_000}"),
        ("SET k new KEEPTTL IFEQ old", b"OK", b"new", "SET k new KEEPTTL"),
        ("SET k new IFEQ NX", None, b"old", ""),
    ],
)
def test_set_compares_with_the_value_that_is_there(
    caller: Caller, line: str, reply: object, after: bytes, recorded: str
) -> None:
    before = len(caller.journal.entries)
    assert ask(caller, line) == reply
    assert caller.journal.words()[before:] == ([recorded.encode().split()] if recorded else [])
    assert ask(caller, "GET k") == after
    assert caller.replayed().content() == caller.content()


def test_set_ifeq_makes_no_key_and_ifne_does(caller: Caller) -> None:
    assert ask(caller, "SET none new IFEQ old") is None and ask(caller, "EXISTS none") == 0
    assert ask(caller, "SET none new IFEQ old GET") is None and ask(caller, "EXISTS none") == 0
    assert ask(caller, "SET none new IFNE old GET") is None and ask(caller, "GET none") == b"new"
    caller("SET", "n", "0")
    caller("INCRBY", "n", "12345")
    assert ask(caller, "SET n x IFEQ 12345") == b"OK"
    caller("SET", "empty", "")
    assert caller.plain("SET", "empty", "x", "IFEQ", "") == b"OK"


@pytest.mark.parametrize("line", ["SET k v IFEQ", "SET k v IFEQ a NX", "SET k v XX IFNE a", "SET k v IFEQ a IFNE b"])
def test_one_condition_is_enough(caller: Caller, line: str) -> None:
    assert ask(caller, line) == "ERR syntax error"


@pytest.mark.parametrize("line", ["SET l v IFEQ old", "SET l v IFNE old", "DELIFEQ l old"])
def test_only_strings_are_compared(caller: Caller, line: str) -> None:
    assert ask(caller, line) == WRONG_TYPE
    assert ask(caller, "LLEN l") == 1


# Deleting


def test_delifeq_deletes_a_key_with_this_value(caller: Caller) -> None:
    assert ask(caller, "DELIFEQ k other") == ask(caller, "DELIFEQ none x") == 0
    assert caller.recorded("DELIFEQ", "k", "old") == [[b"DEL", b"k"]]
    assert ask(caller, "EXISTS k") == 0


def test_delex_deletes_on_a_condition_or_without_one(caller: Caller) -> None:
    assert ask(caller, "DELEX k IFEQ other") == ask(caller, "DELEX k IFNE old") == ask(caller, "DELEX none") == 0
    assert ask(caller, "DELEX none IFNE x") == ask(caller, "DELEX none FOO x") == 0
    assert caller.recorded("DELEX", "k", "IFEQ", "old") == [[b"DEL", b"k"]]
    caller("SET", "k", "1")
    assert ask(caller, "delex k ifne 2") == ask(caller, "DELEX l") == 1
    assert ask(caller, "DBSIZE") == 0


def test_what_is_wrong_with_delex_is_told(caller: Caller) -> None:
    error = "ERR wrong number of arguments for 'delex' command"
    assert ask(caller, "DELEX k IFEQ") == ask(caller, "DELEX none IFEQ") == ask(caller, "DELEX k IFEQ a b") == error
    assert ask(caller, "DELEX l IFEQ old") == ask(caller, "DELEX l FOO old") == NOT_A_STRING
    assert ask(caller, "DELEX k FOO old") == "ERR Invalid condition. Use IFEQ or IFNE"


# MSETEX


@pytest.mark.parametrize(
    ("options", "ends"),
    [
        ("", ""),
        ("EX 10", f" PXAT {NOW + 10_000}"),
        ("px 10", f" PXAT {NOW + 10}"),
        (f"EXAT {NOW // 1000 + 1}", f" PXAT {NOW + 1000}"),
        (f"NX PXAT {NOW + 5}", f" PXAT {NOW + 5}"),
        ("KEEPTTL", " KEEPTTL"),
    ],
)
def test_msetex_sets_keys_with_one_time_to_live(caller: Caller, options: str, ends: str) -> None:
    line = f"MSETEX 2 a 1 b 2 {options}"
    assert caller.recorded(*line.split()) == [f"SET a 1{ends}".encode().split(), f"SET b 2{ends}".encode().split()]
    assert ask(caller, "MGET a b") == [b"1", b"2"]
    assert caller.replayed().content() == caller.content()
    assert ask(caller, f"COMMAND GETKEYS {line}") == [b"a", b"b"]


def test_msetex_sets_all_or_none(caller: Caller) -> None:
    assert ask(caller, "MSETEX 2 k 1 new 2 NX") == ask(caller, "MSETEX 2 k 1 new 2 XX EX 10") == 0
    assert ask(caller, "MGET k new") == [b"old", None]
    assert ask(caller, "MSETEX 1 k 1 XX EX 10") == 1 and ask(caller, "TTL k") == 10
    assert ask(caller, "MSETEX 2 k 2 l 2 KEEPTTL") == 1 and ask(caller, "TTL k") == 10
    assert ask(caller, "MSETEX 1 k 3") == 1 and ask(caller, "TTL k") == -1


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("MSETEX 1 a", "ERR wrong number of arguments for 'msetex' command"),
        ("MSETEX a 1 EX 10", "ERR invalid numkeys value"),
        ("MSETEX 0 a 1", "ERR invalid numkeys value"),
        ("MSETEX 2147483648 a 1 EX 10", "ERR invalid numkeys value"),
        ("MSETEX 2147483647 a 1 EX 10", "ERR wrong number of key-value pairs"),
        ("MSETEX 2 a 1 b", "ERR wrong number of key-value pairs"),
        ("MSETEX 1 a 1 other", "ERR syntax error"),
        ("MSETEX 1 a 1 NX XX", "ERR syntax error"),
        ("MSETEX 1 a 1 GET", "ERR syntax error"),
        ("MSETEX 1 a 1 IFEQ x", "ERR syntax error"),
        ("MSETEX 1 a 1 EX 10 PX 10", "ERR syntax error"),
        ("MSETEX 1 a 1 KEEPTTL EX 10", "ERR syntax error"),
        ("MSETEX 1 a 1 EX 0", "ERR invalid expire time in 'msetex' command"),
    ],
)
def test_what_is_wrong_with_msetex_is_told(caller: Caller, line: str, error: str) -> None:
    assert ask(caller, line) == error
    assert ask(caller, "EXISTS a") == 0


# Ranks


def test_a_rank_is_told_with_its_score(caller: Caller) -> None:
    caller("ZADD", "z", "1", "one", "2", "two", "3.5", "three")
    assert ask(caller, "ZRANK z three WITHSCORE") == [2, 3.5]
    assert ask(caller, "zrevrank z one withscore") == [2, 1.0]
    assert ask(caller, "ZRANK z four WITHSCORE") is None and ask(caller, "ZRANK none one WITHSCORE") is None
    assert ask(caller, "ZRANK z one other") == ask(caller, "ZREVRANK z one other") == "ERR syntax error"


# Events


def test_a_deleted_key_is_told_as_del(caller: Caller) -> None:
    listener = caller.another()
    caller("CONFIG", "SET", "notify-keyspace-events", "Eg$")
    listener("PSUBSCRIBE", "*")
    for line in ("DELIFEQ k old", "MSETEX 1 a 1", "MSETEX 1 a 1 EX 5", "DELEX a IFEQ 1", "SET b 1 IFNE 2"):
        ask(caller, line)
    events = [bytes(push[2]).split(b":")[1] for push in listener.outlet.pushed]  # type: ignore[arg-type]
    assert [event for event in events if event != b"new"] == [b"del", b"set", b"set", b"expire", b"del", b"set"]
