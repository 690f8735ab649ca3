"""One file of batches that grows: whole batches behind whole batches, or it is lost. Knows no policy and no sync."""

from errno import ENOSPC
from typing import Final

from mypy_extensions import mypyc_attr

from kvik.journal.files import WritingFile
from kvik.journal.mark import BATCH, OPENING, build_mark, close_batch


@mypyc_attr(acyclic=True)
class Batch:
    """What happened in one turn, as requests. `time` is wall-clock milliseconds."""

    def __init__(self, sequence: int, time: int, body: bytes) -> None:
        self.sequence: Final = sequence
        self.time: Final = time
        self.body: Final = body


@mypyc_attr(acyclic=True)
class LogEnd:
    """Where the last whole batch of a file ends: its number, its checksum, the bytes up to there.

    With `size` 0 the file is empty; `sequence` and `chain` are then those its opening mark will carry.
    `durable` is the last batch known to be on disk.
    """

    def __init__(self, sequence: int = 0, chain: int = 0, size: int = 0, durable: int = 0) -> None:
        self.sequence: Final = sequence
        self.chain: Final = chain
        self.size: Final = size
        self.durable: Final = durable


class LogFile:
    """A file with its end. The first `synced_size` bytes are known to be durable.

    `is_lost` says that what stands behind the last whole batch could not be cut off.
    """

    def __init__(self, file: WritingFile, end: LogEnd) -> None:
        self.file: Final = file
        self.sequence = end.sequence
        self.chain = end.chain
        self.size = end.size
        self.synced_size = end.size if end.durable == end.sequence else 0
        self.is_lost = False

    def is_durable(self) -> bool:
        return self.synced_size == self.size

    def append(self, batches: list[Batch], durable: int, time: int) -> None:
        """Write all of `batches` with one call, behind the opening mark where the file is empty.

        `durable` is the last batch known to be on disk, `time` now. Raises OSError; then the file
        ends where it ended before, or is lost.
        """
        chain = self.chain
        sequence = self.sequence
        pieces: list[bytes] = []
        if self.size == 0:
            opening = build_mark(OPENING, sequence, 0, durable, time, chain, chain)
            pieces.append(opening.data)
            chain = opening.checksum
        for batch in batches:
            mark = close_batch(BATCH, batch.sequence, batch.body, durable, batch.time, chain)
            pieces.append(batch.body)
            pieces.append(mark.data)
            chain = mark.checksum
            sequence = batch.sequence
        self._write(b"".join(pieces))
        self.chain = chain
        self.sequence = sequence

    def _write(self, data: bytes) -> None:
        try:
            write_all(self.file, data)
        except OSError:
            self._cut_back()
            raise
        self.size += len(data)

    def _cut_back(self) -> None:
        try:
            self.file.truncate(self.size)
        except OSError:
            self.is_lost = True


def write_all(file: WritingFile, data: bytes) -> None:
    """Write `data`, with one call where the system takes it in one. Raises OSError; some of it may be written then."""
    written = file.write(data)
    while written < len(data):
        # The rest tells why: a full disk takes what fits and says so at the next call only.
        count = file.write(data[written:])
        if count <= 0:
            raise OSError(ENOSPC, "No space left on device")
        written += count


def close_quietly(file: WritingFile) -> None:
    """Close a file nothing is expected of any more."""
    try:
        file.close()
    except OSError:
        return


def reason_of(error: OSError) -> str:
    """Return the system's words for an error, as Redis shows them."""
    return error.strerror or str(error)
