"""`kvik compact DIR`: the data stays, the files shrink, and who may not do it is told why."""

import re
from pathlib import Path

import pytest

import kvik
from kvik.journal.files import Files
from kvik.journal.manifest import BASE, FOLDER, INCR, JournalFile
from tests.journal.logs import LogWriter, one_file
from tests.programs import KVIK, Terminal, run

KEYS = 40
ROUNDS = 50


def fill(directory: Path) -> None:
    """Write a few keys often, in two databases, one of them with a time to live."""
    with kvik.open(directory) as database:
        for number in range(KEYS * ROUNDS):
            database.execute("SET", f"key:{number % KEYS}", f"value {number}")
        database.execute("SET", "late", "1", "PXAT", "4102444800000")
        database.execute("SELECT", "3")
        database.execute("SET", "three", "3")


def content(directory: Path) -> list[object]:
    with kvik.open(directory) as database:
        found = [database.execute("COMPACT")]
        database.execute("SELECT", "3")
        return [*found, database.execute("COMPACT")]


def compact(directory: Path, *flags: str) -> tuple[int, str, str]:
    done = run([*KVIK, "compact", str(directory), *flags])
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def sizes(text: str) -> list[int]:
    return [int(size) for size in re.findall(r"\((\d+) bytes\)", text)]


def everything(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_the_data_stays_and_the_files_shrink(folder: Path) -> None:
    directory = folder / "data"
    fill(directory)
    before = content(directory)
    code, text, errors = compact(directory)
    assert (code, errors) == (0, "")
    large, small = sizes(text)
    assert large > 10 * small > 0
    assert small == sum(len(data) for name, data in everything(directory).items() if ".2." in name)
    assert content(directory) == before


def test_where_nobody_looks_progress_is_plain_lines(folder: Path) -> None:
    fill(folder / "data")
    _, text, _ = compact(folder / "data")
    lines = text.splitlines()
    assert "\x1b" not in text and "\r" not in text
    assert "loading: 100 %" in lines and "compacting: 100 %" in lines
    assert [line.split(":")[0] for line in lines[-3:]] == ["before", "after", "kept"]
    assert len(lines) < 20


def test_on_a_terminal_progress_is_a_bar(folder: Path) -> None:
    fill(folder / "data")
    with Terminal([*KVIK, "compact", str(folder / "data")], {}) as terminal:
        shown = terminal.wait_for("before:")
        terminal.wait_for("after:")
        assert terminal.exit_code() == 0
    assert b"compacting" in shown and b"100%" in shown and "\u2501".encode() in shown


def test_what_the_data_was_before_is_kept_unless_that_is_not_wanted(folder: Path) -> None:
    directory = folder / "data"
    old = f"{FOLDER}/{JournalFile(1, INCR).name}"
    fill(directory)
    assert "kept:" in compact(directory)[1]
    assert old in everything(directory)
    code, text, _ = compact(directory, "--keep-generations", "0")
    assert code == 0 and "kept:" not in text
    assert old not in everything(directory)
    assert run([*KVIK, "check", str(directory)]).returncode == 0


def test_an_empty_database_is_compacted_too(folder: Path) -> None:
    directory = folder / "data"
    kvik.open(directory).close()
    code, text, _ = compact(directory)
    assert code == 0 and "compacting: 100 %" in text
    assert content(directory) == [[], []]


def test_keys_in_a_database_that_was_served_with_more_of_them_stay(folder: Path) -> None:
    directory = folder / "data"
    (directory / FOLDER).mkdir(parents=True)
    for name, data in one_file(LogWriter().batch("SELECT 99", "SET high 1")).items():
        (directory / FOLDER / name).write_bytes(data)
    assert compact(directory)[0] == 0
    base = everything(directory)[f"{FOLDER}/{JournalFile(2, BASE).name}"]
    assert b"$2\r\n99\r\n" in base and b"high" in base


def test_a_directory_that_is_in_use_is_left_alone(folder: Path) -> None:
    directory = folder / "data"
    fill(directory)
    lock = Files().lock(str(directory / "kvik.lock"))
    before = everything(directory)
    code, text, errors = compact(directory)
    after = everything(directory)
    lock.release()
    assert (code, text) == (1, "") and errors.count("\n") == 1 and "is locked by process" in errors
    assert after == before


def test_a_damaged_database_is_left_alone(folder: Path) -> None:
    directory = folder / "data"
    fill(directory)
    assert compact(directory)[0] == 0
    base = directory / FOLDER / JournalFile(2, BASE).name
    data = bytearray(base.read_bytes())
    data[len(data) // 2] ^= 1
    base.write_bytes(data)
    before = everything(directory)
    code, _, errors = compact(directory)
    assert code == 1 and "is damaged at offset" in errors and errors.count("\n") == 1
    assert {name: data for name, data in everything(directory).items() if name != "kvik.lock"} == {
        name: data for name, data in before.items() if name != "kvik.lock"
    }


def test_a_folder_without_a_database_is_one_line_and_stays_as_it_is(folder: Path) -> None:
    code, _, errors = compact(folder)
    assert code == 1 and "there is no database here" in errors and errors.count("\n") == 1
    assert not list(folder.iterdir())


@pytest.mark.parametrize("given", ["x", "-1"])
def test_a_number_of_generations_that_makes_no_sense_is_refused(folder: Path, given: str) -> None:
    fill(folder / "data")
    code, _, errors = compact(folder / "data", "--keep-generations", given)
    assert code == 1 and "--keep-generations" in errors and errors.count("\n") == 1
