"""The database inside a program that keeps its data in a directory."""

import errno
import os
import threading
from pathlib import Path
from random import Random

import pytest

import kvik
from kvik.assembly import build_engine, data_directory
from kvik.embedded import Database
from kvik.journal.files import Files, WritingFile
from kvik.journal.manifest import BASE as BASE_KIND
from kvik.journal.manifest import FOLDER, INCR, JournalFile
from kvik.settings import Settings
from tests.journal.simulated import FOREVER, SimulatedFiles
from tests.patience import SECONDS_MAX, wait_until
from tests.programs import run_python

LOG = f"{FOLDER}/{JournalFile(1, INCR).name}"
BASE = f"{FOLDER}/{JournalFile(2, BASE_KIND).name}"


class GatedFile(WritingFile):
    """A real file whose syncs pass through a gate and are counted."""

    def __init__(self, file: WritingFile, files: "GatedFiles") -> None:
        super().__init__(-1)
        self._file = file
        self._files = files

    def write(self, data: bytes) -> int:
        return self._file.write(data)

    def sync(self) -> None:
        assert self._files.gate.wait(SECONDS_MAX)
        self._file.sync()
        self._files.syncs += 1

    def truncate(self, size: int) -> None:
        self._file.truncate(size)

    def size(self) -> int:
        return self._file.size()

    def close(self) -> None:
        self._file.close()


class GatedFiles(Files):
    """The real file system, with a gate before the syncs of the files it appends to."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.syncs = 0

    def open_appending(self, path: str) -> WritingFile:
        return GatedFile(super().open_appending(path), self)


def database_on(files: Files, directory: str, settings: Settings | None = None) -> Database:
    return Database(build_engine(settings or Settings()), directory, files)


def is_durable(database: Database) -> bool:
    """Tell whether everything that happened is on disk, without calling the database."""
    persistence = database.session.services.persistence
    return persistence.durable_sequence() == persistence.sequence()


# What stays


def test_what_was_kept_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    with kvik.open(tmp_path / "data") as database:
        database.execute("SET", "a", "1")
        database.execute("SELECT", 3)
        database.execute("SET", "b", "2", "PXAT", 4_102_444_800_000)
    with kvik.open(str(tmp_path / "data")) as database:
        assert database.execute("GET", "a") == b"1"
        database.execute("SELECT", 3)
        assert database.execute("PEXPIRETIME", "b") == 4_102_444_800_000


def test_a_directory_stays_the_same_when_the_program_goes_elsewhere(tmp_path: Path) -> None:
    assert data_directory("data") == os.path.abspath("data")
    assert data_directory(tmp_path / "data") == str(tmp_path / "data")


def test_closing_makes_everything_durable() -> None:
    for seed in range(20):
        files = SimulatedFiles()
        with database_on(files, "data", Settings(appendfsync="no")) as database:
            for number in range(10):
                database.execute("SET", f"key:{number}", number)
        files.crash(Random(seed))
        with database_on(files, "data") as database:
            assert database.execute("DBSIZE") == 10


def test_closing_tells_when_something_is_not_on_disk() -> None:
    files = SimulatedFiles()
    database = database_on(files, "data")
    database.execute("SET", "a", "1")
    files.fail("sync", errno.EIO, FOREVER)
    with pytest.raises(OSError, match="not on disk"):
        database.close()
    database.close()


def test_a_program_that_just_ends_loses_nothing(tmp_path: Path) -> None:
    script = "import kvik, sys; kvik.open(sys.argv[1]).execute('SET', 'a', '1')"
    assert run_python(script, str(tmp_path / "data")).returncode == 0
    with kvik.open(tmp_path / "data") as database:
        assert database.execute("GET", "a") == b"1"


# Who may use it


def test_a_directory_is_open_once(tmp_path: Path) -> None:
    with kvik.open(tmp_path) as database:
        with pytest.raises(kvik.DirectoryInUse) as refused:
            kvik.open(tmp_path)
        assert refused.value.pid == os.getpid()
        assert database.execute("PING") == b"PONG"
    kvik.open(tmp_path).close()


def test_damage_is_raised_and_nothing_is_changed(tmp_path: Path) -> None:
    with kvik.open(tmp_path) as database:
        for number in range(3):
            database.execute("SET", f"key:{number}", number)
        database.execute("SAVE")
    log = tmp_path / BASE
    sound = log.read_bytes()
    damaged = sound.replace(b"key:0", b"key:9")
    log.write_bytes(damaged)
    with pytest.raises(kvik.JournalDamaged, match=f"kvik check {tmp_path}"):
        kvik.open(tmp_path)
    assert log.read_bytes() == damaged
    log.write_bytes(sound)
    with kvik.open(tmp_path) as database:
        assert database.execute("DBSIZE") == 3


def test_a_forked_process_must_leave_the_directory_alone(tmp_path: Path) -> None:
    script = """
