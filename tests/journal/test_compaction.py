"""A compaction gives the data of one moment and the log since then, whatever fails or ends in the middle of it."""

import errno
from collections.abc import Callable
from random import Random

import pytest

from kvik.clock import ManualClock
from kvik.journal.compaction import BATCH_BYTES
from kvik.journal.generations import Growth, Retention
from kvik.journal.manifest import path_in, read_manifest
from tests.journal.compacting import DIRECTORY, Building, reopened
from tests.journal.desks import SlowSyncer
from tests.journal.simulated import FOREVER, SHORT, Crash, SimulatedFiles


def opened(slow: bool = False, policy: str = "everysec") -> Building:
    building = Building(SimulatedFiles(), policy, slow)
    building.run("SET a 1", "SET b 2", "INCR n", "SELECT 3", "SET c 3", "PEXPIRE c 100000", "SELECT 0")
    return building


def check_same(building: Building) -> Building:
    """Check that what is on the disk is the data."""
    again = reopened(building)
    assert again.alive(again.data()) == again.alive(building.data())
    return again


def test_after_a_compaction_the_manifest_names_the_new_base_and_its_log() -> None:
    building = opened()
    building.compact()
    building.run("SET a after")
    manifest = read_manifest(building.files, DIRECTORY)
    assert manifest is not None
    assert [file.name for file in manifest.files] == ["appendonly.aof.2.base.aof", "appendonly.aof.2.incr.aof"]
    assert [[file.name for file in files] for files in manifest.kept] == [["appendonly.aof.1.incr.aof"]]
    assert building.names() == [
        "appendonly.aof.1.incr.aof",
        "appendonly.aof.2.base.aof",
        "appendonly.aof.2.incr.aof",
        "appendonly.aof.manifest",
    ]
    check_same(building)


def test_writes_that_go_on_are_in_the_log_and_not_in_the_base() -> None:
    building = opened(slow=True)
    for index in range(2_000):
        building.run(f"SET key:{index} {index}")
    building.compaction.want()
    for index in range(1_000):
        building.run(f"SET key:{index * 7} new", f"DEL key:{index * 5}", f"SET new:{index} 1")
        if index == 500:
            building.run("FLUSHALL", "SET a b", "SWAPDB 0 3")
        building.round()
        if index % 3 == 0:
            building.worker.wait()
            building.syncer.wait()
    building.finish()
    assert building.notes.heard == ["began 2", "ended 2"]
    check_same(building)


def test_nothing_is_published_before_the_old_log_is_durable() -> None:
    building = opened(slow=True)
    building.compaction.want()
    for _ in range(9):
        building.round()
        building.worker.wait()
    assert building.journal.is_rotating()
    manifest = read_manifest(building.files, DIRECTORY)
    assert manifest is not None
    assert [file.name for file in manifest.files] == ["appendonly.aof.1.incr.aof", "appendonly.aof.2.incr.aof"]
    building.finish()
    assert building.notes.heard == ["began 2", "ended 2"]


def test_the_order_of_a_small_database_is_kept() -> None:
    building = opened(slow=True)
    building.compaction.want()
    building.round()
    building.worker.wait()
    building.round()
    building.syncer.wait()
    assert building.compaction.snapshot is not None
    building.run("SET a new", "DEL b", "SET b again")
    building.finish()
    base = building.files.read(path_in(DIRECTORY, "appendonly.aof.2.base.aof"))
    words = [word for word in base.split(b"\r\n") if word in (b"a", b"b", b"n", b"c")]
    assert words == [b"a", b"b", b"n", b"c"]


def test_the_base_is_written_in_batches() -> None:
    building = opened()
    for index in range(8):
        building.run(f"SET big:{index} {'x' * (BATCH_BYTES // 3)}")
    building.compact()
    base = building.files.read(path_in(DIRECTORY, "appendonly.aof.2.base.aof"))
    assert base.count(b"kvik1 o") == 1
    assert base.count(b"kvik1 b") == 2
    assert base.count(b"kvik1 e") == 1
    check_same(building)


def test_only_one_compaction_runs_at_a_time() -> None:
    building = opened(slow=True)
    assert building.compaction.want()
    assert not building.compaction.want()
    building.round()
    assert building.compaction.is_running()
    assert not building.compaction.want()
    building.finish()
    assert building.compaction.want()


