"""`kvik rewind`: it makes a directory of an earlier moment, says which one, and refuses in one line."""

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kvik.cli.moments import parse_moment, shown_moment
from kvik.journal.files import Files
from tests.cli.test_check import everything, flipped, write
from tests.journal.logs import BEGIN, LogWriter, Story, one_file
from tests.journal.test_recovery import load
from tests.programs import KVIK, run
from tests.servers import KvikServer

SECONDS_MAX = 20.0
NOW = 1_700_000_000_000


def rewind(*words: str | Path) -> str:
    """Return what is said when it succeeds."""
    done = run([*KVIK, "rewind", *map(str, words)])
    assert (done.returncode, done.stderr) == (0, b""), done
    return done.stdout.decode()


def refusal(*words: str | Path, code: int = 1) -> str:
    """Return the one line that is said when it fails."""
    done = run([*KVIK, "rewind", *map(str, words)])
    assert done.returncode == code and done.stdout == b"", done
    assert done.stderr.startswith(b"kvik: ") and done.stderr.count(b"\n") == 1, done.stderr
    return done.stderr.decode()


def keys_in(directory: Path) -> set[bytes]:
    call, _ = load(Files(), str(directory))
    return set(call.engine.databases.spaces[0].keys())


def compact(server: KvikServer) -> None:
    """Have a new generation made, and wait until it is."""
    with server.open() as wire:
        before = fact(wire.call("INFO", "persistence"), b"aof_generation")
        wire.call("BGREWRITEAOF")
        limit = time.monotonic() + SECONDS_MAX
        while time.monotonic() < limit:
            text = wire.call("INFO", "persistence")
            if fact(text, b"aof_generation") > before and fact(text, b"aof_rewrite_in_progress") == 0:
                return
            time.sleep(0.02)
    raise AssertionError("the compaction does not end")


def fact(info: object, name: bytes) -> int:
    assert isinstance(info, bytes)
    return int(info.split(name + b":")[1].split(b"\r\n")[0])


def test_the_flushall_of_ten_minutes_ago_is_undone_while_the_server_runs(folder: Path) -> None:
    server = KvikServer(folder, ("resp",), [str(folder / "data")])
    with server.open() as wire:
        for request in (["MSET", "norway", "oslo", "sweden", "stockholm"], ["INCR", "visits"], ["SELECT", "3"]):
            wire.call(*request)
        wire.call("SET", "there", "3")
        before = fact(wire.call("INFO", "persistence"), b"aof_sequence")
        wire.call("FLUSHALL")
        compact(server)
        wire.call("SET", "denmark", "copenhagen")
        compact(server)
        text = rewind(folder / "data", "--before", str(before + 1), "--to", folder / "old")
        assert wire.call("DBSIZE") == 1 and wire.call("GET", "denmark") == b"copenhagen"
    assert server.stop() == 0
    assert text.startswith(f"as it was behind batch {before} of 20")
    assert "found: 4 keys in 2 databases\n" in text and f"kvik serve {folder / 'old'}\n" in text
    again = KvikServer(folder, ("resp",), [str(folder / "old")])
    with again.open() as wire:
        assert wire.call("MGET", "norway", "sweden", "visits") == [b"oslo", b"stockholm", b"1"]
        assert wire.call("SELECT", "3") == b"OK" and wire.call("GET", "there") == b"3"
    assert again.stop() == 0


def test_a_server_that_writes_and_compacts_is_no_obstacle(folder: Path) -> None:
    flags = [str(folder / "data"), "--keep-generations", "1"]
    server = KvikServer(folder, ("resp",), flags)
    with server.open() as wire:
        for number in range(6):
            for step in range(50):
                wire.call("SET", f"key{number}.{step}", "v" * 100)
            wire.call("BGREWRITEAOF")
            text = rewind(folder / "data", "--at", "now", "--to", folder / f"old{number}")
            assert f"found: {50 * (number + 1)} keys in 1 database\n" in text
    assert server.stop() == 0


def test_the_moment_may_be_a_time(folder: Path) -> None:
    directory = write(folder / "data", Story().contents())
    before = everything(directory)
    text = rewind(directory, "--at", "2023-11-14T22:13:22.500Z", "--to", folder / "old")
    assert text.startswith("as it was behind batch 9 of 2023-11-14T22:13:22.000Z\nfound: 5 keys in 3 databases\n")
    assert everything(directory) == before
    assert keys_in(folder / "old") == {b"old", b"crlf"}


def test_the_moment_may_be_some_time_ago(folder: Path) -> None:
    an_hour_ago = time.time_ns() // 1_000_000 - 3_600_000
    log = LogWriter(time=an_hour_ago).batch("SET a 1")
    log.time += 600_000
    log.batch("FLUSHALL").time += 1_800_000
    directory = write(folder / "data", one_file(log.batch("SET b 1")))
    rewind(directory, "--at", "40 minutes ago", "--to", folder / "old")
    assert keys_in(folder / "old") == set()
    rewind(directory, "--at", "3500 s ago", "--to", folder / "older")
    assert keys_in(folder / "older") == {b"a"}
    rewind(directory, "--at", "now", "--to", folder / "now")
    assert keys_in(folder / "now") == {b"b"}
    assert "the oldest moment that can be reached is " + shown_moment(an_hour_ago) in refusal(
        directory, "--at", "2 hours ago", "--to", folder / "oldest"
    )


