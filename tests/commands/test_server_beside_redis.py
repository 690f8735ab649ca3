"""What kvik says about connections, settings and commands, beside what a real redis-server says."""

import pytest

from tests.engines import Caller, plain_reply
from tests.reference import ReferenceServer

NEWER_OR_OWN = {"client|setinfo", "client|no-touch", "memstats", "disconnect", "exit"}
# What the real server has for long scripts, and hides or adds where kvik has no such thing.
FLAGS_KVIK_HAS_NOT = {b"allow_busy", b"skip_slowlog"}

SAME = [
    ["PING"],
    ["PING", "x"],
    ["PING", "a", "b"],
    ["ECHO"],
    ["ECHO", "x"],
    ["AUTH", "x"],
    ["AUTH", "a", "b", "c"],
    ["AUTH", "default", "x"],
    ["AUTH", "root", "x"],
    ["HELLO", "4"],
    ["HELLO", "x"],
    ["HELLO", "2", "foo"],
    ["HELLO", "2", "AUTH", "a"],
    ["HELLO", "2", "AUTH", "a", "b"],
    ["HELLO", "2", "SETNAME", "a b"],
    ["RESET"],
    ["RESET", "x"],
    ["MULTI"],
    ["RESET"],
    ["EXEC"],
    ["CLIENT"],
    ["CLIENT", "foo"],
    ["CLIENT", "SETNAME", "me"],
    ["CLIENT", "GETNAME"],
    ["CLIENT", "SETNAME", "a b"],
    ["CLIENT", "SETNAME", ""],
    ["CLIENT", "GETNAME"],
    ["CLIENT", "LIST", "foo"],
    ["CLIENT", "LIST", "ID", "x"],
    ["CLIENT", "LIST", "TYPE", "foo"],
    ["CLIENT", "KILL"],
    ["CLIENT", "KILL", "nowhere"],
    ["CLIENT", "KILL", "ID"],
    ["CLIENT", "KILL", "ID", "0"],
    ["CLIENT", "KILL", "ID", "x"],
    ["CLIENT", "KILL", "ID", "99999"],
    ["CLIENT", "KILL", "ID", "5", "foo"],
    ["CLIENT", "KILL", "FOO", "1"],
    ["CLIENT", "KILL", "TYPE", "foo"],
    ["CLIENT", "KILL", "TYPE", "pubsub"],
    ["CLIENT", "KILL", "USER", "nobody"],
    ["CLIENT", "KILL", "SKIPME", "maybe"],
    ["CLIENT", "KILL", "LADDR", "1.1.1.1:1"],
    ["CLIENT", "REPLY", "ON"],
    ["CLIENT", "REPLY", "foo"],
    ["CLIENT", "NO-EVICT", "foo"],
    ["CLIENT", "NO-EVICT", "on"],
    ["CONFIG"],
    ["CONFIG", "foo"],
    ["CONFIG", "GET"],
    ["CONFIG", "GET", "nope"],
    ["CONFIG", "GET", "save"],
    ["CONFIG", "GET", "appendonly"],
    ["CONFIG", "GET", "proto-max-bulk-len"],
    ["CONFIG", "GET", "timeo??"],
    ["CONFIG", "SET", "a"],
    ["CONFIG", "SET", "a", "b"],
    ["CONFIG", "SET", "timeout", "5", "maxclients"],
    ["CONFIG", "SET", "timeout", "5", "nope", "1"],
    ["CONFIG", "SET", "maxclients", "x"],
    ["CONFIG", "SET", "maxclients", "0"],
    ["CONFIG", "SET", "maxclients", "5", "maxclients", "6"],
    ["CONFIG", "SET", "timeout", " 5"],
    ["CONFIG", "SET", "timeout", "-1"],
    ["CONFIG", "SET", "tcp-keepalive", "-1"],
    ["CONFIG", "SET", "databases", "3"],
    ["CONFIG", "SET", "unixsocketperm", "777"],
    ["CONFIG", "SET", "loglevel", "foo"],
    ["CONFIG", "SET", "protected-mode", "maybe"],
    ["CONFIG", "SET", "proto-max-bulk-len", "foo"],
    ["CONFIG", "SET", "proto-max-bulk-len", "1"],
    ["CONFIG", "SET", "client-output-buffer-limit", "normal a"],
    ["CONFIG", "SET", "client-output-buffer-limit", "foo 1 2 3"],
    ["CONFIG", "SET", "client-output-buffer-limit", "normal a 2 3"],
    ["CONFIG", "SET", "save", ""],
    ["CONFIG", "RESETSTAT"],
    ["CONFIG", "RESETSTAT", "x"],
    ["TIME", "x"],
    ["SHUTDOWN", "foo"],
    ["SHUTDOWN", "ABORT"],
    ["SHUTDOWN", "ABORT", "NOW"],
    ["SHUTDOWN", "SAVE", "NOSAVE"],
    ["MEMORY"],
    ["MEMORY", "USAGE", "missing"],
    ["MEMORY", "USAGE", "missing", "SAMPLES"],
    ["MEMORY", "USAGE", "missing", "SAMPLES", "-1"],
    ["MEMORY", "USAGE", "missing", "SAMPLES", "x"],
    ["DEBUG"],
    ["INFO", "keyspace"],
    ["INFO", "nonsense"],
    ["COMMAND", "foo"],
    ["COMMAND", "INFO", "nonsense"],
    ["COMMAND", "DOCS", "nonsense"],
    ["COMMAND", "GETKEYS"],
    ["COMMAND", "GETKEYS", "get"],
    ["COMMAND", "GETKEYS", "nonsense", "a"],
    ["COMMAND", "GETKEYS", "ping", "a"],
    ["COMMAND", "GETKEYS", "client", "foo"],
    ["COMMAND", "GETKEYS", "client", "id"],
    ["COMMAND", "GETKEYS", "get", "a", "b"],
    ["COMMAND", "GETKEYS", "mset", "a", "1", "b", "2"],
    ["COMMAND", "GETKEYS", "memory", "usage", "k"],
    ["COMMAND", "GETKEYSANDFLAGS", "get", "a"],
    ["COMMAND", "GETKEYSANDFLAGS", "incr", "a"],
    ["COMMAND", "LIST", "FILTERBY", "PATTERN", "msetn*"],
    ["COMMAND", "LIST", "FILTERBY", "ACLCAT"],
    ["COMMAND", "LIST", "FILTERBY", "ACLCAT", "nonsense"],
    ["COMMAND", "LIST", "FILTERBY", "MODULE", "x"],
    ["COMMAND", "LIST", "FILTERBY", "foo", "x"],
]


