"""Opens a data directory: lock, manifest, what was kept, the end that was torn. Knows no command and no loop."""

from typing import Final

from kvik.errors import JournalDamaged, ReplyError
from kvik.journal.files import Files, Lock
from kvik.journal.generations import remove_files
from kvik.journal.log_file import LogEnd, reason_of, write_all
from kvik.journal.manifest import (
    FOLDER,
    INCR,
    JOURNAL_FILE,
    NAME,
    PART,
    JournalFile,
    Manifest,
    damaged,
    path_in,
    read_manifest,
    write_manifest,
)
from kvik.journal.mark import MARK_SIZE, OPENING
from kvik.journal.reader import Batch, Limit, Reader, TornEnd
from kvik.journal.search import PIECE, open_at
from kvik.replies import Reply
from kvik.request import Request
from kvik.services import Services
from kvik.session import Outlet, Session

LOCK_NAME: Final = "kvik.lock"
TORN_FOLDER: Final = "torn"
# Looking at the clock costs as much as a small command.
BATCHES_BETWEEN_LOOKS: Final = 16


class Replay:
    """Runs batches in an engine, as they were run before. Its journal must keep nothing meanwhile.

    Nothing expires: what did has a DEL of its own in the journal.
    """

    def __init__(self, services: Services) -> None:
        self._services: Final = services
        self._session: Final = Session(0, services, Outlet())
        self._session.may_wait = False
        self._session.is_replay = True
        self.commands = 0

    def run(self, reader: Reader, budget_ms: int) -> bool:
        """Run batches for some time; return whether there are more. Raises JournalDamaged, OSError."""
        clock = self._services.clock
        now = clock.now
        clock.now = 0
        try:
            return self._run_until(reader, clock.monotonic() + budget_ms / 1000)
        finally:
            clock.now = now
            clock.tick()

    def finish(self) -> None:
        """Let the statistics forget what was only a repetition."""
        services = self._services
        services.statistics.commands_processed -= self.commands
        services.reset_usage()
        for space in services.databases.spaces:
            space.reset_statistics()

    def _run_until(self, reader: Reader, until: float) -> bool:
        clock = self._services.clock
        looks = 0
        while True:
            batch = reader.next_batch()
            if batch is None:
                return False
            self._run_batch(batch, reader)
            looks += 1
            if looks % BATCHES_BETWEEN_LOOKS == 0 and clock.monotonic() > until:
                return True

    def _run_batch(self, batch: Batch, reader: Reader) -> None:
        services = self._services
        session = self._session
        if batch.kind == OPENING:
            session.select(0)
        for request in batch.requests:
            reply = services.execute(session, request)
            if isinstance(reply, ReplyError):
                raise failure(reply, request, batch, reader)
            if isinstance(reply, list):
                check_replies(reply, request, batch, reader)
        self.commands += len(batch.requests)
        if session.queue is not None:
            raise JournalDamaged(reader.path, batch.start, batch.sequence, "a transaction does not end in its batch")


def check_replies(replies: list[Reply], request: Request, batch: Batch, reader: Reader) -> None:
    """Raise JournalDamaged where one of the replies to a transaction is an error."""
    for reply in replies:
        if isinstance(reply, ReplyError):
            raise failure(reply, request, batch, reader)


def failure(error: ReplyError, request: Request, batch: Batch, reader: Reader) -> JournalDamaged:
    """Return what to raise when a request fails that has succeeded before."""
    name = request.words[0].decode("utf-8", "backslashreplace")
    return JournalDamaged(reader.path, batch.start, batch.sequence, f"{name} fails, a command of this batch: {error}")


class Loading:
    """The opening of one data directory, in slices, and its lock from the first moment on.

    The constructor makes what is missing and reads the manifest; `step` reads the data into the engine;
    when it has returned False, `manifest` and `end` say where the journal goes on, and `notes` what had to be
    done. Both raise JournalDamaged and OSError, the constructor DirectoryInUse too: nothing is to be served
    then. With a `limit` reading stops there and nothing is cut.
    """

    def __init__(self, files: Files, directory: str, services: Services, limit: Limit | None = None) -> None:
        self.notes: Final[list[str]] = []
        self.end = LogEnd()
        self._files: Final = files
        self._directory: Final = directory
        self._replay: Final = Replay(services)
        make_folders(files, directory)
        self.lock: Final[Lock] = files.lock(f"{directory}/{LOCK_NAME}")
        try:
            manifest = read_manifest(files, directory)
            self.manifest: Final[Manifest] = begin_journal(files, directory) if manifest is None else manifest
            self.reader: Final = Reader(files, directory, self.manifest.files, limit)
        except BaseException:
            release_quietly(self.lock)
            raise

    @property
    def commands(self) -> int:
        """Return how many commands have been run."""
        return self._replay.commands

    @property
    def bytes_done(self) -> int:
        return self.reader.bytes_done

    @property
    def bytes_total(self) -> int:
        return self.reader.bytes_total

    def step(self, budget_ms: int) -> bool:
        """Go on for about so long; return whether there is more to do."""
        if self._replay.run(self.reader, budget_ms):
            return True
        self._replay.finish()
        if not self.reader.is_stopped:
            self._finish()
        return False

    def close(self) -> None:
        """Let others have the directory, whatever the system says to it."""
        try:
            self.reader.close()
        except OSError as error:
            self.notes.append(f"{self.reader.path} could not be closed: {reason_of(error)}")
        release_quietly(self.lock)

    def _finish(self) -> None:
        reader = self.reader
        torn = reader.torn
        if torn is not None:
            kept = cut(self._files, self._directory, torn)
            path = path_in(self._directory, torn.file.name)
            size = torn.size - torn.offset
            self.notes.append(f"{path}: cut off {size} bytes at offset {torn.offset}, kept in {kept} ({torn.why})")
        else:
            # What has been read is seen by clients now; it must not be undone by a power cut. That the last
            # file is empty does not say that the one before is durable.
            for file in self.manifest.files:
                if file.kind == INCR:
                    make_durable(self._files, path_in(self._directory, file.name))
        # The names too: whoever made the manifest may have been killed before that was durable.
        self._files.sync_folder(path_in(self._directory, ""))
        remove_parts(self._files, self._directory)
        chain = reader.chain
        if chain < 0:
            chain = chain_of_kept(self._files, self._directory, self.manifest, reader.sequence)
        self.end = LogEnd(reader.sequence, chain, reader.offset, reader.sequence)


