"""A stream as Redis ships it: nodes of entries, then what is known of them, then the groups with what is pending.

A node is a listpack, and a block of a stream here. Its first items are how many entries it has, how many of them are
deleted, and the fields of its first entry; an entry that has the same fields leaves them out, and its ID is told as its
distance from the node's.
"""

from typing import Final

from librt.strings import BytesWriter

from kvik.errors import PayloadDamaged
from kvik.numbers import INTEGER_MAX, decimal, parse_integer
from kvik.rdb.cursor import Cursor
from kvik.rdb.kinds import STREAM, STREAM_3
from kvik.rdb.listpack import items_of, listpack_of
from kvik.rdb.strings import write_length, write_string
from kvik.store.consumer_group import UNKNOWN, Consumer, ConsumerGroup
from kvik.store.stream import StreamValue
from kvik.store.stream_block import Block, Entry
from kvik.store.stream_id import HIGHEST, LOWEST, StreamId

LIMIT: Final = 1 << 64
ID_BYTES: Final = 16
IS_DELETED: Final = 1
HAS_SAME_FIELDS: Final = 2


# Reading


def stream_at(cursor: Cursor, form: int) -> StreamValue:
    """Return a stream of one of the three forms. Raises PayloadDamaged where anything does not fit the rest."""
    stream = StreamValue()
    for _ in range(cursor.count()):
        read_node(cursor, stream)
    length = cursor.length()
    last = id_at(cursor)
    stream.entries_added = length
    if form != STREAM:
        # The ID of the first entry is with the entries.
        id_at(cursor)
        stream.highest_deleted = id_at(cursor)
        stream.entries_added = cursor.length()
    if length != len(stream) or not length <= stream.entries_added <= INTEGER_MAX or last.is_before(stream.last):
        raise PayloadDamaged("a stream has other entries than it says")
    stream.last = last
    for _ in range(cursor.count()):
        group = group_at(cursor, form, stream)
        if group.name in stream.groups:
            raise PayloadDamaged("a stream has a group twice")
        stream.add_group(group)
    return stream


def read_node(cursor: Cursor, stream: StreamValue) -> None:
    master = raw_id_in(cursor.string())
    node = NodeItems(items_of(cursor.string()))
    count, deleted = node.number(), node.number()
    names = node.take(node.number())
    node.expect(0)
    if not node.has_more() or not stream.last.is_before(master):
        raise PayloadDamaged("a node of a stream is empty, or out of order")
    stream.begin_block(master, with_names(names, [b""] * len(names)))
    while node.has_more():
        start = node.place
        flags = node.number()
        entry_id = node.entry_id(master)
        fields = node.fields(names, flags)
        node.expect(node.place - start)
        if flags & IS_DELETED:
            deleted -= 1
            continue
        count -= 1
        if not fields or entry_id.is_before(master) or not stream.last.is_before(entry_id):
            raise PayloadDamaged("an entry of a stream is empty, or out of order")
        stream.append(entry_id, fields)
    if count or deleted:
        raise PayloadDamaged("a node of a stream has other entries than it says")


def with_names(names: list[bytes], values: list[bytes]) -> list[bytes]:
    """Return field, value, field, value and so on."""
    fields: list[bytes] = []
    for index in range(len(names)):
        fields += [names[index], values[index]]
    return fields


class NodeItems:
    """Reads the items of a node one after the other. Every method raises PayloadDamaged where there are none left."""

    def __init__(self, items: list[bytes]) -> None:
        self._items: Final = items
        self.place = 0

    def has_more(self) -> bool:
        return self.place < len(self._items)

    def take(self, count: int) -> list[bytes]:
        if not 0 <= count <= len(self._items) - self.place:
            raise PayloadDamaged("a node of a stream ends too early")
        start = self.place
        self.place += count
        return self._items[start : self.place]

    def number(self) -> int:
        number = parse_integer(self.take(1)[0])
        if number is None:
            raise PayloadDamaged("a node of a stream has something else in place of a number")
        return number

    def expect(self, number: int) -> None:
        if self.number() != number:
            raise PayloadDamaged("a node of a stream has another number where its parts end")

    def entry_id(self, master: StreamId) -> StreamId:
        """Return the ID that is told as a distance from the node's; the distances go round."""
        ms = (master.ms + self.number()) % LIMIT
        return StreamId(ms, (master.seq + self.number()) % LIMIT)

    def fields(self, names: list[bytes], flags: int) -> list[bytes]:
        """Return field, value, field, value and so on of an entry, which may leave the node's names out."""
        if flags & HAS_SAME_FIELDS:
            return with_names(names, self.take(len(names)))
        return self.take(2 * self.number())


