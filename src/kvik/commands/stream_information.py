"""XINFO: what is known of a stream, its groups and their consumers. Changes nothing."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.help_text import help_text
from kvik.commands.stream_arguments import ALL_ENTRIES, group_of_stream, row_of, rows_of, unknown_form
from kvik.declaration import ANY, LOADING, READONLY, SECOND, STALE
from kvik.errors import no_such_key
from kvik.replies import Map, Reply
from kvik.session import Session
from kvik.store.consumer_group import UNKNOWN, Consumer, ConsumerGroup
from kvik.store.pending_list import Pending, PendingList
from kvik.store.stream import StreamValue, stream_at
from kvik.store.stream_id import HIGHEST, LOWEST

family = Family("stream")

# As Redis: how many entries, and pending ones, FULL shows where nothing else was asked.
SHOWN: Final = 10

Pairs = list[tuple[Reply, Reply]]


@family.command(
    "XINFO",
    args=(1, ANY),
    flags=0,
    summary="Tells what is known of a stream, its groups and their consumers.",
    syntax="subcommand [argument ...]",
    since="5.0.0",
)
def xinfo(session: Session, args: Args) -> Reply:
    raise unknown_form("XINFO", args.next())


@family.command(
    "XINFO STREAM",
    args=(1, ANY),
    flags=READONLY,
    keys=SECOND,
    summary="Returns what is known of a stream; with FULL also entries and groups, 10 of each unless COUNT says more.",
    syntax="key [FULL [COUNT count]]",
    since="5.0.0",
)
def xinfo_stream(session: Session, args: Args) -> Reply:
    """There is no tree: its keys are the blocks, its nodes one more, as in Redis where there is one block or none."""
    stream = existing_stream(session, args.key())
    pairs: Pairs = [
        (b"length", len(stream)),
        (b"radix-tree-keys", len(stream.blocks())),
        (b"radix-tree-nodes", len(stream.blocks()) + 1),
        (b"last-generated-id", stream.last.text()),
        (b"max-deleted-entry-id", stream.highest_deleted.text()),
        (b"entries-added", stream.entries_added),
        (b"recorded-first-entry-id", stream.first_id().text()),
    ]
    if not args.more():
        first = stream.range(LOWEST, HIGHEST, 1)
        last = stream.range_back(LOWEST, HIGHEST, 1)
        pairs.append((b"groups", len(stream.groups)))
        pairs.append((b"first-entry", row_of(first[0]) if first else None))
        pairs.append((b"last-entry", row_of(last[0]) if last else None))
        return Map(pairs)
    most = shown_argument(args)
    pairs.append((b"entries", rows_of(stream.range(LOWEST, HIGHEST, most))))
    pairs.append((b"groups", [group_in_full(stream, group, most) for group in stream.sorted_groups()]))
    return Map(pairs)


def shown_argument(args: Args) -> int:
    """Return how much of everything FULL is to show."""
    if not args.option(b"FULL"):
        raise unknown_form("XINFO", args.words[1])
    if not args.more():
        return SHOWN
    if args.left() != 2 or not args.option(b"COUNT"):
        raise unknown_form("XINFO", args.words[1])
    count = args.integer()
    if count < 0:
        return SHOWN
    return min(count, ALL_ENTRIES) if count else ALL_ENTRIES


@family.command(
    "XINFO GROUPS",
    args=(1, 1),
    flags=READONLY,
    keys=SECOND,
    summary="Returns the groups of a stream, and up to where each has read.",
    syntax="key",
    since="5.0.0",
)
def xinfo_groups(session: Session, args: Args) -> Reply:
    stream = existing_stream(session, args.key())
    groups: list[Reply] = []
    for group in stream.sorted_groups():
        pairs: Pairs = [
            (b"name", group.name),
            (b"consumers", len(group.consumers)),
            (b"pending", len(group.pending)),
            (b"last-delivered-id", group.last.text()),
        ]
        groups.append(Map(pairs + reading_of(stream, group)))
    return groups


@family.command(
    "XINFO CONSUMERS",
    args=(2, 2),
    flags=READONLY,
    keys=SECOND,
    summary="Returns the consumers of a group: how many entries are pending with each, and since when it is idle.",
    syntax="key group",
    since="5.0.0",
)
def xinfo_consumers(session: Session, args: Args) -> Reply:
    key = args.key()
    group = group_of_stream(existing_stream(session, key), key, args.next())
    now = session.services.clock.now
    consumers: list[Reply] = []
    for consumer in group.sorted_consumers():
        idle = max(now - consumer.seen_time, 0)
        consumers.append(Map([(b"name", consumer.name), (b"pending", len(consumer.pending)), (b"idle", idle)]))
    return consumers


@family.command("XINFO HELP", args=(0, 0), flags=LOADING | STALE, summary="Prints this help.", since="5.0.0")
def xinfo_help(session: Session, args: Args) -> Reply:
    return help_text(session, "XINFO")


def existing_stream(session: Session, key: bytes) -> StreamValue:
    stream = stream_at(session.keys, key)
    if stream is None:
        raise no_such_key()
    return stream


def reading_of(stream: StreamValue, group: ConsumerGroup) -> Pairs:
    """Return how many entries a group has read, and how many are left; null where nobody can say."""
    read = group.entries_read
    return [(b"entries-read", None if read == UNKNOWN else read), (b"lag", lag_of(stream, group))]


def lag_of(stream: StreamValue, group: ConsumerGroup) -> int | None:
    if stream.entries_added == 0:
        return 0
    read = group.entries_read
    if read == UNKNOWN or stream.has_gap_from(group.last):
        read = stream.count_up_to(group.last)
    return None if read == UNKNOWN else stream.entries_added - read


# In full


def group_in_full(stream: StreamValue, group: ConsumerGroup, most: int) -> Reply:
    pairs: Pairs = [(b"name", group.name), (b"last-delivered-id", group.last.text())]
    pairs += reading_of(stream, group)
    pending: list[Reply] = []
    for each in first_of(group.pending, most):
        pending.append([each.id.text(), each.consumer, each.time, each.count])
    pairs.append((b"pel-count", len(group.pending)))
    pairs.append((b"pending", pending))
    pairs.append((b"consumers", [consumer_in_full(consumer, most) for consumer in group.sorted_consumers()]))
    return Map(pairs)


def consumer_in_full(consumer: Consumer, most: int) -> Reply:
    pending: list[Reply] = []
    for each in first_of(consumer.pending, most):
        pending.append([each.id.text(), each.time, each.count])
    pairs: Pairs = [
        (b"name", consumer.name),
        (b"seen-time", consumer.seen_time),
        (b"pel-count", len(consumer.pending)),
        (b"pending", pending),
    ]
    return Map(pairs)


def first_of(pending: PendingList, most: int) -> list[Pending]:
    return pending.page(LOWEST, most)
