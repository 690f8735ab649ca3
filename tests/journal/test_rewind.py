"""Going back in time: the data of any moment that is kept comes back, whole, in a directory of its own."""

import errno
from contextlib import suppress
from random import Random

import pytest

from kvik.errors import CannotRewind, DirectoryInUse, JournalDamaged
from kvik.journal.files import Files
from kvik.journal.fresh_directory import FreshDirectory
from kvik.journal.generations import Retention
from kvik.journal.manifest import BASE, INCR, NAME, JournalFile, Manifest, path_in, read_manifest
from kvik.journal.reader import Limit
from kvik.journal.rewind import Rewind
from tests.engines import Caller
from tests.journal.compacting import Building, Data
from tests.journal.logs import BEGIN, DIRECTORY, LogWriter, Story, one_file, put
from tests.journal.simulated import Crash, SimulatedFiles
from tests.journal.test_recovery import load

TARGET = "old"
NAMES = [NAME, NAME + ".part", *Story().contents()]
READING = {"size", "open_reading", "read", "close", "exists", "names"}


def begin(files: Files, limit: Limit) -> Rewind:
    manifest = read_manifest(files, DIRECTORY)
    assert manifest is not None
    return Rewind(files, DIRECTORY, manifest, limit, Caller().engine)


def finish(back: Rewind, files: Files, target: str = TARGET) -> None:
    """Go on to the end; nothing is left where that fails."""
    while back.step(1_000):
        pass
    fresh = FreshDirectory(files, target)
    try:
        back.write(fresh)
    except OSError:
        fresh.discard()
        raise


def rewound(files: Files, limit: Limit, target: str = TARGET) -> Rewind:
    back = begin(files, limit)
    finish(back, files, target)
    return back


def opened(files: Files, target: str = TARGET) -> Data:
    """Return what a server finds in a directory."""
    call, loading = load(files, target)
    assert loading.notes == []
    data: Data = {}
    for space in call.engine.databases.spaces:
        values, deadlines = space.maps()
        data.update({(space.number, key): (value, deadlines.get(key) or -1) for key, value in values.items()})
    return as_written(data)


def as_written(data: Data) -> Data:
    """Return data with numbers as they are read back."""
    return {place: (b"%d" % value if isinstance(value, int) else value, at) for place, (value, at) in data.items()}


def refused(files: Files, limit: Limit) -> CannotRewind:
    with pytest.raises(CannotRewind) as caught:
        rewound(files, limit)
    assert "old" not in files.names(".") and "old.part" not in files.names(".")
    return caught.value


def busy_building(seed: int) -> tuple[Building, dict[int, int]]:
    """Return a server with several generations, and when each of its batches happened."""
    random = Random(seed)
    building = Building(SimulatedFiles())
    building.compaction.retention = Retention(100)
    times: dict[int, int] = {}
    for step in range(60):
        building.clock.advance(1_000)
        key = f"key{random.randrange(8)}"
        lines = [f"SET {key} {step}", f"APPEND {key} x", f"DEL {key}", "FLUSHALL", f"SET {key} v PXAT 9999999999999"]
        building.run(f"SELECT {random.choice([0, 0, 7])}", random.choice(lines), f"INCR counter{step % 3}")
        times[building.journal.sequence] = building.clock.now
        if step % 13 == 12:
            building.compact()
    return building, times


def with_lost_batches() -> dict[str, bytes]:
    """Return a journal whose first log was lost behind batch 3, and made anew from memory behind batch 6."""
    kept = LogWriter().batch("SET a 1").batch("SET b 1").batch("SET c 1")
    base = LogWriter(BASE, 6, time=BEGIN + 60_000).batch("SET a 1", "SET f 1").close()
    log = LogWriter(INCR, 6, 0, base.time).batch("SET g 1")
    manifest = Manifest([JournalFile(2, BASE), JournalFile(2, INCR)], [[JournalFile(1, INCR)]])
    names = [JournalFile(1, INCR).name, *[file.name for file in manifest.files]]
    return dict(zip(names, [kept.data + b"*1\r\n$4", base.data, log.data], strict=True)) | {NAME: manifest.encode()}


