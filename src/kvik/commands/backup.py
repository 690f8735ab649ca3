"""BACKUP and SNAPSHOT: the data of one moment, as a file of the server's or item by item. Knows no file."""

from typing import Final

from kvik.backup.reading import READINGS_MAX, SnapshotReading
from kvik.clock import shown_second
from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.help_text import help_text
from kvik.declaration import ADMIN, ANY, LOADING, NO_ASYNC_LOADING, NO_MULTI, NOSCRIPT, STALE
from kvik.errors import ReplyError, syntax_error
from kvik.journal.manifest import PART
from kvik.replies import Map, Reply, WaitForDisk
from kvik.session import Session

family = Family("server")

SAVING: Final = ADMIN | NOSCRIPT | NO_ASYNC_LOADING | NO_MULTI
ANYTIME: Final = LOADING | STALE
NAME_BYTES_MAX: Final = 200
READ_BYTES: Final = 256 << 10
READ_BYTES_MAX: Final = 16 << 20
READ_MS: Final = 1.0
"""How long one SNAPSHOT READ holds everybody up."""
SPACE: Final = 32
DELETE: Final = 127


@family.command(
    "BACKUP",
    args=(0, 1),
    flags=SAVING,
    summary="Writes all data to a JSON file in the data directory, and returns its name; the caller waits.",
    syntax="[name]",
    since="kvik",
)
def backup(session: Session, args: Args) -> Reply:
    """The file is in the folder `backups`. An earlier backup of that name is replaced, anything else is not."""
    persistence = session.services.persistence
    waiting = session.wait
    if not isinstance(waiting, WaitForDisk):
        if not persistence.is_kept():
            raise ReplyError("ERR", "There is no directory to write to: kvik backup reads the data over the network")
        is_new = not args.more()
        name = default_name(session.services.clock.now) if is_new else checked_name(args.next())
        if not persistence.begin_backup(name, is_new):
            raise ReplyError("ERR", "A backup is already in progress")
        return WaitForDisk(persistence.backups_ended() + 1)
    if persistence.backups_ended() < waiting.target:
        return waiting
    file, error = persistence.last_backup()
    if error:
        raise ReplyError("ERR", f"The backup could not be written: {error}")
    return file.encode("utf-8", "surrogateescape")


def default_name(now: int) -> str:
    return f"kvik-backup-{shown_second(now)}.json"


def checked_name(word: bytes) -> str:
    """Return the name of a file, which is no path and nothing hidden."""
    try:
        name = word.decode("utf-8")
    except UnicodeDecodeError:
        name = ""
    has_strange = any(ord(letter) < SPACE or ord(letter) == DELETE or letter in "/\\" for letter in name)
    if not name or len(word) > NAME_BYTES_MAX or has_strange or name[0] == "." or name.endswith(PART):
        raise ReplyError("ERR", "The name of a backup is a plain file name, such as monday.json")
    return name


@family.command(
    "SNAPSHOT",
    args=(1, ANY),
    flags=SAVING,
    summary="A container for commands that read the whole data of one moment.",
    since="kvik",
)
def snapshot(session: Session, args: Args) -> Reply:
    raise syntax_error()


@family.command(
    "SNAPSHOT OPEN",
    args=(0, 0),
    flags=SAVING,
    summary="Opens a snapshot of all databases for this connection; returns its moment and how many keys it has.",
    since="kvik",
)
def snapshot_open(session: Session, args: Args) -> Reply:
    readings = session.services.readings
    readings.close(session.id)
    if not readings.has_room():
        raise ReplyError("ERR", f"{READINGS_MAX} snapshots are open already")
    opened = readings.open(session.id, session.services).snapshot
    return Map([(b"moment", opened.moment), (b"keys", opened.keys_total)])


@family.command(
    "SNAPSHOT READ",
    args=(0, 2),
    flags=SAVING,
    summary="Returns whether there is more, and items: database, key, and a command that rebuilds it or part of it.",
    syntax="[BYTES bytes]",
    since="kvik",
)
def snapshot_read(session: Session, args: Args) -> Reply:
    """The items of a key follow each other. Where there is no more, the snapshot is closed."""
    size = READ_BYTES
    if args.more():
        if not args.option(b"BYTES"):
            raise syntax_error()
        size = args.integer()
        if not 0 < size <= READ_BYTES_MAX:
            raise ReplyError("ERR", f"bytes must be from 1 to {READ_BYTES_MAX}")
    reading = reading_of(session)
    items = reading.read(size, session.services.clock.monotonic() + READ_MS / 1000)
    is_over = reading.is_over()
    if is_over:
        session.services.readings.close(session.id)
    return [int(not is_over), items]


def reading_of(session: Session) -> SnapshotReading:
    readings = session.services.readings
    reading = readings.find(session.id)
    if reading is None:
        raise ReplyError("ERR", "No snapshot is open on this connection: SNAPSHOT OPEN opens one")
    complaint = reading.complaint
    if complaint:
        readings.close(session.id)
        raise ReplyError("ERR", f"The snapshot was given up: {complaint}")
    return reading


@family.command(
    "SNAPSHOT CLOSE",
    args=(0, 0),
    flags=SAVING,
    summary="Closes the snapshot of this connection; returns 1 if there was one, else 0.",
    since="kvik",
)
def snapshot_close(session: Session, args: Args) -> Reply:
    return int(session.services.readings.close(session.id))


@family.command("SNAPSHOT HELP", args=(0, 0), flags=ANYTIME, summary="Prints this help.", since="kvik")
def snapshot_help(session: Session, args: Args) -> Reply:
    return help_text(session, "SNAPSHOT")
