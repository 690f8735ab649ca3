"""`kvik backup` and `kvik restore` as they are started: between servers and directories, and what they refuse."""

import json
import os
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import kvik
from tests.patience import wait_until
from tests.programs import KVIK, Terminal, run
from tests.rdb.values import HOW_IT_IS_KEPT, without
from tests.servers import KvikServer, RedisServer
from tests.wire import Wire

KEYS = 200_000
SLOW_MS = 50.0
KILLED_AFTER_SECONDS = 0.06


def program(*arguments: str | Path, data: bytes = b"") -> tuple[int, str, str]:
    done = run([*KVIK, *[str(argument) for argument in arguments]], data)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def address(server: KvikServer) -> str:
    return f"127.0.0.1:{server.ports['resp']}"


def fill(wire: Wire) -> None:
    for words in (
        ("SET", "text", "grüße"),
        ("SET", b"\xff", b"\x00"),
        ("SET", "dying", "x", "PXAT", "4102444800000"),
        ("RPUSH", "list", "a", "b"),
        *[("XADD", "CREATE", f"{number}-1", "f", f"v{number}") for number in range(1, 6)],
        *[("XGROUP", "CREATE", "CREATE", group, "0") for group in ("g", "h")],
        ("XREADGROUP", "GROUP", "g", "alice", "COUNT", "3", "STREAMS", "CREATE", ">"),
        ("XREADGROUP", "GROUP", "g", "bob", "COUNT", "1", "STREAMS", "CREATE", ">"),
        ("XCLAIM", "CREATE", "g", "alice", "0", "1-1", "TIME", "1000000000000", "RETRYCOUNT", "7"),
        ("XGROUP", "CREATECONSUMER", "CREATE", "h", "carol"),
        ("XDEL", "CREATE", "2-1", "5-1"),
        ("SELECT", "9"),
        ("SET", "kvik:backup", "reserved"),
    ):
        wire.call(*words)
    wire.call("SELECT", "0")


def everything(wire: Wire) -> list[object]:
    found: list[object] = [wire.call("COMPACT")]
    wire.call("SELECT", "9")
    found.append(wire.call("COMPACT"))
    wire.call("SELECT", "0")
    return found


def stream(wire: Wire) -> object:
    """Return all that is known of the stream, but when its consumers last asked: no command says that."""
    facts = without(wire.call("XINFO", "STREAM", "CREATE", "FULL"), (*HOW_IT_IS_KEPT, b"seen-time"))
    assert b"2-1" in repr(facts).encode(), "an entry that was deleted is pending"
    return facts


def test_a_server_is_copied_to_a_directory_and_back(kvik_server: KvikServer, folder: Path) -> None:
    with kvik_server.open() as wire:
        fill(wire)
        before, stream_before = everything(wire), stream(wire)
        assert program("backup", address(kvik_server), folder / "one.json")[0] == 0
        assert program("restore", folder / "one.json", folder / "data") == (0, "restored: 6 keys\n", "")
        assert program("backup", folder / "data", folder / "two.json")[0] == 0
        one, two = (json.loads((folder / name).read_bytes()) for name in ("one.json", "two.json"))
        del one["kvik:backup"]["moment"], two["kvik:backup"]["moment"]
        del one["kvik:backup"]["sha256"], two["kvik:backup"]["sha256"]
        assert one == two
        wire.call("FLUSHALL")
        assert program("restore", folder / "two.json", address(kvik_server))[0] == 0
        assert everything(wire) == before
        assert stream(wire) == stream_before


def test_standard_output_goes_into_standard_input(kvik_server: KvikServer, folder: Path) -> None:
    with kvik_server.open() as wire:
        fill(wire)
    done = run([*KVIK, "backup", address(kvik_server), "-"])
    assert done.returncode == 0 and done.stderr == b""
    assert program("restore", "-", folder / "data", data=done.stdout) == (0, "restored: 6 keys\n", "")


def test_a_target_with_keys_is_left_alone(kvik_server: KvikServer, folder: Path) -> None:
    (folder / "plain.json").write_text('{"one": "1"}')
    with kvik_server.open() as wire:
        wire.call("SET", "mine", "x")
        code, _, errors = program("restore", folder / "plain.json", address(kvik_server))
        assert code == 1 and "--replace" in errors and "--merge" in errors
        assert program("restore", folder / "plain.json", address(kvik_server), "--merge")[0] == 0
        assert wire.call("MGET", "one", "mine") == [b"1", b"x"]
        assert program("restore", folder / "plain.json", address(kvik_server), "--replace")[0] == 0
        assert wire.call("MGET", "one", "mine") == [b"1", None]


