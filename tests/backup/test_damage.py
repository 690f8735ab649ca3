"""A backup that was altered or cut anywhere is refused whole."""

from collections.abc import Iterator
from random import Random

import pytest

from kvik.errors import BackupDamaged
from tests.backup.keeping import read_through, written
from tests.engines import Caller


@pytest.fixture(scope="module")
def content() -> bytes:
    caller = Caller()
    caller("SET", "a", "1")
    caller("SET", b"\xff", b"\x00\xfe")
    caller("SET", "kvik:backup", "x", "PX", "1000")
    caller("RPUSH", "l", "one", "two")
    caller("SELECT", "2")
    caller("SET", "b", "2")
    return written(caller)


def alterations(content: bytes) -> Iterator[bytes]:
    for place, byte in enumerate(content):
        for bit in range(8):
            yield content[:place] + bytes([byte ^ 1 << bit]) + content[place + 1 :]


def test_what_was_written_is_accepted(content: bytes) -> None:
    assert read_through(content) == 5


def test_a_file_with_any_bit_turned_is_refused(content: bytes) -> None:
    for altered in alterations(content):
        with pytest.raises(BackupDamaged):
            read_through(altered)


def test_a_file_that_was_cut_anywhere_is_refused(content: bytes) -> None:
    for length in range(len(content)):
        with pytest.raises(BackupDamaged):
            read_through(content[:length])


def test_every_byte_that_is_left_out_or_put_in_counts(content: bytes) -> None:
    for place in range(len(content)):
        with pytest.raises(BackupDamaged):
            read_through(content[:place] + content[place + 1 :])
        with pytest.raises(BackupDamaged):
            read_through(content[:place] + b" " + content[place:])


PIECES = [
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b",",
    b":",
    b"\\",
    b"null",
    b"-1",
    b"1e5",
    b'"b64"',
    b"\\ud800",
    b"\xff",
    b"[[[[",
]


@pytest.mark.parametrize("seed", range(10))
def test_no_input_whatever_ends_in_another_error(seed: int, content: bytes) -> None:
    random = Random(seed)
    others = b'{"a": "b", "z": {"type": "zset", "value": [["m", "1"]]}, "s": {"type": "x", "value": [["SET", null]]}}'
    accepted = 0
    for _ in range(300):
        altered = bytearray(random.choice([content, others]))
        for _ in range(random.randint(1, 4)):
            place = random.randrange(len(altered))
            altered[place : place + random.randint(0, 3)] = random.choice(PIECES)
        try:
            accepted += read_through(bytes(altered)) >= 0
        except BackupDamaged as damage:
            assert 0 <= damage.offset <= len(altered)
    assert accepted < 30


def test_nothing_may_stand_behind_the_end(content: bytes) -> None:
    for tail in (b"\n", b" ", b"}", b"x"):
        with pytest.raises(BackupDamaged):
            read_through(content + tail)
