"""SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF and WAITAOF, what INFO and CONFIG say of them, with and without a directory."""

import errno
from pathlib import Path

import pytest

import kvik
from kvik.commands import persistence
from kvik.declaration import Declaration
from kvik.journal.keeper import Keeper, KeeperOwner
from kvik.journal.manifest import FOLDER
from kvik.machine import absolute_path
from kvik.replies import Reply, Verbatim, Wait
from kvik.services import House
from tests.engines import Caller
from tests.journal.compacting import SlowWorker
from tests.journal.desks import SlowSyncer
from tests.journal.simulated import SimulatedFiles
from tests.reference import ReferenceServer, reference

__all__ = ["reference"]

DIRECTORY = "data"
STARTED = b"Background append only file rewriting started"
IN_MEMORY = "ERR The data is in memory only: a server that was started with a directory can save it"
DECLARED = [declaration for declaration, _ in persistence.family.commands]
SCHEDULED = [b"Background saving scheduled", b"Background append only file rewriting scheduled"]


class Heard(KeeperOwner):
    """What the keeper told its owner."""

    def __init__(self) -> None:
        super().__init__()
        self.releases = 0
        self.warnings: list[str] = []

    def answers_released(self) -> None:
        self.releases += 1

    def warn(self, text: str) -> None:
        self.warnings.append(text)


class Settled(House):
    """Lets settings take effect as a server does."""

    def __init__(self) -> None:
        self.keeper: Keeper | None = None

    def apply(self, name: str) -> None:
        if self.keeper is not None:
            self.keeper.apply_settings()


