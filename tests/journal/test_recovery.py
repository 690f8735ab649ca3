"""Opening a data directory: what was kept comes back, a torn end is set aside, damage is left as it is."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from kvik.errors import DirectoryInUse, JournalDamaged
from kvik.journal.files import Files
from kvik.journal.manifest import INCR, NAME, JournalFile, Manifest, path_in, read_manifest
from kvik.journal.reader import Limit
from kvik.journal.recovery import LOCK_NAME, Loading
from tests.engines import Caller
from tests.journal.logs import DIRECTORY, LogWriter, Story, one_file, put
from tests.journal.simulated import SimulatedFiles
from tests.servers import Process, connect, require
from tests.wire import Wire

FIRST = path_in(DIRECTORY, "appendonly.aof.1.incr.aof")


def load(files: Files, directory: str = DIRECTORY, limit: Limit | None = None) -> tuple[Caller, Loading]:
    """Load a directory into a fresh engine; its lock is released again."""
    call = Caller()
    loading = Loading(files, directory, call.engine, limit)
    try:
        while loading.step(1_000):
            pass
    finally:
        loading.close()
    return call, loading


def test_an_empty_directory_gets_the_first_generation() -> None:
    files = SimulatedFiles()
    call, loading = load(files)
    assert call.plain("DBSIZE") == 0
    assert (loading.end.sequence, loading.end.chain, loading.end.size) == (0, 0, 0)
    assert loading.notes == []
    manifest = read_manifest(files, DIRECTORY)
    assert manifest is not None and manifest.encode() == Manifest([JournalFile(1, INCR)]).encode()
    assert files.names(DIRECTORY) == ["appendonlydir", LOCK_NAME]


def test_what_begins_is_durable_before_anything_is_written() -> None:
    from random import Random

    for seed in range(20):
        files = SimulatedFiles()
        load(files)
        files.crash(Random(seed))
        assert files.read(path_in(DIRECTORY, NAME)) == Manifest([JournalFile(1, INCR)]).encode()
        assert files.read(FIRST) == b""


def test_a_crash_at_any_step_of_the_beginning_begins_again() -> None:
    from random import Random

    from tests.journal.simulated import Crash

    for step in range(1, 40):
        files = SimulatedFiles()
        files.stop_at(step)
        with suppress(Crash):
            load(files)
        files.crash(Random(step))
        call, loading = load(files)
        assert call.plain("DBSIZE") == 0 and loading.notes == []


def test_the_whole_journal_comes_back_with_its_databases() -> None:
    call, loading = load(put(Story().contents()))
    assert call.plain("GET", "crlf") == b"a\r\n*1\r\n$4\r\nPING\r\n"
    assert call.plain("GET", "old") is None
    call("SELECT", 3)
    assert (call.plain("GET", "there"), call.plain("GET", "n")) == (b"3", b"2")
    call("SELECT", 9)
    assert call.plain("GET", "n") == b"2"
    assert loading.commands == 16
    assert (loading.end.sequence, loading.end.chain) == (12, Story().second.chain)
    assert loading.end.size == len(Story().second.data)
    assert loading.bytes_done == loading.bytes_total > 0


def test_loading_comes_in_slices() -> None:
    log = LogWriter()
    for number in range(100):
        log.batch(f"SET key{number} {number}")
    call = Caller()
    loading = Loading(put(one_file(log)), DIRECTORY, call.engine)
    slices = [loading.bytes_done]
    while loading.step(-1):
        slices.append(loading.bytes_done)
        assert call.clock.now > 0
    assert len(slices) > 5 and slices == sorted(set(slices))
    assert call.plain("DBSIZE") == 100


def test_nothing_expires_and_nothing_is_recorded_while_it_is_loaded() -> None:
    log = LogWriter().batch("SET k v PXAT 5", "SET gone v PXAT 5", "DEL gone", "APPEND k w")
    call, _ = load(put(one_file(log)))
    assert call.engine.databases.spaces[0].with_deadline() == 1
    assert call.clock.now == Caller().clock.now
    assert call.plain("GET", "k") is None
    assert call.journal.words() == [[b"DEL", b"k"]] or call.journal.words()[-1] == [b"DEL", b"k"]


def test_statistics_know_nothing_of_the_loading() -> None:
    call, _ = load(put(Story().contents()))
    assert call.engine.statistics.commands_processed == 0
    assert all(usage.calls == 0 for usage in call.engine.usage())
    assert len(call.engine.sessions) == 1


def test_a_torn_end_is_cut_off_and_kept_at_every_byte() -> None:
    story = Story()
    name = story.manifest.last().name
    for size in range(len(story.second.data)):
        files = put(story.contents() | {name: story.second.data[:size]})
        whole = max([end for end in [0, *story.second.ends] if end <= size])
        _, loading = load(files)
        assert files.read(path_in(DIRECTORY, name)) == story.second.data[:whole]
        assert loading.end.size == whole
        kept = f"{DIRECTORY}/torn/{name}.{whole}"
        if whole == size:
            assert loading.notes == [] and not files.exists(kept)
        else:
            assert files.read(kept) == story.second.data[whole:size]
            assert len(loading.notes) == 1 and kept in loading.notes[0] and f"offset {whole}" in loading.notes[0]
        _, again = load(files)
        assert again.notes == [] and again.end.sequence == loading.end.sequence


def test_an_opening_that_is_torn_goes_on_with_the_chain_of_the_file_before() -> None:
    story = Story()
    name = story.manifest.last().name
    _, loading = load(put(story.contents() | {name: story.second.data[:50]}))
    assert (loading.end.size, loading.end.sequence, loading.end.chain) == (0, 9, story.first.chain)


def test_an_opening_behind_a_base_goes_on_with_the_chain_of_the_kept_log() -> None:
    story = Story()
    kept = LogWriter()
    for number in range(7):
        kept.batch(f"SET k {number}")
    manifest = Manifest(story.manifest.files[:2], [[JournalFile(1, INCR)]])
    names = [file.name for file in manifest.files]
    contents = {names[0]: story.base.data, names[1]: b"*2\r\n$4", NAME: manifest.encode()}
    _, loading = load(put(contents | {JournalFile(1, INCR).name: kept.data}))
    assert (loading.end.size, loading.end.sequence, loading.end.chain) == (0, 7, kept.chain)


def test_a_crash_at_any_step_of_the_cutting_loses_nothing() -> None:
    from random import Random

    from tests.journal.simulated import Crash

    log = LogWriter().batch("SET a 1").batch("SET b 2")
    data = log.data[:-9]
    for step in range(1, 60):
        files = put(one_file(log) | {JournalFile(1, INCR).name: data})
        files.stop_at(step)
        with suppress(Crash):
            load(files)
        files.crash(Random(step))
        call, _ = load(files)
        assert call.plain("MGET", "a", "b") == [b"1", None], step
        folder = f"{DIRECTORY}/torn"
        kept = [files.read(f"{folder}/{name}") for name in files.names(folder) if not name.endswith(".part")]
        assert data[log.ends[1] :] in kept, step


def test_damage_is_refused_and_left_as_it_is() -> None:
    story = Story()
    data = bytearray(story.first.data)
    data[150] ^= 1
    files = put(story.contents() | {story.manifest.files[1].name: bytes(data)})
    with pytest.raises(JournalDamaged) as refused:
        load(files)
    assert refused.value.sequence == 8 and refused.value.offset == story.first.ends[0]
    assert "kvik check" in str(refused.value)
    assert files.read(path_in(DIRECTORY, story.manifest.files[1].name)) == bytes(data)
    assert not files.exists(f"{DIRECTORY}/torn")
    # The lock is free again.
    files.lock(f"{DIRECTORY}/{LOCK_NAME}")


def test_a_directory_without_its_manifest_is_refused() -> None:
    contents = Story().contents()
    del contents[NAME]
    with pytest.raises(JournalDamaged, match="it is missing, but there is appendonly"):
        load(put(contents))


def test_a_directory_that_is_in_use_is_refused() -> None:
    files = SimulatedFiles(pid=77)
    loading = Loading(files, DIRECTORY, Caller().engine)
    with pytest.raises(DirectoryInUse, match="77"):
        load(files)
    loading.close()
    load(files)


@pytest.mark.parametrize(
    "lines",
    [["NOSUCH a"], ["LPUSH"], ["SET a b", "INCR a"], ["MULTI", "SET a b", "INCR a", "EXEC"], ["MULTI", "SET a 1"]],
)
def test_a_command_that_fails_now_is_refused(lines: list[str]) -> None:
    log = LogWriter().batch("SET x 1").batch(*lines)
    with pytest.raises(JournalDamaged) as refused:
        load(put(one_file(log)))
    assert (refused.value.sequence, refused.value.offset) == (2, log.ends[1])


def test_what_was_never_finished_is_removed() -> None:
    files = put(
        Story().contents() | {"appendonly.aof.4.base.aof.part": b"*3", NAME + ".part": b"x", "notes.txt.part": b"y"}
    )
    load(files)
    assert [name for name in files.names(path_in(DIRECTORY, "")) if name.endswith(".part")] == ["notes.txt.part"]


def test_loading_up_to_a_limit_changes_nothing() -> None:
    story = Story()
    contents = story.contents() | {story.manifest.last().name: story.second.data[:-5]}
    files = put(contents)
    call, loading = load(files, limit=Limit(before=9))
    call("SELECT", 9)
    assert call.plain("GET", "n") == b"1"
    assert loading.notes == []
    for name, data in contents.items():
        assert files.read(path_in(DIRECTORY, name)) == data


@pytest.mark.parametrize("operation", ["read", "open_reading", "size", "truncate", "sync", "rename", "create", "names"])
def test_an_error_of_the_system_is_raised_and_the_next_start_has_everything(operation: str) -> None:
    from errno import EIO

    log = LogWriter().batch("SET a 1").batch("SET b 2")
    files = put(one_file(log) | {JournalFile(1, INCR).name: log.data[:-1]})
    files.fail(operation, EIO, 1)
    try:
        load(files)
    except OSError as error:
        assert error.errno == EIO
    files.heal()
    call, _ = load(files)
    assert call.plain("MGET", "a", "b") == [b"1", None]


def test_short_reads_change_nothing() -> None:
    files = put(Story().contents())
    files.fail("read", -1, 1_000)
    call, loading = load(files)
    assert loading.commands == 16


# A stock Redis


class RedisOnDirectory(Process):
    """The real redis-server on a data directory."""

    def __init__(self, directory: Path, folder: Path) -> None:
        self.address = str(folder / "redis.sock")
        options = ["--dir", str(directory), "--appendonly", "yes", "--port", "0", "--unixsocket", self.address]
        super().__init__([require("redis-server"), *options, "--save", ""], folder)
        self.wait_for(self.address)


@contextmanager
def redis_on(directory: Path, folder: Path) -> Iterator[Wire]:
    """Start the real server on a directory and talk to it when it has loaded."""
    server = RedisOnDirectory(directory, folder)
    wire = Wire(connect(server.address))
    try:
        while b"LOADING" in repr(wire.call("PING")).encode():
            pass
        yield wire
    finally:
        wire.close()
        server.stop()


def content_of_redis(wire: Wire) -> list[dict[bytes, object]]:
    """Return the keys and values of every database."""
    databases: list[dict[bytes, object]] = []
    for number in range(16):
        wire.call("SELECT", number)
        keys = wire.call("KEYS", "*")
        assert isinstance(keys, list)
        databases.append({key: (wire.call("GET", key), wire.call("PEXPIRETIME", key)) for key in keys})
        assert wire.call("DBSIZE") == len(keys)
    return databases


def content_of_kvik(call: Caller) -> list[dict[bytes, object]]:
    databases: list[dict[bytes, object]] = []
    for number in range(16):
        call("SELECT", number)
        keys = call.plain("KEYS", "*")
        assert isinstance(keys, list)
        databases.append({key: (call.plain("GET", key), call.plain("PEXPIRETIME", key)) for key in keys})
    return databases


def write_real(directory: Path, contents: dict[str, bytes]) -> None:
    (directory / "appendonlydir").mkdir(parents=True)
    for name, data in contents.items():
        (directory / "appendonlydir" / name).write_bytes(data)


@pytest.mark.parametrize("missing", [0, 1, 60, 200, 400])
def test_a_stock_redis_shows_equal_data_on_a_copy(folder: Path, missing: int) -> None:
    story = Story()
    story.second.batch("SET lives v PXAT 99999999999999", ["SET", b"\0\r\n\xff", bytes(range(256)) * 9])
    name = story.manifest.last().name
    directory = folder / "data"
    write_real(directory, story.contents() | {name: story.second.data[: len(story.second.data) - missing]})
    call, loading = load(Files(), str(directory))
    assert bool(loading.notes) == (missing > 0)
    shutil.copytree(directory, folder / "copy")
    with redis_on(folder / "copy", folder) as wire:
        assert content_of_redis(wire) == content_of_kvik(call)
    assert sum(len(keys) for keys in content_of_kvik(call)) >= 5


def test_files_and_folders_are_the_owners_alone(folder: Path) -> None:
    directory = folder / "data"
    load(Files(), str(directory))
    log = directory / "appendonlydir" / "appendonly.aof.1.incr.aof"
    log.write_bytes(LogWriter().batch("SET a 1").data[:-1])
    load(Files(), str(directory))
    for path in directory.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    assert (directory / "torn").is_dir()
