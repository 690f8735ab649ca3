"""The data of a server inside a program: what its threads do with it, and the directory it is kept in."""

import errno
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import kvik
from kvik.journal.files import Files, Lock, ReadingFile
from kvik.network.guests import NOT_RUNNING
from tests.journal.simulated import FOREVER, SimulatedFiles
from tests.patience import SECONDS_MAX, wait_until_blocked, wait_until_inside
from tests.serving import connect, descriptors, run_together
from tests.test_embedded_directory import BASE, GatedFiles
from tests.wire import encode_words


@pytest.fixture(params=["auto", "asyncio"])
def server(request: pytest.FixtureRequest) -> Iterator[kvik.Server]:
    """A server in memory that runs, on each porch."""
    with kvik.Server(settings=kvik.Settings(porch=request.param)) as server:
        server.start(0)
        yield server


# The data, from the program itself


def test_the_program_and_its_clients_see_the_same_data(server: kvik.Server) -> None:
    with connect(server) as wire:
        assert server.execute("SET", "a", 1) == b"OK"
        assert wire.call("INCR", "a") == 2
        assert server.execute("MGET", "a", b"b") == [b"2", None]


def test_an_error_is_raised_as_an_embedded_database_does(server: kvik.Server) -> None:
    server.execute("SET", "a", "x")
    with pytest.raises(kvik.ReplyError, match="not an integer"):
        server.execute("INCR", "a")
    wrong: Any = None
    with pytest.raises(TypeError, match="a word is"):
        server.execute("GET", wrong)
    with pytest.raises(TypeError, match="words of a command"):
        server.execute()


def test_threads_and_clients_increment_without_losing_one(server: kvik.Server) -> None:
    def in_program() -> None:
        for _ in range(200):
            server.execute("INCR", "counter")

    def as_client() -> None:
        with connect(server) as wire:
            for _ in range(200):
                wire.call("INCR", "counter")

    run_together([in_program, as_client] * 4)
    assert server.execute("GET", "counter") == b"1600"


def test_a_transaction_belongs_to_its_thread(server: kvik.Server) -> None:
    server.execute("MULTI")
    assert server.execute("SET", "a", "1") == b"QUEUED"
    run_together([lambda: server.execute("SET", "a", "2")])
    assert server.execute("GET", "a") == b"QUEUED"
    assert server.execute("EXEC") == [b"OK", b"1"]


def test_threads_are_no_clients_and_are_forgotten_when_they_end(server: kvik.Server) -> None:
    run_together([lambda: server.execute("PING")] * 5)
    assert server.execute("PING") == b"PONG"
    assert (server.count_active(), server.count_dropped()) == (0, 0)
    listed = server.execute("CLIENT", "LIST")
    assert isinstance(listed, bytes)
    assert listed.count(b"\n") == 1


def test_a_thread_needs_no_password_and_never_times_out() -> None:
    with kvik.Server(settings=kvik.Settings(requirepass="secret", timeout=1)) as server:
        server.start(0)
        server.execute("SELECT", 3)
        with connect(server) as wire:
            assert b"NOAUTH" in str(wire.call("PING")).encode()
            assert wire.read_to_the_end() == b""
        server.execute("SET", "a", "1")
        server.execute("SELECT", 0)
        assert server.execute("EXISTS", "a") == 0


def test_what_is_answered_to_nobody_does_not_keep_a_thread_waiting(server: kvik.Server) -> None:
    assert server.execute("CLIENT", "REPLY", "OFF") is None
    assert server.execute("PING") == b"PONG"
    assert server.execute("CLIENT", "REPLY", "SKIP") is None
    assert server.execute("PING") == b"PONG"


def test_a_thread_that_said_quit_begins_anew(server: kvik.Server) -> None:
    server.execute("SELECT", 3)
    assert server.execute("QUIT") == b"OK"
    server.execute("SET", "a", "1")
    assert server.execute("DBSIZE") == 1
    server.execute("SELECT", 3)
    assert server.execute("DBSIZE") == 0


