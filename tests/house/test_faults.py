"""A command that ends in its middle, by a fault or by Ctrl+C: what was not answered has not happened."""

from pathlib import Path

import pytest

import kvik
from kvik.embedded import Database
from kvik.journal.collecting import CollectingJournal
from kvik.services import House
from kvik.settings import Settings
from tests.engines import Caller
from tests.house.taking import FAMILIES, build_taking_engine
from tests.house.test_waiting_over_tcp import TakingServer
from tests.wire import encode_words


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


@pytest.mark.parametrize("porch", ["poller", "asyncio"])
def test_a_server_with_a_fault_keeps_what_it_has_answered_and_nothing_else(tmp_path: Path, porch: str) -> None:
    directory = str(tmp_path / "data")
    server = TakingServer(tmp_path, porch, directory)
    with server.open() as wire:
        assert wire.call("SET", "answered", "1") == b"OK"
        requests = (["INCR", "answered"], ["MULTI"], ["SET", "half", "1"], ["SET", "half", "2"], ["FAIL"], ["EXEC"])
        wire.send(b"".join([encode_words(words) for words in requests]))
        assert wire.read_to_the_end() == b""
    assert server.process.wait(10) == 1
    with kvik.open(directory) as database:
        assert database.execute("MGET", "answered", "half") == [b"1", None]


@pytest.mark.parametrize(("word", "error"), [("FAIL", ZeroDivisionError), ("INTERRUPT", KeyboardInterrupt)])
def test_a_database_keeps_no_half_of_a_transaction(tmp_path: Path, word: str, error: type[BaseException]) -> None:
    database = Database(build_taking_engine(Settings(), House()), str(tmp_path))
    database.execute("SET", "before", "1")
    for words in (["MULTI"], ["SET", "half", "1"], ["SET", "half", "2"], [word]):
        database.execute(*words)
    with pytest.raises(error):
        database.execute("EXEC")
    for words in (["SET", "after", "1"], ["GET", "half"]):
        with pytest.raises(OSError, match=f"cut short by {error.__name__}; close the database and open it again"):
            database.execute(*words)
    database.close()
    with kvik.open(tmp_path) as again:
        assert again.execute("MGET", "before", "half", "after") == [b"1", None, None]


def test_a_database_goes_on_when_a_command_is_left_that_changes_nothing(tmp_path: Path) -> None:
    with Database(build_taking_engine(Settings(), House()), str(tmp_path)) as database:
        with pytest.raises(KeyboardInterrupt):
            database.execute("INTERRUPT")
        assert database.execute("SET", "after", "1") == b"OK"
    with kvik.open(tmp_path) as again:
        assert again.execute("GET", "after") == b"1"
