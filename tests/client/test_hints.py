"""What the shell knows about commands."""

from kvik.client.hints import Hint, Hints, hints_from_docs
from kvik.client.line_editor import holds_secret
from kvik.declaration import arguments
from kvik.errors import ReplyError
from kvik.replies import Map, Reply, Set, Status

SET = Hint("SET", "key value [NX | XX] [EX seconds]", "Sets a string.")
HINTS = Hints([SET, Hint("SETEX", "key seconds value", ""), Hint("CLIENT", "", ""), Hint("CLIENT ID", "", "")])


def test_a_beginning_in_any_case_finds_the_commands() -> None:
    assert [hint.name for hint in HINTS.starting_with("se")] == ["SET", "SETEX"]
    assert [hint.name for hint in HINTS.starting_with("client i")] == ["CLIENT ID"]
    assert HINTS.starting_with("") == []


def test_brackets_hold_one_argument_together() -> None:
    assert arguments(SET.syntax) == ["key", "value", "[NX | XX]", "[EX seconds]"]
    assert arguments("(ON | OFF) <a [b]> c") == ["(ON | OFF)", "<a [b]>", "c"]


def test_the_hint_shows_what_is_still_to_come() -> None:
    assert HINTS.arguments_left("set ") == SET.syntax
    assert HINTS.arguments_left("set k ") == "value [NX | XX] [EX seconds]"
    assert HINTS.arguments_left("set k v NX EX 1 2 ") == ""
    assert HINTS.arguments_left("set k") == ""
    assert HINTS.arguments_left("nonsense ") == ""


def test_help_shows_a_command_with_its_subcommands_or_what_begins_so() -> None:
    assert HINTS.help(["set"]) == "SET key value [NX | XX] [EX seconds]\n    Sets a string."
    assert HINTS.help(["se"]).splitlines()[0::2] == ["SET key value [NX | XX] [EX seconds]", "SETEX key seconds value"]
    assert HINTS.help(["client"]).splitlines() == ["CLIENT", "CLIENT ID"]
    assert HINTS.help(["client", "ID"]) == "CLIENT ID"
    assert HINTS.help(["Nonsense"]) == "no command begins with nonsense"


def test_help_alone_names_every_command_once() -> None:
    first, *names = HINTS.help([]).splitlines()
    assert "help COMMAND" in first
    assert " ".join(names).split() == ["client", "set", "setex"]


def argument(name: bytes, kind: bytes, *more: tuple[Reply, Reply]) -> Map:
    return Map([(b"name", name), (b"type", kind), *more])


def test_the_docs_of_a_server_become_hints() -> None:
    expiry = argument(b"seconds", b"integer", (b"token", b"EX"))
    keep = argument(b"keepttl", b"pure-token", (b"token", b"KEEPTTL"))
    either = argument(b"expiration", b"oneof", (b"flags", Set([Status(b"optional")])), (b"arguments", [expiry, keep]))
    keys = argument(b"key", b"key", (b"flags", Set([Status(b"multiple")])))
    docs = Map([(b"set", Map([(b"summary", b"Sets."), (b"arguments", [keys, either])]))])
    hint = hints_from_docs(docs).by_name["SET"]
    assert (hint.syntax, hint.summary) == ("key [key ...] [EX seconds | KEEPTTL]", "Sets.")


def test_flat_docs_and_subcommands_become_hints_too() -> None:
    docs: Reply = [b"client", [b"summary", b"Parent.", b"subcommands", [b"client|id", [b"summary", b"Child."]]]]
    assert list(hints_from_docs(docs).by_name) == ["CLIENT", "CLIENT ID"]


def test_a_server_without_docs_gives_no_hints() -> None:
    assert hints_from_docs(ReplyError("ERR", "unknown command")).by_name == {}


def test_lines_with_passwords_are_known() -> None:
    assert holds_secret("auth secret")
    assert holds_secret("config set requirepass secret")
    assert not holds_secret("set auth secret")
    assert not holds_secret("config set maxmemory 1")
    assert not holds_secret("")
