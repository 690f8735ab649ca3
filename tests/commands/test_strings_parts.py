"""Parts of strings: APPEND, STRLEN, GETRANGE, SUBSTR, SETRANGE and LCS."""

from random import Random

import pytest

from kvik.commands.subsequences import shared_length, shared_ranges
from kvik.replies import Map
from tests.engines import Caller

TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
NOT_AN_INTEGER = "ERR value is not an integer or out of range"


def test_append_creates_then_lengthens_and_keeps_the_deadline(caller: Caller) -> None:
    assert caller("APPEND", "k", "ab") == 2
    caller("GETEX", "k", "EX", 10)
    assert (caller("APPEND", "k", "c"), caller("GET", "k")) == (3, b"abc")
    assert caller.session.keys.deadline(b"k") == caller.clock.now + 10_000


def test_append_of_nothing_makes_an_empty_string(caller: Caller) -> None:
    assert (caller("APPEND", "k", ""), caller("GET", "k")) == (0, b"")


def test_a_counter_is_a_string_to_all_of_them(caller: Caller) -> None:
    caller("INCRBY", "k", -12)
    assert (caller("STRLEN", "k"), caller("GETRANGE", "k", 1, 1), caller("APPEND", "k", 3)) == (3, b"1", 4)
    assert (caller("INCR", "k"), caller("SETRANGE", "k", 0, "9"), caller("GET", "k")) == (-122, 4, b"9122")


def test_the_length_of_a_missing_key_is_zero(caller: Caller) -> None:
    assert caller("STRLEN", "k") == 0


@pytest.mark.parametrize("name", ["GETRANGE", "SUBSTR"])
@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 3, b"This"),
        (-3, -1, b"ing"),
        (0, -1, b"This is a string"),
        (10, 100, b"string"),
        (5, 2, b""),
        (16, 20, b""),
        (-100, 3, b"This"),
        (-100, -50, b"T"),
        (-50, -100, b""),
        (-1, -5, b""),
        (0, -100, b"T"),
        (2**63 - 1, -(2**63), b""),
        (-(2**63), 2**63 - 1, b"This is a string"),
    ],
)
def test_a_range_is_cut_out_with_both_ends(caller: Caller, name: str, start: int, end: int, expected: bytes) -> None:
    caller("SET", "k", "This is a string")
    assert caller(name, "k", start, end) == expected


def test_a_range_of_nothing_is_empty(caller: Caller) -> None:
    caller("SET", "empty", "")
    assert (caller("GETRANGE", "k", 0, -1), caller("GETRANGE", "empty", 0, -1)) == (b"", b"")


def test_the_ends_of_a_range_are_checked_even_where_no_key_is(caller: Caller) -> None:
    assert caller.error("GETRANGE", "k", "a", 1) == NOT_AN_INTEGER
    assert caller.error("GETRANGE", "k", 1, "1.0") == NOT_AN_INTEGER


@pytest.mark.parametrize(
    ("offset", "patch", "length", "after"),
    [
        (0, "J", 5, b"Jello"),
        (5, "!", 6, b"hello!"),
        (7, "!", 8, b"hello\x00\x00!"),
        (1, "ipp", 5, b"hippo"),
        (3, "p yourself", 13, b"help yourself"),
        (100, "", 5, b"hello"),
    ],
)
def test_setrange_overwrites_and_fills_up(caller: Caller, offset: int, patch: str, length: int, after: bytes) -> None:
    caller("SET", "k", "hello")
    assert (caller("SETRANGE", "k", offset, patch), caller("GET", "k")) == (length, after)


def test_setrange_makes_a_key_unless_it_writes_nothing(caller: Caller) -> None:
    assert (caller("SETRANGE", "k", 5, ""), caller("GET", "k")) == (0, None)
    assert (caller("SETRANGE", "k", 2, "x"), caller("GET", "k")) == (3, b"\x00\x00x")


def test_setrange_keeps_the_deadline(caller: Caller) -> None:
    caller("SET", "k", "v", "PX", 10)
    caller("SETRANGE", "k", 1, "w")
    assert caller.session.keys.deadline(b"k") == caller.clock.now + 10


