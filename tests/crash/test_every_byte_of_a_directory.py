"""A directory that a server wrote, cut at every byte, every bit flipped: never silently another, never a crash."""

from functools import cache
from typing import Final

import pytest

from kvik.errors import JournalDamaged
from kvik.journal.manifest import NAME, path_in
from kvik.journal.recovery import Loading
from kvik.settings import Settings
from tests.engines import Caller
from tests.journal.checking import MARK
from tests.journal.compacting import DIRECTORY, Data
from tests.journal.keeping import Keeping, data_of
from tests.journal.logs import put
from tests.journal.simulated import SimulatedFiles

FOLDER: Final = path_in(DIRECTORY, "")
KEPT: Final = "appendonly.aof.1.incr.aof"
BASE: Final = "appendonly.aof.2.base.aof"
LOG: Final = "appendonly.aof.2.incr.aof"
NEXT: Final = "appendonly.aof.3.incr.aof"
FINISHED: Final = "finished"
UNFINISHED: Final = "unfinished"


class Written:
    """What a server has left: files by name, and the data after each batch, by its number."""

    def __init__(self, server: Keeping) -> None:
        self.contents = {name: server.files.read(FOLDER + name) for name in server.files.names(FOLDER)}
        self.states: dict[int, Data] = {
            number: server.book.alive(state) for number, state in server.book.states.items()
        }
        self.last = max(self.states)
        self.log = max(name for name in self.contents if name != NAME)


