"""`kvik import`: what a real redis-server kept comes over whole, and anything else is refused with its place."""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from kvik.errors import CannotImport
from kvik.journal.files import Files
from kvik.journal.redis_log import RedisLog
from kvik.wire import encode_request
from tests.cli.test_check import everything
from tests.engines import Caller, as_word
from tests.journal.simulated import SHORT, SimulatedFiles
from tests.journal.test_recovery import load
from tests.programs import KVIK, run
from tests.servers import Process, connect, require
from tests.wire import Wire

SECONDS_MAX = 20.0
COMMANDS_ONLY = ["--aof-use-rdb-preamble", "no"]
FAR = 4_000_000_000_000

Request = Sequence[str | bytes | int]


@contextmanager
def redis(folder: Path, flags: Sequence[str] = COMMANDS_ONLY) -> Iterator[Wire]:
    """A redis-server that keeps an append-only file in `folder`/redis, ended in order."""
    (folder / "redis").mkdir(exist_ok=True)
    address = str(folder / "redis.sock")
    command = [require("redis-server"), "--port", "0", "--unixsocket", address, "--save", "", "--appendonly", "yes"]
    server = Process([*command, "--dir", str(folder / "redis"), *flags], folder)
    server.wait_for(address)
    with Wire(connect(address)) as wire:
        limit = time.monotonic() + SECONDS_MAX
        while wire.call("PING") != b"PONG":
            assert time.monotonic() < limit, "the files are not read"
            time.sleep(0.01)
        yield wire
    assert server.stop() == 0, server.output()


LIBRARY = "#!lua name=library\nredis.register_function('one', function() return 1 end)"


def rewrite(wire: Wire) -> None:
    """Have redis-server write a new base, and wait until it has."""
    assert wire.call("BGREWRITEAOF") == b"Background append only file rewriting started"
    limit = time.monotonic() + SECONDS_MAX
    while time.monotonic() < limit:
        text = wire.call("INFO", "persistence")
        assert isinstance(text, bytes)
        if b"aof_rewrite_in_progress:0" in text and b"aof_last_bgrewrite_status:ok" in text:
            return
        time.sleep(0.02)
    raise AssertionError("the rewriting does not end")


def taken_over(folder: Path, place: Path | None = None) -> tuple[Caller, str]:
    """Import `folder`/redis; return what is opened then, and what was said. The original stays as it was."""
    before = everything(folder / "redis")
    done = run([*KVIK, "import", str(place or folder / "redis"), "--to", str(folder / "new")])
    assert (done.returncode, done.stderr) == (0, b""), done
    assert everything(folder / "redis") == before
    call, loading = load(Files(), str(folder / "new"))
    assert loading.notes == []
    return call, done.stdout.decode()


def refusal(folder: Path, place: Path) -> str:
    """Return the one line that says why this is not imported; nothing is left behind."""
    done = run([*KVIK, "import", str(place), "--to", str(folder / "new")])
    assert done.returncode == 1 and done.stdout == b"", done
    assert done.stderr.startswith(b"kvik: ") and done.stderr.count(b"\n") == 1, done.stderr
    assert not [path for path in folder.iterdir() if path.name.startswith("new")]
    return done.stderr.decode()


def written(folder: Path, *requests: Request, name: str = "appendonly.aof", end: bytes = b"") -> Path:
    """Return the path of a single file with these requests."""
    path = folder / name
    path.write_bytes(b"".join([encode_request([as_word(word) for word in words]) for words in requests]) + end)
    return path


def content_of(wire: Wire) -> dict[tuple[int, bytes], tuple[bytes, int]]:
    """Return everything a redis-server has: database and key to value and deadline."""
    found = {}
    for database in range(16):
        wire.call("SELECT", str(database))
        keys = wire.call("KEYS", "*")
        assert isinstance(keys, list)
        for key in keys:
            value, deadline = wire.call("GET", key), wire.call("PEXPIRETIME", key)
            assert isinstance(value, bytes) and isinstance(deadline, int)
            found[database, key] = (value, deadline)
    return found


