"""People are understood as they type, and answered so that they can read it (S2-S8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from kvik.dialects.text import TextDialect
from kvik.dialects.words import quote_words
from kvik.errors import ReplyError
from kvik.replies import (
    NULL_ARRAY,
    OK,
    QUEUED,
    BigNumber,
    CommandLines,
    Figures,
    Map,
    Pairs,
    Reply,
    Set,
    Stored,
    Verbatim,
)
from tests.dialects.feeding import WAYS, Outcome, Way, cut_at, encoded, last_words, requests, trusted

UNBALANCED = "Protocol error: unbalanced quotes in request"
TOO_BIG = "Protocol error: too big inline request"

every_way = pytest.mark.parametrize("way", WAYS)

LINES: list[tuple[bytes, Outcome]] = [
    (b"SET a 1\nGET a\n", [[b"SET", b"a", b"1"], [b"GET", b"a"]]),
    (b"GET a\r\n\r\n\n  \t\nGET b\n", [[b"GET", b"a"], [b"GET", b"b"]]),
    (
        b"1 | SET a 1\n 12 |GET a\n3| GET b // b\n4 | \n8\n",
        [[b"SET", b"a", b"1"], [b"GET", b"a"], [b"GET", b"b"], [b"8"]],
    ),
    (b'GET a // returns "1\n// nothing\nSET u http://x\n', [[b"GET", b"a"], [b"SET", b"u", b"http://x"]]),
    (b'SET k "//"\nSET k "a b" \n', [[b"SET", b"k", b"//"], [b"SET", b"k", b"a b"]]),
    (b'SET k "a\nGET k\n', [UNBALANCED, [b"GET", b"k"]]),
    (b"*1\n$4\n", [[b"*1"], [b"$4"]]),
    (b"| x\n", [[b"|", b"x"]]),
    (b'SET k "\\x00\\n"\n', [[b"SET", b"k", b"\0\n"]]),
]


@every_way
@pytest.mark.parametrize(("data", "expected"), LINES)
def test_a_line_is_a_command(way: Way, data: bytes, expected: Outcome) -> None:
    assert requests(TextDialect(), way(data)) == expected


@every_way
@pytest.mark.parametrize(("data", "expected"), LINES)
def test_a_last_line_without_its_end_counts_when_the_input_ends(way: Way, data: bytes, expected: Outcome) -> None:
    tail: Outcome = [[b"GET", b"last"]]
    assert requests(TextDialect(), way(data + b"GET last")) == expected
    assert requests(TextDialect(), way(data + b"GET last"), ends=True) == expected + tail
    assert requests(TextDialect(), way(data), ends=True) == expected


@every_way
@pytest.mark.parametrize("line", [b"POST / HTTP/1.1", b"Host: x", b"GET /key HTTP/1.1"])
def test_a_browser_is_closed_without_a_word_and_nothing_more_runs(way: Way, line: bytes) -> None:
    assert requests(TextDialect(), way(b"GET a\n" + line + b"\r\nFLUSHALL\r\n")) == [[b"GET", b"a"], ""]
    assert last_words(TextDialect(), "") == b""


@every_way
def test_a_line_longer_than_64_kib_is_refused_before_a_password_was_given(way: Way) -> None:
    line = b"SET k " + b"v" * 65536
    assert requests(TextDialect(), way(line)) == [TOO_BIG]
    assert requests(TextDialect(), way(line + b"\n")) == [TOO_BIG]
    assert requests(trusted(TextDialect()), way(line + b"\n")) == [[b"SET", b"k", b"v" * 65536]]
    assert last_words(TextDialect(), TOO_BIG) == b"(error) ERR Protocol error: too big inline request\n"


@given(st.lists(st.lists(st.binary(max_size=20), min_size=1), max_size=5), st.lists(st.integers(0, 999), max_size=8))
def test_quoted_commands_survive_every_cut(sent: list[list[bytes]], cuts: list[int]) -> None:
    data = b"".join([quote_words([b"SET", *words]) + b"\n" for words in sent])
    dialect = TextDialect()
    assert requests(dialect, cut_at(data, cuts)) == [[b"SET", *words] for words in sent]
    assert dialect.buffered() == 0


@given(st.binary(), st.lists(st.integers(0, 999), max_size=8))
def test_random_bytes_raise_nothing_but_protocol_errors(data: bytes, cuts: list[int]) -> None:
    assert requests(TextDialect(), cut_at(data, cuts), ends=True) == requests(TextDialect(), [data], ends=True)


PAIRS: list[tuple[Reply, Reply]] = [(b"a", 1.5), (b"b", 2.0)]

ANSWERS: list[tuple[Reply, bytes]] = [
    (OK, b"OK"),
    (QUEUED, b"QUEUED"),
    (None, b"nil"),
    (NULL_ARRAY, b"nil"),
    (b"value 1", b"value 1"),
    (b"", b""),
    (b"a\nb", b"a\nb"),
    (11, b"11"),
    (-(2**63), b"-9223372036854775808"),
    (True, b"1"),
    (False, b"0"),
    (3.0, b"3"),
    (1.5, b"1.5"),
    (float("inf"), b"inf"),
    (ReplyError("ERR", "no such key"), b"(error) ERR no such key"),
    (Stored(b"value1"), b"OK"),
    ([1, Stored(b"value1")], b"[1 value1]"),
    ([], b"[]"),
    ([b"a", [b"b", []], None, OK, ReplyError("ERR", "x")], b"[a [b []] nil OK (error) ERR x]"),
    ((b"a", 1), b"[a 1]"),
    (Map([(b"a", 1), (b"b", [2])]), b"[a 1 b [2]]"),
    (Figures([("Alloc", 1), ("NumGC", 20)]), b'{"Alloc": 1, "NumGC": 20}'),
    (Pairs(PAIRS), b"[a 1.5 b 2]"),
    (Set([b"a", b"b"]), b"[a b]"),
    (Verbatim(b"# Server"), b"# Server"),
    (BigNumber(10**30), b"%d" % 10**30),
    (CommandLines([[b"SET", b"counter", b"13"], [b"SET", b"a b", b"//"]]), b'SET counter 13\nSET "a b" "//"'),
    (CommandLines([]), b""),
    ([CommandLines([[b"SET", b"a", b"1"]])], b"[[SET a 1]]"),
]


@pytest.mark.parametrize(("reply", "text"), ANSWERS)
def test_an_answer_is_readable_and_ends_its_line(reply: Reply, text: bytes) -> None:
    assert encoded(TextDialect(), reply) == text + b"\n"
    assert encoded(TextDialect(), reply, 3) == text + b"\n"


def test_a_filter_prints_nothing_for_an_empty_listing() -> None:
    assert encoded(TextDialect(empty_listing=b""), CommandLines([])) == b""
    assert encoded(TextDialect(empty_listing=b""), CommandLines([[b"SET", b"a", b"1"]])) == b"SET a 1\n"


def test_unbalanced_quotes_are_answered_with_an_error_line() -> None:
    assert last_words(TextDialect(), UNBALANCED) == b"(error) ERR Protocol error: unbalanced quotes in request\n"


def test_deep_nesting_is_printed_without_recursion() -> None:
    reply: Reply = b"x"
    for _ in range(50_000):
        reply = [reply]
    assert encoded(TextDialect(), reply) == b"[" * 50_000 + b"x" + b"]" * 50_000 + b"\n"
    while isinstance(reply, list):
        reply = reply.pop()


def test_people_are_warned_before_the_server_closes() -> None:
    assert TextDialect().farewell(5) == b"server closes in 5 s\n"


def test_a_message_nobody_asked_for_is_a_line() -> None:
    out = BytesWriter()
    TextDialect().push([b"message", b"news", 1], 2, out)
    assert out.getvalue() == b"[message news 1]\n"
