"""What is written when, which answers leave when, and what happens when the disk does not do as it is told."""

import errno
from random import Random

import pytest

from kvik.journal.log_file import LogEnd
from kvik.journal.writer import FileJournal
from kvik.request import Request
from kvik.wire import encode_request
from tests.journal.desks import LOG, NEXT, Desk, SlowSyncer, request
from tests.journal.simulated import FOREVER

# Batches


def test_a_new_file_begins_with_its_opening_mark() -> None:
    desk = Desk("everysec")
    assert desk.content().startswith(b"*2\r\n$4\r\nPING\r\n$72\r\nkvik1 o 000000000000 00000000 000000000000 ")
    assert desk.log().batches == []


def test_all_requests_of_a_turn_are_one_batch_written_with_one_call() -> None:
    desk = Desk("everysec")
    before = desk.calls("write")
    assert desk.turn("SET a 1", "SET b 2") == 1
    assert desk.turn("SET c 3") == 2
    assert desk.calls("write") == before + 2
    one, two = desk.log().batches
    assert (one.sequence, one.time, one.requests) == (
        1,
        desk.clock.now,
        [[b"SET", b"a", b"1"], [b"SET", b"b", b"2"]],
    )
    assert two.requests == [[b"SET", b"c", b"3"]]


def test_a_pipeline_is_kept_as_the_bytes_it_came_in() -> None:
    desk = Desk("no")
    raws = [encode_request([b"SET", b"k%d" % number, b"v"]) for number in range(5)]
    source = b"".join(raws)
    start = 0
    for number, raw in enumerate(raws):
        if number != 2:  # it changed nothing
            desk.journal.record(0, Request([b"SET"], source, start, start + len(raw)))
        start += len(raw)
    desk.journal.record(0, Request([b"SET", b"inline", b"v"]))
    desk.journal.record(0, Request([b"SET"], raws[0], 0, len(raws[0])))
    desk.journal.seal()
    assert desk.lines() == ["SET k0 v", "SET k1 v", "SET k3 v", "SET k4 v", "SET inline v", "SET k0 v"]


def test_effects_stand_where_they_happened() -> None:
    desk = Desk("no")
    desk.journal.record(0, request("SET a 1"))
    desk.journal.record_effect(0, [b"DEL", b"dead"])
    desk.journal.record(0, request("SET b 1"))
    desk.journal.seal()
    assert desk.lines() == ["SET a 1", "DEL dead", "SET b 1"]


def test_select_is_written_only_where_the_database_differs_from_the_last_one() -> None:
    desk = Desk("no")
    desk.turn("SET a 0")
    desk.turn("SET a 3", "SET b 3", database=3)
    desk.turn("SET c 3", database=3)
    desk.turn("SET b 0")
    assert desk.lines() == ["SET a 0", "SELECT 3", "SET a 3", "SET b 3", "SET c 3", "SELECT 0", "SET b 0"]


def test_a_group_of_several_is_a_transaction_and_of_one_is_not() -> None:
    desk = Desk("no")
    journal = desk.journal
    journal.record(0, request("SET x 0"))
    for size in (0, 1, 2, 3):
        journal.begin_group()
        for number in range(size):
            journal.record(0, request(f"SET g{size} {number}"))
        journal.end_group()
    assert journal.seal() == 1
    two = ["MULTI", "SET g2 0", "SET g2 1", "EXEC"]
    three = ["MULTI", "SET g3 0", "SET g3 1", "SET g3 2", "EXEC"]
    assert desk.lines() == ["SET x 0", "SET g1 0", *two, *three]


def test_nested_groups_are_one_transaction() -> None:
    desk = Desk("no")
    journal = desk.journal
    journal.begin_group()
    journal.record(0, request("SET a 1"))
    journal.begin_group()
    journal.record_effect(5, [b"SET", b"b", b"2"])
    journal.end_group()
    journal.record(0, request("SET c 3"))
    journal.end_group()
    journal.seal()
    assert desk.lines() == ["MULTI", "SET a 1", "SELECT 5", "SET b 2", "SELECT 0", "SET c 3", "EXEC"]


def test_a_file_that_is_gone_on_with_says_its_database_first() -> None:
    desk = Desk("no")
    desk.turn("SET a 3", database=3)
    log = desk.log()
    end = LogEnd(log.sequence, log.chain, len(desk.content()), log.sequence)
    journal = FileJournal(desk.clock, desk.syncer, "no", desk.files.open_appending(LOG), end)
    journal.start()
    journal.record(0, request("SET a 0"))
    assert journal.seal() == 2
    assert desk.lines() == ["SELECT 3", "SET a 3", "SELECT 0", "SET a 0"]


# Policies


@pytest.mark.parametrize("policy", ["everysec", "no"])
def test_without_always_answers_leave_when_their_batch_is_written(policy: str) -> None:
    desk = Desk(policy)
    assert desk.turn("SET a 1") == desk.journal.released == 1
    assert desk.turn() == 1
    assert desk.turn("SET b 1") == desk.journal.released == 2


