"""An engine with a directory on a simulated disk, what a backup of it holds, and an engine to restore it into."""

from collections.abc import Iterator, Sequence

from kvik.backup.file import BackupFile
from kvik.backup.reader import BackupReader
from kvik.backup.restoring import REFUSE, Progress, Restoration, Target
from kvik.backup.text import BackupText, Lines
from kvik.commands import BUILT_IN
from kvik.commands.family import Family
from kvik.journal.files import Files, ReadingFile
from kvik.journal.keeper import Keeper, KeeperOwner
from kvik.journal.syncer import InlineSyncer
from kvik.journal.worker import InlineWorker, Worker
from kvik.replies import Reply, Wait
from kvik.request import Request
from tests.engines import Caller, plain_reply
from tests.journal.compacting import SlowWorker
from tests.journal.simulated import SimulatedFiles

DIRECTORY = "data"
FOLDER = f"{DIRECTORY}/backups"


class TwoSlowWorkers(SlowWorker):
    """A worker for the journal and another one for the backups; nothing is done before it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.second = SlowWorker()

    def beside(self) -> Worker:
        return self.second


class Kept(Caller):
    """A session on an engine with a directory, loaded."""

    def __init__(self, files: SimulatedFiles | None = None, worker: Worker | None = None) -> None:
        super().__init__()
        self.files = files or SimulatedFiles()
        worker = worker or InlineWorker()
        self.keeper = Keeper(self.engine, self.files, DIRECTORY, InlineSyncer(), worker, KeeperOwner())
        self.engine.persistence = self.keeper
        while not self.keeper.is_loaded():
            self.keeper.step(100)

    def back_up(self, *name: str) -> object:
        """Run BACKUP to its end, and return its answer."""
        reply = self("BACKUP", *name)
        if not isinstance(reply, Wait):
            return plain_reply(reply)
        for _ in range(1_000):
            if self.outlet.delivered:
                return plain_reply(self.outlet.delivered.pop()[1])
            self.keeper.step(100)
        raise AssertionError("the backup does not end")

    def names(self) -> list[str]:
        """Return what is in the folder of the backups."""
        return self.files.names(FOLDER) if self.files.exists(FOLDER) else []


class EngineTarget(Target):
    """Restores into an engine of the tests; after `patience` requests the connection is lost."""

    def __init__(self, caller: Caller, patience: int = 1_000_000) -> None:
        super().__init__()
        self.caller = caller
        self.patience = patience
        self.requests: list[list[bytes]] = []

    def call(self, words: list[bytes]) -> Reply:
        self.patience -= 1
        if self.patience < 0:
            self.caller.engine.close_session(self.caller.session)
            raise ConnectionError("cut")
        self.requests.append(words)
        return self.caller.engine.execute(self.caller.session, Request(words))

    def call_all(self, requests: Sequence[list[bytes]]) -> Iterator[Reply]:
        for words in requests:
            yield self.call(words)


class OneFile(Files):
    """A file system with one file."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def size(self, path: str) -> int:
        return len(self.content)

    def open_reading(self, path: str) -> ReadingFile:
        return Spoken(self.content)


class Spoken(ReadingFile):
    """What one file says."""

    def __init__(self, content: bytes) -> None:
        super().__init__(-1)
        self._left = content

    def read(self, size: int) -> bytes:
        data, self._left = self._left[:size], self._left[size:]
        return data

    def skip(self, count: int) -> None:
        self._left = self._left[count:]

    def close(self) -> None:
        """There is nothing to close."""


def written(caller: Caller) -> bytes:
    """Return a backup of the engine as it is now."""
    files = SimulatedFiles()
    files.make_folder(DIRECTORY)
    file, text = BackupFile(files, DIRECTORY, "backup.json"), BackupText()
    snapshot = caller.engine.begin_snapshot()
    lines = Lines(caller.engine, text)
    while not snapshot.is_over():
        snapshot.give(lines, 3, 1_000)
        file.append(*text.taken())
    file.finish(snapshot.moment, text.keys)
    caller.engine.end_snapshot(snapshot)
    return files.read(f"{DIRECTORY}/backup.json")


def restoration(content: bytes, caller: Caller, mode: int = REFUSE, target: EngineTarget | None = None) -> Restoration:
    rehearsal = EngineTarget(Caller(caller.families))
    return Restoration(
        OneFile(content), "backup.json", target or EngineTarget(caller), rehearsal, mode, caller.clock.now, Progress()
    )


def restored(
    content: bytes, mode: int = REFUSE, into: Caller | None = None, families: Sequence[Family] = BUILT_IN
) -> Caller:
    """Return an engine that has what a backup holds."""
    caller = into or Caller(families)
    restoration(content, caller, mode).run()
    return caller


def read_through(content: bytes) -> int:
    """Return how many keys there are in a backup that is in order."""
    reader = BackupReader(OneFile(content), "backup.json")
    while reader.next() is not None:
        pass
    return reader.keys


def ordered(caller: Caller) -> list[list[list[bytes]]]:
    """Return all data: for each database the commands that make it again, in its order."""
    return [list(caller.engine.rebuild(space)) for space in caller.engine.databases.spaces]
