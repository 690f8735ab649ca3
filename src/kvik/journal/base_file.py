"""The base of a generation while it is written: batch by batch under another name, then whole. Knows no database.

What is said here takes its time and is done off the loop, one thing after the other.
"""

from typing import Final

from kvik.journal.files import Files, WritingFile
from kvik.journal.log_file import close_quietly, write_all
from kvik.journal.manifest import PART, JournalFile, path_in
from kvik.journal.mark import BATCH, CLOSING, OPENING, build_mark, close_batch

SYNC_EVERY_BYTES: Final = 32 << 20
"""The disk is kept busy while the base is written, so that the last sync finds little left to do."""


class BaseFile:
    """A base of which `size` bytes are written; every mark carries the last batch before it and its moment.

    Every method raises OSError; then only `discard` makes sense.
    """

    def __init__(
        self, files: Files, directory: str, file: JournalFile, sequence: int, durable: int, moment: int
    ) -> None:
        self.path: Final = path_in(directory, file.name)
        self.size = 0
        self._files: Final = files
        self._folder: Final = path_in(directory, "")
        self._sequence: Final = sequence
        self._durable: Final = durable
        self._moment: Final = moment
        self._chain = 0
        self._synced = 0
        self._open: WritingFile | None = None

    def append(self, commands: bytes) -> None:
        """Write a batch; the first one opens the file."""
        file = self._append(commands, BATCH)
        if self.size - self._synced > SYNC_EVERY_BYTES:
            file.sync()
            self._synced = self.size

    def finish(self, commands: bytes) -> None:
        """Write the last batch, make the file durable, and give it its name, durably."""
        file = self._append(commands, CLOSING)
        file.sync()
        self._open = None
        file.close()
        self._files.rename(self.path + PART, self.path)
        self._files.sync_folder(self._folder)

    def discard(self) -> None:
        """Remove what was written under either name."""
        file = self._open
        self._open = None
        if file is not None:
            close_quietly(file)
        for path in (self.path + PART, self.path):
            if self._files.exists(path):
                self._files.remove(path)

    def _append(self, commands: bytes, kind: int) -> WritingFile:
        file = self._open
        if file is None:
            file = self._files.create(self.path + PART, True)
            self._open = file
            opening = build_mark(OPENING, self._sequence, 0, self._durable, self._moment, 0, 0)
            self._write(file, opening.data)
            self._chain = opening.checksum
        mark = close_batch(kind, self._sequence, commands, self._durable, self._moment, self._chain)
        self._write(file, commands + mark.data)
        self._chain = mark.checksum
        return file

    def _write(self, file: WritingFile, data: bytes) -> None:
        write_all(file, data)
        self.size += len(data)
