"""What is in a backup comes back: every kind of key and value, in its order, and nothing else."""

import json
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kvik.backup.restoring import MERGE, REPLACE, CannotRestore
from kvik.backup.shapes import rebuilt
from kvik.backup.value_text import json_value
from kvik.commands import BUILT_IN
from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.declaration import ANY, FIRST, WRITE
from kvik.errors import BackupDamaged
from kvik.replies import OK, Reply
from kvik.session import Session
from kvik.store.container import LIST
from kvik.store.list_value import ListValue
from kvik.store.value import Value
from tests.backup.keeping import EngineTarget, ordered, read_through, restoration, restored, written
from tests.engines import Caller

WORDS = st.one_of(
    st.binary(max_size=12), st.text(max_size=6).map(str.encode), st.sampled_from([b"kvik:backup", b"", b"null", b"b64"])
)
STRINGS = st.tuples(st.just(b"SET"), WORDS, WORDS)
MEMBERS = st.tuples(st.sampled_from([b"RPUSH", b"SADD", b"HSET", b"LPUSH"]), WORDS, WORDS, WORDS)
SCORES = st.tuples(st.just(b"ZADD"), WORDS, st.sampled_from([b"1", b"-inf", b"0.1", b"1e300"]), WORDS)
DEADLINES = st.tuples(st.just(b"PEXPIRE"), WORDS, st.just(b"100000"))
REMOVALS = st.tuples(st.just(b"DEL"), WORDS)
DATABASES = st.tuples(st.just(b"SELECT"), st.integers(0, 15).map(lambda number: b"%d" % number))
STORIES = st.lists(st.one_of(STRINGS, MEMBERS, SCORES, DEADLINES, REMOVALS, DATABASES), max_size=40)


@settings(max_examples=100, deadline=None)
@given(STORIES)
def test_every_database_comes_back_in_its_order(story: list[tuple[bytes, ...]]) -> None:
    caller = Caller()
    for words in story:
        caller(*words)
    content = written(caller)
    assert ordered(restored(content)) == ordered(caller)
    assert written(restored(content)) == content


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=4),
    st.lists(
        st.lists(st.one_of(st.sampled_from([b"RPUSH", b"ZADD", b"HSET", b"SET", b"PXAT", b"1"]), WORDS), min_size=1),
        min_size=1,
        max_size=4,
    ),
)
def test_any_commands_come_back_with_their_key(key: bytes, commands: list[list[bytes]]) -> None:
    commands = [[words[0], key, *words[1:]] for words in commands]
    value = rebuilt(key, json.loads(json_value(key, commands)))
    back = value.commands
    if value.deadline >= 0:
        moment = b"%d" % value.deadline
        back = [[*back[0], b"PXAT", moment]] if back[0][0] == b"SET" else [*back, [b"PEXPIREAT", key, moment]]
    # A plain value may be made by fewer commands, or more.
    assert members(back) == members(commands) if value.is_plain else back == commands


def members(commands: list[list[bytes]]) -> list[tuple[bytes, bytes]]:
    """Return every word behind the key, with its verb."""
    return [(words[0], word) for words in commands for word in words[2:]]


def test_an_empty_database_comes_back_empty() -> None:
    content = written(Caller())
    assert read_through(content) == 0
    assert ordered(restored(content)) == ordered(Caller())
    assert json.loads(content)["kvik:backup"]["keys"] == 0


def test_other_programs_read_what_is_text(caller: Caller) -> None:
    caller("SET", "grüße", "København")
    caller("SET", "photo", b"\xff\x00")
    caller("RPUSH", "queue", "a", b"\xff")
    caller("PEXPIREAT", "queue", "1800000000000")
    found = json.loads(written(caller))
    assert found["grüße"] == "København"
    assert found["photo"] == {"b64": "/wA="}
    assert found["queue"] == {"type": "list", "value": ["a", {"b64": "/w=="}], "pxat": 1800000000000}
    assert list(found)[-1] == "kvik:backup"


def test_hashes_and_sorted_sets_are_pairs() -> None:
    hash_, scores = [[b"HSET", b"k", b"f", b"v"]], [[b"ZADD", b"k", b"1.5", b"m", b"inf", b"n"]]
    assert json.loads(json_value(b"k", hash_)) == {"type": "hash", "value": [["f", "v"]]}
    assert json.loads(json_value(b"k", scores)) == {"type": "zset", "value": [["m", "1.5"], ["n", "inf"]]}
    for commands in (hash_, scores):
        assert rebuilt(b"k", json.loads(json_value(b"k", commands))).commands == commands