def content_here(call: Caller) -> dict[tuple[int, bytes], tuple[bytes, int]]:
    found = {}
    for space in call.engine.databases.spaces:
        values, deadlines = space.maps()
        for key, value in values.items():
            plain = b"%d" % value if isinstance(value, int) else value
            assert isinstance(plain, bytes)
            found[space.number, key] = (plain, deadlines.get(key) or -1)
    return found


def random_request(draw: random.Random) -> list[str]:
    key = f"key{draw.randrange(30)}"
    requests = [
        ["SET", key, str(draw.randrange(1000))],
        ["SET", key, "v" * draw.randrange(200), "PX", str(draw.choice([1, 50, 10_000_000]))],
        ["SETEX", key, "100000", "7"],
        ["INCR", "counter"],
        ["INCRBYFLOAT", "sum", "0.1"],
        ["DECRBY", "counter", "7"],
        ["APPEND", key, "x"],
        ["SETRANGE", key, "3", "abc"],
        ["MSET", key, "1", key + "b", "2"],
        ["DEL", key],
        ["EXPIRE", key, str(draw.choice([-1, 100_000]))],
        ["PERSIST", key],
        ["GETEX", key, "PX", "90000000"],
        ["GETDEL", key],
        ["RENAME", "counter", "counter"],
        ["COPY", "counter", key, "REPLACE"],
        ["MOVE", key, str(draw.randrange(16))],
        ["SELECT", str(draw.choice([0, 0, 3, 15]))],
        ["SWAPDB", "0", "3"],
        ["MULTI"],
        ["EXEC"],
    ]
    return draw.choice(requests)