@pytest.mark.parametrize("seed", range(3))
def test_the_data_before_every_batch_comes_back(seed: int) -> None:
    building, _ = busy_building(seed)
    assert building.journal.sequence >= 60 and len(building.compaction.manifest.kept) == 4
    for number, data in building.states.items():
        back = rewound(building.files, Limit(before=number + 1), f"old{number}")
        assert back.sequence == number
        assert opened(building.files, f"old{number}") == as_written(data), number


def test_the_data_at_every_moment_comes_back() -> None:
    building, times = busy_building(7)
    for number, time in times.items():
        for later in (0, 99):
            back = rewound(building.files, Limit(at=time + later), f"old{number}.{later}")
            assert (back.sequence, back.time) == (number, time)
            assert opened(building.files, f"old{number}.{later}") == as_written(building.states[number])


def test_a_flushall_is_undone_after_two_compactions() -> None:
    building = Building(SimulatedFiles())
    building.run("SET norway oslo", "SELECT 3", "INCR visits")
    building.run("FLUSHALL")
    flushed = building.journal.sequence
    building.compact()
    building.run("SET denmark copenhagen")
    building.compact()
    rewound(building.files, Limit(before=flushed))
    assert opened(building.files) == {(0, b"norway"): (b"oslo", -1), (3, b"visits"): (b"1", -1)}
    assert set(building.data()) == {(3, b"denmark")}


def test_a_moment_after_the_last_batch_is_the_present() -> None:
    files = put(Story().contents())
    assert rewound(files, Limit(at=BEGIN * 2)).sequence == 12
    assert rewound(files, Limit(before=13), "older").sequence == 12
    assert opened(files) == opened(files, "older") == opened(files, DIRECTORY)


def test_what_came_back_can_be_rewound_again() -> None:
    files = put(Story().contents())
    rewound(files, Limit(before=12))
    for name in files.names(path_in(TARGET, "")):
        files.put(path_in("again/" + DIRECTORY, name), files.read(path_in(TARGET, name)))
    manifest = read_manifest(files, TARGET)
    assert manifest is not None
    back = Rewind(files, TARGET, manifest, Limit(before=10), Caller().engine)
    finish(back, files, "older")
    rewound(files, Limit(before=10), "at once")
    assert opened(files, "older") == opened(files, "at once")


def test_the_files_end_behind_the_last_batch_that_is_wanted() -> None:
    story = Story()
    files = put(story.contents())
    rewound(files, Limit(before=9))
    names = [file.name for file in story.manifest.files]
    assert files.names(path_in(TARGET, "")) == sorted([NAME, *names[:2]])
    assert files.read(path_in(TARGET, names[0])) == story.base.data
    assert files.read(path_in(TARGET, names[1])) == story.first.data[: story.first.ends[1]]


def test_a_moment_between_a_base_and_its_log_is_that_of_the_base() -> None:
    base = LogWriter(BASE, 4).batch("SET a 1").close()
    log = LogWriter(INCR, 4, 9, base.time + 10_000).batch("SET b 1")
    manifest = Manifest([JournalFile(2, BASE), JournalFile(2, INCR)])
    files = put({JournalFile(2, BASE).name: base.data, JournalFile(2, INCR).name: log.data, NAME: manifest.encode()})
    assert rewound(files, Limit(at=base.time + 1)).sequence == 4
    assert opened(files) == {(0, b"a"): (b"1", -1)}
    assert files.read(path_in(TARGET, JournalFile(2, INCR).name)) == b""


def test_before_the_first_batch_there_was_nothing() -> None:
    files = put(one_file(LogWriter().batch("SET a 1")))
    back = rewound(files, Limit(before=1))
    assert (back.sequence, back.time) == (0, BEGIN) and opened(files) == {}


def test_times_to_live_stay_what_they_were() -> None:
    files = put(one_file(LogWriter().batch(f"SET k v PXAT {BEGIN + 5_000}").batch("DEL k")))
    back = rewound(files, Limit(before=2))
    assert back.moment == BEGIN + 1_000
    assert opened(files) == {(0, b"k"): (b"v", BEGIN + 5_000)}


