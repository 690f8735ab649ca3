"""People at a telnet are welcomed, prompted, and answered in the words of this door (S20-S26)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from kvik.build_info import VERSION
from kvik.dialects.telnet import TelnetDialect
from kvik.network.caller import Caller as Connection
from kvik.network.caller import Carrier
from kvik.settings import Settings
from tests import engines
from tests.dialects.feeding import WAYS, Outcome, Way, cut_at, last_words, requests, trusted

PROMPT = b"-> "
WELCOME = f"Welcome to kvik {VERSION}: help shows the commands, exit leaves\r\n-> ".encode()
SHORT_LIST = b"commands: set set+ttl get delete find count clean backup memstats exit help\r\n-> "
CTRL_C = b"\xff\xf4\xff\xfd\x06"
TIMING_MARK_REFUSED = b"\xff\xfc\x06"
PROMPTED = ""
"""An empty line: not a request, but answered with a prompt."""

every_way = pytest.mark.parametrize("way", WAYS)


class Guest:
    """Somebody at a telnet, without a network: `types` lines, and sees what comes back."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.engine = engines.Caller(settings=settings).engine
        self.connection = self.opened()

    def opened(self) -> Connection:
        connection = Connection(self.engine, TelnetDialect(), Carrier())
        assert connection.take_output() == WELCOME
        return connection

    def types(self, line: str) -> bytes:
        return self.sends(line.encode() + b"\r\n")

    def sends(self, data: bytes) -> bytes:
        self.connection.receive(data)
        return self.sees()

    def sees(self) -> bytes:
        return self.connection.take_output()


@pytest.fixture
def guest() -> Guest:
    return Guest()


LINES: list[tuple[bytes, Outcome]] = [
    (b"set k v\r\nget k\nGET k\r\0", [[b"set", b"k", b"v"], [b"get", b"k"], [b"GET", b"k"]]),
    (b"delete a B\nDelete a\ndelete\n", [[b"DEL", b"a", b"B"], [b"DEL", b"a"], [b"DEL"]]),
    (b"set+ttl k Vv 10\nSET+TTL k v\n", [[b"SETEX", b"k", b"10", b"Vv"], [b"SETEX", b"v", b"k"]]),
    (b'set "a b" "\\x00//"\n', [[b"set", b"a b", b"\0//"]]),
    (b"\r\n \n", [PROMPTED, PROMPTED]),
    (b"1 | set a // b\n", [[b"1", b"|", b"set", b"a", b"//", b"b"]]),
    (b'get "k\nget k\n', ["Protocol error: unbalanced quotes in request", [b"get", b"k"]]),
    (b"help me\n", [[b"COMMAND", b"LIST"]]),
]


@every_way
@pytest.mark.parametrize(("data", "expected"), LINES)
def test_a_line_is_a_command_in_words_of_any_case(way: Way, data: bytes, expected: Outcome) -> None:
    assert requests(TelnetDialect(), way(data)) == expected


@every_way
@pytest.mark.parametrize("line", [b"POST / HTTP/1.1", b"Host: x", b"GET /key HTTP/1.1"])
def test_a_browser_is_closed_without_a_word(way: Way, line: bytes) -> None:
    assert requests(TelnetDialect(), way(b"count\n" + line + b"\r\nclean\r\n")) == [[b"count"], ""]


def test_a_line_that_is_too_long_ends_without_a_prompt() -> None:
    dialect = TelnetDialect()
    too_big = "Protocol error: too big inline request"
    assert requests(dialect, [b"set k " + b"v" * 65536]) == [too_big]
    assert last_words(dialect, too_big) == b"(error) ERR Protocol error: too big inline request\r\n"
    assert requests(trusted(TelnetDialect()), [b"get " + b"k" * 65536 + b"\n"]) == [[b"get", b"k" * 65536]]


@given(st.binary(), st.lists(st.integers(0, 999), max_size=8))
def test_random_bytes_raise_nothing_but_protocol_errors(data: bytes, cuts: list[int]) -> None:
    def understood(pieces: list[bytes]) -> Outcome:
        return [one for one in requests(TelnetDialect(), pieces, ends=True) if one != PROMPTED]

    assert understood(cut_at(data, cuts)) == understood([data])


# What is answered


def test_the_words_of_the_door_answer_as_they_were_asked_for(guest: Guest) -> None:
    for line, answer in (
        ("set key val", "OK"),
        ("get key", "val"),
        ("get other", "key other not found"),
        ('get "an other"', 'key "an other" not found'),
        ("count", "1"),
        ("find k*", "[key]"),
        ("set+ttl short v 100", "OK"),
        ("ttl short", "100"),
        ("delete key nosuch", "OK"),
        ("delete key", "OK"),
        ("DEL short", "1"),
        ("clean", "OK"),
        ("incr n", "1"),
        ("getdel nosuch", "nil"),
        ("multi", "OK"),
        ("delete n", "QUEUED"),
        ("get n", "QUEUED"),
        ("exec", "[1 nil]"),
    ):
        assert guest.types(line) == f"{answer}\r\n-> ".encode(), line


def test_a_value_stays_as_it_was_typed(guest: Guest) -> None:
    guest.types("SET Key VaLuE")
    assert guest.types("GET Key") == b"VaLuE\r\n-> "
    assert guest.engine.databases.spaces[0].find(b"Key") == b"VaLuE"