def test_a_damaged_file_is_refused_with_the_place(kvik_server: KvikServer, folder: Path) -> None:
    with kvik_server.open() as wire:
        fill(wire)
        before = everything(wire)
        program("backup", address(kvik_server), folder / "x.json")
        content = (folder / "x.json").read_bytes()
        for broken in (content[:-40], content.replace("grüße".encode(), "grüne".encode())):
            (folder / "x.json").write_bytes(broken)
            code, output, errors = program("restore", folder / "x.json", address(kvik_server), "--replace")
            assert (code, output) == (1, "")
            assert "at offset" in errors and "Nothing was changed" in errors
        assert everything(wire) == before


def test_a_file_that_is_refused_makes_no_directory(folder: Path) -> None:
    (folder / "cut.json").write_text('{"s": {"type": "stream", "value": [["XADD", null, "1-1", "f", "v"]]}, "k": "v')
    for name in ("cut.json", "none.json"):
        assert program("restore", folder / name, folder / "data")[0] == 1
    assert not (folder / "data").exists()


def test_a_directory_takes_every_database_and_it_is_said_how_to_serve_them(folder: Path) -> None:
    with kvik.open(folder / "data", kvik.Settings(databases=51)) as database:
        database.execute("SELECT", 50)
        database.execute("SET", "k", "v")
    assert program("backup", folder / "data", folder / "x.json")[0] == 0
    code, output, _ = program("restore", folder / "x.json", folder / "other")
    assert code == 0 and "serve with --databases 51 or more" in output
    with kvik.open(folder / "other", kvik.Settings(databases=51)) as database:
        database.execute("SELECT", 50)
        assert database.execute("GET", "k") == b"v"


def test_what_exists_and_is_no_backup_is_not_written_over(folder: Path) -> None:
    kvik.open(folder / "data").close()
    (folder / "mine").write_text("mine")
    os.symlink(folder / "mine", folder / "link")
    for name in ("mine", "link"):
        code, _, errors = program("backup", folder / "data", folder / name)
        assert code == 1 and "is no backup" in errors
    assert (folder / "mine").read_text() == "mine"
    assert sorted(path.name for path in folder.iterdir()) == ["data", "link", "mine"]


def test_a_directory_in_use_is_told(folder: Path) -> None:
    (folder / "plain.json").write_text("{}")
    with kvik.open(folder / "data"):
        code, _, errors = program("backup", folder / "data", folder / "x.json")
        assert code == 1 and "is locked by process" in errors and "kvik backup HOST:PORT FILE" in errors
        code, _, errors = program("restore", folder / "plain.json", folder / "data")
        assert code == 1 and "is locked by process" in errors
    assert not (folder / "x.json").exists()


def test_a_backup_of_a_directory_changes_nothing_there(folder: Path) -> None:
    with kvik.open(folder / "data") as database:
        database.execute("SET", "k", "v")
    before = contents(folder / "data")
    assert program("backup", folder / "data", folder / "x.json")[0] == 0
    assert contents(folder / "data") == before


def contents(directory: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in directory.rglob("*") if path.is_file() and path.name != "kvik.lock"}


def test_wrong_use_no_server_and_no_file_have_their_exit_codes(folder: Path) -> None:
    (folder / "plain.json").write_text("{}")
    assert program("backup")[0] == 2
    assert program("restore", folder / "plain.json", "localhost:x")[0] == 2
    assert program("restore", folder / "plain.json", folder, "--merge", "--replace")[0] == 2
    assert program("backup", "127.0.0.1:1", folder / "x.json")[0] == 3
    assert program("restore", folder / "plain.json", "127.0.0.1:1")[0] == 3
    assert program("restore", folder / "none.json", folder / "data")[0] == 1
    assert program("backup", folder / "nothing", folder / "x.json")[0] == 1


def test_a_password_is_asked_for(folder: Path) -> None:
    server = KvikServer(folder, ["resp"], ["--requirepass", "secret"])
    (folder / "plain.json").write_text('{"one": "1"}')
    code, _, errors = program("backup", address(server), folder / "x.json")
    assert code == 1 and "NOAUTH" in errors
    assert program("restore", folder / "plain.json", address(server), "--pass", "secret")[0] == 0
    assert program("backup", address(server), folder / "x.json", "--password", "secret")[0] == 0
    assert server.stop() == 0
    assert json.loads((folder / "x.json").read_bytes())["one"] == "1"


def test_on_a_terminal_there_is_a_bar(folder: Path) -> None:
    kvik.open(folder / "data").close()
    with Terminal([*KVIK, "backup", str(folder / "data"), str(folder / "x.json")], {}) as terminal:
        seen = terminal.wait_for("wrote: 0 keys")
        assert b"writing" in seen
        assert terminal.exit_code() == 0


# A redis-server


