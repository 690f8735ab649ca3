"""Restores a backup as one transaction: all of it or nothing. Knows no socket; whoever has the data is a `Target`.

The way of a restoring:

1. CHECKING: the whole file is read, every value of it understood, the checksum compared.
2. The target is asked whether it has keys, and as many databases as the file needs.
3. QUEUEING: MULTI, then the file is read again and its commands queued, some at a time.
4. The file is compared with what was checked, and EXEC. Whatever fails before that changes nothing.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from mypy_extensions import mypyc_attr

from kvik.backup.reader import BackupReader, Entry, MoreReader, digest_of, shown_key
from kvik.backup.shapes import PEXPIREAT, PXAT, SET
from kvik.declaration import Keys
from kvik.errors import BackupDamaged, ReplyError, shown
from kvik.journal.files import Files
from kvik.numbers import decimal
from kvik.replies import Reply, Set, Status, Verbatim

REFUSE: Final = 0
"""A target that has keys is left alone."""
REPLACE: Final = 1
"""Everything in the target goes."""
MERGE: Final = 2
"""Keys of the file take the place of the target's."""

BATCH_BYTES: Final = 1 << 20
BATCH_COMMANDS: Final = 1_000
MSET_WORDS: Final = 256
MSET_BYTES: Final = 64 << 10
KEYSPACE: Final = re.compile(rb"db([0-9]{1,9}):keys=([0-9]+)")
WORD_BYTES: Final = 16
UNKNOWN: Final = ("unknown command", "unknown subcommand")


class CannotRestore(Exception):
    """The target does not take the backup; the text is one line that says why, and whether anything was changed."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Target:
    """Where a backup goes. Whatever keeps it from answering is raised."""

    def call(self, words: list[bytes]) -> Reply:
        """Return the reply to one request; an error is a reply too."""
        raise NotImplementedError

    def call_all(self, requests: Sequence[list[bytes]]) -> Iterator[Reply]:
        """Yield the replies to requests that may be sent together; all are to be taken."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class Progress:
    """Whom a restoring tells how far it is. This one does nothing."""

    def show(self, what: str, done: int, total: int) -> None:
        """Of `what`, `done` of `total` bytes are done."""


class Judge:
    """Says which commands a file may bring: those that write, and whose only key is the one they stand behind."""

    def __init__(self, target: Target) -> None:
        self._target: Final = target
        self._known: Final[dict[bytes, Keys | None]] = {}

    def objection(self, key: bytes, words: list[bytes]) -> str:
        """Return why a command may not be run, empty where it may."""
        name = words[0].upper()
        keys = self._keys_of(name)
        if keys is None and len(words) > 1:
            keys = self._keys_of(name + b"|" + words[1].upper())
        if keys is None:
            return f"{shown(name[:40])} is no command that writes one key of the target"
        return "" if keys.of(words) == [key] else f"{shown(name[:40])} has other keys than this one"

    def _keys_of(self, name: bytes) -> Keys | None:
        if name not in self._known:
            self._known[name] = self._asked(name)
        return self._known[name]

    def _asked(self, name: bytes) -> Keys | None:
        reply = self._target.call([b"COMMAND", b"INFO", name])
        if not isinstance(reply, list) or not reply or not isinstance(reply[0], list):
            return None
        facts: list[Reply] = reply[0]
        flags = {text_of(flag) for flag in elements(facts[2])} if len(facts) > 5 else set()
        if b"write" not in flags or b"movablekeys" in flags:
            return None
        first, last, step = facts[3], facts[4], facts[5]
        if not isinstance(first, int) or not isinstance(last, int) or not isinstance(step, int) or first < 1:
            return None
        return Keys(first, last, step)


