"""What list commands leave behind: the journal's words, what makes a list again, and long lists."""

from random import Random

import pytest

from kvik.commands import lists
from kvik.replies import OK
from kvik.store.list_value import ListValue
from kvik.store.snapshot import Taker
from kvik.store.value import Value
from tests.commands.list_requests import random_request
from tests.engines import Caller

NOW = 1_700_000_000_000


class Taken(Taker):
    """Takes one list from a snapshot."""

    def __init__(self) -> None:
        self.values: list[bytes] = []

    def take(self, database: int, key: bytes, value: Value, deadline: int) -> int:
        assert isinstance(value, ListValue)
        self.values += value.slice(0, len(value))
        return 1


@pytest.mark.parametrize(
    ("line", "recorded"),
    [
        ("RPUSH l d", "RPUSH l d"),
        ("LPUSHX l d", "LPUSHX l d"),
        ("LPOP l", "LPOP l"),
        ("RPOP l 2", "RPOP l 2"),
        ("LSET l 0 z", "LSET l 0 z"),
        ("LINSERT l BEFORE b z", "LINSERT l BEFORE b z"),
        ("LREM l -1 a", "LREM l -1 a"),
        ("LTRIM l 0 0", "LTRIM l 0 0"),
        ("LMOVE l m LEFT RIGHT", "LMOVE l m LEFT RIGHT"),
        ("RPOPLPUSH l l", "RPOPLPUSH l l"),
        ("LMPOP 3 x l m LEFT", "LPOP l 1"),
        ("LMPOP 1 l RIGHT COUNT 10", "RPOP l 3"),
    ],
)
def test_the_journal_is_told_what_happened_to_a_list(caller: Caller, line: str, recorded: str) -> None:
    caller("RPUSH", "l", "a", "b", "a")
    assert caller.recorded(*line.split()) == [recorded.encode().split()]
    assert caller.replayed().content() == caller.content()


@pytest.mark.parametrize(
    "line",
    [
        "LRANGE l 0 -1",
        "LPOS l a",
        "LPUSHX none a",
        "LPOP none",
        "LPOP l 0",
        "LSET l 9 z",
        "LINSERT l BEFORE none z",
        "LREM l 0 none",
        "LMOVE none l LEFT LEFT",
        "LMPOP 1 none LEFT",
        "LPUSH s a",
        "LMOVE l s LEFT LEFT",
    ],
)
def test_where_nothing_changed_the_journal_is_told_nothing(caller: Caller, line: str) -> None:
    caller("RPUSH", "l", "a", "b", "a")
    caller("SET", "s", "v")
    assert caller.recorded(*line.split()) == []


@pytest.mark.parametrize("seed", range(6))
def test_what_the_journal_was_told_makes_equal_lists(caller: Caller, seed: int) -> None:
    random = Random(seed)
    for _ in range(300):
        caller(*random_request(random, False))
        if random.random() < 0.05:
            caller("PEXPIRE", random.choice("abc"), random.choice((50, 5_000)))
        caller.clock.advance(random.choice((0, 0, 1, 60)))
    assert caller.replayed().content() == caller.content()


def test_a_list_is_made_again_by_commands_of_bounded_size(caller: Caller) -> None:
    caller("RPUSH", "l", *range(1_000))
    caller("PEXPIREAT", "l", NOW + 5_000)
    caller("LPUSH", "l", *range(1_000))
    commands = caller("COMPACT").commands
    assert commands[-1] == [b"PEXPIREAT", b"l", b"%d" % (NOW + 5_000)]
    pushes = commands[:-1]
    assert all(words[:2] == [b"RPUSH", b"l"] and 3 <= len(words) <= 2 + 256 for words in pushes)
    fresh = Caller()
    for words in commands:
        fresh(*words)
    assert fresh("LRANGE", "l", 0, -1) == caller("LRANGE", "l", 0, -1)
    assert fresh("PEXPIRETIME", "l") == NOW + 5_000


def test_large_values_are_made_again_by_commands_of_their_own(caller: Caller) -> None:
    large = b"x" * lists.REBUILT_BYTES_MAX
    caller("RPUSH", "l", "a", large, large, "b")
    assert [len(words) for words in caller("COMPACT").commands] == [3, 3, 3, 3]


def test_a_snapshot_keeps_what_a_list_was_while_it_changes(caller: Caller) -> None:
    caller("RPUSH", "l", *range(1_000))
    snapshot = caller.engine.begin_snapshot()
    caller("LPOP", "l", 300)
    caller("LSET", "l", 500, "changed")
    caller("RPUSH", "l", "new")
    taken = Taken()
    snapshot.give(taken, 10, 1 << 20)
    caller.engine.end_snapshot(snapshot)
    assert taken.values == [b"%d" % number for number in range(1_000)]
    assert caller("LLEN", "l") == 701


def test_a_queue_of_a_hundred_thousand_is_worked_off_in_order(caller: Caller) -> None:
    for start in range(0, 100_000, 10_000):
        caller("RPUSH", "q", *range(start, start + 10_000))
    assert caller("LINDEX", "q", 54_321) == b"54321"
    assert caller("LRANGE", "q", 70_000, 70_002) == [b"70000", b"70001", b"70002"]
    assert caller("LINSERT", "q", "BEFORE", 50_000, "x") == 100_001
    assert caller("LPOS", "q", "50000") == 50_001
    assert caller("LREM", "q", 0, "x") == 1
    assert [caller("LPOP", "q") for _ in range(3)] == [b"0", b"1", b"2"]
    caller("LTRIM", "q", 90_000, -1)
    assert caller("LLEN", "q") == 9_997
    assert caller("RPOP", "q", 10_000)[0] == b"99999"
    assert caller("EXISTS", "q") == 0


def test_what_a_large_list_loses_at_once_is_freed_in_slices(caller: Caller) -> None:
    caller("RPUSH", "l", *range(60_000))
    caller("PEXPIRE", "l", 5_000)
    assert caller("LTRIM", "l", 10, 30_009) == OK
    assert caller.engine.databases.free_some(1)
    assert caller("LRANGE", "l", 0, 1) == [b"10", b"11"]
    assert caller("LLEN", "l") == 30_000
    assert caller("PTTL", "l") == 5_000
    while caller.engine.databases.free_some():
        pass
    assert caller("LRANGE", "l", 29_998, -1) == [b"30008", b"30009"]
    assert caller.replayed().content() == caller.content()