def test_with_always_answers_leave_when_their_batch_is_on_disk_and_reads_wait_for_what_they_saw() -> None:
    desk = Desk("always")
    assert desk.turn("SET a 1") == 1
    assert desk.turn() == 1
    assert desk.journal.released == 0
    desk.syncer.finish()
    assert desk.journal.released == 1
    assert desk.owner.heard == ["released"]
    assert desk.turn() == 1


def test_with_always_one_sync_covers_all_turns_that_were_written_while_another_ran() -> None:
    desk = Desk("always")
    started = desk.syncer.started
    for name in "abcd":
        desk.turn(f"SET {name} 1")
    assert desk.syncer.started == started + 1
    assert len(desk.log().batches) == 4
    desk.syncer.finish()
    assert (desk.journal.released, desk.syncer.started) == (1, started + 2)
    desk.syncer.finish()
    assert (desk.journal.released, desk.syncer.is_running()) == (4, False)
    assert desk.owner.heard == ["released", "released"]


def test_with_always_and_a_sync_at_once_answers_leave_with_their_turn() -> None:
    desk = Desk("always", slow=False)
    assert desk.turn("SET a 1") == desk.journal.released == desk.journal.durable == 1
    assert desk.owner.heard == []


def test_everysec_syncs_at_most_once_a_second_and_not_when_there_is_nothing() -> None:
    desk = Desk("everysec", slow=False)
    desk.wait(3_000)
    before = desk.calls("sync")
    for number in range(100):
        desk.turn(f"SET a {number}")
        desk.wait(100)
    assert desk.calls("sync") - before in (10, 11)
    desk.wait(1_000)
    before = desk.calls("sync")
    desk.wait(5_000)
    assert (desk.calls("sync"), desk.journal.durable) == (before, 100)


def test_everysec_holds_writes_back_when_what_is_not_durable_is_older_than_two_seconds() -> None:
    desk = Desk("everysec")
    assert desk.turn("SET a 1") == desk.journal.released
    desk.wait(1_000)
    assert desk.syncer.is_running()
    desk.wait(1_000)
    assert desk.turn("SET b 1") == desk.journal.released == 2
    desk.wait(100)
    assert desk.turn("SET c 1") == 3
    assert desk.turn() == 3, "a read may have seen what is held back"
    assert desk.journal.released == 2
    assert desk.lines() == ["SET a 1", "SET b 1"]
    assert not desk.journal.is_refusing
    desk.syncer.finish()
    assert desk.journal.released == 3
    assert desk.owner.heard == ["released"]
    assert desk.lines() == ["SET a 1", "SET b 1", "SET c 1"]


def test_the_policy_no_never_syncs() -> None:
    desk = Desk("no")
    for number in range(50):
        desk.turn(f"SET a {number}")
        desk.wait(100)
    assert desk.syncer.started == 0


def test_the_mark_says_what_was_known_to_be_durable() -> None:
    desk = Desk("always")
    desk.turn("SET a 1")
    desk.turn("SET b 1")
    desk.syncer.finish()
    desk.turn("SET c 1")
    assert [batch.durable for batch in desk.log().batches] == [0, 0, 1]


def test_the_policy_can_be_changed_while_running() -> None:
    desk = Desk("no")
    desk.turn("SET a 1")
    desk.journal.set_policy("always")
    assert desk.turn("SET b 1") == 2
    assert desk.journal.released == 1
    desk.syncer.finish()
    assert desk.journal.released == 2
    desk.turn("SET c 1")
    desk.journal.set_policy("everysec")
    assert desk.journal.released == 3
    desk.wait(100)
    assert desk.owner.heard[-1] == "released"


def test_what_was_held_is_written_first_when_the_policy_lets_it_go() -> None:
    desk = Desk("everysec")
    desk.turn("SET a 1")
    desk.wait(2_100)
    desk.turn("SET b 1")
    desk.journal.set_policy("no")
    assert desk.turn("SET c 1") == 3
    desk.wait(100)
    assert desk.lines() == ["SET a 1", "SET b 1", "SET c 1"]
    assert desk.journal.released == 3


def test_a_policy_that_begins_with_old_writes_unsynced_syncs_them_before_it_writes_more() -> None:
    desk = Desk("no")
    desk.turn("SET a 1")
    desk.clock.advance(5_000)
    desk.journal.set_policy("everysec")
    assert desk.turn("SET b 1") == 2
    assert desk.lines() == ["SET a 1"]
    desk.syncer.finish()
    assert desk.journal.released == 2


@pytest.mark.parametrize("policy", ["always", "everysec"])
def test_what_recovery_found_but_nobody_synced_is_synced_at_the_start(policy: str) -> None:
    desk = Desk("no")
    desk.turn("SET a 1")
    log = desk.log()
    end = LogEnd(log.sequence, log.chain, len(desk.content()), 0)
    journal = FileJournal(desk.clock, desk.syncer, policy, desk.files.open_appending(LOG), end)
    journal.start()
    assert journal.released == (0 if policy == "always" else 1)
    desk.clock.advance(2_100)
    journal.record(0, request("SET b 1"))
    journal.seal()
    assert journal.written == (2 if policy == "always" else 1)
    desk.syncer.finish()
    assert journal.durable == 1
    assert journal.released == (1 if policy == "always" else 2)


