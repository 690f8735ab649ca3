"""Strings that count."""

import pytest

from tests.engines import Caller

NOT_AN_INTEGER = "ERR value is not an integer or out of range"
NOT_A_FLOAT = "ERR value is not a valid float"
OVERFLOW = "ERR increment or decrement would overflow"


def test_a_missing_counter_starts_at_zero(caller: Caller) -> None:
    assert (caller("INCR", "a"), caller("DECR", "b"), caller("INCRBY", "c", 5), caller("DECRBY", "d", 5)) == (
        1,
        -1,
        5,
        -5,
    )


def test_a_counter_goes_on_from_what_was_set(caller: Caller) -> None:
    caller("SET", "k", "10")
    assert [caller("INCR", "k"), caller("INCRBY", "k", -20), caller("DECRBY", "k", -9), caller("DECR", "k")] == [
        11,
        -9,
        0,
        -1,
    ]


def test_a_counter_is_read_as_a_string(caller: Caller) -> None:
    caller("INCRBY", "k", 42)
    assert caller("GET", "k") == b"42"


def test_counting_keeps_the_deadline(caller: Caller) -> None:
    caller("SET", "k", "1", "PX", 10)
    caller("INCR", "k")
    caller("INCRBYFLOAT", "k", "1.5")
    assert caller.session.keys.deadline(b"k") == caller.clock.now + 10


def test_a_counter_whose_deadline_has_passed_starts_anew(caller: Caller) -> None:
    caller("SET", "k", "5", "PX", 10)
    caller.clock.advance(10)
    assert (caller("INCR", "k"), caller.session.keys.deadline(b"k")) == (1, None)


@pytest.mark.parametrize(
    "value", ["", " 1", "1 ", "+1", "01", "-0", "-", "1.0", "0x1", "1_0", "٣", str(2**63), "9" * 30]
)
def test_a_value_that_is_no_integer_cannot_be_counted(caller: Caller, value: str) -> None:
    caller("SET", "k", value)
    assert caller.error("INCR", "k") == NOT_AN_INTEGER
    assert caller.error("INCRBY", "x", value) == NOT_AN_INTEGER
    assert caller.error("DECRBY", "x", value) == NOT_AN_INTEGER
    assert caller("GET", "k") == value.encode()


def test_counters_reach_both_ends_of_64_bits_and_go_no_further(caller: Caller) -> None:
    caller("MSET", "high", 2**63 - 2, "low", -(2**63) + 1)
    assert (caller("INCR", "high"), caller("DECR", "low")) == (2**63 - 1, -(2**63))
    assert (caller.error("INCR", "high"), caller.error("DECR", "low")) == (OVERFLOW, OVERFLOW)
    assert caller.error("INCRBY", "high", 2**63 - 1) == OVERFLOW
    assert caller("MGET", "high", "low") == [b"9223372036854775807", b"-9223372036854775808"]


def test_the_smallest_integer_cannot_be_subtracted(caller: Caller) -> None:
    assert caller.error("DECRBY", "k", -(2**63)) == "ERR decrement would overflow"
    assert caller("INCRBY", "k", -(2**63)) == -(2**63)


@pytest.mark.parametrize(
    ("value", "amount", "total"),
    [
        ("0.1", "0.2", b"0.3"),
        ("10.50", "0.1", b"10.6"),
        ("5.0e3", "2.0e2", b"5200"),
        ("3", "-3", b"0"),
        ("-1.5", "1.5", b"0"),
        ("1e-20", "0", b"0"),
        ("-1e-20", "0", b"0"),
        ("-2.5", "-0.25", b"-2.75"),
        ("1.", ".5", b"1.5"),
        ("0x10", "0x.8p1", b"17"),
        ("+1", "+0", b"1"),
        ("9223372036854775807", "1", b"9223372036854775808"),
        ("18446744073709551615", "1", b"18446744073709551616"),
        ("18446744073709551615", "2", b"18446744073709551616"),
    ],
)
def test_floats_are_added_and_printed_as_a_long_double(caller: Caller, value: str, amount: str, total: bytes) -> None:
    caller("SET", "k", value)
    assert (caller("INCRBYFLOAT", "k", amount), caller("GET", "k")) == (total, total)


def test_a_float_is_added_to_a_missing_key_and_to_a_counter(caller: Caller) -> None:
    caller("INCR", "k")
    assert (caller("INCRBYFLOAT", "k", "0.5"), caller("INCRBYFLOAT", "x", "3e0")) == (b"1.5", b"3")
    assert caller("INCR", "x") == 4


@pytest.mark.parametrize(
    "word", ["", "abc", " 1", "1 ", "1_0", "nan", "1e5000", "1e-5000", "1e", ".", "0x", "1,5", "--1"]
)
def test_what_is_no_float_is_refused_as_value_and_as_amount(caller: Caller, word: str) -> None:
    caller("SET", "k", word)
    assert (caller.error("INCRBYFLOAT", "k", 1), caller.error("INCRBYFLOAT", "x", word)) == (NOT_A_FLOAT, NOT_A_FLOAT)


@pytest.mark.parametrize("words", [("0", "inf"), ("-inf", "inf"), ("Infinity", "1"), ("1e4932", "1e4932")])
def test_a_sum_is_a_number(caller: Caller, words: tuple[str, str]) -> None:
    caller("SET", "k", words[0])
    assert caller.error("INCRBYFLOAT", "k", words[1]) == "ERR increment would produce NaN or Infinity"
    assert caller("GET", "k") == words[0].encode()
