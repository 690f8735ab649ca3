"""Lists by both ends and by position. Knows what the arguments mean, not how values are kept.

How a container is read and changed, here as in every family of values with members:

    values = list_at(session.keys, key)              values = list_to_edit(session.keys, key)
    if values is None:                               if values is None:
        return 0                                         values = ListValue()
    return len(values)                               values.push_left(value)
                                                     session.keys.edited(key, values)
"""

from collections.abc import Iterator
from typing import Final

from kvik.commands.args import Args
from kvik.commands.dying import key_dying
from kvik.commands.family import Family
from kvik.commands.index_range import index_range
from kvik.declaration import ANY, DENYOOM, FAST, FIRST, READONLY, WRITE
from kvik.errors import ReplyError, no_such_key
from kvik.numbers import INTEGER_MIN
from kvik.replies import OK, Reply
from kvik.session import Session
from kvik.store.container import FREED_AT_ONCE_MAX, LIST
from kvik.store.list_value import ListValue, list_at, list_to_edit
from kvik.store.value import Value

family = Family("list")

# A command that makes a part of a list again has one row of values: fewer where they take more bytes than this.
REBUILT_BYTES_MAX: Final = 1 << 20


@family.rebuilds(LIST)
def rebuild(key: bytes, value: Value, deadline: int) -> Iterator[list[bytes]]:
    assert isinstance(value, ListValue)
    for row in value.rows():
        yield from commands_of_row(key, row)
    if deadline >= 0:
        yield key_dying(key, deadline)


def commands_of_row(key: bytes, row: list[bytes]) -> list[list[bytes]]:
    """Return the commands that put a row of values behind all others: several where they are large."""
    commands: list[list[bytes]] = []
    words = [b"RPUSH", key]
    size = 0
    for value in row:
        if size + len(value) > REBUILT_BYTES_MAX and size > 0:
            commands.append(words)
            words = [b"RPUSH", key]
            size = 0
        words.append(value)
        size += len(value)
    commands.append(words)
    return commands


# Pushing


@family.command(
    "LPUSH",
    args=(2, ANY),
    flags=WRITE | DENYOOM | FAST,
    keys=FIRST,
    summary="Puts values before all others of a list, one after the other; returns how long it is then.",
    syntax="key element [element ...]",
)
def lpush(session: Session, args: Args) -> Reply:
    key = args.key()
    values = list_to_edit(session.keys, key)
    return push_left(session, key, ListValue() if values is None else values, args)


@family.command(
    "RPUSH",
    args=(2, ANY),
    flags=WRITE | DENYOOM | FAST,
    keys=FIRST,
    summary="Puts values behind all others of a list; returns how long it is then.",
    syntax="key element [element ...]",
)
def rpush(session: Session, args: Args) -> Reply:
    key = args.key()
    values = list_to_edit(session.keys, key)
    return push_right(session, key, ListValue() if values is None else values, args)


@family.command(
    "LPUSHX",
    args=(2, ANY),
    flags=WRITE | DENYOOM | FAST,
    keys=FIRST,
    summary="Puts values before all others of a list, where there is one; returns how long it is then.",
    syntax="key element [element ...]",
    since="2.2.0",
    event="lpush",
)
def lpushx(session: Session, args: Args) -> Reply:
    key = args.key()
    values = list_to_edit(session.keys, key)
    return 0 if values is None else push_left(session, key, values, args)


@family.command(
    "RPUSHX",
    args=(2, ANY),
    flags=WRITE | DENYOOM | FAST,
    keys=FIRST,
    summary="Puts values behind all others of a list, where there is one; returns how long it is then.",
    syntax="key element [element ...]",
    since="2.2.0",
    event="rpush",
)
def rpushx(session: Session, args: Args) -> Reply:
    key = args.key()
    values = list_to_edit(session.keys, key)
    return 0 if values is None else push_right(session, key, values, args)


def push_left(session: Session, key: bytes, values: ListValue, args: Args) -> Reply:
    while args.more():
        values.push_left(args.next())
    session.keys.edited(key, values)
    return len(values)


def push_right(session: Session, key: bytes, values: ListValue, args: Args) -> Reply:
    while args.more():
        values.push_right(args.next())
    session.keys.edited(key, values)
    return len(values)


# Reading


@family.command(
    "LLEN",
    args=(1, 1),
    flags=READONLY | FAST,
    keys=FIRST,
    summary="Returns how many values a list has.",
    syntax="key",
)
def llen(session: Session, args: Args) -> Reply:
    values = list_at(session.keys, args.key())
    return 0 if values is None else len(values)


@family.command(
    "LRANGE",
    args=(3, 3),
    flags=READONLY,
    keys=FIRST,
    summary="Returns the values of a list from one position to another; negative ones count from the end.",
    syntax="key start stop",
)
def lrange(session: Session, args: Args) -> Reply:
    key = args.key()
    start = args.integer()
    stop = args.integer()
    values = list_at(session.keys, key)
    if values is None:
        return []
    start, end = index_range(start, stop, len(values))
    return values.slice(start, end) if start < end else []


