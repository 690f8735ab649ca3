"""Parts of strings: appending, measuring, cutting out, overwriting."""

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.declaration import DENYOOM, FAST, FIRST, READONLY, WRITE
from kvik.errors import ReplyError
from kvik.replies import Reply
from kvik.session import Session
from kvik.store.keyspace import Keyspace
from kvik.store.value import as_bytes

family = Family("string")


def string_to_change(keys: Keyspace, key: bytes) -> bytes | None:
    """Return the string at `key` without counting a hit. Raises WRONGTYPE for another kind."""
    value = keys.find(key)
    return None if value is None else as_bytes(value)


def check_length(session: Session, length: int) -> None:
    """Refuse a string that would be longer than any may be, before it is made."""
    if length > session.services.settings.proto_max_bulk_len:
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
    before = string_to_change(session.keys, key)
    if before is None:
        session.keys.put(key, addition)
        return len(addition)
    length = len(before) + len(addition)
    check_length(session, length)
    session.keys.replace(key, before + addition)
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
    value = session.keys.string(args.key())
    return 0 if value is None else len(value)


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
    value = session.keys.string(key)
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


def part(value: bytes, start: int, end: int) -> bytes:
    """Return the bytes from `start` to `end`, both included; negative positions count from the end."""
    if end < start < 0:
        return b""
    length = len(value)
    first = start if start >= 0 else max(length + start, 0)
    last = end if end >= 0 else max(length + end, 0)
    # Compiled code raises SystemError for a slice of bytes that ends before it starts (mypyc 2.4).
    return value[first : last + 1] if first <= last else b""


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
    before = string_to_change(session.keys, key) or b""
    if not patch:
        return len(before)
    end = offset + len(patch)
    check_length(session, end)
    gap = bytes(max(offset - len(before), 0))
    after = b"".join((before[:offset], gap, patch, before[end:]))
    session.keys.replace(key, after)
    return len(after)
