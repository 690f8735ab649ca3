"""MULTI, EXEC, DISCARD, WATCH, UNWATCH: several requests as one."""

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.declaration import ALL, ALLOW_BUSY, ANY, COMPOSITE, FAST, IMMEDIATE, LOADING, NOSCRIPT, SKIP_SLOWLOG, STALE
from kvik.errors import ReplyError
from kvik.replies import NULL_ARRAY, OK, Reply
from kvik.session import Session

family = Family("transactions")

ANYTIME = NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY


@family.command("MULTI", args=(0, 0), flags=ANYTIME | IMMEDIATE, summary="Starts a transaction.", since="1.2.0")
def multi(session: Session, args: Args) -> Reply:
    if session.queue is not None:
        raise ReplyError("ERR", "MULTI calls can not be nested")
    session.begin_transaction()
    return OK


@family.command(
    "EXEC",
    args=(0, 0),
    flags=NOSCRIPT | LOADING | STALE | SKIP_SLOWLOG | IMMEDIATE | COMPOSITE,
    summary="Executes all commands in a transaction.",
    since="1.2.0",
)
def execute(session: Session, args: Args) -> Reply:
    queue = session.queue
    if queue is None:
        raise ReplyError("ERR", "EXEC without MULTI")
    is_doomed = session.is_doomed
    is_dirty = has_watched_change(session)
    session.end_transaction()
    if is_doomed:
        raise ReplyError("EXECABORT", "Transaction discarded because of previous errors.")
    if is_dirty:
        return NULL_ARRAY
    return session.services.run_all(session, queue)


def has_watched_change(session: Session) -> bool:
    """Return whether a watched key has changed; one whose deadline has passed meanwhile has."""
    for number, key in session.watching:
        session.services.databases.spaces[number].contains(key)
    return session.is_dirty


@family.command("DISCARD", args=(0, 0), flags=ANYTIME | IMMEDIATE, summary="Discards a transaction.", since="2.0.0")
def discard(session: Session, args: Args) -> Reply:
    if session.queue is None:
        raise ReplyError("ERR", "DISCARD without MULTI")
    session.end_transaction()
    return OK


@family.command(
    "WATCH",
    args=(1, ANY),
    flags=ANYTIME | IMMEDIATE,
    keys=ALL,
    summary="Monitors changes to keys to determine the execution of a transaction.",
    syntax="key [key ...]",
    since="2.2.0",
)
def watch(session: Session, args: Args) -> Reply:
    if session.queue is not None:
        raise ReplyError("ERR", "WATCH inside MULTI is not allowed")
    for key in args.rest():
        session.services.watch(session, key)
    return OK


@family.command(
    "UNWATCH", args=(0, 0), flags=ANYTIME, summary="Forgets about watched keys of a transaction.", since="2.2.0"
)
def unwatch(session: Session, args: Args) -> Reply:
    session.services.unwatch(session)
    return OK