def test_the_lines_of_an_answer_end_as_telnet_wants_it(guest: Guest) -> None:
    guest.types('set k "a\\nb\\r\\nc\\xff"')
    assert guest.types("get k") == b"a\r\nb\r\nc\xff\xff\r\n-> "
    assert guest.types("compact") == b'SET k "a\\nb\\r\\nc\\xff"\r\n-> '
    assert b"# Server\r\n" in guest.types("info server")


def test_an_unknown_word_is_named_and_the_commands_are_listed(guest: Guest) -> None:
    assert guest.types("Foo bar") == b"unknown command: Foo\r\n" + SHORT_LIST
    assert guest.types('"a b"') == b'unknown command: "a b"\r\n' + SHORT_LIST
    assert guest.types("x" * 1000) == b"unknown command: " + b"x" * 128 + b"\r\n" + SHORT_LIST


def test_help_explains_the_words_of_the_door_and_names_all_others(guest: Guest) -> None:
    shown = guest.types("help").decode()
    assert "\r\nset+ttl KEY VALUE SECONDS  store a value that goes by itself\r\n" in shown
    assert " getrange" in shown
    assert shown.endswith("\r\n-> ")
    assert max(len(line) for line in shown.split("\r\n")) < 80


def test_an_error_names_the_command_as_it_was_typed(guest: Guest) -> None:
    for line, error in (
        ("delete", "wrong number of arguments for 'delete' command"),
        ("set+ttl k v", "wrong number of arguments for 'set+ttl' command"),
        ("set+ttl k v 0", "invalid expire time in 'set+ttl' command"),
        ("set+ttl k v soon", "value is not an integer or out of range"),
        ("setex k v", "wrong number of arguments for 'setex' command"),
        ("client foo", "unknown subcommand 'foo'. Try CLIENT HELP."),
    ):
        assert guest.types(line) == f"(error) ERR {error}\r\n-> ".encode(), line


def test_memstats_is_one_line_of_json_with_nine_figures(guest: Guest) -> None:
    figures = json.loads(guest.types("memstats").removesuffix(b"\r\n-> "))
    assert list(figures) == [
        *("Alloc", "TotalAlloc", "Sys", "Mallocs", "Frees", "LiveObjects", "PauseTotalNs", "NumGC", "NumTasks")
    ]
    assert all(isinstance(figure, int) for figure in figures.values())


@pytest.mark.parametrize("word", ["exit", "QUIT", "disconnect"])
def test_who_leaves_hears_ok_and_sees_no_further_prompt(guest: Guest, word: str) -> None:
    assert guest.types(f"{word}\r\nset k v") == b"OK\r\n"
    assert guest.connection.is_finished
    assert len(guest.engine.databases.spaces[0]) == 0


def test_with_a_password_everything_else_waits_for_it() -> None:
    guest = Guest(Settings(requirepass="open sesame"))
    assert guest.types("get k") == b"(error) NOAUTH Authentication required.\r\n-> "
    assert guest.types("help") == b"(error) NOAUTH Authentication required.\r\n-> "
    assert guest.types('auth "open sesame"') == b"OK\r\n-> "
    assert guest.types("get k") == b"key k not found\r\n-> "


# The prompt


def test_an_empty_line_is_answered_with_a_prompt(guest: Guest) -> None:
    assert guest.types("") == PROMPT
    assert guest.types("   \t") == PROMPT


def test_quotes_that_do_not_close_are_answered_with_a_prompt_behind_the_error(guest: Guest) -> None:
    assert guest.types('get "k') == b"(error) ERR Protocol error: unbalanced quotes in request\r\n-> "


def test_each_line_of_a_paste_has_its_answer_and_prompt(guest: Guest) -> None:
    assert guest.types("set a 1\r\nget a\r\n\r\ncount") == b"OK\r\n-> 1\r\n-> -> 1\r\n-> "


def test_ctrl_c_is_answered_so_that_the_client_shows_output_again(guest: Guest) -> None:
    for _ in range(2):
        assert guest.sends(CTRL_C) == TIMING_MARK_REFUSED + b"\r\n-> "
    assert guest.types("count") == b"0\r\n-> "


def test_an_option_is_refused_without_a_new_prompt(guest: Guest) -> None:
    assert guest.sends(b"\xff\xfd\x01\xff\xfb\x1f") == b"\xff\xfc\x01\xff\xfe\x1f"
    assert guest.sends(b"cou\xff\xfd\x03nt\r\n") == b"\xff\xfc\x030\r\n-> "


def test_a_warning_stands_on_a_line_of_its_own_with_a_new_prompt(guest: Guest) -> None:
    guest.sends(b"half a li")
    assert guest.connection.farewell(5)
    assert guest.sees() == b"\r\nserver closes in 5 s\r\n-> "
    assert guest.sends(b"ne\r\n").startswith(b"unknown command: half\r\n")


def test_a_message_stands_on_a_line_of_its_own_with_a_new_prompt(guest: Guest) -> None:
    assert guest.types("subscribe news") == b"[subscribe news 1]\r\n-> "
    other = guest.opened()
    other.receive(b"publish news hello\n")
    assert guest.sees() == b"\r\n[message news hello]\r\n-> "


def test_a_message_to_who_waits_for_an_answer_brings_no_prompt() -> None:
    dialect = TelnetDialect()
    dialect.greeting()
    dialect.feed(b"ping\r\n")
    dialect.next_request()
    out = BytesWriter()
    dialect.push([b"message", b"news", 1], 2, out)
    assert out.getvalue() == b"[message news 1]\r\n"
    assert dialect.farewell(3) == b"server closes in 3 s\r\n"