def group_at(cursor: Cursor, form: int, stream: StreamValue) -> ConsumerGroup:
    """Return a group of the stream, whose entries have been read."""
    name, last = cursor.string(), id_at(cursor)
    group = ConsumerGroup(name, last, stream.count_up_to(last) if form == STREAM else entries_read_at(cursor))
    deliveries: dict[bytes, tuple[int, int]] = {}
    for _ in range(cursor.count()):
        raw = cursor.take(ID_BYTES)
        time, count = moment_at(cursor), cursor.length()
        if raw in deliveries or raw_id_in(raw).is_zero() or count > INTEGER_MAX:
            raise PayloadDamaged("an entry of a stream is pending twice, or never was one")
        deliveries[raw] = (time, count)
    for _ in range(cursor.count()):
        read_consumer(cursor, form, group, deliveries)
    if deliveries:
        raise PayloadDamaged("an entry of a stream is pending with nobody")
    return group


def entries_read_at(cursor: Cursor) -> int:
    count = cursor.length()
    if count == LIMIT + UNKNOWN:
        return UNKNOWN
    if count > INTEGER_MAX:
        raise PayloadDamaged("a group of a stream has read more than there can be")
    return count


def read_consumer(cursor: Cursor, form: int, group: ConsumerGroup, deliveries: dict[bytes, tuple[int, int]]) -> None:
    """Add the next consumer to a group, with what it was given of what is pending."""
    name, seen_time = cursor.string(), moment_at(cursor)
    if name in group.consumers:
        raise PayloadDamaged("a group of a stream has a consumer twice")
    consumer = group.create_consumer(name, seen_time)
    if form == STREAM_3:
        # When it last got something: Redis 7.0 does not know that.
        cursor.signed(8)
    for _ in range(cursor.count()):
        raw = cursor.take(ID_BYTES)
        delivery = deliveries.pop(raw, None)
        if delivery is None:
            raise PayloadDamaged("a consumer of a stream has what is not pending")
        time, count = delivery
        group.give(raw_id_in(raw), consumer, time, count)


def moment_at(cursor: Cursor) -> int:
    """Return a moment in milliseconds since 1970: that, where it is an earlier one, which no command knows either."""
    return max(cursor.signed(8), 0)


def id_at(cursor: Cursor) -> StreamId:
    ms = cursor.length()
    return StreamId(ms, cursor.length())


def raw_id_in(raw: bytes) -> StreamId:
    if len(raw) != ID_BYTES:
        raise PayloadDamaged("a node of a stream has no ID")
    return StreamId(int.from_bytes(raw[:8], "big"), int.from_bytes(raw[8:], "big"))


# Writing


def write_stream(stream: StreamValue, out: BytesWriter) -> None:
    """Append a stream in Redis 7.0's form, without the number of that."""
    blocks = [block for block in stream.blocks() if block.count > 0]
    write_length(len(blocks), out)
    for block in blocks:
        write_string(raw_id(block.first), out)
        write_string(listpack_of(items_of_node(block)), out)
    write_length(len(stream), out)
    for entry_id in (stream.last, stream.first_id(), stream.highest_deleted):
        write_length(entry_id.ms, out)
        write_length(entry_id.seq, out)
    write_length(stream.entries_added, out)
    write_length(len(stream.groups), out)
    for group in stream.sorted_groups():
        write_group(group, out)


def items_of_node(block: Block) -> list[bytes]:
    entries: list[Entry] = []
    block.read(LOWEST, HIGHEST, block.count, entries)
    names = block.form[::2]
    items = [b"%d" % block.count, b"0", b"%d" % len(names), *names, b"0"]
    for entry in entries:
        has_same_names = entry.fields[::2] == names
        items.append(b"%d" % HAS_SAME_FIELDS if has_same_names else b"0")
        items.append(decimal(distance(block.first.ms, entry.ms)))
        items.append(decimal(distance(block.first.seq, entry.seq)))
        if has_same_names:
            items += entry.fields[1::2]
            items.append(b"%d" % (len(names) + 3))
        else:
            items.append(b"%d" % (len(entry.fields) // 2))
            items += entry.fields
            items.append(b"%d" % (len(entry.fields) + 4))
    return items


def distance(start: int, end: int) -> int:
    """Return the difference of two numbers of 64 bits as one of 64 bits with a sign: it goes round."""
    return (end - start + LIMIT // 2) % LIMIT - LIMIT // 2


def write_group(group: ConsumerGroup, out: BytesWriter) -> None:
    write_string(group.name, out)
    write_length(group.last.ms, out)
    write_length(group.last.seq, out)
    write_length(group.entries_read % LIMIT, out)
    write_length(len(group.pending), out)
    for row in group.pending.rows():
        for pending in row:
            out.write(raw_id(pending.id))
            out.write(eight_bytes(pending.time))
            write_length(pending.count, out)
    write_length(len(group.consumers), out)
    for consumer in group.sorted_consumers():
        write_consumer(consumer, out)


def write_consumer(consumer: Consumer, out: BytesWriter) -> None:
    write_string(consumer.name, out)
    out.write(eight_bytes(consumer.seen_time))
    write_length(len(consumer.pending), out)
    for row in consumer.pending.rows():
        for pending in row:
            out.write(raw_id(pending.id))


def eight_bytes(moment: int) -> bytes:
    return moment.to_bytes(8, "little", signed=True)


def raw_id(entry_id: StreamId) -> bytes:
    return entry_id.ms.to_bytes(8, "big") + entry_id.seq.to_bytes(8, "big")
