"""Requests are what their template and their seed say."""

import re

import pytest

from kvik.client.load.requests import Material, Stream, Template
from kvik.dialects.resp_reader import ReplyReader

GET = [b"GET", b"key:__key__"]
SET = [b"SET", b"key:__key__", b"__value__"]


def material(
    reads: list[bytes] = GET,
    writes: list[bytes] = SET,
    share: float = 0.5,
    keyspace: int = 1_000,
    sizes: tuple[int, int] = (8, 8),
    exponent: float = 0.0,
) -> Material:
    made = Material(reads, writes, share, keyspace, exponent)
    made.make_values(1, *sizes)
    return made


def of_one(words: list[bytes], keyspace: int = 1_000, sizes: tuple[int, int] = (8, 8)) -> Material:
    return material(words, words, 0.0, keyspace, sizes)


def parsed(data: bytes) -> list[list[bytes]]:
    """Return the requests in some bytes, which must be complete."""
    reader = ReplyReader()
    reader.feed(data)
    requests = []
    while reader.advance():
        assert isinstance(reader.reply, list)
        requests.append(reader.reply)
    return requests


def test_the_same_seed_gives_the_same_requests() -> None:
    one, again, other = (Stream(material(), seed).batch(200) for seed in ("1 client 0", "1 client 0", "1 client 1"))
    assert one == again
    assert one != other


def test_requests_do_not_depend_on_how_many_are_built_at_once() -> None:
    together, one_by_one = Stream(material(), "x"), Stream(material(), "x")
    assert together.batch(50) == b"".join([one_by_one.batch(1) for _ in range(50)])


@pytest.mark.parametrize("exponent", [0.0, 0.99])
def test_words_and_bytes_are_the_same_requests(exponent: float) -> None:
    words, encoded = (Stream(material(sizes=(1, 40), exponent=exponent), "x") for _ in range(2))
    assert parsed(encoded.batch(100)) == [words.words() for _ in range(100)]


def test_the_mix_of_reads_and_writes_is_kept() -> None:
    names = [request[0] for request in parsed(Stream(material(share=0.8), "x").batch(5_000))]
    assert names.count(b"GET") / len(names) == pytest.approx(0.8, abs=0.03)
    assert set(names) == {b"GET", b"SET"}


@pytest.mark.parametrize("keyspace", [1, 999, 1_001, 1_000_000, 3_000_000])
def test_keys_have_twelve_digits_below_the_keyspace(keyspace: int) -> None:
    for _, key, *_ in parsed(Stream(material(keyspace=keyspace), "x").batch(500)):
        assert re.fullmatch(rb"key:\d{12}", key)
        assert int(key[4:]) < keyspace


def test_values_have_the_sizes_that_were_asked_for() -> None:
    sizes = {len(request[2]) for request in parsed(Stream(material(share=0.0, sizes=(3, 6)), "x").batch(2_000))}
    assert sizes == {3, 4, 5, 6}


def test_places_may_stand_anywhere_in_a_word() -> None:
    words = [b"HSET", b"a:__key__:__rand_int__", b"f", b"<__value__|__value__>", b"__key__", b"plain"]
    for _, key, field, value, number, plain in parsed(Stream(of_one(words, sizes=(2, 9)), "x").batch(50)):
        assert re.fullmatch(rb"a:\d{12}:\d{12}", key) and re.fullmatch(rb"\d{12}", number)
        left, right = value[1:-1].split(b"|")
        assert left == right and 2 <= len(left) <= 9
        assert (field, plain, value[:1], value[-1:]) == (b"f", b"plain", b"<", b">")


def test_a_command_without_places_is_sent_as_it_is() -> None:
    assert Stream(of_one([b"PING"]), "x").batch(2) == b"*1\r\n$4\r\nPING\r\n" * 2
    assert Stream(of_one([b"ECHO", b""]), "x").batch(1) == b"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n"


def test_neighbouring_texts_of_a_request_are_one_piece() -> None:
    assert len(Template([b"SET", b"a", b"b"]).encoded) == 1
    assert len(Template(SET).encoded) == 4


def test_the_write_of_a_key_is_found_by_reads() -> None:
    made = material()
    assert made.write_of(7) == [b"SET", b"key:000000000007", made.values[7]]
