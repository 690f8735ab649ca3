"""Streams: entries by ID. Knows what commands say of them, neither how they are kept nor groups of consumers."""

from typing import Final

from mypy_extensions import mypyc_attr

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.stream_arguments import (
    ALL_ENTRIES,
    count_argument,
    end_of,
    id_of,
    ids_of,
    invalid_id,
    rows_of,
    start_of,
)
from kvik.commands.stream_trimming import TrimmingArguments
from kvik.declaration import ANY, DENYOOM, FAST, FIRST, READONLY, WRITE
from kvik.errors import ReplyError, no_such_key, syntax_error, wrong_arity
from kvik.events import STREAM as STREAM_EVENT
from kvik.numbers import INTEGER_MAX
from kvik.replies import NULL_ARRAY, OK, Reply
from kvik.session import Session
from kvik.store.stream import StreamValue, Trimming, stream_at, stream_to_edit
from kvik.store.stream_id import HIGHEST, LOWEST, NUMBER_MAX, StreamId, parse_unsigned

family = Family("stream")


@mypyc_attr(acyclic=True, free_list_len=1)
class Addition:
    """What XADD is asked: the ID is to be `exact`, or of the milliseconds `ms`, or, where that is -1, of the clock."""

    def __init__(self, args: Args, is_replay: bool) -> None:
        self.key: Final = args.key()
        self.makes_stream = True
        self.ms = -1
        self.trimming: Trimming | None = None
        self.exact: Final = None if args.option(b"*") else self._read_options(args, is_replay)
        self.fields: Final = args.rest()
        if len(self.fields) < 2 or len(self.fields) % 2:
            raise wrong_arity("xadd")
        if self.exact is not None and self.exact.is_zero():
            raise ReplyError("ERR", "The ID specified in XADD must be greater than 0-0")

    def is_told_as_it_is(self) -> bool:
        """Return whether the request, run again, does the same at any time."""
        return self.exact is not None and (self.trimming is None or not self.trimming.is_rough)

    def new_id(self, last: StreamId, now: int) -> StreamId | None:
        """Return the ID behind `last` at a moment; None where it would not be higher."""
        if self.exact is not None:
            return self.exact if last.is_before(self.exact) else None
        ms = now if self.ms < 0 else self.ms
        if ms > last.ms:
            return StreamId(ms, 0)
        if self.ms < 0:
            return last.following()
        return StreamId(ms, last.seq + 1) if ms == last.ms and last.seq < NUMBER_MAX else None

    def _read_options(self, args: Args, is_replay: bool) -> StreamId | None:
        """Read up to the ID; return it where it is exact."""
        trimming = TrimmingArguments(is_replay)
        exact: StreamId | None = None
        while args.more() and not args.option(b"*"):
            if not trimming.take(args):
                if not args.option(b"NOMKSTREAM"):
                    exact = self._read_id(args.next())
                    break
                self.makes_stream = False
        self.trimming = trimming.result()
        return exact

    def _read_id(self, word: bytes) -> StreamId | None:
        if word[-2:] != b"-*":
            return id_of(word)
        ms = parse_unsigned(word[:-2])
        if ms is None:
            raise invalid_id()
        self.ms = ms
        return None


@family.command(
    "XADD",
    args=(4, ANY),
    flags=WRITE | DENYOOM | FAST,
    keys=FIRST,
    summary="Adds an entry of fields and values to a stream and returns its ID, `*` for one of the clock.",
    syntax="key [NOMKSTREAM] [<MAXLEN | MINID> [= | ~] threshold [LIMIT count]] <* | id> field value [field value ...]",
    since="5.0.0",
)
def xadd(session: Session, args: Args) -> Reply:
    asked = Addition(args, session.is_replay)
    stream = stream_to_edit(session.keys, asked.key)
    if stream is None:
        if not asked.makes_stream:
            return None
        stream = StreamValue()
    if stream.last.equals(HIGHEST):
        raise ReplyError("ERR", "The stream has exhausted the last possible ID, unable to add more items")
    entry_id = asked.new_id(stream.last, session.services.clock.now)
    if entry_id is None:
        raise ReplyError("ERR", "The ID specified in XADD is equal or smaller than the target stream top item")
    stream.append(entry_id, asked.fields)
    removed = 0 if asked.trimming is None else stream.trim(asked.trimming)
    session.keys.edited(asked.key, stream)
    text = entry_id.text()
    if removed:
        session.event(STREAM_EVENT, b"xadd", asked.key)
        session.event(STREAM_EVENT, b"xtrim", asked.key)
    if not asked.is_told_as_it_is():
        told = [b"XADD", asked.key, text]
        if removed:
            told = [b"XADD", asked.key, b"MAXLEN", b"=", b"%d" % len(stream), text]
        session.effect(told + asked.fields)
    return text


@family.command(
    "XLEN",
    args=(1, 1),
    flags=READONLY | FAST,
    keys=FIRST,
    summary="Returns how many entries a stream has.",
    syntax="key",
    since="5.0.0",
)
def xlen(session: Session, args: Args) -> Reply:
    stream = stream_at(session.keys, args.key())
    return 0 if stream is None else len(stream)


# Ranges


