"""Groups of consumers of a stream: making them, who is in them, what is pending. Knows nothing of reading."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.help_text import help_text
from kvik.commands.stream_arguments import (
    end_of,
    existing_group,
    group_of_stream,
    id_of,
    ids_of,
    lenient_id_of,
    start_of,
    unknown_form,
)
from kvik.declaration import ANY, DENYOOM, FAST, FIRST, LOADING, READONLY, SECOND, STALE, WRITE
from kvik.errors import ReplyError, syntax_error
from kvik.events import STREAM as STREAM_EVENT
from kvik.replies import NULL_ARRAY, OK, Reply
from kvik.session import Session
from kvik.store.consumer_group import UNKNOWN, ConsumerGroup
from kvik.store.pending_list import Pending, PendingList
from kvik.store.stream import StreamValue, stream_at, stream_to_edit

family = Family("stream")


@family.command(
    "XGROUP",
    args=(1, ANY),
    flags=0,
    summary="Makes, changes and removes groups of consumers of a stream.",
    syntax="subcommand [argument ...]",
    since="5.0.0",
)
def xgroup(session: Session, args: Args) -> Reply:
    raise unknown_form("XGROUP", args.next())


class GroupRequest:
    """What XGROUP is asked about, by a subcommand that takes `options`."""

    def __init__(self, session: Session, args: Args, subcommand: bytes, words: int, options: list[bytes]) -> None:
        """`words` follow the group's name, options not counted."""
        self.key: Final = args.key()
        self.name: Final = args.next()
        self.words: Final = args.keys(words)
        self.makes_stream = False
        self.entries_read = UNKNOWN
        while args.more():
            self._read_option(args, subcommand, options)
        stream = stream_to_edit(session.keys, self.key)
        if stream is None and not self.makes_stream:
            raise ReplyError(
                "ERR",
                "The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM"
                " option to create an empty stream automatically.",
            )
        self.is_new: Final = stream is None
        self.stream: Final = StreamValue() if stream is None else stream

    def _read_option(self, args: Args, subcommand: bytes, options: list[bytes]) -> None:
        if b"MKSTREAM" in options and args.option(b"MKSTREAM"):
            self.makes_stream = True
        elif b"ENTRIESREAD" in options and args.left() > 1 and args.option(b"ENTRIESREAD"):
            self.entries_read = args.integer()
            if self.entries_read < UNKNOWN:
                raise ReplyError("ERR", "value for ENTRIESREAD must be positive or -1")
        else:
            raise unknown_form("XGROUP", subcommand)

    def group(self) -> ConsumerGroup:
        """Return the group. Raises NOGROUP where there is none."""
        return group_of_stream(self.stream, self.key, self.name)

    def changed(self, session: Session, event: bytes, wakes: bool = False) -> None:
        """Say that the group has changed: who waits for the stream knows of it only where that `wakes` them."""
        group = self.stream.group(self.name)
        if group is not None:
            self.stream.weigh_group(group)
        session.keys.recorded(self.key, self.stream, wakes)
        session.event(STREAM_EVENT, event, self.key)


@family.command(
    "XGROUP CREATE",
    args=(3, ANY),
    flags=WRITE | DENYOOM,
    keys=SECOND,
    summary="Makes a group that reads a stream from behind an ID on, `$` for its last one.",
    syntax="key group <id | $> [MKSTREAM] [ENTRIESREAD entries-read]",
    since="5.0.0",
)
def xgroup_create(session: Session, args: Args) -> Reply:
    subcommand = args.words[1]
    asked = GroupRequest(session, args, subcommand, 1, [b"MKSTREAM", b"ENTRIESREAD"])
    if len(args.words) > 8:
        raise unknown_form("XGROUP", subcommand)
    last = asked.stream.last if asked.words[0] == b"$" else id_of(asked.words[0])
    if asked.is_new:
        session.keys.edited(asked.key, asked.stream)
    if asked.stream.group(asked.name) is not None:
        raise ReplyError("BUSYGROUP", "Consumer Group name already exists")
    asked.stream.add_group(ConsumerGroup(asked.name, last, asked.entries_read))
    asked.changed(session, b"xgroup-create")
    return OK


@family.command(
    "XGROUP SETID",
    args=(3, ANY),
    flags=WRITE,
    keys=SECOND,
    summary="Lets a group read on from behind an ID, `$` for the last one.",
    syntax="key group <id | $> [ENTRIESREAD entries-read]",
    since="5.0.0",
)
def xgroup_setid(session: Session, args: Args) -> Reply:
    subcommand = args.words[1]
    asked = GroupRequest(session, args, subcommand, 1, [b"ENTRIESREAD"])
    group = asked.group()
    if len(args.words) > 7:
        raise unknown_form("XGROUP", subcommand)
    group.last = asked.stream.last if asked.words[0] == b"$" else lenient_id_of(asked.words[0])
    group.entries_read = asked.entries_read
    asked.changed(session, b"xgroup-setid")
    return OK


