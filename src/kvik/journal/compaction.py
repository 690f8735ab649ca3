"""Makes a new generation while writes go on: a new log, the data of that moment as its base, a manifest.

Knows no command and no loop: it is advanced by `step`, and what takes its time is a job for a worker.

The way of a compaction, and what a crash finds at each step (the manifest's files in brackets):

1. OPENING: an empty log is made and named last. [base N, log N, an empty log N+1]
2. TURNING: between two turns the journal turns to the new log, and the snapshot is of that very
   moment. From here on log N+1 grows.
3. WALKING: the snapshot is given away in slices and written to base N+1, under the name of a part.
4. FINISHING: base N+1 is made durable and gets its name. Nobody reads it yet.
5. PUBLISHING: the manifest names it. [base N+1, log N+1] Generation N is kept, or goes.

Where the log was lost (a sync failed), 1 and 2 are left out: what happens is held in memory until 5, which makes
the new log as well. [base N, log N (lost)] becomes [base N+1, an empty log N+1] in one step.

Numbers are used once, whether a compaction ends well or not. After a manifest could not be written, nobody knows
which one a crash would find: so no file that one of them names is removed before the next one is durable.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from kvik.journal.base_file import BaseFile
from kvik.journal.compaction_work import OpenLog, Publish, Tidy, WriteBatch
from kvik.journal.files import Files, WritingFile
from kvik.journal.generations import Growth, Retention, last_generation, unnamed
from kvik.journal.level import LOWEST, level_of, shown_level
from kvik.journal.log_file import close_quietly, reason_of
from kvik.journal.manifest import BASE, INCR, PART, JournalFile, Manifest, path_in
from kvik.journal.raising import Raising
from kvik.journal.worker import Job, Worker
from kvik.journal.writer import FileJournal
from kvik.rebuilding import Rebuilding
from kvik.services import Services
from kvik.store.snapshot import SLICE_BYTES, SLICE_KEYS, Snapshot
from kvik.wire import encode_request

IDLE: Final = 0
OPENING: Final = 1
TURNING: Final = 2
WALKING: Final = 3
FINISHING: Final = 4
PUBLISHING: Final = 5
TIDYING: Final = 6
"""Files are removed: those of generations that are not kept, or of a compaction that was given up."""

BATCH_BYTES: Final = 1 << 20
OVERWRITTEN_BYTES_MAX: Final = 256 << 20
"""A compaction that holds more for values that were overwritten meanwhile gives up: the disk is too slow for it."""
TURNING_SECONDS_MAX: Final = 30.0
SIZE_PAUSE: Final = 1.0
"""Seconds between two looks at the size of the files."""
RETRY_SECONDS: Final = 60.0
RETRY_SECONDS_MAX: Final = 3_600.0
"""As Redis 7: after a failure, what begins by itself waits a minute, then twice as long, at most an hour."""

UNKNOWN: Final = -1


@mypyc_attr(allow_interpreted_subclasses=True)
class CompactionOwner:
    """Whom a compaction tells how it goes. This one does nothing."""

    def compaction_began(self, generation: int) -> None:
        """The log of this generation is the one that grows."""

    def compaction_ended(self, generation: int, size: int, seconds: float) -> None:
        """A base of `size` bytes and its log are the data now."""

    def compaction_failed(self, reason: str) -> None:
        """The old generation goes on."""


class Commands(Rebuilding):
    """Collects the commands that make keys again, as bytes for a file that begins in database 0."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.size = 0
        self.level = LOWEST
        """The level of all that was collected."""
        self._database = 0
        self._parts: list[bytes] = []

    def add(self, database: int, key: bytes, words: list[bytes]) -> int:
        before = self.size
        if database != self._database:
            self._database = database
            self._encode([b"SELECT", b"%d" % database])
        self._encode(words)
        return self.size - before

    def taken(self) -> list[bytes]:
        """Return what was collected since the last time."""
        parts = self._parts
        self._parts = []
        self.size = 0
        return parts

    def _encode(self, words: list[bytes]) -> None:
        self.level = max(self.level, self._services.level_of(words[0]))
        part = encode_request(words)
        self._parts.append(part)
        self.size += len(part)


