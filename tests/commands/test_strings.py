"""Whole strings: SET with its options, GET, and the commands that combine the two."""

import pytest

from kvik.replies import OK, Stored
from tests.engines import Caller

NOW = 1_700_000_000_000


def deadline(caller: Caller, key: str) -> int | None:
    return caller.session.keys.deadline(key.encode())


def test_what_was_set_is_returned_byte_for_byte(caller: Caller) -> None:
    value = bytes(range(256))
    caller("SET", b"\x00\r\n", value)
    assert caller("GET", b"\x00\r\n") == value


def test_a_missing_key_is_null(caller: Caller) -> None:
    assert caller("GET", "k") is None


def test_a_plain_set_says_what_it_stored_where_exec_collects_the_replies(caller: Caller) -> None:
    assert caller("SET", "k", "v") is OK
    caller("MULTI")
    caller("SET", "k", "v")
    replies = caller("EXEC")
    assert isinstance(replies, list)
    stored = replies[0]
    assert isinstance(stored, Stored)
    assert stored.value == b"v"


def test_a_set_with_options_answers_a_bare_ok(caller: Caller) -> None:
    assert caller("SET", "k", "v", "EX", 10) is OK


def test_a_plain_set_drops_the_deadline_the_key_had(caller: Caller) -> None:
    caller("SET", "k", "v", "EX", 10)
    caller("SET", "k", "w")
    assert deadline(caller, "k") is None