def test_replies_are_those_of_redis(reference: ReferenceServer) -> None:
    """One conversation on both sides, request by request."""
    reference("FLUSHALL")
    caller = Caller()
    for words in SAME:
        ours = caller(*words)
        shown = getattr(ours, "text", None) if words[0] == "INFO" else plain_reply(ours)
        assert (words, shown) == (words, reference(*words))


def test_hello_has_the_fields_of_redis(reference: ReferenceServer) -> None:
    theirs = reference("HELLO")
    ours = Caller().plain("HELLO")
    assert isinstance(theirs, list) and isinstance(ours, list)
    assert ours[::2] == theirs[::2]
    assert [type(value) for value in ours[1::2]] == [type(value) for value in theirs[1::2]]


def test_a_line_of_the_client_list_begins_with_the_fields_of_redis(reference: ReferenceServer) -> None:
    theirs = reference("CLIENT", "INFO")
    ours = Caller()("CLIENT", "INFO")
    assert isinstance(theirs, bytes)
    names = [field.partition(b"=")[0] for field in theirs.split()]
    assert [field.partition(b"=")[0] for field in getattr(ours, "text", b"").split()] == [
        *names,
        b"lib-name",
        b"lib-ver",
    ]


@pytest.mark.parametrize(
    "name",
    ["ping", "echo", "auth", "hello", "reset", "quit", "client", "config", "info", "time", "shutdown", "debug"]
    + ["memory", "command"],
)
def test_commands_are_declared_as_redis_declares_them(reference: ReferenceServer, name: str) -> None:
    theirs = reference("COMMAND", "INFO", name)
    ours = Caller().plain("COMMAND", "INFO", name)
    assert isinstance(theirs, list) and isinstance(ours, list)
    assert essence(ours[0]) == essence(theirs[0])
    known = {child[0]: essence(child) for child in theirs[0][9]}
    for child in ours[0][9]:
        if child[0].decode() not in NEWER_OR_OWN:
            assert essence(child) == known[child[0]]


def essence(description: list[object]) -> list[object]:
    """Return name, arity, flags and key positions of a description."""
    flags = description[2]
    assert isinstance(flags, list)
    return [*description[:2], set(flags) - FLAGS_KVIK_HAS_NOT, *description[3:6]]


def test_every_field_of_info_that_redis_has_too_is_in_the_same_section(reference: ReferenceServer) -> None:
    theirs = reference("INFO", "everything")
    assert isinstance(theirs, bytes)
    homes = sections(theirs.decode())
    ours = sections(getattr(Caller()("INFO", "everything"), "text", b"").decode())
    assert ours
    assert {name: ours[name] for name in ours if name in homes} == {name: homes[name] for name in ours if name in homes}


def sections(text: str) -> dict[str, str]:
    """Return the section each field is in."""
    found: dict[str, str] = {}
    title = ""
    for line in text.splitlines():
        if line.startswith("# "):
            title = line
        elif ":" in line:
            found[line.partition(":")[0]] = title
    return found