def test_the_old_directory_is_only_read_and_its_lock_left_alone() -> None:
    files = put(Story().contents())
    lock = files.lock(f"{DIRECTORY}/kvik.lock")
    before = {name: files.read(path_in(DIRECTORY, name)) for name in files.names(path_in(DIRECTORY, ""))}
    files.calls.clear()
    rewound(files, Limit(before=10))
    assert {operation for operation, path in files.calls if path.startswith(DIRECTORY)} <= READING
    assert {name: files.read(path_in(DIRECTORY, name)) for name in files.names(path_in(DIRECTORY, ""))} == before
    lock.release()


def test_a_server_may_go_on_writing_meanwhile() -> None:
    building = Building(SimulatedFiles())
    building.run("SET a 1")
    back = begin(building.files, Limit(at=building.clock.now + 10_000))
    building.run("SET b 1")
    assert building.compaction.want()
    building.finish()
    building.run("SET c 1")
    finish(back, building.files)
    assert opened(building.files) == {(0, b"a"): (b"1", -1)}


def test_a_batch_that_is_just_being_written_has_not_happened_yet() -> None:
    log = LogWriter().batch("SET a 1").batch("SET b 1")
    half = log.ends[2] - 40
    files = put(one_file(log) | {JournalFile(1, INCR).name: log.data[:half]})
    back = begin(files, Limit(at=BEGIN * 2))
    files.put(path_in(DIRECTORY, JournalFile(1, INCR).name), log.batch("SET c 1").data)
    finish(back, files)
    assert opened(files) == {(0, b"a"): (b"1", -1)}
    assert files.read(path_in(TARGET, JournalFile(1, INCR).name)) == log.data[: log.ends[1]]


def test_a_torn_end_before_a_log_that_is_still_empty_is_cut_off() -> None:
    log = LogWriter().batch("SET a 1")
    files_named = [JournalFile(1, INCR), JournalFile(2, INCR)]
    contents = {files_named[0].name: log.data + b"*1\r\n$4", files_named[1].name: b""}
    files = put(contents | {NAME: Manifest(files_named).encode()})
    rewound(files, Limit(at=BEGIN * 2))
    assert files.names(path_in(TARGET, "")) == [files_named[0].name, NAME]
    assert files.read(path_in(TARGET, files_named[0].name)) == log.data


def test_files_that_a_compaction_removed_meanwhile_are_missed() -> None:
    files = put(Story().contents())
    back = begin(files, Limit(before=10))
    files.remove(path_in(DIRECTORY, Story().manifest.files[1].name))
    with pytest.raises(FileNotFoundError):
        finish(back, files)


# What cannot be reached


def test_a_moment_that_is_no_longer_kept_is_refused_with_the_oldest_that_is() -> None:
    story = Story()
    files = put(story.contents())
    for limit in (Limit(before=7), Limit(at=BEGIN - 1), Limit(at=0)):
        error = refused(files, limit)
        assert (error.sequence, error.time) == (7, BEGIN) and "oldest" in error.why
    assert rewound(files, Limit(at=error.time)).sequence == error.sequence


def test_a_batch_that_has_not_happened_is_refused_with_the_last_one() -> None:
    error = refused(put(Story().contents()), Limit(before=14))
    assert (error.sequence, error.time) == (12, Story().second.time) and "last" in error.why


@pytest.mark.parametrize("limit", [Limit(before=5), Limit(before=6), Limit(at=BEGIN + 30_000)])
def test_batches_that_never_reached_the_disk_are_not_passed_over(limit: Limit) -> None:
    error = refused(put(with_lost_batches()), limit)
    assert (error.sequence, error.time) == (3, BEGIN + 3_000) and "never written" in error.why


def test_around_batches_that_never_reached_the_disk_everything_is_there() -> None:
    files = put(with_lost_batches())
    assert rewound(files, Limit(before=4), "last").sequence == 3
    assert rewound(files, Limit(at=BEGIN + 2_000), "earlier").sequence == 2
    assert rewound(files, Limit(before=7), "first").sequence == 6
    assert opened(files, "last").keys() == {(0, b"a"), (0, b"b"), (0, b"c")}
    assert opened(files, "first").keys() == {(0, b"a"), (0, b"f")}


def test_an_empty_journal_has_no_moment_but_the_beginning() -> None:
    files = put(one_file(LogWriter()) | {JournalFile(1, INCR).name: b""})
    assert refused(files, Limit(at=BEGIN)).sequence == 0
    rewound(files, Limit(before=1))
    assert opened(files) == {}


