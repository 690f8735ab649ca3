"""One data directory in use: loads it, keeps what happens in it, and has it compacted. Knows no loop and no thread."""

from typing import Final

from mypy_extensions import mypyc_attr

from kvik import machine
from kvik.backup.file import remove_parts
from kvik.backup.taking import FOLDER, Backups
from kvik.journal.compaction import Compaction, CompactionOwner
from kvik.journal.files import Files
from kvik.journal.generations import Growth, Retention, remove_leftovers
from kvik.journal.journal import JournalOwner
from kvik.journal.log_file import reason_of
from kvik.journal.manifest import path_in
from kvik.journal.recovery import Loading
from kvik.journal.syncer import Syncer
from kvik.journal.worker import Worker
from kvik.journal.writer import FileJournal
from kvik.services import Persistence, Services


@mypyc_attr(allow_interpreted_subclasses=True)
class KeeperOwner:
    """Whom a keeper tells how it goes. This one does nothing."""

    def answers_released(self) -> None:
        """Answers that waited for the disk may leave."""

    def say(self, text: str) -> None:
        """Something people may want to know has happened."""

    def warn(self, text: str) -> None:
        """Something people must know has happened."""


class Keeper(Persistence):
    """Loads a directory with the first steps, then looks after its journal and its compaction with every step."""

    def __init__(
        self, services: Services, files: Files, directory: str, syncer: Syncer, worker: Worker, owner: KeeperOwner
    ) -> None:
        """Lock the directory and read its manifest. Raises DirectoryInUse, JournalDamaged, OSError."""
        super().__init__(services.clock.now // 1_000, machine.absolute_path(directory))
        self._services: Final = services
        self._files: Final = files
        self._directory: Final = directory
        self._syncer: Final = syncer
        self._worker: Final = worker
        self._owner: Final = owner
        self._began: Final = services.clock.monotonic()
        self._start: Final = services.clock.now // 1_000
        self._loading: Final = Loading(files, directory, services)
        self._journal: FileJournal | None = None
        self._compaction: Compaction | None = None
        self._backups: Backups | None = None
        self._is_scheduled = False
        # Of the rewrites
        self._changes_at_moment = 0
        self._completed = 0
        self._failed_in_a_row = 0
        services.is_loading = True

    def step(self, budget_ms: float) -> bool:
        """Go on for about `budget_ms`, between two turns; return whether there is more that could be done at once.

        While it loads it raises JournalDamaged and OSError: nothing is to be served then.
        """
        journal, compaction = self._journal, self._compaction
        if journal is None or compaction is None:
            if not self._loading.step(max(int(budget_ms), 1)):
                self._open()
            return True
        journal.look_after()
        is_more = self._backups is not None and self._back_up(self._backups, budget_ms)
        return self._compact(compaction, budget_ms) or is_more

    def is_compacting(self) -> bool:
        """Return whether a slice of work is due soon: a compaction runs, or a backup."""
        if self._backups is not None and self._backups.is_running():
            return True
        compaction = self._compaction
        return compaction is not None and (compaction.is_running() or compaction.is_raising())

    def is_loaded(self) -> bool:
        return self._journal is not None

    def loading_facts(self) -> tuple[int, int, float]:
        """Return bytes read, bytes in all, and seconds since the beginning."""
        loading = self._loading
        return loading.bytes_done, loading.bytes_total, self._services.clock.monotonic() - self._began

    def keys_written(self) -> tuple[int, int]:
        """Return of how many keys the rewrite that runs has been told, and of how many it will be."""
        compaction = self._compaction
        return (0, 0) if compaction is None else (compaction.keys_done(), compaction.keys_total())

    def close(self) -> bool:
        """Make durable what happened, and let others have the directory; return whether all of it is durable."""
        is_durable = True
        if self._backups is not None:
            self._backups.stop()
            self.disk_moved()
        if self._compaction is not None:
            self._stop(self._compaction)
        if self._journal is not None:
            is_durable = self._journal.close()
        self._syncer.close()
        self._loading.close()
        return is_durable

    def apply_settings(self) -> None:
        """Take over the settings that may change while it runs."""
        settings = self._services.settings
        if self._journal is not None and self._compaction is not None:
            self._journal.set_policy(settings.appendfsync)
            self._compaction.growth = Growth(settings.auto_aof_rewrite_percentage, settings.auto_aof_rewrite_min_size)
            self._compaction.retention = Retention(settings.keep_generations, settings.keep_generations_days)

    # Persistence

    def is_kept(self) -> bool:
        return True

    def begin_rewrite(self) -> bool:
        return self._compaction is not None and not self._is_scheduled and self._compaction.want()

    def schedule_rewrite(self) -> None:
        self._is_scheduled = True

    def begin_backup(self, name: str, is_new: bool) -> bool:
        backups = self._backups
        if backups is None:
            backups = Backups(self._files, self._directory, self._services, self._worker.beside())
            self._backups = backups
        return backups.begin(name, is_new)

    def backups_ended(self) -> int:
        return 0 if self._backups is None else self._backups.ended

    def last_backup(self) -> tuple[str, str]:
        return ("", "") if self._backups is None else (self._backups.name, self._backups.error)

    def want_sync(self) -> None:
        if self._journal is not None:
            self._journal.want_sync()

    def durable_sequence(self) -> int:
        return 0 if self._journal is None else self._journal.durable

    def sequence(self) -> int:
        return 0 if self._journal is None else self._journal.sequence

    def facts(self) -> list[tuple[str, int | str]]:
        journal, compaction = self._journal, self._compaction
        if journal is None or compaction is None:
            done, total, seconds = self.loading_facts()
            return [
                ("loading_start_time", self._start),
                ("loading_total_bytes", total),
                ("loading_loaded_bytes", done),
                ("loading_loaded_perc", f"{100 * done / max(total, 1):.2f}"),
                ("loading_eta_seconds", int(seconds * (total - done) / max(done, 1))),
            ]
        return [
            ("aof_rewrite_in_progress", int(compaction.is_running() or compaction.is_wanted())),
            ("aof_rewrite_scheduled", int(self._is_scheduled)),
            ("aof_last_rewrite_time_sec", int(compaction.last_seconds)),
            ("aof_current_rewrite_time_sec", int(compaction.seconds())),
            ("aof_last_bgrewrite_status", "err" if compaction.last_error else "ok"),
            ("aof_rewrites", self._completed),
            ("aof_rewrites_consecutive_failures", self._failed_in_a_row),
            ("aof_last_write_status", "err" if journal.is_refusing else "ok"),
            ("aof_current_size", size_of(compaction)),
            ("aof_base_size", compaction.size_before),
            ("aof_buffer_length", journal.held_bytes()),
            ("aof_pending_bio_fsync", int(journal.is_syncing())),
            ("aof_delayed_fsync", journal.delayed),
            ("kvik_level", compaction.manifest.level),
            ("aof_generation", compaction.generation),
            ("aof_sequence", journal.sequence),
            ("aof_durable_sequence", journal.durable),
            ("current_save_keys_processed", compaction.keys_done()),
            ("current_save_keys_total", compaction.keys_total()),
            ("aof_rewrite_bytes_held", compaction.bytes_held()),
            ("backup_in_progress", int(self._backups is not None and self._backups.is_running())),
            ("backups", self.backups_ended()),
            ("backup_last_status", "err" if self.last_backup()[1] else "ok"),
        ]

    # Opening

    def _open(self) -> None:
        services, loading = self._services, self._loading
        remove_leftovers(self._files, self._directory, loading.manifest)
        try:
            remove_parts(self._files, f"{self._directory}/{FOLDER}")
        except OSError as error:
            self._owner.warn(f"What is left of an unfinished backup could not be removed: {reason_of(error)}")
        newest = loading.manifest.files[-1]
        file = self._files.open_appending(path_in(self._directory, newest.name))
        journal = FileJournal(services.clock, self._syncer, services.settings.appendfsync, file, loading.end)
        compaction = Compaction(
            self._files, self._directory, loading.manifest, journal, services, self._worker, Compactions(self)
        )
        journal.need(services.level())
        journal.owner = Journals(self, self._owner, compaction)
        journal.start()
        self._journal = journal
        self._compaction = compaction
        self.changes_saved = services.changes()
        self.apply_settings()
        services.use_journal(journal)
        services.is_loading = False
        for note in loading.notes:
            self._owner.warn(note)
        self._owner.say(
            f"{self._directory}: {loading.commands} commands loaded"
            f" in {services.clock.monotonic() - self._began:.3f} seconds"
        )

    # Backups

    def _back_up(self, backups: Backups, budget_ms: float) -> bool:
        ended = backups.ended
        is_more = backups.step(budget_ms)
        if backups.ended > ended:
            if backups.error:
                self.warn(f"The backup {backups.name} could not be written: {backups.error}")
            else:
                self.say(
                    f"The backup {backups.name} is complete: {backups.size} bytes in {backups.seconds:.1f} seconds"
                )
            self.disk_moved()
        return is_more

    # Rewrites

    def _compact(self, compaction: Compaction, budget_ms: float) -> bool:
        if not compaction.is_running():
            if self._is_scheduled:
                self._is_scheduled = not compaction.want()
            return compaction.step(budget_ms)
        is_more = compaction.step(budget_ms)
        if not compaction.is_running():
            self._rewrite_ended(compaction.last_error)
        return is_more or self._is_scheduled

    def rewrite_began(self) -> None:
        """The moment that is written down is now."""
        self._changes_at_moment = self._services.changes()

    def rewrite_completed(self) -> None:
        """The data of that moment is on disk."""
        self.last_save = self._services.clock.now // 1_000
        self.changes_saved = self._changes_at_moment

    def _rewrite_ended(self, error: str) -> None:
        self.rewrites += 1
        self.rewrite_error = error
        self._completed += int(not error)
        self._failed_in_a_row = self._failed_in_a_row + 1 if error else 0
        self.disk_moved()

    def _stop(self, compaction: Compaction) -> None:
        is_running, is_wanted = compaction.is_running(), compaction.is_wanted()
        compaction.stop()
        if is_running:
            self._rewrite_ended(compaction.last_error)
        elif is_wanted:
            self._rewrite_ended("the server is shutting down")

    # What happens

    def disk_moved(self) -> None:
        """Answer those who waited for it."""
        if self._services.disk_moved():
            self._owner.answers_released()

    def say(self, text: str) -> None:
        self._owner.say(text)

    def warn(self, text: str) -> None:
        self._owner.warn(text)


class Journals(JournalOwner):
    """Passes on what the journal tells."""

    def __init__(self, keeper: Keeper, owner: KeeperOwner, compaction: Compaction) -> None:
        super().__init__()
        self._keeper: Final = keeper
        self._owner: Final = owner
        self._compaction: Final = compaction

    def answers_released(self) -> None:
        self._owner.answers_released()

    def durable_moved(self) -> None:
        self._keeper.disk_moved()

    def needs_new_generation(self) -> None:
        self._compaction.want_rescue()

    def journal_failed(self, reason: str) -> None:
        self._owner.warn(f"Writes are refused from now on: {reason}")

    def journal_resumed(self) -> None:
        self._owner.say("Writes are accepted again")


class Compactions(CompactionOwner):
    """Passes on what the compaction tells."""

    def __init__(self, keeper: Keeper) -> None:
        super().__init__()
        self._keeper: Final = keeper

    def compaction_began(self, generation: int) -> None:
        self._keeper.rewrite_began()
        self._keeper.say(f"Generation {generation} began: the journal is being compacted")

    def compaction_ended(self, generation: int, size: int, seconds: float) -> None:
        self._keeper.rewrite_completed()
        self._keeper.say(f"Generation {generation} is complete: a base of {size} bytes in {seconds:.1f} seconds")

    def compaction_failed(self, reason: str) -> None:
        self._keeper.warn(f"The journal could not be compacted: {reason}")


def size_of(compaction: Compaction) -> int:
    """Return the bytes of the data's files, 0 where nobody can say."""
    try:
        return compaction.size()
    except OSError:
        return 0