import kvik, os, sys
database = kvik.open(sys.argv[1])
database.execute("SET", "a", "1")
child = os.fork()
if child == 0:
    try:
        database.execute("SET", "a", "2")
    except ValueError as error:
        database.close()
        sys.exit(7 if "belongs to the process" in str(error) else 8)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
database.execute("APPEND", "a", "0")
database.close()
sys.exit(code)
"""
    assert run_python(script, str(tmp_path)).returncode == 7
    with kvik.open(tmp_path) as database:
        assert database.execute("GET", "a") == b"10"


# What an answer means


def test_everysec_syncs_while_nobody_calls(tmp_path: Path) -> None:
    database = database_on(GatedFiles(), str(tmp_path))
    for value in range(2):
        database.execute("SET", "a", value)
        wait_until(lambda: is_durable(database))
    database.close()


def test_with_everysec_calls_go_on_while_the_disk_is_busy(tmp_path: Path) -> None:
    files = GatedFiles()
    database = database_on(files, str(tmp_path))
    files.gate.clear()
    wait_until(lambda: database.execute("INCR", "a") is not None and not is_durable(database))
    assert database.execute("GET", "a") is not None
    assert not is_durable(database)
    files.gate.set()
    database.close()


def test_with_always_an_answer_means_that_it_is_on_disk(tmp_path: Path) -> None:
    database = database_on(GatedFiles(), str(tmp_path), Settings(appendfsync="always"))
    for value in range(20):
        database.execute("SET", "a", value)
        assert is_durable(database)
    database.close()


def test_with_always_what_many_threads_wait_for_is_synced_together(tmp_path: Path) -> None:
    files = GatedFiles()
    database = database_on(files, str(tmp_path), Settings(appendfsync="always"))
    database.execute("SET", "a", "0")
    persistence = database.session.services.persistence
    files.gate.clear()
    syncs, sequence = files.syncs, persistence.sequence()
    threads = [threading.Thread(target=database.execute, args=("INCR", "a")) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: persistence.sequence() == sequence + 8)
    files.gate.set()
    for thread in threads:
        thread.join(SECONDS_MAX)
    assert database.execute("GET", "a") == b"8"
    assert is_durable(database)
    assert files.syncs - syncs == 2, "that of the first, and one for all that came meanwhile"
    database.close()


def test_the_promise_can_be_changed_while_it_runs(tmp_path: Path) -> None:
    with database_on(Files(), str(tmp_path)) as database:
        database.execute("CONFIG", "SET", "appendfsync", "always")
        for value in range(5):
            database.execute("SET", "a", value)
            assert is_durable(database)


def test_after_a_failed_sync_the_data_is_written_anew_and_the_answer_comes() -> None:
    files = SimulatedFiles()
    database = database_on(files, "data", Settings(appendfsync="always"))
    database.execute("SET", "a", "1")
    files.fail("sync", errno.EIO)
    assert database.execute("SET", "b", "2") == b"OK"
    files.crash(Random(1))
    with database_on(files, "data") as again:
        assert again.execute("MGET", "a", "b") == [b"1", b"2"]


def test_a_full_disk_refuses_writes_and_resumes_by_itself() -> None:
    files = SimulatedFiles()
    with database_on(files, "data") as database:
        database.execute("SET", "a", "1")
        files.fail("write", errno.ENOSPC, FOREVER)
        threading.Timer(0.3, files.heal).start()
        assert database.execute("SET", "b", "2") == b"OK"
        assert database.execute("MGET", "a", "b") == [b"1", b"2"]


# Looking after it


def test_the_journal_is_compacted_by_itself(tmp_path: Path) -> None:
    settings = Settings(auto_aof_rewrite_min_size=20_000, auto_aof_rewrite_percentage=100)
    with kvik.open(tmp_path, settings) as database:
        for number in range(500):
            database.execute("SET", "a", f"{number:0100}")
        wait_until(lambda: len(list((tmp_path / FOLDER).glob("*.base.aof"))) > 0)
        database.execute("SET", "b", "2")
    with kvik.open(tmp_path) as database:
        assert database.execute("GET", "a") == b"%0100d" % 499
        assert database.execute("GET", "b") == b"2"


def test_a_closed_database_frees_its_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    for _ in range(3):
        kvik.open(tmp_path).close()
    assert threading.active_count() == before
