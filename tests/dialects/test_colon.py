"""Lines with colons are requests, and only the values of a key are lines that come back (S60-S65)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from librt.strings import BytesWriter

from kvik.clock import ManualClock
from kvik.dialects.auto import AutoDialect
from kvik.dialects.colon import PIECE_BYTES, WAITING_LINES_MAX, ColonDialect
from kvik.errors import ReplyError
from kvik.replies import OK, Reply
from kvik.request import Request
from kvik.statistics import Statistics
from tests.dialects.feeding import WAYS, Outcome, Way, cut_at, last_words, requests, trusted

every_way = pytest.mark.parametrize("way", WAYS)

LINES: list[tuple[bytes, Outcome]] = [
    (b"PUT:k:v\nGET:k\n", [[b"PUT", b"k", b"v"], [b"VALUES", b"k"]]),
    (b"DELETE:k\n", [[b"DEL", b"k"]]),
    (b"UPDATE:k:old:new\n", [[b"UPDATE", b"k", b"old", b"new"]]),
    (b"PUT:k:a:b::c\n", [[b"PUT", b"k", b"a:b::c"]]),
    (b"UPDATE:k:old:a:b\n", [[b"UPDATE", b"k", b"old", b"a:b"]]),
    (b"put:K:V\nGeT:K\ndelete:K\nUpdate:K:V:W\n", [
        [b"PUT", b"K", b"V"], [b"VALUES", b"K"], [b"DEL", b"K"], [b"UPDATE", b"K", b"V", b"W"]
    ]),
    (b"PUT:k:\nUPDATE:k::\nPUT:k: \n", [[b"PUT", b"k", b""], [b"UPDATE", b"k", b"", b""], [b"PUT", b"k", b" "]]),
    (b"PUT:k:v\r\nPUT:k:v\r\r\n\r\n\nGET:k\n", [[b"PUT", b"k", b"v"], [b"PUT", b"k", b"v\r"], [b"VALUES", b"k"]]),
    (b"PUT::v\n", [[b"PUT", b"", b"v"]]),
    (b"PUT:\xff\x00:\xfe \"'\\n\n", [[b"PUT", b"\xff\x00", b"\xfe \"'\\n"]]),
    (b"AUTH:pass:word\n", [[b"AUTH", b"pass:word"]]),
]  # fmt: skip

MALFORMED = [b"PUT", b"PUT:k", b"GET", b"GET:a:b", b"DELETE:a:b", b"UPDATE:k:old", b"SET:k:v", b" PUT:k:v", b":", b"x"]


class Client:
    """A dialect with what it wrote and counted, and requests answered by hand."""

    def __init__(self) -> None:
        self.dialect = ColonDialect()
        self.dialect.is_trusted = True
        self.statistics = Statistics(ManualClock())

    def counted(self) -> tuple[int, int, int]:
        """Return the lines that were dropped, malformed and refused."""
        self.dialect.report(self.statistics)
        counted = self.statistics
        return counted.colon_lines_dropped, counted.colon_lines_malformed, counted.colon_lines_refused

    def answer(self, reply: Reply, *words: bytes) -> bytes:
        out = BytesWriter()
        self.dialect.encode(Request(list(words) or [b"VALUES", b"k"]), reply, 2, out)
        return out.getvalue()

    def go_on(self) -> bytes:
        out = BytesWriter()
        self.dialect.continue_writing(out)
        return out.getvalue()

    def everything(self) -> list[bytes]:
        """Return the pieces that come until nothing is held back."""
        pieces = []
        while self.dialect.has_backlog():
            pieces.append(self.go_on())
        return pieces


@pytest.fixture
def client() -> Client:
    return Client()


# Requests


@every_way
@pytest.mark.parametrize(("data", "expected"), LINES)
def test_a_line_is_a_request(way: Way, data: bytes, expected: Outcome) -> None:
    assert requests(ColonDialect(), way(data)) == expected


@every_way
@pytest.mark.parametrize(("data", "expected"), LINES)
def test_a_last_line_without_its_end_counts_when_the_input_ends(way: Way, data: bytes, expected: Outcome) -> None:
    assert requests(ColonDialect(), way(data + b"PUT:last:x")) == expected
    assert requests(ColonDialect(), way(data + b"PUT:last:x"), ends=True) == [*expected, [b"PUT", b"last", b"x"]]
    assert requests(ColonDialect(), way(data + b"PUT:last:x\r"), ends=True) == [*expected, [b"PUT", b"last", b"x"]]
    assert requests(ColonDialect(), way(data), ends=True) == expected


@every_way
@pytest.mark.parametrize("line", MALFORMED)
def test_a_line_that_is_no_request_is_ignored_and_counted(way: Way, client: Client, line: bytes) -> None:
    assert requests(client.dialect, way(line + b"\nPUT:k:v\n")) == [[b"PUT", b"k", b"v"]]
    assert client.counted() == (0, 1, 0)


def test_blank_lines_are_not_counted(client: Client) -> None:
    assert requests(client.dialect, [b"\n\r\n\n"]) == []
    assert client.counted() == (0, 0, 0)


@every_way
@pytest.mark.parametrize("line", [b"POST / HTTP/1.1", b"Host: x", b"GET /PUT:k:v HTTP/1.1", b"PUT /k HTTP/1.1"])
def test_a_browser_is_closed_without_a_word_and_nothing_more_runs(way: Way, line: bytes) -> None:
    assert requests(ColonDialect(), way(b"GET:a\n" + line + b"\r\nPUT:k:v\r\n")) == [[b"VALUES", b"a"], ""]
    assert last_words(ColonDialect(), "too big") == b""


@every_way
def test_a_line_longer_than_64_kib_is_refused_before_a_password_was_given(way: Way) -> None:
    line = b"PUT:k:" + b"v" * 65536
    assert requests(ColonDialect(), way(line)) == ["Protocol error: too big inline request"]
    assert requests(trusted(ColonDialect()), way(line + b"\n")) == [[b"PUT", b"k", b"v" * 65536]]


@given(st.lists(st.lists(st.binary(max_size=9), min_size=2, max_size=2)), st.lists(st.integers(0, 999), max_size=8))
def test_lines_survive_every_cut(sent: list[list[bytes]], cuts: list[int]) -> None:
    pairs = [[word.replace(b"\n", b"").replace(b"\r", b"") for word in words] for words in sent]
    data = b"".join([b"PUT:" + key.replace(b":", b"") + b":" + value + b"\n" for key, value in pairs])
    expected = [[b"PUT", key.replace(b":", b""), value] for key, value in pairs]
    assert requests(ColonDialect(), cut_at(data, cuts)) == expected


@given(st.binary(max_size=200))
def test_no_bytes_break_it(data: bytes) -> None:
    assert requests(ColonDialect(), [data], ends=True) == requests(
        ColonDialect(), [data[place : place + 1] for place in range(len(data))], ends=True
    )


@every_way
@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"PUT:k:v\n", "colon"),
        (b"\r\nget:k\n", "colon"),
        (b"UPDATE:k", "colon"),
        (b"auth:secret\n", "colon"),
        (b"GET k\n", "text"),
        (b"GET\n", "text"),
        (b"PUTTING:k\n", "text"),
        (b"SET:k:v\n", "text"),
        (b":k\n", "text"),
        (b"DELET", "auto"),
        (b"U", "auto"),
    ],
)
def test_a_verb_and_a_colon_open_this_dialect_on_the_auto_door(way: Way, data: bytes, name: str) -> None:
    auto = AutoDialect()
    for piece in way(data):
        auto.feed(piece)
    assert (auto.settled() or auto).name == name


# Replies


def test_each_value_is_a_line_behind_its_key(client: Client) -> None:
    assert client.answer([b"a", b"b:c", b""]) == b"k:a\nk:b:c\nk:\n"
    assert client.answer([]) == b""
    assert client.answer([b"1"], b"VALUES", b"other") == b"other:1\n"


def test_a_value_with_a_line_end_is_written_as_it_is(client: Client) -> None:
    assert client.answer([b"a\nb"]) == b"k:a\nb\n"


def test_nothing_else_is_answered(client: Client) -> None:
    assert client.answer(3, b"PUT", b"k", b"v") == b""
    assert client.answer(1, b"DEL", b"k") == b""
    assert client.answer(1, b"UPDATE", b"k", b"a", b"b") == b""
    assert client.answer(OK, b"AUTH", b"x") == b""
    out = BytesWriter()
    client.dialect.push([b"message", b"x"], 3, out)
    assert (out.getvalue(), client.dialect.greeting(), client.dialect.farewell(5)) == (b"", b"", b"")


def test_an_error_is_no_line_but_counted(client: Client) -> None:
    assert client.answer(ReplyError("WRONGTYPE", "wrong kind"), b"PUT", b"k", b"v") == b""
    assert client.answer(ReplyError("NOAUTH", "Authentication required.")) == b""
    assert client.counted() == (0, 0, 2)
    assert client.counted() == (0, 0, 2)


# Held back


def test_a_long_reply_is_written_in_pieces_and_arrives_whole(client: Client) -> None:
    values = [b"%d" % number for number in range(50_000)]
    pieces = [client.answer(list(values)), *client.everything()]
    assert b"".join(pieces) == b"".join([b"k:%b\n" % value for value in values])
    assert max([len(piece) for piece in pieces]) < PIECE_BYTES + 20
    assert client.counted() == (0, 0, 0)


@pytest.mark.parametrize("size", [PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES, 3 * PIECE_BYTES + 7])
def test_a_line_longer_than_a_piece_is_written_in_slices(client: Client, size: int) -> None:
    values = [b"a", bytes(range(256)) * (size // 256) + b"x" * (size % 256), b"z"]
    pieces = [client.answer(list(values)), *client.everything()]
    assert b"".join(pieces) == b"".join([b"k:%b\n" % value for value in values])
    assert max([len(piece) for piece in pieces]) <= 2 * PIECE_BYTES


def test_while_something_is_held_back_no_further_request_is_given_out(client: Client) -> None:
    client.dialect.feed(b"GET:k\nPUT:k:v\n")
    assert client.dialect.next_request() is not None
    client.answer([b"x" * 1000] * 100)
    assert client.dialect.next_request() is None
    assert client.dialect.buffered() == len(b"PUT:k:v\n")
    client.everything()
    assert requests(client.dialect, [b""]) == [[b"PUT", b"k", b"v"]]


def test_many_short_replies_are_held_back_like_a_long_one(client: Client) -> None:
    written = 0
    while not client.dialect.has_backlog():
        written += len(client.answer([b"x" * 100]))
    assert PIECE_BYTES <= written < PIECE_BYTES + 200
    assert client.dialect.next_request() is None
    assert client.everything() == [b""]


# A client that does not read


def test_a_stalled_client_is_served_without_a_word_and_500_lines_wait(client: Client) -> None:
    client.dialect.stall(True)
    client.dialect.feed(b"PUT:a:1\nGET:a\n")
    assert requests(client.dialect, [b""]) == [[b"PUT", b"a", b"1"], [b"VALUES", b"a"]]
    for number in range(WAITING_LINES_MAX + 30):
        assert client.answer([b"%d" % number]) == b""
    assert client.counted() == (30, 0, 0)
    client.dialect.stall(False)
    assert client.dialect.next_request() is None
    waiting = b"".join(client.everything())
    assert waiting == b"".join([b"k:%d\n" % number for number in range(WAITING_LINES_MAX)])
    assert client.counted() == (30, 0, 0)


def test_a_reply_that_does_not_fit_waits_with_its_first_lines(client: Client) -> None:
    client.dialect.stall(True)
    client.answer([b"x"] * (WAITING_LINES_MAX - 2))
    client.answer([b"1", b"2", b"3", b"4"])
    client.answer([b"5"])
    assert client.counted() == (3, 0, 0)
    client.dialect.stall(False)
    assert b"".join(client.everything()).endswith(b"k:x\nk:1\nk:2\n")


def test_a_reply_that_has_begun_is_finished_and_does_not_count_as_waiting(client: Client) -> None:
    values = [b"%d" % number for number in range(50_000)]
    begun = client.answer(list(values))
    client.dialect.stall(True)
    for _ in range(WAITING_LINES_MAX):
        client.answer([b"later"])
    assert client.counted() == (0, 0, 0)
    client.dialect.stall(False)
    rest = b"".join(client.everything())
    assert begun + rest == b"".join([b"k:%b\n" % value for value in values]) + b"k:later\n" * WAITING_LINES_MAX


def test_what_still_waits_counts_when_the_client_stops_again(client: Client) -> None:
    client.dialect.stall(True)
    client.answer([b"x" * 1000] * WAITING_LINES_MAX)
    client.dialect.stall(False)
    read = client.go_on().count(b"\n")
    assert 0 < read < 100
    client.dialect.stall(True)
    client.answer([b"y"] * WAITING_LINES_MAX)
    assert client.counted()[0] == WAITING_LINES_MAX - read
    client.dialect.stall(False)
    assert sum([piece.count(b"\n") for piece in client.everything()]) == WAITING_LINES_MAX