def test_keys_whose_time_is_over_by_now_are_told(folder: Path) -> None:
    log = LogWriter().batch(f"SET short v PXAT {BEGIN + 500}", f"SET long v PXAT {BEGIN + 90_000}", "SET k v")
    directory = write(folder / "data", one_file(log.batch("DEL short long")))
    text = rewind(directory, "--before", "2", "--to", folder / "old")
    assert "found: 2 keys in 1 database\n       the time to live of 1 of them is over by now" in text


def test_a_database_with_a_high_number_says_how_to_serve_it(folder: Path) -> None:
    directory = write(folder / "data", one_file(LogWriter().batch("SELECT 99", "SET k v")))
    assert "serve with --databases 100 or more" in rewind(directory, "--before", "2", "--to", folder / "old")


def test_before_the_first_batch_there_is_nothing(folder: Path) -> None:
    directory = write(folder / "data", one_file(LogWriter().batch("SET a 1")))
    text = rewind(directory, "--before", "1", "--to", folder / "old")
    assert text.startswith("as it was before the first batch\nfound: 0 keys in 0 databases\n")


def test_what_cannot_be_reached_is_refused_with_what_can(folder: Path) -> None:
    directory = write(folder / "data", Story().contents())
    to = ("--to", folder / "old")
    oldest = "the oldest moment that can be reached is 2023-11-14T22:13:20.000Z, behind batch 7 (--before 8)"
    assert oldest in refusal(directory, "--before", "3", *to)
    assert oldest in refusal(directory, "--at", "1960-01-01T00:00:00Z", *to)
    assert "the last one is 2023-11-14T22:13:25.000Z, behind batch 12 (--before 13)" in refusal(
        directory, "--before", "99", *to
    )
    assert sorted(path.name for path in folder.iterdir()) == ["data"]


def test_a_directory_that_is_not_empty_is_not_written_to(folder: Path) -> None:
    directory = write(folder / "data", Story().contents())
    before = everything(folder)
    assert "not empty" in refusal(directory, "--before", "9", "--to", directory)
    (folder / "file").touch()
    assert f"{folder / 'file'}: Not a directory" in refusal(directory, "--before", "9", "--to", folder / "file")
    assert everything(folder) == before | {"file": b""}


def test_wrong_use_and_wrong_places_are_one_line(folder: Path) -> None:
    directory = write(folder / "data", Story().contents())
    to = ("--to", folder / "old")
    assert "--at or with --before" in refusal(directory, *to, code=2)
    assert "--at or with --before" in refusal(directory, "--at", "now", "--before", "9", *to, code=2)
    assert "'noon' is no time" in refusal(directory, "--at", "noon", *to, code=2)
    assert "--to" in refusal(directory, "--before", "9", code=2)
    assert "no database here" in refusal(folder, "--before", "9", *to)
    assert "No such file" in refusal(directory, "--before", "9", "--to", folder / "none" / "old")
    shutil.rmtree(directory / "appendonlydir")
    (directory / "appendonlydir").mkdir()
    assert f"kvik check {directory}" in refusal(directory, "--before", "9", *to)


def test_damage_before_the_moment_is_refused_with_the_place(folder: Path) -> None:
    story = Story()
    name = story.manifest.files[1].name
    directory = write(folder / "data", story.contents() | {name: flipped(story.first.data, story.first.ends[0] + 5)})
    text = refusal(directory, "--before", "11", "--to", folder / "old")
    assert f"{name} is damaged at offset {story.first.ends[0]}" in text
    assert sorted(path.name for path in folder.iterdir()) == ["data"]


# Moments as people write them


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("now", 0),
        ("10 minutes ago", 600_000),
        ("1 minute ago", 60_000),
        ("90s ago", 90_000),
        ("2 H ago", 7_200_000),
        ("3 days ago", 259_200_000),
        ("1 week ago", 604_800_000),
        (" 5 min ago ", 300_000),
    ],
)
def test_a_moment_may_be_said_from_now(text: str, milliseconds: int) -> None:
    assert parse_moment(text, NOW) == NOW - milliseconds


def test_a_moment_without_a_zone_is_local_time() -> None:
    local = datetime(2026, 7, 1, 14, 5).astimezone(UTC)
    assert parse_moment("2026-07-01T14:05") == parse_moment(local.isoformat()) == int(local.timestamp()) * 1_000
    assert parse_moment("2026-07-01T14:05:00.25+02:00") == 1_782_907_500_250
    assert parse_moment(shown_moment(NOW + 7)) == parse_moment(str(NOW + 7)) == NOW + 7


@pytest.mark.parametrize(
    "text", ["", "noon", "10 ago", "ago", "-5 minutes ago", "5 minutes", "2026-13-01", "1.5 h ago"]
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_moment(text, NOW)


def test_a_moment_before_all_time_is_the_beginning() -> None:
    assert parse_moment("999999999 weeks ago", NOW) == 0