def test_a_call_that_waits_ends_when_the_server_is_closed(tmp_path: Path) -> None:
    server = kvik.Server(tmp_path)
    server.start(0)

    def close() -> None:
        wait_until_blocked(server.execute)
        server.close()

    closing = threading.Thread(target=close)
    closing.start()
    with pytest.raises(RuntimeError, match="not running"):
        server.execute("WAITAOF", 0, 1, 0)
    closing.join()


def test_a_call_that_waited_long_enough_is_answered(tmp_path: Path) -> None:
    with kvik.Server(tmp_path) as server:
        server.start(0)
        assert server.execute("WAITAOF", 0, 1, 30) == [1, 0]


class CrookedLock(Lock):
    """A lock whose release has a fault."""

    def __init__(self, lock: Lock) -> None:
        super().__init__(-1)
        self._lock = lock

    def release(self) -> None:
        self._lock.release()
        raise ZeroDivisionError("a fault")


class CrookedFiles(Files):
    def lock(self, path: str) -> Lock:
        return CrookedLock(super().lock(path))


def test_a_call_that_waits_ends_even_when_the_closing_fails(tmp_path: Path) -> None:
    server = kvik.Server(tmp_path, files=CrookedFiles())
    server.start(0)
    refusals: list[str] = []

    def wait() -> None:
        with pytest.raises(RuntimeError) as refusal:
            server.execute("BLPOP", "nothing", 0)
        refusals.append(str(refusal.value))

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    wait_until_blocked(server.execute)
    with pytest.raises(ZeroDivisionError):
        server.close()
    thread.join(SECONDS_MAX)
    assert refusals == [NOT_RUNNING]


def test_a_thread_that_is_thrown_out_is_told(tmp_path: Path) -> None:
    with kvik.Server(tmp_path) as server:
        server.start(0)
        number = server.execute("CLIENT", "ID")
        assert isinstance(number, int)

        def throw_out() -> None:
            wait_until_blocked(server.execute)
            server.execute("CLIENT", "KILL", "ID", number)

        throwing = threading.Thread(target=throw_out)
        throwing.start()
        with pytest.raises(RuntimeError, match="CLIENT KILL"):
            server.execute("WAITAOF", 0, 1, 0)
        throwing.join()
        assert server.execute("PING") == b"PONG"


