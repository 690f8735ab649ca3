"""The work on files of a compaction, as jobs for a worker. Knows neither the database nor the order of the jobs."""

from typing import Final

from kvik.journal.base_file import BaseFile
from kvik.journal.files import Files, WritingFile
from kvik.journal.generations import Retention, next_manifest, remove_files
from kvik.journal.log_file import close_quietly
from kvik.journal.manifest import BASE, INCR, JournalFile, Manifest, path_in, write_manifest
from kvik.journal.worker import Job


class OpenLog(Job):
    """Makes an empty log and names it last in the manifest, both durably."""

    def __init__(self, files: Files, directory: str, manifest: Manifest) -> None:
        super().__init__()
        self.file: WritingFile | None = None
        self.manifest = manifest
        self._files: Final = files
        self._directory: Final = directory

    def work(self) -> None:
        self.file = create_log(self._files, self._directory, self.manifest.last())
        write_manifest(self._files, self._directory, self.manifest)


class WriteBatch(Job):
    """Writes a batch of a base, or the last one and all that makes the base whole."""

    def __init__(self, base: BaseFile, parts: list[bytes], is_last: bool) -> None:
        super().__init__()
        self._base: Final = base
        self._parts: Final = parts
        self._is_last: Final = is_last

    def work(self) -> None:
        commands = b"".join(self._parts)
        if self._is_last:
            self._base.finish(commands)
        else:
            self._base.append(commands)


class Publish(Job):
    """Makes a base and its log the data; the log is made too where `is_rescue`."""

    def __init__(
        self,
        files: Files,
        directory: str,
        before: Manifest,
        generation: int,
        retention: Retention,
        now: int,
        is_rescue: bool,
        level: str,
    ) -> None:
        super().__init__()
        self.file: WritingFile | None = None
        self.manifest: Manifest = before
        self._files: Final = files
        self._directory: Final = directory
        self._generation: Final = generation
        self._retention: Final = retention
        self._now: Final = now
        self._is_rescue: Final = is_rescue
        self._level: Final = level

    def work(self) -> None:
        base = JournalFile(self._generation, BASE)
        log = JournalFile(self._generation, INCR)
        if self._is_rescue:
            self.file = create_log(self._files, self._directory, log)
        after = next_manifest(self._files, self._directory, self.manifest, base, log, self._retention, self._now)
        after = after.at_level(self._level)
        write_manifest(self._files, self._directory, after)
        self.manifest = after


class Tidy(Job):
    """Removes files; a base that was begun first."""

    def __init__(self, files: Files, directory: str, base: BaseFile | None, names: list[str]) -> None:
        super().__init__()
        self.names: Final = names
        self._files: Final = files
        self._directory: Final = directory
        self._base: Final = base

    def work(self) -> None:
        if self._base is not None:
            self._base.discard()
        remove_files(self._files, self._directory, self.names)


def create_log(files: Files, directory: str, log: JournalFile) -> WritingFile:
    """Make an empty log that is there after a crash, and return it."""
    file = files.create(path_in(directory, log.name), True)
    try:
        files.sync_folder(path_in(directory, ""))
    except BaseException:
        close_quietly(file)
        raise
    return file
