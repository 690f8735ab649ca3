"""The files of the machine and their simulated twin, side by side: what one does, the other does."""

import errno
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kvik.errors import DirectoryInUse, JournalDamaged
from kvik.journal.files import Files, ReadingFile, WritingFile, process_in
from tests.journal.simulated import SimulatedFiles


class Place:
    """A file system, and a folder in it that tests may fill."""

    def __init__(self, files: Files, folder: str, pid: int) -> None:
        self.files: Final = files
        self.folder: Final = folder
        self.pid: Final = pid

    def path(self, name: str) -> str:
        return f"{self.folder}/{name}"

    def make(self, name: str, data: bytes) -> str:
        """Make a file with this content; return its path."""
        path = self.path(name)
        file = self.files.create(path)
        assert file.write(data) == len(data)
        file.close()
        return path


def real_place(folder: str) -> Place:
    return Place(Files(), folder, os.getpid())


def simulated_place() -> Place:
    files = SimulatedFiles(pid=4711)
    files.make_folder("/data")
    return Place(files, "/data", 4711)


@pytest.fixture(params=["real", "simulated"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return real_place(str(tmp_path)) if request.param == "real" else simulated_place()


def error_of(call: Callable[[], object]) -> int:
    """Return the errno a call fails with."""
    with pytest.raises(OSError) as caught:
        call()
    return caught.value.errno or 0


def test_what_was_written_is_read(place: Place) -> None:
    path = place.path("log")
    file = place.files.create(path)
    assert [file.write(b"one"), file.write(b""), file.write(b"two")] == [3, 0, 3]
    assert file.size() == 6
    assert place.files.read(path) == b"onetwo", "a reader sees what was written, before any sync"
    file.sync()
    file.close()
    assert place.files.size(path) == 6


def test_a_file_is_read_in_pieces(place: Place) -> None:
    file = place.files.open_reading(place.make("log", b"abcdefg"))
    assert [file.read(3), file.read(3), file.read(3), file.read(3)] == [b"abc", b"def", b"g", b""]
    file.close()


def test_a_large_file_is_read_whole(place: Place) -> None:
    data = bytes(range(256)) * 12_345
    assert place.files.read(place.make("base", data)) == data


def test_a_reader_sees_what_is_appended_later(place: Place) -> None:
    path = place.make("log", b"abc")
    reader = place.files.open_reading(path)
    assert reader.read(9) == b"abc"
    writer = place.files.open_appending(path)
    writer.write(b"def")
    assert reader.read(9) == b"def"
    reader.close()
    writer.close()


def test_create_refuses_a_name_that_is_taken(place: Place) -> None:
    path = place.make("log", b"kept")
    assert error_of(lambda: place.files.create(path)) == errno.EEXIST
    assert place.files.read(path) == b"kept"


def test_create_empties_a_file_when_replacing(place: Place) -> None:
    path = place.make("log", b"old and long")
    file = place.files.create(path, replacing=True)
    file.write(b"new")
    file.close()
    assert place.files.read(path) == b"new"
    place.files.create(place.path("fresh"), replacing=True).close()
    assert place.files.read(place.path("fresh")) == b""


def test_appending_goes_behind_what_is_there(place: Place) -> None:
    path = place.make("log", b"abc")
    file = place.files.open_appending(path)
    assert file.size() == 3
    file.write(b"def")
    assert place.files.read(path) == b"abcdef"
    assert error_of(lambda: place.files.open_appending(place.path("none"))) == errno.ENOENT
    file.close()


def test_a_write_after_a_cut_goes_to_the_new_end(place: Place) -> None:
    path = place.make("log", b"")
    file = place.files.open_appending(path)
    file.write(b"whole|torn")
    file.truncate(6)
    assert file.size() == 6
    file.write(b"next")
    assert place.files.read(path) == b"whole|next"
    file.truncate(12)
    assert place.files.read(path) == b"whole|next\0\0"
    file.close()


def test_a_rename_replaces_the_file_that_had_the_name(place: Place) -> None:
    old, new = place.make("manifest.part", b"new"), place.make("manifest", b"old")
    place.files.rename(old, new)
    assert place.files.names(place.folder) == ["manifest"]
    assert place.files.read(new) == b"new"
    assert error_of(lambda: place.files.rename(old, new)) == errno.ENOENT


def test_a_file_is_renamed_into_another_folder(place: Place) -> None:
    old = place.make("log", b"end")
    place.files.make_folder(place.path("torn"))
    place.files.rename(old, place.path("torn/log.12"))
    assert place.files.names(place.folder) == ["torn"]
    assert place.files.read(place.path("torn/log.12")) == b"end"
    assert error_of(lambda: place.files.rename(place.path("torn/log.12"), place.path("none/log"))) == errno.ENOENT


def test_an_open_file_follows_its_rename(place: Place) -> None:
    file = place.files.create(place.path("base.part"))
    file.write(b"one")
    place.files.rename(place.path("base.part"), place.path("base"))
    file.write(b"two")
    file.close()
    assert place.files.read(place.path("base")) == b"onetwo"


def test_a_removed_file_is_gone_but_for_those_who_have_it_open(place: Place) -> None:
    path = place.make("log", b"abc")
    reader = place.files.open_reading(path)
    place.files.remove(path)
    assert not place.files.exists(path)
    assert reader.read(9) == b"abc"
    reader.close()
    assert error_of(lambda: place.files.remove(path)) == errno.ENOENT
    assert error_of(lambda: place.files.read(path)) == errno.ENOENT
    assert error_of(lambda: place.files.size(path)) == errno.ENOENT


def test_folders_are_made_once_and_listed_in_order(place: Place) -> None:
    place.files.make_folder(place.path("folder"))
    for name in "daecb":
        place.make(f"folder/{name}", b"")
    place.files.make_folder(place.path("folder"))
    assert place.files.names(place.path("folder")) == ["a", "b", "c", "d", "e"]
    assert place.files.exists(place.path("folder"))
    assert error_of(lambda: place.files.make_folder(place.path("none/below"))) == errno.ENOENT
    assert error_of(lambda: place.files.make_folder(place.path("folder/a"))) == errno.EEXIST
    assert error_of(lambda: place.files.names(place.path("none"))) == errno.ENOENT


def test_only_an_empty_folder_is_removed(place: Place) -> None:
    place.files.make_folder(place.path("sub"))
    place.make("sub/a", b"1")
    assert error_of(lambda: place.files.remove_folder(place.path("sub"))) == errno.ENOTEMPTY
    assert error_of(lambda: place.files.remove_folder(place.path("sub/a"))) == errno.ENOTDIR
    place.files.remove(place.path("sub/a"))
    place.files.remove_folder(place.path("sub"))
    assert not place.files.exists(place.path("sub"))
    assert error_of(lambda: place.files.remove_folder(place.path("sub"))) == errno.ENOENT


def test_files_and_folders_are_not_taken_for_one_another(place: Place) -> None:
    file = place.make("log", b"")
    folder = place.path("folder")
    place.files.make_folder(folder)
    assert error_of(lambda: place.files.open_reading(folder)) == errno.EISDIR
    assert error_of(lambda: place.files.open_appending(folder)) == errno.EISDIR
    assert error_of(lambda: place.files.create(folder, replacing=True)) == errno.EISDIR
    assert error_of(lambda: place.files.rename(file, folder)) == errno.EISDIR
    assert error_of(lambda: place.files.names(file)) == errno.ENOTDIR
    assert error_of(lambda: place.files.sync_folder(file)) == errno.ENOTDIR
    assert error_of(lambda: place.files.read(f"{file}/below")) == errno.ENOTDIR
    assert not place.files.exists(f"{file}/below")


def test_folders_are_synced_and_have_room(place: Place) -> None:
    place.make("log", b"abc")
    place.files.sync_folder(place.folder)
    assert place.files.free_bytes(place.folder) > 1000
    assert error_of(lambda: place.files.sync_folder(place.path("none"))) == errno.ENOENT
    assert error_of(lambda: place.files.free_bytes(place.path("none"))) == errno.ENOENT


def test_what_is_closed_cannot_be_used_and_can_be_closed_again(place: Place) -> None:
    path = place.make("log", b"abc")
    writer, reader = place.files.open_appending(path), place.files.open_reading(path)
    for _ in range(2):
        writer.close()
        reader.close()
    calls: list[Callable[[], object]] = [lambda: writer.write(b"x"), writer.sync, writer.size]
    calls += [lambda: writer.truncate(0), lambda: reader.read(1)]
    assert [error_of(call) for call in calls] == [errno.EBADF] * 5


def test_a_second_lock_is_refused_and_names_the_process(place: Place) -> None:
    path = place.path("kvik.lock")
    lock = place.files.lock(path)
    with pytest.raises(DirectoryInUse, match=f"{path} is locked by process {place.pid}: ") as caught:
        place.files.lock(path)
    assert (caught.value.path, caught.value.pid) == (path, place.pid)
    lock.release()
    again = place.files.lock(path)
    lock.release()
    with pytest.raises(DirectoryInUse):
        place.files.lock(path)
    again.release()


@pytest.mark.parametrize("stale", [b"", b"999999999999\n", b"who knows what this was, and so much of it"])
def test_a_lock_file_that_nobody_holds_is_no_obstacle(place: Place, stale: bytes) -> None:
    path = place.make("kvik.lock", stale)
    lock = place.files.lock(path)
    assert place.files.read(path) == b"%d\n" % place.pid
    lock.release()


def test_a_lock_file_without_a_process_id_says_another_process() -> None:
    assert [process_in(b"12\n"), process_in(b""), process_in(b"-1"), process_in(b"1 2")] == [12, 0, 0, 0]
    assert process_in(b"12\n567\n") == 12, "what a longer one left is cut off a moment later"
    assert str(DirectoryInUse("data/kvik.lock", 0)).startswith("data/kvik.lock is locked by another process: ")


def test_damage_is_told_in_one_line_with_the_command_that_looks_into_it() -> None:
    damage = JournalDamaged("my data/appendonlydir/x.incr.aof", 1234, 77, "the checksum\r\nis wrong")
    place = "my data/appendonlydir/x.incr.aof is damaged at offset 1234, where batch 77 was expected"
    rest = "the checksum  is wrong. Nothing was loaded or changed. To look into it: kvik check 'my data'"
    assert str(damage) == f"{place}: {rest}"
    assert (damage.offset, damage.sequence, damage.why) == (1234, 77, "the checksum\r\nis wrong")
    manifest = str(JournalDamaged("appendonly.aof.manifest", 0, -1, "empty"))
    assert "batch" not in manifest
    assert manifest.endswith("kvik check DIR")


# What only the machine's own files have.


def test_files_and_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    place = real_place(str(tmp_path))
    before = os.umask(0)
    try:
        place.files.make_folder(place.path("folder"))
        place.make("log", b"")
        place.files.lock(place.path("kvik.lock")).release()
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("folder", "log", "kvik.lock")]
    assert modes == [0o700, 0o600, 0o600]


def test_links_and_pipes_are_not_opened_as_files(tmp_path: Path) -> None:
    place = real_place(str(tmp_path))
    place.make("secret", b"secret")
    os.symlink(place.path("secret"), place.path("link"))
    os.mkfifo(place.path("pipe"))
    ways: list[Callable[[str], object]] = [place.files.open_reading, place.files.open_appending, place.files.lock]
    ways.append(lambda path: place.files.create(path, replacing=True))
    for way in ways:
        with pytest.raises(OSError):
            way(place.path("link"))
        with pytest.raises(OSError):
            way(place.path("pipe"))
    assert place.files.read(place.path("secret")) == b"secret"


def test_a_link_that_leads_nowhere_has_its_name_taken(tmp_path: Path) -> None:
    place = real_place(str(tmp_path))
    os.symlink(place.path("nowhere"), place.path("link"))
    assert place.files.exists(place.path("link"))
    assert error_of(lambda: place.files.create(place.path("link"))) == errno.EEXIST
    assert not (tmp_path / "nowhere").exists()


HOLDER = """
import sys
from kvik.journal.files import Files
lock = Files().lock(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def test_a_lock_ends_with_the_process_that_held_it(tmp_path: Path) -> None:
    path = str(tmp_path / "kvik.lock")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", HOLDER, path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            with pytest.raises(DirectoryInUse) as caught:
                Files().lock(path)
            assert caught.value.pid == holder.pid
        finally:
            holder.kill()
    Files().lock(path).release()
    assert Path(path).read_bytes() == b"%d\n" % os.getpid()


def test_a_lock_is_given_back_although_a_child_has_it_open(tmp_path: Path) -> None:
    path = str(tmp_path / "kvik.lock")
    lock = Files().lock(path)
    wait, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(go)
        os.read(wait, 1)
        os._exit(0)
    try:
        lock.release()
        Files().lock(path).release()
    finally:
        os.close(go)
        os.close(wait)
        _, status = os.waitpid(child, 0)
    assert status == 0


INHERITED = """
import os, sys
wanted = {os.stat(path).st_ino for path in sys.argv[1:]}
for descriptor in range(3, 100):
    try:
        print(*{os.fstat(descriptor).st_ino} & wanted, end="")
    except OSError:
        pass
"""


def test_nothing_stays_open_in_programs_that_are_started(tmp_path: Path) -> None:
    place = real_place(str(tmp_path))
    log, lock = place.make("log", b""), place.files.lock(place.path("kvik.lock"))
    files: list[ReadingFile | WritingFile] = [place.files.open_reading(log), place.files.open_appending(log)]
    command = [sys.executable, "-c", INHERITED, log, place.path("kvik.lock")]
    ended = subprocess.run(command, capture_output=True, close_fds=False, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
    for file in files:
        file.close()
    lock.release()


# Any calls at all, one after the other, on both.

PATHS: Final = ("a", "b", "sub", "sub/a", "sub/b", "sub/deep", "sub/deep/a", "none/a")
STEPS: Final = st.lists(
    st.tuples(
        st.sampled_from(
            ("create", "replace", "append", "write", "truncate", "close", "read", "exists", "remove")
            + ("make_folder", "make_folder", "names", "rename", "rename", "sync", "sync_folder")
        ),
        st.sampled_from(PATHS),
        st.sampled_from(PATHS),
        st.integers(0, 20),
    ),
    max_size=40,
)


class Walk:
    """One of the two on its way through the steps, with one file open for writing."""

    def __init__(self, place: Place) -> None:
        self.place: Final = place
        self.file: WritingFile | None = None

    def outcome(self, step: tuple[str, str, str, int]) -> object:
        """Return what the step gives: a value, or the number of its error."""
        try:
            return self._take(*step)
        except OSError as error:
            # Where Linux says that a folder cannot be removed as a file, macOS says that one may not.
            return "error", errno.EISDIR if error.errno == errno.EPERM else error.errno

    def _take(self, what: str, name: str, other: str, number: int) -> object:
        files, path = self.place.files, self.place.path(name)
        if what in ("create", "replace", "append"):
            self._open(what, path)
            return None
        if what in ("write", "truncate", "sync", "close"):
            return self._use(what, number)
        if what == "rename":
            files.rename(path, self.place.path(other))
            return None
        simple: dict[str, Callable[[str], object]] = {"read": files.read, "exists": files.exists}
        simple |= {"remove": files.remove, "make_folder": files.make_folder, "names": files.names}
        return {**simple, "sync_folder": files.sync_folder}[what](path)

    def _open(self, what: str, path: str) -> None:
        files = self.place.files
        file = files.open_appending(path) if what == "append" else files.create(path, what == "replace")
        if self.file is not None:
            self.file.close()
        self.file = file

    def _use(self, what: str, number: int) -> object:
        if self.file is None:
            return None
        if what == "write":
            self.file.write(bytes(range(number)))
        elif what == "truncate":
            self.file.truncate(number)
        elif what == "sync":
            self.file.sync()
        else:
            self.file.close()
            return None
        return self.file.size()


@settings(max_examples=300, deadline=None)
@given(steps=STEPS)
def test_any_calls_do_the_same_in_both(steps: list[tuple[str, str, str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        real, twin = Walk(real_place(folder)), Walk(simulated_place())
        for step in steps:
            assert real.outcome(step) == twin.outcome(step), step
        for path in PATHS:
            for what in ("exists", "read", "names"):
                step = (what, path, path, 0)
                assert real.outcome(step) == twin.outcome(step), step
        if real.file is not None:
            real.file.close()


def test_the_twins_are_of_the_same_kind() -> None:
    place = simulated_place()
    path = place.make("log", b"")
    assert isinstance(place.files, Files)
    assert isinstance(place.files.open_reading(path), ReadingFile)
    assert isinstance(place.files.open_appending(path), WritingFile)
