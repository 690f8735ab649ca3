"""Commands on whole databases: choose one, count, empty and exchange them, and how to make one again."""

from kvik.commands.args import Args
from kvik.commands.database_argument import database_argument, database_numbered, exchanged_number
from kvik.commands.family import Family
from kvik.declaration import ANY, DANGEROUS, FAST, LOADING, READONLY, STALE, WRITE
from kvik.errors import syntax_error
from kvik.replies import OK, CommandLines, Reply
from kvik.session import Session

family = Family("server")
selection = Family("connection")


@selection.command(
    "SELECT",
    args=(1, 1),
    flags=LOADING | STALE | FAST,
    summary="Changes the selected database of this connection.",
    syntax="index",
)
def select(session: Session, args: Args) -> Reply:
    session.select(database_argument(session, args).number)
    return OK


@family.command(
    "SWAPDB",
    args=(2, 2),
    flags=WRITE | FAST | DANGEROUS,
    summary="Exchanges the content of two databases.",
    syntax="index1 index2",
    since="4.0.0",
)
def swapdb(session: Session, args: Args) -> Reply:
    first = exchanged_number(args, "first")
    second = exchanged_number(args, "second")
    database_numbered(session, first).swap_with(database_numbered(session, second))
    return OK


@family.command(
    "DBSIZE", args=(0, 0), flags=READONLY | FAST, summary="Returns the number of keys in the selected database."
)
def dbsize(session: Session, args: Args) -> Reply:
    return len(session.keys)


@family.command(
    "COUNT",
    args=(0, 0),
    flags=READONLY | FAST,
    summary="Returns the number of keys in the selected database, as DBSIZE does.",
    since="kvik",
)
def count(session: Session, args: Args) -> Reply:
    return len(session.keys)


@family.command(
    "FLUSHDB",
    args=(0, ANY),
    flags=WRITE | DANGEROUS,
    summary="Removes all keys from the selected database; the memory is freed later.",
    syntax="[ASYNC | SYNC]",
)
def flushdb(session: Session, args: Args) -> Reply:
    read_flush_mode(args)
    session.keys.clear()
    return OK


@family.command(
    "FLUSHALL",
    args=(0, ANY),
    flags=WRITE | DANGEROUS,
    summary="Removes all keys from all databases; the memory is freed later.",
    syntax="[ASYNC | SYNC]",
)
def flushall(session: Session, args: Args) -> Reply:
    read_flush_mode(args)
    session.services.databases.clear()
    return OK


def read_flush_mode(args: Args) -> None:
    """Read ASYNC or SYNC, which mean the same here: the keys go at once, their memory in slices."""
    if args.more() and not args.option(b"ASYNC") and not args.option(b"SYNC"):
        raise syntax_error()
    args.end()


@family.command("CLEAN", args=(0, 0), flags=WRITE, summary="Removes all keys from the selected database.", since="kvik")
def clean(session: Session, args: Args) -> Reply:
    session.keys.clear()
    return OK


@family.command(
    "COMPACT",
    args=(0, 0),
    flags=READONLY,
    summary="Returns the shortest list of commands that makes the selected database again.",
    since="kvik",
)
def compact(session: Session, args: Args) -> Reply:
    return CommandLines(list(session.services.rebuild(session.keys)))
