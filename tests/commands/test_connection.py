"""PING, ECHO, AUTH, HELLO, RESET and the ways to leave."""

import pytest

from kvik.replies import OK, PONG, Map
from kvik.session import REPLY_OFF, REPLY_ON
from kvik.settings import Settings
from tests.engines import Caller


@pytest.fixture
def guarded() -> Caller:
    """A session that is not authenticated, on an engine with a password."""
    return Caller(settings=Settings(requirepass="secret"))


def test_ping_answers_pong_or_what_was_said(caller: Caller) -> None:
    assert caller("PING") is PONG
    assert caller("PING", "hello") == b"hello"
    assert caller.error("PING", "a", "b") == "ERR wrong number of arguments for 'ping' command"


def test_echo_answers_any_bytes(caller: Caller) -> None:
    assert caller("ECHO", b"\x00\r\n\xff") == b"\x00\r\n\xff"


# AUTH


def test_without_the_password_nothing_but_greeting_and_leaving_is_answered(guarded: Caller) -> None:
    assert guarded.error("PING") == "NOAUTH Authentication required."
    assert guarded.error("GET", "k") == "NOAUTH Authentication required."
    assert guarded("QUIT") is OK


def test_the_right_password_lets_in(guarded: Caller) -> None:
    assert guarded("AUTH", "secret") is OK
    assert guarded("PING") is PONG


def test_the_right_password_lets_the_default_user_in(guarded: Caller) -> None:
    assert guarded("AUTH", "default", "secret") is OK
    assert guarded("PING") is PONG


@pytest.mark.parametrize(
    "words", [["wrong"], ["secre"], ["secrets"], [b"\xff"], ["default", "wrong"], ["root", "secret"]]
)
def test_a_wrong_password_or_user_stays_outside(guarded: Caller, words: list[str | bytes]) -> None:
    assert guarded.error("AUTH", *words) == "WRONGPASS invalid username-password pair or user is disabled."
    assert guarded.error("PING") == "NOAUTH Authentication required."


def test_without_a_password_set_auth_says_so_but_lets_the_default_user_pass(caller: Caller) -> None:
    assert caller.error("AUTH", "x").startswith("ERR AUTH <password> called without any password configured")
    assert caller("AUTH", "default", "anything") is OK
    assert caller.error("AUTH", "a", "b", "c") == "ERR syntax error"


def test_a_password_set_later_leaves_those_who_are_in(caller: Caller) -> None:
    caller("CONFIG", "SET", "requirepass", "new")
    assert caller("PING") is PONG
    assert caller.another().error("PING") == "NOAUTH Authentication required."


# HELLO


def test_hello_tells_who_answers(caller: Caller) -> None:
    reply = caller("HELLO")
    assert isinstance(reply, Map)
    assert dict(reply.pairs) == {
        b"server": b"redis",
        b"version": b"7.2.4",
        b"proto": 2,
        b"id": caller.session.id,
        b"mode": b"standalone",
        b"role": b"master",
        b"modules": [],
    }


def test_hello_chooses_the_protocol_and_without_a_number_keeps_it(caller: Caller) -> None:
    caller("HELLO", "3")
    assert caller.session.protocol == 3
    caller("HELLO")
    assert caller.session.protocol == 3
    caller("HELLO", "2")
    assert caller.session.protocol == 2


def test_hello_lets_in_and_names_in_one_go(guarded: Caller) -> None:
    assert isinstance(guarded("HELLO", "3", "AUTH", "default", "secret", "SETNAME", "me"), Map)
    assert guarded("CLIENT", "GETNAME") == b"me"


def test_hello_outside_says_how_to_come_in(guarded: Caller) -> None:
    assert guarded.error("HELLO", "3").startswith("NOAUTH HELLO must be called with the client already authenticated")
    assert guarded.session.protocol == 2


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["4"], "NOPROTO unsupported protocol version"),
        (["x"], "ERR Protocol version is not an integer or out of range"),
        (["9" * 40], "ERR Protocol version is not an integer or out of range"),
        (["3", "AUTH", "default"], "ERR Syntax error in HELLO option 'AUTH'"),
        (["3", "SETNAME"], "ERR Syntax error in HELLO option 'SETNAME'"),
        (["3", "foo\r\n"], "ERR Syntax error in HELLO option 'foo  '"),
        (["3", "SETNAME", "a b"], "ERR Client names cannot contain spaces, newlines or special characters."),
        (["3", "SETNAME", "me", "AUTH", "x", "y"], "WRONGPASS invalid username-password pair or user is disabled."),
    ],
)
def test_a_hello_that_fails_changes_nothing(caller: Caller, words: list[str], error: str) -> None:
    assert caller.error("HELLO", *words) == error
    assert caller.session.protocol == 2
    assert caller.session.name == b""


# RESET


def test_reset_makes_a_session_as_new(caller: Caller) -> None:
    caller("HELLO", "3", "SETNAME", "me")
    caller("CLIENT", "NO-EVICT", "ON")
    caller("CLIENT", "NO-TOUCH", "ON")
    caller("SELECT", "3")
    caller("CLIENT", "SETINFO", "LIB-NAME", "lib")
    assert caller.plain("RESET") == b"RESET"
    session = caller.session
    assert (session.protocol, session.name, session.keys.number) == (2, b"", 0)
    assert (session.no_evict, session.no_touch) == (False, False)
    assert session.library_name == b"lib"


def test_reset_ends_a_transaction_and_forgets_watched_keys(caller: Caller) -> None:
    caller("WATCH", "k")
    caller("MULTI")
    caller("SET", "k", "v")
    assert caller.plain("RESET") == b"RESET"
    assert caller.error("EXEC") == "ERR EXEC without MULTI"
    assert caller.session.watching == []
    assert caller("GET", "k") is None


def test_reset_asks_for_the_password_again(guarded: Caller) -> None:
    guarded("AUTH", "secret")
    guarded("RESET")
    assert guarded.error("PING") == "NOAUTH Authentication required."


def test_reset_lets_answers_be_heard_again(caller: Caller) -> None:
    caller("CLIENT", "REPLY", "OFF")
    assert caller.session.reply_mode == REPLY_OFF
    caller("RESET")
    assert caller.session.reply_mode == REPLY_ON


# Leaving


@pytest.mark.parametrize("word", ["QUIT", "quit", "DISCONNECT", "EXIT"])
def test_whoever_leaves_hears_ok_and_the_connection_closes(caller: Caller, word: str) -> None:
    assert caller(word) is OK
    assert caller.session.is_closing


@pytest.mark.parametrize("word", ["QUIT", "DISCONNECT", "EXIT"])
def test_leaving_works_at_once_inside_a_transaction(caller: Caller, word: str) -> None:
    caller("MULTI")
    assert caller(word) is OK
    assert caller.session.is_closing


def test_nothing_about_a_connection_reaches_the_journal(caller: Caller) -> None:
    for words in (["PING"], ["ECHO", "x"], ["HELLO", "3"], ["CLIENT", "SETNAME", "x"], ["RESET"], ["QUIT"]):
        assert caller.recorded(*words) == []
