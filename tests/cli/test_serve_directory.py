"""`kvik serve DIR`: what people find again, and what they are told when something is wrong (S27)."""

import os
import signal
import sys
import time
from pathlib import Path

import hiredis
import pytest

from kvik.journal.manifest import FOLDER, INCR, NAME, JournalFile, Manifest
from tests.journal.logs import LogWriter
from tests.programs import KVIK, pipe_to, run, run_python
from tests.servers import STOP_SECONDS, KvikServer, Process, connect
from tests.wire import Wire, encode_words

LOG = JournalFile(1, INCR).name
LOADING_SECONDS_MAX = 60.0
LARGE = 20_000_000
"""Bytes of a value that takes some milliseconds to make, from a command of few bytes."""


@pytest.fixture
def directory(folder: Path) -> Path:
    return folder / "data"


def serve(directory: Path, *flags: str) -> KvikServer:
    return KvikServer(directory.parent, doors=("resp",), flags=[str(directory), *flags])


def contents(directory: Path) -> dict[str, bytes]:
    """Return every file in a directory but the lock."""
    files = [path for path in directory.rglob("*") if path.is_file() and path.name != "kvik.lock"]
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def flip(data: bytes, place: int) -> bytes:
    """Return bytes of which one has another value."""
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def told_at(event: str, place: str, name: str) -> str:
    """Return a program that is `kvik` and is sent a signal at an event of Python's, with `place` where that is said."""
    where = f"str(arguments[1]) == {place!r}" if place else "True"
    hook = f"lambda event, arguments: event == {event!r} and {where} and os.kill(os.getpid(), signal.{name})"
    return f"import os, signal, sys; sys.addaudithook({hook}); from kvik.cli.main import main; sys.exit(main())"


def write_journal(directory: Path, log: LogWriter) -> None:
    (directory / FOLDER).mkdir(parents=True)
    (directory / FOLDER / LOG).write_bytes(log.data)
    (directory / FOLDER / NAME).write_bytes(Manifest([JournalFile(1, INCR)]).encode())


# What stays


def test_the_data_is_there_again_after_an_orderly_end(directory: Path) -> None:
    server = serve(directory)
    with server.open() as wire:
        wire.call("SET", "norway", "oslo")
        wire.call("SET", "late", "1", "PXAT", "4102444800000")
        wire.call("SELECT", "3")
        wire.call("INCR", "hits")
    assert server.stop() == 0
    server = serve(directory)
    with server.open() as wire:
        assert wire.call("MGET", "norway", "hits") == [b"oslo", None]
        assert wire.call("PEXPIRETIME", "late") == 4_102_444_800_000
        wire.call("SELECT", "3")
        assert wire.call("INCR", "hits") == 2
    assert server.stop() == 0


@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
def test_what_was_answered_is_there_again_after_kill_9(directory: Path, policy: str) -> None:
    for round_ in range(3):
        server = serve(directory, "--appendfsync", policy)
        with server.open() as wire:
            for number in range(20):
                assert wire.call("INCR", "counter") == 20 * round_ + number + 1
            server.process.kill()
        server.process.wait(STOP_SECONDS)
    assert run([*KVIK, "check", str(directory)]).returncode == 0


def test_shutdown_writes_everything_down(directory: Path) -> None:
    server = serve(directory)
    with server.open() as wire:
        wire.call("SET", "a", "1")
        wire.send(b"SHUTDOWN\r\n")
        server.process.wait(STOP_SECONDS)
    done = run([*KVIK, "exec", "--dir", str(directory), "GET a"])
    assert done.stdout == b"1\n"


