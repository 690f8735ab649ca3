"""Makes backups of a directory in use, one at a time, while writes go on. Knows no command and no loop.

A backup is of the moment it was asked for: a snapshot is given away in slices from then on (WALKING), then the
file is made whole (FINISHING), or removed (DISCARDING). What takes its time is a job for a worker.
"""

from typing import Final

from kvik.backup.file import Append, BackupFile, Discard, Finish, Prepare
from kvik.backup.text import BackupText, Lines
from kvik.journal.files import Files
from kvik.journal.log_file import reason_of
from kvik.journal.worker import Job, Worker
from kvik.services import Services
from kvik.store.snapshot import SLICE_BYTES, SLICE_KEYS, Snapshot

FOLDER: Final = "backups"
"""Where backups are, in the data directory."""

IDLE: Final = 0
WALKING: Final = 1
FINISHING: Final = 2
DISCARDING: Final = 3

BATCH_BYTES: Final = 1 << 20
OVERWRITTEN_BYTES_MAX: Final = 256 << 20
"""A backup that holds more for values that were overwritten meanwhile gives up: the disk is too slow for it."""


class Backups:
    """The backups of one directory: `ended` counts them, `error` is why the last one failed, `name` its file."""

    def __init__(self, files: Files, directory: str, services: Services, worker: Worker) -> None:
        self.ended = 0
        self.error = ""
        self.name = ""
        self.size = 0
        self.seconds = 0.0
        self.overwritten_bytes_max: int = OVERWRITTEN_BYTES_MAX
        self.snapshot: Snapshot | None = None
        self._files: Final = files
        self._directory: Final = directory
        self._folder: Final = f"{directory}/{FOLDER}"
        self._services: Final = services
        self._worker: Final = worker
        self._state: int = IDLE
        self._complaint = ""
        self._began = 0.0
        self._lines = Lines(services, BackupText())
        self._file: BackupFile | None = None
        self._job: Job | None = None

    def is_running(self) -> bool:
        return self._state != IDLE

    def begin(self, name: str, is_new: bool) -> bool:
        """Begin a backup of this moment in the file `name`; return False where one is running."""
        if self.is_running():
            return False
        self._complaint = ""
        self._began = self._services.clock.monotonic()
        self._lines = Lines(self._services, BackupText())
        self._file = BackupFile(self._files, self._folder, name, is_new)
        self.snapshot = self._services.begin_snapshot()
        self._start(Prepare(self._files, self._directory, self._folder), WALKING)
        return True

    def step(self, budget_ms: float) -> bool:
        """Go on for about `budget_ms`, between two turns; return whether there is more that could be done at once."""
        job = self._job
        if self._state == IDLE:
            return False
        if job is not None and not job.is_done:
            return self._state == WALKING and self._walk(budget_ms)
        if job is not None and job.error is not None and self._state != DISCARDING:
            self._complaint = self._complaint or reason_of(job.error)
        self._job = None
        if self._complaint and self._state != DISCARDING:
            self._give_up()
            return True
        if self._state == WALKING:
            return self._walk(budget_ms)
        self._end()
        return False

    def stop(self) -> None:
        """Give up what runs: the program ends."""
        while self._state != IDLE:
            self._worker.wait()
            if self._state == WALKING:
                self._complaint = "the server is shutting down"
            self.step(0)

    # Walking

    def _walk(self, budget_ms: float) -> bool:
        """Collect keys until the time is over or the worker is behind."""
        snapshot, lines = self.snapshot, self._lines
        if snapshot is None:
            return False
        clock = self._services.clock
        until = clock.monotonic() + budget_ms / 1000
        while not snapshot.is_over():
            if lines.text.size >= BATCH_BYTES and not self._hand_over():
                if snapshot.values_held() > self.overwritten_bytes_max:
                    self._complaint = "the disk is slower than the writes that go on"
                return False
            snapshot.give(lines, SLICE_KEYS, SLICE_BYTES)
            if clock.monotonic() >= until:
                return True
        if lines.text.size > 0:
            return self._hand_over()
        return self._finish(snapshot)

    def _hand_over(self) -> bool:
        """Give the worker what was collected; return whether it was ready for it."""
        file = self._file
        if file is None or self._job is not None:
            return False
        members, more = self._lines.text.taken()
        self._start(Append(file, members, more), WALKING)
        return True

    def _finish(self, snapshot: Snapshot) -> bool:
        file = self._file
        if file is not None and self._job is None:
            self._services.end_snapshot(snapshot)
            self._start(Finish(file, snapshot.moment, self._lines.text.keys), FINISHING)
        return False

    # Ending

    def _give_up(self) -> None:
        self._lines.end()
        if self.snapshot is not None:
            self._services.end_snapshot(self.snapshot)
        if self._file is not None:
            self._start(Discard(self._file), DISCARDING)

    def _end(self) -> None:
        file = self._file
        if file is not None:
            self.name = f"{FOLDER}/{file.name}"
            self.size = file.size
        self.error = self._complaint
        self.seconds = self._services.clock.monotonic() - self._began
        self.ended += 1
        self.snapshot = None
        self._file = None
        self._lines = Lines(self._services, BackupText())
        self._state = IDLE

    def _start(self, job: Job, state: int) -> None:
        self._job = job
        self._state = state
        self._worker.start(job)