class Opened:
    """How opening a directory went: the last batch, the data, what was said about it; `damage` where it was refused."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self.files = put(contents)
        self.sequence = -1
        self.data: Data = {}
        self.notes: list[str] = []
        self.damage = ""
        engine = Caller().engine
        try:
            loading = Loading(self.files, DIRECTORY, engine)
            while loading.step(1_000):
                pass
        except JournalDamaged as damage:
            self.damage = str(damage)
        else:
            self.sequence = loading.end.sequence
            self.notes = loading.notes
            # Numbers as they are read back.
            self.data = Keeping(SimulatedFiles()).book.alive(data_of(engine))
        self.contents = {name: self.files.read(FOLDER + name) for name in self.files.names(FOLDER)}


@cache
def written(how: str) -> Written:
    """A kept generation, a base and its log; `unfinished`: and the log of a generation that has no base yet."""
    server = Keeping(SimulatedFiles(), Settings(keep_generations=1), slow=True).load()
    server.turn("SET a 1", "SET b 2")
    server.rewrite()
    server.turn("SELECT 1", "SET c 3")
    server.wait(1_500)
    server.turn("MULTI", "INCR c", "DEL a", "EXEC")
    if how == UNFINISHED:
        server.keeper.begin_rewrite()
        while NEXT.encode() not in server.files.read(FOLDER + NAME):
            server.keeper.step(0)
            server.finish_work()
        server.keeper.step(0)
        server.finish_work()
    server.turn("SET d 4")
    result = Written(server)
    assert sorted(result.contents) == [KEPT, BASE, LOG, *([NEXT] if how == UNFINISHED else []), NAME]
    assert result.contents[result.log].count(b"kvik1 b") > 0
    return result


def batches_of(log: bytes) -> list[tuple[int, int, int]]:
    """Return for each mark of a log its batch, what it calls durable, and where it ends."""
    return [(int(mark[3], 16), int(mark[5], 16), mark.end()) for mark in MARK.finditer(log)]


def last_if_set_aside(log: bytes, offset: int) -> int:
    """Return the last batch that is left when what begins with the one at `offset` is set aside; -1: it must not be.

    It must not where another mark calls it durable. An opening mark is durable where the first batch of its file is.
    """
    marks = batches_of(log)
    index = [end > offset for _, _, end in marks].index(True)
    known = max(durable for number, (_, durable, _) in enumerate(marks) if number != index)
    before = marks[max(index - 1, 0)][0]
    return before if before >= known else -1


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("how", [FINISHED, UNFINISHED])
def test_every_flipped_bit_of_the_last_log_is_refused_or_sets_the_end_aside_that_may_be_torn(how: str) -> None:
    directory = written(how)
    log = directory.contents[directory.log]
    lasts = set()
    for bit in range(len(log) * 8):
        contents = directory.contents | {directory.log: flipped(log, bit)}
        opened = Opened(contents)
        last = last_if_set_aside(log, bit // 8)
        lasts.add(last)
        assert opened.sequence == last, f"bit {bit}"
        if last < 0:
            assert opened.damage
            assert opened.contents == contents, "what is damaged is left as it is"
        else:
            assert opened.notes
            assert opened.data == directory.states[last]
    assert lasts == ({-1, 2, 3} if how == FINISHED else {3})


@pytest.mark.parametrize(("how", "name"), [(FINISHED, NAME), (FINISHED, BASE), (UNFINISHED, NAME), (UNFINISHED, LOG)])
def test_every_flipped_bit_of_any_other_file_is_refused(how: str, name: str) -> None:
    directory = written(how)
    for bit in range(len(directory.contents[name]) * 8):
        contents = directory.contents | {name: flipped(directory.contents[name], bit)}
        opened = Opened(contents)
        assert opened.damage, f"bit {bit}"
        assert opened.contents == contents


def test_a_kept_generation_is_no_concern_of_who_opens_the_directory() -> None:
    directory = written(FINISHED)
    for data in (b"", directory.contents[KEPT][:-1], b"x" + directory.contents[KEPT][1:]):
        opened = Opened(directory.contents | {KEPT: data})
        assert (opened.notes, opened.sequence, opened.damage) == ([], directory.last, "")
        assert opened.data == directory.states[directory.last]
        assert opened.contents[KEPT] == data


@pytest.mark.parametrize("how", [FINISHED, UNFINISHED])
def test_the_last_log_cut_at_every_byte_gives_the_longest_row_of_whole_batches(how: str) -> None:
    directory = written(how)
    whole = directory.contents[directory.log]
    marks = [0, *[mark.end() for mark in MARK.finditer(whole)]]
    for size in range(len(whole)):
        opened = Opened(directory.contents | {directory.log: whole[:size]})
        kept = max(end for end in marks if end <= size)
        lost = len([end for end in marks if end > max(kept, marks[1])])
        assert opened.damage == ""
        assert opened.sequence == directory.last - lost
        assert opened.data == directory.states[opened.sequence]
        assert len(opened.notes) == int(kept < size)
        assert opened.contents[directory.log] == whole[:kept]


@pytest.mark.parametrize(("how", "name"), [(FINISHED, NAME), (FINISHED, BASE), (UNFINISHED, BASE), (UNFINISHED, LOG)])
def test_any_other_file_cut_at_any_byte_is_refused(how: str, name: str) -> None:
    directory = written(how)
    for size in range(len(directory.contents[name])):
        contents = directory.contents | {name: directory.contents[name][:size]}
        opened = Opened(contents)
        assert opened.damage, f"{name} cut to {size} bytes"
        assert opened.contents == contents


def test_a_log_may_be_torn_as_long_as_the_next_one_is_empty() -> None:
    directory = written(UNFINISHED)
    whole = directory.contents[LOG]
    begin, end = [mark.end() for mark in MARK.finditer(whole)][-2:]
    for size in range(begin, end):
        opened = Opened(directory.contents | {LOG: whole[:size], NEXT: b""})
        assert opened.data == directory.states[directory.last - 2]
        assert len(opened.notes) == int(size > begin)


@pytest.mark.parametrize("how", [FINISHED, UNFINISHED])
def test_a_file_in_the_place_of_another_is_never_taken_for_it(how: str) -> None:
    directory = written(how)
    for name in directory.contents:
        for other in directory.contents:
            if KEPT not in (name, other) and name != other:
                opened = Opened(directory.contents | {name: directory.contents[other]})
                assert opened.damage or opened.notes, f"{other} as {name}"
                assert opened.damage or opened.data == directory.states[opened.sequence]


@pytest.mark.parametrize("how", [FINISHED, UNFINISHED])
def test_a_file_that_is_missing_is_an_error(how: str) -> None:
    directory = written(how)
    for name in set(directory.contents) - {KEPT}:
        files = put({known: data for known, data in directory.contents.items() if known != name})
        with pytest.raises((JournalDamaged, FileNotFoundError), match=name):
            Loading(files, DIRECTORY, Caller().engine)
