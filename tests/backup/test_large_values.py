"""The text of a large value is made in slices: the same text as in one piece, of the value as it was at the moment."""

import json
from collections.abc import Callable
from random import Random

import pytest

from kvik.backup.text import BackupText, Lines
from kvik.backup.value_text import PIECE_BYTES, json_value, json_word
from kvik.store.snapshot import SLICE_BYTES
from tests.backup.keeping import restored, written
from tests.engines import Caller

MEMBERS = 12_000
DEADLINE = 4_102_444_800_000
WORK_MAX = SLICE_BYTES + 7 * PIECE_BYTES
"""A slice ends with the step that makes it full; a piece of a word may become six times as long."""


def fill(caller: Caller, name: str) -> None:
    """Let there be a large value of a kind, with words of every sort."""
    words = ["plain", "grüße", "", '"\\', "\n\x01", "\U0001f600"]
    for number in range(MEMBERS):
        member = f"{words[number % len(words)]}{number}"
        one = b"\xff%d" % number if number % 1_000 == 0 else member.encode()
        if name == "list":
            caller("RPUSH", name, one)
        elif name == "set":
            caller("SADD", name, one)
        elif name == "zset":
            caller("ZADD", name, str(number / 8), one)
        elif name == "stream":
            caller("XADD", name, f"{number + 1}-0", name, one, one, name)
        else:
            caller("HSET", name, one, member)
    if name == "dying":
        caller("HPEXPIREAT", name, DEADLINE, "FIELDS", 1, "plain6")


CHANGES: dict[str, Callable[[Caller, Random], object]] = {
    "list": lambda caller, random: (caller("LSET", "list", random.randrange(50), "new"), caller("LPOP", "list")),
    "set": lambda caller, random: (caller("SADD", "set", str(random.random())), caller("SPOP", "set", 5)),
    "zset": lambda caller, random: caller(
        "ZADD", "zset", str(random.random()), f"plain{6 * random.randrange(MEMBERS)}"
    ),
    "hash": lambda caller, random: caller("HSET", "hash", f"plain{6 * random.randrange(MEMBERS)}", "new"),
    "dying": lambda caller, random: (caller("HPERSIST", "dying", "FIELDS", 1, "plain6"), caller("HDEL", "dying", "0")),
    "stream": lambda caller, random: (
        caller("XADD", "stream", "*", "f", "v"),
        caller("XDEL", "stream", f"{random.randrange(MEMBERS)}-0"),
    ),
}


def in_one_piece(caller: Caller) -> list[bytes]:
    """Return the lines of what is in database 0, each made at once."""
    text = BackupText()
    space = caller.engine.databases.spaces[0]
    for key, value in space.items():
        deadline = space.deadline(key)
        text.add(0, key, list(caller.engine.rebuild_key(key, value, -1 if deadline is None else deadline)))
    return b"".join(text.taken()[0]).splitlines()


def in_slices(caller: Caller, between: Callable[[], object], size: int = 1) -> list[bytes]:
    """Return the lines of a snapshot given in slices of about `size` bytes, with something done between them."""
    lines = Lines(caller.engine, BackupText())
    snapshot = caller.engine.begin_snapshot()
    while not snapshot.is_over():
        assert snapshot.give(lines, 1, size) < WORK_MAX
        between()
    caller.engine.end_snapshot(snapshot)
    members, more = lines.text.taken()
    assert not more
    return b"".join(members).splitlines()


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("size", [1, SLICE_BYTES])
def test_slices_make_the_text_of_the_moment_whatever_changes_between_them(caller: Caller, name: str, size: int) -> None:
    random = Random(5)
    fill(caller, name)
    caller("PEXPIREAT", name, DEADLINE)
    expected = in_one_piece(caller)
    assert in_slices(caller, lambda: CHANGES[name](caller, random), size) == expected
    assert in_one_piece(caller) != expected


def test_a_large_value_that_is_removed_between_slices_is_in_the_text(caller: Caller) -> None:
    fill(caller, "hash")
    expected = in_one_piece(caller)
    databases = caller.engine.databases

    def remove() -> None:
        caller("DEL", "hash")
        while databases.free_some():
            pass

    lines = Lines(caller.engine, BackupText())
    snapshot = caller.engine.begin_snapshot()
    while not snapshot.is_over():
        assert not databases.free_some()
        snapshot.give(lines, 1, 1)
        if not snapshot.is_over():
            remove()
    caller.engine.end_snapshot(snapshot)
    assert b"".join(lines.text.taken()[0]).splitlines() == expected
    assert databases.free_some(), "what nobody else had is freed in slices"


@pytest.mark.parametrize("name", CHANGES)
def test_a_large_value_comes_back(caller: Caller, name: str) -> None:
    fill(caller, name)
    assert restored(written(caller)).content() == caller.content()


# Long words

LONG = 3 * PIECE_BYTES + 7


def test_a_long_key_is_null_in_the_commands_that_name_it() -> None:
    key = b"k" * LONG
    commands = [[b"XADD", key, b"1-0", b"f", b"v"], [b"XADD", key, b"2-0", key, b"v"]]
    rows = json.loads(json_value(key, commands))["value"]
    assert rows == [["XADD", None, "1-0", "f", "v"], ["XADD", None, "2-0", key.decode(), "v"]]


@pytest.mark.parametrize(
    "word",
    [
        b"a" * LONG,
        "ü".encode() * LONG,
        b"a" + "€".encode() * LONG,
        b"ab" + "😀".encode() * LONG,
        b'\\"\n\x01' * LONG,
        b"\x80" * LONG,
        b"\xff" * (LONG + 1),
        b"a" * LONG + b"\xff",
        b"a" * LONG + "😀".encode()[:2],
        "😀".encode()[1:] + b"a" * LONG,
        b"a" * (PIECE_BYTES - 1) + b"\xe2\x82" + b"a" * LONG,
    ],
)
def test_a_long_word_is_the_same_text_in_pieces(caller: Caller, word: bytes) -> None:
    assert json_value(b"k", [[b"SET", b"k", word]]) == json_word(word)
    caller("SET", "string", word)
    caller("SET", "dying", word, "PXAT", DEADLINE)
    caller("RPUSH", "list", "a", word, "b")
    caller("APPEND", "changed", word)
    caller("HSET", "hash", word, word)
    caller("XADD", "stream", "1-0", word, word)
    expected = in_one_piece(caller)
    assert in_slices(caller, lambda: None) == expected
    found = json.loads(b"{" + b"".join(expected).removesuffix(b",") + b"}")
    shown = json.loads(json_word(word))
    assert found["string"] == found["changed"] == shown
    assert found["dying"] == {"type": "string", "value": shown, "pxat": DEADLINE}
    assert found["list"] == {"type": "list", "value": ["a", shown, "b"]}
    assert found["hash"] == {"type": "hash", "value": [[shown, shown]]}
    assert found["stream"]["value"][0] == ["XADD", None, "1-0", shown, shown]


def test_a_reading_that_ends_within_a_large_value_leaves_it_to_be_freed_in_slices(caller: Caller) -> None:
    fill(caller, "set")
    databases = caller.engine.databases
    caller.engine.readings.open(1, caller.engine).read(1, 0.0)
    caller("DEL", "set")
    while databases.free_some():
        pass
    assert caller.engine.readings.close(1)
    assert databases.free_some()
