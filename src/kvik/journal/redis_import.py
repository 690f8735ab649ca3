"""Takes over what a redis-server kept: runs its files in an engine, and writes what that has as a new directory."""

from typing import Final

from kvik.declaration import WRITE, Declaration
from kvik.errors import CannotImport, ReplyError, shown
from kvik.journal.base_file import BaseFile
from kvik.journal.compaction import BATCH_BYTES, Commands
from kvik.journal.files import Files
from kvik.journal.fresh_directory import FreshDirectory
from kvik.journal.level import shown_level
from kvik.journal.manifest import BASE, INCR, JournalFile, Manifest
from kvik.journal.redis_log import RedisLog, redis_files
from kvik.replies import Reply
from kvik.request import Request
from kvik.services import Services
from kvik.session import Outlet, Session
from kvik.store.snapshot import SLICE_BYTES, SLICE_KEYS

ALSO: Final = (b"SELECT", b"MULTI", b"EXEC", b"PING", b"PFCOUNT")
"""What may stand in such a file and writes nothing. PING: the marks of a journal that a redis-server went on with;
PFCOUNT: it keeps its estimate with the registers."""
RELATIVE: Final = (b"EXPIRE", b"PEXPIRE", b"SETEX", b"PSETEX", b"HEXPIRE", b"HPEXPIRE")
WITH_OPTIONS: Final = (b"SET", b"GETEX", b"HSETEX", b"HGETEX")
RELATIVE_OPTIONS: Final = (b"EX", b"PX")
REQUESTS_BETWEEN_LOOKS: Final = 64
NAME_MAX: Final = 64


class RedisImport:
    """The import of one directory, in slices, into an engine that has nothing else to do.

    The constructor, `step` and `write` raise CannotImport, JournalDamaged (for a manifest) and OSError.
    Nothing expires while it is read: what did has a DEL of its own.
    """

    def __init__(self, files: Files, place: str, services: Services) -> None:
        self.commands = 0
        self._files: Final = files
        self._services: Final = services
        self._declarations: Final[dict[bytes, Declaration]] = services.declarations()
        self._log: Final = RedisLog(files, redis_files(files, place))
        self._session: Final = Session(0, services, Outlet())
        self._session.may_wait = False
        self._session.is_replay = True
        self._file = 0
        # Where the transaction begins that is open.
        self._began = 0

    @property
    def bytes_done(self) -> int:
        return self._log.bytes_done

    @property
    def bytes_total(self) -> int:
        return self._log.bytes_total

    def step(self, budget_ms: int) -> bool:
        """Go on for about so long; return whether there is more to do."""
        clock = self._services.clock
        clock.now = 0
        try:
            return self._run_until(clock.monotonic() + budget_ms / 1000)
        finally:
            clock.tick()

    def write(self, fresh: FreshDirectory) -> None:
        """Make the new directory, when everything has been read. What is over by now is left out."""
        base, log = JournalFile(1, BASE), JournalFile(1, INCR)
        moment = self._services.clock.tick()
        level = write_base(self._services, BaseFile(self._files, fresh.part, base, 0, 0, moment))
        file = fresh.create(log.name)
        try:
            file.sync()
        finally:
            file.close()
        fresh.finish(Manifest([base, log], [], shown_level(level)))

    def _run_until(self, until: float) -> bool:
        clock = self._services.clock
        looks = 0
        while True:
            path = self._log.path
            request = self._log.next_request()
            if self._log.number != self._file or request is None:
                self._end_file(path)
            if request is None:
                return False
            self._run(request)
            looks += 1
            if looks % REQUESTS_BETWEEN_LOOKS == 0 and clock.monotonic() > until:
                return True

    def _end_file(self, path: str) -> None:
        """Every file begins in database 0, outside a transaction."""
        self._file = self._log.number
        if self._session.queue is not None:
            raise CannotImport(path, self._began, "the transaction that begins here does not end")
        self._session.select(0)

    def _run(self, request: Request) -> None:
        complaint = self._complaint(request.words)
        if complaint:
            raise CannotImport(self._log.path, self._log.start, complaint)
        if self._session.queue is None:
            self._began = self._log.start
        reply = self._services.execute(self._session, request)
        failed = failure_in(reply)
        if failed is not None:
            raise CannotImport(self._log.path, self._log.start, f"{name_of(request.words)} fails: {failed}")
        self.commands += 1

    def _complaint(self, words: list[bytes]) -> str:
        """Return why a request cannot be taken over, an empty text where it can."""
        name = words[0].upper()
        declaration = self._declarations.get(name)
        if declaration is None:
            return f"kvik does not know the command {name_of(words)}"
        if len(words) > 1:
            declaration = self._declarations.get(name + b" " + words[1].upper(), declaration)
        if not declaration.flags & WRITE and name not in ALSO:
            return f"{name_of(words)} changes no data: no server writes it down"
        if is_relative(name, words):
            return f"{name_of(words)} with a time to live that counts from a moment the file does not tell"
        return ""


def is_relative(name: bytes, words: list[bytes]) -> bool:
    if name in RELATIVE:
        return True
    options = words[3:] if name == b"SET" else words[2:]
    names = [word.upper() for word in options]
    if b"FIELDS" in names:
        options = options[: names.index(b"FIELDS")]
    found = [word for word in options if word.upper() in RELATIVE_OPTIONS]
    return name in WITH_OPTIONS and len(found) > 0


def name_of(words: list[bytes]) -> str:
    """Return the command as a person may see it."""
    return shown(words[0][:NAME_MAX]).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def failure_in(reply: Reply) -> ReplyError | None:
    """Return the error a reply is or has in it."""
    if isinstance(reply, ReplyError):
        return reply
    if isinstance(reply, list):
        for each in reply:
            if isinstance(each, ReplyError):
                return each
    return None


def write_base(services: Services, base: BaseFile) -> int:
    """Write all data of an engine as of now; return the level it needs. Raises OSError."""
    commands = Commands(services)
    snapshot = services.begin_snapshot()
    while not snapshot.is_over():
        snapshot.give(commands, SLICE_KEYS, SLICE_BYTES)
        if commands.size >= BATCH_BYTES:
            base.append(b"".join(commands.taken()))
    services.end_snapshot(snapshot)
    base.finish(b"".join(commands.taken()))
    return commands.level