class Kept(Caller):
    """A session on an engine with a directory on a simulated disk; nothing is synced or rewritten before it is told."""

    def __init__(self, policy: str = "everysec", files: SimulatedFiles | None = None, is_loaded: bool = True) -> None:
        house = Settled()
        super().__init__(house=house)
        self.engine.settings.appendfsync = policy
        self.files = files or SimulatedFiles()
        self.syncer = SlowSyncer()
        self.worker = SlowWorker()
        self.owner = Heard()
        self.keeper = Keeper(self.engine, self.files, DIRECTORY, self.syncer, self.worker, self.owner)
        self.engine.persistence = house.keeper = self.keeper
        if is_loaded:
            self.load()

    def load(self) -> None:
        for _ in range(100):
            if self.keeper.is_loaded():
                break
            self.keeper.step(100)
        self.syncer.wait()
        assert self.keeper.is_loaded()

    def turn(self, *words: str | bytes | int, caller: Caller | None = None) -> Reply:
        """Run one command in a turn of its own."""
        reply = (caller or self)(*words)
        self.engine.journal.seal()
        return reply

    def pass_time(self, milliseconds: int) -> None:
        """Let time pass, with the rounds of a server; no sync ends by itself."""
        for _ in range(milliseconds // 100):
            self.clock.advance(100)
            self.keeper.step(1)

    def finish_rewrite(self) -> None:
        """Let a rewrite come to its end, and its syncs."""
        for _ in range(100):
            self.pass_time(100)
            self.worker.wait()
            self.syncer.wait()
            if self.facts()["aof_rewrite_in_progress"] == "0":
                return
        raise AssertionError("the rewrite does not end")

    def facts(self) -> dict[str, str]:
        return facts(self)


def facts(caller: Caller) -> dict[str, str]:
    reply = caller("INFO", "persistence")
    assert isinstance(reply, Verbatim)
    return dict(line.split(":", 1) for line in reply.text.decode().splitlines() if ":" in line)


def configured(caller: Caller, *names: str) -> dict[str, str]:
    reply = caller.plain("CONFIG", "GET", *names)
    assert isinstance(reply, list)
    words = [word.decode() for word in reply]
    return dict(zip(words[::2], words[1::2], strict=True))


# As Redis declares them


@pytest.mark.parametrize("declaration", DECLARED, ids=lambda declaration: declaration.full_name())
def test_a_command_is_declared_as_in_redis(declaration: Declaration, reference: ReferenceServer) -> None:
    reply = reference("COMMAND", "INFO", declaration.full_name())
    assert isinstance(reply, list) and isinstance(reply[0], list)
    name, arity, flags, *_ = reply[0]
    assert (declaration.full_name().encode(), declaration.arity()) == (name, arity)
    assert sorted(declaration.flag_names()) == sorted(flags)


def test_categories_are_those_of_redis(caller: Caller, reference: ReferenceServer) -> None:
    for declaration in DECLARED:
        mine = caller.plain("COMMAND", "INFO", declaration.full_name())
        theirs = reference("COMMAND", "INFO", declaration.full_name())
        assert isinstance(mine, list) and isinstance(theirs, list)
        assert sorted(mine[0][6]) == sorted(theirs[0][6])


def test_waitaof_is_declared_as_redis_7_2_has_it(caller: Caller) -> None:
    reply = caller.plain("COMMAND", "INFO", "WAITAOF")
    assert isinstance(reply, list)
    assert reply[0][:6] == [b"waitaof", 4, [b"blocking"], 0, 0, 0]


@pytest.mark.parametrize("words", ["BGSAVE now", "BGSAVE SCHEDULE twice", "SAVE x", "LASTSAVE x", "BGREWRITEAOF x"])
def test_wrong_use_is_answered_as_redis_does(words: str, reference: ReferenceServer) -> None:
    assert Kept().error(*words.split()) == reference(*words.split())


def test_info_has_the_fields_of_redis_in_its_order(reference: ReferenceServer) -> None:
    text = reference("INFO", "persistence")
    assert isinstance(text, bytes)
    theirs = [line.partition(":")[0] for line in text.decode().splitlines() if ":" in line]
    shared = [name for name in theirs if not name.startswith(("module_", "rdb_last_load_"))]
    assert list(facts(Caller())) == shared
    assert list(Kept().facts())[: len(shared)] == shared


# Without a directory


@pytest.mark.parametrize("words", ["SAVE", "BGSAVE", "BGSAVE SCHEDULE"])
def test_what_is_in_memory_only_cannot_be_saved(words: str, caller: Caller) -> None:
    assert caller.error(*words.split()) == IN_MEMORY


def test_there_is_no_journal_to_rewrite_in_memory(caller: Caller) -> None:
    text = "ERR Can't execute an AOF background rewriting. Please check the server logs for more information."
    assert caller.error("BGREWRITEAOF") == text


def test_nobody_waits_for_a_disk_there_is_not(caller: Caller) -> None:
    caller("SET", "k", "v")
    text = "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."
    assert caller.error("WAITAOF", "1", "0", "0") == text
    assert caller.plain("WAITAOF", "0", "0", "0") == [0, 0]


def test_in_memory_the_last_save_is_the_start(caller: Caller) -> None:
    start = caller.clock.now // 1_000
    caller.clock.advance(5_000)
    caller("SET", "k", "v")
    assert caller("LASTSAVE") == start
    found = facts(caller)
    assert found["rdb_last_save_time"] == str(start)
    assert (found["aof_enabled"], found["rdb_changes_since_last_save"]) == ("0", "1")


def test_config_says_that_nothing_is_kept(caller: Caller) -> None:
    assert configured(caller, "appendonly", "dir", "save") == {"appendonly": "no", "dir": "", "save": ""}
    assert "immutable" in caller.error("CONFIG", "SET", "appendonly", "yes")


# Rewriting


def test_a_rewrite_is_shown_while_it_runs_and_counted_afterwards() -> None:
    kept = Kept()
    for number in range(50):
        kept.turn("SET", f"k{number % 5}", number)
    assert kept.plain("BGREWRITEAOF") == STARTED
    assert kept.facts()["aof_rewrite_in_progress"] == "1"
    assert kept.error("BGREWRITEAOF") == "ERR Background append only file rewriting already in progress"
    kept.pass_time(100)
    kept.worker.finish()
    kept.pass_time(100)
    kept.syncer.wait()
    kept.pass_time(100)
    found = kept.facts()
    assert (found["rdb_bgsave_in_progress"], found["current_save_keys_total"]) == ("1", "5")
    kept.finish_rewrite()
    after = kept.facts()
    assert (after["aof_rewrites"], after["rdb_saves"], after["aof_last_bgrewrite_status"]) == ("1", "1", "ok")
    assert (after["aof_generation"], int(after["aof_last_rewrite_time_sec"]) >= 0) == ("2", True)
    assert 0 < int(after["aof_current_size"]) < 1_000
    assert kept.plain("BGREWRITEAOF") == STARTED


def test_the_last_save_is_the_end_of_the_last_rewrite() -> None:
    kept = Kept()
    kept.turn("SET", "a", 1)
    kept.pass_time(5_000)
    assert kept.facts()["rdb_changes_since_last_save"] == "1"
    assert kept.plain("BGSAVE") == b"Background saving started"
    kept.finish_rewrite()
    assert kept("LASTSAVE") == kept.clock.now // 1_000
    assert kept.facts()["rdb_changes_since_last_save"] == "0"
    kept.turn("SET", "a", 2)
    assert kept.facts()["rdb_changes_since_last_save"] == "1"


def test_a_save_that_runs_is_not_begun_again_but_another_may_be_scheduled() -> None:
    kept = Kept()
    kept("BGSAVE")
    assert kept.error("BGSAVE") == "ERR Background save already in progress"
    assert kept.error("SAVE") == "ERR Background save already in progress"
    assert kept.plain("BGSAVE", "schedule") == b"Background saving scheduled"
    assert kept.facts()["aof_rewrite_scheduled"] == "1"
    kept.finish_rewrite()
    kept.finish_rewrite()
    found = kept.facts()
    assert (found["aof_rewrites"], found["aof_rewrite_scheduled"]) == ("2", "0")


def test_inside_a_transaction_a_rewrite_is_scheduled_and_a_save_refused() -> None:
    kept = Kept()
    kept("MULTI")
    kept("BGSAVE")
    assert kept.plain("EXEC") == [SCHEDULED[0]]
    kept.finish_rewrite()
    kept("MULTI")
    kept("BGREWRITEAOF")
    assert kept.plain("EXEC") == [SCHEDULED[1]]
    kept.finish_rewrite()
    kept("MULTI")
    assert kept.error("SAVE") == "ERR Command not allowed inside a transaction"


def test_save_answers_when_the_data_is_written_and_others_go_on() -> None:
    kept = Kept()
    other = kept.another()
    kept.turn("SET", "a", 1)
    assert isinstance(kept.turn("SAVE"), Wait)
    kept.pass_time(300)
    assert kept.turn("SET", "b", 2, caller=other) is not None
    assert kept.late() == []
    kept.finish_rewrite()
    assert kept.late() == [b"OK"]
    assert kept.owner.releases > 0
    assert isinstance(kept("SAVE"), Wait)
    kept.finish_rewrite()
    assert kept.late() == [b"OK", b"OK"]


def test_save_says_why_it_failed() -> None:
    kept = Kept()
    kept.files.fail("create", errno.ENOSPC, 100)
    kept("SAVE")
    kept.finish_rewrite()
    assert kept.late() == ["ERR The data could not be saved: No space left on device"]
    found = kept.facts()
    assert (found["aof_last_bgrewrite_status"], found["rdb_last_bgsave_status"]) == ("err", "err")
    assert (found["aof_rewrites"], found["aof_rewrites_consecutive_failures"]) == ("0", "1")


def test_a_save_the_end_of_the_server_breaks_off_has_not_succeeded() -> None:
    kept = Kept()
    kept("SAVE")
    kept.keeper.close()
    assert kept.late() == ["ERR The data could not be saved: the server is shutting down"]


# WAITAOF


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("2 0 0", "ERR value is out of range, value must between 0 and 1"),
        ("-1 0 0", "ERR value is out of range, value must between 0 and 1"),
        ("x 0 0", "ERR value is not an integer or out of range"),
        ("1 -1 0", "ERR value is out of range, must be positive"),
        ("1 x 0", "ERR value is out of range, must be positive"),
        ("1 0 -1", "ERR timeout is negative"),
        ("1 0 x", "ERR timeout is not an integer or out of range"),
        ("1 0 9223372036854775807", "ERR timeout is out of range"),
        ("1 0 9223372036854775808", "ERR timeout is not an integer or out of range"),
    ],
)
def test_what_waitaof_cannot_read_is_said_as_redis_does(words: str, error: str) -> None:
    assert Kept().error("WAITAOF", *words.split()) == error