def test_a_torn_end_is_cut_off_kept_and_told(directory: Path) -> None:
    log = LogWriter().batch("SET a 1").batch("SET b 2")
    log.data = log.data[:-1]
    write_journal(directory, log)
    server = serve(directory)
    with server.open() as wire:
        assert wire.call("MGET", "a", "b") == [b"1", None]
    assert server.stop() == 0
    torn = f"{LOG}.{log.ends[1]}"
    assert (directory / "torn" / torn).read_bytes() == log.data[log.ends[1] :]
    assert f"cut off {len(log.data) - log.ends[1]} bytes at offset {log.ends[1]}" in server.output()


# What is refused


def test_a_second_server_names_the_process_that_has_the_directory(directory: Path) -> None:
    server = serve(directory)
    done = run([*KVIK, "serve", str(directory), "--listen", "resp://127.0.0.1:0"])
    assert done.returncode == 1
    assert done.stderr.count(b"\n") == 1
    assert b"is locked by process %d" % server.process.pid in done.stderr
    with server.open() as wire:
        assert wire.call("SET", "a", "1") == b"OK"
    assert server.stop() == 0


def test_a_damaged_journal_is_neither_loaded_nor_changed(directory: Path) -> None:
    log = LogWriter(durable=3).batch("SET a 1").batch("SET b 2").batch("SET c 3")
    log.data = flip(log.data, log.ends[1] + 20)
    write_journal(directory, log)
    before = contents(directory)
    done = run([*KVIK, "serve", str(directory), "--listen", "resp://127.0.0.1:0"])
    assert done.returncode == 1
    assert done.stderr.startswith(b"kvik: ") and done.stderr.count(b"\n") == 1
    for word in (LOG, f"offset {log.ends[1]}", "batch 2", f"kvik check {directory}"):
        assert word.encode() in done.stderr
    assert contents(directory) == before


def test_a_directory_that_cannot_be_made_is_one_line(folder: Path) -> None:
    (folder / "file").write_text("")
    done = run([*KVIK, "serve", str(folder / "file"), "--listen", "resp://127.0.0.1:0"])
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    assert str(folder / "file").encode() in done.stderr and b"Errno" not in done.stderr


# What is said


def test_without_a_directory_it_says_once_that_nothing_is_kept(folder: Path) -> None:
    server = KvikServer(folder, doors=("resp",), flags=["--memory"])
    assert server.stop() == 0
    assert server.output().count("in memory only") == 1
    assert not (folder / "data").exists()


@pytest.mark.parametrize("event", ["fcntl.flock", "socket.bind"])
def test_it_ends_in_good_order_however_early_it_is_told_to(directory: Path, event: str) -> None:
    done = run_python(told_at(event, "", "SIGTERM"), "serve", str(directory), "--listen", "resp://127.0.0.1:0")
    assert done.returncode == 0, done.stderr
    assert b"Received SIGTERM, closing" in done.stdout
    assert run([*KVIK, "check", str(directory)]).returncode == 0


