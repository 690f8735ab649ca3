"""Every file operation of the journal, behind one seam. Knows no format and no folder layout.

Paths are text, contents are bytes, errors are OSError. What is written is durable only after
`WritingFile.sync`, a name that was made, changed or removed only after `Files.sync_folder`.
"""

import errno
import fcntl
import os
import stat
import sys
from typing import Final

from mypy_extensions import mypyc_attr

from kvik.errors import DirectoryInUse

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
READ_SIZE: Final = 1 << 20
"""How many bytes `Files.read` asks for at a time."""
LOCK_TEXT_MAX: Final = 32
"""A lock file holds a process id: more bytes than this are not looked at."""


@mypyc_attr(allow_interpreted_subclasses=True)
class ReadingFile:
    """A file opened for reading, from its beginning to its end."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most `size`; fewer say nothing, none say the file has ended."""
        return os.read(self._descriptor, size)

    def skip(self, count: int) -> None:
        """Go on `count` bytes further on, without reading them."""
        os.lseek(self._descriptor, count, os.SEEK_CUR)

    def close(self) -> None:
        """Close; a second time does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


@mypyc_attr(allow_interpreted_subclasses=True)
class WritingFile:
    """A file that grows at its end."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes) -> int:
        """Append; return how many bytes were taken, which may be fewer than there are."""
        return os.write(self._descriptor, data)

    def sync(self) -> None:
        """Make the content durable. After an error the file is not to be trusted, nor synced again.

        May be called in a thread while another one writes: it covers what was written before. The
        file is not to be closed meanwhile: its descriptor could be another file's by then.
        """
        _sync_content(self._descriptor)

    def truncate(self, size: int) -> None:
        """Cut off what is behind `size` bytes; the next write goes there."""
        os.ftruncate(self._descriptor, size)

    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def close(self) -> None:
        """Close, which makes nothing durable; a second time does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


@mypyc_attr(allow_interpreted_subclasses=True)
class Lock:
    """A lock file that is held until it is released or the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Let others in; a second time does nothing. The file stays: removing it would race with them."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            _let_go(descriptor)


@mypyc_attr(allow_interpreted_subclasses=True)
class Files:
    """The file system of the machine."""

    def make_folder(self, path: str) -> None:
        """Make a folder only its owner may enter; its parents must be there. One that exists is left as it is."""
        try:
            os.mkdir(path, FOLDER_MODE)
        except FileExistsError:
            if not os.path.isdir(path):
                raise

    def names(self, folder: str) -> list[str]:
        """Return what is in the folder, in the order of the bytes of the names."""
        return sorted(os.listdir(folder))

    def exists(self, path: str) -> bool:
        """Tell whether anything has this name. An error is not an answer: it is raised."""
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def size(self, path: str) -> int:
        """Return how many bytes the file has."""
        return os.lstat(path).st_size

    def read(self, path: str) -> bytes:
        """Return the whole file: for small ones, others are read with `open_reading`."""
        file = self.open_reading(path)
        try:
            return _read_all(file)
        finally:
            file.close()

    def open_reading(self, path: str) -> ReadingFile:
        """Open a file, not a link to one: the name may come from outside, from a manifest."""
        return ReadingFile(_open_file(path, os.O_RDONLY))

    def create(self, path: str, replacing: bool = False) -> WritingFile:
        """Make an empty file; one that is there is an error, or is emptied when `replacing`."""
        how = os.O_TRUNC if replacing else os.O_EXCL
        return WritingFile(_open_file(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | how))

    def open_appending(self, path: str) -> WritingFile:
        """Open a file that is there, to write behind what it holds."""
        return WritingFile(_open_file(path, os.O_WRONLY | os.O_APPEND))

    def rename(self, old: str, new: str) -> None:
        """Give a file its new name, in place of the file that had it; at no moment is neither there."""
        os.replace(old, new)

    def remove(self, path: str) -> None:
        """Remove the name of a file."""
        os.unlink(path)

    def remove_folder(self, path: str) -> None:
        """Remove a folder, which must be empty."""
        os.rmdir(path)

    def sync_folder(self, path: str) -> None:
        """Make the names in the folder durable: what was made, renamed and removed there."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def lock(self, path: str) -> Lock:
        """Hold the lock file at `path`, made where it is missing, with this process' id in it.

        Raises DirectoryInUse while anybody holds it, this process too. What an ended process left
        in the file is no obstacle: the system has taken its lock away.
        """
        descriptor = _open_file(path, os.O_RDWR | os.O_CREAT)
        try:
            _take_lock(descriptor, path)
        except BaseException:
            os.close(descriptor)
            raise
        return Lock(descriptor)

    def free_bytes(self, folder: str) -> int:
        """Return how many bytes may still be written where the folder is."""
        space = os.statvfs(folder)
        return space.f_bavail * space.f_frsize


def _open_file(path: str, flags: int) -> int:
    """Open a plain file, no link to one, and keep it from programs that are started later."""
    # O_NONBLOCK: a FIFO that stands where a file should be is refused below instead of waited for.
    descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, FILE_MODE)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    error = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
    raise OSError(error, os.strerror(error), path)


def _sync_content(descriptor: int) -> None:
    """Make the content of a file durable, and its size.

    fdatasync leaves out the times of the file, which nobody reads, and with them often a second
    write of the disk; a size that has changed it writes (fdatasync(2)). macOS has no such call, and
    fsync stops there at the cache of the disk: F_FULLFSYNC goes on.
    """
    if descriptor < 0:  # for which Python has a ValueError where all other calls have an OSError
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    if sys.platform == "darwin":
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fdatasync(descriptor)


def _read_all(file: ReadingFile) -> bytes:
    parts = []
    while part := file.read(READ_SIZE):
        parts.append(part)
    return b"".join(parts)


def _take_lock(descriptor: int, path: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DirectoryInUse(path, process_in(os.read(descriptor, LOCK_TEXT_MAX))) from None
    # Written over what is there, then cut: a full disk has room for that.
    text = lock_text(os.getpid())
    os.pwrite(descriptor, text, 0)
    os.ftruncate(descriptor, len(text))


def _let_go(descriptor: int) -> None:
    """Closing is not enough: a child that was forked meanwhile has the file open as well."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def lock_text(process: int) -> bytes:
    """Return what a lock file holds while `process` holds it."""
    return b"%d\n" % process


def process_in(text: bytes) -> int:
    """Return the process id in a lock file, 0 where there is none. Behind its line may be what was not cut off yet."""
    digits = text.partition(b"\n")[0]
    return int(digits) if digits.isdigit() else 0
