"""Who has which entry of a stream, as commands that make it again: for the journal, and for whole streams."""

from typing import Final

from kvik.commands.family import Family
from kvik.session import Session
from kvik.store.consumer_group import Consumer, ConsumerGroup
from kvik.store.container import STREAM
from kvik.store.pending_list import Pending
from kvik.store.stream import StreamValue
from kvik.store.stream_block import Entry
from kvik.store.stream_id import HIGHEST, LOWEST, StreamId, text_of
from kvik.store.value import Value

family = Family("stream")

REBUILT_IDS: Final = 128
"""How many entries one command gives a consumer again."""
ENTRIES_IN_A_PAGE: Final = 1_024
FIRST_POSSIBLE: Final = StreamId(0, 1)


def claims(key: bytes, group: bytes, pending: list[Pending]) -> list[list[bytes]]:
    """Return commands that give entries to who has them: one for those in a row that differ in their ID alone."""
    commands: list[list[bytes]] = []
    start = 0
    for end in range(1, len(pending) + 1):
        if end == len(pending) or end - start == REBUILT_IDS or not is_alike(pending[start], pending[end]):
            commands.append(claim(key, group, pending[start:end]))
            start = end
    return commands


def is_alike(one: Pending, other: Pending) -> bool:
    return one.consumer is other.consumer and one.time == other.time and one.count == other.count


def claim(key: bytes, group: bytes, alike: list[Pending]) -> list[bytes]:
    """Return the command for pending entries that differ in their ID alone."""
    first = alike[0]
    words = [b"XCLAIM", key, group, first.consumer.name, b"0"]
    for pending in alike:
        words.append(pending.id.text())
    words += [b"TIME", b"%d" % first.time, b"RETRYCOUNT", b"%d" % first.count, b"FORCE", b"JUSTID"]
    return words


def creation(key: bytes, group: bytes, consumer: bytes) -> list[bytes]:
    return [b"XGROUP", b"CREATECONSUMER", key, group, consumer]


def position(key: bytes, group: ConsumerGroup) -> list[bytes]:
    """Return the command that says up to where a group has read."""
    return [b"XGROUP", b"SETID", key, group.name, group.last.text(), b"ENTRIESREAD", b"%d" % group.entries_read]


def all_effects(session: Session, commands: list[list[bytes]]) -> None:
    for words in commands:
        session.effect(words)


# Whole streams


@family.rebuilds(STREAM)
def rebuild(key: bytes, value: Value, deadline: int) -> list[list[bytes]]:
    assert isinstance(value, StreamValue)
    commands: list[list[bytes]] = []
    gone = pending_without_entry(value)
    if gone:
        rebuild_gone(key, value, gone, commands)
    rebuild_entries(key, value, commands)
    if not gone:
        rebuild_groups(key, value, commands)
    for group in value.sorted_groups():
        rebuild_consumers(key, value, group, commands)
    if deadline >= 0:
        commands.append([b"PEXPIREAT", key, b"%d" % deadline])
    return commands


def rebuild_entries(key: bytes, stream: StreamValue, commands: list[list[bytes]]) -> None:
    """Add what makes the entries and what is known of those that have gone."""
    start: StreamId | None = LOWEST
    while start is not None:
        page = stream.range(start, HIGHEST, ENTRIES_IN_A_PAGE)
        for entry in page:
            commands.append(addition(key, entry))
        start = page[-1].id().following() if len(page) == ENTRIES_IN_A_PAGE else None
    if len(stream) == 0 and not commands:
        first = FIRST_POSSIBLE if stream.last.is_zero() else stream.last
        commands.append([b"XADD", key, b"MAXLEN", b"0", first.text(), b"x", b"y"])
    settings = [b"ENTRIESADDED", b"%d" % stream.entries_added]
    highest = stream.highest_deleted.text()
    if stream.last.is_before(stream.highest_deleted):
        # XSETID refuses to set both at once then.
        commands.append([b"XSETID", key, highest, b"MAXDELETEDID", highest])
    else:
        settings += [b"MAXDELETEDID", highest]
    commands.append([b"XSETID", key, stream.last.text(), *settings])


def addition(key: bytes, entry: Entry) -> list[bytes]:
    words = [b"XADD", key, text_of(entry.ms, entry.seq)]
    words += entry.fields
    return words


def rebuild_groups(key: bytes, stream: StreamValue, commands: list[list[bytes]]) -> None:
    for group in stream.sorted_groups():
        read = b"%d" % group.entries_read
        commands.append([b"XGROUP", b"CREATE", key, group.name, group.last.text(), b"ENTRIESREAD", read])


def rebuild_consumers(key: bytes, stream: StreamValue, group: ConsumerGroup, commands: list[list[bytes]]) -> None:
    for consumer in group.sorted_consumers():
        if len(consumer.pending) == 0:
            commands.append(creation(key, group.name, consumer.name))
        for row in consumer.pending.rows():
            commands += claims(key, group.name, [pending for pending in row if stream.contains(pending.id)])


# Pending entries that were deleted: only what is in a stream can be claimed


def rebuild_gone(key: bytes, stream: StreamValue, gone: list[StreamId], commands: list[list[bytes]]) -> None:
    """Add what lets entries be pending that are not in the stream any more: they are added, claimed and trimmed."""
    for entry_id in gone:
        commands.append([b"XADD", key, entry_id.text(), b"x", b"y"])
    rebuild_groups(key, stream, commands)
    for group in stream.sorted_groups():
        for consumer in group.sorted_consumers():
            commands += claims(key, group.name, without_entry(stream, consumer))
    commands.append([b"XTRIM", key, b"MAXLEN", b"0"])
    commands.append([b"XSETID", key, b"0-0"])


def pending_without_entry(stream: StreamValue) -> list[StreamId]:
    """Return the IDs of what is pending in any group and not in the stream, in their order."""
    found: dict[tuple[int, int], StreamId] = {}
    for group in stream.groups.values():
        for consumer in group.consumers.values():
            for pending in without_entry(stream, consumer):
                found[(pending.id.ms, pending.id.seq)] = pending.id
    return [found[key] for key in sorted(found)]


def without_entry(stream: StreamValue, consumer: Consumer) -> list[Pending]:
    found: list[Pending] = []
    for row in consumer.pending.rows():
        found += [pending for pending in row if not stream.contains(pending.id)]
    return found
