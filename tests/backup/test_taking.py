"""BACKUP while others go on, and what is found when it fails or the machine stops in the middle of it."""

import errno
import re
from random import Random

import pytest

from kvik.backup.restoring import REPLACE
from kvik.backup.taking import Backups
from kvik.clock import shown_second
from kvik.journal.worker import InlineWorker, Worker
from kvik.replies import WaitForDisk
from tests.backup.keeping import DIRECTORY, FOLDER, Kept, TwoSlowWorkers, ordered, read_through, restored
from tests.engines import Caller
from tests.journal.compacting import SlowWorker
from tests.journal.simulated import Crash, SimulatedFiles

OPERATIONS_MAX = 200
IN_MEMORY = "ERR There is no directory to write to: kvik backup reads the data over the network"
NO_BACKUP = "ERR The backup could not be written: it exists and is no backup; nothing is written over it"


def filled(files: SimulatedFiles | None = None, worker: Worker | None = None) -> Kept:
    kept = Kept(files, worker)
    for number in range(20):
        kept("SET", f"k{number}", f"v{number}")
    kept("SET", b"\xff", "binary")
    kept("SELECT", "3")
    kept("RPUSH", "l", "one", "two")
    kept("SELECT", "0")
    return kept


def content_of(kept: Kept, name: str) -> bytes:
    return kept.files.read(f"{DIRECTORY}/{name}")


# Names


def test_the_name_tells_the_second_and_is_never_used_twice() -> None:
    kept = filled()
    name = f"backups/kvik-backup-{shown_second(kept.clock.now)}"
    assert re.fullmatch(r"backups/kvik-backup-[0-9]{8}-[0-9]{6}", name)
    assert kept.back_up() == f"{name}.json".encode()
    assert kept.back_up() == f"{name}-2.json".encode()
    assert kept.back_up() == f"{name}-3.json".encode()


def test_an_earlier_backup_of_the_name_is_replaced() -> None:
    kept = filled()
    assert kept.back_up("daily.json") == b"backups/daily.json"
    kept("SET", "new", "1")
    assert kept.back_up("daily.json") == b"backups/daily.json"
    assert read_through(content_of(kept, "backups/daily.json")) == 23
    assert kept.names() == ["daily.json"]


def test_nothing_but_a_backup_is_ever_replaced() -> None:
    kept = filled()
    kept.files.put(f"{FOLDER}/mine.json", b'{"not": "ours"}')
    kept.files.put(f"{FOLDER}/empty", b"")
    kept.files.make_folder(f"{FOLDER}/folder")
    for name in ("mine.json", "empty", "folder"):
        assert kept.back_up(name) == NO_BACKUP
    assert kept.files.read(f"{FOLDER}/mine.json") == b'{"not": "ours"}'
    assert kept.names() == ["empty", "folder", "mine.json"]


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "a/b", "/etc/passwd", "a\\b", "a\nb", "a\0", "x.part", "x" * 201, "\udcff"]
)
def test_a_name_is_a_plain_file_name(name: str) -> None:
    kept = filled()
    assert kept.error("BACKUP", name) == "ERR The name of a backup is a plain file name, such as monday.json"
    assert kept.names() == []


def test_without_a_directory_it_is_an_error_that_says_so(caller: Caller) -> None:
    assert caller.error("BACKUP") == IN_MEMORY
    assert caller.error("BACKUP", "x.json") == IN_MEMORY


# Meanwhile


def test_a_second_one_is_refused_while_one_is_running() -> None:
    workers = TwoSlowWorkers()
    kept = filled(worker=workers)
    assert isinstance(kept("BACKUP", "one"), WaitForDisk)
    assert kept.another().error("BACKUP", "two") == "ERR A backup is already in progress"


@pytest.mark.parametrize("seed", range(20))
def test_the_file_is_of_the_moment_it_was_asked_for(seed: int) -> None:
    random = Random(seed)
    workers = TwoSlowWorkers()
    kept = filled(worker=workers)
    wanted = ordered(kept)
    assert isinstance(kept("BACKUP", "x"), WaitForDisk)
    writer = kept.another()
    while not kept.outlet.delivered:
        for _ in range(random.randrange(10)):
            disturb(writer, random)
        kept.keeper.step(0)
        if random.random() < 0.5:
            workers.second.finish()
    back = restored(content_of(kept, "backups/x"))
    assert [sorted(space) for space in ordered(back)] == [sorted(space) for space in wanted]
    assert kept.engine.databases.snapshots == 0


def disturb(writer: Caller, random: Random) -> None:
    number = random.randrange(30)
    words = random.choice(
        [
            ("SET", f"k{number}", "changed"),
            ("DEL", f"k{number}"),
            ("SET", f"k{number}", "short", "PX", "1"),
            ("RPUSH", "l", "three"),
            ("SELECT", random.choice("03")),
            ("SWAPDB", "0", "3"),
            ("FLUSHALL",) if number == 0 else ("INCR", "counter"),
        ]
    )
    writer(*words)