def test_setrange_refuses_offsets_outside_of_any_string(caller: Caller) -> None:
    assert caller.error("SETRANGE", "k", -1, "") == "ERR offset is out of range"
    assert caller.error("SETRANGE", "k", 2**29, "x") == TOO_LONG
    assert caller.error("SETRANGE", "k", 2**63 - 1, "x") == TOO_LONG
    assert caller.error("SETRANGE", "k", 2**63, "x") == NOT_AN_INTEGER
    assert caller("GET", "k") is None


def test_append_refuses_to_make_a_string_that_is_too_long(caller: Caller) -> None:
    caller.engine.settings.proto_max_bulk_len = 5
    caller("SET", "k", "abc")
    assert (caller("APPEND", "k", "de"), caller.error("APPEND", "k", "f"), caller("GET", "k")) == (
        5,
        TOO_LONG,
        b"abcde",
    )


def test_lcs_answers_the_subsequence_its_length_or_its_places(caller: Caller) -> None:
    caller("MSET", "a", "ohmytext", "b", "mynewtext")
    assert caller("LCS", "a", "b") == b"mytext"
    assert caller("LCS", "a", "b", "len") == 6
    assert caller.plain("LCS", "a", "b", "IDX") == [b"matches", [[[4, 7], [5, 8]], [[2, 3], [0, 1]]], b"len", 6]
    long_enough = caller.plain("LCS", "a", "b", "IDX", "MINMATCHLEN", 4, "WITHMATCHLEN")
    assert long_enough == [b"matches", [[[4, 7], [5, 8], 4]], b"len", 6]


def test_lcs_answers_its_places_as_a_map(caller: Caller) -> None:
    assert isinstance(caller("LCS", "a", "b", "IDX"), Map)


def test_lcs_takes_a_missing_key_for_an_empty_string(caller: Caller) -> None:
    caller("SET", "a", "text")
    assert (caller("LCS", "a", "b"), caller("LCS", "b", "a", "LEN")) == (b"", 0)
    assert caller.plain("LCS", "b", "c", "IDX") == [b"matches", [], b"len", 0]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ("LEN IDX", "ERR If you want both the length and indexes, please just use IDX."),
        ("FOO", "ERR syntax error"),
        ("MINMATCHLEN", "ERR syntax error"),
        ("MINMATCHLEN x", NOT_AN_INTEGER),
    ],
)
def test_lcs_refuses_options_it_cannot_use(caller: Caller, options: str, error: str) -> None:
    assert caller.error("LCS", "a", "b", *options.split()) == error


def test_lcs_refuses_what_redis_has_no_room_for(caller: Caller) -> None:
    caller.engine.settings.proto_max_bulk_len = 4 * 11 * 11
    caller("MSET", "a", "x" * 10, "b", "x" * 10, "c", "x" * 11)
    assert caller("LCS", "a", "b", "LEN") == 10
    expected = "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"
    assert caller.error("LCS", "a", "c", "LEN") == expected


def longest_by_the_book(a: bytes, b: bytes) -> list[list[int]]:
    """Return the table of the textbook: the length for every pair of beginnings."""
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            longer = max(table[i - 1][j], table[i][j - 1])
            table[i][j] = table[i - 1][j - 1] + 1 if a[i - 1] == b[j - 1] else longer
    return table


@pytest.mark.parametrize("seed", range(100))
def test_lcs_is_as_long_as_the_textbook_says_and_in_order_in_both_strings(seed: int) -> None:
    random = Random(seed)
    a = bytes(random.choices(b"abcd", k=random.randrange(40)))
    b = bytes(random.choices(b"abcd", k=random.randrange(40)))
    length = longest_by_the_book(a, b)[-1][-1]
    ranges = shared_ranges(a, b)
    assert shared_length(a, b) == length == sum(found.length for found in ranges)
    assert all(a[r.a : r.a + r.length] == b[r.b : r.b + r.length] for r in ranges)
    assert all(r.a >= s.a + s.length and r.b >= s.b + s.length for r, s in zip(ranges, ranges[1:], strict=False))
