"""A file system in memory that fails, stops and loses what was not synced, the same way for the same seed.

It behaves as the real one does until it is told otherwise. Knows nothing of what the files hold.
"""

import copy
import errno
import os
from random import Random
from typing import Final

from kvik.errors import DirectoryInUse
from kvik.journal.files import Files, Lock, ReadingFile, WritingFile, lock_text, process_in
from tests.journal.simulated_disk import FileNode, FolderNode, Node

ANY: Final = "*"
"""In place of the name of an operation: every one."""
SHORT: Final = -1
"""In place of an error: the call takes or gives about half of the bytes it could."""
FOREVER: Final = 1 << 60
CAPACITY: Final = 1 << 40


class Crash(BaseException):
    """The process has ended in the middle of an operation; no error that a program could handle."""


class Fault:
    """What goes wrong: calls of one operation, after some that go well, a number of times."""

    def __init__(self, operation: str, error: int, times: int, skip: int, path: str) -> None:
        self.operation: Final = operation
        self.error: Final = error
        self.times = times
        self.skip = skip
        self.path: Final = path

    def strikes(self, operation: str, path: str) -> bool:
        """Tell whether this call goes wrong, which uses up one of the times."""
        if self.operation not in (ANY, operation) or self.path not in path or self.times == 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


class SimulatedFiles(Files):
    """A file system, the process that uses it, and the power it runs on.

    `operations` counts the calls, `calls` lists them as (operation, path). An operation is named
    as its method, on files too: read, write, sync, truncate, size, close; `release` is a lock's.
    `capacity` is how many bytes the files can hold together, and may be changed at any time.
    """

    def __init__(self, pid: int = 1, capacity: int = CAPACITY) -> None:
        self.pid = pid
        self.capacity = capacity
        self.operations = 0
        self.calls: list[tuple[str, str]] = []
        self.life = 0
        self._root: Final = FolderNode()
        self._folders = [self._root]
        self._faults: list[Fault] = []
        self._stop = FOREVER
        self._share = 0.0
        self._is_dead = False

    # What tests arrange.

    def fail(self, operation: str, error: int, times: int = 1, skip: int = 0, path: str = "") -> None:
        """Make calls of `operation` (or ANY) on paths that contain `path` fail with an errno, or be SHORT.

        The first `skip` calls go well, then `times` (or FOREVER) do not. A failed call has done
        nothing; but a sync that failed has spoiled what it was to sync. After EINTR Python calls
        again by itself, as it does on a real system: the program notices nothing.
        """
        if error == errno.EINTR and times == FOREVER:
            raise ValueError("Python would call again for ever")
        self._faults.append(Fault(operation, error, times, skip, path))

    def heal(self) -> None:
        """Nothing fails any more. What was spoiled stays so."""
        self._faults = []

    def stop_at(self, number: int, share: float = 0.0) -> None:
        """Raise Crash instead of the operation with this number, counted from the next one, which is 1.

        Of a write that is stopped this share of its bytes (0 to 1) is written. The process is dead
        then: whatever else it tries raises Crash too, until `crash` or `kill` let a new one begin.
        """
        self._stop = self.operations + number
        self._share = share

    def crash(self, random: Random) -> None:
        """Cut the power and start again: of what was not synced, any part is lost.

        Every change since the last sync of its file or folder is kept or lost by itself, writes may
        be torn. Faults are over, locks free; what the process had open can be used no more.
        """
        files = self._all_files()
        for folder in self._folders:
            folder.draw(random)
        for folder in self._folders:
            folder.crash()
        for file in files:
            file.crash(random)
        self._folders = [node for node in _within(self._root) if isinstance(node, FolderNode)]
        self.kill()

    def kill(self) -> None:
        """End the process and start again: what was written stays, locks are free, faults are over."""
        for file in self._all_files():
            file.is_locked = False
        self.life += 1
        self._is_dead = False
        self._stop = FOREVER
        self.heal()

    def copy(self) -> "SimulatedFiles":
        """Return the same at this moment, with a fate of its own; open files stay with the original."""
        return copy.deepcopy(self)

    def settle(self) -> None:
        """Make everything durable, as if all of it had been there for a long time."""
        for file in self._all_files():
            file.settle(file.count)
        for folder in self._folders:
            folder.settle()

    def put(self, path: str, data: bytes) -> None:
        """Have a durable file with this content, and its folders: nobody's operation."""
        folder = self._root
        *above, name = _parts(path)
        for part in above:
            if part not in folder.entries:
                self._add_folder(folder, part).settle()
            folder.settle()
            below = folder.entries[part]
            assert isinstance(below, FolderNode)
            folder = below
        file = FileNode()
        file.append(data)
        file.settle(file.count)
        folder.name({name: file})
        folder.settle()

    # What programs call.

    def make_folder(self, path: str) -> None:
        self.begin("make_folder", path)
        folder, name = self._place(path)
        if not isinstance(folder.entries.get(name, folder), FolderNode):
            raise _error(errno.EEXIST, path)
        if name not in folder.entries:
            self._add_folder(folder, name)

    def names(self, folder: str) -> list[str]:
        self.begin("names", folder)
        return sorted(self._folder(folder).entries)

    def exists(self, path: str) -> bool:
        self.begin("exists", path)
        try:
            self._find(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def size(self, path: str) -> int:
        self.begin("size", path)
        node = self._find(path)
        return len(node.content) if isinstance(node, FileNode) else 0

    def open_reading(self, path: str) -> ReadingFile:
        self.begin("open_reading", path)
        return SimulatedReadingFile(self, path, self._file(path))

    def create(self, path: str, replacing: bool = False) -> "SimulatedWritingFile":
        self.begin("create", path)
        folder, name = self._place(path)
        if name in folder.entries and not replacing:
            raise _error(errno.EEXIST, path)
        file = self._file(path) if name in folder.entries else self._add_file(folder, name)
        if file.content:
            file.cut(0)
        return SimulatedWritingFile(self, path, file)

    def open_appending(self, path: str) -> "SimulatedWritingFile":
        self.begin("open_appending", path)
        return SimulatedWritingFile(self, path, self._file(path))

    def rename(self, old: str, new: str) -> None:
        self.begin("rename", f"{old} -> {new}")
        old_folder, old_name = self._place(old)
        new_folder, new_name = self._place(new)
        node = self._find(old)
        target = new_folder.entries.get(new_name)
        if target is node:
            return
        _refuse_rename(node, target, old, new)
        if old_folder is new_folder:
            old_folder.name({old_name: None, new_name: node})
        else:
            old_folder.name({old_name: None}, new_folder.name({new_name: node}))

    def remove(self, path: str) -> None:
        self.begin("remove", path)
        self._file(path)
        folder, name = self._place(path)
        folder.name({name: None})

    def remove_folder(self, path: str) -> None:
        self.begin("remove_folder", path)
        if self._folder(path).entries:
            raise _error(errno.ENOTEMPTY, path)
        folder, name = self._place(path)
        folder.name({name: None})

    def sync_folder(self, path: str) -> None:
        try:
            self.begin("sync_folder", path)
        except OSError:
            self._folder(path).spoil()
            raise
        self._folder(path).settle()

    def lock(self, path: str) -> Lock:
        self.begin("lock", path)
        folder, name = self._place(path)
        file = self._file(path) if name in folder.entries else self._add_file(folder, name)
        if file.is_locked:
            raise DirectoryInUse(path, process_in(bytes(file.content)))
        file.is_locked = True
        file.cut(0)
        file.append(lock_text(self.pid))
        return SimulatedLock(self, path, file)

    def free_bytes(self, folder: str) -> int:
        self.begin("free_bytes", folder)
        self._folder(folder)
        return self.room()

    # What happens inside.

    def begin(self, operation: str, path: str, life: int = -1) -> bool:
        """Count an operation of a process (the present one by default) and let it fail or stop.

        Return whether it is to be SHORT. Raises OSError, Crash.
        """
        while True:
            self._count(operation, path, life)
            error = next((fault.error for fault in self._faults if fault.strikes(operation, path)), 0)
            if error == SHORT or error == 0:
                return error == SHORT
            if error != errno.EINTR:
                raise _error(error, path)

    def _count(self, operation: str, path: str, life: int) -> None:
        if self._is_dead or life not in (-1, self.life):
            raise Crash(f"{operation} {path}: the process has ended")
        self.operations += 1
        self.calls.append((operation, path))
        if self.operations >= self._stop:
            self._is_dead = True
            raise Crash(f"{operation} {path}: stopped")

    def is_alive(self, life: int) -> bool:
        """Tell whether the process of this life can still do something."""
        return life == self.life and not self._is_dead

    def stopped_bytes(self, data: bytes) -> bytes:
        """Return what is written of a write that is stopped."""
        return data[: int(len(data) * self._share)]

    def room(self) -> int:
        """Return how many bytes can still be written."""
        return max(0, self.capacity - sum([len(file.content) for file in self._named_files()]))

    def _named_files(self) -> list[FileNode]:
        return [node for node in _within(self._root) if isinstance(node, FileNode)]

    def _all_files(self) -> list[FileNode]:
        """Return all files that have a name, or may have one after a crash, in the order of their naming."""
        files: dict[int, FileNode] = {}
        for folder in self._folders:
            changed = [node for naming in folder.changes for node in naming.names.values()]
            for node in [*folder.base.values(), *folder.entries.values(), *changed]:
                if isinstance(node, FileNode):
                    files[id(node)] = node
        return list(files.values())

    def _add_folder(self, parent: FolderNode, name: str) -> FolderNode:
        folder = FolderNode()
        self._folders.append(folder)
        parent.name({name: folder})
        return folder

    def _add_file(self, folder: FolderNode, name: str) -> FileNode:
        file = FileNode()
        folder.name({name: file})
        return file

    def _find(self, path: str) -> Node:
        node: Node = self._root
        for part in _parts(path):
            if not isinstance(node, FolderNode):
                raise _error(errno.ENOTDIR, path)
            if part not in node.entries:
                raise _error(errno.ENOENT, path)
            node = node.entries[part]
        return node

    def _folder(self, path: str) -> FolderNode:
        node = self._find(path)
        if not isinstance(node, FolderNode):
            raise _error(errno.ENOTDIR, path)
        return node

    def _file(self, path: str) -> FileNode:
        node = self._find(path)
        if not isinstance(node, FileNode):
            raise _error(errno.EISDIR, path)
        return node

    def _place(self, path: str) -> tuple[FolderNode, str]:
        """Return the folder that a path lies in, and the name there."""
        *above, name = _parts(path)
        return self._folder("/".join(above)), name


class SimulatedReadingFile(ReadingFile):
    """A simulated file opened for reading."""

    def __init__(self, files: SimulatedFiles, path: str, node: FileNode) -> None:
        super().__init__(-1)
        self._files: Final = files
        self._path: Final = path
        self._node: Final = node
        self._life: Final = files.life
        self._position = 0
        self._is_open = True

    def read(self, size: int) -> bytes:
        _refuse_closed(self._is_open, self._path)
        is_short = self._files.begin("read", self._path, self._life)
        wanted = (size + 1) // 2 if is_short else size
        data = bytes(self._node.content[self._position : self._position + wanted])
        self._position += len(data)
        return data

    def skip(self, count: int) -> None:
        self._position += count

    def close(self) -> None:
        if self._is_open and self._files.is_alive(self._life):
            self._is_open = False
            self._files.begin("close", self._path, self._life)


class SimulatedWritingFile(WritingFile):
    """A simulated file opened for appending.

    `sync` is instantaneous. A syncer that takes its time calls `begin_sync` when it sets out and
    `finish_sync` with the answer when it arrives: nothing is sure before, nor what was written since.
    """

    def __init__(self, files: SimulatedFiles, path: str, node: FileNode) -> None:
        super().__init__(-1)
        self._files: Final = files
        self._path: Final = path
        self._node: Final = node
        self._life: Final = files.life
        self._is_open = True

    def write(self, data: bytes) -> int:
        _refuse_closed(self._is_open, self._path)
        was_alive = self._files.is_alive(self._life)
        try:
            is_short = self._files.begin("write", self._path, self._life)
        except Crash:
            if was_alive:
                self._node.append(self._files.stopped_bytes(data))
            raise
        taken = min((len(data) + 1) // 2 if is_short else len(data), self._files.room())
        if taken == 0 and data:
            raise _error(errno.ENOSPC, self._path)
        self._node.append(data[:taken])
        return taken

    def sync(self) -> None:
        self.finish_sync(self.begin_sync())

    def begin_sync(self) -> int:
        """Return what has been written so far, for `finish_sync`."""
        return self._node.count

    def finish_sync(self, begun: int) -> None:
        """Make durable what `begin_sync` saw, or fail."""
        _refuse_closed(self._is_open, self._path)
        try:
            self._files.begin("sync", self._path, self._life)
        except OSError:
            self._node.spoil(begun)
            raise
        self._node.settle(begun)

    def truncate(self, size: int) -> None:
        _refuse_closed(self._is_open, self._path)
        self._files.begin("truncate", self._path, self._life)
        if size != len(self._node.content):
            self._node.cut(size)

    def size(self) -> int:
        _refuse_closed(self._is_open, self._path)
        self._files.begin("size", self._path, self._life)
        return len(self._node.content)

    def close(self) -> None:
        if self._is_open and self._files.is_alive(self._life):
            self._is_open = False
            self._files.begin("close", self._path, self._life)


class SimulatedLock(Lock):
    """A simulated lock file that is held."""

    def __init__(self, files: SimulatedFiles, path: str, node: FileNode) -> None:
        super().__init__(-1)
        self._files: Final = files
        self._path: Final = path
        self._node: Final = node
        self._life: Final = files.life
        self._is_held = True

    def release(self) -> None:
        if self._is_held and self._files.is_alive(self._life):
            self._is_held = False
            self._node.is_locked = False
            self._files.begin("release", self._path, self._life)


def _parts(path: str) -> list[str]:
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ValueError("a simulated path does not go up")
    return parts


def _within(root: FolderNode) -> list[Node]:
    """Return all that has a name, each once, the root first."""
    found: dict[int, Node] = {id(root): root}
    waiting = [root]
    while waiting:
        for node in waiting.pop().entries.values():
            if id(node) not in found and isinstance(node, FolderNode):
                waiting.append(node)
            found[id(node)] = node
    return list(found.values())


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)


def _refuse_closed(is_open: bool, path: str) -> None:
    if not is_open:
        raise _error(errno.EBADF, path)


def _refuse_rename(node: Node, target: Node | None, old: str, new: str) -> None:
    if isinstance(node, FolderNode) and _parts(new)[: len(_parts(old))] == _parts(old):
        raise _error(errno.EINVAL, new)
    if isinstance(target, FolderNode) and _parts(old)[: len(_parts(new))] == _parts(new):
        raise _error(errno.ENOTEMPTY, new)
    if target is None:
        return
    if isinstance(target, FolderNode) and not isinstance(node, FolderNode):
        raise _error(errno.EISDIR, new)
    if isinstance(node, FolderNode) and not isinstance(target, FolderNode):
        raise _error(errno.ENOTDIR, new)
    if isinstance(target, FolderNode) and target.entries:
        raise _error(errno.ENOTEMPTY, new)
