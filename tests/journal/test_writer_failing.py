"""What the journal does when the disk is full or broken: what is refused, what is kept, and how it goes on."""

import errno
from random import Random

import pytest

from kvik.clock import ManualClock
from kvik.commands import BUILT_IN
from kvik.commands.family import CommandTable
from kvik.engine import Engine
from kvik.journal.files import WritingFile
from kvik.journal.journal import Journal
from kvik.journal.log_file import LogEnd, write_all
from kvik.journal.writer import HELD_BYTES_MAX, FileJournal
from kvik.replies import Status
from kvik.services import House
from kvik.session import Outlet, Session
from kvik.settings import Settings
from tests.journal.desks import LOG, NEXT, Desk, request
from tests.journal.simulated import FOREVER, SHORT, SimulatedFiles

FULL = "MISCONF Errors writing to the AOF file: No space left on device"
BROKEN = "MISCONF Errors writing to the AOF file: Input/output error"


def refusal(journal: Journal) -> str:
    error = journal.refusal()
    assert journal.is_refusing is (error is not None)
    return "" if error is None else f"{error.code} {error.message}"


# A write that fails


@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
def test_on_a_full_disk_writes_are_refused_reads_go_on_and_all_resumes_when_there_is_room(policy: str) -> None:
    desk = Desk(policy, slow=False)
    desk.turn("SET a 1")
    before = desk.content()
    desk.files.capacity = len(before) + 20
    assert desk.turn("SET b 1") == 2
    assert refusal(desk.journal) == FULL
    assert desk.content() == before
    assert desk.turn() == desk.journal.released == 1
    desk.wait(5_000)
    assert (desk.content(), desk.journal.released) == (before, 1)
    desk.files.capacity = 1 << 20
    desk.wait(1_000)
    assert (refusal(desk.journal), desk.journal.released) == ("", 2)
    assert desk.turn("SET c 1") == desk.journal.released == 3
    assert desk.lines() == ["SET a 1", "SET b 1", "SET c 1"]
    assert desk.owner.heard == ["No space left on device", "resumed", "released"]


def test_a_failing_disk_is_tried_once_a_second() -> None:
    desk = Desk("everysec")
    desk.files.fail("write", errno.EIO, FOREVER)
    before = desk.calls("write")
    desk.turn("SET a 1")
    assert refusal(desk.journal) == BROKEN
    desk.wait(5_000)
    assert desk.calls("write") - before == 6


def test_what_expires_while_writes_are_refused_is_kept_and_no_answer_waits_for_it() -> None:
    desk = Desk("always", slow=False)
    desk.files.fail("write", errno.ENOSPC, FOREVER)
    desk.turn("SET a 1")
    desk.journal.record_effect(0, [b"DEL", b"dead"])
    assert desk.journal.seal() == desk.journal.released == 0
    desk.files.heal()
    desk.wait(1_000)
    assert desk.lines() == ["SET a 1", "DEL dead"]


def test_a_short_write_is_gone_on_with() -> None:
    desk = Desk("everysec")
    desk.files.fail("write", SHORT, 3)
    assert desk.turn("SET a 1") == desk.journal.released == 1
    assert desk.lines() == ["SET a 1"]


def test_a_disk_that_takes_a_part_and_then_nothing_is_full() -> None:
    class Stuck(WritingFile):
        def write(self, data: bytes) -> int:
            return 0

    with pytest.raises(OSError, match="No space left on device"):
        write_all(Stuck(-1), b"data")


def test_with_a_sync_at_once_a_failure_is_heard_in_the_same_turn() -> None:
    desk = Desk("always", slow=False)
    desk.files.fail("sync", errno.EIO)
    assert desk.turn("SET a 1") == 1
    assert (desk.journal.released, refusal(desk.journal)) == (0, BROKEN)


def test_an_opening_mark_that_could_not_be_written_is_written_later() -> None:
    files = SimulatedFiles()
    files.make_folder("d")
    files.fail("write", errno.ENOSPC)
    desk = Desk("everysec", files=files)
    assert refusal(desk.journal) == FULL
    desk.wait(1_000)
    assert refusal(desk.journal) == ""
    desk.turn("SET a 1")
    assert desk.lines() == ["SET a 1"]


def test_when_more_is_held_than_memory_is_meant_for_a_new_generation_is_asked_for() -> None:
    desk = Desk("everysec")
    desk.files.fail("write", errno.ENOSPC, FOREVER)
    sequence = desk.turn("SET a 1")
    desk.journal.record_effect(0, [b"DEL", b"x" * HELD_BYTES_MAX])
    desk.journal.seal()
    assert desk.owner.heard == ["No space left on device", "generation"]
    desk.files.heal()
    assert desk.journal.begin_generation() == 2
    assert desk.journal.adopt(desk.files.create(NEXT))
    assert desk.journal.released >= sequence
    assert refusal(desk.journal) == ""