def test_who_has_written_nothing_waits_for_nothing() -> None:
    kept = Kept()
    kept.turn("SET", "k", "v")
    other = kept.another()
    assert other.plain("WAITAOF", "1", "0", "0") == [1, 0]


@pytest.mark.parametrize("policy", ["everysec", "no", "always"])
def test_waitaof_ends_when_the_last_write_is_on_disk(policy: str) -> None:
    kept = Kept(policy)
    kept.turn("SET", "before", "v")
    kept.pass_time(1_500)
    kept.syncer.wait()
    kept.turn("SET", "k", "v")
    assert isinstance(kept.turn("WAITAOF", "1", "0", "0"), Wait)
    kept.pass_time(1_500)
    assert kept.late() == []
    assert kept.syncer.is_running()
    releases = kept.owner.releases
    kept.syncer.finish()
    if kept.syncer.is_running():
        kept.syncer.finish()
    assert kept.late() == [[1, 0]]
    assert kept.owner.releases > releases
    assert kept.plain("WAITAOF", "1", "0", "0") == [1, 0]


def test_waitaof_in_the_turn_of_its_write_waits_for_that_turn() -> None:
    kept = Kept()
    kept.turn("SET", "before", "v")
    kept.pass_time(1_500)
    kept("SET", "k", "v")
    assert isinstance(kept("WAITAOF", "1", "0", "0"), Wait)
    kept.engine.journal.seal()
    # The sync that runs began before.
    kept.syncer.finish()
    assert kept.late() == []
    kept.pass_time(1_500)
    kept.syncer.finish()
    assert kept.late() == [[1, 0]]