@family.command(
    "XRANGE",
    args=(3, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns the entries of a stream from one ID to another; `-` and `+` are the ends, `(` leaves one out.",
    syntax="key start end [COUNT count]",
    since="5.0.0",
)
def xrange(session: Session, args: Args) -> Reply:
    key = args.key()
    start = start_of(args.next())
    return in_range(session, key, start, end_of(args.next()), count_option(args), False)


@family.command(
    "XREVRANGE",
    args=(3, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="As XRANGE, from the end to the start.",
    syntax="key end start [COUNT count]",
    since="5.0.0",
)
def xrevrange(session: Session, args: Args) -> Reply:
    key, end = args.key(), args.next()
    start = start_of(args.next())
    return in_range(session, key, start, end_of(end), count_option(args), True)


def count_option(args: Args) -> int:
    """Return the count behind the range, ALL_ENTRIES where there is none."""
    count = ALL_ENTRIES
    while args.more():
        if args.left() < 2 or not args.option(b"COUNT"):
            raise syntax_error()
        count = count_argument(args)
    return count


def in_range(session: Session, key: bytes, start: StreamId, end: StreamId, count: int, is_back: bool) -> Reply:
    stream = stream_at(session.keys, key)
    if stream is None:
        return []
    if count == 0:
        return NULL_ARRAY
    count = min(count, ALL_ENTRIES)
    return rows_of(stream.range_back(start, end, count) if is_back else stream.range(start, end, count))


# Taking away


@family.command(
    "XDEL",
    args=(2, ANY),
    flags=WRITE | FAST,
    keys=FIRST,
    summary="Removes entries from a stream by ID and returns how many were there.",
    syntax="key id [id ...]",
    since="5.0.0",
)
def xdel(session: Session, args: Args) -> Reply:
    key = args.key()
    stream = stream_to_edit(session.keys, key)
    if stream is None:
        return 0
    deleted = 0
    for entry_id in ids_of(args.rest()):
        if stream.delete(entry_id):
            deleted += 1
    if deleted:
        session.keys.edited(key, stream)
    return deleted


@family.command(
    "XTRIM",
    args=(3, ANY),
    flags=WRITE,
    keys=FIRST,
    summary="Removes entries from the front of a stream and returns how many; `~` takes only what goes cheaply.",
    syntax="key <MAXLEN | MINID> [= | ~] threshold [LIMIT count]",
    since="5.0.0",
)
def xtrim(session: Session, args: Args) -> Reply:
    key = args.key()
    trimming = trimming_argument(args, session.is_replay)
    stream = stream_to_edit(session.keys, key)
    if stream is None:
        return 0
    removed = stream.trim(trimming)
    if removed:
        session.keys.edited(key, stream)
        if trimming.is_rough:
            session.effect([b"XTRIM", key, b"MAXLEN", b"=", b"%d" % len(stream)])
    return removed


def trimming_argument(args: Args, is_replay: bool) -> Trimming:
    arguments = TrimmingArguments(is_replay)
    while args.more():
        if not arguments.take(args):
            raise syntax_error()
    trimming = arguments.result()
    if trimming is None:
        raise ReplyError("ERR", "syntax error, XTRIM must be called with a trimming strategy")
    return trimming


# What is known of those that have gone


class Setting:
    """What XSETID is asked."""

    def __init__(self, args: Args) -> None:
        self.last: Final = id_of(args.next())
        self.entries_added = -1
        self.highest_deleted = LOWEST
        while args.more():
            if args.left() > 1 and args.option(b"ENTRIESADDED"):
                self.entries_added = args.integer()
                if self.entries_added < 0:
                    raise ReplyError("ERR", "entries_added must be positive")
            elif args.left() > 1 and args.option(b"MAXDELETEDID"):
                self.highest_deleted = id_of(args.next())
                if self.last.is_before(self.highest_deleted):
                    raise smaller_than("the provided max_deleted_entry_id")
            else:
                raise syntax_error()


def smaller_than(what: str) -> ReplyError:
    return ReplyError("ERR", f"The ID specified in XSETID is smaller than {what}")


@family.command(
    "XSETID",
    args=(2, ANY),
    flags=WRITE | DENYOOM | FAST,
    keys=FIRST,
    summary="Sets the last ID a stream gave out, and what it knows of entries that have gone.",
    syntax="key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]",
    since="5.0.0",
)
def xsetid(session: Session, args: Args) -> Reply:
    key = args.key()
    asked = Setting(args)
    stream = stream_to_edit(session.keys, key)
    if stream is None:
        raise no_such_key()
    if len(stream) > 0:
        if asked.last.is_before(stream.top_id()):
            raise smaller_than("the target stream top item")
        if 0 <= asked.entries_added < len(stream):
            raise ReplyError("ERR", "The entries_added specified in XSETID is smaller than the target stream length")
    stream.last = asked.last
    if asked.entries_added >= 0:
        stream.entries_added = min(asked.entries_added, INTEGER_MAX)
    if not asked.highest_deleted.is_zero():
        stream.highest_deleted = asked.highest_deleted
    session.keys.recorded(key, stream)
    session.event(STREAM_EVENT, b"xsetid", key)
    return OK
