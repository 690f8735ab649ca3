"""The journal on disk: what happened becomes batches, and answers leave when theirs is as safe as was promised.

Knows no folder, no manifest and no thread: files, syncs and new generations come from outside.
"""

from typing import Final

from kvik.clock import Clock
from kvik.errors import ReplyError
from kvik.journal.collecting import UNKNOWN, CollectingJournal
from kvik.journal.files import WritingFile
from kvik.journal.level import LOWEST
from kvik.journal.log_file import Batch, LogEnd, LogFile, close_quietly, reason_of
from kvik.journal.mark import LENGTH_MAX
from kvik.journal.syncer import Syncer

ALWAYS: Final = 2
EVERYSEC: Final = 1
NEVER: Final = 0
POLICIES: Final = {"always": ALWAYS, "everysec": EVERYSEC, "no": NEVER}

SYNC_PAUSE: Final = 1.0
"""Seconds from the beginning of one sync to that of the next, for `everysec`."""
UNSYNCED_SECONDS_MAX: Final = 2.0
"""What `everysec` may lose: later writes wait for the sync that is late."""
PROBE_PAUSE: Final = 1.0
"""Seconds until what failed is tried again."""
HELD_BYTES_MAX: Final = 64 << 20
"""Batches that cannot be written yet are kept in memory, but no more than this."""
CLOSING_ROUNDS: Final = 8
"""More than a rotation, what was held and a last sync need one after the other."""

NOT_KEEPING_UP: Final = "the disk does not keep up"

NO_MOMENT: Final = -1