@pytest.mark.needs("redis-server")
def test_strings_counters_times_databases_and_transactions_come_over(folder: Path) -> None:
    with redis(folder) as wire:
        wire.call("MSET", "norway", "oslo", "crlf", b"a\r\n*1\r\n\x00\xff")
        wire.call("SET", "session", "x", "PX", "90000000")
        wire.call("INCRBY", "visits", "41")
        rewrite(wire)
        for request in (["SELECT", "3"], ["MULTI"], ["INCR", "n"], ["SELECT", "9"], ["INCR", "n"], ["EXEC"]):
            wire.call(*request)
        wire.call("SELECT", "0")
        wire.call("INCR", "visits")
        wire.call("EXPIREAT", "norway", str(FAR // 1_000))
        expected = content_of(wire)
    call, said = taken_over(folder)
    assert content_here(call) == expected and len(expected) == 6
    assert expected[0, b"norway"] == (b"oslo", FAR) and expected[9, b"n"] == (b"1", -1)
    assert "found: 6 keys in 3 databases\n" in said and f"made:  {folder / 'new'}, " in said


@pytest.mark.needs("redis-server")
@pytest.mark.parametrize("seed", range(4))
def test_whatever_a_server_has_done_comes_over(folder: Path, seed: int) -> None:
    draw = random.Random(seed)
    flags = [*COMMANDS_ONLY, "--aof-timestamp-enabled", "yes" if seed % 2 else "no"]
    with redis(folder, flags) as wire:
        for step in range(300):
            wire.call(*random_request(draw))
            if step in (100, 200):
                wire.call("EXEC")
                rewrite(wire)
        wire.call("EXEC")
        time.sleep(0.2)
        expected = content_of(wire)
    call, _ = taken_over(folder)
    assert content_here(call) == expected and len(expected) > 5


@pytest.mark.needs("redis-server")
def test_any_of_the_places_may_be_named(folder: Path) -> None:
    with redis(folder, [*COMMANDS_ONLY, "--appendfilename", "mine.aof", "--appenddirname", "mine"]) as wire:
        wire.call("SET", "norway", "oslo")
    call, _ = taken_over(folder, folder / "redis" / "mine")
    assert call.plain("GET", "norway") == b"oslo"


@pytest.mark.needs("redis-server")
def test_an_rdb_base_is_refused_with_the_way_to_another(folder: Path) -> None:
    with redis(folder, []) as wire:
        wire.call("SET", "norway", "oslo")
        rewrite(wire)
    text = refusal(folder, folder / "redis")
    assert "base.rdb: this is an RDB" in text
    assert "CONFIG SET aof-use-rdb-preamble no" in text and "BGREWRITEAOF" in text
    with redis(folder, []) as wire:
        wire.call("CONFIG", "SET", "aof-use-rdb-preamble", "no")
        rewrite(wire)
    call, _ = taken_over(folder)
    assert call.plain("GET", "norway") == b"oslo"


@pytest.mark.needs("redis-server")
def test_commands_kvik_does_not_know_are_refused_by_name_and_place(folder: Path) -> None:
    with redis(folder) as wire:
        wire.call("SET", "norway", "oslo")
        wire.call("FUNCTION", "LOAD", LIBRARY)
    text = refusal(folder, folder / "redis")
    path = folder / "redis" / "appendonlydir" / "appendonly.aof.1.incr.aof"
    offset = path.read_bytes().index(b"*3\r\n$8\r\nFUNCTION")
    assert f"{path}, offset {offset}: kvik does not know the command FUNCTION" in text


@pytest.mark.needs("redis-server")
def test_a_directory_without_an_append_only_file_says_how_to_get_one(folder: Path) -> None:
    with redis(folder, ["--appendonly", "no"]) as wire:
        wire.call("SET", "norway", "oslo")
        wire.call("SAVE")
    assert f"{folder / 'redis' / 'dump.rdb'}: this is an RDB" in refusal(folder, folder / "redis")
    (folder / "redis" / "dump.rdb").unlink()
    assert "no append-only file here; on the server it comes from: CONFIG SET appendonly yes" in refusal(
        folder, folder / "redis"
    )


# Files by hand


def test_a_single_old_file_comes_over_by_either_name(folder: Path) -> None:
    (folder / "redis").mkdir()
    path = written(folder / "redis", ["SELECT", 2], ["SET", "a", 1], end=b"#TS:1628217473\r\n")
    call, said = taken_over(folder)
    assert content_here(call) == {(2, b"a"): (b"1", -1)} and f"read:  2 commands, {path.stat().st_size} bytes" in said
    (folder / "new").rename(folder / "other")
    assert content_here(taken_over(folder, path)[0]) == {(2, b"a"): (b"1", -1)}


def test_what_is_over_by_now_is_left_out_and_nothing_expires_before(folder: Path) -> None:
    (folder / "redis").mkdir()
    requests: list[Request] = [
        ["SET", "a", "1", "PXAT", 5],
        ["INCR", "a"],
        ["PERSIST", "a"],
        ["SET", "b", 1, "PXAT", 5],
    ]
    written(folder / "redis", *requests)
    assert content_here(taken_over(folder)[0]) == {(0, b"a"): (b"2", -1)}


def test_a_journal_that_went_through_redis_has_marks_in_it(folder: Path) -> None:
    (folder / "redis").mkdir()
    written(folder / "redis", ["SET", "a", 1], ["PING", "kvik1 and so on"], ["SET", "b", 2])
    assert len(content_here(taken_over(folder)[0])) == 2


def test_more_data_than_fits_a_batch_comes_over(folder: Path) -> None:
    (folder / "redis").mkdir()
    written(folder / "redis", *[["SET", f"key{number}", "v" * 300_000] for number in range(12)])
    found = content_here(taken_over(folder)[0])
    assert len(found) == 12 and set(found.values()) == {(b"v" * 300_000, -1)}
    base = (folder / "new" / "appendonlydir" / "appendonly.aof.1.base.aof").read_bytes()
    assert base.count(b"$4\r\nPING\r\n") >= 4


def test_every_file_begins_in_database_0(folder: Path) -> None:
    (folder / "redis").mkdir()
    written(folder / "redis", ["SELECT", 3], ["SET", "a", "1"], name="a.1.incr.aof")
    written(folder / "redis", ["SET", "b", "1"], name="a.2.incr.aof")
    lines = [f"file a.{number}.incr.aof seq {number} type i\n" for number in (1, 2)]
    (folder / "redis" / "a.manifest").write_text("".join(lines))
    assert content_here(taken_over(folder)[0]) == {(3, b"a"): (b"1", -1), (0, b"b"): (b"1", -1)}


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (["NOSUCH", "l", "1"], "kvik does not know the command NOSUCH"),
        (["CONFIG", "SET", "dir", "/"], "CONFIG changes no data"),
        (["SHUTDOWN"], "SHUTDOWN changes no data"),
        (["GET", "a"], "GET changes no data"),
        (["EXPIRE", "a", "100"], "EXPIRE with a time to live that counts from a moment the file does not tell"),
        (["psetex", "a", "100", "v"], "psetex with a time to live"),
        (["SET", "a", "v", "px", "100"], "SET with a time to live"),
        (["GETEX", "a", "EX", "100"], "GETEX with a time to live"),
        (["INCR", "text"], "INCR fails: ERR value is not an integer"),
        (["SET", "a"], "SET fails: ERR wrong number of arguments"),
        (["SELECT", "10000"], "SELECT fails: ERR DB index is out of range"),
        (["EXEC"], "EXEC fails: ERR EXEC without MULTI"),
        ([b"\x1b[31m\xff\r\n", "a"], "kvik does not know the command"),
    ],
)
def test_a_request_that_cannot_be_taken_over_is_refused_with_its_place(
    folder: Path, request_: Request, why: str
) -> None:
    path = written(folder, ["SET", "text", "abc"], request_, ["SET", "b", "1"])
    text = refusal(folder, path)
    offset = len(encode_request([b"SET", b"text", b"abc"]))
    assert f"{path}, offset {offset}: {why}" in text and "\x1b" not in text