def test_a_disk_that_does_not_keep_up_has_writes_refused_before_memory_is_full() -> None:
    desk = Desk("everysec")
    desk.turn("SET a 1")
    desk.wait(2_100)
    desk.journal.record_effect(0, [b"SET", b"a", b"x" * HELD_BYTES_MAX])
    assert desk.journal.seal() == 2
    assert refusal(desk.journal) == "MISCONF Errors writing to the AOF file: the disk does not keep up"
    desk.syncer.finish()
    assert (refusal(desk.journal), desk.journal.released) == ("", 2)


# A sync that fails


def lost_desk(policy: str = "always") -> Desk:
    """A journal whose batch 1 is durable, and batches 2 and 3 in a file that could not be synced."""
    desk = Desk(policy)
    desk.turn("SET a 1")
    desk.wait(1_000)
    desk.syncer.wait()
    desk.files.fail("sync", errno.EIO)
    desk.turn("SET b 1")
    desk.turn("SET c 1")
    desk.wait(1_000)
    desk.syncer.finish()
    return desk


@pytest.mark.parametrize("policy", ["always", "everysec"])
def test_a_file_that_could_not_be_synced_is_never_touched_again(policy: str) -> None:
    desk = lost_desk(policy)
    before = len([call for call in desk.files.calls if call[1] == LOG])
    started = desk.syncer.started
    assert refusal(desk.journal) == BROKEN
    assert desk.turn() == desk.journal.released
    desk.journal.record_effect(0, [b"DEL", b"dead"])
    desk.journal.seal()
    desk.wait(10_000)
    assert len([call for call in desk.files.calls if call[1] == LOG]) == before
    assert desk.syncer.started == started
    assert desk.owner.heard.count("generation") == 11


def test_nothing_of_a_failed_sync_is_released_before_the_new_generation_is_durable() -> None:
    desk = lost_desk()
    assert desk.journal.released == 1
    assert desk.journal.begin_generation() == 3
    desk.wait(10_000)
    assert desk.journal.released == 1
    assert desk.owner.heard.count("generation") == 1
    assert desk.journal.adopt(desk.files.create(NEXT))
    assert desk.journal.released == 3
    assert desk.owner.heard[-2:] == ["resumed", "released"]
    assert refusal(desk.journal) == ""


def test_what_happens_while_a_new_base_is_made_is_in_the_new_file() -> None:
    desk = lost_desk()
    desk.journal.record_effect(7, [b"DEL", b"in the base"])
    desk.journal.seal()
    moment = desk.journal.begin_generation()
    desk.journal.record_effect(7, [b"DEL", b"since"])
    desk.journal.seal()
    assert desk.journal.adopt(desk.files.create(NEXT))
    log = desk.log(NEXT, moment)
    assert log.requests() == [[b"SELECT", b"7"], [b"DEL", b"since"]]
    assert desk.turn("SET d 1") == moment + 2
    desk.syncer.wait()
    desk.syncer.wait()
    assert desk.journal.released == moment + 2


def test_a_generation_that_could_not_be_made_is_asked_for_again() -> None:
    desk = lost_desk()
    desk.journal.begin_generation()
    desk.journal.abandon_generation()
    assert not desk.journal.adopt(desk.files.create(NEXT))
    before = desk.owner.heard.count("generation")
    desk.wait(1_000)
    assert desk.owner.heard.count("generation") == before + 1
    assert desk.journal.begin_generation() == 3


def test_while_no_new_base_is_begun_nothing_has_to_be_held() -> None:
    desk = lost_desk()
    heard = list(desk.owner.heard)
    desk.journal.record_effect(0, [b"DEL", b"x" * HELD_BYTES_MAX])
    desk.journal.seal()
    assert desk.owner.heard == heard


def test_a_generation_during_which_too_much_happened_is_begun_again() -> None:
    desk = lost_desk()
    desk.journal.begin_generation()
    desk.journal.record_effect(0, [b"DEL", b"x" * HELD_BYTES_MAX])
    desk.journal.seal()
    assert desk.owner.heard[-1] == "generation"
    assert not desk.journal.adopt(desk.files.create(NEXT))
    assert desk.journal.begin_generation() == 4
    assert desk.journal.adopt(desk.files.open_appending(NEXT))
    assert desk.journal.released == 4


