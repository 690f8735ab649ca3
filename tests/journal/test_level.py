"""The level of a directory: the manifest says what its log needs before anything that needs it is acknowledged."""

import errno
import re
from random import Random

import pytest

from kvik.commands import BUILT_IN
from kvik.commands.family import CommandTable
from kvik.journal.level import KVIK, LOWEST, level_of, shown_level
from kvik.journal.manifest import NAME, path_in, read_manifest
from kvik.replies import OK
from kvik.settings import Settings
from tests.journal.compacting import DIRECTORY
from tests.journal.keeping import Book, Keeping
from tests.journal.simulated import FOREVER, Crash, SimulatedFiles

FAR = 4_102_444_800_000
DYING = f"HPEXPIREAT h {FAR} FIELDS 1 f"
NEEDS_7_4 = re.compile(rb"\r\n\$[0-9]+\r\nHP(EXPIREAT|ERSIST)\r\n")


def opened(files: SimulatedFiles | None = None, policy: str = "everysec", slow: bool = False) -> Keeping:
    server = Keeping(files or SimulatedFiles(), Settings(appendfsync=policy), slow).load()
    server.finish_work()
    return server


def reopened(server: Keeping) -> Keeping:
    """Kill the server and open its directory again."""
    disk(server).kill()
    return Keeping(server.files, book=server.book).load()


def disk(server: Keeping) -> SimulatedFiles:
    assert isinstance(server.files, SimulatedFiles)
    return server.files


def level(server: Keeping) -> str:
    """Return what the manifest on the disk says."""
    manifest = read_manifest(server.files, DIRECTORY)
    assert manifest is not None
    return manifest.level


def needed(files: SimulatedFiles) -> str:
    """Return the level of what is really in the files of the data."""
    manifest = read_manifest(files, DIRECTORY)
    assert manifest is not None
    data = b"".join([files.read(path_in(DIRECTORY, file.name)) for file in manifest.files])
    return "7.4" if NEEDS_7_4.search(data) else "7.0"


def rounds(server: Keeping, count: int = 3) -> None:
    for _ in range(count):
        server.round()
        server.finish_work()


def test_levels_are_told_from_the_versions_of_commands() -> None:
    assert [shown_level(level_of(version)) for version in ("1.0.0", "7.0.0", "7.2.0", "7.4.0", "8.0.0", "kvik")] == [
        *["7.0", "7.0", "7.2", "7.4", "8.0", "kvik"]
    ]
    assert LOWEST < level_of("7.4.0") < level_of("8.0.0") < level_of("10.1.0") < KVIK
    assert level_of("7.4") == level_of("7.4.0") and level_of(shown_level(KVIK)) == KVIK


def test_what_redis_7_knows_needs_nothing_more() -> None:
    server = opened()
    server.turn("SET a 1", "HSET h f 1", "RPUSH l a", "PUT v a", "UPDATE v a b", "SET a 1 IFEQ 1")
    rounds(server)
    assert level(server) == server.fact("kvik_level") == "7.0"


def test_only_hpexpireat_and_hpersist_raise_the_level_of_what_is_written() -> None:
    """Commands that came after 7.0 and write are told to the journal in other words, but for these two."""
    commands = {command.declaration.name for command in CommandTable(BUILT_IN).commands if command.level > LOWEST}
    assert {"HPEXPIREAT", "HPERSIST"} < commands
    server = opened()
    lines = ["HSET h f 1 g 2", "HGETDEL h FIELDS 1 g", "HSETEX h FIELDS 1 g 2", "HGETEX h PX 0 FIELDS 1 g"]
    server.turn(*lines, "HPEXPIRE h 0 FIELDS 1 f", "HSETEX h KEEPTTL FIELDS 1 a 1")
    rounds(server)
    assert server.fact("kvik_level") == "7.0"
    server.turn("HSETEX h EX 100 FIELDS 1 a 1")
    rounds(server)
    assert server.fact("kvik_level") == "7.4"


@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
def test_an_answer_waits_until_the_manifest_says_what_it_needs(policy: str) -> None:
    server = opened(policy=policy, slow=True)
    server.turn("HSET h f 1")
    rounds(server)
    server.turn(DYING)
    assert server.waiting and level(server) == "7.0"
    assert server.ask("GET", "x") is None, "reads go on"
    server.turn("SET later 1")
    assert len(server.waiting) == 2
    server.round()
    assert server.keeper.is_compacting() and server.waiting, "the server comes back soon"
    rounds(server)
    assert not server.waiting and level(server) == server.fact("kvik_level") == "7.4"
    assert not server.keeper.is_compacting()
    again = reopened(server)
    assert again.fact("kvik_level") == "7.4"


def test_inside_a_transaction_and_by_effects_too() -> None:
    server = opened()
    server.turn("MULTI", "HSET h f 1", "HEXPIRE h 100 FIELDS 1 f", "EXEC")
    assert server.waiting
    rounds(server)
    assert level(server) == "7.4" and not server.waiting


def test_the_level_falls_with_the_compaction_that_needs_it_no_more() -> None:
    server = opened()
    server.turn("HSET h f 1", DYING)
    rounds(server)
    server.rewrite()
    assert level(server) == "7.4", "the base has such a field"
    server.turn("HDEL h f")
    server.rewrite()
    assert level(server) == server.fact("kvik_level") == "7.0" == needed(disk(server))
    server.turn("HSET h f 1", DYING)
    assert server.waiting
    rounds(server)
    assert level(server) == "7.4" and not server.waiting


