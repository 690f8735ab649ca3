"""Marks: what is built is read back, what is not exactly a mark is none."""

from zlib import crc32

import pytest

from kvik.journal.mark import (
    BATCH,
    CHECKSUM_MAX,
    CLOSING,
    LENGTH_MAX,
    MARK_SIZE,
    OPENING,
    SEQUENCE_MAX,
    TIME_MAX,
    build_mark,
    close_batch,
    parse_mark,
    summed_text,
)

NORWAY = b"*3\r\n$3\r\nSET\r\n$6\r\nnorway\r\n$4\r\noslo\r\n"


def fields(data: bytes, start: int = 0) -> tuple[int, ...] | None:
    mark = parse_mark(data, start)
    if mark is None:
        return None
    return (mark.kind, mark.sequence, mark.length, mark.durable, mark.time, mark.chain, mark.checksum)


def test_the_marks_of_the_documentation_come_out_as_they_stand_there() -> None:
    opening = close_batch(OPENING, 0, b"", 0, 0x19AB0000000, 0)
    batch = close_batch(BATCH, 1, NORWAY, 0, 0x19AB0000123, opening.checksum)
    assert opening.data.split(b"\r\n")[4] == b"kvik1 o 000000000000 00000000 000000000000 19ab0000000 00000000 2ed8288c"
    assert batch.data.split(b"\r\n")[4] == b"kvik1 b 000000000001 00000023 000000000000 19ab0000123 2ed8288c 3b6327c7"


@pytest.mark.parametrize(
    "wanted",
    [
        (OPENING, 0, 0, 0, 0, 0),
        (BATCH, 12, 345, 11, 1_700_000_000_000, 0xDEADBEEF),
        (CLOSING, SEQUENCE_MAX, LENGTH_MAX, SEQUENCE_MAX, TIME_MAX, CHECKSUM_MAX),
    ],
)
def test_what_was_built_is_read_back(wanted: tuple[int, int, int, int, int, int]) -> None:
    built = build_mark(*wanted, 77)
    assert len(built.data) == MARK_SIZE
    assert fields(b"xx" + built.data + b"yy", 2) == (*wanted, built.checksum)


def test_the_checksum_covers_the_commands_and_the_text_and_is_chained() -> None:
    built = close_batch(BATCH, 3, NORWAY, 2, 5, 0xABCDEF01)
    data = NORWAY + built.data
    text = summed_text(data, len(NORWAY))
    assert text == b"kvik1 b 000000000003 00000023 000000000002 00000000005 abcdef01"
    assert built.checksum == crc32(NORWAY + text, 0xABCDEF01)


def test_no_bit_of_a_mark_can_change_without_it_being_another_or_none() -> None:
    data = close_batch(BATCH, 0x9ABC, NORWAY, 0x99, 0x19AB0000123, 0x2ED8288C).data
    mark = fields(data)
    for bit in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << (bit % 8)
        assert fields(bytes(flipped)) != mark, f"bit {bit}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"abcdef", b"ABCDEF"),
        (b"kvik1 b", b"kvik1 x"),
        (b"kvik1 b", b"kvik2 b"),
        (b" 0000000000a1 ", b" +000000000a1 "),
        (b" 0000000000a1 ", b" 0_00000000a1 "),
        (b" 0000000000a1 ", b"  000000000a1 "),
        (b"$72", b"$73"),
        (b"PING", b"ping"),
        (b"\r\n", b"\n\n"),
    ],
)
def test_what_is_not_exactly_the_form_of_a_mark_is_none(old: bytes, new: bytes) -> None:
    data = build_mark(BATCH, 0xA1, 5, 0, 0, 0xABCDEF, 0).data
    assert old in data
    assert fields(data.replace(old, new)) is None


def test_a_mark_that_is_cut_short_is_none() -> None:
    data = build_mark(BATCH, 1, 0, 0, 0, 0, 0).data
    assert all(fields(data[:size]) is None for size in range(MARK_SIZE))


@pytest.mark.parametrize(
    "wrong",
    [
        (BATCH, SEQUENCE_MAX + 1, 0, 0, 0, 0),
        (BATCH, -1, 0, 0, 0, 0),
        (BATCH, 1, LENGTH_MAX + 1, 0, 0, 0),
        (BATCH, 1, 0, 2, 0, 0),
        (BATCH, 1, 0, 0, TIME_MAX + 1, 0),
        (BATCH, 1, 0, 0, 0, CHECKSUM_MAX + 1),
    ],
)
def test_a_field_that_does_not_fit_is_not_written(wrong: tuple[int, int, int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="it must be between"):
        build_mark(*wrong, 0)
