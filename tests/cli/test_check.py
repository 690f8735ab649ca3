"""`kvik check`: it explains, changes nothing by itself, and repairs when asked to."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kvik.cli.check import look
from kvik.journal.files import Files, ReadingFile
from kvik.journal.manifest import BASE, INCR, NAME, JournalFile, Manifest, write_manifest
from tests.journal.logs import LogWriter, Story, one_file
from tests.journal.test_recovery import load
from tests.programs import KVIK, run


def write(directory: Path, contents: dict[str, bytes]) -> Path:
    (directory / "appendonlydir").mkdir(parents=True)
    for name, data in contents.items():
        (directory / "appendonlydir" / name).write_bytes(data)
    return directory


def check(directory: Path, *flags: str) -> tuple[int, str]:
    done = run([*KVIK, "check", str(directory), *flags])
    assert done.stderr == b"" and b"Traceback" not in done.stdout
    return done.returncode, done.stdout.decode()


def everything(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def flipped(data: bytes, offset: int) -> bytes:
    return data[:offset] + bytes([data[offset] ^ 1]) + data[offset + 1 :]


def with_kept_generation() -> tuple[dict[str, bytes], Manifest]:
    """Return a journal of generation 2 with the whole of generation 1 kept."""
    kept = LogWriter()
    for number in range(7):
        kept.batch(f"SET k{number} {number}")
    base = LogWriter(BASE, 7).batch(*[f"SET k{number} {number}" for number in range(7)]).close()
    log = LogWriter(INCR, 7, kept.chain, kept.time).batch("SET late 1")
    manifest = Manifest([JournalFile(2, BASE), JournalFile(2, INCR)], [[JournalFile(1, INCR)]])
    data = [base.data, log.data, kept.data, manifest.encode()]
    names = [*[file.name for file in manifest.files], JournalFile(1, INCR).name, NAME]
    return dict(zip(names, data, strict=True)), manifest


def test_a_sound_database_is_shown_file_by_file(folder: Path) -> None:
    directory = write(folder / "data", Story().contents())
    code, text = check(directory)
    lines = [line.split() for line in text.splitlines()]
    assert code == 0 and lines[-1] == ["sound"]
    assert lines[0][:4] == ["generation", "kind", "file", "bytes"]
    size = str(len(Story().first.data))
    assert lines[2][:7] == ["2", "incr", "appendonly.aof.2.incr.aof", size, "2", "6", "8-9"]
    assert lines[2][7:] == ["2023-11-14T22:13:20.000Z", "2023-11-14T22:13:22.000Z", "sound"]
    assert lines[1][1:3] == ["base", "appendonly.aof.2.base.aof"]


def test_a_torn_end_is_explained_and_nothing_is_changed(folder: Path) -> None:
    story = Story()
    name = story.manifest.last().name
    directory = write(folder / "data", story.contents() | {name: story.second.data[:-10]})
    before = everything(directory)
    code, text = check(directory)
    cut = f"{len(story.second.data) - 10 - story.second.ends[-2]} bytes off {name} at offset {story.second.ends[-2]}"
    assert code == 1 and "torn" in text and f"--repair would cut {cut}" in text
    assert everything(directory) == before


def test_a_torn_end_is_repaired_as_a_start_would(folder: Path) -> None:
    story = Story()
    name = story.manifest.last().name
    directory = write(folder / "data", story.contents() | {name: story.second.data[:-10]})
    code, text = check(directory, "--repair")
    assert code == 0 and "sound now" in text
    after = everything(directory)
    assert after[f"appendonlydir/{name}"] == story.second.data[: story.second.ends[-2]]
    assert after[f"torn/{name}.{story.second.ends[-2]}"] == story.second.data[story.second.ends[-2] : -10]
    assert check(directory)[0] == 0


def test_whole_batches_behind_a_torn_place_are_told(folder: Path) -> None:
    log = LogWriter(syncs=False).batch("SET a 1").batch("SET b 2").batch("SET c 3").batch("SET d 4")
    lost = log.data[: log.ends[1]] + b"\0" * (log.ends[2] - log.ends[1]) + log.data[log.ends[2] :]
    directory = write(folder / "data", one_file(log) | {JournalFile(1, INCR).name: lost})
    code, text = check(directory)
    assert code == 1 and f"is torn at offset {log.ends[1]}" in text
    assert "behind it 2 batches are whole, 3-4, until 2023-11-14T22:13:24.000Z" in text


def test_damage_in_the_last_log_is_cut_at_the_last_good_batch(folder: Path) -> None:
    story = Story()
    name = story.manifest.last().name
    place = story.second.ends[1]
    directory = write(folder / "data", story.contents() | {name: flipped(story.second.data, place + 5)})
    before = everything(directory)
    code, text = check(directory)
    assert code == 1
    assert f"{name} is damaged at offset {place}, where batch 11 was expected" in text
    assert "behind it 1 batches are whole, 12-12" in text
    assert everything(directory) == before
    assert check(directory, "--repair")[0] == 0
    assert everything(directory)[f"torn/{name}.{place}"] == before[f"appendonlydir/{name}"][place:]
    _, loading = load(Files(), str(directory))
    assert loading.end.sequence == 10


def test_damage_in_an_earlier_log_parts_with_the_later_ones(folder: Path) -> None:
    story = Story()
    first, last = story.manifest.files[1].name, story.manifest.last().name
    place = story.first.ends[1]
    directory = write(folder / "data", story.contents() | {first: flipped(story.first.data, place + 5)})
    code, text = check(directory)
    assert code == 1 and f"--repair would move {last} to torn/" in text and "cut off" in text
    code, text = check(directory, "--repair")
    assert code == 0, text
    after = everything(directory)
    assert after[f"torn/{last}.0"] == story.second.data
    assert after[f"torn/{NAME}.0"] == story.manifest.encode()
    assert after[f"appendonlydir/{first}"] == story.first.data[:place]
    call, loading = load(Files(), str(directory))
    assert loading.end.sequence == 8 and call.plain("EXISTS", "crlf") == 1


def test_a_damaged_base_is_replaced_by_the_generation_that_was_kept(folder: Path) -> None:
    contents, manifest = with_kept_generation()
    base = manifest.files[0].name
    directory = write(folder / "data", contents | {base: flipped(contents[base], 100)})
    code, text = check(directory)
    assert code == 1 and "nothing is lost" in text
    code, text = check(directory, "--repair")
    assert code == 0, text
    call, loading = load(Files(), str(directory))
    assert call.plain("DBSIZE") == 8 and loading.end.sequence == 8


def test_a_damaged_base_without_another_is_left_alone(folder: Path) -> None:
    story = Story()
    base = story.manifest.files[0].name
    directory = write(folder / "data", story.contents() | {base: flipped(story.base.data, 100)})
    before = everything(directory)
    code, text = check(directory, "--repair")
    assert code == 1 and "Restore a backup" in text
    assert {name: data for name, data in everything(directory).items() if name != "kvik.lock"} == before


def test_a_damaged_kept_generation_is_put_aside(folder: Path) -> None:
    contents, _ = with_kept_generation()
    kept = JournalFile(1, INCR).name
    directory = write(folder / "data", contents | {kept: flipped(contents[kept], 100)})
    code, text = check(directory)
    assert code == 1 and f"{kept}, kept, is damaged at offset 93" in text
    load(Files(), str(directory))[1]
    code, text = check(directory, "--repair")
    assert code == 0, text
    assert f"torn/{kept}.0" in everything(directory)


def test_a_kept_generation_that_lacks_its_last_batches_is_found(folder: Path) -> None:
    contents, manifest = with_kept_generation()
    kept = JournalFile(1, INCR).name
    for size in (len(contents[kept]) // 7 * 5, LogWriter().batch("SET k0 0").ends[1]):
        directory = write(folder / str(size), contents | {kept: contents[kept][:size]})
        assert check(directory)[0] == 1
        code, text = check(directory, "--repair")
        assert code == 0, text
        assert manifest.files[0].name in text


def test_a_kept_log_that_could_not_be_written_any_more_is_no_damage(folder: Path) -> None:
    contents, manifest = with_kept_generation()
    kept = JournalFile(1, INCR).name
    fresh = LogWriter(INCR, 7, 0).batch("SET late 1").data
    directory = write(folder / "data", contents | {kept: contents[kept][:-9], manifest.last().name: fresh})
    code, text = check(directory)
    assert code == 0 and "given up" in text and text.splitlines()[-1] == "sound"


def test_a_torn_log_before_an_empty_one_is_cut_as_a_start_would(folder: Path) -> None:
    story = Story()
    first, last = story.manifest.files[1].name, story.manifest.last().name
    directory = write(folder / "data", story.contents() | {first: story.first.data[:-1], last: b""})
    code, text = check(directory)
    assert code == 1 and f"{first} is torn at offset {story.first.ends[1]}" in text
    code, text = check(directory, "--repair")
    assert code == 0, text
    _, loading = load(Files(), str(directory))
    assert (loading.end.sequence, loading.end.size, loading.notes) == (8, 0, [])


@pytest.mark.parametrize("what", ["missing", "damaged"])
def test_a_manifest_is_made_again_from_the_files(folder: Path, what: str) -> None:
    contents, manifest = with_kept_generation()
    directory = write(folder / "data", contents | {NAME: flipped(contents[NAME], 6)})
    if what == "missing":
        (directory / "appendonlydir" / NAME).unlink()
    code, text = check(directory)
    assert code == 1 and "write a new manifest that names" in text and "the manifest" in text
    code, text = check(directory, "--repair")
    assert code == 0, text
    assert everything(directory)[f"appendonlydir/{NAME}"] == manifest.encode()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_file_that_is_missing_is_named(folder: Path, number: int) -> None:
    story = Story()
    directory = write(folder / "data", story.contents())
    name = story.manifest.files[number].name
    (directory / "appendonlydir" / name).unlink()
    code, text = check(directory)
    assert code == 1 and f"{name} is damaged at offset 0: the file is missing" in text
    code, text = check(directory, "--repair")
    assert code == (1 if number == 0 else 0), text
    if number:
        assert load(Files(), str(directory))[1].end.sequence == (7 if number == 1 else 9)


def test_files_the_manifest_does_not_name_are_told_and_left(folder: Path) -> None:
    directory = write(folder / "data", one_file(LogWriter()) | {"appendonly.aof.9.incr.aof": b"x"})
    code, text = check(directory, "--repair")
    assert code == 0 and "not in the manifest: appendonly.aof.9.incr.aof" in text
    assert (directory / "appendonlydir" / "appendonly.aof.9.incr.aof").exists()


def test_every_damage_that_can_be_repaired_loads_afterwards(folder: Path) -> None:
    from kvik.journal.inspection import inspect
    from kvik.journal.repair import plan_repair, repair
    from tests.journal.logs import DIRECTORY, put

    contents, _ = with_kept_generation()
    for name, data in contents.items():
        for offset in range(0, len(data), 3):
            files = put(contents | {name: flipped(data, offset)})
            found = inspect(files, DIRECTORY)
            assert not found.is_sound(), (name, offset)
            plan = plan_repair(files, DIRECTORY, found)
            assert plan.is_possible and plan.lines, (name, offset)
            repair(files, DIRECTORY, plan)
            assert inspect(files, DIRECTORY).is_sound(), (name, offset)
            call, _ = load(files)
            assert call.plain("DBSIZE") in (7, 8)


class BusyFiles(Files):
    """Files that a server changes once, just when this one is opened, or this folder listed."""

    def __init__(self, path: Path, change: Callable[[], object]) -> None:
        self._path = str(path)
        self._changes = [change]

    def open_reading(self, path: str) -> ReadingFile:
        self._come_to(path)
        return super().open_reading(path)

    def names(self, folder: str) -> list[str]:
        self._come_to(folder.rstrip("/"))
        return super().names(folder)

    def _come_to(self, path: str) -> None:
        if path == self._path and self._changes:
            self._changes.pop()()


def test_a_batch_that_a_server_is_writing_is_no_torn_end(folder: Path) -> None:
    story = Story()
    name = story.manifest.last().name
    directory = write(folder / "data", story.contents() | {name: story.second.data[:-10]})
    path = directory / "appendonlydir"
    assert look(BusyFiles(path, lambda: (path / name).write_bytes(story.second.data)), str(directory)) == 0


def without_kept_generation(directory: Path, manifest: Manifest) -> None:
    """Do what a server does when it has compacted and is to keep nothing older."""
    write_manifest(Files(), str(directory), Manifest(manifest.files))
    (directory / "appendonlydir" / manifest.kept[0][0].name).unlink()


def test_what_a_server_removes_meanwhile_is_not_missing(folder: Path) -> None:
    contents, manifest = with_kept_generation()
    directory = write(folder / "data", contents)
    kept = directory / "appendonlydir" / manifest.kept[0][0].name
    assert look(BusyFiles(kept, lambda: without_kept_generation(directory, manifest)), str(directory)) == 0


def test_a_directory_that_is_in_use_is_not_repaired(folder: Path) -> None:
    directory = write(folder / "data", one_file(LogWriter()))
    lock = Files().lock(str(directory / "kvik.lock"))
    done = run([*KVIK, "check", str(directory), "--repair"])
    lock.release()
    assert done.returncode == 1 and done.stderr.count(b"\n") == 1 and b"locked" in done.stderr


def test_a_directory_without_a_database_is_one_line_and_exit_code_1(folder: Path) -> None:
    done = run([*KVIK, "check", str(folder)])
    assert done.returncode == 1 and done.stderr.startswith(b"kvik: ") and done.stderr.count(b"\n") == 1
    assert not list(folder.iterdir())


def test_looking_makes_no_file(folder: Path) -> None:
    directory = write(folder / "data", Story().contents())
    copy = folder / "copy"
    shutil.copytree(directory, copy)
    check(directory)
    assert everything(directory) == everything(copy)
