"""The simulated file system counts, stops, fails and is killed as told."""

import errno
from collections.abc import Callable
from random import Random
from typing import Final

import pytest

from kvik.errors import DirectoryInUse
from kvik.journal.files import WritingFile
from tests.journal.crashes import LOG, SEEDS, crashed, disk, ends, ends_of_names, found, writing, writing_pages
from tests.journal.simulated import ANY, FOREVER, SHORT, Crash, SimulatedFiles

# Crashes, kills and stops.


def test_the_same_seed_loses_the_same() -> None:
    files = writing_pages()
    files.create("/data/new").write(b"content")
    runs = [[(found(after), after.names("/data")) for after in [crashed(files, seed) for seed in SEEDS]] for _ in "12"]
    assert runs[0] == runs[1]
    assert len({end for end, _ in runs[0]}) > 50, "and other seeds lose something else"


def test_after_a_crash_what_is_there_is_durable() -> None:
    files = crashed(writing_pages(), 3)
    end = found(files)
    assert ends(files) == {end}
    assert ends_of_names(files) == {("log",)}


def test_a_kill_loses_nothing_but_makes_nothing_durable() -> None:
    files = disk()
    file = writing(files, b"written")
    lock = files.lock("/data/kvik.lock")
    files.fail(ANY, errno.EIO, FOREVER)
    files.kill()
    assert found(files) == b"written"
    files.lock("/data/kvik.lock")
    with pytest.raises(Crash):
        file.write(b"from the dead")
    lock.release()
    with pytest.raises(DirectoryInUse):
        files.lock("/data/kvik.lock")
    assert b"" in ends(files)


def test_a_crash_ends_locks_faults_and_open_files() -> None:
    files = disk()
    file = writing(files, b"written")
    reader = files.open_reading(LOG)
    files.lock("/data/kvik.lock")
    files.settle()
    files.fail(ANY, errno.EIO, FOREVER)
    files.crash(Random(1))
    files.lock("/data/kvik.lock").release()
    uses: list[Callable[[], object]] = [file.sync, file.size, lambda: file.truncate(0), lambda: file.write(b"x")]
    uses.append(lambda: reader.read(1))
    for use in uses:
        with pytest.raises(Crash):
            use()
    file.close()
    reader.close()
    assert found(files) == b"written"


def test_a_process_stops_at_an_operation_and_stays_dead() -> None:
    files = disk()
    files.stop_at(3)
    file = files.open_appending(LOG)
    file.write(b"one|")
    with pytest.raises(Crash):
        file.write(b"two|")
    uses: list[Callable[[], object]] = [file.sync, lambda: files.read(LOG), lambda: files.create("/data/new")]
    for use in uses:
        with pytest.raises(Crash):
            use()
    file.close()
    assert files.operations == 3, "the dead do nothing"
    files.kill()
    assert found(files) == b"one|"
    assert files.names("/data") == ["log"]


@pytest.mark.parametrize(("share", "written"), [(0.0, b""), (0.5, b"ab"), (1.0, b"abcd")])
def test_a_stopped_write_has_written_a_part(share: float, written: bytes) -> None:
    files = disk()
    file = files.open_appending(LOG)
    files.stop_at(1, share)
    for _ in range(2):
        with pytest.raises(Crash):
            file.write(b"abcd")
    files.kill()
    assert found(files) == written


def test_operations_are_counted_and_listed() -> None:
    files = disk()
    file = writing(files, b"one")
    file.sync()
    file.close()
    files.rename(LOG, "/data/old")
    files.sync_folder("/data")
    assert files.operations == 6
    assert files.calls[:4] == [("open_appending", LOG), ("write", LOG), ("sync", LOG), ("close", LOG)]
    assert files.calls[4:] == [("rename", "/data/log -> /data/old"), ("sync_folder", "/data")]


# Faults.

