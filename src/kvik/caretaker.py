"""Keeps an embedded database in its directory, also while nobody calls. Knows no command and no caller."""

import logging
import threading
from collections.abc import Callable
from errno import EIO
from typing import Final

from kvik import machine
from kvik.engine import Engine
from kvik.journal.files import Files, WritingFile
from kvik.journal.journal import Journal
from kvik.journal.keeper import Keeper, KeeperOwner
from kvik.journal.syncer import Syncer, SyncOrder
from kvik.journal.work_thread import ThreadWorker
from kvik.services import House

log = logging.getLogger("kvik")

LOADING_SLICE_MS: Final = 1_000.0
COMPACTION_SLICE_MS: Final = 0.5
BUSY_PAUSE_SECONDS: Final = 0.001
IDLE_PAUSE_SECONDS: Final = 0.1
"""As often as a server looks after what has no moment of its own."""


class Errand:
    """A sync that was asked for, to be run by the caretaker's thread."""

    def __init__(self, order: SyncOrder) -> None:
        self.order: Final = order
        self.is_taken = False
        self.has_ended: Final = threading.Event()

    def run(self) -> None:
        """Sync; to be called without the lock, so that others go on meanwhile."""
        self.order.run()
        self.has_ended.set()


class ErrandSyncer(Syncer):
    """Keeps the one sync that was asked for until it is taken. To be called with the database's lock held."""

    def __init__(self, wake: threading.Event) -> None:
        super().__init__()
        self._wake: Final = wake
        self._errand: Errand | None = None

    def start(self, journal: Journal, file: WritingFile, sequence: int) -> None:
        self._errand = Errand(SyncOrder(journal, file, sequence))
        self._wake.set()

    def take(self) -> Errand | None:
        """Return the sync nobody has taken yet: whoever takes it runs it, and then calls `tell`."""
        errand = self._errand
        if errand is None or errand.is_taken:
            return None
        errand.is_taken = True
        return errand

    def tell(self, errand: Errand) -> None:
        """Tell the journal how it ended, unless `wait` has done so."""
        if errand is self._errand:
            self._errand = None
            errand.order.tell()

    def wait(self) -> None:
        # Telling may begin the next one.
        while (errand := self._errand) is not None:
            if self.take() is errand:
                errand.run()
            errand.has_ended.wait()
            self.tell(errand)


class Caretaker(KeeperOwner):
    """Loads a directory into an engine, and a thread that keeps it there until `close`.

    What many threads have written while one sync runs goes with the next one. No caller runs a sync: Ctrl+C
    could break it off, and nobody would know how it ended.
    """

    def __init__(self, engine: Engine, files: Files, directory: str, changed: threading.Condition) -> None:
        """`changed` has the lock under which the engine is used. Raises DirectoryInUse, JournalDamaged, OSError."""
        super().__init__()
        self._engine: Final = engine
        self._changed: Final = changed
        self._process: Final = machine.process_id()
        self._wake: Final = threading.Event()
        self._syncer: Final = ErrandSyncer(self._wake)
        self._keeper: Final = Keeper(engine, files, directory, self._syncer, ThreadWorker(), self)
        self._failure: Exception | None = None
        self._is_over = False
        self._load()
        engine.persistence = self._keeper
        engine.house = SettingsHouse(self._keeper.apply_settings)
        self._rounds: Final = threading.Thread(target=self._work, name="kvik-caretaker", daemon=True)
        self._rounds.start()

    def _load(self) -> None:
        try:
            while not self._keeper.is_loaded():
                self._keeper.step(LOADING_SLICE_MS)
        except BaseException:
            self._keeper.close()
            raise

    def is_at_home(self) -> bool:
        """Return whether this is the process that has the directory: after a fork the child has not."""
        return machine.process_id() == self._process

    def seal(self) -> int:
        """End the batch of a call, with the lock held; return what its answer depends on."""
        self.refuse_after_failure()
        try:
            return self._engine.journal.seal()
        except BaseException as error:
            self.cut_short(error)
            raise

    def cut_short(self, error: BaseException) -> None:
        """A command was left in its middle, with the lock held: what it has done is not kept, nor anything later."""
        self._engine.journal.forget()
        reason = f"a command was cut short by {type(error).__name__}; close the database and open it again"
        self._failure = RuntimeError(reason)
        self._wake.set()
        self._changed.notify_all()

    def wait_until_released(self, sequence: int) -> None:
        """Return, called without the lock, when batch `sequence` is as safe as was promised.

        Raises OSError where that will never be.
        """
        if sequence <= self._engine.journal.released:
            return
        with self._changed:
            while sequence > self._engine.journal.released:
                self.refuse_after_failure()
                self._changed.wait()

    def close(self) -> None:
        """Write everything down, with the lock held. Raises OSError where that cannot be done."""
        self._is_over = True
        self._wake.set()
        is_durable = self._keeper.close()
        self._changed.notify_all()
        if not is_durable:
            self._failure = OSError(EIO, "the last changes are not on disk")
            raise self._failure

    def join(self) -> None:
        """Wait, without the lock, for the thread's end."""
        self._rounds.join()

    def refuse_after_failure(self) -> None:
        if self._failure is not None:
            raise OSError(EIO, f"nothing is kept any more: {self._failure}") from self._failure

    # The thread

    def _work(self) -> None:
        try:
            while not self._is_over and self._failure is None:
                self._wake.wait(self._round())
                self._wake.clear()
        except Exception as error:
            log.exception("The caretaker of the directory has failed")
            with self._changed:
                self._failure = error
                self._changed.notify_all()

    def _round(self) -> float:
        """Do what is due; return how many seconds the next round may wait."""
        with self._changed:
            if self._is_over:
                return 0.0
            self._engine.clock.tick()
            is_busy = self._keeper.step(COMPACTION_SLICE_MS) or self._keeper.is_compacting()
            errand = self._syncer.take()
        if errand is not None:
            errand.run()
            with self._changed:
                self._syncer.tell(errand)
                self._changed.notify_all()
        return BUSY_PAUSE_SECONDS if is_busy else IDLE_PAUSE_SECONDS

    # KeeperOwner

    def answers_released(self) -> None:
        self._changed.notify_all()

    def say(self, text: str) -> None:
        log.info("%s", text)

    def warn(self, text: str) -> None:
        log.warning("%s", text)


class SettingsHouse(House):
    """An engine without a network whose settings change while it runs."""

    def __init__(self, apply: Callable[[], None]) -> None:
        super().__init__()
        self._apply: Final = apply

    def apply(self, name: str) -> None:
        self._apply()