def test_an_error_inside_a_transaction_is_refused(folder: Path) -> None:
    path = written(folder, ["SET", "text", "abc"], ["MULTI"], ["INCR", "text"], ["EXEC"])
    assert "EXEC fails: ERR value is not an integer" in refusal(folder, path)


def test_a_transaction_that_does_not_end_is_refused_where_it_begins(folder: Path) -> None:
    path = written(folder, ["SET", "a", "1"], ["MULTI"], ["SET", "b", "1"])
    offset = len(encode_request([b"SET", b"a", b"1"]))
    assert f"{path}, offset {offset}: the transaction that begins here does not end" in refusal(folder, path)


@pytest.mark.parametrize(
    "rest",
    [b"*2\n$3\r\n", b"SET a 1\r\n", b"#TS:12x\r\n", b"# a remark\r\n", b"\0" * 30, b"*1\r\n$04\r\nPING\r\n"]
    + [
        b"*0\r\n",
        b"*-1\r\n",
        b"*1\r\n$-1\r\n",
        b"*1\r\n$4\r\nPINGxx",
        b"*1\r\n+PING\r\n",
        b"\r\n",
        b"*99999999999\r\n",
    ],
)
def test_what_is_no_command_is_refused_with_its_place(folder: Path, rest: bytes) -> None:
    path = written(folder, ["SET", "a", "1"], end=rest + b"x" * 40)
    offset = len(encode_request([b"SET", b"a", b"1"]))
    assert f"{path}, offset {offset}: this is neither a command nor a #TS: annotation" in refusal(folder, path)


def test_manifests_that_do_not_make_sense_are_refused(folder: Path) -> None:
    directory = folder / "redis"
    directory.mkdir()
    written(directory, ["SET", "a", "1"], name="a.1.incr.aof")
    base, log = "file a.1.base.aof seq 1 type b\n", "file a.1.incr.aof seq 1 type i\n"
    for text, why in (
        (base + log, "it names a.1.base.aof, which is not there"),
        (log + log, "the numbers of its incr files do not rise"),
        (base + base, "it names more than one base"),
        ("file a.0.incr.aof seq 1 type h\n", "it names no file"),
        ("file ../a seq 1 type i\n", "not a line of a manifest of redis-server"),
        (log + "# kvik1 level 7.0\n", "kvik wrote this directory: serve it as it is"),
    ):
        (directory / "a.manifest").write_text(text)
        assert why in refusal(folder, directory)
    (directory / "b.manifest").write_text(log)
    assert "several manifests: a.manifest, b.manifest" in refusal(folder, directory)


