"""Requests of Redis clients come out the same however their bytes arrive, and broken ones get Redis' words."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvik.dialects.resp import RespDialect
from kvik.errors import ProtocolError
from kvik.wire import encode_request
from tests.dialects.feeding import WAYS, Outcome, Way, byte_by_byte, cut_at, last_words, requests, trusted, whole
from tests.servers import RedisServer

REQUESTS = st.lists(st.lists(st.binary(max_size=40), min_size=1, max_size=12), max_size=8)
CUTS = st.lists(st.integers(0, 10_000), max_size=12)

every_way = pytest.mark.parametrize("way", WAYS)

GOOD: list[tuple[bytes, Outcome]] = [
    (b"*1\r\n$4\r\nPING\r\n", [[b"PING"]]),
    (b"*2\r\n$3\r\nGET\r\n$0\r\n\r\n", [[b"GET", b""]]),
    (b"*2\r\n$3\r\nGET\r\n$4\r\n\r\n*1\r\n", [[b"GET", b"\r\n*1"]]),
    (b"*0\r\n*-1\r\n*-5\r\n*1\r\n$4\r\nPING\r\n", [[b"PING"]]),
    (b"PING\r\n", [[b"PING"]]),
    (b"PING\n", [[b"PING"]]),
    (b"  SET \"a b\" 'c'\r\n", [[b"SET", b"a b", b"c"]]),
    (b"\r\n\n  \r\nPING\r\n", [[b"PING"]]),
    (b"PING\r\n*1\r\n$1\r\na\r\nPING\r\n", [[b"PING"], [b"a"], [b"PING"]]),
    (b"GET // 1\r\n", [[b"GET", b"//", b"1"]]),
    (b"PING", []),
    (b"*2\r\n$3\r\nGET\r\n$4\r\nab", []),
    (b"*2147483647\r\n", []),
    (b"*1\r\n$536870912\r\n", []),
]

BROKEN = [
    (b"*2147483648\r\n", "invalid multibulk length"),
    (b"*99999999999999999999\r\n", "invalid multibulk length"),
    (b"*1x\r\n", "invalid multibulk length"),
    (b"*03\r\n", "invalid multibulk length"),
    (b"*+3\r\n", "invalid multibulk length"),
    (b"*\r\n", "invalid multibulk length"),
    (b"*1\n", "invalid multibulk length"),
    (b"*1\r\n$-1\r\n", "invalid bulk length"),
    (b"*1\r\n$536870913\r\n", "invalid bulk length"),
    (b"*1\r\n$18446744073709551617\r\n", "invalid bulk length"),
    (b"*1\r\n$01\r\na\r\n", "invalid bulk length"),
    (b"*1\r\n$\r\n", "invalid bulk length"),
    (b"*1\r\n$:\r\n0123456789\r\n", "invalid bulk length"),
    (b"*:\r\n", "invalid multibulk length"),
    (b"*1\r\n:1\r\n", "expected '$', got ':'"),
    (b"*1\r\n\r\n", "expected '$', got ' '"),
    (b'SET "a\r\n', "unbalanced quotes in request"),
    (b"SET 'a'b\r\n", "unbalanced quotes in request"),
    (b"x" * 65537, "too big inline request"),
    (b"*" + b"1" * 65536, "too big mbulk count string"),
    (b"*1\r\n$" + b"1" * 65536, "too big bulk count string"),
]


@every_way
@pytest.mark.parametrize(("data", "expected"), GOOD)
def test_requests_come_out_as_they_were_sent(way: Way, data: bytes, expected: Outcome) -> None:
    assert requests(trusted(RespDialect()), way(data)) == expected


@every_way
@pytest.mark.parametrize(("data", "message"), BROKEN)
def test_a_broken_stream_ends_with_redis_words(way: Way, data: bytes, message: str) -> None:
    expected: Outcome = [[b"PING"], f"Protocol error: {message}"]
    assert requests(trusted(RespDialect()), way(b"PING\r\n" + data)) == expected


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.mark.parametrize(("data", "message"), BROKEN)
def test_the_real_redis_says_the_same(redis: RedisServer, data: bytes, message: str) -> None:
    if data == b"*1\n":
        data += b"\r\n"  # Redis looks for the CR and says nothing before one comes.
    with redis.open() as wire:
        wire.send(data)
        assert wire.read_line() == f"-ERR Protocol error: {message}\r\n".encode()


@every_way
def test_a_bulk_string_that_is_longer_than_it_says_breaks_the_stream(way: Way) -> None:
    outcome = requests(trusted(RespDialect()), way(b"*1\r\n$4\r\nPINGS\r\n"))
    assert outcome == ["Protocol error: expected CRLF after bulk string"]


@every_way
@pytest.mark.parametrize(
    ("data", "message"),
    [(b"*11\r\n", "unauthenticated multibulk length"), (b"*1\r\n$16385\r\n", "unauthenticated bulk length")],
)
def test_a_client_without_a_password_may_not_send_much(way: Way, data: bytes, message: str) -> None:
    assert requests(RespDialect(), way(data)) == [f"Protocol error: {message}"]
    assert requests(trusted(RespDialect()), way(data)) == []


def test_a_client_without_a_password_may_send_what_redis_allows() -> None:
    words = [b"v" * 16384] * 10
    assert requests(RespDialect(), [encode_request(words)]) == [words]


@every_way
def test_a_browser_is_closed_without_a_word_and_nothing_runs(way: Way) -> None:
    dialect = trusted(RespDialect())
    assert requests(dialect, way(b"POST / HTTP/1.1\r\n\r\nFLUSHALL\r\n")) == [""]
    assert last_words(dialect, "") == b""


@every_way
def test_the_largest_bulk_string_is_a_parameter(way: Way) -> None:
    dialect = trusted(RespDialect())
    dialect.word_bytes_max = 3
    assert requests(dialect, way(b"*1\r\n$3\r\nabc\r\n*1\r\n$4\r\nabcd\r\n")) == [
        [b"abc"],
        "Protocol error: invalid bulk length",
    ]


@given(REQUESTS, CUTS, st.binary(max_size=30).map(lambda tail: b"*3\r\n$30\r\n" + tail))
def test_pipelined_requests_survive_every_cut_and_a_tail(sent: list[list[bytes]], cuts: list[int], tail: bytes) -> None:
    data = b"".join(map(encode_request, sent)) + tail
    dialect = trusted(RespDialect())
    assert requests(dialect, cut_at(data, cuts)) == sent
    assert dialect.buffered() == len(tail)


@given(REQUESTS, CUTS)
def test_the_raw_bytes_of_a_request_are_its_own(sent: list[list[bytes]], cuts: list[int]) -> None:
    dialect = trusted(RespDialect())
    raws: list[bytes] = []
    for piece in cut_at(b"\r\n".join(map(encode_request, sent)), cuts):
        dialect.feed(piece)
        while (request := dialect.next_request()) is not None:
            raws.append(request.raw())
    assert raws == list(map(encode_request, sent))


def test_a_request_in_one_piece_keeps_its_source_and_a_torn_one_does_not() -> None:
    dialect = trusted(RespDialect())
    data = encode_request([b"GET", b"key"])
    dialect.feed(data * 2)
    requests = [dialect.next_request(), dialect.next_request()]
    assert [request and (request.start, request.end) for request in requests] == [
        (0, len(data)),
        (len(data), 2 * len(data)),
    ]
    dialect.feed(data[:9])
    assert dialect.next_request() is None
    dialect.feed(data[9:])
    torn = dialect.next_request()
    assert torn is not None
    assert (torn.source, torn.end, torn.raw()) == (b"", 0, data)


def test_a_torn_request_is_not_taken_for_one_that_starts_where_it_was_torn() -> None:
    dialect = trusted(RespDialect())
    data = encode_request([b"SET", b"k", b"*1"])
    place = data.index(b"*1\r\n", 1)
    dialect.feed(data[:place])
    assert dialect.next_request() is None
    dialect.feed(data[place:])
    request = dialect.next_request()
    assert request is not None
    assert request.raw() == data


def test_an_array_in_the_middle_of_a_torn_line_is_part_of_the_line() -> None:
    data = b"SET k *1\r\n$4\r\nPING\r\n"
    expected = requests(trusted(RespDialect()), whole(data))
    assert requests(trusted(RespDialect()), cut_at(data, [6])) == expected


def test_an_inline_request_has_no_source() -> None:
    dialect = trusted(RespDialect())
    dialect.feed(b"GET key\r\n")
    request = dialect.next_request()
    assert request is not None
    assert (request.source, request.raw()) == (b"", encode_request([b"GET", b"key"]))


@given(REQUESTS.filter(bool), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=4), CUTS)
def test_damaged_bytes_raise_nothing_but_protocol_errors_and_cuts_do_not_matter(
    sent: list[list[bytes]], damage: list[tuple[int, int]], cuts: list[int]
) -> None:
    data = bytearray(b"".join(map(encode_request, sent)))
    for place, byte in damage:
        data[place % len(data)] = byte
    expected = requests(trusted(RespDialect()), whole(bytes(data)))
    assert requests(trusted(RespDialect()), cut_at(bytes(data), cuts)) == expected
    assert requests(trusted(RespDialect()), byte_by_byte(bytes(data))) == expected


@given(st.binary(), CUTS)
def test_random_bytes_raise_nothing_but_protocol_errors(data: bytes, cuts: list[int]) -> None:
    assert requests(RespDialect(), cut_at(data, cuts)) == requests(RespDialect(), [data])


def test_what_is_fed_while_nobody_asks_is_counted_and_kept() -> None:
    dialect = trusted(RespDialect())
    data = encode_request([b"SET", b"k", b"v"])
    for piece in byte_by_byte(data * 100):
        dialect.feed(piece)
    assert dialect.buffered() == 100 * len(data)
    assert requests(dialect, []) == []
    found = [dialect.next_request() for _ in range(100)]
    assert [request and request.words for request in found] == [[b"SET", b"k", b"v"]] * 100
    assert dialect.buffered() == 0


def test_a_request_counts_as_buffered_until_it_is_complete() -> None:
    dialect = trusted(RespDialect())
    data = encode_request([b"SET", b"k", b"v" * 100])
    for count, piece in enumerate(byte_by_byte(data[:-1]), 1):
        dialect.feed(piece)
        assert dialect.next_request() is None
        assert dialect.buffered() == count


def test_a_declared_length_allocates_nothing() -> None:
    dialect = trusted(RespDialect())
    dialect.feed(b"*2147483647\r\n$536870912\r\nabc")
    assert dialect.next_request() is None
    assert dialect.buffered() < 100


def seconds_for(value_size: int, piece_size: int) -> float:
    dialect = trusted(RespDialect())
    data = encode_request([b"SET", b"k", b"v" * value_size])
    pieces = cut_at(data, range(0, len(data), piece_size))
    start = time.perf_counter()
    assert requests(dialect, pieces) == [[b"SET", b"k", b"v" * value_size]]
    return time.perf_counter() - start


def test_a_huge_value_in_small_pieces_costs_no_more_than_its_size() -> None:
    # 1,600 pieces: reading from the start again for each would copy 80 GB.
    assert seconds_for(100 * 1024 * 1024, 64 * 1024) < 5


def test_single_bytes_of_a_large_value_cost_no_object_each() -> None:
    assert seconds_for(200_000, 1) < 5


def test_many_small_words_in_pieces_are_read_once() -> None:
    words = [b"word"] * 200_000
    data = encode_request(words)
    start = time.perf_counter()
    assert requests(trusted(RespDialect()), cut_at(data, range(0, len(data), 4096))) == [words]
    assert time.perf_counter() - start < 5


def test_a_line_without_its_end_is_no_request() -> None:
    assert requests(trusted(RespDialect()), [b"PING"], ends=True) == []


def test_last_words_are_an_error_and_cannot_be_forged() -> None:
    assert last_words(RespDialect(), "Protocol error: expected '$', got '\n'") == (
        b"-ERR Protocol error: expected '$', got ' '\r\n"
    )
    with pytest.raises(ProtocolError) as raised:
        dialect = trusted(RespDialect())
        dialect.feed(b"*1\r\n\xff1\r\n")
        dialect.next_request()
    assert last_words(RespDialect(), raised.value.message) == b"-ERR Protocol error: expected '$', got '\xff'\r\n"