@family.command(
    "XGROUP DESTROY",
    args=(2, 2),
    flags=WRITE,
    keys=SECOND,
    summary="Removes a group with all its consumers; returns whether there was one.",
    syntax="key group",
    since="5.0.0",
)
def xgroup_destroy(session: Session, args: Args) -> Reply:
    asked = GroupRequest(session, args, args.words[1], 0, [])
    group = asked.stream.remove_group(asked.name)
    if group is None:
        return 0
    session.services.databases.bury(group.parts())
    # Who waits for new entries of the group has to know.
    asked.changed(session, b"xgroup-destroy", True)
    return 1


@family.command(
    "XGROUP CREATECONSUMER",
    args=(3, 3),
    flags=WRITE | DENYOOM,
    keys=SECOND,
    summary="Adds a consumer to a group; returns whether it is new.",
    syntax="key group consumer",
    since="6.2.0",
)
def xgroup_createconsumer(session: Session, args: Args) -> Reply:
    asked = GroupRequest(session, args, args.words[1], 1, [])
    group = asked.group()
    if asked.words[0] in group.consumers:
        return 0
    group.create_consumer(asked.words[0], session.services.clock.now)
    asked.changed(session, b"xgroup-createconsumer")
    return 1


@family.command(
    "XGROUP DELCONSUMER",
    args=(3, 3),
    flags=WRITE,
    keys=SECOND,
    summary="Removes a consumer from a group; returns how many entries were pending with it.",
    syntax="key group consumer",
    since="5.0.0",
)
def xgroup_delconsumer(session: Session, args: Args) -> Reply:
    asked = GroupRequest(session, args, args.words[1], 1, [])
    group = asked.group()
    consumer = group.consumers.get(asked.words[0])
    if consumer is None:
        return 0
    group.delete_consumer(consumer)
    session.services.databases.bury(consumer.pending.parts())
    asked.changed(session, b"xgroup-delconsumer")
    return len(consumer.pending)


@family.command("XGROUP HELP", args=(0, 0), flags=LOADING | STALE, summary="Prints this help.", since="5.0.0")
def xgroup_help(session: Session, args: Args) -> Reply:
    return help_text(session, "XGROUP")


# Pending entries


@family.command(
    "XACK",
    args=(3, ANY),
    flags=WRITE | FAST,
    keys=FIRST,
    summary="Says that entries were dealt with: they are pending no more; returns how many were.",
    syntax="key group id [id ...]",
    since="5.0.0",
)
def xack(session: Session, args: Args) -> Reply:
    key, name = args.key(), args.next()
    stream = stream_at(session.keys, key)
    group = None if stream is None else stream.group(name)
    if stream is None or group is None:
        return 0
    ids = ids_of(args.rest())
    session.keys.edit(key)
    acknowledged = 0
    for entry_id in ids:
        if group.acknowledge(entry_id):
            acknowledged += 1
    if acknowledged:
        stream.weigh_group(group)
        session.keys.recorded(key, stream)
    return acknowledged


class PendingRequest:
    """What XPENDING is asked: words `start`, `end`, `count`, maybe a consumer, maybe IDLE before them all."""

    def __init__(self, args: Args) -> None:
        self.idle = 0
        if args.option(b"IDLE"):
            self.idle = args.integer()
            if args.left() < 3:
                raise syntax_error()
        start, end = args.next(), args.next()
        self.count: Final = max(args.integer(), 0)
        self.start: Final = start_of(start)
        self.end: Final = end_of(end)
        self.consumer: Final = args.next() if args.more() else None

    def found(self, pending: PendingList, now: int) -> list[Reply]:
        """Return a row for each pending entry that is meant."""
        found: list[Reply] = []
        for page in pending.pages(self.start):
            for each in page:
                if len(found) >= self.count or self.end.is_before(each.id):
                    return found
                if now - each.time >= self.idle or self.idle == 0:
                    found.append(row_of_pending(each, now))
        return found


def row_of_pending(pending: Pending, now: int) -> Reply:
    return [pending.id.text(), pending.consumer, max(now - pending.time, 0), pending.count]


@family.command(
    "XPENDING",
    args=(2, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns how many entries are pending in a group and with whom, or the entries themselves.",
    syntax="key group [[IDLE min-idle-time] start end count [consumer]]",
    since="5.0.0",
)
def xpending(session: Session, args: Args) -> Reply:
    key, name = args.key(), args.next()
    if args.left() > 0 and not 3 <= args.left() <= 6:
        raise syntax_error()
    asked = PendingRequest(args) if args.more() else None
    group = existing_group(stream_at(session.keys, key), key, name)
    if asked is None:
        return pending_summary(group)
    pending = group.pending
    if asked.consumer is not None:
        consumer = group.consumers.get(asked.consumer)
        if consumer is None:
            return []
        pending = consumer.pending
    return asked.found(pending, session.services.clock.now)


def pending_summary(group: ConsumerGroup) -> Reply:
    """Return how many are pending, the lowest and the highest ID, and how many each consumer has."""
    if len(group.pending) == 0:
        return [0, None, None, NULL_ARRAY]
    consumers: list[Reply] = []
    for consumer in group.sorted_consumers():
        if len(consumer.pending) > 0:
            consumers.append([consumer.name, b"%d" % len(consumer.pending)])
    return [len(group.pending), group.pending.first().id.text(), group.pending.last().id.text(), consumers]