def test_wrong_places_are_one_line(folder: Path) -> None:
    assert "No such file" in refusal(folder, folder / "nowhere")
    path = written(folder, ["SET", "a", "1"])
    (folder / "full").mkdir()
    (folder / "full" / "mine").touch()
    done = run([*KVIK, "import", str(path), "--to", str(folder / "full")])
    assert done.returncode == 1 and b"not empty" in done.stderr and done.stderr.count(b"\n") == 1


def test_a_file_that_was_cut_gives_what_is_whole_or_is_refused_at_every_byte() -> None:
    requests = [[b"SET", b"a", b"1\r\n"], [b"INCR", b"n"], [b"SET", b"", b""]]
    data = b"#TS:1628217473\r\n".join([encode_request(words) for words in requests])
    ends = [len(encode_request(requests[0])), data.index(b"*2\r\n"), data.rindex(b"#"), data.rindex(b"*"), len(data)]
    files = SimulatedFiles()
    for size in range(len(data) + 1):
        files.put("cut.aof", data[:size])
        log = RedisLog(files, ["cut.aof"])
        found = []
        try:
            while (request := log.next_request()) is not None:
                found.append(request.words)
            assert size in (0, *ends)
        except CannotImport as error:
            assert size not in (0, *ends) and error.why.startswith("the file ends in the middle"), (size, error)
        log.close()
        assert found == requests[: len(found)] and (size < len(data) or len(found) == 3)


def test_a_request_is_read_however_long_it_is_and_whatever_the_pieces() -> None:
    files = SimulatedFiles()
    words = [b"SET", b"a", b"v" * 5_000_000]
    files.put("long.aof", encode_request([b"INCR", b"n"]) + encode_request(words))
    files.fail("read", SHORT, 1_000)
    log = RedisLog(files, ["long.aof"])
    first, second = log.next_request(), log.next_request()
    assert first is not None and second is not None and second.words == words and log.next_request() is None
    assert log.bytes_done == log.bytes_total


def test_fields_that_die_come_over_and_the_new_directory_says_which_level_it_needs(folder: Path) -> None:
    """As Redis 7.4 and 8 write them down."""
    (folder / "redis").mkdir()
    dying = ["HPEXPIREAT", "h", FAR, "FIELDS", "1", "a"]
    place = written(
        folder, ["HSET", "h", "a", "1", "EX", "2"], dying, ["HSETEX", "h", "PXAT", FAR, "FIELDS", "1", "EX", "2"]
    )
    call, _ = taken_over(folder, place)
    assert call.plain("HPEXPIRETIME", "h", "FIELDS", "3", "a", "EX", "b") == [FAR, FAR, -2]
    assert "level 7.4\n" in run([*KVIK, "check", str(folder / "new")]).stdout.decode()


@pytest.mark.parametrize(
    "request_",
    [["HEXPIRE", "h", "5", "FIELDS", "1", "a"], ["HSETEX", "h", "EX", "5", "FIELDS", "1", "a", "1"]],
    ids=lambda words: words[0],
)
def test_fields_that_die_relative_to_nobody_knows_what_are_refused(folder: Path, request_: list[str]) -> None:
    text = refusal(folder, written(folder, ["HSET", "h", "a", "1"], request_))
    assert f"{request_[0]} with a time to live that counts from a moment the file does not tell" in text


def test_what_redis_7_knows_needs_its_level_only(folder: Path) -> None:
    (folder / "redis").mkdir()
    taken_over(folder, written(folder, ["HSET", "h", "a", "1"]))
    assert "level 7.0\n" in run([*KVIK, "check", str(folder / "new")]).stdout.decode()
