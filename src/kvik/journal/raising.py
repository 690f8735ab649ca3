"""Raises the level in the manifest before the journal writes what needs it. Knows no command and no loop.

The manifest of the data must not be written by anybody else while this one is.
"""

from typing import Final

from kvik.clock import Clock
from kvik.journal.files import Files
from kvik.journal.level import level_of, shown_level
from kvik.journal.log_file import reason_of
from kvik.journal.manifest import Manifest, write_manifest
from kvik.journal.worker import Job, Worker
from kvik.journal.writer import FileJournal

RETRY_SECONDS: Final = 1.0


class WriteManifest(Job):
    """Puts a manifest in place of the one that is there, durably."""

    def __init__(self, files: Files, directory: str, manifest: Manifest) -> None:
        super().__init__()
        self.manifest: Final = manifest
        self._files: Final = files
        self._directory: Final = directory

    def work(self) -> None:
        write_manifest(self._files, self._directory, self.manifest)


class Raising:
    """What is done when the journal needs a level that its manifest does not say. The journal waits meanwhile."""

    def __init__(self, files: Files, directory: str, journal: FileJournal, worker: Worker, clock: Clock) -> None:
        self._files: Final = files
        self._directory: Final = directory
        self._journal: Final = journal
        self._worker: Final = worker
        self._clock: Final = clock
        self._job: WriteManifest | None = None
        self._next_try = 0.0

    def is_running(self) -> bool:
        """Return whether a manifest is being written."""
        return self._job is not None

    def is_wanted(self) -> bool:
        """Return whether there is something to do, now or when it is tried again."""
        return self._job is not None or self._journal.needed > self._journal.level

    def step(self, manifest: Manifest) -> str:
        """Go on; `manifest` is the one that is there. Return the level it says now, empty where nothing changed."""
        job = self._job
        if job is None:
            if not self.is_wanted() or self._clock.monotonic() < self._next_try:
                return ""
            level = shown_level(max(self._journal.needed, level_of(manifest.level)))
            job = WriteManifest(self._files, self._directory, manifest.at_level(level))
            self._job = job
            self._worker.start(job)
        return self._ended(job) if job.is_done else ""

    def finish(self, manifest: Manifest) -> None:
        """Do what is wanted, and wait for it: the program ends."""
        self._worker.wait()
        self.step(manifest)
        self._next_try = 0.0
        self.step(manifest)
        self._worker.wait()
        self.step(manifest)

    def _ended(self, job: WriteManifest) -> str:
        self._job = None
        if job.error is not None:
            self._next_try = self._clock.monotonic() + RETRY_SECONDS
            self._journal.level_failed(reason_of(job.error))
            return ""
        self._journal.level_said(level_of(job.manifest.level))
        return job.manifest.level
