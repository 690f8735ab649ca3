"""The pieces of a payload: checksum, compression, listpacks, and numbers of all sizes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvik.errors import PayloadDamaged
from kvik.rdb.checksum import crc64
from kvik.rdb.compression import expanded
from kvik.rdb.cursor import Cursor
from kvik.rdb.listpack import back_length, items_of, listpack_of
from kvik.rdb.old_packs import intset_of, items_of_intset
from tests.properties.requests import limits

ITEMS = st.lists(st.one_of(st.binary(max_size=200), st.integers(-(2**63), 2**63 - 1).map(lambda n: b"%d" % n)))


def test_the_checksum_is_that_of_the_polynomial_of_jones() -> None:
    assert crc64(b"123456789", 9) == 0xE9C6D914C4B8D9CA
    assert crc64(b"123456789abc", 9) == 0xE9C6D914C4B8D9CA
    assert crc64(b"", 0) == 0


@limits(50)
@given(st.binary(max_size=40))
def test_the_checksum_is_the_same_bit_by_bit(data: bytes) -> None:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x95AC9329AC4BC9B5 if crc & 1 else 0)
    assert crc64(data, len(data)) == crc


@limits(100)
@given(ITEMS)
def test_a_listpack_gives_back_what_was_put_in(items: list[bytes]) -> None:
    assert items_of(listpack_of(items)) == items


def test_a_listpack_is_packed_as_redis_packs_it() -> None:
    items = b"\x01\x01" + b"\xdf\xff\x02" + b"\xf1\x00\x10\x03" + b"\x82ab\x03" + b"\x80\x01"
    assert listpack_of([b"1", b"-1", b"4096", b"ab", b""]) == b"\x16\0\0\0\x05\0" + items + b"\xff"


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        *[(127, b"\x7f"), (128, b"\x01\x80"), (16382, b"\x7f\xfe"), (16383, b"\x00\xff\xff"), (16384, b"\x01\x80\x80")],
        *[(2097150, b"\x7f\xff\xfe"), (2097151, b"\x00\xff\xff\xff"), (268435455, b"\x00\xff\xff\xff\xff")],
    ],
)
def test_a_length_behind_an_item_is_written_so_that_it_is_read_backwards(size: int, expected: bytes) -> None:
    assert back_length(size) == expected


@pytest.mark.parametrize(
    ("packed", "whole"),
    [
        (b"", b""),
        (b"\x00a", b"a"),
        (b"\x02abc", b"abc"),
        (b"\x00a\x20\x00", b"aaaa"),
        (b"\x01ab\x40\x01", b"abababab"[:6]),
        (b"\x02abc\x20\x02", b"abcabc"),
        (b"\x00a\xe0\x0d\x00", b"a" * 23),
        (b"\x00a\xe0\xff\x00", b"a" * 265),
    ],
)
def test_what_was_compressed_comes_back(packed: bytes, whole: bytes) -> None:
    assert expanded(packed, len(whole)) == whole
    for size in (len(whole) - 1, len(whole) + 1, 2**62):
        with pytest.raises(PayloadDamaged):
            expanded(packed, size)


@limits(100)
@given(st.binary(max_size=60), st.integers(0, 5_000))
def test_noise_is_never_more_than_what_it_says(packed: bytes, size: int) -> None:
    try:
        assert len(expanded(packed, size)) == size
    except PayloadDamaged as error:
        assert "compressed" in str(error)


@limits(50)
@given(st.sets(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=50))
def test_integers_of_a_set_come_back_in_order(numbers: set[int]) -> None:
    assert items_of_intset(intset_of(sorted(numbers))) == [b"%d" % number for number in sorted(numbers)]


@pytest.mark.parametrize(
    ("data", "length"),
    [(b"\x05", 5), (b"\x7f\xff", 16383), (b"\x80\0\0\1\0", 256), (b"\x81" + b"\0" * 6 + b"\1\0", 256)],
)
def test_a_length_is_read_in_every_size(data: bytes, length: int) -> None:
    assert Cursor(data, len(data)).length() == length
    with pytest.raises(PayloadDamaged):
        Cursor(data, len(data) - 1).length()


@pytest.mark.parametrize("data", [b"\x82", b"\xc0", b"\xff"])
def test_what_is_no_length_is_refused(data: bytes) -> None:
    with pytest.raises(PayloadDamaged):
        Cursor(data + b"\0" * 20, 21).length()
