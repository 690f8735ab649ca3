"""The file of a backup while it is written: whole under its name, or not at all. Knows no database.

What is said here takes its time and is done off the loop, one thing after the other. Every method raises OSError.
"""

import re
from collections.abc import Iterator
from errno import EEXIST, EINVAL, EISDIR, ELOOP, ENXIO
from hashlib import sha256
from typing import Final

from kvik.backup.text import BEGINNING, ENDING, TAIL_SIZE, behind_more, last_member
from kvik.journal.files import Files, WritingFile
from kvik.journal.log_file import close_quietly, write_all
from kvik.journal.manifest import PART
from kvik.journal.worker import Job

MORE: Final = ".more"
SYNC_EVERY_BYTES: Final = 32 << 20
"""The disk is kept busy while the file is written, so that the last sync finds little left to do."""
PIECE: Final = 1 << 20
TAIL: Final = re.compile(rb'"sha256": "[0-9a-f]{64}"\}\n\}\n')
NO_PLAIN_FILE: Final = (ELOOP, EISDIR, EINVAL, ENXIO)
"""What opening a link, a folder, a pipe or a device ends with."""
NO_BACKUP: Final = "it exists and is no backup; nothing is written over it"


class BackupBody:
    """What is in the file, written to `file` as it comes; what belongs to the end is kept in a file at `spool`."""

    def __init__(self, files: Files, file: WritingFile, spool: str) -> None:
        self.size = 0
        self._files: Final = files
        self._file: Final = file
        self._spool: Final = spool
        self._more: WritingFile | None = None
        self._hash: Final = sha256()
        self._write(BEGINNING)

    def append(self, members: list[bytes], more: list[bytes]) -> None:
        for data in joined(members):
            self._write(data)
        for data in joined(more):
            spool = self._more
            if spool is None:
                spool = self._files.create(self._spool, True)
                self._more = spool
            write_all(spool, data)

    def finish(self, moment: int, keys: int) -> None:
        """Write the end: `moment` in milliseconds since 1970, `keys` in the whole file."""
        self._write(last_member(moment, keys))
        spool = self._more
        if spool is not None:
            spool.close()
            self._copy_more()
            self._write(b"\n")
        self._write(behind_more())
        digits: str = self._hash.hexdigest()
        self._write(digits.encode() + ENDING)

    def discard(self) -> None:
        """Remove what was kept for the end."""
        spool = self._more
        self._more = None
        if spool is not None:
            close_quietly(spool)
            self._files.remove(self._spool)

    def _copy_more(self) -> None:
        source = self._files.open_reading(self._spool)
        try:
            # No comma before the first.
            piece = source.read(PIECE)[1:]
            while piece:
                self._write(piece)
                piece = source.read(PIECE)
        finally:
            source.close()

    def _write(self, data: bytes) -> None:
        write_all(self._file, data)
        self._hash.update(data)
        self.size += len(data)