def test_a_generation_that_nobody_can_read_is_none() -> None:
    contents = with_lost_batches()
    name = JournalFile(2, BASE).name
    for damaged in (contents | {name: b"x" + contents[name][1:]}, {k: v for k, v in contents.items() if k != name}):
        files = put(damaged)
        assert rewound(files, Limit(before=4)).sequence == 3
        assert "never written" in refused(put(damaged), Limit(at=BEGIN * 2)).why
    assert refused(put(contents | {name: b"", JournalFile(1, INCR).name: b"x"}), Limit(at=BEGIN)).sequence == -1


def test_damage_behind_the_moment_is_no_obstacle_and_damage_before_it_is() -> None:
    story = Story()
    name = story.manifest.files[1].name
    place = story.first.ends[1] + 5
    data = story.first.data
    files = put(story.contents() | {name: data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]})
    with pytest.raises(JournalDamaged):
        rewound(files, Limit(before=10))
    with pytest.raises(JournalDamaged):
        rewound(files, Limit(before=9))
    assert files.names(".") == [DIRECTORY]


# The new directory


def test_a_crash_at_any_step_leaves_all_of_it_or_nothing() -> None:
    whole = put(Story().contents())
    rewound(whole, Limit(before=11))
    expected = opened(whole)
    is_whole = set()
    for step in range(1, 120):
        files = put(Story().contents())
        files.stop_at(step, 0.5)
        with suppress(Crash):
            rewound(files, Limit(before=11))
        files.crash(Random(step))
        is_there = TARGET in files.names(".")
        is_whole.add(is_there)
        if not is_there:
            rewound(files, Limit(before=11))
        assert opened(files) == expected, step
        assert not is_there or not files.exists("old.part")
    assert is_whole == {True, False}


def test_what_is_made_outlives_a_power_cut() -> None:
    for seed in range(10):
        files = put(Story().contents())
        rewound(files, Limit(before=11))
        files.crash(Random(seed))
        assert len(opened(files)) == 5 and not files.exists("old.part")


@pytest.mark.parametrize("operation", ["create", "write", "sync", "sync_folder", "rename", "remove"])
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
def test_nothing_is_left_of_what_could_not_be_written(operation: str, error: int) -> None:
    failed = 0
    for skip in range(20):
        files = put(Story().contents())
        files.fail(operation, error, 1, skip, TARGET)
        try:
            rewound(files, Limit(before=11))
        except OSError as caught:
            assert caught.errno == error
            failed += 1
        files.heal()
        if files.exists(TARGET):
            assert not files.exists("old.part") and len(opened(files)) == 5
        else:
            assert not [path for path in (f"old.part/appendonlydir/{name}" for name in NAMES) if files.exists(path)]
    assert failed < 20 and (failed > 0 or operation == "remove")


def test_a_full_disk_is_noticed_before_anything_is_written() -> None:
    files = put(Story().contents())
    back = begin(files, Limit(before=11))
    files.capacity = files.capacity - files.room() + 400
    with pytest.raises(OSError) as caught:
        finish(back, files)
    assert caught.value.errno == errno.ENOSPC and files.names(".") == [DIRECTORY]
    assert "create" not in {operation for operation, _path in files.calls}


def test_a_directory_that_is_not_empty_is_left_as_it_is() -> None:
    files = put(Story().contents())
    files.put("old/mine", b"1")
    with pytest.raises(FileExistsError):
        FreshDirectory(files, "old/")
    files.put("new.part/appendonlydir/mine", b"1")
    with pytest.raises(FileExistsError):
        FreshDirectory(files, "new")
    assert files.read("old/mine") == files.read("new.part/appendonlydir/mine") == b"1"


def test_an_empty_folder_may_be_the_new_directory() -> None:
    files = put(Story().contents())
    files.make_folder(TARGET)
    rewound(files, Limit(before=11))
    assert len(opened(files)) > 0


def test_two_cannot_make_the_same_directory_at_once() -> None:
    files = put(Story().contents())
    first = FreshDirectory(files, TARGET)
    with pytest.raises(DirectoryInUse):
        FreshDirectory(files, TARGET)
    first.discard()
    assert files.names(".") == [DIRECTORY]
