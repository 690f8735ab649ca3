"""Looks for marks further on in a file, where reading batch by batch has come to an end. Knows no requests.

A file is read in pieces, however large it is.
"""

from typing import Final
from zlib import crc32

from mypy_extensions import i64

from kvik.journal.files import Files, ReadingFile
from kvik.journal.mark import BATCH, HEAD, MARK_SIZE, OPENING, Mark, fields_of_mark, summed_text

PIECE: Final = 1 << 20
# What is summed to tell torn from damaged: much more than any real end needs, and a second's work. Data that
# was made to look like marks must not keep a server from starting for hours.
SUMMED_BYTES_MAX: Final = 1 << 30
HELD_BACK_MS_MAX: Final = 60_000
"""Twice as long as Linux holds written pages back."""


class FoundMark:
    """What has the form of a mark, the offset it stands at, and the text its checksum covers."""

    def __init__(self, mark: Mark, offset: int, text: bytes) -> None:
        self.mark: Final = mark
        self.offset: Final = offset
        self.start: Final[int] = offset - mark.length
        self.text: Final = text


class MarkSearch:
    """Finds everything in a file that has the form of a mark, from an offset on."""

    def __init__(self, files: Files, path: str, offset: int) -> None:
        self._file: Final = open_at(files, path, offset)
        self._buffer = b""
        self._base: i64 = offset
        self._position: i64 = 0

    def next_mark(self) -> FoundMark | None:
        """Return the next one, None behind the last."""
        while True:
            at: i64 = self._buffer.find(HEAD, self._position)
            if at >= 0 and at + MARK_SIZE <= len(self._buffer):
                self._position = at + 1
                mark = fields_of_mark(self._buffer, at)
                if mark is not None:
                    return FoundMark(mark, self._base + at, summed_text(self._buffer, at))
            elif not self._go_on():
                return None

    def close(self) -> None:
        self._file.close()

    def _go_on(self) -> bool:
        piece = self._file.read(PIECE)
        used: i64 = max(len(self._buffer) - MARK_SIZE + 1, self._position)
        self._buffer = self._buffer[used:] + piece
        self._base += used
        self._position = 0
        return len(piece) > 0


def open_at(files: Files, path: str, offset: int) -> ReadingFile:
    """Open a file for reading from an offset on."""
    file = files.open_reading(path)
    if offset > 0:
        file.skip(offset)
    return file


def sum_of(files: Files, path: str, start: int, end: int, begun: int) -> int:
    """Return the CRC-32, begun with `begun`, of the bytes of a file from `start` to `end`."""
    file = open_at(files, path, start)
    try:
        missing = end - start
        while missing > 0:
            piece = file.read(min(missing, PIECE))
            if not piece:
                break
            begun = crc32(piece, begun)
            missing -= len(piece)
    finally:
        file.close()
    return begun


def counts(files: Files, path: str, found: FoundMark) -> bool:
    """Return whether a mark's checksum is right for the bytes before it, chained from what it says itself."""
    begun = sum_of(files, path, found.start, found.offset, found.mark.chain)
    return crc32(found.text, begun) == found.mark.checksum


def long_batch_end(files: Files, path: str, start: int, sequence: int, chain: int) -> int:
    """Return where the batch that begins at `start` ends, its mark included; -1 where no mark closes it."""
    search = MarkSearch(files, path, start)
    try:
        while (found := search.next_mark()) is not None:
            mark = found.mark
            is_its_own = found.start == start and mark.sequence == sequence and mark.chain == chain
            if is_its_own and counts(files, path, found):
                return found.offset + MARK_SIZE
    finally:
        search.close()
    return -1


def contradiction(files: Files, path: str, start: int, sequence: int) -> FoundMark | None:
    """Return a mark behind `start` that shows that batch `sequence` was on disk once, None where none does.

    It counts for itself, closes that batch or a later one, and calls it durable, or was written so much later
    than the first mark behind `start` that no system can still have held the batch back; or it is this very batch,
    or the opening mark, whole and with the right checksum, only not what belongs here. A power cut leaves later batches
    too, since what is not synced reaches the disk in any order; but none that says this.
    The number is what tells it from a copy of older marks in somebody's data.
    """
    budget = SUMMED_BYTES_MAX
    first = -1
    search = MarkSearch(files, path, start)
    try:
        while (found := search.next_mark()) is not None:
            mark = found.mark
            if mark.kind == OPENING and found.offset == start and counts(files, path, found):
                return found
            if mark.kind != BATCH or found.start < start or mark.sequence < sequence:
                continue
            is_whole = found.start == start
            is_late = first >= 0 and mark.time > first + HELD_BACK_MS_MAX
            is_telling = is_whole or is_late or mark.durable >= sequence
            if not is_telling and first >= 0:
                continue
            budget -= mark.length + MARK_SIZE
            if budget < 0:
                return found
            if counts(files, path, found):
                if is_telling:
                    return found
                first = mark.time
    finally:
        search.close()
    return None
