"""SAVE, BGSAVE, LASTSAVE, BGREWRITEAOF, WAITAOF: what is on disk, and when. Knows no file.

A save and a rewrite of the journal are one thing here: the data of one moment is written whole, while
everybody else goes on.
"""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.declaration import (
    ADMIN,
    ADMINISTRATIVE,
    ANY,
    BLOCKING,
    DANGEROUS,
    FAST,
    LOADING,
    NO_ASYNC_LOADING,
    NO_MULTI,
    NOSCRIPT,
    STALE,
)
from kvik.errors import ReplyError, syntax_error
from kvik.numbers import INTEGER_MAX, parse_integer
from kvik.replies import OK, Reply, Status, WaitForDisk
from kvik.session import Session

family = Family("server")
generic = Family("generic")

SAVING: Final = ADMIN | NOSCRIPT | NO_ASYNC_LOADING
SAVE_IS_RUNNING: Final = "Background save already in progress"


@family.command("SAVE", args=(0, 0), flags=SAVING | NO_MULTI, summary="Writes all data to disk; the caller waits.")
def save(session: Session, args: Args) -> Reply:
    """Unlike in Redis only the caller waits. One that is running is not waited for, as in Redis."""
    persistence = session.services.persistence
    waiting = session.wait
    if not isinstance(waiting, WaitForDisk):
        check_is_kept(session)
        if not persistence.begin_rewrite():
            raise ReplyError("ERR", SAVE_IS_RUNNING)
        return WaitForDisk(persistence.rewrites + 1)
    if persistence.rewrites < waiting.target:
        return waiting
    if persistence.rewrite_error:
        raise ReplyError("ERR", f"The data could not be saved: {persistence.rewrite_error}")
    return OK


@family.command(
    "BGSAVE",
    args=(0, ANY),
    flags=SAVING,
    summary="Writes the whole data to disk in the background.",
    syntax="[SCHEDULE]",
)
def bgsave(session: Session, args: Args) -> Reply:
    """As Redis 7, where the save that is running is the rewrite of the journal: SCHEDULE has another one follow."""
    is_scheduled = args.more()
    if is_scheduled and (args.left() > 1 or not args.option(b"SCHEDULE")):
        raise syntax_error()
    check_is_kept(session)
    persistence = session.services.persistence
    if persistence.begin_rewrite():
        return Status(b"Background saving started" if session.may_wait else b"Background saving scheduled")
    if not is_scheduled:
        raise ReplyError("ERR", SAVE_IS_RUNNING)
    persistence.schedule_rewrite()
    return Status(b"Background saving scheduled")


def check_is_kept(session: Session) -> None:
    if not session.services.persistence.is_kept():
        raise ReplyError("ERR", "The data is in memory only: a server that was started with a directory can save it")


@family.command(
    "LASTSAVE",
    args=(0, 0),
    flags=LOADING | STALE | FAST | ADMINISTRATIVE | DANGEROUS,
    summary="Returns the Unix time at which the whole data was last written to disk.",
)
def lastsave(session: Session, args: Args) -> Reply:
    return session.services.persistence.last_save


@family.command("BGREWRITEAOF", args=(0, 0), flags=SAVING, summary="Compacts the journal in the background.")
def bgrewriteaof(session: Session, args: Args) -> Reply:
    persistence = session.services.persistence
    if not persistence.is_kept():
        raise ReplyError(
            "ERR",
            "Can't execute an AOF background rewriting. Please check the server logs for more information.",
        )
    if not persistence.begin_rewrite():
        raise ReplyError("ERR", "Background append only file rewriting already in progress")
    if session.may_wait:
        return Status(b"Background append only file rewriting started")
    return Status(b"Background append only file rewriting scheduled")


@generic.command(
    "WAITAOF",
    args=(3, 3),
    flags=BLOCKING,
    summary="Waits until everything this caller has written is on disk, here and at so many replicas.",
    syntax="numlocal numreplicas timeout",
    since="7.2.0",
)
def waitaof(session: Session, args: Args) -> Reply:
    """As Redis 7.2: answers how many disks have it, here and elsewhere, also when the time is over.

    With `appendfsync no` a sync is begun for it.
    """
    local, replicas = local_argument(args), args.at_least(0, "value is out of range, must be positive")
    deadline = deadline_argument(session, args)
    persistence = session.services.persistence
    if local > 0 and not persistence.is_kept():
        raise ReplyError("ERR", "WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
    here = int(persistence.is_kept() and persistence.durable_sequence() >= session.last_write)
    reply: Reply = [here, 0]
    if (here >= local and replicas == 0) or not session.may_wait:
        return reply
    persistence.want_sync()
    return WaitForDisk(session.last_write, deadline, reply)


def local_argument(args: Args) -> int:
    number = args.integer()
    if number not in (0, 1):
        raise ReplyError("ERR", "value is out of range, value must between 0 and 1")
    return number


def deadline_argument(session: Session, args: Args) -> int:
    """Return when the wait ends, in wall-clock milliseconds; 0: never."""
    milliseconds = parse_integer(args.next())
    if milliseconds is None:
        raise ReplyError("ERR", "timeout is not an integer or out of range")
    if milliseconds < 0:
        raise ReplyError("ERR", "timeout is negative")
    now = session.services.clock.now
    if milliseconds > INTEGER_MAX - now:
        raise ReplyError("ERR", "timeout is out of range")
    return now + milliseconds if milliseconds > 0 else 0