# Beginning


def make_folders(files: Files, directory: str) -> None:
    """Make a data directory and its folder where they are missing. Raises OSError, and is to be called again then."""
    for above, folder in ((folder_above(directory), directory), (directory, f"{directory}/{FOLDER}")):
        if not files.exists(folder):
            files.make_folder(folder)
            try:
                files.sync_folder(above)
            except OSError:
                # A name whose sync has failed may never become durable; the next attempt makes it anew.
                files.remove_folder(folder)
                raise


def folder_above(directory: str) -> str:
    return directory.rstrip("/").rpartition("/")[0] or ("/" if directory.startswith("/") else ".")


def begin_journal(files: Files, directory: str) -> Manifest:
    """Begin the first generation, and return its manifest. Raises JournalDamaged where only the manifest is missing."""
    first = JournalFile(1, INCR)
    for name in files.names(path_in(directory, "")):
        # Before there was a manifest nothing was written behind the opening mark.
        is_begun = name == first.name and files.size(path_in(directory, name)) <= MARK_SIZE
        if JOURNAL_FILE.fullmatch(name) is not None and not is_begun:
            raise damaged(path_in(directory, NAME), 0, f"it is missing, but there is {name}")
    sync_folders(files, directory)
    remove_files(files, directory, [first.name])
    file = files.create(path_in(directory, first.name), True)
    try:
        file.sync()
    finally:
        file.close()
    # Names become durable in any order: the manifest must not be there before what it names.
    files.sync_folder(path_in(directory, ""))
    manifest = Manifest([first])
    try:
        write_manifest(files, directory, manifest)
    except OSError:
        remove_files(files, directory, [NAME])
        raise
    return manifest


def sync_folders(files: Files, directory: str) -> None:
    """Make the names of the folders durable: an earlier attempt may have ended before they were."""
    files.sync_folder(directory)
    try:
        files.sync_folder(folder_above(directory))
    except PermissionError:
        # Somebody else has made the directory there.
        return


# Ending


def release_quietly(lock: Lock) -> None:
    """Let go of a lock that the system takes away in any case when the process ends."""
    try:
        lock.release()
    except OSError:
        return


def cut(files: Files, directory: str, torn: TornEnd) -> str:
    """Cut an end off its file, durably; return the path of the file that keeps it."""
    kept = keep_end(files, directory, torn.file.name, torn.offset)
    file = files.open_appending(path_in(directory, torn.file.name))
    try:
        file.truncate(torn.offset)
        file.sync()
    finally:
        file.close()
    return kept


def keep_end(files: Files, directory: str, name: str, offset: int) -> str:
    """Make a durable copy, below TORN_FOLDER, of what stands behind `offset` in a file; return its path."""
    folder = f"{directory}/{TORN_FOLDER}"
    files.make_folder(folder)
    files.sync_folder(directory)
    path = free_name(files, f"{folder}/{name}.{offset}")
    source = open_at(files, path_in(directory, name), offset)
    try:
        copy = files.create(path + PART, True)
        try:
            while piece := source.read(PIECE):
                write_all(copy, piece)
            copy.sync()
        finally:
            copy.close()
    finally:
        source.close()
    files.rename(path + PART, path)
    files.sync_folder(folder)
    return path


def free_name(files: Files, path: str) -> str:
    """Return `path`, or with a number behind it where that is taken: nothing that was kept is overwritten."""
    number = 1
    name = path
    while files.exists(name):
        number += 1
        name = f"{path}-{number}"
    return name


def make_durable(files: Files, path: str) -> None:
    file = files.open_appending(path)
    try:
        file.sync()
    finally:
        file.close()


def remove_parts(files: Files, directory: str) -> None:
    """Remove what was never finished: its name says so."""
    for name in files.names(path_in(directory, "")):
        whole = name.removesuffix(PART)
        if name != whole and (whole == NAME or JOURNAL_FILE.fullmatch(whole) is not None):
            files.remove(path_in(directory, name))


def chain_of_kept(files: Files, directory: str, manifest: Manifest, sequence: int) -> int:
    """Return the checksum that batch `sequence` has in the newest kept generation, 0 where it is not in one."""
    if not manifest.kept:
        return 0
    reader = Reader(files, directory, [manifest.kept[-1][-1]], None, True)
    try:
        while reader.next_batch() is not None:
            pass
    except (JournalDamaged, OSError):
        return 0
    return reader.checksum if reader.sequence == sequence and reader.torn is None else 0