def test_a_redis_server_takes_a_backup_and_cannot_give_one(
    redis_server: RedisServer, kvik_server: KvikServer, folder: Path
) -> None:
    with kvik_server.open() as wire, redis_server.open() as redis:
        fill(wire)
        redis.call("FLUSHALL")
        program("backup", address(kvik_server), folder / "x.json")
        assert program("restore", folder / "x.json", f"unix:{redis_server.address}") == (0, "restored: 6 keys\n", "")
        assert redis.call("MGET", "text", b"\xff") == ["grüße".encode(), b"\x00"]
        assert redis.call("LRANGE", "list", "0", "-1") == [b"a", b"b"]
        assert redis.call("PEXPIRETIME", "dying") == 4102444800000
        assert stream(redis) == stream(wire)
        redis.call("SELECT", "9")
        assert redis.call("KEYS", "*") == [b"kvik:backup"]
        code, _, errors = program("backup", f"unix:{redis_server.address}", folder / "y.json")
        assert code == 1 and "no SNAPSHOT command" in errors and "kvik import" in errors


def test_a_redis_server_takes_kinds_by_their_commands_and_no_others(redis_server: RedisServer, folder: Path) -> None:
    stream = [["XADD", None, "5-1", "f", "v"], ["XGROUP", "CREATE", None, "g", "0"]]
    (folder / "good.json").write_text(
        json.dumps({"s": {"type": "stream", "value": stream}, "h": {"type": "hash", "value": [["f", "v"]]}})
    )
    (folder / "bad.json").write_text(json.dumps({"s": {"type": "stream", "value": [["EVAL", "return 1", "1", None]]}}))
    with redis_server.open() as redis:
        redis.call("FLUSHALL")
        assert program("restore", folder / "good.json", f"unix:{redis_server.address}")[0] == 0
        assert redis.call("XRANGE", "s", "-", "+") == [[b"5-1", [b"f", b"v"]]]
        assert redis.call("HGET", "h", "f") == b"v"
        code, _, errors = program("restore", folder / "bad.json", f"unix:{redis_server.address}", "--merge")
        assert code == 1 and "EVAL is no command that writes one key" in errors


# A large one


def request(words: Sequence[str]) -> bytes:
    return b"".join([b"*%d\r\n" % len(words), *[b"$%d\r\n%b\r\n" % (len(word), word.encode()) for word in words]])


def populate(wire: Wire, keys: int) -> None:
    for start in range(0, keys, 1_000):
        wire.call("MSET", *[word for number in range(start, start + 1_000) for word in (f"key:{number}", f"v{number}")])


def test_others_go_on_during_a_large_backup(folder: Path) -> None:
    server = KvikServer(folder, ["resp"], ["data"])
    with server.open() as wire, server.open() as other:
        populate(wire, KEYS)
        pauses: list[float] = []
        is_over = threading.Event()

        def ask() -> None:
            while not is_over.is_set():
                began = time.monotonic()
                other.call("INCR", "asked")
                pauses.append(1_000 * (time.monotonic() - began))
                time.sleep(0.001)

        asking = threading.Thread(target=ask)
        asking.start()
        assert wire.call("BACKUP", "large.json") == b"backups/large.json"
        during = len(pauses)
        done = program("backup", address(server), folder / "x.json")
        is_over.set()
        asking.join()
        assert done[0] == 0 and during > 20 and len(pauses) > during + 20
        slow = sorted(pauses)[int(len(pauses) * 0.99)]
        assert slow < SLOW_MS, f"99 of 100 answers came within {slow:.1f} ms"
    assert server.stop() == 0
    for path in (folder / "data/backups/large.json", folder / "x.json"):
        assert KEYS <= json.loads(path.read_bytes())["kvik:backup"]["keys"] <= KEYS + 1


def test_a_server_that_is_killed_leaves_no_half_file(folder: Path) -> None:
    server = KvikServer(folder, ["resp"], ["data"])
    with server.open() as wire:
        populate(wire, 50_000)
    connection = socket.create_connection(("127.0.0.1", server.ports["resp"]))
    connection.sendall(request(["BACKUP", "x.json"]))
    time.sleep(KILLED_AFTER_SECONDS)
    server.process.kill()
    server.process.wait()
    connection.close()
    backups = folder / "data/backups"
    whole = backups / "x.json"
    if whole.exists():
        assert json.loads(whole.read_bytes())["kvik:backup"]["keys"] == 50_000
    server = KvikServer(folder, ["resp"], ["data"])
    with server.open() as wire:
        # It listens before everything is loaded, and tidies up then.
        wait_until(lambda: wire.call("DBSIZE") == 50_000)
        assert not backups.exists() or [path.name for path in backups.iterdir()] in ([], ["x.json"])
        assert wire.call("BACKUP", "x.json") == b"backups/x.json"
    assert server.stop() == 0
    assert json.loads(whole.read_bytes())["kvik:backup"]["keys"] == 50_000