CALLS: Final[dict[str, Callable[[SimulatedFiles, WritingFile], object]]] = {
    "make_folder": lambda files, file: files.make_folder("/data/new"),
    "names": lambda files, file: files.names("/data"),
    "exists": lambda files, file: files.exists(LOG),
    "open_reading": lambda files, file: files.open_reading(LOG),
    "read": lambda files, file: files.read(LOG),
    "create": lambda files, file: files.create("/data/new"),
    "open_appending": lambda files, file: files.open_appending(LOG),
    "rename": lambda files, file: files.rename(LOG, "/data/new"),
    "remove": lambda files, file: files.remove(LOG),
    "sync_folder": lambda files, file: files.sync_folder("/data"),
    "lock": lambda files, file: files.lock("/data/kvik.lock"),
    "free_bytes": lambda files, file: files.free_bytes("/data"),
    "write": lambda files, file: file.write(b"more"),
    "sync": lambda files, file: file.sync(),
    "truncate": lambda files, file: file.truncate(1),
    "size": lambda files, file: file.size(),
    "close": lambda files, file: file.close(),
}


@pytest.mark.parametrize("operation", CALLS)
def test_a_call_that_fails_has_done_nothing(operation: str) -> None:
    files = disk()
    file = writing(files, b"content")
    files.fail(operation, errno.EIO)
    with pytest.raises(OSError) as caught:
        CALLS[operation](files, file)
    assert caught.value.errno == errno.EIO
    assert (files.names("/data"), files.read(LOG)) == (["log"], b"content")
    CALLS[operation](files, file)


@pytest.mark.parametrize("operation", CALLS)
def test_an_interrupted_call_is_made_again_by_itself(operation: str) -> None:
    files, plain = disk(), disk()
    file, plain_file = writing(files, b"content"), writing(plain, b"content")
    files.fail(operation, errno.EINTR, times=2)
    CALLS[operation](files, file)
    CALLS[operation](plain, plain_file)
    assert files.operations == plain.operations + 2
    assert (files.names("/data"), found(files)) == (plain.names("/data"), found(plain))


def test_faults_strike_after_a_while_as_often_as_told_where_told() -> None:
    files = disk()
    files.put("/data/other", b"")
    files.fail("write", errno.ENOSPC, times=2, skip=1, path="log")
    file, other = files.open_appending(LOG), files.open_appending("/data/other")
    outcomes = []
    for writer in (file, other, file, other, file, file):
        try:
            outcomes.append(writer.write(b"abc"))
        except OSError as error:
            outcomes.append(-(error.errno or 0))
    assert outcomes == [3, 3, -errno.ENOSPC, 3, -errno.ENOSPC, 3]


def test_a_fault_for_ever_lasts_until_it_is_healed() -> None:
    files = disk()
    file = writing(files, b"content")
    files.fail(ANY, errno.EIO, FOREVER)
    for _ in range(20):
        with pytest.raises(OSError, match="Input/output error"):
            file.write(b"x")
    files.heal()
    assert file.write(b"x") == 1
    with pytest.raises(ValueError, match="for ever"):
        files.fail("write", errno.EINTR, FOREVER)


def test_short_calls_take_and_give_about_half() -> None:
    files = disk()
    files.fail("write", SHORT, times=2)
    file = files.open_appending(LOG)
    assert [file.write(b"abcde"), file.write(b"x"), file.write(b"yz")] == [3, 1, 2]
    files.fail("read", SHORT, FOREVER)
    reader = files.open_reading(LOG)
    assert [reader.read(4), reader.read(4), reader.read(1)] == [b"ab", b"cx", b"y"]
    assert files.read(LOG) == b"abcxyz", "whoever reads to the end gets all"


def test_a_full_disk_takes_what_fits_and_then_nothing() -> None:
    files = disk()
    files.put("/data/other", b"12345")
    files.capacity = 8
    file = files.open_appending(LOG)
    assert (file.write(b"abcdef"), files.free_bytes("/data"), file.write(b"")) == (3, 0, 0)
    with pytest.raises(OSError) as caught:
        file.write(b"def")
    assert caught.value.errno == errno.ENOSPC
    files.remove("/data/other")
    assert file.write(b"def") == 3
    file.truncate(0)
    assert files.free_bytes("/data") == 8


def test_copies_and_what_tests_put_in_are_on_their_own() -> None:
    files = disk()
    files.put("/data/deep/er/file", b"content")
    other = files.copy()
    other.remove("/data/deep/er/file")
    assert ends(files, "/data/deep/er/file") == {b"content"}
    assert not other.exists("/data/deep/er/file")
    files.make_folder("/data/new")
    files.create("/data/new/file").write(b"more")
    files.settle()
    assert ends(files, "/data/new/file") == {b"more"}