def test_without_anybody_waiting_policy_no_leaves_syncing_to_the_system() -> None:
    kept = Kept("no")
    before = kept.syncer.started
    kept.turn("SET", "k", "v")
    kept.pass_time(3_000)
    assert kept.syncer.started == before


def test_at_the_deadline_waitaof_answers_what_is_so_then() -> None:
    kept = Kept()
    kept.turn("SET", "k", "v")
    reply = kept.turn("WAITAOF", "1", "1", "2000")
    assert isinstance(reply, Wait) and reply.deadline == kept.clock.now + 2_000
    kept.pass_time(1_500)
    kept.syncer.finish()
    assert kept.late() == []
    kept.engine.give_up_waiting(kept.session)
    assert kept.late() == [[1, 0]]
    kept.turn("SET", "k", "w")
    kept.turn("WAITAOF", "1", "0", "10")
    kept.engine.give_up_waiting(kept.session)
    assert kept.late() == [[1, 0], [0, 0]]


def test_inside_a_transaction_waitaof_answers_at_once() -> None:
    kept = Kept()
    kept.turn("SET", "k", "v")
    kept("MULTI")
    kept("WAITAOF", "1", "0", "0")
    assert kept.plain("EXEC") == [[0, 0]]


def test_each_waits_for_its_own_write() -> None:
    kept = Kept()
    other = kept.another()
    kept.turn("SET", "k", "v")
    kept.turn("WAITAOF", "1", "0", "0")
    kept.pass_time(1_200)
    assert kept.syncer.is_running()
    kept.turn("SET", "k", "w", caller=other)
    kept.turn("WAITAOF", "1", "0", "0", caller=other)
    kept.syncer.finish()
    assert (kept.late(), other.late()) == ([[1, 0]], [])
    kept.pass_time(1_500)
    kept.syncer.finish()
    assert other.late() == [[1, 0]]