@pytest.mark.parametrize(
    ("option", "amount", "moment"),
    [
        ("EX", 10, NOW + 10_000),
        ("px", 10, NOW + 10),
        ("ExAt", NOW // 1000 + 7, NOW + 7000),
        ("PXAT", NOW + 7, NOW + 7),
    ],
)
def test_set_gives_a_key_its_time_to_live(caller: Caller, option: str, amount: int, moment: int) -> None:
    caller("SET", "k", "v", option, amount)
    assert deadline(caller, "k") == moment


def test_a_key_dies_at_its_deadline_and_not_before(caller: Caller) -> None:
    caller("SET", "k", "v", "PX", 10)
    caller.clock.advance(9)
    assert caller("GET", "k") == b"v"
    caller.clock.advance(1)
    assert caller("GET", "k") is None


def test_a_deadline_in_the_past_leaves_no_key(caller: Caller) -> None:
    caller("SET", "k", "old")
    assert caller("SET", "k", "v", "PXAT", 1) is OK
    assert caller("GET", "k") is None


def test_keepttl_keeps_the_deadline(caller: Caller) -> None:
    caller("SET", "k", "v", "EX", 10)
    caller("SET", "k", "w", "KEEPTTL")
    assert (caller("GET", "k"), deadline(caller, "k")) == (b"w", NOW + 10_000)


def test_keepttl_gives_a_new_key_no_deadline(caller: Caller) -> None:
    caller("SET", "k", "v", "PX", 10)
    caller.clock.advance(10)
    caller("SET", "k", "w", "KEEPTTL")
    assert (caller("GET", "k"), deadline(caller, "k")) == (b"w", None)


def test_nx_sets_only_a_key_that_is_missing(caller: Caller) -> None:
    assert caller("SET", "k", "v", "NX") is OK
    assert caller("SET", "k", "w", "NX") is None
    assert caller("GET", "k") == b"v"


def test_nx_sets_a_key_whose_deadline_has_passed(caller: Caller) -> None:
    caller("SET", "k", "v", "PX", 10)
    caller.clock.advance(10)
    assert caller("SET", "k", "w", "NX") is OK


def test_xx_sets_only_a_key_that_is_there(caller: Caller) -> None:
    assert caller("SET", "k", "v", "XX") is None
    assert caller("GET", "k") is None
    caller("SET", "k", "v")
    assert caller("SET", "k", "w", "XX") is OK
    assert caller("GET", "k") == b"w"


def test_get_returns_the_value_there_was(caller: Caller) -> None:
    assert caller("SET", "k", "v", "GET") is None
    assert caller("SET", "k", "w", "GET", "EX", 5) == b"v"
    assert caller("GET", "k") == b"w"


def test_get_with_nx_returns_the_value_that_stays(caller: Caller) -> None:
    assert caller("SET", "k", "v", "NX", "GET") is None
    assert caller("SET", "k", "w", "NX", "GET") == b"v"
    assert caller("GET", "k") == b"v"


def test_get_with_xx_returns_null_and_sets_nothing_where_no_key_was(caller: Caller) -> None:
    assert caller("SET", "k", "v", "XX", "GET") is None
    assert caller("GET", "k") is None


@pytest.mark.parametrize(
    "options",
    [
        "NX XX",
        "XX NX",
        "EX 1 PX 1",
        "PXAT 1 EXAT 1",
        "EX 1 KEEPTTL",
        "KEEPTTL PX 1",
        "EX",
        "NX EX",
        "PERSIST",
        "FOO",
        "NX FOO",
        "EX abc FOO",
        "10",
    ],
)
def test_options_that_exclude_each_other_or_are_unknown_are_a_syntax_error(caller: Caller, options: str) -> None:
    assert caller.error("SET", "k", "v", *options.split()) == "ERR syntax error"
    assert caller("GET", "k") is None


def test_the_last_of_two_equal_options_counts(caller: Caller) -> None:
    assert caller("SET", "k", "v", "EX", 10, "EX", 20, "NX", "NX") is OK
    assert deadline(caller, "k") == NOW + 20_000


@pytest.mark.parametrize("option", ["EX", "PX", "EXAT", "PXAT"])
@pytest.mark.parametrize("amount", [0, -1, -(2**63)])
def test_a_time_that_is_not_positive_is_refused(caller: Caller, option: str, amount: int) -> None:
    assert caller.error("SET", "k", "v", option, amount) == "ERR invalid expire time in 'set' command"


@pytest.mark.parametrize(
    "words", [("EX", 2**63 // 1000), ("EX", 2**63 // 1000 + 1), ("EXAT", 2**63 // 1000 + 1), ("PX", 2**63 - 1)]
)
def test_a_deadline_beyond_64_bits_is_refused(caller: Caller, words: tuple[str, int]) -> None:
    assert caller.error("SET", "k", "v", *words) == "ERR invalid expire time in 'set' command"


def test_the_last_deadline_that_fits_64_bits_is_taken(caller: Caller) -> None:
    assert caller("SET", "k", "v", "PXAT", 2**63 - 1) is OK
    assert caller("SET", "l", "v", "EXAT", 2**63 // 1000) is OK


@pytest.mark.parametrize("amount", ["", "abc", "1.5", " 1", "+1", "01", "-0", str(2**63)])
def test_a_time_that_is_no_integer_is_refused(caller: Caller, amount: str) -> None:
    assert caller.error("SET", "k", "v", "EX", amount) == "ERR value is not an integer or out of range"


def test_setnx_answers_whether_it_set(caller: Caller) -> None:
    assert (caller("SETNX", "k", "v"), caller("SETNX", "k", "w"), caller("GET", "k")) == (1, 0, b"v")


def test_setex_and_psetex_take_the_time_before_the_value(caller: Caller) -> None:
    assert caller("SETEX", "k", 10, "v") is OK
    assert caller("PSETEX", "l", 10, "w") is OK
    assert (deadline(caller, "k"), deadline(caller, "l")) == (NOW + 10_000, NOW + 10)


def test_setex_and_psetex_name_themselves_when_the_time_is_invalid(caller: Caller) -> None:
    assert caller.error("SETEX", "k", 0, "v") == "ERR invalid expire time in 'setex' command"
    assert caller.error("PSETEX", "k", -5, "v") == "ERR invalid expire time in 'psetex' command"
    assert caller.error("SETEX", "k", "v", 10) == "ERR value is not an integer or out of range"


def test_getset_returns_the_old_value_and_drops_the_deadline(caller: Caller) -> None:
    assert caller("GETSET", "k", "v") is None
    caller("SET", "k", "v", "EX", 10)
    assert (caller("GETSET", "k", "w"), caller("GET", "k"), deadline(caller, "k")) == (b"v", b"w", None)


def test_getdel_returns_the_value_and_removes_the_key(caller: Caller) -> None:
    caller("SET", "k", "v")
    assert (caller("GETDEL", "k"), caller("GETDEL", "k"), caller("GET", "k")) == (b"v", None, None)


def test_getdel_returns_a_counter_as_a_string(caller: Caller) -> None:
    caller("INCR", "k")
    assert caller("GETDEL", "k") == b"1"


def test_getex_without_options_only_reads(caller: Caller) -> None:
    caller("SET", "k", "v", "EX", 10)
    assert (caller("GETEX", "k"), deadline(caller, "k")) == (b"v", NOW + 10_000)


@pytest.mark.parametrize(
    ("option", "amount", "moment"),
    [("EX", 9, NOW + 9000), ("PX", 9, NOW + 9), ("EXAT", NOW // 1000 + 9, NOW + 9000), ("pxat", NOW + 9, NOW + 9)],
)
def test_getex_sets_the_time_to_live(caller: Caller, option: str, amount: int, moment: int) -> None:
    caller("SET", "k", "v")
    assert (caller("GETEX", "k", option, amount), deadline(caller, "k")) == (b"v", moment)


def test_getex_with_persist_lets_the_key_live(caller: Caller) -> None:
    caller("SET", "k", "v", "EX", 10)
    assert (caller("GETEX", "k", "PERSIST"), deadline(caller, "k")) == (b"v", None)


def test_getex_with_a_moment_in_the_past_removes_the_key(caller: Caller) -> None:
    caller("SET", "k", "v")
    assert (caller("GETEX", "k", "PXAT", 1), caller("GET", "k")) == (b"v", None)


@pytest.mark.parametrize("options", ["NX", "GET", "KEEPTTL", "EX", "EX 1 PERSIST", "PERSIST EX 1", "EX 1 PX 1", "1"])
def test_getex_refuses_what_belongs_to_set_and_what_excludes_each_other(caller: Caller, options: str) -> None:
    assert caller.error("GETEX", "k", *options.split()) == "ERR syntax error"


def test_getex_looks_at_its_time_only_when_the_key_is_there(caller: Caller) -> None:
    assert caller("GETEX", "k", "EX", "abc") is None
    caller("SET", "k", "v")
    assert caller.error("GETEX", "k", "EX", "abc") == "ERR value is not an integer or out of range"
    assert caller.error("GETEX", "k", "EX", 0) == "ERR invalid expire time in 'getex' command"


def test_mget_answers_in_the_order_of_its_keys(caller: Caller) -> None:
    caller("MSET", "a", 1, "b", 2)
    caller("INCR", "c")
    assert caller("MGET", "b", "x", "a", "c", "b") == [b"2", None, b"1", b"1", b"2"]


def test_mset_sets_all_and_the_last_of_equal_keys_counts(caller: Caller) -> None:
    assert caller("MSET", "a", 1, "b", 2, "a", 3) is OK
    assert caller("MGET", "a", "b") == [b"3", b"2"]


def test_msetnx_sets_all_or_nothing(caller: Caller) -> None:
    assert caller("MSETNX", "a", 1, "b", 2) == 1
    assert caller("MSETNX", "c", 3, "b", 4) == 0
    assert caller("MGET", "a", "b", "c") == [b"1", b"2", None]


@pytest.mark.parametrize("name", ["MSET", "MSETNX"])
def test_a_key_without_a_value_is_a_wrong_number_of_arguments(caller: Caller, name: str) -> None:
    expected = f"ERR wrong number of arguments for '{name.lower()}' command"
    assert caller.error(name, "a", 1, "b") == expected
    assert caller.error(name, "a") == expected
    assert caller("GET", "a") is None


def test_reading_counts_hits_and_misses(caller: Caller) -> None:
    caller("SET", "k", "v")
    for name in ("GET", "STRLEN", "GETEX", "GETDEL"):
        caller(name, "k")
        caller(name, "missing")
    assert (caller.session.keys.hits, caller.session.keys.misses) == (4, 4)