class Queue:
    """Commands on their way into the transaction, some at a time."""

    def __init__(self, target: Target) -> None:
        self.commands = 0
        self._target: Final = target
        self._database = 0
        self._requests: list[list[bytes]] = []
        self._size = 0
        self._mset: list[bytes] = []
        self._mset_size = 0

    def select(self, database: int) -> None:
        if database != self._database:
            self._end_mset()
            self._database = database
            self._add([b"SELECT", b"%d" % database])

    def set(self, key: bytes, value: bytes) -> None:
        """Set a string, together with those before and after it."""
        self._mset.append(key)
        self._mset.append(value)
        self._mset_size += len(key) + len(value)
        if len(self._mset) >= MSET_WORDS or self._mset_size >= MSET_BYTES:
            self._end_mset()

    def add(self, words: list[bytes]) -> None:
        self._end_mset()
        self._add(words)

    def send(self) -> None:
        """Queue what was collected. Raises CannotRestore where the target does not take it."""
        self._end_mset()
        self._send()

    def _end_mset(self) -> None:
        words = self._mset
        if words:
            self._mset = []
            self._mset_size = 0
            self._add([SET, *words] if len(words) == 2 else [b"MSET", *words])

    def _add(self, words: list[bytes]) -> None:
        self._requests.append(words)
        self.commands += 1
        self._size += sum([WORD_BYTES + len(word) for word in words])
        if self._size >= BATCH_BYTES or len(self._requests) >= BATCH_COMMANDS:
            self._send()

    def _send(self) -> None:
        requests = self._requests
        if not requests:
            return
        self._requests = []
        self._size = 0
        refused: Reply = None
        for reply in self._target.call_all(requests):
            if not isinstance(reply, Status) and refused is None:
                refused = reply
        if refused is not None:
            raise CannotRestore(f"the target refused it: {refused}. Nothing was changed")