@pytest.mark.parametrize("moment", range(14))
def test_what_is_needed_while_a_compaction_runs_stays_in_the_level(moment: int) -> None:
    """The compaction takes the need away at one moment, and the log brings it back at another."""
    server = opened(slow=True)
    server.turn("HSET h f 1", "HSET g f 1", DYING)
    rounds(server)
    server.turn("HDEL h f", *[f"SET key{number} 1" for number in range(5)])
    assert level(server) == "7.4" and server.keeper.begin_rewrite()
    for number in range(20):
        server.round(0)
        if number == moment:
            server.turn(DYING.replace(" h ", " g "))
        for step in (lambda: None, server.worker.wait, server.syncer.wait, server.deliver):
            step()
            assert level(server) >= needed(disk(server)), number
    assert level(server) == "7.4" and server.fact("aof_rewrites") == 1
    assert not server.waiting
    again = reopened(server)
    assert again.ask("HPEXPIRETIME", "g", "FIELDS", "1", "f") == [FAR]


def test_a_manifest_that_cannot_be_written_refuses_writes_until_it_can() -> None:
    server = opened()
    server.turn("HSET h f 1")
    rounds(server)
    disk(server).fail("rename", errno.ENOSPC, FOREVER)
    server.turn(DYING)
    rounds(server)
    assert server.waiting and not server.writes("SET a 1")
    assert any("refused" in text for text in server.owner.warned)
    assert server.ask("HGET", "h", "f") == b"1"
    disk(server).heal()
    rounds(server, 15)
    assert not server.waiting and level(server) == "7.4"
    assert server.writes("SET a 1")
    assert reopened(server).ask("HPEXPIRETIME", "h", "FIELDS", "1", "f") == [FAR]


def test_a_server_that_ends_raises_the_level_first() -> None:
    server = opened(slow=True)
    server.turn("HSET h f 1", DYING)
    assert server.waiting
    assert server.keeper.close()
    server.deliver()
    assert level(server) == "7.4"
    assert reopened(server).ask("HPEXPIRETIME", "h", "FIELDS", "1", "f") == [FAR]


def test_a_log_that_needs_more_than_its_manifest_says_raises_it_at_the_start() -> None:
    """As a journal that another kvik wrote, or whose manifest was made again from the files."""
    server = opened()
    server.turn("HSET h f 1", DYING)
    rounds(server)
    path = path_in(DIRECTORY, NAME)
    manifest = read_manifest(server.files, DIRECTORY)
    assert manifest is not None
    disk(server).put(path, manifest.at_level("7.0").encode())
    again = reopened(server)
    rounds(again)
    assert level(again) == again.fact("kvik_level") == "7.4"


def test_a_lost_log_is_replaced_by_a_base_that_says_its_level() -> None:
    server = opened(policy="always")
    server.turn("HSET h f 1", "HSET g f 1")
    rounds(server)
    disk(server).fail("sync", errno.EIO, path="incr")
    server.turn(DYING.replace(" h ", " g "))
    rounds(server)
    server.turn("SET a 1")
    assert server.wait(10_000, lambda: server.journal.is_refusing is False and not server.waiting)
    assert level(server) == "7.4" and needed(disk(server)) == "7.4"
    assert reopened(server).ask("HPEXPIRETIME", "g", "FIELDS", "1", "f") == [FAR]


STORY = [
    *["HSET h f 1", DYING, "SET a 1", "rewrite", "HDEL h f", "SET b 2", "rewrite", "HSET h f 1", "SET c 3"],
    *[DYING, "SET d 4"],
]


def live(server: Keeping) -> None:
    """Live through the story: the level rises, stays, falls and rises again."""
    for line in STORY:
        if line == "rewrite":
            server.keeper.begin_rewrite()
        else:
            server.turn(line)
        for _ in range(4):
            server.round()
            server.finish_work()


def operations(policy: str) -> int:
    server = opened(policy=policy)
    before = disk(server).operations
    live(server)
    assert level(server) == "7.4" and server.fact("aof_rewrites") == 2
    return disk(server).operations - before


@pytest.mark.parametrize("policy", ["always", "everysec"])
@pytest.mark.parametrize("is_power_cut", [False, True])
def test_a_crash_at_any_operation_finds_a_level_that_is_high_enough(policy: str, is_power_cut: bool) -> None:
    for number in range(1, operations(policy) + 1):
        server = opened(policy=policy)
        disk(server).stop_at(number, 0.5)
        with pytest.raises(Crash):
            live(server)
            server.keeper.close()
            raise Crash
        server.note()
        promised = server.book.promised
        if is_power_cut:
            disk(server).crash(Random(number))
        else:
            disk(server).kill()
        again = Keeping(server.files, Settings(appendfsync=policy), book=check_only(server.book, policy, is_power_cut))
        again.load()
        assert level(again) >= needed(disk(again)), f"operation {number}"
        assert again.keeper.sequence() >= promised or (is_power_cut and policy == "everysec")
        assert again.ask("SET", "more", "1") is OK


def check_only(book: Book, policy: str, is_power_cut: bool) -> Book:
    """Return the promises that hold after this end: `everysec` may lose a second when the power fails."""
    if is_power_cut and policy == "everysec":
        book.promised = 0
    return book