def test_what_is_not_one_verb_and_its_members_is_kept_as_commands() -> None:
    for commands in (
        [[b"HSET", b"k", b"f", b"v"], [b"HPEXPIREAT", b"k", b"1", b"FIELDS", b"1", b"f"]],
        [[b"ZADD", b"k", b"NX", b"1", b"m", b"2"]],
        [[b"XADD", b"k", b"1-1", b"k", b"v"], [b"XGROUP", b"CREATE", b"k", b"g", b"0"]],
        [[b"SET", b"k", b"v", b"NX"]],
    ):
        found = json.loads(json_value(b"k", commands))
        assert found["type"] in ("commands", "stream")
        assert rebuilt(b"k", found).commands == commands


def test_a_long_list_is_made_again_by_several_commands(caller: Caller) -> None:
    caller("RPUSH", "long", *range(2_000))
    target = EngineTarget(Caller())
    restoration(written(caller), target.caller, target=target).run()
    assert len([words for words in target.requests if words[0] == b"RPUSH"]) > 2
    assert ordered(target.caller) == ordered(caller)


# Kinds nobody has thought of


plugin = Family("ledger")


@plugin.rebuilds(LIST)
def rebuild(key: bytes, value: Value, deadline: int) -> list[list[bytes]]:
    """In place of the built-in way: only this verb makes such a value again."""
    assert isinstance(value, ListValue)
    commands = [[b"LEDGER.ADD", key, *[word for row in value.rows() for word in row]]]
    return commands if deadline < 0 else [*commands, [b"PEXPIREAT", key, b"%d" % deadline]]


@plugin.command("LEDGER.ADD", args=(2, ANY), flags=WRITE, keys=FIRST, summary="Adds lines.", since="kvik")
def add(session: Session, args: Args) -> Reply:
    key = args.key()
    value = session.keys.edit(key)
    ledger = value if isinstance(value, ListValue) else ListValue()
    while args.more():
        ledger.push_right(args.next())
    session.keys.edited(key, ledger)
    return OK


def test_a_kind_that_a_plugin_brings_comes_back_by_its_commands() -> None:
    families = [*BUILT_IN, plugin]
    caller = Caller(families)
    caller("LEDGER.ADD", "book", "one", "book", b"\xff")
    caller("PEXPIRE", "book", "5000")
    content = written(caller)
    assert json.loads(content)["book"] == {
        "type": "commands",
        "value": [["LEDGER.ADD", None, "one", "book", {"b64": "/w=="}]],
        "pxat": caller.clock.now + 5000,
    }
    assert ordered(restored(content, families=families)) == ordered(caller)
    with pytest.raises(BackupDamaged, match="no command that writes one key"):
        restored(content)


@pytest.mark.parametrize(
    "commands",
    [
        '[["FLUSHALL"]]',
        '[["FLUSHDB"]]',
        '[["SHUTDOWN", "NOSAVE"]]',
        '[["EVAL", "return 1", "1", null]]',
        '[["CONFIG", "SET", "requirepass", "x"]]',
        '[["SET", "other", "x"]]',
        '[["RENAME", null, "other"]]',
        '[["MSET", null, "x", "other", "y"]]',
        '[["GET", null]]',
        '[["SELECT", "1"]]',
        '[["EXEC"]]',
        '[["INCR", null, "too", "many"]]',
        '[["SET", null, "x"], ["RPUSH", null, "y"]]',
    ],
)
def test_commands_in_a_file_may_write_their_own_key_and_nothing_else(commands: str, caller: Caller) -> None:
    content = b'{"a": "b", "k": {"type": "stream", "value": %b}}' % commands.encode()
    caller("SET", "other", "safe")
    with pytest.raises(BackupDamaged, match="Nothing was changed"):
        restored(content, MERGE, caller)
    assert caller.plain("KEYS", "*") == [b"other"]


# Files of others


def test_a_plain_file_of_texts_is_restored(caller: Caller) -> None:
    content = b'{"one": "1",\r\n\t"zwei": "\\u00fc\\ud83d\\ude00" , "one": "2"} \n'
    restored(content, into=caller)
    assert caller.plain("MGET", "one", "zwei") == [b"2", "ü😀".encode()]
    assert ordered(restored(b"{}")) == ordered(Caller())


