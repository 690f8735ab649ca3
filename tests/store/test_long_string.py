"""A string that changes in place is, whatever was done to it, the bytes it stands for; and it counts what it takes."""

import subprocess
import sys
from random import Random

import pytest

from kvik.clock import ManualClock
from kvik.store.container import STRING
from kvik.store.databases import Databases
from kvik.store.long_string import BLOCK_BYTES, HEAD_BYTES, LONG_MIN, LongString
from kvik.store.observer import Observer
from kvik.store.string_edit import append, overwrite
from kvik.store.value import Value, as_bytes, encoding_of, kind_of, length_of, part_of
from tests.store.test_weights import needs_linux, source

BLOCK = int(BLOCK_BYTES)
LENGTHS = [0, 1, LONG_MIN, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 5]
PROGRAM = """
import sys
from kvik.store.long_string import LongString

def resident():
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[1]) * 4096

length, step, count = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
before = resident()
kept = []
for _ in range(count):
    value = LongString(b"x" * min(length, 5_000))
    while len(value) < length:
        value.append(b"y" * step)
    kept.append(value)
print(sum(value.weight for value in kept) / (resident() - before))
"""


def written(text: bytes, offset: int, patch: bytes) -> bytes:
    """Return what SETRANGE makes of a string."""
    return text[:offset].ljust(offset, b"\0") + patch + text[offset + len(patch) :]


@pytest.mark.parametrize("length", LENGTHS)
def test_it_is_made_of_any_bytes_and_gives_them_back(length: int) -> None:
    text = Random(length).randbytes(length)
    value = LongString(text)
    assert (value.text(), len(value), value.kind(), value.encoding()) == (text, length, STRING, b"raw")


@pytest.mark.parametrize("seed", range(8))
def test_after_random_changes_it_is_what_bytes_would_be(seed: int) -> None:
    random = Random(seed)
    text = random.randbytes(random.choice(LENGTHS))
    value = LongString(text)
    twins: list[tuple[LongString, bytes]] = []
    for _ in range(60):
        patch = random.randbytes(random.choice([1, 7, 300, BLOCK, BLOCK + 3]))
        step = random.randrange(5)
        if step == 0:
            value.append(patch)
            text += patch
        elif step == 1:
            offset = random.randrange(len(text) + 2 * BLOCK)
            value.write(offset, patch)
            text = written(text, offset, patch)
        elif step == 2 and text:
            place = random.randrange(len(text))
            value.set_byte(place, 7)
            text = written(text, place, b"\7")
        elif step == 3:
            twins.append((value.copy(), text))
            if random.random() < 0.5:
                twins[-1], value = (value, text), twins[-1][0]
        elif text:
            start = random.randrange(len(text))
            end = random.randint(start + 1, len(text))
            assert value.slice(start, end) == text[start:end]
            assert value.byte(start) == text[start]
        assert len(value) == len(text)
    assert value.text() == text
    for twin, expected in twins:
        assert twin.text() == expected, "a copy does not see later changes"


def test_growing_by_zeros_takes_no_memory_for_them() -> None:
    value = LongString(b"x" * LONG_MIN)
    value.write(1 << 29, b"y")
    assert len(value) == (1 << 29) + 1
    assert value.weight < 500_000
    assert value.byte((1 << 29) - 1) == 0
    assert value.byte(1 << 29) == ord("y")
    before = value.weight
    value.set_byte(1 << 28, 1)
    assert BLOCK <= value.weight - before < BLOCK + 1_000, "one block is its own now"
    assert LongString(bytes(3 * BLOCK)).byte(2 * BLOCK) == 0, "the zeros that all share are still zeros"


def test_its_parts_are_all_it_has() -> None:
    value = LongString(bytes(BLOCK * 100))
    assert len(value.parts()) == 2


def change(value: Value | None, offset: int, patch: bytes) -> tuple[Value, bytes]:
    """Return what stands at a key after a change, and its bytes."""
    space = Databases(ManualClock(), Observer()).spaces[0]
    if value is not None:
        space.put(b"k", value)
    before = space.edit(b"k")
    if offset < 0:
        assert before is not None
        append(space, b"k", before, patch)
    else:
        overwrite(space, b"k", before, offset, patch)
    after = space.find(b"k")
    assert after is not None
    return after, as_bytes(after)


def test_a_string_becomes_long_by_a_change_that_makes_or_meets_many_bytes() -> None:
    short, many = b"x" * 10, b"x" * LONG_MIN
    assert change(short, 3, b"abc") == (b"xxxabcxxxx", b"xxxabcxxxx")
    assert change(None, 2, b"a") == (b"\0\0a", b"\0\0a")
    assert change(12, 1, b"3") == (b"13", b"13")
    assert change(12, -1, b"3") == (b"123", b"123")
    assert change(short, -1, b"abc") == (short + b"abc", short + b"abc")
    for value, offset, patch, expected in (
        (many, 3, b"abc", b"xxxabc" + many[6:]),
        (short, LONG_MIN, b"a", short.ljust(LONG_MIN, b"\0") + b"a"),
        (short, -1, many, short + many),
        (None, LONG_MIN - 1, b"a", bytes(LONG_MIN - 1) + b"a"),
    ):
        after, text = change(value, offset, patch)
        assert isinstance(after, LongString)
        assert text == expected
        assert (kind_of(after), encoding_of(after), length_of(after)) == (STRING, b"raw", len(expected))
        assert part_of(after, 2, 5) == expected[2:5]
        assert part_of(after, LONG_MIN - 1, 1 << 40) == expected[LONG_MIN - 1 :]
        assert part_of(after, 1 << 30, 1 << 40) == b""


def test_it_knows_how_it_begins_after_every_change() -> None:
    value = LongString(b"abcdefgh" + bytes(LONG_MIN))
    assert value.begins_with(b"abc") and value.begins_with(b"abcdefgh") and not value.begins_with(b"abd")
    value.set_byte(HEAD_BYTES - 1, ord("H"))
    assert value.begins_with(b"abcdefgH")
    value.write(HEAD_BYTES - 1, b"hi")
    assert value.begins_with(b"abcdefgh")
    twin = value.copy()
    value.write(0, b"A")
    assert value.begins_with(b"Abcdefgh") and twin.begins_with(b"abcdefgh")


@needs_linux
@pytest.mark.parametrize(
    ("length", "step", "count"), [(5_000, 1, 4_000), (20_000, 100, 1_000), (200_000, 5_000, 100), (8 << 20, 70_000, 4)]
)
def test_its_weight_is_what_it_takes_within_15_percent(length: int, step: int, count: int) -> None:
    command = [sys.executable, "-c", PROGRAM, str(length), str(step), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={"PYTHONPATH": source()})
    assert done.returncode == 0, done.stderr
    assert 0.85 < float(done.stdout) < 1.15
