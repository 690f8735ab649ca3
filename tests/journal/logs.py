"""Small journals for tests: written by hand, mark by mark, and read back as words."""

from collections.abc import Sequence

from kvik.journal.files import Files
from kvik.journal.manifest import BASE, INCR, NAME, JournalFile, Manifest, path_in
from kvik.journal.mark import BATCH, CLOSING, MARK_SIZE, OPENING, close_batch
from kvik.journal.reader import Limit, Reader
from kvik.wire import encode_request
from tests.engines import as_word
from tests.journal.simulated import SimulatedFiles

DIRECTORY = "data"
BEGIN = 1_700_000_000_000

Words = list[list[bytes]]
Found = tuple[int, list[list[bytes]]]
"""A sequence number and the requests of its batch."""


def commands(*lines: str | Sequence[str | bytes | int]) -> Words:
    """Return requests, each given as a line or as words."""
    return [[as_word(word) for word in (line.split() if isinstance(line, str) else line)] for line in lines]


class LogWriter:
    """Writes one file of a journal, synced before each batch if it `syncs`; `ends` are the offsets its marks end at."""

    def __init__(
        self,
        kind: str = INCR,
        sequence: int = 0,
        chain: int = 0,
        time: int = BEGIN,
        durable: int = 0,
        syncs: bool = True,
    ) -> None:
        self.kind = kind
        self.sequence = sequence
        self.chain = chain
        self.time = time
        self.durable = durable
        self.syncs = syncs
        self.data = b""
        self.ends: list[int] = []
        self._mark(OPENING, b"")

    def batch(self, *lines: str | Sequence[str | bytes | int]) -> "LogWriter":
        """Add a batch."""
        self.raw(b"".join([encode_request(words) for words in commands(*lines)]))
        return self

    def raw(self, body: bytes) -> "LogWriter":
        """Add a batch with these bytes, whatever they are."""
        if self.kind == INCR:
            if self.syncs:
                self.durable = max(self.durable, self.sequence)
            self.sequence += 1
        self.time += 1000
        self._mark(BATCH, body)
        return self

    def close(self) -> "LogWriter":
        self._mark(CLOSING, b"")
        return self

    def _mark(self, kind: int, body: bytes) -> None:
        mark = close_batch(kind, self.sequence, body, min(self.durable, self.sequence), self.time, self.chain)
        self.chain = mark.checksum
        self.data += body + mark.data
        self.ends.append(len(self.data))


class Story:
    """A journal of a base and two incr files, with several databases, transactions and binary values."""

    def __init__(self) -> None:
        self.base = LogWriter(BASE, 7)
        self.base.batch(["SET", "old", bytes(range(256))], "SELECT 3", "SET there 3").batch("SELECT 9", "SET n 1")
        self.base.close()
        self.first = LogWriter(INCR, 7, 0x1234ABCD, durable=7)
        self.first.batch(["SET", "crlf", "a\r\n*1\r\n$4\r\nPING\r\n"]).batch(
            "MULTI", "SELECT 3", "INCR n", "INCR n", "EXEC"
        )
        self.second = LogWriter(INCR, self.first.sequence, self.first.chain, self.first.time, 9)
        self.second.batch("SELECT 9", "INCR n").batch(["SET", "mark", self.first.data[-MARK_SIZE:]])
        self.second.batch("SELECT 0", "DEL old")
        self.manifest = Manifest([JournalFile(2, BASE), JournalFile(2, INCR), JournalFile(3, INCR)])

    def contents(self) -> dict[str, bytes]:
        """Return the files by name, the manifest last."""
        names = [file.name for file in self.manifest.files]
        data = [self.base.data, self.first.data, self.second.data]
        return dict(zip(names, data, strict=True)) | {NAME: self.manifest.encode()}


def one_file(log: LogWriter) -> dict[str, bytes]:
    """Return a journal that is one incr file."""
    first = JournalFile(1, INCR)
    return {first.name: log.data, NAME: Manifest([first]).encode()}


def put(contents: dict[str, bytes], files: SimulatedFiles | None = None) -> SimulatedFiles:
    """Return a file system that has these files in the folder of a journal."""
    files = files or SimulatedFiles()
    for name, data in contents.items():
        files.put(path_in(DIRECTORY, name), data)
    return files


def read_all(reader: Reader) -> list[Found]:
    """Return the batches with their requests; opening and closing marks are left out."""
    found: list[Found] = []
    while (batch := reader.next_batch()) is not None:
        if batch.requests:
            found.append((batch.sequence, [list(request.words) for request in batch.requests]))
    return found


def reader_of(files: Files, chosen: Sequence[JournalFile], limit: Limit | None = None) -> Reader:
    return Reader(files, DIRECTORY, list(chosen), limit)
