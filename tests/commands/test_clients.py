"""CLIENT: names, lists, kills, and whether replies are sent."""

import pytest

from kvik.replies import OK, Verbatim
from kvik.session import REPLY_OFF, REPLY_ON, REPLY_SKIP
from tests.engines import Caller


def lines(caller: Caller, *words: str | int) -> list[dict[str, str]]:
    """Return the fields of each line CLIENT answers."""
    reply = caller("CLIENT", *words)
    assert isinstance(reply, Verbatim)
    return [dict(field.split("=", 1) for field in line.split(" ")) for line in reply.text.decode().splitlines()]


def ids(caller: Caller, *words: str | int) -> list[int]:
    return [int(line["id"]) for line in lines(caller, "LIST", *words)]


def test_every_session_has_a_number_of_its_own(caller: Caller) -> None:
    assert caller("CLIENT", "ID") == caller.session.id
    assert caller.another()("CLIENT", "ID") == caller.session.id + 1


def test_a_name_can_be_given_and_taken_back(caller: Caller) -> None:
    assert caller("CLIENT", "GETNAME") is None
    assert caller("CLIENT", "SETNAME", "me") is OK
    assert caller("CLIENT", "GETNAME") == b"me"
    assert caller("CLIENT", "SETNAME", "") is OK
    assert caller("CLIENT", "GETNAME") is None


@pytest.mark.parametrize("name", ["a b", "a\nb", "\x7f", "é", b"\x00"])
def test_a_name_that_would_break_a_line_is_refused(caller: Caller, name: str | bytes) -> None:
    error = "ERR Client names cannot contain spaces, newlines or special characters."
    assert caller.error("CLIENT", "SETNAME", name) == error


def test_a_library_may_say_what_it_is(caller: Caller) -> None:
    assert caller("CLIENT", "SETINFO", "LIB-NAME", "redis-py") is OK
    assert caller("CLIENT", "SETINFO", "lib-ver", "8.0") is OK
    (line,) = lines(caller, "INFO")
    assert (line["lib-name"], line["lib-ver"]) == ("redis-py", "8.0")
    assert caller.error("CLIENT", "SETINFO", "lib-age", "9") == "ERR Unrecognized option 'lib-age'"
    error = "ERR lib-name cannot contain spaces, newlines or special characters."
    assert caller.error("CLIENT", "SETINFO", "LIB-NAME", "a b") == error


def test_a_line_has_the_fields_of_redis_in_their_order(caller: Caller) -> None:
    caller.session.address = "127.0.0.1:5000"
    caller.session.local_address = "127.0.0.1:9736"
    caller("HELLO", "3", "SETNAME", "me")
    caller("SELECT", "2")
    caller.clock.advance(2_500)
    reply = caller("CLIENT", "INFO")
    assert isinstance(reply, Verbatim)
    assert reply.text == (
        b"id=1 addr=127.0.0.1:5000 laddr=127.0.0.1:9736 fd=-1 name=me age=2 idle=2 flags=N db=2 sub=0 psub=0 ssub=0 "
        b"multi=-1 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=0 events=r "
        b"cmd=client|info user=default redir=-1 resp=3 lib-name= lib-ver=\n"
    )


def test_the_list_shows_transactions_and_the_last_command_of_others(caller: Caller) -> None:
    other = caller.another()
    other("MULTI")
    other("SET", "key", "value")
    line = lines(caller, "LIST", "ID", other.session.id)[0]
    assert (line["multi"], line["flags"], line["multi-mem"], line["cmd"]) == ("1", "x", "11", "set")


def test_what_can_no_longer_be_run_is_not_kept(caller: Caller) -> None:
    other = caller.another()
    other("WATCH", "key")
    other("MULTI")
    caller("SET", "key", "value")
    assert other.plain("SET", "key", "other") == b"QUEUED"
    line = lines(caller, "LIST", "ID", other.session.id)[0]
    assert (line["multi"], line["flags"], line["multi-mem"]) == ("0", "xd", "0")


def test_flags_say_what_a_session_is(caller: Caller) -> None:
    caller.session.address = "/run/kvik.sock:0"
    caller("CLIENT", "NO-EVICT", "ON")
    caller("CLIENT", "NO-TOUCH", "ON")
    assert lines(caller, "INFO")[0]["flags"] == "eTU"