def test_what_expires_between_turns_is_written_without_a_turn() -> None:
    desk = Desk("everysec")
    desk.journal.record_effect(0, [b"DEL", b"dead"])
    desk.wait(100)
    assert desk.lines() == ["DEL dead"]


# Other files


@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
def test_after_a_rotation_batches_go_to_the_next_file_once_the_old_one_is_durable(policy: str) -> None:
    desk = Desk(policy)
    desk.turn("SET a 1", database=4)
    assert desk.journal.rotate(desk.files.create(NEXT)) == 1
    assert desk.journal.is_rotating()
    assert desk.turn("SET b 1", database=4) == 2
    assert desk.turn() == 2, "a read may have seen what is held back"
    assert desk.content(NEXT) == b""
    assert desk.journal.released < 2
    assert not desk.journal.is_refusing
    before = desk.calls("close")
    desk.syncer.finish()
    assert (desk.calls("close"), desk.journal.is_rotating()) == (before + 1, False)
    old = desk.log()
    new = desk.log(NEXT, old.sequence, old.chain)
    assert [batch.durable for batch in new.batches] == [1]
    assert new.requests() == [[b"SELECT", b"4"], [b"SET", b"b", b"1"]]
    desk.syncer.wait()
    assert (desk.journal.released, desk.owner.heard[-1]) == (2, "released")


def test_where_the_old_file_is_durable_a_rotation_is_done_at_once() -> None:
    desk = Desk("always", slow=False)
    desk.turn("SET a 1")
    assert desk.journal.rotate(desk.files.create(NEXT)) == 1
    assert not desk.journal.is_rotating()
    assert desk.turn("SET b 1") == desk.journal.released == 2
    assert desk.log(NEXT, 1, desk.log().chain).requests() == [[b"SET", b"b", b"1"]]


def test_a_file_that_is_not_well_is_not_rotated() -> None:
    desk = Desk("always")
    desk.files.fail("write", errno.ENOSPC)
    desk.turn("SET a 1")
    assert desk.journal.rotate(desk.files.create(NEXT)) == -1
    desk.wait(1_000)
    desk.syncer.wait()
    assert desk.journal.rotate(desk.files.open_appending(NEXT)) == 1


def test_when_the_old_file_cannot_be_synced_a_rotation_is_given_up_for_a_new_generation() -> None:
    desk = Desk("everysec")
    desk.turn("SET a 1")
    desk.journal.rotate(desk.files.create(NEXT))
    sequence = desk.turn("SET b 1")
    desk.files.fail("sync", errno.EIO)
    desk.syncer.finish()
    assert desk.owner.heard == ["Input/output error", "generation"]
    assert not desk.journal.is_rotating()
    assert desk.journal.begin_generation() == sequence
    desk.journal.adopt(desk.files.create("d/3.incr.aof"))
    assert desk.journal.released == sequence
    assert (desk.content(NEXT), desk.log("d/3.incr.aof", sequence).batches) == (b"", [])


# The end


@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
def test_closing_makes_everything_durable(policy: str) -> None:
    desk = Desk(policy)
    desk.turn("SET a 1")
    desk.journal.rotate(desk.files.create(NEXT))
    desk.turn("SET b 1")
    desk.journal.record_effect(0, [b"DEL", b"c"])
    assert desk.journal.close()
    desk.files.sync_folder("d")
    desk.files.crash(Random(1))
    assert desk.lines() == ["SET a 1"]
    assert desk.log(NEXT, 1, desk.log().chain).requests() == [[b"SET", b"b", b"1"], [b"DEL", b"c"]]


def test_closing_tries_once_more_what_could_not_be_written() -> None:
    desk = Desk("everysec")
    desk.files.fail("write", errno.ENOSPC)
    desk.turn("SET a 1")
    assert desk.journal.close()
    assert desk.lines() == ["SET a 1"]


def test_closing_says_when_something_could_not_be_made_durable() -> None:
    desk = Desk("everysec")
    desk.turn("SET a 1")
    desk.files.fail("sync", errno.EIO, FOREVER)
    assert not desk.journal.close()
    full = Desk("everysec")
    full.files.fail("write", errno.ENOSPC, FOREVER)
    full.turn("SET a 1")
    assert not full.journal.close()


def test_closing_leaves_a_file_open_that_somebody_still_syncs() -> None:
    class Gone(SlowSyncer):
        def wait(self) -> None:
            """The disk does not answer."""

    desk = Desk("everysec")
    journal = FileJournal(desk.clock, Gone(), "always", desk.files.create(NEXT), LogEnd())
    journal.start()
    journal.record(0, request("SET a 1"))
    assert not journal.close()
    assert desk.calls("close", NEXT) == 0


def test_a_file_that_cannot_be_closed_is_no_trouble_when_it_is_durable() -> None:
    desk = Desk("always", slow=False)
    desk.turn("SET a 1")
    desk.files.fail("close", errno.EIO)
    assert desk.journal.close()