def test_two_snapshots_of_one_large_content_that_is_cleared_lose_nothing() -> None:
    workers = TwoSlowWorkers()
    kept = Kept(worker=workers)
    for start in range(0, 70_000, 1_000):
        kept("MSET", *[word for number in range(start, start + 1_000) for word in (f"k{number}", "v")])
    assert isinstance(kept("BACKUP", "x"), WaitForDisk)
    reader = kept.another()
    reader("SNAPSHOT", "OPEN")
    reader.plain("SNAPSHOT", "READ", "BYTES", "1000")
    kept.another()("FLUSHALL")
    keys = 0
    for _ in range(10_000):
        reply = reader.plain("SNAPSHOT", "READ", "BYTES", "1000000")
        assert isinstance(reply, list)
        keys += len(reply[1])
        if not reply[0]:
            break
    while not kept.outlet.delivered:
        kept.keeper.step(100)
        workers.second.finish()
    assert keys > 69_000
    assert read_through(content_of(kept, "backups/x")) == 70_000


# Failures


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("operation", ["make_folder", "create", "write", "sync", "rename", "sync_folder", "close"])
def test_what_fails_is_told_and_leaves_the_earlier_backup(operation: str, error: int) -> None:
    kept = filled()
    assert kept.back_up("x") == b"backups/x"
    before = content_of(kept, "backups/x")
    kept.files.fail(operation, error, path="backups")
    kept("SET", "new", "1")
    answer = kept.back_up("x")
    assert isinstance(answer, str) and answer.startswith("ERR The backup could not be written: ")
    kept.files.heal()
    assert content_of(kept, "backups/x") == before or (operation == "sync_folder" and kept.names() == ["x"])
    assert kept.engine.databases.snapshots == 0
    assert kept.back_up("x") == b"backups/x"
    assert kept.names() == ["x"]


def test_the_end_of_the_server_ends_it() -> None:
    kept = filled(worker=TwoSlowWorkers())
    assert isinstance(kept("BACKUP", "x"), WaitForDisk)
    kept.keeper.close()
    assert "shutting down" in str(kept.outlet.delivered[0][1])
    assert kept.names() == []
    assert kept.engine.databases.snapshots == 0


def test_a_disk_that_is_slower_than_the_writes_ends_it() -> None:
    kept = filled()
    for number in range(100):
        kept("SET", f"large{number}", "x" * 30_000)
    worker = SlowWorker()
    backups = Backups(kept.files, DIRECTORY, kept.engine, worker)
    backups.overwritten_bytes_max = 100_000
    backups.begin("x", False)
    backups.step(1_000)
    for number in range(100):
        kept("SET", f"large{number}", "small")
    while backups.is_running():
        backups.step(1_000)
        worker.finish()
    assert backups.error == "the disk is slower than the writes that go on"
    assert kept.names() == []
    assert kept.engine.databases.snapshots == 0


def test_a_crash_at_any_operation_leaves_the_old_file_or_the_new_one() -> None:
    ends = set()
    for number in range(1, OPERATIONS_MAX):
        files = SimulatedFiles()
        kept = filled(files)
        assert kept.back_up("x") == b"backups/x"
        files.settle()
        old = content_of(kept, "backups/x")
        kept("SET", "new", "1")
        files.stop_at(number, 0.5)
        try:
            kept.back_up("x")
        except Crash:
            for seed in range(4):
                ends.add(what_a_crash_leaves(files, seed, old))
            continue
        break
    else:
        raise AssertionError("it never ends")
    assert number > 10
    assert ends == {"old", "new"}


def what_a_crash_leaves(files: SimulatedFiles, seed: int, old: bytes) -> str:
    after = files.copy()
    after.crash(Random(seed))
    kept = Kept(after)
    assert kept.names() == ["x"], "parts are removed at the start"
    found = after.read(f"{FOLDER}/x")
    if found == old:
        return "old"
    assert read_through(found) == 23
    return "new"


def test_a_crash_of_the_first_backup_leaves_nothing_or_all_of_it() -> None:
    for number in range(1, OPERATIONS_MAX):
        files = SimulatedFiles()
        kept = filled(files)
        files.settle()
        files.stop_at(number, 0.5)
        try:
            kept.back_up("x")
        except Crash:
            files.crash(Random(number))
            again = Kept(files)
            assert again.names() in ([], ["x"])
            if again.names():
                assert read_through(content_of(again, "backups/x")) == 22
            continue
        files.crash(Random(number))
        assert Kept(files).names() == ["x"], "what was answered is there"
        return
    raise AssertionError("it never ends")


def test_a_backup_of_a_restored_backup_is_the_same_but_for_its_moment() -> None:
    kept = filled(worker=InlineWorker())
    kept.back_up("x")
    other = restored(content_of(kept, "backups/x"), REPLACE, filled())
    assert isinstance(other, Kept)
    other.back_up("y")
    assert content_of(other, "backups/y") == content_of(kept, "backups/x")


def test_what_ends_within_a_large_value_leaves_it_to_be_freed_in_slices() -> None:
    kept = Kept()
    kept("SADD", "large", *range(20_000))
    databases = kept.engine.databases
    backups = Backups(kept.files, DIRECTORY, kept.engine, InlineWorker())
    backups.begin("x", False)
    backups.step(0)
    kept("DEL", "large")
    while databases.free_some():
        pass
    backups.stop()
    assert databases.free_some()