def test_progress_and_memory_are_told() -> None:
    building = opened(slow=True)
    for index in range(100):
        building.run(f"SET key:{index} value")
    building.compaction.want()
    compaction = building.compaction
    assert (compaction.keys_done(), compaction.keys_total(), compaction.seconds()) == (0, 0, -1.0)
    for _ in range(3):
        building.round()
        building.worker.wait()
        building.syncer.wait()
    assert (compaction.keys_total(), compaction.is_rescue()) == (104, False)
    assert 0 < compaction.keys_done() < 104
    assert compaction.bytes_held() > 0
    assert compaction.seconds() > 0
    building.finish()
    assert (compaction.keys_done(), compaction.keys_total(), compaction.bytes_held()) == (0, 0, 0)
    assert compaction.last_error == ""
    assert compaction.last_seconds > 0
    assert compaction.size_before == compaction.size()


# Older generations


@pytest.mark.parametrize(("count", "expected"), [(0, [4]), (1, [3, 4]), (2, [2, 3, 4]), (9, [1, 2, 3, 4])])
def test_the_last_generations_are_kept(count: int, expected: list[int]) -> None:
    building = opened()
    building.compaction.retention = Retention(count)
    for index in range(3):
        building.run(f"SET a {index}")
        building.compact()
    generations = {int(name.split(".")[2]) for name in building.names() if name[-1] == "f"}
    assert sorted(generations) == expected
    check_same(building)


def test_generations_that_ended_in_the_last_days_are_kept() -> None:
    building = opened()
    building.compaction.retention = Retention(0, 2)
    for index in range(4):
        building.run(f"SET a {index}")
        building.compact()
        building.clock.advance(86_400_000)
    generations = {int(name.split(".")[2]) for name in building.names() if name[-1] == "f"}
    assert sorted(generations) == [3, 4, 5], "generation 2 ended more than two days before the last compaction"


# By itself


@pytest.mark.parametrize(
    ("percentage", "minimum", "before", "size", "expected"),
    [
        (100, 64, 100, 200, True),
        (100, 64, 100, 199, False),
        (100, 300, 100, 300, False),
        (100, 300, 100, 301, True),
        (0, 0, 1, 1000, False),
        (50, 0, 100, 150, True),
        (100, 0, 0, 2, True),
    ],
)
def test_growth_is_measured_as_redis_does(
    percentage: int, minimum: int, before: int, size: int, expected: bool
) -> None:
    assert Growth(percentage, minimum).is_enough(size, before) == expected


def test_a_log_that_has_grown_is_compacted_by_itself() -> None:
    building = opened()
    building.compaction.growth = Growth(100, 2_000)
    for _ in range(100):
        building.run("INCR n")
        building.round()
    building.finish()
    assert building.notes.heard[:2] == ["began 2", "ended 2"]
    assert len(building.notes.heard) < 20
    check_same(building)


# Failures

STEPS_OF_A_COMPACTION = ["create", "write", "sync", "sync_folder", "rename"]


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("skip", range(4))
@pytest.mark.parametrize("operation", STEPS_OF_A_COMPACTION)
def test_a_failure_is_reported_and_the_old_generation_goes_on(operation: str, skip: int, error: int) -> None:
    building = opened()
    assert isinstance(building.files, SimulatedFiles)
    building.files.fail(operation, error, FOREVER, skip, ".part" if operation == "write" else "")
    building.compaction.want()
    building.finish()
    building.files.heal()
    for _ in range(20):
        building.round()
    building.run("SET a after")
    building.compaction.want()
    building.finish()
    assert building.notes.heard[-1].startswith("ended"), building.notes.heard
    assert not any(name.endswith(".part") for name in building.names())
    again = check_same(building)
    assert again.removed == []


@pytest.mark.parametrize("operation", [*STEPS_OF_A_COMPACTION, "names", "exists", "size", "close", "remove"])
def test_every_call_may_fail_once_and_nothing_is_lost(operation: str) -> None:
    for skip in range(12):
        for error in (errno.EIO, SHORT) if operation == "write" else (errno.EIO,):
            building = opened()
            assert isinstance(building.files, SimulatedFiles)
            building.files.fail(operation, error, 1, skip)
            building.compaction.want()
            for index in range(40):
                if not building.journal.is_refusing:
                    building.run(f"SET k {index}")
                building.round()
            check_same(building)


