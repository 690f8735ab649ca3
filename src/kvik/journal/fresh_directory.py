"""A data directory that is made under another name, and gets its own when all of it is durable. Knows no command."""

from errno import EEXIST, ENOSPC
from typing import Final

from kvik.journal.files import Files, Lock, ReadingFile, WritingFile
from kvik.journal.log_file import write_all
from kvik.journal.manifest import FOLDER, JOURNAL_FILE, NAME, PART, Manifest, path_in, write_manifest
from kvik.journal.recovery import LOCK_NAME, make_folders, release_quietly

PIECE: Final = 1 << 20
NOT_EMPTY: Final = "it exists and is not empty; nothing is written over it"
NO_ROOM: Final = "no space left on device"


class FreshDirectory:
    """The directory `path` as long as it is `path`.part.

    The constructor raises FileExistsError where `path` is there and not empty, DirectoryInUse where
    somebody else makes it. What a crash left of an earlier attempt is removed. Every method raises OSError;
    then only `discard` makes sense.
    """

    def __init__(self, files: Files, path: str) -> None:
        self.path: Final = path.rstrip("/") or "/"
        self.part: Final[str] = self.path + PART
        self._files: Final = files
        self._has_its_name = False
        refuse_what_is_there(files, self.path)
        make_folders(files, self.part)
        self._lock: Final[Lock] = files.lock(f"{self.part}/{LOCK_NAME}")
        try:
            self._clear()
        except BaseException:
            release_quietly(self._lock)
            raise

    def need_room(self, size: int) -> None:
        """Make sure that `size` bytes can be written."""
        if self._files.free_bytes(self.part) < size:
            raise OSError(ENOSPC, NO_ROOM, self.part)

    def create(self, name: str) -> WritingFile:
        """Make an empty file of commands; whoever writes it makes it durable."""
        return self._files.create(path_in(self.part, name), True)

    def copy(self, source: ReadingFile, name: str, size: int) -> None:
        """Make a durable file of commands of the first `size` bytes of `source`."""
        file = self.create(name)
        try:
            while size > 0:
                piece = source.read(min(size, PIECE))
                if not piece:
                    raise FileNotFoundError(f"{name} has been cut meanwhile")
                write_all(file, piece)
                size -= len(piece)
            file.sync()
        finally:
            file.close()

    def finish(self, manifest: Manifest) -> None:
        """Say which files are the data, and give the directory its name."""
        write_manifest(self._files, self.part, manifest)
        refuse_what_is_there(self._files, self.path)
        self._files.rename(self.part, self.path)
        self._has_its_name = True
        self._files.sync_folder(parent_of(self.path))
        release_quietly(self._lock)

    def discard(self) -> None:
        """Remove what was made so far; what has its name already is whole, and stays."""
        try:
            if not self._has_its_name:
                self._clear()
                self._files.remove_folder(f"{self.part}/{FOLDER}")
        finally:
            release_quietly(self._lock)
        if not self._has_its_name:
            self._files.remove(f"{self.part}/{LOCK_NAME}")
            self._files.remove_folder(self.part)

    def _clear(self) -> None:
        """Remove every file of a journal; anything else is somebody's."""
        for name in self._files.names(path_in(self.part, "")):
            whole = name.removesuffix(PART)
            if whole != NAME and JOURNAL_FILE.fullmatch(whole) is None:
                raise FileExistsError(EEXIST, NOT_EMPTY, self.part)
            self._files.remove(path_in(self.part, name))


def refuse_what_is_there(files: Files, path: str) -> None:
    """Raise FileExistsError where there is more than an empty folder."""
    if files.exists(path) and files.names(path):
        raise FileExistsError(EEXIST, NOT_EMPTY, path)


def parent_of(path: str) -> str:
    """Return the folder a path without a slash at its end lies in."""
    return path.rpartition("/")[0] or ("/" if path.startswith("/") else ".")
