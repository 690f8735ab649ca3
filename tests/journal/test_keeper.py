"""One directory in use: it is loaded, written to and compacted, its settings change, and others have it afterwards."""

import errno
from contextlib import suppress
from random import Random

import pytest

from kvik.clock import ManualClock
from kvik.errors import DirectoryInUse, JournalDamaged, ReplyError
from kvik.journal.manifest import NAME, path_in, read_manifest
from kvik.replies import OK
from kvik.settings import Settings
from tests.journal.checking import read_log
from tests.journal.compacting import DIRECTORY
from tests.journal.keeping import Book, Keeping
from tests.journal.logs import LogWriter, one_file, put
from tests.journal.simulated import FOREVER, Crash, SimulatedFiles

FIRST = path_in(DIRECTORY, "appendonly.aof.1.incr.aof")
LOADING = "LOADING kvik is loading the dataset in memory"


def opened(policy: str = "everysec", files: SimulatedFiles | None = None, slow: bool = False) -> Keeping:
    """Return a server whose first sync, of what it found, has ended."""
    server = Keeping(files or SimulatedFiles(), Settings(appendfsync=policy), slow).load()
    server.finish_work()
    return server


def disk(server: Keeping) -> SimulatedFiles:
    assert isinstance(server.files, SimulatedFiles)
    return server.files


def names(server: Keeping) -> list[str]:
    return [name for name in server.files.names(path_in(DIRECTORY, "")) if name != NAME]


def error_of(server: Keeping, *words: str) -> str:
    reply = server.ask(*words)
    assert isinstance(reply, ReplyError)
    return reply.line().decode()


# Opening


def test_a_directory_that_is_not_there_is_made_and_served() -> None:
    server = opened()
    assert server.keeper.is_kept() and server.keeper.is_loaded() and not server.engine.is_loading
    assert (server.keeper.sequence(), server.keeper.durable_sequence()) == (0, 0)
    assert server.keeper.last_save == server.clock.now // 1_000
    assert server.owner.said == ["data: 0 commands loaded in 0.000 seconds"]
    assert server.owner.warned == []
    assert names(server) == ["appendonly.aof.1.incr.aof"]


def test_what_was_written_is_there_when_the_directory_is_opened_again() -> None:
    server = opened()
    server.turn("SET a 1", "SELECT 3", "SET b 2")
    server.turn("MULTI", "INCR n", "DEL b", "EXEC")
    assert server.keeper.close()
    again = Keeping(server.files, book=server.book).load()
    assert again.keeper.sequence() == again.keeper.durable_sequence() == 2
    assert again.data() == {(0, b"a"): (b"1", -1), (3, b"n"): (1, -1)}
    again.turn("SET c 1")
    assert again.keeper.sequence() == 3
    assert "data: 7 commands loaded" in again.owner.said[0]


def test_until_everything_is_loaded_clients_are_told_so_and_nothing_is_written() -> None:
    files = put(one_file(LogWriter().batch("SET a 1")))
    server = Keeping(files)
    assert server.engine.is_loading and not server.keeper.is_loaded()
    assert error_of(server, "GET", "a") == error_of(server, "SET", "a", "2") == LOADING
    assert server.keeper.sequence() == server.keeper.durable_sequence() == 0
    assert not server.keeper.begin_rewrite()
    server.keeper.apply_settings()
    server.book.states[1] = {(0, b"a"): (b"1", -1)}
    server.load()
    assert server.ask("GET", "a") == b"1"