def test_a_call_that_was_broken_off_does_not_spoil_the_next(tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def enough(number: int, frame: FrameType | None) -> None:
        raise Enough

    def interrupt() -> None:
        wait_until_blocked(server.execute)
        signal.pthread_kill(caller, signal.SIGUSR1)

    caller = threading.get_ident()
    with kvik.Server(tmp_path) as server:
        server.start(0)
        previous = signal.signal(signal.SIGUSR1, enough)
        interrupting = threading.Thread(target=interrupt)
        interrupting.start()
        with pytest.raises(Enough):
            server.execute("WAITAOF", 0, 1, 0)
        interrupting.join()
        signal.signal(signal.SIGUSR1, previous)
        assert server.execute("PING") == b"PONG"
        assert server.execute("ECHO", "next") == b"next"


# A directory


def test_what_was_kept_is_there_at_the_next_start(tmp_path: Path) -> None:
    server = kvik.Server(tmp_path / "data")
    for number in range(3):
        server.start(0)
        with connect(server) as wire:
            assert wire.call("INCR", "starts") == number + 1
        server.close()
    with kvik.open(tmp_path / "data") as database:
        assert database.execute("GET", "starts") == b"3"


def test_all_data_is_loaded_when_start_returns(tmp_path: Path) -> None:
    with kvik.open(tmp_path) as database:
        for number in range(30_000):
            database.execute("SET", f"key:{number}", number)
    with kvik.Server(tmp_path) as server:
        server.start(0)
        assert server.execute("DBSIZE") == 30_000


def test_closing_while_it_starts_breaks_the_start_off(tmp_path: Path) -> None:
    class FilesOfOneThatIsClosed(Files):
        """The real file system; who opens the first file to read it is closed meanwhile."""

        def open_reading(self, path: str) -> ReadingFile:
            if closing.ident is None:
                wait_until_inside(starting, "wait")
                closing.start()
                wait_until_inside(closing, "join")
            return super().open_reading(path)

    kvik.open(tmp_path).close()
    server = kvik.Server(tmp_path, files=FilesOfOneThatIsClosed())
    starting, closing = threading.current_thread(), threading.Thread(target=server.close)
    with pytest.raises(RuntimeError, match="closed before it had started"):
        server.start(0)
    closing.join(SECONDS_MAX)
    assert not closing.is_alive()
    kvik.open(tmp_path).close()


def test_a_directory_in_use_is_told_by_start(tmp_path: Path) -> None:
    with kvik.open(tmp_path):
        server = kvik.Server(tmp_path)
        threads, open_before = threading.enumerate(), descriptors()
        with pytest.raises(kvik.DirectoryInUse) as refused:
            server.start(0)
        assert refused.value.pid == os.getpid()
        assert (threading.enumerate(), descriptors()) == (threads, open_before)
    server.start(0)
    with pytest.raises(kvik.DirectoryInUse):
        kvik.Server(tmp_path).start(0)
    server.close()


def test_damage_is_told_by_start_and_nothing_is_changed(tmp_path: Path) -> None:
    with kvik.open(tmp_path) as database:
        database.execute("SET", "key:0", "0")
        database.execute("SAVE")
    base = tmp_path / BASE
    damaged = base.read_bytes().replace(b"key:0", b"key:9")
    base.write_bytes(damaged)
    with pytest.raises(kvik.JournalDamaged, match=f"kvik check {tmp_path}"):
        kvik.Server(tmp_path).start(0)
    assert base.read_bytes() == damaged


def test_with_always_a_thread_waits_for_the_disk_and_the_server_does_not(tmp_path: Path) -> None:
    files = GatedFiles()
    with kvik.Server(tmp_path, kvik.Settings(appendfsync="always"), files=files) as server:
        server.start(0)
        files.gate.clear()
        answers: list[object] = []
        waiting = threading.Thread(target=lambda: answers.append(server.execute("SET", "a", "1")))
        waiting.start()
        with connect(server):
            assert server.count_active() == 1
        waiting.join(0.1)
        assert (answers, waiting.is_alive()) == ([], True)
        files.gate.set()
        waiting.join(SECONDS_MAX)
        assert answers == [b"OK"]


def test_closing_runs_nothing_that_stands_behind_a_request_that_waits_for_the_disk(tmp_path: Path) -> None:
    server = kvik.Server(tmp_path, kvik.Settings(appendfsync="no"))
    server.start(0)
    with connect(server) as wire:
        wire.send((encode_words(["INCR", "n"]) + encode_words(["WAITAOF", 1, 0, 0])) * 20)
        wait_until_blocked(server.execute)
        server.close()
        answers = wire.read_to_the_end()
    increments = answers.count(b"*2\r\n")
    assert answers == b"".join([b":%d\r\n*2\r\n:1\r\n:0\r\n" % number for number in range(1, increments + 1)])
    with kvik.open(tmp_path) as database:
        assert database.execute("GET", "n") == b"%d" % increments


def test_closing_tells_when_something_is_not_on_disk() -> None:
    files = SimulatedFiles()
    server = kvik.Server("/data", files=files)
    server.start(0)
    server.execute("SET", "a", "1")
    files.fail("sync", errno.EIO, FOREVER)
    with pytest.raises(OSError, match="the last changes are not on disk"):
        server.close()
    assert isinstance(server.error, OSError)
    server.close()


class FailingFiles(Files):
    """The real file system, until it no longer knows how long its files are."""

    def __init__(self) -> None:
        self.fails = False

    def size(self, path: str) -> int:
        if self.fails:
            raise ArithmeticError("the disk has lost its mind")
        return super().size(path)


def test_an_error_that_ends_the_server_is_told(tmp_path: Path) -> None:
    files = FailingFiles()
    server = kvik.Server(tmp_path, files=files)
    server.start(0)
    server.execute("SET", "a", "1")
    files.fails = True
    assert server.wait(SECONDS_MAX)
    assert isinstance(server.error, ArithmeticError)
    with pytest.raises(RuntimeError, match="not running"):
        server.execute("GET", "a")
    with pytest.raises(ArithmeticError, match="lost its mind"):
        server.close()
    files.fails = False
    server.start(0)
    assert server.execute("GET", "a") == b"1"
    assert server.error is None
    server.close()
