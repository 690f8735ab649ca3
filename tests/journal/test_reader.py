"""Reading a journal: what counts, what is torn, what is damaged. No byte is believed that no checksum confirms."""

import pytest

from kvik.errors import JournalDamaged
from kvik.journal.manifest import INCR, NAME, JournalFile, path_in
from kvik.journal.mark import MARK_SIZE
from kvik.journal.reader import Limit, Reader, TornEnd
from tests.journal.logs import (
    BEGIN,
    DIRECTORY,
    Found,
    LogWriter,
    Story,
    commands,
    one_file,
    put,
    read_all,
    reader_of,
)

ONE = JournalFile(1, INCR)
MIB = 1 << 20


def read_one(data: bytes) -> tuple[list[Found], TornEnd | None]:
    """Read a journal that is one incr file."""
    reader = reader_of(put({ONE.name: data}), [ONE])
    return read_all(reader), reader.torn


def flips(data: bytes) -> list[bytes]:
    """Return `data` with each of its bits turned."""
    turned = []
    for bit in range(len(data) * 8):
        copy = bytearray(data)
        copy[bit // 8] ^= 1 << (bit % 8)
        turned.append(bytes(copy))
    return turned


def batches_before(story: Story, name: str, offset: int) -> list[Found]:
    """Return what a journal holds up to an offset of its last file, by counting the ends of its batches."""
    everything = read_all(reader_of(put(story.contents()), story.manifest.files))
    assert name == story.manifest.last().name
    behind = len([end for end in story.second.ends[1:] if end > offset])
    return everything[: len(everything) - behind]


def test_batches_come_in_the_order_of_the_files() -> None:
    story = Story()
    reader = reader_of(put(story.contents()), story.manifest.files)
    found = read_all(reader)
    assert [sequence for sequence, _ in found] == [7, 7, 8, 9, 10, 11, 12]
    assert found[3] == (9, commands("MULTI", "SELECT 3", "INCR n", "INCR n", "EXEC"))
    assert found[0][1][0] == [b"SET", b"old", bytes(range(256))]
    assert (reader.sequence, reader.checksum, reader.durable) == (12, story.second.chain, 11)
    assert (reader.file.name, reader.offset) == (story.manifest.last().name, len(story.second.data))
    assert reader.bytes_done == reader.bytes_total == sum(map(len, list(story.contents().values())[:3]))
    assert reader.torn is None


def test_a_log_cut_at_every_byte_gives_the_longest_valid_prefix() -> None:
    story = Story()
    name = story.manifest.last().name
    for size in range(len(story.second.data)):
        files = put(story.contents() | {name: story.second.data[:size]})
        reader = reader_of(files, story.manifest.files)
        assert read_all(reader) == batches_before(story, name, size), f"cut at {size}"
        whole = max([end for end in [0, *story.second.ends] if end <= size])
        assert reader.offset == whole
        if size == whole:
            assert reader.torn is None
        else:
            assert reader.torn is not None and (reader.torn.offset, reader.torn.size) == (whole, size)


@pytest.mark.parametrize("number", [0, 1])
def test_a_file_that_is_not_the_last_is_refused_cut_at_any_byte(number: int) -> None:
    story = Story()
    name = story.manifest.files[number].name
    data = story.contents()[name]
    for size in range(len(data)):
        reader = reader_of(put(story.contents() | {name: data[:size]}), story.manifest.files)
        with pytest.raises(JournalDamaged) as refused:
            read_all(reader)
        # A log that ends between two batches is noticed where the next one begins.
        assert refused.value.file.endswith((name, story.manifest.files[number + 1].name)), f"cut at {size}"


def test_every_flipped_bit_is_refused_or_cut_as_the_torn_end() -> None:
    story = Story()
    everything = read_all(reader_of(put(story.contents()), story.manifest.files))
    last_begin = story.second.ends[-2]
    for file in story.manifest.files:
        data = story.contents()[file.name]
        for bit, flipped in enumerate(flips(data)):
            reader = reader_of(put(story.contents() | {file.name: flipped}), story.manifest.files)
            if file is story.manifest.last() and bit // 8 >= last_begin:
                assert read_all(reader) == everything[:-1]
                assert reader.torn is not None and reader.torn.offset == last_begin
                continue
            with pytest.raises(JournalDamaged) as refused:
                read_all(reader)
            assert refused.value.file == path_in(DIRECTORY, file.name), f"bit {bit}"
            assert refused.value.offset <= bit // 8
            assert refused.value.sequence >= -1


def test_lengths_beyond_the_file_allocate_nothing() -> None:
    log = LogWriter().batch("SET a 1")
    found, torn = read_one(log.data + b"*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$4000000000\r\nxyz")
    assert found == [(1, commands("SET a 1"))]
    assert torn is not None and torn.offset == len(log.data)


def test_a_torn_value_that_holds_an_older_log_is_still_a_torn_end() -> None:
    log = LogWriter().batch("SET a 1").batch("SET b 2")
    whole = LogWriter().batch("SET a 1").batch("SET b 2").batch(["SET", "backup", log.data])
    found, torn = read_one(whole.data[:-20])
    assert [sequence for sequence, _ in found] == [1, 2]
    assert torn is not None and torn.offset == whole.ends[2]


def test_a_value_that_holds_a_log_does_not_end_a_batch() -> None:
    log = LogWriter().batch("SET a 1")
    whole = LogWriter().batch(["SET", "backup", log.data], "SET b 2").batch("SET c 3")
    assert [sequence for sequence, _ in read_one(whole.data)[0]] == [1, 2]


@pytest.mark.parametrize("what", ["repeated", "left out", "exchanged"])
def test_batches_that_are_not_in_their_place_are_refused(what: str) -> None:
    log = LogWriter().batch("SET a 1").batch("SET b 1").batch("SET c 1").batch("SET d 1")
    parts = [log.data[start:end] for start, end in zip([0, *log.ends], log.ends, strict=False)]
    order = {"repeated": [0, 1, 2, 2, 3, 4], "left out": [0, 1, 3, 4], "exchanged": [0, 2, 1, 3, 4]}[what]
    with pytest.raises(JournalDamaged):
        read_one(b"".join([parts[number] for number in order]))


@pytest.mark.parametrize("body", [b"*1\r\n$4\r\nPI", b"PING\r\n", b"*1\r\n$4\r\nPINGxx", b"*0\r\n", b"\r\n"])
def test_a_batch_that_is_no_list_of_commands_is_refused_though_its_checksum_is_right(body: bytes) -> None:
    with pytest.raises(JournalDamaged, match="no list of commands"):
        read_one(LogWriter().raw(body).batch("SET a 1").data)
    with pytest.raises(JournalDamaged, match="no list of commands"):
        read_one(LogWriter().raw(body).data)


def test_a_batch_may_be_empty() -> None:
    found, torn = read_one(LogWriter().raw(b"").batch("SET a 1").data)
    assert found == [(2, commands("SET a 1"))] and torn is None


def test_a_base_without_its_closing_mark_is_refused() -> None:
    story = Story()
    name = story.manifest.files[0].name
    contents = story.contents() | {name: story.base.data[:-MARK_SIZE]}
    with pytest.raises(JournalDamaged, match="before its closing mark"):
        read_all(reader_of(put(contents), story.manifest.files))


def test_nothing_may_follow_the_closing_mark_of_a_base() -> None:
    story = Story()
    story.base.batch("SET late 1")
    with pytest.raises(JournalDamaged, match="something follows the closing mark"):
        read_all(reader_of(put(story.contents()), story.manifest.files))


def test_a_log_of_another_generation_is_refused() -> None:
    story = Story()
    story.first = LogWriter(INCR, 8, 0x1234ABCD).batch("SET a 1")
    with pytest.raises(JournalDamaged) as refused:
        read_all(reader_of(put(story.contents()), story.manifest.files))
    assert refused.value.offset == 0 and refused.value.sequence == 7


@pytest.mark.parametrize("size", [MIB - 50, MIB, 3 * MIB + 7, 17 * MIB])
def test_values_of_any_size_are_read_in_pieces(size: int) -> None:
    value = b"x" * size
    log = LogWriter().batch("SET a 1").batch(["SET", "big", value], "SET b 2").batch("SET c 3")
    files = put({ONE.name: log.data})
    reader = reader_of(files, [ONE])
    found = read_all(reader)
    assert [sequence for sequence, _ in found] == [1, 2, 3]
    assert found[1][1][0][2] == value
    assert reader.torn is None


@pytest.mark.parametrize("size", [3 * MIB, 17 * MIB])
def test_a_long_batch_that_is_torn_is_cut(size: int) -> None:
    log = LogWriter().batch("SET a 1").batch(["SET", "big", b"x" * size])
    found, torn = read_one(log.data[:-1])
    assert found == [(1, commands("SET a 1"))]
    assert torn is not None and torn.offset == log.ends[1]


def test_marks_that_lie_across_two_readings_are_found() -> None:
    for extra in range(MIB - 200, MIB, 7):
        log = LogWriter().batch(["SET", "a", b"x" * extra]).batch("SET b 2").batch("SET c 3")
        assert [sequence for sequence, _ in read_one(log.data)[0]] == [1, 2, 3], extra
        with pytest.raises(JournalDamaged):
            read_one(b"".join([log.data[: log.ends[1]], b"?", log.data[log.ends[1] + 1 :]]))


def test_reading_stops_before_a_sequence() -> None:
    story = Story()
    for before in range(8, 14):
        reader = reader_of(put(story.contents()), story.manifest.files, Limit(before=before))
        assert max(sequence for sequence, _ in read_all(reader)) == min(before - 1, 12)
        assert reader.is_stopped == (before <= 12)


def test_reading_stops_behind_the_last_batch_of_a_time() -> None:
    story = Story()
    for seconds, last in ((0, 7), (0.999, 7), (1, 8), (2, 9), (3, 10), (60, 12)):
        reader = reader_of(put(story.contents()), story.manifest.files, Limit(at=BEGIN + int(seconds * 1000)))
        assert max(sequence for sequence, _ in read_all(reader)) == last


def test_the_limit_lies_before_damage_that_comes_later() -> None:
    story = Story()
    data = bytearray(story.second.data)
    data[-MARK_SIZE - 5] ^= 1
    files = put(story.contents() | {story.manifest.last().name: bytes(data)})
    assert len(read_all(reader_of(files, story.manifest.files, Limit(before=12)))) == 6


def test_a_part_of_a_journal_is_read_alone() -> None:
    story = Story()
    files = put(story.contents())
    last = story.manifest.last()
    with pytest.raises(JournalDamaged):
        read_all(Reader(files, DIRECTORY, [last]))
    assert [sequence for sequence, _ in read_all(Reader(files, DIRECTORY, [last], None, True))] == [10, 11, 12]


def test_a_file_that_is_missing_is_the_systems_error() -> None:
    contents = one_file(LogWriter())
    with pytest.raises(FileNotFoundError):
        read_all(reader_of(put({NAME: contents[NAME]}), [ONE]))


def test_fuzzed_logs_are_refused_or_a_prefix() -> None:
    from random import Random

    random = Random(5)
    story = Story()
    everything = read_all(reader_of(put(story.contents()), story.manifest.files))
    for _ in range(1_000):
        file = random.choice(story.manifest.files)
        data = bytearray(story.contents()[file.name])
        for _ in range(random.randint(1, 4)):
            start = random.randrange(len(data))
            end = start + random.choice([0, 1, 7, 93])
            data[start:end] = random.choice(
                [b"", bytes(data[:93]), random.randbytes(5), b"\0" * 512, b"$999999999\r\n"]
            )
        reader = reader_of(put(story.contents() | {file.name: bytes(data)}), story.manifest.files)
        try:
            found = read_all(reader)
        except JournalDamaged:
            continue
        assert found == everything[: len(found)]


# What a power cut leaves


def without(log: LogWriter, number: int, kept: int = 0) -> bytes:
    """Return a log in which batch `number` is zeros behind its first bytes: it never reached the disk."""
    start, end = log.ends[number - 1] + kept, log.ends[number]
    return log.data[:start] + bytes(end - start) + log.data[end:]


@pytest.mark.parametrize("kept", [0, 20, 100])
def test_later_batches_that_nobody_calls_durable_are_a_torn_end_too(kept: int) -> None:
    log = LogWriter(syncs=False).batch("SET a 1").batch("SET b 2").batch("SET c 3").batch("SET d 4")
    found, torn = read_one(without(log, 2, kept))
    assert found == [(1, commands("SET a 1"))]
    assert torn is not None and (torn.offset, torn.size) == (log.ends[1], len(log.data))


def test_a_later_mark_that_calls_the_batch_durable_is_a_contradiction() -> None:
    log = LogWriter(syncs=False).batch("SET a 1").batch("SET b 2").batch("SET c 3")
    log.durable = 1
    log.batch("SET d 4")
    assert read_one(without(log, 2))[1] is not None
    log.durable = 2
    log.batch("SET e 5")
    with pytest.raises(JournalDamaged, match="it was on disk") as refused:
        read_one(without(log, 2))
    assert (refused.value.offset, refused.value.sequence) == (log.ends[1], 2)


def test_what_was_written_long_before_a_later_batch_cannot_have_been_lost_with_it() -> None:
    log = LogWriter(syncs=False).batch("SET a 1").batch("SET b 2").batch("SET c 3")
    assert read_one(without(log, 2))[1] is not None
    log.time += 120_000
    log.batch("SET d 4")
    with pytest.raises(JournalDamaged, match="it was on disk"):
        read_one(without(log, 2))


def test_a_later_mark_is_believed_only_with_its_checksum() -> None:
    log = LogWriter(syncs=False).batch("SET a 1").batch("SET b 2")
    log.durable = 2
    log.batch("SET c 3")
    assert read_one(without(log, 2)[:-4] + b"0" + without(log, 2)[-3:])[1] is not None


def test_a_torn_value_that_holds_a_younger_log_with_lower_numbers_is_a_torn_end() -> None:
    copy = LogWriter(time=BEGIN + 10_000_000).batch("SET a 1")
    log = LogWriter().batch("SET a 1").batch("SET b 2").batch(["SET", "backup", copy.data])
    found, torn = read_one(log.data[:-20])
    assert [sequence for sequence, _ in found] == [1, 2]
    assert torn is not None and torn.offset == log.ends[2]


def test_a_batch_of_another_history_is_refused_though_it_counts_by_itself() -> None:
    one = LogWriter().batch("SET a 1").batch("SET b 2").batch("SET c 3")
    other = LogWriter().batch("SET a 9").batch("SET b 8").batch("SET c 7")
    spliced = one.data[: one.ends[1]] + other.data[other.ends[1] : other.ends[2]]
    for data in (spliced, spliced + one.data[one.ends[2] :]):
        with pytest.raises(JournalDamaged, match="does not follow the one before") as refused:
            read_one(data)
        assert (refused.value.offset, refused.value.sequence) == (one.ends[1], 2)


def test_a_log_that_does_not_follow_the_log_before_is_refused() -> None:
    story = Story()
    story.second = LogWriter(INCR, story.first.sequence, 0xBAD, story.first.time).batch("SET a 1")
    with pytest.raises(JournalDamaged, match="does not follow the one before"):
        read_all(reader_of(put(story.contents()), story.manifest.files))