class Restoration:
    """One file on its way to one target; afterwards `restored` and `expired` say of how many keys what has become,
    `database_max` in which database the last of them are.

    `now` is wall-clock milliseconds. What only the commands of a file make is made in `rehearsal` first, an empty
    database of nobody's, so that none of them fails half-way. `run` raises BackupDamaged, CannotRestore, OSError and
    what the target raises.
    """

    def __init__(
        self, files: Files, path: str, target: Target, rehearsal: Target, mode: int, now: int, progress: Progress
    ) -> None:
        self.restored = 0
        self.expired = 0
        self.moment = -1
        self.database_max = 0
        self._files: Final = files
        self._path: Final = path
        self._target: Final = target
        self._rehearsal: Final = rehearsal
        self._mode: Final = mode
        self._now: Final = now
        self._progress: Final = progress
        self._judge: Final = Judge(target)
        self._queue: Final = Queue(target)
        self._is_known = False
        self.is_decided = False
        """Whether EXEC was sent: when no answer comes after that, nobody knows what has become of it."""

    def run(self) -> None:
        checked = self._check()
        self.moment = checked.moment
        self.database_max = checked.database_max
        self._is_known = checked.has_checksum()
        self._ask_target(checked.database_max)
        is_done = False
        try:
            self._demand([b"MULTI"])
            self._queue_all(checked)
            self._compare(checked)
            is_done = True
        finally:
            if not is_done:
                self._discard()
        self._execute()

    # Checking

    def _check(self) -> BackupReader:
        """Read the file to its end, and return what it says of itself."""
        reader = BackupReader(self._files, self._path)
        try:
            while (entry := reader.next()) is not None:
                self._check_entry(entry)
                self._show("checking", reader)
        finally:
            reader.close()
        return reader

    def _check_entry(self, entry: Entry) -> None:
        if entry.value.is_plain:
            return
        for words in entry.value.commands:
            objection = self._judge.objection(entry.key, words) or self._rehearse(words)
            if objection:
                raise BackupDamaged(self._path, entry.offset, f"{shown_key(entry.key)}: {objection}")
        self._rehearsal.call([b"DEL", entry.key])

    def _rehearse(self, words: list[bytes]) -> str:
        """Return why a command fails, empty where it does not; of one that only the target knows nothing is known."""
        reply = self._rehearsal.call(words)
        if not isinstance(reply, ReplyError) or reply.message.startswith(UNKNOWN):
            return ""
        return str(reply)

    def _compare(self, checked: BackupReader) -> None:
        """Make sure that it is still the file that was checked."""
        is_same = self._files.size(self._path) == checked.bytes_total()
        if not is_same or digest_of(self._files, self._path, checked.digested) != checked.digest:
            raise CannotRestore(f"{self._path} was changed while it was read. Nothing was changed in the target")

    # The target

    def _ask_target(self, database_max: int) -> None:
        if self._mode == REFUSE:
            reply = self._target.call([b"INFO", b"keyspace"])
            self._refuse_keys(reply.text if isinstance(reply, Verbatim) else reply)
        for database in (database_max, 0):
            reply = self._target.call([b"SELECT", b"%d" % database])
            if isinstance(reply, ReplyError) and database > 0:
                raise CannotRestore(
                    f"the backup has keys in database {database}, which the target does not have: {reply}."
                    f" kvik has it with --databases {database + 1}. Nothing was changed"
                )
            refuse_error(reply)

    def _refuse_keys(self, reply: Reply) -> None:
        refuse_error(reply)
        keys = 0
        for found in KEYSPACE.finditer(reply if isinstance(reply, bytes) else b""):
            keys += int(found.group(2))
        if keys > 0:
            raise CannotRestore(
                f"the target has {keys} keys already, and nothing was changed. --replace removes them all in the"
                " same transaction, --merge keeps those that the backup does not have"
            )

    def _demand(self, words: list[bytes]) -> None:
        refuse_error(self._target.call(words))

    def _discard(self) -> None:
        """Forget what was queued: with the connection, where that is lost."""
        try:
            self._target.call([b"DISCARD"])
        except Exception:
            return

    def _execute(self) -> None:
        self._progress.show("storing", 0, 1)
        self.is_decided = True
        reply = self._target.call([b"EXEC"])
        if not isinstance(reply, list):
            raise CannotRestore(f"the target refused it: {reply}. Nothing was changed")
        failures = [item for item in reply if isinstance(item, ReplyError)]
        if failures:
            raise CannotRestore(
                f"{len(failures)} of {len(reply)} commands have failed, the others were run: {failures[0]}"
            )
        self._progress.show("storing", 1, 1)

    # Queueing

    def _queue_all(self, checked: BackupReader) -> None:
        """Queue every key in its order: those of `more` at their places among the members."""
        if self._mode == REPLACE:
            self._queue.add([b"FLUSHALL"])
        reader = BackupReader(self._files, self._path)
        more = MoreReader(self._files, checked)
        try:
            members = 0
            while (item := more.next()) is not None:
                members += self._queue_members(reader, item.place - members)
                self._queue_entry(item)
            self._queue_members(reader, checked.members - members)
        finally:
            reader.close()
            more.close()
        self._queue.select(0)
        self._queue.send()

    def _queue_members(self, reader: BackupReader, count: int) -> int:
        """Queue so many of the members that come next; return how many there were."""
        for _ in range(count):
            entry = reader.next()
            if entry is None:
                raise CannotRestore(f"{self._path} was changed while it was read. Nothing was changed in the target")
            self._queue_entry(entry)
            self._show("sending", reader)
        return max(count, 0)

    def _queue_entry(self, entry: Entry) -> None:
        queue, value = self._queue, entry.value
        if 0 <= value.deadline <= self._now:
            self.expired += 1
            return
        self.restored += 1
        queue.select(entry.database)
        first = value.commands[0]
        if value.is_plain and first[0] == SET:
            if value.deadline < 0:
                queue.set(entry.key, first[2])
            else:
                queue.add([*first, PXAT, decimal(value.deadline)])
            return
        if self._mode == MERGE or not self._is_known:
            queue.add([b"DEL", entry.key])
        for words in value.commands:
            queue.add(words)
        if value.deadline >= 0:
            queue.add([PEXPIREAT, entry.key, decimal(value.deadline)])

    def _show(self, what: str, reader: BackupReader) -> None:
        self._progress.show(what, reader.bytes_done(), reader.bytes_total())


def refuse_error(reply: Reply) -> None:
    if isinstance(reply, ReplyError):
        raise CannotRestore(f"the target refused it: {reply}. Nothing was changed")


def elements(reply: Reply) -> list[Reply]:
    """Return what is in an array or a set."""
    if isinstance(reply, Set):
        return list(reply.members)
    return reply if isinstance(reply, list) else []


def text_of(reply: Reply) -> bytes:
    """Return a flag as it is named, which is a status or a text."""
    if isinstance(reply, Status):
        return reply.text
    return reply if isinstance(reply, bytes) else b""
