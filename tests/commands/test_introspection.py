"""COMMAND: counts, descriptions, documentation, keys of a request."""

import pytest

from kvik.commands import BUILT_IN
from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.declaration import READONLY, Keys
from kvik.replies import Reply
from kvik.session import Session
from tests.engines import Caller

counting = Family("sorted-set")


@counting.command("ZSUM", args=(2, -1), flags=READONLY, keys=Keys(0, 0, 0, 1), summary="Counts its keys.")
def zsum(session: Session, args: Args) -> Reply:
    return args.integer()


def names(reply: object) -> set[bytes]:
    assert isinstance(reply, list)
    return set(reply)


def test_all_commands_are_counted_listed_and_described_alike(caller: Caller) -> None:
    count = caller("COMMAND", "COUNT")
    described = caller.plain("COMMAND")
    assert isinstance(described, list)
    assert len(described) == count
    listed = names(caller.plain("COMMAND", "LIST"))
    assert {name for name in listed if b"|" not in name} == {one[0] for one in described}
    assert listed == names(caller.plain("COMMAND", "LIST", "FILTERBY", "PATTERN", "*"))
    assert b"client|kill" in listed
    assert caller.plain("COMMAND", "INFO") == described


def test_a_description_has_ten_elements(caller: Caller) -> None:
    range_of_one = [b"lastkey", 0, b"keystep", 1, b"limit", 0]
    assert caller.plain("COMMAND", "INFO", "get", "nonsense") == [
        [
            b"get",
            2,
            [b"readonly", b"fast"],
            1,
            1,
            1,
            [b"@string", b"@read", b"@fast"],
            [],
            [
                [
                    b"flags",
                    [b"RO", b"access"],
                    b"begin_search",
                    [b"type", b"index", b"spec", [b"index", 1]],
                    b"find_keys",
                    [b"type", b"range", b"spec", range_of_one],
                ]
            ],
            [],
        ],
        None,
    ]


def test_a_container_is_described_with_its_subcommands(caller: Caller) -> None:
    reply = caller.plain("COMMAND", "INFO", "client")
    assert isinstance(reply, list)
    assert b"client|id" in [child[0] for child in reply[0][9]]
    assert caller.plain("COMMAND", "INFO", "client|id") == [child for child in reply[0][9] if child[0] == b"client|id"]


def test_documentation_says_what_is_known(caller: Caller) -> None:
    reply = caller.plain("COMMAND", "DOCS", "echo", "nonsense")
    assert reply == [
        b"echo",
        [
            b"summary",
            b"Returns the given string.",
            b"since",
            b"1.0.0",
            b"group",
            b"connection",
            b"arguments",
            [[b"name", b"message", b"type", b"string"]],
        ],
    ]


def test_documentation_shows_the_arguments_of_a_command(caller: Caller) -> None:
    reply = caller.plain("COMMAND", "DOCS", "expire")
    assert isinstance(reply, list)
    key, _, condition = reply[1][-1]
    assert key == [b"name", b"key", b"type", b"string"]
    assert condition == [b"name", b"NX | XX | GT | LT", b"type", b"string", b"flags", [b"optional"]]


def test_documentation_of_a_container_holds_that_of_its_subcommands(caller: Caller) -> None:
    reply = caller.plain("COMMAND", "DOCS", "config")
    assert isinstance(reply, list)
    fields = dict(zip(reply[1][::2], reply[1][1::2], strict=True))
    assert fields[b"subcommands"][::2] == [
        b"config|get",
        b"config|set",
        b"config|resetstat",
        b"config|rewrite",
        b"config|help",
    ]


def test_the_list_can_be_filtered(caller: Caller) -> None:
    assert names(caller.plain("COMMAND", "LIST", "FILTERBY", "PATTERN", "MSE*")) == {b"mset", b"msetnx", b"msetex"}
    assert b"client|kill" in names(caller.plain("COMMAND", "LIST", "FILTERBY", "ACLCAT", "admin"))
    assert names(caller.plain("COMMAND", "LIST", "FILTERBY", "ACLCAT", "nonsense")) == set()
    assert names(caller.plain("COMMAND", "LIST", "FILTERBY", "MODULE", "json")) == set()
    assert caller.error("COMMAND", "LIST", "FILTERBY", "COLOUR", "red") == "ERR syntax error"
    assert caller.error("COMMAND", "LIST", "FILTERBY", "ACLCAT") == "ERR syntax error"


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (["mset", "a", "1", "b", "2"], [b"a", b"b"]),
        (["GET", "a"], [b"a"]),
        (["del", "a", "b"], [b"a", b"b"]),
        (["memory", "usage", "k"], [b"k"]),
        (["zsum", "2", "a", "b", "c"], [b"a", b"b"]),
    ],
)
def test_the_keys_of_a_request_are_found(words: list[str], keys: list[bytes]) -> None:
    caller = Caller([*BUILT_IN, counting])
    assert caller.plain("COMMAND", "GETKEYS", *words) == keys


def test_keys_come_with_what_may_happen_to_them(caller: Caller) -> None:
    assert caller.plain("COMMAND", "GETKEYSANDFLAGS", "get", "a") == [[b"a", [b"RO", b"access"]]]
    assert caller.plain("COMMAND", "GETKEYSANDFLAGS", "incr", "a") == [[b"a", [b"RW", b"access", b"update"]]]


def test_keys_that_are_counted_are_specified_by_their_count() -> None:
    caller = Caller([*BUILT_IN, counting])
    reply = caller.plain("COMMAND", "INFO", "zsum")
    assert isinstance(reply, list)
    assert reply[0][8][0][5] == [b"type", b"keynum", b"spec", [b"keynumidx", 0, b"firstkey", 1, b"keystep", 1]]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["nonsense", "a"], "ERR Invalid command specified"),
        (["client", "foo"], "ERR Invalid command specified"),
        (["ping", "a"], "ERR The command has no key arguments"),
        (["get", "a", "b"], "ERR Invalid number of arguments specified for command"),
    ],
)
def test_requests_without_keys_are_refused(caller: Caller, words: list[str], error: str) -> None:
    assert caller.error("COMMAND", "GETKEYS", *words) == error


def test_a_count_of_keys_that_is_no_number_is_refused() -> None:
    caller = Caller([*BUILT_IN, counting])
    assert caller.error("COMMAND", "GETKEYS", "zsum", "x", "a") == "ERR Invalid arguments specified for command"