def test_after_a_failure_it_begins_by_itself_only_later() -> None:
    building = opened()
    assert isinstance(building.files, SimulatedFiles)
    building.compaction.growth = Growth(1, 0)
    building.compaction.size_before = 1
    building.files.fail("write", errno.ENOSPC, FOREVER, 0, "base")
    tries = []
    for second in range(400):
        before = len(building.notes.heard)
        building.clock.advance(900)
        building.round()
        building.finish()
        if len(building.notes.heard) > before:
            tries.append(second)
    pauses = [later - earlier for earlier, later in zip(tries, tries[1:], strict=False)]
    assert len(pauses) == 3, "a round of this test takes at least a second"
    assert 50 <= pauses[0] <= 60
    assert 100 <= pauses[1] <= 120
    assert 200 <= pauses[2] <= 240


def test_values_that_are_overwritten_faster_than_the_disk_takes_them_end_the_compaction() -> None:
    building = opened(slow=True)
    building.compaction.overwritten_bytes_max = 100_000
    for index in range(8):
        building.run(f"SET big:{index} {'x' * (BATCH_BYTES // 2)}")
    building.compaction.want()
    while building.compaction.bytes_held() < BATCH_BYTES:
        building.round()
        building.syncer.wait()
        if building.compaction.snapshot is None:
            building.worker.wait()
    for index in range(8):
        building.run(f"SET big:{index} small")
    for _ in range(20):
        building.round()
    building.finish()
    assert building.notes.heard[-1] == "the disk is slower than the writes that go on"
    check_same(building)


def test_what_ends_within_a_large_value_leaves_it_to_be_freed_in_slices() -> None:
    building = opened()
    building.run("FLUSHALL", f"SADD large {' '.join([str(number) for number in range(20_000)])}")
    databases = building.engine.databases
    building.compaction.want()
    while building.compaction.snapshot is None:
        building.round(0)
    building.compaction.step(0)
    building.run("DEL large")
    while databases.free_some():
        pass
    building.compaction.stop()
    assert databases.free_some()


def test_a_server_that_ends_leaves_no_part_behind() -> None:
    for rounds in range(12):
        building = opened(slow=True)
        building.compaction.want()
        for _ in range(rounds):
            building.round()
            building.worker.wait()
        building.compaction.stop()
        assert not building.compaction.is_running()
        assert not building.compaction.step(1)
        assert building.journal.close()
        assert not any(name.endswith(".part") for name in building.names())
        check_same(building)


# A lost log


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("policy", ["always", "everysec"])
@pytest.mark.parametrize("at", ["before", "during"])
def test_a_lost_log_is_replaced_from_memory_and_writes_resume(at: str, policy: str, slow: bool) -> None:
    building = opened(slow, policy)
    assert isinstance(building.files, SimulatedFiles)
    for _ in range(20):
        building.round()
        building.syncer.wait()
    if at == "during":
        building.compaction.want()
        building.round()
    building.files.fail("sync", errno.EIO, 1, 0, "incr")
    building.run("SET a lost")
    for _ in range(60):
        building.round()
        building.worker.wait()
        building.syncer.wait()
    assert not building.journal.is_refusing
    assert not building.compaction.is_running()
    building.run("SET b resumed")
    for _ in range(20):
        building.round()
        building.syncer.wait()
    assert building.journal.durable == building.journal.sequence
    now = building.clock.now
    building.files.crash(Random(1))
    again = Building(building.files, now=now)
    assert again.alive(again.data()) == again.alive(building.data())


# Crashes


def test_what_was_read_from_an_old_log_is_durable_before_the_new_one_grows() -> None:
    for seed in range(20):
        building = opened(slow=True)
        building.compaction.want()
        for _ in range(9):
            building.round()
            building.worker.wait()
        assert building.journal.is_rotating()
        again = reopened(building)
        again.run("SET b after")
        for _ in range(20):
            again.round()
        assert again.journal.durable == again.journal.sequence
        assert isinstance(again.files, SimulatedFiles)
        again.files.crash(Random(seed))
        third = Building(again.files, now=again.clock.now)
        assert third.alive(third.data()) == third.alive(again.data())


