"""What arrived is cut into lines and lengths, wherever it was torn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvik.dialects.intake import RECENT_BYTES_MAX, SMALL_PIECE, Intake, RecentWord, append_piece
from kvik.errors import ProtocolError
from tests.dialects.feeding import byte_by_byte, cut_at

LINES = st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"")), max_size=6)
CUTS = st.lists(st.integers(0, 1000), max_size=6)


def lines(intake: Intake) -> list[bytes]:
    found = []
    while (line := intake.line(100, "too long")) is not None:
        found.append(line)
    return found


@given(LINES, CUTS)
def test_lines_come_out_whole_whether_asked_for_early_or_late(sent: list[bytes], cuts: list[int]) -> None:
    pieces = cut_at(b"".join([line + b"\n" for line in sent]), cuts)
    early, late = Intake(), Intake()
    found = []
    for piece in pieces:
        early.feed(piece)
        late.feed(piece)
        found += lines(early)
    assert found == sent
    assert lines(late) == sent


def test_a_line_is_too_long_even_before_its_end_has_come() -> None:
    intake = Intake()
    intake.feed(b"x" * 100)
    assert intake.line(100, "too long") is None
    intake.feed(b"x")
    with pytest.raises(ProtocolError, match="too long"):
        intake.line(100, "too long")


def test_a_line_of_exactly_the_most_bytes_is_not_too_long() -> None:
    intake = Intake()
    intake.feed(b"x" * 100 + b"\n")
    assert intake.line(100, "too long") == b"x" * 100


@given(st.lists(st.binary(max_size=20), max_size=6), CUTS)
def test_counted_bytes_come_out_whole(sent: list[bytes], cuts: list[int]) -> None:
    intake = Intake()
    found: list[bytes] = []
    for piece in cut_at(b"".join(sent), cuts):
        intake.feed(piece)
        while len(found) < len(sent) and (taken := intake.take(len(sent[len(found)]))) is not None:
            found.append(taken)
    assert found == sent[: len(found)]
    assert b"".join(sent[len(found) :]) == b""


def test_small_neighbours_become_one_piece_and_large_ones_do_not() -> None:
    pieces: list[bytes] = []
    for piece in byte_by_byte(b"x" * 2 * SMALL_PIECE):
        append_piece(pieces, piece)
    append_piece(pieces, b"y" * SMALL_PIECE)
    assert [len(piece) for piece in pieces] == [SMALL_PIECE] * 3


def test_the_last_line_is_what_is_left_without_an_end() -> None:
    intake = Intake()
    intake.feed(b"a\nb")
    assert lines(intake) == [b"a"]
    assert intake.last_line() == b"b"
    assert intake.last_line() is None


def test_a_word_that_comes_again_is_the_same_object() -> None:
    recent = RecentWord()
    sent = b"*4\r\n$5\r\nkey:1\r\n$5\r\nkey:1\r\n$5\r\nkey:2\r\n$3\r\nkey\r\n"
    first, again, other, shorter = [recent.read(sent, *place) for place in [(8, 13), (19, 24), (30, 35), (41, 44)]]
    assert [first, again, other, shorter] == [b"key:1", b"key:1", b"key:2", b"key"]
    assert again is first


@pytest.mark.parametrize("length", [1, 7, 8, 9, 15, 16, 17, 23, 24, 25, RECENT_BYTES_MAX])
def test_a_word_that_differs_in_one_byte_is_another(length: int) -> None:
    word = bytes(range(length))
    before = b"*1\r\n$%d\r\n" % length
    end = len(before) + length
    for place in range(length):
        recent = RecentWord()
        recent.read(before + word, len(before), end)
        other = word[:place] + b"x" + word[place + 1 :]
        assert recent.read(before + other, len(before), end) == other


def test_a_long_word_is_not_kept() -> None:
    recent = RecentWord()
    sent = b"x" * (RECENT_BYTES_MAX + 1)
    assert recent.read(sent, 0, len(sent)) == sent
    assert recent.read(b"y" * len(sent), 0, len(sent)) == b"y" * len(sent)
    short = recent.read(sent, 0, RECENT_BYTES_MAX)
    assert recent.read(sent, 0, RECENT_BYTES_MAX + 1) == sent
    assert recent.read(sent, 1, RECENT_BYTES_MAX + 1) is short