@pytest.mark.parametrize(
    ("content", "offset", "why"),
    [
        ("", 0, "the file ends here"),
        ("[]", 0, "{ was expected"),
        ('{"a": 1}', 1, "a number: write it in quotes"),
        ('{"a": null}', 1, "not null"),
        ('{"a": "b",}', 10, "a key in quotes"),
        ('{"a": "b"} x', 11, "nothing may stand behind"),
        ('{"a": "\\ud800"}', 6, "no value of JSON"),
        ('{"a": "b", "c": "d', 16, "was cut"),
        ('{"a": {"b64": "****"}}', 1, "is not one"),
        ('{"a": {"type": "list", "value": []}}', 1, "not empty"),
        ('{"a": {"type": "hash", "value": [["f"]]}}', 1, "pairs"),
        ('{"a": {"type": "zset", "value": [["m", "x"]]}}', 1, "a score"),
        ('{"a": {"type": "string", "value": "v", "pxat": -1}}', 1, "milliseconds"),
        ('{"a": {"type": "string", "value": "v", "ttl": 1}}', 1, "nothing else"),
        ('{"a": [[[[[[[[[[[["b"]]]]]]]]]]]]}', 6, "too many brackets"),
        ('{"kvik:backup": "x"}', 16, "reserved"),
        ('{"kvik:backup": {"format": 2, "moment": 1, "keys": 0, "more": []}}', 16, "format 2"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(content: str, offset: int, why: str) -> None:
    with pytest.raises(BackupDamaged) as raised:
        restored(content.encode())
    assert raised.value.offset == offset
    assert why in str(raised.value)


# Targets


def test_a_target_with_keys_is_left_alone_unless_it_is_said_what_becomes_of_them(caller: Caller) -> None:
    caller("SET", "k", "new")
    caller("RPUSH", "l", "new")
    content = written(caller)
    full = Caller()
    full("SELECT", "5")
    full("SET", "mine", "old")
    full("SELECT", "0")
    full("SET", "k", "old")
    full("RPUSH", "l", "old")
    before = ordered(full)
    with pytest.raises(CannotRestore, match="3 keys already"):
        restored(content, into=full)
    assert ordered(full) == before
    restored(content, MERGE, full)
    assert full.plain("GET", "k") == b"new"
    assert full.plain("LRANGE", "l", "0", "-1") == [b"new"]
    assert ordered(full)[5] == [[b"SET", b"mine", b"old"]]
    restored(content, REPLACE, full)
    assert ordered(full) == ordered(caller)


def test_keys_whose_time_is_over_are_left_out_and_counted(caller: Caller) -> None:
    caller("SET", "short", "x", "PX", "1000")
    caller("SET", "long", "x", "PX", "100000")
    content = written(caller)
    later = Caller()
    later.clock.now = caller.clock.now + 1_000
    done = restoration(content, later)
    done.run()
    assert (done.restored, done.expired) == (1, 1)
    assert later.plain("KEYS", "*") == [b"long"]
    assert later.plain("PTTL", "long") == 99_000


def test_a_target_without_such_a_database_is_told_before_anything_changes(caller: Caller) -> None:
    content = (
        b'{"a": "1", "kvik:backup": {"format": 1, "moment": 1, "keys": 2, "more": [\n[99, "k", "v"]\n],\n"sha256": "'
    )
    content += sha256(content).hexdigest().encode() + b'"}\n}\n'
    with pytest.raises(CannotRestore, match="--databases 100"):
        restored(content, into=caller)
    assert ordered(caller) == ordered(Caller())


def test_a_connection_cut_before_the_end_changes_nothing(caller: Caller) -> None:
    for number in range(300):
        caller("SET", f"k{number}", "x" * 1000)
        caller("RPUSH", f"l{number}", "x")
    content = written(caller)
    requests = EngineTarget(Caller())
    restoration(content, requests.caller, target=requests).run()
    for patience in range(0, len(requests.requests), 7):
        target = EngineTarget(Caller(), patience)
        with pytest.raises(ConnectionError):
            restoration(content, target.caller, target=target).run()
        assert ordered(target.caller) == ordered(Caller())
