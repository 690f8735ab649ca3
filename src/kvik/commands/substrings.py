"""Parts of strings: appending, measuring, cutting out, overwriting."""

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.declaration import DENYOOM, FAST, FIRST, READONLY, WRITE
from kvik.errors import ReplyError
from kvik.replies import Reply
from kvik.session import Session
from kvik.store import string_edit
from kvik.store.value import Value, length_of, part_of

family = Family("string")


def check_length(session: Session, length: int) -> None:
    """Refuse a string that would be longer than any may be, before it is made. What is replayed has been made once."""
    if length > session.services.settings.proto_max_bulk_len and not session.is_replay:
        raise ReplyError("ERR", "string exceeds maximum allowed size (proto-max-bulk-len)")


@family.command(
    "APPEND",
    args=(2, 2),
    flags=WRITE | DENYOOM | FAST,
    keys=FIRST,
    summary="Appends to the string at a key, which is created where there is none; returns the new length.",
    syntax="key value",
    since="2.0.0",
)
def append(session: Session, args: Args) -> Reply:
    key = args.key()
    addition = args.next()
    before = session.keys.edit(key)
    if before is None:
        session.keys.put(key, addition)
        return len(addition)
    length = length_of(before) + len(addition)
    check_length(session, length)
    string_edit.append(session.keys, key, before, addition)
    return length


@family.command(
    "STRLEN",
    args=(1, 1),
    flags=READONLY | FAST,
    keys=FIRST,
    summary="Returns the length of the string at a key in bytes, 0 where there is none.",
    syntax="key",
    since="2.2.0",
)
def strlen(session: Session, args: Args) -> Reply:
    value = session.keys.read(args.key())
    return 0 if value is None else length_of(value)


@family.command(
    "GETRANGE",
    args=(3, 3),
    flags=READONLY,
    keys=FIRST,
    summary="Returns the bytes of a string from one position to another, both included; -1 is the last.",
    syntax="key start end",
    since="2.4.0",
)
def getrange(session: Session, args: Args) -> Reply:
    key = args.key()
    start = args.integer()
    end = args.integer()
    value = session.keys.read(key)
    return b"" if value is None else part(value, start, end)


@family.command(
    "SUBSTR",
    args=(3, 3),
    flags=READONLY,
    keys=FIRST,
    summary="Returns the bytes of a string from one position to another: the old name of GETRANGE.",
    syntax="key start end",
)
def substr(session: Session, args: Args) -> Reply:
    return getrange(session, args)


def part(value: Value, start: int, end: int) -> bytes:
    """Return the bytes from `start` to `end`, both included; negative positions count from the end."""
    length = length_of(value)
    if end < start < 0:
        return b""
    first = start if start >= 0 else max(length + start, 0)
    last = end if end >= 0 else max(length + end, 0)
    # Compiled code raises SystemError for a slice of bytes that ends before it starts (mypyc 2.4).
    return part_of(value, first, last + 1) if first <= last else b""


@family.command(
    "SETRANGE",
    args=(3, 3),
    flags=WRITE | DENYOOM,
    keys=FIRST,
    summary="Overwrites a part of the string at a key, filling up with zero bytes; returns the new length.",
    syntax="key offset value",
    since="2.2.0",
)
def setrange(session: Session, args: Args) -> Reply:
    key = args.key()
    offset = args.integer()
    patch = args.next()
    if offset < 0:
        raise ReplyError("ERR", "offset is out of range")
    before = session.keys.edit(key)
    length = 0 if before is None else length_of(before)
    if not patch:
        return length
    end = offset + len(patch)
    check_length(session, end)
    string_edit.overwrite(session.keys, key, before, offset, patch)
    return max(length, end)
