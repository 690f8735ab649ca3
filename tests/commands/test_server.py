"""TIME, LOLWUT, SHUTDOWN, MEMORY, MEMSTATS and DEBUG."""

import pytest

from kvik.build_info import VERSION
from kvik.replies import OK, Map, Verbatim
from kvik.services import House
from kvik.session import REPLY_OFF
from kvik.settings import Settings
from tests.engines import Caller


class Closing(House):
    """A house that remembers being told to end."""

    def __init__(self) -> None:
        self.ends = 0

    def shutdown(self) -> None:
        self.ends += 1

    def resident_bytes(self) -> int:
        return 5_000


def test_time_is_in_seconds_and_microseconds(caller: Caller) -> None:
    caller.clock.now = 1_700_000_000_123
    assert caller("TIME") == [b"1700000000", b"123000"]


# SHUTDOWN


@pytest.mark.parametrize("words", [[], ["NOSAVE"], ["save"], ["NOW", "FORCE"], ["NOSAVE", "NOW", "FORCE"]])
def test_shutdown_ends_the_house_and_answers_nothing(words: list[str]) -> None:
    house = Closing()
    caller = Caller(house=house)
    caller("SHUTDOWN", *words)
    assert house.ends == 1
    assert caller.session.is_closing
    assert caller.session.reply_mode == REPLY_OFF


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["foo"], "ERR syntax error"),
        (["SAVE", "NOSAVE"], "ERR syntax error"),
        (["ABORT", "NOW"], "ERR syntax error"),
        (["ABORT"], "ERR No shutdown in progress."),
    ],
)
def test_a_shutdown_that_makes_no_sense_ends_nothing(words: list[str], error: str) -> None:
    house = Closing()
    caller = Caller(house=house)
    assert caller.error("SHUTDOWN", *words) == error
    assert house.ends == 0
    assert not caller.session.is_closing


def test_without_a_server_there_is_nothing_to_shut_down(caller: Caller) -> None:
    assert caller.error("SHUTDOWN") == "ERR SHUTDOWN is for a server; close the database instead"
    assert not caller.session.is_closing


def test_shutdown_is_refused_inside_a_transaction(caller: Caller) -> None:
    caller("MULTI")
    assert caller.error("SHUTDOWN") == "ERR Command not allowed inside a transaction"


# Memory


def test_memory_usage_grows_with_key_value_and_deadline(caller: Caller) -> None:
    caller("SET", "k", "v")
    small = caller("MEMORY", "USAGE", "k")
    caller("SET", "k", "v" * 1_000)
    large = caller("MEMORY", "USAGE", "k", "SAMPLES", "0")
    caller("EXPIRE", "k", "100")
    dying = caller("MEMORY", "USAGE", "k")
    assert isinstance(small, int) and isinstance(large, int) and isinstance(dying, int)
    assert 100 < small < 300
    assert 980 <= large - small <= 1_010
    assert dying > large


def test_memory_usage_of_a_missing_key_is_null_and_no_miss(caller: Caller) -> None:
    assert caller("MEMORY", "USAGE", "missing") is None
    assert caller.session.keys.misses == 0


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["SAMPLES"], "ERR syntax error"),
        (["SAMPLES", "-1"], "ERR syntax error"),
        (["SAMPLES", "x"], "ERR value is not an integer or out of range"),
        (["FOO"], "ERR syntax error"),
    ],
)
def test_memory_usage_refuses_wrong_options(caller: Caller, words: list[str], error: str) -> None:
    assert caller.error("MEMORY", "USAGE", "k", *words) == error


def test_memstats_has_the_nine_figures_s24() -> None:
    caller = Caller(house=Closing())
    caller("SET", "k", "v" * 100)
    reply = caller("MEMSTATS")
    assert isinstance(reply, Map)
    figures = dict(reply.pairs)
    assert b" ".join(name for name, _ in reply.pairs if isinstance(name, bytes)) == (
        b"Alloc TotalAlloc Sys Mallocs Frees LiveObjects PauseTotalNs NumGC NumTasks"
    )
    assert figures[b"Alloc"] == caller("MEMORY", "USAGE", "k")
    assert figures[b"Sys"] == 5_000
    assert figures[b"NumTasks"] == 1


def test_the_data_of_a_large_database_is_estimated_from_some_of_it(caller: Caller) -> None:
    for number in range(3_000):
        caller("SET", f"key:{number:04}", "v")
    reply = caller("MEMSTATS")
    assert isinstance(reply, Map)
    weight = caller("MEMORY", "USAGE", "key:0000")
    assert isinstance(weight, int)
    assert dict(reply.pairs)[b"Alloc"] == 3_000 * weight


def test_the_data_is_weighed_with_a_hash_whose_fields_are_all_over(caller: Caller) -> None:
    caller("SET", "k", "v", "EX", "100")
    caller("HSET", "h", "f", "v")
    caller("HPEXPIRE", "h", "1", "FIELDS", "1", "f")
    caller("SET", "last", "v")
    caller.clock.advance(1)
    assert isinstance(caller("MEMSTATS"), Map)
    assert caller("EXISTS", "h") == 0


# DEBUG


def test_debug_sleep_holds_the_clock_of_everybody_up(caller: Caller) -> None:
    before = caller.clock.now
    assert caller("DEBUG", "SLEEP", "0.5") is OK
    assert caller.clock.now == before + 500


@pytest.mark.parametrize(("seconds", "slept"), [("1e300", 60_000), ("inf", 60_000), ("-5", 0), ("x", 0), ("nan", 0)])
def test_debug_sleep_is_bounded(caller: Caller, seconds: str, slept: int) -> None:
    before = caller.clock.now
    assert caller("DEBUG", "SLEEP", seconds) is OK
    assert caller.clock.now == before + slept


@pytest.mark.parametrize(
    ("setting", "address", "is_allowed"),
    [
        ("local", "127.0.0.1:5000", True),
        ("local", "[::1]:5000", True),
        ("local", "/run/kvik.sock:0", True),
        ("local", "192.168.0.7:5000", False),
        ("local", "[2001:db8::1]:5000", False),
        ("yes", "192.168.0.7:5000", True),
        ("no", "127.0.0.1:5000", False),
    ],
)
def test_debug_is_for_callers_on_this_machine_unless_set_otherwise(
    setting: str, address: str, is_allowed: bool
) -> None:
    caller = Caller(settings=Settings(enable_debug_command=setting))
    caller.session.address = address
    if is_allowed:
        assert caller("DEBUG", "SLEEP", "0") is OK
    else:
        assert caller.error("DEBUG", "SLEEP", "0").startswith("ERR DEBUG command not allowed.")


def test_debug_knows_nothing_else(caller: Caller) -> None:
    error = "ERR unknown subcommand or wrong number of arguments for 'SEGFAULT'. Try DEBUG HELP."
    assert caller.error("DEBUG", "SEGFAULT") == error


def test_lolwut_says_which_version_this_is(caller: Caller) -> None:
    for words in ([], ["VERSION", "5"], ["anything"]):
        reply = caller("LOLWUT", *words)
        assert isinstance(reply, Verbatim) and reply.text == f"kvik ver. {VERSION}\n".encode()
    assert caller.error("LOLWUT", "VERSION", "x") == "ERR value is not an integer or out of range"
