"""The manifest: written whole, read strictly; and what redis-server writes, for an import."""

import pytest

from kvik.errors import JournalDamaged
from kvik.journal.manifest import (
    BASE,
    INCR,
    NAME,
    JournalFile,
    Manifest,
    parse_manifest,
    parse_redis_manifest,
    path_in,
    read_manifest,
    write_manifest,
)
from tests.journal.logs import DIRECTORY, put
from tests.journal.simulated import SimulatedFiles

PATH = path_in(DIRECTORY, NAME)
FIRST = b"file appendonly.aof.1.incr.aof seq 1 type i\n# kvik1 level 7.0\n"


def example() -> Manifest:
    kept = [[JournalFile(1, INCR)], [JournalFile(2, BASE), JournalFile(2, INCR), JournalFile(3, INCR)]]
    return Manifest([JournalFile(4, BASE), JournalFile(4, INCR), JournalFile(5, INCR)], kept, "7.4")


def with_checksum(text: bytes) -> bytes:
    from zlib import crc32

    return b"%b# kvik1 checksum %08x\n" % (text, crc32(text))


def test_what_was_encoded_is_read_back() -> None:
    content = example().encode()
    assert parse_manifest(content, PATH).encode() == content
    assert content.startswith(b"file appendonly.aof.4.base.aof seq 4 type b\n")
    assert b"\n# kvik1 kept 1 incr appendonly.aof.1.incr.aof\n" in content


def test_every_flipped_bit_is_refused_with_the_place() -> None:
    content = example().encode()
    for bit in range(len(content) * 8):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises(JournalDamaged) as refused:
            parse_manifest(bytes(flipped), PATH)
        assert refused.value.file == PATH and 0 <= refused.value.offset <= len(content)


def test_a_manifest_that_is_cut_anywhere_is_refused() -> None:
    content = example().encode()
    for size in range(len(content)):
        with pytest.raises(JournalDamaged):
            parse_manifest(content[:size], PATH)


@pytest.mark.parametrize(
    "text",
    [
        b"# kvik1 level 7.0\n",
        b"file appendonly.aof.1.incr.aof seq 1 type i\n",
        b"file appendonly.aof.1.incr.aof seq 2 type i\n# kvik1 level 7.0\n",
        b"file appendonly.aof.1.incr.aof seq 1 type b\n# kvik1 level 7.0\n",
        b"file appendonly.aof.0.incr.aof seq 0 type i\n# kvik1 level 7.0\n",
        b"file appendonly.aof.01.incr.aof seq 1 type i\n# kvik1 level 7.0\n",
        b"file appendonly.aof.2.incr.aof seq 2 type i\n# kvik1 level 7.0\n",
        b"file appendonly.aof.2.base.aof seq 2 type b\n# kvik1 level 7.0\n",
        b"file appendonly.aof.2.base.aof seq 2 type b\n"
        b"file appendonly.aof.3.incr.aof seq 3 type i\n# kvik1 level 7.0\n",
        b"file appendonly.aof.1.incr.aof seq 1 type i\n" * 2 + b"# kvik1 level 7.0\n",
        b"file ../appendonly.aof.1.incr.aof seq 1 type i\n# kvik1 level 7.0\n",
        b"file other.aof seq 1 type i\n# kvik1 level 7.0\n",
        FIRST + b"# a note\n",
        FIRST + b"# kvik1 level 7.0\n",
        FIRST + b"# kvik1 kept 2 incr appendonly.aof.1.incr.aof\n",
        FIRST + b"# kvik1 kept 1 base appendonly.aof.1.base.aof\n",
        FIRST + b"x",
    ],
)
def test_lines_that_make_no_journal_are_refused_though_the_checksum_is_right(text: bytes) -> None:
    with pytest.raises(JournalDamaged):
        parse_manifest(with_checksum(text), PATH)


def test_a_manifest_of_redis_is_refused_with_the_way_in() -> None:
    with pytest.raises(JournalDamaged, match="kvik import"):
        parse_manifest(b"file appendonly.aof.1.incr.aof seq 1 type i\n", PATH)


def test_a_manifest_is_replaced_whole_and_durably() -> None:
    files = put({NAME: b"something older"})
    write_manifest(files, DIRECTORY, example())
    assert [operation for operation, _ in files.calls] == ["create", "write", "sync", "close", "rename", "sync_folder"]
    found = read_manifest(files, DIRECTORY)
    assert found is not None and found.encode() == example().encode()


def test_without_a_manifest_there_is_none() -> None:
    assert read_manifest(put({"other": b""}), DIRECTORY) is None


def test_a_huge_manifest_is_refused_before_it_is_read() -> None:
    files = put({NAME: b"#" * (1 << 20) + b"\n"})
    with pytest.raises(JournalDamaged, match="larger than any manifest"):
        read_manifest(files, DIRECTORY)
    assert "open_reading" not in [operation for operation, _ in files.calls]


def test_a_kept_generation_is_read_on_through_the_logs_behind_it() -> None:
    def names(generation: int) -> list[str]:
        return [f"{file.generation}{file.kind[0]}" for file in example().since(generation)]

    assert names(1) == ["1i", "2i", "3i", "4i", "5i"]
    assert names(2) == ["2b", "2i", "3i", "4i", "5i"]
    assert names(4) == ["4b", "4i", "5i"]
    assert names(3) == []


def test_a_manifest_of_redis_is_read_for_an_import() -> None:
    content = (
        b"# a comment\nfile appendonly.aof.1.base.rdb seq 1 type b\n"
        b'seq 2 file "my log.2.incr.aof" type i\nfile old.aof seq 1 type h\n'
    )
    found = [(file.name, file.sequence, file.kind) for file in parse_redis_manifest(content, PATH)]
    assert found == [("appendonly.aof.1.base.rdb", 1, "b"), ("my log.2.incr.aof", 2, "i"), ("old.aof", 1, "h")]


@pytest.mark.parametrize(
    "line",
    [b"file a", b"file a seq x type b", b"file ../a seq 1 type b", b"file a seq 1 type z", b'file "a seq 1 type b']
    + [b"file a seq 1 type b x", b"file .. seq 1 type b", b"\0", b'file "a\\x00" seq 1 type i'],
)
def test_a_line_redis_would_not_write_is_refused(line: bytes) -> None:
    with pytest.raises(JournalDamaged):
        parse_redis_manifest(b"# fine\n" + line + b"\n", PATH)


def test_writing_a_manifest_goes_on_after_short_writes() -> None:
    files = SimulatedFiles()
    put({"other": b""}, files)
    files.fail("write", -1, 3)
    write_manifest(files, DIRECTORY, example())
    assert files.read(PATH) == example().encode()