class TickingClock(ManualClock):
    """A clock on which every look takes a millisecond."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def monotonic(self) -> float:
        self.looks += 1
        return self.looks / 1_000


def test_progress_is_told_while_it_loads() -> None:
    log = LogWriter()
    for number in range(200):
        log.batch(f"SET key{number} value")
    book = Book()
    book.clock = TickingClock()
    server = Keeping(put(one_file(log)), book=book)
    assert server.fact("loading_total_bytes") == len(log.data)
    done = []
    while not server.keeper.is_loaded():
        done.append(server.fact("loading_loaded_bytes"))
        assert server.fact("loading_loaded_perc") == f"{100 * server.keeper.loading_facts()[0] / len(log.data):.2f}"
        server.keeper.step(1)
    assert done == sorted(set(done)) and len(done) > 5
    assert server.ask("DBSIZE") == 200


def test_nothing_dies_while_it_loads_and_what_is_over_then_dies_by_a_del() -> None:
    now = ManualClock().now
    log = LogWriter().batch(f"SET over 1 PXAT {now - 5}", "APPEND over 2", f"SET stays 1 PXAT {now + 5_000}")
    server = Keeping(put(one_file(log)))
    while not server.keeper.is_loaded():
        server.keeper.step(1)
    assert (0, b"over") in server.data()
    server.round()
    assert set(server.data()) == {(0, b"stays")}
    assert read_log(server.files.read(FIRST)).batches[-1].requests == [[b"SELECT", b"0"], [b"DEL", b"over"]]


def test_an_end_that_was_torn_is_set_aside_and_told() -> None:
    log = LogWriter().batch("SET a 1").batch("SET b 2")
    server = Keeping(put(one_file(log) | {"appendonly.aof.1.incr.aof": log.data[:-1]}))
    server.book.states[1] = {(0, b"a"): (b"1", -1)}
    server.load()
    (warning,) = server.owner.warned
    assert "cut off" in warning and f"data/torn/appendonly.aof.1.incr.aof.{log.ends[1]}" in warning
    server.turn("SET c 3")
    assert read_log(server.files.read(FIRST)).requests() == [
        [b"SET", b"a", b"1"],
        [b"SELECT", b"0"],
        [b"SET", b"c", b"3"],
    ]


def test_what_an_unfinished_compaction_left_is_removed_and_other_files_are_not() -> None:
    files = put(
        one_file(LogWriter())
        | {
            "appendonly.aof.2.base.aof.part": b"*1",
            "appendonly.aof.2.incr.aof": b"",
            "notes.txt": b"",
            NAME + ".part": b"",
        }
    )
    assert names(opened(files=files)) == ["appendonly.aof.1.incr.aof", "notes.txt"]


def test_a_directory_is_one_servers_until_it_is_closed() -> None:
    server = opened()
    with pytest.raises(DirectoryInUse):
        Keeping(server.files)
    server.turn("SET a 1")
    server.keeper.close()
    assert Keeping(server.files, book=server.book).load().ask("GET", "a") == b"1"


def check_begins(server: Keeping, random: Random) -> None:
    """What is written first survives a power cut."""
    assert server.wait(2_000, lambda: server.writes("SET a 1"))
    assert server.wait(2_000, lambda: server.book.promised == server.keeper.sequence())
    for _ in range(4):
        server.check_crash(random)


def test_a_start_that_did_not_get_far_is_no_obstacle_to_the_next() -> None:
    for number in range(50):
        files = SimulatedFiles()
        files.fail("*", errno.EIO, 1, number)
        try:
            server = opened("always", files)
        except OSError:
            server = opened("always", files)
        files.heal()
        check_begins(server, Random(number))


def test_a_start_that_was_killed_is_no_obstacle_to_the_next() -> None:
    for number in range(1, 50):
        files = SimulatedFiles()
        files.stop_at(number)
        with suppress(Crash):
            opened("always", files)
        files.kill()
        check_begins(opened("always", files), Random(number))


# Damage


def test_a_damaged_manifest_is_refused_and_the_directory_let_go() -> None:
    contents = one_file(LogWriter().batch("SET a 1"))
    files = put(contents | {NAME: contents[NAME].replace(b"seq 1", b"seq 2")})
    with pytest.raises(JournalDamaged, match="checksum is wrong"):
        Keeping(files)
    files.lock(f"{DIRECTORY}/kvik.lock")


def test_a_damaged_log_is_refused_and_nothing_is_served_or_changed() -> None:
    log = LogWriter(durable=1).batch("SET a 1").batch("SET b 2")
    damaged = log.data.replace(b"$1\r\n1", b"$1\r\n2")
    server = Keeping(put(one_file(log) | {"appendonly.aof.1.incr.aof": damaged}))
    with pytest.raises(JournalDamaged) as refused:
        server.keeper.step(1_000)
    assert (refused.value.file, refused.value.offset, refused.value.sequence) == (FIRST, log.ends[0], 1)
    assert server.engine.is_loading and not server.keeper.is_loaded()
    assert error_of(server, "GET", "a") == LOADING
    assert server.keeper.close()
    assert server.files.read(FIRST) == damaged
    server.files.lock(f"{DIRECTORY}/kvik.lock")


# Closing


@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
def test_closing_makes_everything_durable_and_tells_so(policy: str) -> None:
    server = opened(policy, slow=True)
    server.turn("SET a 1")
    server.turn("SET b 2")
    assert server.keeper.durable_sequence() == 0
    assert server.keeper.close()
    assert server.keeper.durable_sequence() == 2
    server.deliver()
    assert server.waiting == [] and server.book.promised == 2
    server.check_crash(Random(1))


def test_closing_tells_what_is_not_durable_and_lets_the_directory_go_all_the_same() -> None:
    server = opened(slow=True)
    server.turn("SET a 1")
    disk(server).fail("sync", errno.EIO, FOREVER)
    assert not server.keeper.close()
    disk(server).heal()
    assert Keeping(server.files, book=server.book).load().ask("GET", "a") == b"1"


@pytest.mark.parametrize("operation", ["close", "release"])
def test_a_file_that_cannot_be_closed_is_no_trouble_at_the_end(operation: str) -> None:
    server = opened()
    server.turn("SET a 1")
    disk(server).fail(operation, errno.EIO, FOREVER)
    assert server.keeper.close()
    disk(server).heal()
    assert Keeping(server.files, book=server.book).load().ask("GET", "a") == b"1"


def test_closing_ends_a_compaction_that_runs_and_leaves_nothing_of_it() -> None:
    server = opened(slow=True)
    server.turn("SET a 1")
    assert server.keeper.begin_rewrite()
    for _ in range(4):
        server.round(0)
        server.worker.wait()
    server.turn("SET b 2")
    assert server.keeper.close()
    assert not [name for name in names(server) if name.endswith(".part")]
    assert Keeping(server.files, book=server.book).load().data() == server.data()


def test_closing_while_it_loads_changes_nothing() -> None:
    contents = one_file(LogWriter().batch("SET a 1"))
    server = Keeping(put(contents))
    assert server.keeper.close()
    assert server.files.read(FIRST) == contents["appendonly.aof.1.incr.aof"]
    Keeping(server.files).keeper.close()


# Settings that change


def test_a_policy_that_changes_holds_from_the_next_turn_on() -> None:
    server = opened("no", slow=True)
    server.turn("SET a 1")
    assert server.book.promised == 1
    server.settings.put("appendfsync", "always")
    server.keeper.apply_settings()
    server.turn("SET b 2")
    assert (server.book.promised, len(server.waiting)) == (1, 1)
    server.finish_work()
    assert (server.book.promised, server.waiting, server.owner.released) == (2, [], 1)


def test_a_growth_that_is_set_begins_a_compaction_by_itself() -> None:
    server = opened()
    server.turn("SET a 1")
    server.wait(2_000)
    assert server.fact("aof_generation") == 1
    server.settings.put("auto-aof-rewrite-min-size", "10")
    server.keeper.apply_settings()
    server.wait(2_000)
    assert server.fact("aof_generation") == 2


def test_generations_are_kept_as_the_settings_say_at_the_moment() -> None:
    server = opened()
    server.turn("SET a 1")
    server.rewrite()
    assert len(names(server)) == 3
    server.settings.put("keep-generations", "0")
    server.keeper.apply_settings()
    server.rewrite()
    assert names(server) == ["appendonly.aof.3.base.aof", "appendonly.aof.3.incr.aof"]


# Compaction and failure


def test_a_compaction_is_told_and_can_be_asked_for_once() -> None:
    server = opened(slow=True)
    server.turn("SET a 1")
    saved = server.keeper.last_save
    server.clock.advance(5_000)
    assert server.keeper.begin_rewrite() and not server.keeper.begin_rewrite()
    assert server.wait(5_000, lambda: server.keeper.last_save > saved)
    assert [text.partition(":")[0] for text in server.owner.said[1:]] == [
        "Generation 2 began",
        "Generation 2 is complete",
    ]
    manifest = read_manifest(server.files, DIRECTORY)
    assert manifest is not None and manifest.last().name == "appendonly.aof.2.incr.aof"
    assert (server.fact("aof_last_bgrewrite_status"), server.fact("aof_generation")) == ("ok", 2)


def test_a_compaction_that_fails_is_told_and_writes_go_on() -> None:
    server = opened()
    server.turn("SET a 1")
    disk(server).fail("write", errno.ENOSPC, FOREVER, 0, "base")
    assert server.keeper.begin_rewrite()
    server.wait(1_000)
    assert server.owner.warned == ["The journal could not be compacted: No space left on device"]
    assert server.fact("aof_last_bgrewrite_status") == "err"
    assert server.turn("SET b 2") == [OK]
    disk(server).heal()
    server.rewrite()
    assert server.fact("aof_last_bgrewrite_status") == "ok"
    server.check_crash(None)


def test_what_a_compaction_could_not_remove_goes_after_the_next() -> None:
    server = opened()
    server.turn("SET a 1")
    for operation in ("write", "remove"):
        disk(server).fail(operation, errno.EIO, FOREVER, 0, "base")
    assert server.keeper.begin_rewrite()
    server.wait(1_000)
    assert "appendonly.aof.2.base.aof.part" in names(server)
    disk(server).heal()
    server.rewrite()
    assert not [name for name in names(server) if name.endswith(".part")]


def test_a_full_disk_is_told_when_writes_are_refused_and_when_they_are_accepted_again() -> None:
    server = opened()
    disk(server).fail("write", errno.ENOSPC, FOREVER)
    server.turn("SET a 1")
    assert not server.writes("SET b 2")
    assert server.ask("GET", "a") == b"1"
    assert server.fact("aof_last_write_status") == "err"
    disk(server).heal()
    server.wait(1_000)
    assert server.writes("SET b 2")
    assert server.fact("aof_last_write_status") == "ok"
    assert server.owner.warned == ["Writes are refused from now on: No space left on device"]
    assert server.owner.said[1:] == ["Writes are accepted again"]


def test_a_log_that_could_not_be_synced_is_replaced_by_a_generation_from_memory() -> None:
    server = opened("always", slow=True)
    server.turn("SET a 1")
    server.finish_work()
    disk(server).fail("sync", errno.EIO, 1)
    server.turn("SET b 2")
    server.finish_work()
    assert not server.writes("SET c 3")
    assert server.book.promised == 1
    assert server.wait(2_000, lambda: server.writes("SET c 3"))
    assert server.fact("aof_generation") == 2
    assert server.wait(2_000, lambda: server.book.promised == server.keeper.sequence())
    server.check_crash(Random(1))


def test_answers_that_waited_for_the_disk_are_let_go() -> None:
    server = opened("always", slow=True)
    server.turn("SET a 1")
    assert len(server.waiting) == 1 and server.owner.released == 0
    server.syncer.wait()
    assert server.owner.released == 1
    server.deliver()
    assert server.waiting == []


def test_sequences_and_sizes_are_among_the_facts() -> None:
    server = opened("always", slow=True)
    server.turn("SET a 1")
    facts = dict(server.keeper.facts())
    assert (facts["aof_sequence"], facts["aof_durable_sequence"], facts["aof_generation"]) == (1, 0, 1)
    assert facts["aof_current_size"] == len(server.files.read(FIRST))
    assert facts["aof_rewrite_in_progress"] == 0
    disk(server).fail("size", errno.EIO, FOREVER)
    assert dict(server.keeper.facts())["aof_sequence"] == 1


# What is written


def test_a_transaction_is_one_batch() -> None:
    server = opened()
    server.turn("MULTI", "SET a 1", "SELECT 1", "SET b 2", "EXEC")
    server.turn("SET c 3")
    batches = read_log(server.files.read(FIRST)).batches
    assert [[words[0] for words in batch.requests] for batch in batches] == [
        [b"MULTI", b"SET", b"SELECT", b"SET", b"EXEC"],
        [b"SET"],
    ]
    assert server.keeper.sequence() == 2


def test_a_new_log_begins_in_the_first_database() -> None:
    server = opened(slow=True)
    server.turn("SELECT 3", "SET a 1")
    server.rewrite()
    server.turn("SET a 2")
    log = read_log(server.files.read(path_in(DIRECTORY, "appendonly.aof.2.incr.aof")), 1)
    assert log.requests() == [[b"SELECT", b"3"], [b"SET", b"a", b"2"]]
    server.check_crash(None)


def test_a_generation_goes_only_when_the_next_manifest_is_there() -> None:
    for operation in ("write", "sync", "rename"):
        server = opened()
        server.settings.put("keep-generations", "0")
        server.keeper.apply_settings()
        server.turn("SET a 1")
        server.rewrite()
        server.turn("SET a 2")
        disk(server).fail(operation, errno.EIO, FOREVER, 1, NAME)
        assert server.keeper.begin_rewrite()
        server.wait(1_000)
        assert server.owner.warned == ["The journal could not be compacted: Input/output error"]
        server.check_crash(None)
        server.check_crash(Random(1))


# Power cuts that leave later batches


@pytest.mark.parametrize("quiet_ms", [0, 3_600_000])
def test_batches_that_reached_the_disk_in_another_order_are_no_damage_however_long_it_was_quiet(quiet_ms: int) -> None:
    for seed in range(60):
        server = opened("always", slow=True)
        server.turn("SET a 0")
        server.finish_work()
        server.clock.advance(quiet_ms)
        for number in range(4):
            server.turn(f"SET a {number}")
        server.check_crash(Random(seed))


def test_a_first_log_whose_opening_mark_did_not_reach_the_disk_is_no_damage() -> None:
    for seed in range(60):
        server = Keeping(SimulatedFiles(), Settings(appendfsync="always"), slow=True).load()
        server.turn("SET a 1")
        server.turn("SET b 2")
        server.check_crash(Random(seed))
