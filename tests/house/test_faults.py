"""A fault in a command, which nobody should ever see: a server ends and says why, its log holds what has happened."""

from pathlib import Path

import pytest

from kvik.journal.collecting import CollectingJournal
from tests.engines import Caller
from tests.house.taking import FAMILIES
from tests.house.test_waiting_over_tcp import TakingServer


@pytest.fixture
def caller() -> Caller:
    return Caller(FAMILIES)


def test_what_is_written_after_a_transaction_that_failed_does_not_stand_in_it(caller: Caller) -> None:
    journal = CollectingJournal(0)
    caller.engine.use_journal(journal)
    for words in (["MULTI"], ["SET", "a", "1"], ["SET", "b", "2"], ["FAIL"]):
        caller(*words)
    with pytest.raises(ZeroDivisionError):
        caller("EXEC")
    assert journal.take_collected().endswith(b"EXEC\r\n")
    caller.another()("SET", "c", "3")
    assert b"EXEC" not in journal.take_collected()
    assert not caller.session.is_executing


def test_who_waits_is_served_after_a_fault_of_somebody_else(caller: Caller) -> None:
    other, third = caller.another(), caller.another()
    other("TAKE", "k", "0")
    with pytest.raises(ZeroDivisionError):
        caller("FAIL")
    third("SET", "k", "v")
    assert [reply for _, reply in other.outlet.delivered] == [b"v"]


@pytest.mark.parametrize("porch", ["poller", "asyncio"])
def test_a_server_with_a_fault_ends_and_says_where(tmp_path: Path, porch: str) -> None:
    server = TakingServer(tmp_path, porch)
    with server.open() as wire:
        assert wire.call("SET", "k", "v") == b"OK"
        wire.send(b"FAIL\r\n")
        assert wire.read_to_the_end() == b""
    assert server.process.wait(10) == 1
    assert "ZeroDivisionError: a fault" in server.output()