def test_who_leaves_waits_no_more() -> None:
    kept = Kept()
    kept.turn("SET", "k", "v")
    kept.turn("WAITAOF", "1", "0", "0")
    kept.engine.close_session(kept.session)
    kept.pass_time(1_200)
    kept.syncer.finish()
    assert kept.late() == []
    assert not kept.engine.disk_moved()


def test_a_failed_sync_is_made_good_by_a_new_generation() -> None:
    kept = Kept()
    kept.turn("SET", "k", "v")
    kept.turn("WAITAOF", "1", "0", "0")
    kept.files.fail("sync", errno.EIO)
    kept.pass_time(1_200)
    kept.syncer.wait()
    assert kept.late() == []
    found = kept.another()
    assert found.error("SET", "a", 1).startswith("MISCONF Errors writing to the AOF file: ")
    assert facts(found)["aof_last_write_status"] == "err"
    kept.pass_time(1_000)
    kept.finish_rewrite()
    assert kept.late() == [[1, 0]]
    assert facts(found)["aof_last_write_status"] == "ok"
    assert found.plain("SET", "a", 1) == b"OK"


# Settings


def test_config_names_the_directory_and_its_files() -> None:
    kept = Kept()
    found = configured(kept, "appendonly", "dir", "append*", "save")
    assert found["appendonly"] == "yes"
    assert found["dir"] == absolute_path(DIRECTORY)
    assert (found["appenddirname"], found["appendfilename"]) == (FOLDER, "appendonly.aof")
    assert kept.plain("CONFIG", "SET", "appendonly", "yes") == b"OK"
    assert "immutable" in kept.error("CONFIG", "SET", "appendonly", "no")


def test_appendfsync_changes_while_it_runs() -> None:
    kept = Kept("no")
    kept.turn("SET", "k", "v")
    kept.pass_time(2_000)
    assert not kept.syncer.is_running()
    kept("CONFIG", "SET", "appendfsync", "always")
    sequence = kept.engine.journal.seal()
    kept.turn("SET", "k", "w")
    assert kept.engine.journal.released <= sequence
    kept.syncer.wait()
    kept.syncer.wait()
    assert kept.engine.journal.released == kept.engine.journal.sequence


# Loading


def test_while_it_loads_progress_is_shown_and_nothing_is_saved() -> None:
    first = Kept()
    for number in range(100):
        first.turn("SET", f"k{number}", number)
    first.keeper.close()
    second = Kept(files=first.files, is_loaded=False)
    found = second.facts()
    assert (found["loading"], found["aof_enabled"], found["loading_loaded_bytes"]) == ("1", "1", "0")
    assert int(found["loading_total_bytes"]) > 1_000
    assert int(found["loading_start_time"]) == second.clock.now // 1_000
    assert second.error("SAVE").startswith("LOADING ")
    assert second("LASTSAVE") == second.clock.now // 1_000
    second.load()
    found = second.facts()
    assert (found["loading"], found["rdb_changes_since_last_save"]) == ("0", "0")
    assert second("DBSIZE") == 100


# In a program


def test_in_a_program_save_and_waitaof_wait_for_the_disk_too(tmp_path: Path) -> None:
    with kvik.open(tmp_path / "data") as database:
        database.execute("SET", "k", "v")
        assert database.execute("SAVE") == b"OK"
        database.execute("SET", "k", "w")
        assert database.execute("WAITAOF", 1, 0, 5_000) == [1, 0]
        assert database.execute("CONFIG", "GET", "dir") == {b"dir": str(tmp_path / "data").encode()}