class BackupFile:
    """A backup in the file `name` of a folder; an earlier backup of that name is replaced, anything else refused.

    Where `is_new`, nothing is replaced: the name gets a number until nothing has it. The first method that writes opens
    the file; after an error only `discard` makes sense.
    """

    def __init__(self, files: Files, folder: str, name: str, is_new: bool = False) -> None:
        self.name = name
        self.size = 0
        self._files: Final = files
        self._folder: Final = folder
        self._is_new: Final = is_new
        self._has_part = False
        self._synced = 0
        self._open: WritingFile | None = None
        self._body: BackupBody | None = None

    def path(self) -> str:
        return f"{self._folder}/{self.name}"

    def append(self, members: list[bytes], more: list[bytes]) -> None:
        """Write what comes next, in parts: members, and what is kept for the end."""
        body = self._opened()
        body.append(members, more)
        self.size = body.size
        file = self._open
        if file is not None and self.size - self._synced > SYNC_EVERY_BYTES:
            file.sync()
            self._synced = self.size

    def finish(self, moment: int, keys: int) -> None:
        """Write the end, make the file durable, and give it its name, durably."""
        body = self._opened()
        body.finish(moment, keys)
        self.size = body.size
        file = self._open
        if file is not None:
            file.sync()
            self._open = None
            file.close()
        body.discard()
        self._body = None
        self._files.rename(self.path() + PART, self.path())
        self._has_part = False
        self._files.sync_folder(self._folder)

    def discard(self) -> None:
        """Remove what is not whole."""
        file, body = self._open, self._body
        self._open = None
        self._body = None
        if file is not None:
            close_quietly(file)
        if body is not None:
            body.discard()
        if self._has_part:
            self._has_part = False
            self._files.remove(self.path() + PART)

    def _opened(self) -> BackupBody:
        body = self._body
        if body is None:
            self._choose_name()
            path = self.path()
            file = self._files.create(path + PART, True)
            self._has_part = True
            self._open = file
            body = BackupBody(self._files, file, path + MORE + PART)
            self._body = body
        return body

    def _choose_name(self) -> None:
        files, number = self._files, 1
        stem, dot, ending = self.name.rpartition(".")
        while self._is_new and files.exists(self.path()):
            number += 1
            self.name = f"{stem}-{number}{dot}{ending}"
        if files.exists(self.path()) and not is_backup(files, self.path()):
            raise OSError(EEXIST, NO_BACKUP, self.path())


def joined(parts: list[bytes]) -> Iterator[bytes]:
    """Yield the parts put together to pieces of about a megabyte."""
    first, size = 0, 0
    for end, part in enumerate(parts, 1):
        size += len(part)
        if size >= PIECE or end == len(parts):
            yield b"".join(parts[first:end])
            first, size = end, 0


def is_backup(files: Files, path: str) -> bool:
    """Return whether this is a file that ends as a backup does. Raises OSError."""
    try:
        file = files.open_reading(path)
    except OSError as error:
        if error.errno in NO_PLAIN_FILE:
            return False
        raise
    try:
        size = files.size(path)
        if size < TAIL_SIZE:
            return False
        file.skip(size - TAIL_SIZE)
        tail = b""
        while piece := file.read(TAIL_SIZE - len(tail)):
            tail += piece
    finally:
        file.close()
    return TAIL.fullmatch(tail) is not None


def remove_parts(files: Files, folder: str) -> None:
    """Remove what was never finished. Raises OSError."""
    if not files.exists(folder):
        return
    for name in files.names(folder):
        if name.endswith(PART):
            files.remove(f"{folder}/{name}")


# The work of a backup, as jobs for a worker


class Prepare(Job):
    """Makes the folder, durably, and removes what a crash has left there."""

    def __init__(self, files: Files, directory: str, folder: str) -> None:
        super().__init__()
        self._files: Final = files
        self._directory: Final = directory
        self._folder: Final = folder

    def work(self) -> None:
        self._files.make_folder(self._folder)
        self._files.sync_folder(self._directory)
        remove_parts(self._files, self._folder)


class Append(Job):
    """Writes what was collected."""

    def __init__(self, file: BackupFile, members: list[bytes], more: list[bytes]) -> None:
        super().__init__()
        self._file: Final = file
        self._members: Final = members
        self._more: Final = more

    def work(self) -> None:
        self._file.append(self._members, self._more)


class Finish(Job):
    """Writes the end of the file, and makes it whole."""

    def __init__(self, file: BackupFile, moment: int, keys: int) -> None:
        super().__init__()
        self._file: Final = file
        self._moment: Final = moment
        self._keys: Final = keys

    def work(self) -> None:
        self._file.finish(self._moment, self._keys)


class Discard(Job):
    """Removes a file that was given up."""

    def __init__(self, file: BackupFile) -> None:
        super().__init__()
        self._file: Final = file

    def work(self) -> None:
        self._file.discard()