class Compaction:
    """The maker of generations of one journal; one at a time.

    `manifest` is the one that is durable, `generation` the one being made. For INFO: the last
    failure is `last_error`, empty where there was none; `last_seconds` is -1 before the first.
    """

    def __init__(
        self,
        files: Files,
        directory: str,
        manifest: Manifest,
        journal: FileJournal,
        services: Services,
        worker: Worker,
        owner: CompactionOwner,
    ) -> None:
        self.manifest = manifest
        self.generation = last_generation(manifest)
        self.retention = Retention()
        self.growth = Growth()
        self.overwritten_bytes_max: int = OVERWRITTEN_BYTES_MAX
        self.last_error = ""
        self.last_seconds = -1.0
        self.size_before = 0
        self.snapshot: Snapshot | None = None
        self._files: Final = files
        self._directory: Final = directory
        self._journal: Final = journal
        self._services: Final = services
        self._clock: Final = services.clock
        self._worker: Final = worker
        self._owner: Final = owner

        self._state: int = IDLE
        self._is_wanted = False
        self._is_rescue_wanted = False
        self._is_rescue = False
        self._is_ended = False
        self._began = 0.0
        self._next_size = 0.0
        self._next_try = 0.0
        self._pause = RETRY_SECONDS
        self._complaint = ""
        self._leftovers: list[str] = []

        # Of the compaction that runs
        self._moment = UNKNOWN
        self._commands = Commands(services)
        self._base: BaseFile | None = None
        self._log: WritingFile | None = None
        self._opening: OpenLog | None = None
        self._publishing: Publish | None = None
        self._tidying: Tidy | None = None
        self._job: Job | None = None
        self._raising: Final = Raising(files, directory, journal, worker.beside(), services.clock)
        journal.level = level_of(manifest.level)
        self._measure()

    # Asking

    def want(self) -> bool:
        """Begin a compaction with the next step; return False where one runs, or is wanted already."""
        if self.is_running() or self._is_wanted:
            return False
        self._is_wanted = True
        return True

    def want_rescue(self) -> None:
        """The journal's file is lost: make a new base and log from memory, after the next step."""
        self._is_rescue_wanted = True

    def is_wanted(self) -> bool:
        return self._is_wanted

    def is_running(self) -> bool:
        return self._state != IDLE

    def is_raising(self) -> bool:
        """Return whether the level is to be raised: the journal waits for it."""
        return self._raising.is_wanted()

    def is_rescue(self) -> bool:
        return self._is_rescue and self.is_running()

    # For INFO

    def size(self) -> int:
        """Return how many bytes the files of the data have, without kept generations. Raises OSError."""
        return sum([self._files.size(path_in(self._directory, file.name)) for file in self.manifest.files])

    def keys_done(self) -> int:
        return 0 if self.snapshot is None else self.snapshot.keys_given()

    def keys_total(self) -> int:
        return 0 if self.snapshot is None else self.snapshot.keys_total

    def bytes_written(self) -> int:
        """Return the size of the base so far."""
        return 0 if self._base is None else self._base.size

    def bytes_held(self) -> int:
        """Return about how much memory the running compaction takes."""
        return self._commands.size + (0 if self.snapshot is None else self.snapshot.bytes_held())

    def seconds(self) -> float:
        """Return how long the running compaction has been running, -1 where none does."""
        return self._clock.monotonic() - self._began if self.is_running() else -1.0

    # Going on

    def step(self, budget_ms: float) -> bool:
        """Go on for about `budget_ms`, between two turns; return whether there is more that could be done at once."""
        if self._raising.is_wanted() and self._state != OPENING and self._state != PUBLISHING:
            self._raise_level()
        if self._job is not None and not self._job.is_done:
            return self._state == WALKING and self._walk(budget_ms)
        if self._state != IDLE and self._state != TIDYING and self._must_give_up():
            self._give_up()
            return True
        if self._state == IDLE:
            return self._begin_what_is_due()
        if self._state == WALKING:
            return self._walk(budget_ms)
        return self._next_state()

    def stop(self) -> None:
        """Give up what runs, wait for what cannot be stopped, and begin nothing any more: the program ends."""
        self._is_ended = True
        while self._state != IDLE:
            self._worker.wait()
            if self._state == TURNING or self._state == WALKING or self._journal.is_rotating():
                self._complaint = "the server is shutting down"
            self.step(0)
        self._raising.finish(self.manifest)

    def _raise_level(self) -> None:
        # While it turns, the manifest that is there names a log more.
        opening = self._opening if self._state == TURNING else None
        level = self._raising.step(self.manifest if opening is None else opening.manifest)
        if level:
            self.manifest = self.manifest.at_level(level)
            if opening is not None:
                opening.manifest = opening.manifest.at_level(level)

    def _next_state(self) -> bool:
        self._job = None
        if self._state == OPENING:
            self._opened()
        if self._state == TURNING:
            return self._turn()
        if self._state == FINISHING:
            return self._publish()
        if self._state == PUBLISHING:
            self._published()
        else:
            self._tidied()
        return True

    def _must_give_up(self) -> bool:
        if self._job is not None and self._job.error is not None:
            self._complaint = reason_of(self._job.error)
        elif self._is_rescue_wanted and self._state != PUBLISHING:
            self._complaint = "the log was lost meanwhile"
        return bool(self._complaint)

    # Beginning

    def _begin_what_is_due(self) -> bool:
        if self._is_ended:
            return False
        if self._is_rescue_wanted:
            self._is_rescue_wanted = False
            return self._begin_rescue()
        if self._raising.is_wanted() or (not self._is_wanted and not self._has_grown()):
            return False
        self._is_wanted = False
        self._begin()
        log = JournalFile(self.generation, INCR)
        manifest = Manifest([*self.manifest.files, log], self.manifest.kept, self.manifest.level)
        self._opening = OpenLog(self._files, self._directory, manifest)
        self._start(self._opening, OPENING)
        return True

    def _begin(self) -> None:
        self.generation += 1
        self._complaint = ""
        self._began = self._clock.monotonic()
        self._commands = Commands(self._services)
        self._is_rescue = False

    def _has_grown(self) -> bool:
        now = self._clock.monotonic()
        if now < self._next_size or now < self._next_try:
            return False
        self._next_size = now + SIZE_PAUSE
        try:
            return self.growth.percentage > 0 and self.growth.is_enough(self.size(), self.size_before)
        except OSError:
            return False

    def _begin_rescue(self) -> bool:
        moment = self._journal.begin_generation()
        if moment == UNKNOWN:
            return False
        self._begin()
        self._is_rescue = True
        self._begin_walk(moment)
        return True

    # Turning

    def _opened(self) -> None:
        opening = self._opening
        if opening is not None:
            self._log = opening.file
            self._state = TURNING

    def _turn(self) -> bool:
        """Turn the journal to the new log, now or as soon as it can."""
        log, opening = self._log, self._opening
        if log is None or opening is None:
            return False
        moment = self._journal.rotate(log)
        if moment == UNKNOWN:
            if self._clock.monotonic() - self._began > TURNING_SECONDS_MAX:
                self._complaint = "the journal cannot turn to a new file"
            return False
        self._log = None
        self.manifest = opening.manifest
        self._begin_walk(moment)
        return True

    # Walking

    def _begin_walk(self, moment: int) -> None:
        self._moment = moment
        snapshot = self._services.begin_snapshot()
        durable = min(self._journal.durable, moment)
        file = JournalFile(self.generation, BASE)
        self.snapshot = snapshot
        self._base = BaseFile(self._files, self._directory, file, moment, durable, snapshot.moment)
        self._job = None
        self._state = WALKING
        self._owner.compaction_began(self.generation)

    def _walk(self, budget_ms: float) -> bool:
        """Collect commands until the time is over or the worker is behind."""
        snapshot, commands = self.snapshot, self._commands
        if snapshot is None:
            return False
        until = self._clock.monotonic() + budget_ms / 1000
        while not snapshot.is_over():
            if commands.size >= BATCH_BYTES and not self._hand_over(False):
                if snapshot.values_held() > self.overwritten_bytes_max:
                    self._complaint = "the disk is slower than the writes that go on"
                return False
            snapshot.give(commands, SLICE_KEYS, SLICE_BYTES)
            if self._clock.monotonic() >= until:
                return True
        return self._hand_over(True)

    def _hand_over(self, is_last: bool) -> bool:
        """Give the worker what was collected; return whether it was ready for it."""
        base = self._base
        if base is None or (self._job is not None and (not self._job.is_done or self._job.error is not None)):
            return False
        self._start(WriteBatch(base, self._commands.taken(), is_last), FINISHING if is_last else WALKING)
        return True

    # Ending

    def _publish(self) -> bool:
        if self._journal.is_rotating() or self._raising.is_running():
            # Until the old log is durable, the new one is not what the journal writes to.
            return False
        self._end_snapshot()
        level = max(self._commands.level, self._journal.needed)
        self._journal.level_falls(level)
        self._publishing = Publish(
            self._files,
            self._directory,
            self.manifest,
            self.generation,
            self.retention,
            self._clock.now,
            self._is_rescue,
            shown_level(level),
        )
        self._start(self._publishing, PUBLISHING)
        return True

    def _published(self) -> None:
        publishing = self._publishing
        if publishing is None:
            return
        removed = unnamed(self.manifest, publishing.manifest) + self._leftovers
        self.manifest = publishing.manifest
        self._journal.level_said(level_of(self.manifest.level))
        self._leftovers = []
        self._succeed()
        log = publishing.file
        if log is not None and not self._journal.adopt(log):
            close_quietly(log)
            self._is_rescue_wanted = True
        self._tidy(None, removed)

    def _measure(self) -> None:
        """Remember from which size on growth is counted."""
        try:
            self.size_before = self.size()
        except OSError:
            return

    def _succeed(self) -> None:
        size = self.bytes_written()
        self.last_error = ""
        self.last_seconds = self._clock.monotonic() - self._began
        self._pause = RETRY_SECONDS
        self._next_try = 0.0
        self._measure()
        self._owner.compaction_ended(self.generation, size, self.last_seconds)

    def _give_up(self) -> None:
        """Go back to where nothing had begun, but for the log that grows by now."""
        is_published = self._state == PUBLISHING
        self._commands.end()
        self._end_snapshot()
        self.last_error = self._complaint
        self.last_seconds = self._clock.monotonic() - self._began
        self._next_try = self._clock.monotonic() + self._pause
        self._pause = min(2 * self._pause, RETRY_SECONDS_MAX)
        for log in self._logs():
            close_quietly(log)
        if self._is_rescue:
            self._journal.abandon_generation()
        self._note_leftovers(is_published)
        self._owner.compaction_failed(self._complaint)
        self._tidy(*self._unfinished(is_published))

    def _logs(self) -> list[WritingFile]:
        """Return the files that were opened for the journal and that it has not got."""
        logs = [self._log, None if self._publishing is None else self._publishing.file]
        if self._state == OPENING and self._opening is not None:
            logs.append(self._opening.file)
        return [log for log in logs if log is not None]

    def _note_leftovers(self, is_published: bool) -> None:
        """A manifest that a crash would find may name these: they go when the next one is durable."""
        log = JournalFile(self.generation, INCR)
        if self.manifest.last().name != log.name:
            self._leftovers.append(log.name)
        if is_published:
            self._leftovers.append(JournalFile(self.generation, BASE).name)

    def _unfinished(self, is_published: bool) -> tuple[BaseFile | None, list[str]]:
        """Return the base to remove, and under which names it may be there should that fail."""
        name = JournalFile(self.generation, BASE).name
        return (None, []) if is_published or self._base is None else (self._base, [name + PART, name])

    def _end_snapshot(self) -> None:
        if self.snapshot is not None:
            self._services.end_snapshot(self.snapshot)

    def _tidy(self, base: BaseFile | None, names: list[str]) -> None:
        self._tidying = Tidy(self._files, self._directory, base, names)
        self._start(self._tidying, TIDYING)

    def _tidied(self) -> None:
        tidying = self._tidying
        if tidying is not None and tidying.error is not None:
            self._leftovers += tidying.names
        self.snapshot = None
        self._base = None
        self._log = None
        self._opening = None
        self._publishing = None
        self._tidying = None
        self._complaint = ""
        self._state = IDLE

    def _start(self, job: Job, state: int) -> None:
        self._job = job
        self._state = state
        self._worker.start(job)
