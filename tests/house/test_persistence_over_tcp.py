"""A server with a directory: rewriting under load, a full disk, settings that change, and who waits for the disk."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import hiredis
import pytest

from tests.patience import SECONDS_MAX, wait_until
from tests.servers import KvikServer
from tests.wire import Wire, encode_words

WRITERS = 4
KEYS_OF_EACH = 50
PRELOADED = 30_000
RESUMED_SECONDS_MAX = 2.0
DISK_BYTES = 2 << 20
BALLAST_BYTES = 1 << 20


def serve(folder: Path, directory: Path, *flags: str) -> KvikServer:
    return KvikServer(folder, ("resp",), [str(directory), *flags])


def facts(wire: Wire) -> dict[str, str]:
    reply = wire.call("INFO", "persistence")
    assert isinstance(reply, bytes)
    return dict(line.split(":", 1) for line in reply.decode().splitlines() if ":" in line)


class Writer(threading.Thread):
    """Writes rising numbers to its keys, and remembers for each what was sent last and what was acknowledged."""

    def __init__(self, wire: Wire, name: str, padding: int = 0) -> None:
        super().__init__(daemon=True)
        self.sent: dict[str, int] = {}
        self.acknowledged: dict[str, int] = {}
        self.refused = 0
        self.is_over = False
        self._wire = wire
        self._key = name
        self._padding = "." * padding

    def run(self) -> None:
        number = 0
        while not self.is_over:
            number += 1
            key = f"{self._key}:{number % KEYS_OF_EACH}"
            self.sent[key] = number
            try:
                reply = self._wire.call("SET", key, f"{number}{self._padding}")
            except (ConnectionError, TimeoutError):
                return
            if reply == b"OK":
                self.acknowledged[key] = number
            else:
                self.refused += 1
                time.sleep(0.02)

    def missing(self, wire: Wire) -> list[str]:
        """Return which keys are older than acknowledged, or newer than sent."""
        return [key for key, number in self.acknowledged.items() if not number <= found(wire, key) <= self.sent[key]]


def found(wire: Wire, key: str) -> int:
    value = wire.call("GET", key)
    assert value is None or isinstance(value, bytes)
    return 0 if value is None else int(value.rstrip(b"."))


def preload(wire: Wire) -> None:
    for start in range(0, PRELOADED, 1_000):
        words = ["MSET"]
        for number in range(start, start + 1_000):
            words += [f"cold:{number}", str(number)]
        assert wire.call(*words) == b"OK"


def test_a_rewrite_under_load_loses_nothing_and_shows_how_far_it_is(folder: Path) -> None:
    directory = folder / "data"
    server = serve(folder, directory)
    writers = [Writer(server.open(), f"w{number}") for number in range(WRITERS)]
    with server.open() as wire:
        preload(wire)
        for writer in writers:
            writer.start()
        seen: set[int] = set()
        for generation in (2, 3):
            assert wire.call("BGREWRITEAOF") == b"Background append only file rewriting started"
            while (shown := facts(wire))["aof_rewrite_in_progress"] == "1":
                assert shown["rdb_bgsave_in_progress"] == "1"
                seen.add(int(shown["current_save_keys_processed"]))
            assert (shown["aof_generation"], shown["aof_rewrites"]) == (str(generation), str(generation - 1))
            assert shown["aof_last_bgrewrite_status"] == "ok"
    assert len(seen) > 3 and max(seen) > 1_000
    server.process.kill()
    server.process.wait()
    for writer in writers:
        writer.join(SECONDS_MAX)
        assert len(writer.acknowledged) == KEYS_OF_EACH
    server = serve(folder, directory)
    with server.open() as wire:
        wait_until(lambda: facts(wire)["loading"] == "0")
        assert [key for writer in writers for key in writer.missing(wire)] == []
        assert wire.call("DBSIZE") == PRELOADED + WRITERS * KEYS_OF_EACH
    assert server.stop() == 0, server.output()


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount a small tmpfs")
    place = folder / "disk"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(place)]
    mounted = subprocess.run(mounting, capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"a small tmpfs cannot be mounted here: {mounted.stderr.decode(errors='replace').strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True, capture_output=True)


def test_a_full_disk_refuses_writes_until_there_is_space_again(folder: Path, small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * BALLAST_BYTES)
    server = serve(folder, small_disk / "data", "--auto-aof-rewrite-percentage", "0", "--keep-generations", "0")
    writer = Writer(server.open(), "w", padding=4_096)
    with server.open() as wire:
        assert wire.call("SET", "before", "1") == b"OK"
        writer.start()
        wait_until(lambda: facts(wire)["aof_last_write_status"] == "err")
        refused = wire.call("SET", "during", "1")
        assert isinstance(refused, hiredis.ReplyError)
        assert str(refused) == "MISCONF Errors writing to the AOF file: No space left on device"
        assert wire.call("GET", "before") == b"1"
        # Its last write is what did not fit: the answer is held back until it does.
        writer.is_over = True
        assert writer.is_alive()
        ballast.unlink()
        assert wait_until(lambda: wire.call("SET", "after", "1") == b"OK") < RESUMED_SECONDS_MAX
        writer.join(SECONDS_MAX)
        assert writer.acknowledged == writer.sent and writer.refused == 0
        assert wire.call("WAITAOF", "1", "0", "5000") == [1, 0]
        assert facts(wire)["aof_last_write_status"] == "ok"
    server.process.kill()
    server.process.wait()
    server = serve(folder, small_disk / "data")
    with server.open() as wire:
        assert writer.missing(wire) == []
        assert wire.call("MGET", "before", "during", "after") == [b"1", None, b"1"]
    assert server.stop() == 0, server.output()


@pytest.fixture
def server(folder: Path) -> Iterator[KvikServer]:
    server = serve(folder, folder / "data")
    yield server
    assert server.stop() == 0, server.output()


def is_durable(wire: Wire) -> bool:
    shown = facts(wire)
    return shown["aof_durable_sequence"] == shown["aof_sequence"]


def test_appendfsync_changes_while_the_server_runs(server: KvikServer) -> None:
    with server.open() as wire:
        assert wire.call("CONFIG", "SET", "appendfsync", "always") == b"OK"
        for number in range(20):
            assert wire.call("SET", "k", number) == b"OK"
            assert is_durable(wire)
        assert wire.call("CONFIG", "SET", "appendfsync", "no") == b"OK"
        assert wire.call("SET", "k", "unsynced") == b"OK"
        time.sleep(1.5)
        assert not is_durable(wire)
        assert wire.call("CONFIG", "SET", "appendfsync", "everysec") == b"OK"
        wait_until(lambda: is_durable(wire))
        assert wire.call("CONFIG", "GET", "appendfsync") == [b"appendfsync", b"everysec"]


@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
def test_waitaof_answers_when_the_write_is_on_disk(server: KvikServer, policy: str) -> None:
    with server.open() as wire, server.open() as other:
        assert wire.call("CONFIG", "SET", "appendfsync", policy) == b"OK"
        for number in range(3):
            wire.send(encode_words(["SET", "k", number]) + encode_words(["WAITAOF", 1, 0, 5_000]))
            wire.send(encode_words(["PING"]))
            assert other.call("PING") == b"PONG"
            assert [wire.reply() for _ in range(3)] == [b"OK", [1, 0], b"PONG"]
            assert is_durable(other)


def test_waitaof_gives_up_at_its_deadline(server: KvikServer) -> None:
    with server.open() as wire:
        wire.call("SET", "k", "v")
        start = time.monotonic()
        assert wire.call("WAITAOF", 0, 1, 150) in ([0, 0], [1, 0])
        assert time.monotonic() - start > 0.14


def test_save_and_what_follows_it_are_answered_in_order(server: KvikServer) -> None:
    with server.open() as wire, server.open() as other:
        wire.call("SET", "k", "v")
        for generation in (2, 3):
            wire.send(encode_words(["SAVE"]) + encode_words(["INFO", "persistence"]))
            assert other.call("GET", "k") == b"v"
            assert wire.reply() == b"OK"
            shown = wire.reply()
            assert isinstance(shown, bytes) and f"aof_generation:{generation}\r\n".encode() in shown
        assert abs(int(facts(wire)["rdb_last_save_time"]) - time.time()) < 10


def test_config_names_the_directory(server: KvikServer, folder: Path) -> None:
    with server.open() as wire:
        assert wire.call("CONFIG", "GET", "dir") == [b"dir", str(folder / "data").encode()]
        assert wire.call("CONFIG", "GET", "appendonly") == [b"appendonly", b"yes"]