def test_a_generation_that_is_begun_twice_begins_at_the_second_moment() -> None:
    desk = lost_desk()
    for name in (b"in the first base", b"in the second base"):
        desk.journal.begin_generation()
        desk.journal.record_effect(0, [b"DEL", name])
        desk.journal.seal()
    desk.journal.begin_generation()
    desk.journal.adopt(desk.files.create(NEXT))
    assert desk.log(NEXT, 5).requests() == []


def test_a_batch_too_large_for_a_mark_takes_a_new_generation() -> None:
    desk = Desk("everysec")
    journal = FileJournal(desk.clock, desk.syncer, "everysec", desk.files.create(NEXT), LogEnd(), batch_bytes_max=1000)
    journal.owner = desk.owner
    journal.start()
    journal.record_effect(0, [b"SET", b"a", b"x" * 1000])
    assert journal.seal() == 1
    assert journal.released == 0
    assert desk.owner.heard == ["a batch is too large", "generation"]
    assert journal.begin_generation() == 1


def test_where_cutting_back_fails_the_file_is_lost_too() -> None:
    desk = Desk("everysec")
    desk.turn("SET a 1")
    desk.files.fail("write", SHORT)
    desk.files.fail("write", errno.ENOSPC)
    desk.files.fail("truncate", errno.EIO)
    assert desk.turn("SET b 1") == 2
    assert desk.owner.heard == ["No space left on device", "generation"]
    assert (desk.journal.released, refusal(desk.journal)) == (1, FULL)
    assert desk.journal.begin_generation() == 2
    assert desk.journal.adopt(desk.files.create(NEXT))
    assert desk.journal.released == 2


def test_a_healthy_journal_needs_no_new_generation() -> None:
    desk = Desk("everysec")
    assert desk.journal.begin_generation() == -1
    assert not desk.journal.adopt(desk.files.create(NEXT))


@pytest.mark.parametrize("error", [0, errno.EIO])
def test_a_lost_file_is_closed_only_when_its_last_sync_has_ended(error: int) -> None:
    desk = Desk("always")
    desk.turn("SET a 1")
    desk.files.fail("write", errno.ENOSPC)
    desk.files.fail("truncate", errno.EIO)
    desk.turn("SET b 1")
    desk.journal.begin_generation()
    desk.journal.adopt(desk.files.create(NEXT))
    assert desk.calls("close") == 0
    if error:
        desk.files.fail("sync", error)
    desk.syncer.finish()
    assert desk.calls("close") == 1
    assert refusal(desk.journal) == ""
    desk.syncer.finish()
    assert desk.turn("SET c 1") == 3
    desk.syncer.finish()
    assert desk.journal.released == 3


# Callers


def engine_on(journal: Journal) -> tuple[Engine, Session]:
    engine = Engine(CommandTable(BUILT_IN), ManualClock(), Random(1), journal, Settings(), House())
    return engine, engine.open_session(Outlet())


def answer(engine: Engine, session: Session, line: str) -> str:
    reply = engine.execute(session, request(line))
    return str(reply.text.decode() if isinstance(reply, Status) else reply)


def test_commands_that_write_are_refused_and_others_are_answered() -> None:
    desk = Desk("everysec")
    engine, session = engine_on(desk.journal)
    assert answer(engine, session, "SET a 1") == "OK"
    desk.files.fail("write", errno.ENOSPC)
    desk.journal.seal()
    for line in ("SET a 2", "DEL a", "INCR a", "FLUSHALL"):
        assert answer(engine, session, line) == FULL
    assert answer(engine, session, "GET a") == "b'1'"
    assert answer(engine, session, "PING") == "PONG"
    desk.wait(1_000)
    assert answer(engine, session, "SET a 2") == "OK"
    desk.journal.seal()
    assert desk.lines() == ["SET a 1", "SET a 2"]


def test_a_transaction_that_writes_is_refused_whole_and_one_that_reads_is_not() -> None:
    desk = Desk("everysec")
    engine, session = engine_on(desk.journal)
    answer(engine, session, "SET a 1")
    reader, late = engine.open_session(Outlet()), engine.open_session(Outlet())
    for each, line in ((session, "MULTI"), (session, "INCR a"), (reader, "MULTI"), (reader, "GET a"), (late, "MULTI")):
        answer(engine, each, line)
    desk.files.fail("write", errno.ENOSPC)
    desk.journal.seal()
    assert answer(engine, session, "EXEC") == f"EXECABORT Transaction discarded because of: {FULL}"
    assert answer(engine, session, "EXEC") == "ERR EXEC without MULTI"
    assert answer(engine, reader, "EXEC") == "[b'1']"
    assert answer(engine, late, "SET a 2") == FULL
    assert answer(engine, late, "EXEC") == "EXECABORT Transaction discarded because of previous errors."
