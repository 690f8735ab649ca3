"""Syncs in a thread: the loop goes on meanwhile, and the journal is told in the loop's thread."""

import asyncio
import threading
from errno import EIO
from pathlib import Path

from kvik.clock import Clock
from kvik.journal.files import Files, WritingFile
from kvik.journal.journal import Journal, JournalOwner
from kvik.journal.log_file import LogEnd
from kvik.journal.writer import FileJournal
from kvik.network.sync_thread import ThreadSyncer
from kvik.network.turn import Turn
from tests.network.test_turns import Porch


class HeldFile(WritingFile):
    """Its sync ends when the gate is opened."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__(-1)
        self.gate = threading.Event()
        self.synced_in = ""
        self._error = error

    def sync(self) -> None:
        assert self.gate.wait(5)
        self.synced_in = threading.current_thread().name
        if self._error is not None:
            raise self._error


class Told(Journal):
    """A journal that keeps what it was told, and the name of the thread."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, int]] = []
        self.threads: set[str] = set()
        self.told = asyncio.Event()

    def synced(self, file: WritingFile, sequence: int) -> None:
        self._hear("synced", sequence)

    def sync_failed(self, file: WritingFile, error: OSError) -> None:
        self._hear("failed", error.errno or 0)

    def _hear(self, what: str, number: int) -> None:
        self.heard.append((what, number))
        self.threads.add(threading.current_thread().name)
        self.told.set()


def test_the_loop_goes_on_while_a_file_is_synced_and_its_thread_hears_the_end() -> None:
    async def story() -> None:
        journal, file = Told(), HeldFile()
        syncer = ThreadSyncer(asyncio.get_running_loop())
        syncer.start(journal, file, 7)
        await asyncio.sleep(0.02)
        assert journal.heard == []
        file.gate.set()
        await asyncio.wait_for(journal.told.wait(), 5)
        assert (journal.heard, file.synced_in) == ([("synced", 7)], "kvik-sync")
        assert journal.threads == {threading.current_thread().name}
        syncer.close()

    asyncio.run(story())


def test_a_sync_that_fails_in_any_way_is_told_as_failed() -> None:
    async def story() -> None:
        journal = Told()
        syncer = ThreadSyncer(asyncio.get_running_loop())
        for error in (OSError(EIO, "Input/output error"), ValueError("no such file")):
            file = HeldFile(error)
            file.gate.set()
            syncer.start(journal, file, 1)
            await asyncio.wait_for(journal.told.wait(), 5)
            journal.told.clear()
        assert journal.heard == [("failed", EIO), ("failed", EIO)]
        syncer.close()

    asyncio.run(story())


def test_at_the_end_the_journal_is_told_without_the_loop_and_only_once() -> None:
    async def story() -> ThreadSyncer:
        syncer = ThreadSyncer(asyncio.get_running_loop())
        file.gate.set()
        syncer.start(journal, file, 1)
        syncer.wait()
        assert journal.heard == [("synced", 1)]
        await asyncio.sleep(0.01)
        syncer.start(journal, file, 2)
        syncer.wait()
        return syncer

    journal, file = Told(), HeldFile()
    syncer = asyncio.run(story())
    syncer.start(journal, file, 3)
    syncer.wait()
    syncer.close()
    assert journal.heard == [("synced", 1), ("synced", 2), ("synced", 3)]


class Releasing(JournalOwner):
    """What a server does when answers may leave."""

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self._turn = turn
        self.released = 0

    def answers_released(self) -> None:
        self.released += 1
        self._turn.release()


def test_an_answer_leaves_when_the_thread_has_made_its_batch_durable(tmp_path: Path) -> None:
    async def story() -> None:
        path = tmp_path / "log"
        syncer = ThreadSyncer(asyncio.get_running_loop())
        journal = FileJournal(Clock(), syncer, "always", Files().create(str(path)), LogEnd())
        porch = Porch("asyncio", journal)
        journal.owner = owner = Releasing(porch.turn)
        journal.start()
        client = await porch.client()
        for number in range(20):
            await client.send(b"SET a %d\nGET a\n" % number)
            assert await client.receive_all(len(b"OK\n%d\n" % number)) > 0
            assert journal.durable == number + 1
        assert owner.released > 0
        porch.close()
        assert journal.close()
        syncer.close()
        assert path.read_bytes().count(b"SET") == 20

    asyncio.run(story())