@pytest.mark.parametrize("late", ["SIGTERM", "SIGINT"])
def test_a_signal_when_all_is_done_does_not_spoil_the_end(directory: Path, late: str) -> None:
    hook = "lambda name, _: name == 'socket.bind' and os.kill(os.getpid(), signal.SIGTERM)"
    start = f"import os, signal, sys; sys.addaudithook({hook}); from kvik.cli.main import main"
    done = run_python(
        f"{start}; code = main(); os.kill(os.getpid(), signal.{late}); sys.exit(code)",
        *("serve", str(directory), "--listen", "resp://127.0.0.1:0"),
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_it_goes_on_when_nobody_reads_its_log_any_more(directory: Path) -> None:
    server = pipe_to([*KVIK, "serve", str(directory), "--listen", "resp://127.0.0.1:0", "--loglevel", "debug"])
    assert server.stdin is not None and server.stdout is not None and server.stderr is not None
    while b"Ready to accept connections" not in (line := server.stdout.readline()):
        assert line, server.stderr.read()
    server.stdout.close()
    port = int(line.rpartition(b":")[2])
    for _ in range(2):
        with Wire(connect(("127.0.0.1", port))) as wire:
            assert wire.call("SET", "a", "1") == b"OK"
    server.terminate()
    assert server.stderr.read() == b""
    assert server.wait(STOP_SECONDS) == 0
    server.stdin.close()


def test_memory_and_a_directory_contradict(directory: Path) -> None:
    done = run([*KVIK, "serve", "--memory", str(directory)])
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert not directory.exists()


def test_only_the_owner_may_read_what_is_kept(directory: Path) -> None:
    assert serve(directory).stop() == 0
    assert {path.stat().st_mode & 0o777 for path in directory.rglob("*") if path.is_file()} == {0o600}
    assert directory.stat().st_mode & 0o777 == 0o700


# While it loads


def slow_journal(batches: int) -> LogWriter:
    """Return a journal that takes some time to load and is small itself."""
    log = LogWriter()
    log.batch(f"SETRANGE large {LARGE} x", "SET other x")
    for _ in range(batches - 1):
        log.batch("BITOP NOT other large", "DEL other")
    return log.batch("SET last 1")


def test_who_comes_while_it_loads_is_told_so_as_by_redis(directory: Path) -> None:
    write_journal(directory, slow_journal(100))
    # Two doors: when it is stopped at the second one, it listens at the first and has loaded for a moment.
    doors = [directory.parent / "first", directory.parent / "second"]
    arguments = [str(directory), *[f"--listen=resp://{door}" for door in doors]]
    program = told_at("socket.bind", str(doors[1]), "SIGSTOP")
    server = Process([sys.executable, "-c", program, "serve", *arguments], directory.parent)
    os.waitid(os.P_PID, server.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    with Wire(connect(str(doors[0]))) as wire:
        requests = [["GET", "last"], ["PING"], ["INFO", "server"], ["SELECT", "1"], ["SELECT", "0"]]
        wire.send(b"".join([encode_words(words) for words in requests]))
        server.process.send_signal(signal.SIGCONT)
        # PING does not pass for a sign of health meanwhile; what says how it goes is answered.
        for _ in range(2):
            loading = wire.reply()
            assert isinstance(loading, hiredis.ReplyError) and str(loading).startswith("LOADING ")
        assert b"# Server" in wire.reply()
        assert [wire.reply(), wire.reply()] == [b"OK", b"OK"]
        assert wait_until_loaded(wire) == b"1"
        assert wire.call("SET", "last", "2") == b"OK"
    assert server.stop() == 0
    assert "Loading: " in server.output()
    assert "201 commands loaded" in server.output()


def wait_until_loaded(wire: Wire) -> object:
    limit = time.monotonic() + LOADING_SECONDS_MAX
    while time.monotonic() < limit:
        reply = wire.call("GET", "last")
        if not isinstance(reply, hiredis.ReplyError):
            return reply
        time.sleep(0.05)
    raise AssertionError("the journal is not loaded in time")


def test_a_server_that_loads_ends_at_once_when_told_to(directory: Path) -> None:
    log = slow_journal(300)
    write_journal(directory, log)
    place = str(directory.parent / "socket")
    done = run_python(told_at("socket.bind", place, "SIGTERM"), "serve", str(directory), "--listen", f"resp://{place}")
    assert done.returncode == 0 and b"Received SIGTERM" in done.stdout
    assert b"commands loaded" not in done.stdout
    assert (directory / FOLDER / LOG).read_bytes() == log.data


def test_damage_that_is_found_late_ends_the_server(directory: Path) -> None:
    log = slow_journal(100)
    log.data = flip(log.data, log.ends[-3] + 20)
    write_journal(directory, log)
    before = contents(directory)
    done = run([*KVIK, "serve", str(directory), "--listen", "resp://127.0.0.1:0"])
    assert done.returncode == 1 and b"Ready to accept" in done.stdout
    assert f"kvik check {directory}".encode() in done.stderr.splitlines()[-1]
    assert contents(directory) == before