class FileJournal(CollectingJournal):
    """Writes what a turn has collected as one batch with one call, and has it synced.

    A batch goes straight to the file while all is well. Otherwise it is *held* in memory, and its
    answers with it:

    - *failing*: a write failed, the file was cut back. Writes are refused; the held batches are tried
      again each second.
    - *lost*: a sync failed, or cutting back. The file is not touched again. Writes are refused until
      the owner has made a new generation (`begin_generation`, `adopt`).
    - *rotating*: the batches from now on belong to the next file, which begins when this one is durable.
    - *late*: with `everysec`, what is not durable is too old.
    - *low*: something needs a `level` that the manifest does not say yet (see level.py); the owner raises it.
    """

    def __init__(
        self,
        clock: Clock,
        syncer: Syncer,
        policy: str,
        file: WritingFile,
        end: LogEnd,
        batch_bytes_max: int = LENGTH_MAX,
    ) -> None:
        """Go on in `file` behind `end`; nothing is written before `start`."""
        super().__init__(0 if end.size == 0 else UNKNOWN)
        self._batch_bytes_max: Final = batch_bytes_max
        self._clock: Final = clock
        self._syncer: Final = syncer
        self._log = LogFile(file, end)
        self._policy: int = POLICIES[policy]

        # The numbers of the last batch that was sealed, written, and synced.
        self.sequence = end.sequence
        self.written = end.sequence
        self.durable = end.durable
        self.released = end.durable if self._policy == ALWAYS else end.sequence
        # Somebody waits until this one is released, and what the owner was told last.
        self._awaited = 0
        self._announced = 0
        self._announced_durable = end.durable
        self._is_sealing = False
        self._is_sync_wanted = False
        # For INFO: batches that had to be held because the disk was late.
        self.delayed = 0

        # What the manifest says, and what the batches of this file and the next ones need.
        self.level = LOWEST

        self._held: list[Batch] = []
        self._held_bytes = 0
        self._is_failing = False
        self._is_lost = False
        self._complaint = ""
        self._next_probe = 0.0
        # Where a new generation begins that is being made, and the next file of this one.
        self._moment = NO_MOMENT
        self._next: WritingFile | None = None

        self._syncing: WritingFile | None = None
        self._size_in_sync = 0
        self._next_sync = 0.0
        # When the oldest batch was written that no sync covers yet, and the running sync; -1: there is none.
        self._first_unsynced = -1.0
        self._first_in_sync = -1.0

    def start(self) -> None:
        """Write the opening mark where it is missing, and make durable what was found."""
        now = self._clock.monotonic()
        if self.durable < self.written:
            self._first_unsynced = now
        if self._log.size == 0:
            self._write([])
        self._sync_what_is_due(now)

    # The end of a turn

    def seal(self) -> int:
        if not self.has_collected():
            sequence = self._seen()
        elif self.is_refusing:
            # Only keys whose time has passed leave while writes are refused, and no answer depends on that.
            self._seal_collected()
            sequence = self.released
        else:
            sequence = self._seal_collected()
        if sequence > self.released:
            if self._awaited <= self._announced:
                self._announced = self.released
            self._awaited = sequence
        return sequence

    def look_after(self) -> None:
        self._seal_between_turns()
        now = self._clock.monotonic()
        if self._complaint and now >= self._next_probe:
            self._next_probe = now + PROBE_PAUSE
            if self._is_failing:
                self._write_held()
            elif self._is_lost and self._moment == NO_MOMENT:
                self.owner.needs_new_generation()
        self._go_on(now)

    def _seen(self) -> int:
        """Return what the answers of a turn depend on in which nothing happened: all that they may have seen.

        While writes are refused they depend on nothing: reads go on.
        """
        return self.released if self.is_refusing else self.sequence

    def _seal_between_turns(self) -> None:
        """End the batch of what expired without anybody asking."""
        if self.has_collected():
            self._seal_collected()

    def _seal_collected(self) -> int:
        body = self.take_collected()
        self.sequence += 1
        now = self._clock.monotonic()
        if len(body) > self._batch_bytes_max:
            # A mark has no room for its length; a base has room for what it did.
            self._lose("a batch is too large")
            return self.sequence
        batch = Batch(self.sequence, self._clock.now, body)
        if self._held or not self._may_write(now):
            self.delayed += int(not self.is_refusing)
            self._hold(batch)
        else:
            self._write([batch])
        self._is_sealing = True
        self._sync_what_is_due(now)
        self._is_sealing = False
        return batch.sequence

    # Writing

    def _may_write(self, now: float) -> bool:
        if self._is_failing or self._is_lost or self._next is not None or self.needed > self.level:
            return False
        return self._policy != EVERYSEC or not self._is_late(now)

    def _is_late(self, now: float) -> bool:
        first = self._first_in_sync if self._first_in_sync >= 0.0 else self._first_unsynced
        return first >= 0.0 and now - first > UNSYNCED_SECONDS_MAX

    def _write(self, batches: list[Batch]) -> bool:
        """Write batches, and the opening mark where it is missing; hold them where that fails."""
        try:
            self._log.append(batches, self.durable, self._clock.now)
        except OSError as error:
            self._write_failed(batches, reason_of(error))
            return False
        if not batches:
            return True
        self.written = self._log.sequence
        if self._policy != ALWAYS:
            self.released = max(self.released, self.written)
        if self._first_unsynced < 0.0:
            self._first_unsynced = self._clock.monotonic()
        return True

    def _write_failed(self, batches: list[Batch], reason: str) -> None:
        self._forget_held()
        if self._log.is_lost:
            self._lose(reason)
            return
        if not self._is_failing:
            self._is_failing = True
            self._next_probe = self._clock.monotonic() + PROBE_PAUSE
        self._refuse(reason)
        for batch in batches:
            self._hold(batch)

    def _write_held(self) -> None:
        if self.needed <= self.level and self._write(self._held):
            self._forget_held()
            self._is_failing = False
            self._accept()

    def _hold(self, batch: Batch) -> None:
        if self._is_lost and self._moment == NO_MOMENT:
            # The next base will have it.
            return
        self._held.append(batch)
        self._held_bytes += len(batch.body)
        if self._held_bytes > HELD_BYTES_MAX:
            if self._is_failing or self._is_lost:
                self._lose(self._complaint)
            else:
                self._refuse(NOT_KEEPING_UP)

    def _forget_held(self) -> None:
        self._held = []
        self._held_bytes = 0

    def _go_on(self, now: float) -> None:
        """Do what may be done now that something has changed, or time has passed."""
        if self._held and self._may_write(now):
            self._write_held()
        self._sync_what_is_due(now)
        if self._awaited > self._announced and self.released > self._announced and not self._is_sealing:
            self._announced = self.released
            self.owner.answers_released()
        if self.durable > self._announced_durable and not self._is_sealing:
            self._announced_durable = self.durable
            self.owner.durable_moved()

    # Syncing

    def set_policy(self, policy: str) -> None:
        """Promise something else from the next batch on; what is due then is done by `seal` and `look_after`."""
        self._policy = POLICIES[policy]
        if self._policy != ALWAYS:
            self.released = max(self.released, self.written)

    def want_sync(self) -> None:
        self._is_sync_wanted = True

    def is_syncing(self) -> bool:
        return self._syncing is not None

    def held_bytes(self) -> int:
        """Return how much has happened that cannot be written yet."""
        return self._held_bytes

    def synced(self, file: WritingFile, sequence: int) -> None:
        self._syncing = None
        self._first_in_sync = -1.0
        if file is not self._log.file:
            close_quietly(file)
        else:
            self._log.synced_size = self._size_in_sync
            self.durable = max(self.durable, sequence)
            self.released = max(self.released, self.durable)
            if self._next is not None and self._log.is_durable():
                self._turn_over(self._next)
        self._go_on(self._clock.monotonic())

    def sync_failed(self, file: WritingFile, error: OSError) -> None:
        self._syncing = None
        self._first_in_sync = -1.0
        if file is self._log.file:
            self._lose(reason_of(error))
        else:
            close_quietly(file)
            self._go_on(self._clock.monotonic())

    def _sync_what_is_due(self, now: float) -> None:
        if self._syncing is not None or self._is_lost or self._log.is_durable():
            return
        is_due = now >= self._next_sync and (self._policy == EVERYSEC or self._is_sync_wanted)
        if is_due or self._policy == ALWAYS or self._next is not None:
            self._start_sync(now)

    def _start_sync(self, now: float) -> None:
        self._next_sync = now + SYNC_PAUSE
        self._is_sync_wanted = False
        self._first_in_sync = self._first_unsynced
        self._first_unsynced = -1.0
        file = self._log.file
        self._syncing = file
        self._size_in_sync = self._log.size
        self._syncer.start(self, file, self.written)

    # Other files

    def rotate(self, file: WritingFile) -> int:
        """Let all that happens from now on go to `file`; return the last batch before it, -1: not possible now.

        To be called between turns. `file` is empty, and the manifest that names it is durable. Nothing
        is written to it before the old file is durable to its end: so only the last file that is not
        empty can have a torn end.
        """
        self._seal_between_turns()
        if self._held or not self._may_write(self._clock.monotonic()):
            return NO_MOMENT
        moment = self.sequence
        self._next = file
        self.begin_file()
        self.needed = LOWEST
        if self._log.is_durable():
            self._turn_over(file)
        self._go_on(self._clock.monotonic())
        return moment

    def is_rotating(self) -> bool:
        return self._next is not None

    def begin_generation(self) -> int:
        """Return the last batch that a new base must contain: it is made from memory as of now; -1: no need.

        To be called between turns, where the file is lost. What happens from now on is held for the
        file that comes with `adopt`.
        """
        if not self._is_lost:
            return NO_MOMENT
        self._seal_between_turns()
        self._forget_held()
        self.begin_file()
        self.needed = LOWEST
        self._moment = self.sequence
        return self._moment

    def abandon_generation(self) -> None:
        """The new base could not be made; the owner will be asked again."""
        self._moment = NO_MOMENT
        self._forget_held()

    def adopt(self, file: WritingFile) -> bool:
        """Go on in `file`, which is empty: the new base and the manifest that names both are durable.

        Return False where this generation has become useless meanwhile, because too much was held.
        """
        if not self._is_lost or self._moment == NO_MOMENT:
            return False
        if self._log.file is not self._syncing:
            close_quietly(self._log.file)
        self._log = LogFile(file, LogEnd(self._moment))
        self.written = self._moment
        self.durable = self._moment
        self.released = max(self.released, self._moment)
        self._first_unsynced = -1.0
        self._moment = NO_MOMENT
        self._is_lost = False
        self._write_held()
        self._go_on(self._clock.monotonic())
        return True

    def close(self) -> bool:
        self._seal_between_turns()
        for _ in range(CLOSING_ROUNDS):
            self._syncer.wait()
            if self._is_lost or (not self._held and self._log.is_durable() and self._next is None):
                break
            if self._is_failing:
                self._write_held()
            now = self._clock.monotonic()
            self._go_on(now)
            if self._syncing is None and not self._is_lost and not self._log.is_durable():
                self._start_sync(now)
        if self._syncing is None:
            close_quietly(self._log.file)
        return self.durable == self.sequence

    def _turn_over(self, file: WritingFile) -> None:
        old = self._log
        self._log = LogFile(file, LogEnd(old.sequence, old.chain))
        self._next = None
        close_quietly(old.file)
        self._write_held()

    # The level

    def level_said(self, level: int) -> None:
        """The durable manifest says this level: what needed it is written."""
        self.level = level
        if not self._is_failing and not self._is_lost and not self._held:
            self._accept()
        self._go_on(self._clock.monotonic())

    def level_falls(self, level: int) -> None:
        """From now on the manifest may say this level only."""
        self.level = min(self.level, level)

    def level_failed(self, reason: str) -> None:
        """The manifest could not be written; it is tried again."""
        if not self._is_failing and not self._is_lost:
            self._refuse(reason)

    # Refusing

    def refusal(self) -> ReplyError | None:
        if not self.is_refusing:
            return None
        return ReplyError("MISCONF", f"Errors writing to the AOF file: {self._complaint}")

    def _lose(self, reason: str) -> None:
        """Never touch the file again; a new generation has to come from memory."""
        self._is_failing = False
        self._is_lost = True
        self._moment = NO_MOMENT
        self._forget_held()
        if self._next is not None:
            close_quietly(self._next)
            self._next = None
        self._next_probe = self._clock.monotonic() + PROBE_PAUSE
        self._refuse(reason)
        self.owner.needs_new_generation()

    def _refuse(self, reason: str) -> None:
        if reason != self._complaint:
            self.is_refusing = True
            self._complaint = reason
            self.owner.journal_failed(reason)

    def _accept(self) -> None:
        if self.is_refusing:
            self.is_refusing = False
            self._complaint = ""
            self.owner.journal_resumed()
