"""Commands on keys whatever they hold: is it there, what is it, remove, rename, copy, move."""

from kvik.commands.args import Args
from kvik.commands.database_argument import database_argument
from kvik.commands.family import Family
from kvik.declaration import ALL, ANY, DENYOOM, FAST, FIRST, FIRST_TWO, READONLY, WRITE
from kvik.errors import ReplyError, no_such_key, syntax_error
from kvik.events import GENERIC
from kvik.replies import OK, Reply, Status
from kvik.session import Session
from kvik.store.value import KIND_NAMES, kind_of

family = Family("generic")


@family.command(
    "DEL", args=(1, ANY), flags=WRITE, keys=ALL, summary="Deletes one or more keys.", syntax="key [key ...]"
)
def delete(session: Session, args: Args) -> Reply:
    return remove_all(session, args)


@family.command(
    "UNLINK",
    args=(1, ANY),
    flags=WRITE | FAST,
    keys=ALL,
    summary="Deletes one or more keys; what they held is freed later where it is large.",
    syntax="key [key ...]",
    since="4.0.0",
    event="del",
)
def unlink(session: Session, args: Args) -> Reply:
    return remove_all(session, args)


def remove_all(session: Session, args: Args) -> Reply:
    removed = 0
    for key in args.rest():
        if session.keys.remove(key):
            removed += 1
    return removed


@family.command(
    "EXISTS",
    args=(1, ANY),
    flags=READONLY | FAST,
    keys=ALL,
    summary="Determines whether one or more keys exist; a key named twice counts twice.",
    syntax="key [key ...]",
)
def exists(session: Session, args: Args) -> Reply:
    return sum([session.keys.look(key) is not None for key in args.rest()])


@family.command(
    "TOUCH",
    args=(1, ANY),
    flags=READONLY | FAST,
    keys=ALL,
    summary="Alters the last access time of keys; returns how many of them exist.",
    syntax="key [key ...]",
    since="3.2.1",
)
def touch(session: Session, args: Args) -> Reply:
    return sum([session.keys.read(key) is not None for key in args.rest()])


@family.command(
    "TYPE", args=(1, 1), flags=READONLY | FAST, keys=FIRST, summary="Determines the type of a value.", syntax="key"
)
def type_(session: Session, args: Args) -> Reply:
    value = session.keys.look(args.key())
    return Status(b"none" if value is None else KIND_NAMES[kind_of(value)])


@family.command(
    "RENAME",
    args=(2, 2),
    flags=WRITE,
    keys=FIRST_TWO,
    summary="Renames a key and overwrites the destination.",
    syntax="key newkey",
)
def rename(session: Session, args: Args) -> Reply:
    key, destination = args.key(), args.key()
    if not session.keys.contains(key):
        raise no_such_key()
    give_name(session, key, destination)
    return OK


@family.command(
    "RENAMENX",
    args=(2, 2),
    flags=WRITE | FAST,
    keys=FIRST_TWO,
    summary="Renames a key only where the destination does not exist.",
    syntax="key newkey",
)
def renamenx(session: Session, args: Args) -> Reply:
    key, destination = args.key(), args.key()
    if not session.keys.contains(key):
        raise no_such_key()
    if session.keys.contains(destination):
        return 0
    give_name(session, key, destination)
    return 1


def give_name(session: Session, key: bytes, destination: bytes) -> None:
    if key != destination:
        session.keys.rename(key, destination)
        session.event(GENERIC, b"rename_from", key)
        session.event(GENERIC, b"rename_to", destination)


@family.command(
    "COPY",
    args=(2, ANY),
    flags=WRITE | DENYOOM,
    keys=FIRST_TWO,
    summary="Copies the value of a key, and its time to live, to another key.",
    syntax="source destination [DB destination-db] [REPLACE]",
    since="6.2.0",
)
def copy(session: Session, args: Args) -> Reply:
    source, destination = args.key(), args.key()
    space = session.keys
    replaces = False
    while args.more():
        if args.option(b"REPLACE"):
            replaces = True
        elif args.left() > 1 and args.option(b"DB"):
            space = database_argument(session, args)
        else:
            raise syntax_error()
    if space is session.keys and source == destination:
        raise same_objects()
    if session.keys.read(source) is None or (space.contains(destination) and not replaces):
        return 0
    session.keys.copy(source, space, destination)
    session.event(GENERIC, b"copy_to", destination, space)
    return 1


@family.command(
    "MOVE",
    args=(2, 2),
    flags=WRITE | FAST,
    keys=FIRST,
    summary="Moves a key to another database where it does not exist yet.",
    syntax="key db",
)
def move(session: Session, args: Args) -> Reply:
    key = args.key()
    space = database_argument(session, args)
    if space is session.keys:
        raise same_objects()
    if not session.keys.contains(key) or space.contains(key):
        return 0
    session.keys.move(key, space)
    session.event(GENERIC, b"move_from", key)
    session.event(GENERIC, b"move_to", key, space)
    return 1


def same_objects() -> ReplyError:
    return ReplyError("ERR", "source and destination objects are the same")
