"""Making whole streams again: for COMPACT, compaction and backup. In commands that Redis 7.0 knows."""

from collections.abc import Iterator
from typing import Final, TypeAlias

from kvik.commands.dying import key_dying
from kvik.commands.family import Family
from kvik.commands.stream_deliveries import claims, creation
from kvik.numbers import decimal
from kvik.store.consumer_group import ConsumerGroup
from kvik.store.container import STREAM
from kvik.store.pending_list import Pending
from kvik.store.stream import Presence, StreamValue
from kvik.store.stream_block import Entry
from kvik.store.stream_id import HIGHEST, LOWEST, StreamId, text_of
from kvik.store.value import Value

family = Family("stream")

ENTRIES_IN_A_PAGE: Final = 256
FIRST_POSSIBLE: Final = StreamId(0, 1)

Gone: TypeAlias = dict[tuple[int, int], StreamId]
"""What is pending and not in the stream, by milliseconds and number."""


@family.rebuilds(STREAM)
def rebuild(key: bytes, value: Value, deadline: int) -> Iterator[list[bytes]]:
    assert isinstance(value, StreamValue)
    gone = gone_from(value)
    if gone:
        yield from rebuild_gone(key, value, gone)
    yield from rebuild_entries(key, value, not gone)
    if not gone:
        yield from rebuild_groups(key, value)
    for group in value.sorted_groups():
        yield from rebuild_consumers(key, group, gone)
    if deadline >= 0:
        yield key_dying(key, deadline)


def rebuild_entries(key: bytes, stream: StreamValue, makes_stream: bool) -> Iterator[list[bytes]]:
    """Yield what makes the entries and what is known of those that have gone."""
    start: StreamId | None = LOWEST
    while start is not None:
        page = stream.range(start, HIGHEST, ENTRIES_IN_A_PAGE)
        for entry in page:
            yield addition(key, entry)
        start = page[-1].id().following() if len(page) == ENTRIES_IN_A_PAGE else None
    if len(stream) == 0 and makes_stream:
        first = FIRST_POSSIBLE if stream.last.is_zero() else stream.last
        yield [b"XADD", key, b"MAXLEN", b"0", first.text(), b"x", b"y"]
    settings = [b"ENTRIESADDED", decimal(stream.entries_added)]
    highest = stream.highest_deleted.text()
    if stream.last.is_before(stream.highest_deleted):
        # XSETID refuses to set both at once then.
        yield [b"XSETID", key, highest, b"MAXDELETEDID", highest]
    else:
        settings += [b"MAXDELETEDID", highest]
    yield [b"XSETID", key, stream.last.text(), *settings]


def addition(key: bytes, entry: Entry) -> list[bytes]:
    words = [b"XADD", key, text_of(entry.ms, entry.seq)]
    words += entry.fields
    return words


def rebuild_groups(key: bytes, stream: StreamValue) -> Iterator[list[bytes]]:
    for group in stream.sorted_groups():
        read = decimal(group.entries_read)
        yield [b"XGROUP", b"CREATE", key, group.name, group.last.text(), b"ENTRIESREAD", read]


def rebuild_consumers(key: bytes, group: ConsumerGroup, gone: Gone) -> Iterator[list[bytes]]:
    for consumer in group.sorted_consumers():
        if len(consumer.pending) == 0:
            yield creation(key, group.name, consumer.name)
        for page in consumer.pending.pages(LOWEST):
            yield from claims(key, group.name, [each for each in page if not is_gone(each, gone)])


# Pending entries that were deleted: only what is in a stream can be claimed


def rebuild_gone(key: bytes, stream: StreamValue, gone: Gone) -> Iterator[list[bytes]]:
    """Yield what lets entries be pending that are not in the stream any more: they are added, claimed and trimmed."""
    for place in sorted(gone):
        yield [b"XADD", key, gone[place].text(), b"x", b"y"]
    yield from rebuild_groups(key, stream)
    for group in stream.sorted_groups():
        for consumer in group.sorted_consumers():
            for page in consumer.pending.pages(LOWEST):
                yield from claims(key, group.name, [each for each in page if is_gone(each, gone)])
    yield [b"XTRIM", key, b"MAXLEN", b"0"]
    yield [b"XSETID", key, b"0-0"]


def gone_from(stream: StreamValue) -> Gone:
    """Return the IDs of what is pending in any group and not in the stream."""
    gone: Gone = {}
    presence = Presence(stream)
    for group in stream.groups.values():
        for row in group.pending.rows():
            for pending in row:
                if not presence.contains(pending.id):
                    gone[(pending.id.ms, pending.id.seq)] = pending.id
    return gone


def is_gone(pending: Pending, gone: Gone) -> bool:
    return len(gone) > 0 and (pending.id.ms, pending.id.seq) in gone
