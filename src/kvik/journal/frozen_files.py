"""Files as they are at one moment, while a server goes on writing to them. Knows no format, and is for reading only."""

from collections.abc import Sequence
from typing import Final

from kvik.journal.files import Files, ReadingFile


class FrozenFile(ReadingFile):
    """A file that ends where it ended at the moment, or earlier where it was cut meanwhile."""

    def __init__(self, file: ReadingFile, size: int) -> None:
        super().__init__(-1)
        self._file: Final = file
        self._left = size

    def read(self, size: int) -> bytes:
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        return data

    def skip(self, count: int) -> None:
        self._file.skip(count)
        self._left = max(self._left - count, 0)

    def close(self) -> None:
        self._file.close()


class FrozenFiles(Files):
    """Some files, in the order in which they are written: none grows before the one before it is whole.

    So their sizes are looked at from the last to the first, and what is seen is what a crash would have left.
    """

    def __init__(self, files: Files, paths: Sequence[str]) -> None:
        self._files: Final = files
        self._sizes: Final = {path: files.size(path) for path in reversed(paths)}

    def names(self, folder: str) -> list[str]:
        return self._files.names(folder)

    def exists(self, path: str) -> bool:
        return self._files.exists(path)

    def size(self, path: str) -> int:
        return self._sizes[path]

    def open_reading(self, path: str) -> ReadingFile:
        return FrozenFile(self._files.open_reading(path), self._sizes[path])