def test_the_list_can_be_limited_to_numbers_and_types(caller: Caller) -> None:
    caller.another()
    caller.another()
    assert ids(caller) == [1, 2, 3]
    assert ids(caller, "ID", 3, 1, 77) == [3, 1]
    assert ids(caller, "TYPE", "normal") == [1, 2, 3]
    assert ids(caller, "TYPE", "pubsub") == []


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["LIST", "foo"], "ERR syntax error"),
        (["LIST", "ID"], "ERR syntax error"),
        (["LIST", "ID", "x"], "ERR Invalid client ID"),
        (["LIST", "TYPE", "foo"], "ERR Unknown client type 'foo'"),
        (["KILL", "nowhere"], "ERR No such client"),
        (["KILL", "ID", "0"], "ERR client-id should be greater than 0"),
        (["KILL", "ID", "5", "ADDR"], "ERR syntax error"),
        (["KILL", "FOO", "1"], "ERR syntax error"),
        (["KILL", "TYPE", "foo"], "ERR Unknown client type 'foo'"),
        (["KILL", "USER", "nobody"], "ERR No such user 'nobody'"),
        (["KILL", "SKIPME", "maybe"], "ERR syntax error"),
        (["KILL", "MAXAGE", "x"], "ERR maxage should be greater than 0"),
        (["REPLY", "foo"], "ERR syntax error"),
        (["NO-EVICT", "foo"], "ERR syntax error"),
        (["NO-TOUCH", "foo"], "ERR syntax error"),
        (["foo"], "ERR unknown subcommand 'foo'. Try CLIENT HELP."),
    ],
)
def test_what_makes_no_sense_is_refused(caller: Caller, words: list[str], error: str) -> None:
    assert caller.error("CLIENT", *words) == error


# KILL


@pytest.fixture
def three() -> list[Caller]:
    """Three sessions on one engine, with addresses."""
    first = Caller()
    callers = [first, first.another(), first.another()]
    for number, caller in enumerate(callers, 1):
        caller.session.address = f"127.0.0.1:500{number}"
        caller.session.local_address = "127.0.0.1:9736"
    return callers


def killed(callers: list[Caller]) -> list[int]:
    return [number for number, caller in enumerate(callers, 1) if caller.session.is_closing]


def test_one_address_alone_kills_that_session(three: list[Caller]) -> None:
    assert three[0]("CLIENT", "KILL", "127.0.0.1:5002") is OK
    assert killed(three) == [2]
    assert three[1].outlet.is_closed


def test_killing_oneself_answers_first(three: list[Caller]) -> None:
    assert three[0]("CLIENT", "KILL", "127.0.0.1:5001") is OK
    assert killed(three) == [1]
    assert not three[0].outlet.is_closed


@pytest.mark.parametrize(
    ("words", "victims"),
    [
        (["ID", "2"], [2]),
        (["ID", "1"], []),
        (["ID", "1", "SKIPME", "no"], [1]),
        (["ADDR", "127.0.0.1:5003"], [3]),
        (["LADDR", "127.0.0.1:9736"], [2, 3]),
        (["LADDR", "127.0.0.1:9736", "SKIPME", "no"], [1, 2, 3]),
        (["USER", "default"], [2, 3]),
        (["TYPE", "normal", "SKIPME", "yes"], [2, 3]),
        (["TYPE", "pubsub"], []),
        (["TYPE", "normal", "ID", "3"], [3]),
        (["MAXAGE", "10"], []),
        (["SKIPME", "yes"], [2, 3]),
    ],
)
def test_filters_kill_all_that_fit_and_answer_how_many(
    three: list[Caller], words: list[str], victims: list[int]
) -> None:
    assert three[0]("CLIENT", "KILL", *words) == len(victims)
    assert killed(three) == victims


def test_maxage_kills_those_who_have_been_there_long(three: list[Caller]) -> None:
    three[0].clock.advance(10_000)
    three[0].another()
    assert three[0]("CLIENT", "KILL", "MAXAGE", "10") == 2
    assert killed(three) == [2, 3]


# REPLY


def test_replies_can_be_switched_off_and_on(caller: Caller) -> None:
    caller("CLIENT", "REPLY", "OFF")
    assert caller.session.reply_mode == REPLY_OFF
    caller("CLIENT", "REPLY", "SKIP")
    assert caller.session.reply_mode == REPLY_OFF
    assert caller("CLIENT", "REPLY", "ON") is OK
    assert caller.session.reply_mode == REPLY_ON


def test_one_reply_can_be_skipped(caller: Caller) -> None:
    caller("CLIENT", "REPLY", "SKIP")
    assert caller.session.reply_mode == REPLY_SKIP


def test_help_lists_every_subcommand(caller: Caller) -> None:
    text = caller.plain("CLIENT", "HELP")
    assert isinstance(text, list)
    assert text[0] == b"CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"
    assert b"SETNAME <name>" in text