@family.command(
    "LINDEX",
    args=(2, 2),
    flags=READONLY,
    keys=FIRST,
    summary="Returns the value at a position of a list, null where there is none.",
    syntax="key index",
)
def lindex(session: Session, args: Args) -> Reply:
    values = list_at(session.keys, args.key())
    if values is None:
        return None
    position = position_in(values, args.integer())
    return None if position < 0 else values.get(position)


def position_in(values: ListValue, index: int) -> int:
    """Return the position an index stands for, negative ones from the end; -1 where there is none."""
    position = index if index >= 0 else index + len(values)
    return position if 0 <= position < len(values) else -1


class Search:
    """What LPOS was asked besides the value."""

    def __init__(self) -> None:
        self.rank = 1
        self.count = -1
        self.compared_max = 0

    def read(self, args: Args) -> None:
        """Read all options. As in Redis, one may be said again: the last counts."""
        while args.more():
            if args.option(b"RANK"):
                self.rank = args.integer()
                if self.rank == 0:
                    raise rank_of_zero()
                if self.rank == INTEGER_MIN:
                    # In Redis its opposite overflows: every match from the end counts.
                    self.rank = -1
            elif args.option(b"COUNT"):
                self.count = args.at_least(0, "COUNT can't be negative")
            elif args.option(b"MAXLEN"):
                self.compared_max = args.at_least(0, "MAXLEN can't be negative")
            else:
                args.end()


def rank_of_zero() -> ReplyError:
    return ReplyError(
        "ERR",
        "RANK can't be zero: use 1 to start from the first match, 2 from the second"
        " ... or use negative to start from the end of the list",
    )


@family.command(
    "LPOS",
    args=(2, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns the position of a value in a list, null where it is not there; with COUNT all, or so many.",
    syntax="key element [RANK rank] [COUNT num-matches] [MAXLEN len]",
    since="6.0.6",
)
def lpos(session: Session, args: Args) -> Reply:
    key = args.key()
    wanted = args.next()
    search = Search()
    search.read(args)
    values = list_at(session.keys, key)
    found: list[int] = []
    if values is not None:
        found = values.find_all(wanted, search.rank, 1 if search.count < 0 else search.count, search.compared_max)
    if search.count >= 0:
        return found
    return found[0] if found else None


# Changing by position and by value


@family.command(
    "LSET",
    args=(3, 3),
    flags=WRITE | DENYOOM,
    keys=FIRST,
    summary="Replaces the value at a position of a list.",
    syntax="key index element",
)
def lset(session: Session, args: Args) -> Reply:
    key = args.key()
    values = list_to_edit(session.keys, key)
    if values is None:
        raise no_such_key()
    position = position_in(values, args.integer())
    if position < 0:
        raise ReplyError("ERR", "index out of range")
    values.set(position, args.next())
    session.keys.edited(key, values)
    return OK


@family.command(
    "LINSERT",
    args=(4, 4),
    flags=WRITE | DENYOOM,
    keys=FIRST,
    summary="Puts a value before or after another one; returns how long the list is then, -1 where that is not there.",
    syntax="key <BEFORE | AFTER> pivot element",
    since="2.2.0",
)
def linsert(session: Session, args: Args) -> Reply:
    key = args.key()
    is_before = args.either(b"BEFORE", b"AFTER")
    pivot = args.next()
    values = list_to_edit(session.keys, key)
    if values is None:
        return 0
    position = values.find(pivot)
    if position < 0:
        return -1
    values.insert(position if is_before else position + 1, args.next())
    session.keys.edited(key, values)
    return len(values)


@family.command(
    "LREM",
    args=(3, 3),
    flags=WRITE,
    keys=FIRST,
    summary="Removes a value so many times (negative: from the end, 0: always); returns how often it was removed.",
    syntax="key count element",
)
def lrem(session: Session, args: Args) -> Reply:
    key = args.key()
    count = args.integer()
    values = list_to_edit(session.keys, key)
    if values is None:
        return 0
    removed = values.remove(args.next(), abs(count), count < 0)
    if removed > 0:
        session.keys.edited(key, values)
    return removed


@family.command(
    "LTRIM",
    args=(3, 3),
    flags=WRITE,
    keys=FIRST,
    summary="Keeps the values of a list from one position to another and removes the others.",
    syntax="key start stop",
)
def ltrim(session: Session, args: Args) -> Reply:
    key = args.key()
    start = args.integer()
    stop = args.integer()
    values = list_to_edit(session.keys, key)
    if values is None:
        return OK
    start, end = index_range(start, stop, len(values))
    if start >= end:
        session.keys.remove(key)
        return OK
    if len(values) - (end - start) <= FREED_AT_ONCE_MAX:
        keep(values, start, end)
        session.keys.edited(key, values)
    else:
        # The list is exchanged for a copy, which shares what stays: so what goes is freed in slices.
        kept = values.copy()
        keep(kept, start, end)
        session.keys.replace(key, kept)
    return OK


def keep(values: ListValue, start: int, end: int) -> None:
    """Take everything outside a range away."""
    if end < len(values):
        values.delete(end, len(values) - end)
    if start > 0:
        values.delete(0, start)
