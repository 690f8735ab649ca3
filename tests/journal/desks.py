"""A file journal on a simulated disk, with a syncer that finishes when it is told to, and an owner that takes notes."""

from kvik.clock import ManualClock
from kvik.journal.files import WritingFile
from kvik.journal.journal import Journal, JournalOwner
from kvik.journal.log_file import LogEnd
from kvik.journal.syncer import InlineSyncer, Syncer
from kvik.journal.writer import FileJournal
from kvik.request import Request
from kvik.wire import encode_request
from tests.journal.checking import Log, read_log
from tests.journal.simulated import SimulatedFiles, SimulatedWritingFile

LOG = "d/1.incr.aof"
NEXT = "d/2.incr.aof"


class SlowSyncer(Syncer):
    """Syncs nothing before `finish`."""

    def __init__(self) -> None:
        self.started = 0
        self._running: list[tuple[Journal, SimulatedWritingFile, int, int]] = []

    def start(self, journal: Journal, file: WritingFile, sequence: int) -> None:
        assert isinstance(file, SimulatedWritingFile)
        assert not self._running, "one at a time"
        self.started += 1
        self._running.append((journal, file, sequence, file.begin_sync()))

    def is_running(self) -> bool:
        return bool(self._running)

    def finish(self) -> None:
        """End the sync that runs, and tell the journal."""
        journal, file, sequence, begun = self._running.pop()
        try:
            file.finish_sync(begun)
        except OSError as error:
            journal.sync_failed(file, error)
        else:
            journal.synced(file, sequence)

    def wait(self) -> None:
        if self._running:
            self.finish()


class Notes(JournalOwner):
    """What the journal told its owner, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def answers_released(self) -> None:
        self.heard.append("released")

    def needs_new_generation(self) -> None:
        self.heard.append("generation")

    def journal_failed(self, reason: str) -> None:
        self.heard.append(reason)

    def journal_resumed(self) -> None:
        self.heard.append("resumed")


class Desk:
    """One journal and everything around it; `turn` is a turn of the porch."""

    def __init__(self, policy: str, slow: bool = True, files: SimulatedFiles | None = None) -> None:
        self.files = files or SimulatedFiles()
        if files is None:
            self.files.make_folder("d")
            self.files.sync_folder(".")
        self.clock = ManualClock()
        self.syncer = SlowSyncer()
        self.owner = Notes()
        file = self.files.create(LOG)
        self.files.sync_folder("d")
        self.journal = FileJournal(self.clock, self.syncer if slow else InlineSyncer(), policy, file, LogEnd())
        self.journal.owner = self.owner
        self.journal.start()
        if slow:
            self.syncer.wait()

    def turn(self, *lines: str, database: int = 0) -> int:
        """Record each line's words as a request of its own and seal; return what the answers depend on."""
        for line in lines:
            self.journal.record(database, request(line))
        return self.journal.seal()

    def wait(self, milliseconds: int) -> None:
        """Let time pass as a server does, with a look after the journal every 100 ms."""
        for _ in range(milliseconds // 100):
            self.clock.advance(100)
            self.journal.look_after()

    def content(self, path: str = LOG) -> bytes:
        return self.files.read(path)

    def log(self, path: str = LOG, sequence: int = 0, chain: int | None = 0) -> Log:
        """Return the batches of a file, which must have nothing else behind them."""
        log = read_log(self.content(path), sequence, chain)
        assert log.rest == b"", log.rest
        return log

    def lines(self, path: str = LOG) -> list[str]:
        """Return all requests of a file as lines of words."""
        return [b" ".join(words).decode() for words in self.log(path).requests()]

    def calls(self, operation: str, path: str = LOG) -> int:
        return self.files.calls.count((operation, path))


def request(line: str) -> Request:
    """Return a request as it lies in a buffer, with something before it."""
    raw = encode_request(line.encode().split())
    return Request(line.encode().split(), b"+" + raw, 1, 1 + len(raw))