REQUESTS: list[Callable[[Random], str]] = [
    lambda random: f"SET k{random.randrange(9)} {random.random()}",
    lambda random: f"INCR n{random.randrange(3)}",
    lambda random: f"DEL k{random.randrange(9)}",
    lambda random: f"PEXPIRE k{random.randrange(9)} {random.randrange(1, 3_000)}",
    lambda random: f"APPEND k{random.randrange(9)} {'x' * random.randrange(700)}",
    lambda random: f"SELECT {random.randrange(2)}",
    lambda random: f"MOVE k{random.randrange(9)} 2",
    lambda random: random.choice(["FLUSHDB", "SWAPDB 0 1", "SWAPDB 1 2", "PERSIST k1", "COPY k1 k2 REPLACE"]),
]


POWER_CUTS = 8


class Tale:
    """Writes with two compactions among them, the same for the same seed, until the disk stops it.

    Where the power is to be cut, each batch is durable before the next is written.
    """

    def __init__(self, policy: str, is_power_cut: bool, seed: int) -> None:
        self.random = Random(seed)
        self.files = SimulatedFiles()
        self.policy = policy
        self.is_power_cut = is_power_cut
        self.building: Building | None = None

    def run(self) -> None:
        try:
            self.building = building = Building(self.files, self.policy, slow=True)
            self.sync(building)
            for number in range(60):
                if number in (8, 35):
                    building.compaction.want()
                self.step(building)
        except Crash:
            return

    def step(self, building: Building) -> None:
        for _ in range(self.random.randrange(3)):
            building.run(self.random.choice(REQUESTS)(self.random))
            self.sync(building)
        if self.random.random() < 0.7:
            building.round()
            self.sync(building)
        if self.random.random() < 0.5:
            building.worker.wait()
        if self.random.random() < 0.4:
            building.syncer.wait()

    def sync(self, building: Building) -> None:
        while self.is_power_cut and isinstance(building.syncer, SlowSyncer) and building.syncer.is_running():
            building.syncer.wait()

    def crash(self, files: SimulatedFiles, random: Random) -> None:
        if self.is_power_cut:
            files.crash(random)
        else:
            files.kill()

    def promised(self) -> int:
        """Return the last batch that must be there after this crash."""
        if self.building is None:
            return 0
        journal = self.building.journal
        return journal.durable if self.is_power_cut else journal.written


@pytest.mark.parametrize(
    ("policy", "is_power_cut"),
    [("always", True), ("always", False), ("everysec", False), ("no", False)],
    ids=["always, power cut", "always, kill", "everysec, kill", "no, kill"],
)
@pytest.mark.parametrize("seed", range(3))
def test_a_crash_at_any_operation_leaves_the_old_or_the_new_generation(
    seed: int, policy: str, is_power_cut: bool
) -> None:
    whole = Tale(policy, is_power_cut, seed)
    whole.run()
    assert whole.building is not None
    assert [note for note in whole.building.notes.heard if note.startswith("ended")] == ["ended 2", "ended 3"]
    for number in range(1, whole.files.operations + 1):
        crash_and_recover(Tale(policy, is_power_cut, seed), number)


def crash_and_recover(tale: Tale, number: int) -> None:
    """Stop at an operation, and recover from some of the things a crash there can leave."""
    random = Random(number)
    tale.files.stop_at(number, random.random())
    tale.run()
    for _ in range(POWER_CUTS if tale.is_power_cut else 1):
        files = tale.files.copy()
        tale.crash(files, random)
        recover(tale, files)


def recover(tale: Tale, files: SimulatedFiles) -> None:
    building = tale.building
    now = ManualClock().now if building is None else building.clock.now
    again = Building(files, tale.policy, now=now)
    if building is not None:
        sequence = again.loading.end.sequence
        assert sequence >= tale.promised()
        building.states.setdefault(building.journal.sequence, building.data())
        assert again.alive(again.states[sequence]) == again.alive(building.states[sequence])
    again.compact()
    check_same(again)
