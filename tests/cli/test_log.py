"""`kvik log`: readable lines with moment, batch and database, filtered by key, or as JSON."""

import json
from pathlib import Path

import pytest

from kvik.cli.log import Filter, Printer, show_all
from kvik.journal.files import Files
from kvik.journal.manifest import INCR, JournalFile
from tests.cli.test_check import (
    BusyFiles,
    everything,
    flipped,
    with_kept_generation,
    without_kept_generation,
    write,
)
from tests.journal.logs import LogWriter, Story, one_file
from tests.programs import KVIK, run


def log(directory: Path, *flags: str) -> list[str]:
    done = run([*KVIK, "log", str(directory), *flags])
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode("utf-8", "surrogateescape").splitlines()


def test_every_command_is_a_line_with_moment_batch_and_database(folder: Path) -> None:
    lines = log(write(folder / "data", Story().contents()))
    assert lines[0] == r'2023-11-14T22:13:21.000Z        8 [0] SET crlf "a\r\n*1\r\n$4\r\nPING\r\n"'
    assert lines[1:5] == [
        "2023-11-14T22:13:22.000Z        9 [0] MULTI",
        "2023-11-14T22:13:22.000Z        9 [3] INCR n",
        "2023-11-14T22:13:22.000Z        9 [3] INCR n",
        "2023-11-14T22:13:22.000Z        9 [3] EXEC",
    ]
    assert lines[5].endswith("       10 [9] INCR n")
    assert lines[-1].endswith("       12 [0] DEL old")


def test_each_log_begins_in_database_0(folder: Path) -> None:
    story = Story()
    story.first.batch("SELECT 5", "SET five 1")
    story.second = LogWriter(INCR, story.first.sequence, story.first.chain).batch("SET zero 1")
    lines = log(write(folder / "data", story.contents()))
    assert lines[-2].endswith("[5] SET five 1") and lines[-1].endswith("[0] SET zero 1")


def test_a_pattern_shows_what_can_have_changed_such_keys(folder: Path) -> None:
    writer = LogWriter().batch("SET user:1 a", "SET other b", "MSET x 1 user:2 2")
    writer.batch("MULTI", "DEL user:1", "SET y 1", "EXEC")
    writer.batch("FLUSHALL").batch("SET other c", "RENAME other user:3")
    lines = log(write(folder / "data", one_file(writer)), "--key", "user:*")
    assert [line.partition("] ")[2] for line in lines] == [
        "SET user:1 a",
        "MSET x 1 user:2 2",
        "DEL user:1",
        "FLUSHALL",
        "RENAME other user:3",
    ]


def test_json_gives_one_object_per_line(folder: Path) -> None:
    writer = LogWriter().batch(["SET", "schlüssel", b"\xff\x00"], "SELECT 2", "DEL a")
    entries = [json.loads(line) for line in log(write(folder / "data", one_file(writer)), "--json")]
    assert entries == [
        {
            "time": "2023-11-14T22:13:21.000Z",
            "sequence": 1,
            "database": 0,
            "command": ["SET", "schlüssel", {"base64": "/wA="}],
        },
        {"time": "2023-11-14T22:13:21.000Z", "sequence": 1, "database": 2, "command": ["DEL", "a"]},
    ]


def test_kept_generations_come_first(folder: Path) -> None:
    contents, _ = with_kept_generation()
    lines = log(write(folder / "data", contents))
    assert [int(line.split()[1]) for line in lines] == list(range(1, 9))
    assert lines[-1].endswith("SET late 1")


def test_an_end_that_is_being_written_is_left_out_and_nothing_is_changed(folder: Path) -> None:
    writer = LogWriter().batch("SET a 1").batch("SET b 2")
    directory = write(folder / "data", one_file(writer) | {JournalFile(1, INCR).name: writer.data[:-20]})
    before = everything(directory)
    lock = Files().lock(str(directory / "kvik.lock"))
    lines = log(directory)
    lock.release()
    assert len(lines) == 1 and lines[0].endswith("SET a 1")
    assert {name: data for name, data in everything(directory).items() if name != "kvik.lock"} == before


def test_damage_is_told_and_the_other_generations_are_shown(folder: Path) -> None:
    contents, _ = with_kept_generation()
    kept = JournalFile(1, INCR).name
    directory = write(folder / "data", contents | {kept: flipped(contents[kept], 400)})
    done = run([*KVIK, "log", str(directory)])
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1 and kept.encode() in done.stderr and b"damaged" in done.stderr
    assert done.stdout.splitlines()[-1].endswith(b"SET late 1")


def test_what_a_server_removes_meanwhile_is_left_out(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    contents, manifest = with_kept_generation()
    directory = write(folder / "data", contents)
    kept = directory / "appendonlydir" / manifest.kept[0][0].name
    files = BusyFiles(kept, lambda: without_kept_generation(directory, manifest))
    assert show_all(files, str(directory), Printer(Filter(None), False)) == 0
    shown = capfdbinary.readouterr()
    assert shown.out.count(b"\n") == 1 and shown.err == b""


def test_a_reader_that_has_seen_enough_is_no_error(folder: Path) -> None:
    writer = LogWriter()
    for _ in range(50):
        writer.batch(["SET", "k", "v" * 5000])
    directory = write(folder / "data", one_file(writer))
    done = run(["sh", "-c", '"$@" | head -n 1', "sh", *KVIK, "log", str(directory)])
    assert (done.returncode, done.stderr) == (0, b"") and done.stdout.count(b"\n") == 1


def test_a_directory_without_a_journal_is_one_line_and_exit_code_1(folder: Path) -> None:
    (folder / "empty" / "appendonlydir").mkdir(parents=True)
    for directory in (folder, folder / "empty", folder / "missing"):
        done = run([*KVIK, "log", str(directory)])
        assert done.returncode == 1
        assert done.stderr.startswith(b"kvik: ") and done.stderr.count(b"\n") == 1
