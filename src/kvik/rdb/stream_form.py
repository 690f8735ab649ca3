"""A stream as Redis ships it: nodes of entries, then what is known of them, then the groups with what is pending.

A node is a listpack. Its first items are how many entries it has, how many of them are deleted, and the fields of its
first entry; an entry that has the same fields leaves them out, and its ID is told as its distance from the node's.
Knows no value of the store: a stream is taken apart into, and made of, what is here.
"""

from typing import Final, TypeAlias

from librt.strings import BytesWriter

from kvik.errors import PayloadDamaged
from kvik.numbers import parse_integer
from kvik.rdb.cursor import Cursor
from kvik.rdb.kinds import STREAM, STREAM_3
from kvik.rdb.listpack import items_of, listpack_of
from kvik.rdb.strings import write_length, write_string

Id: TypeAlias = tuple[int, int]
"""Milliseconds and a number, each of 64 bits without a sign."""

LIMIT: Final = 1 << 64
ID_BYTES: Final = 16
NONE: Final = (0, 0)
UNKNOWN: Final = -1
IS_DELETED: Final = 1
HAS_SAME_FIELDS: Final = 2
# As Redis' stream-node-max-entries and -bytes.
NODE_ENTRIES: Final = 100
NODE_BYTES: Final = 4_096


class StreamForm:
    """What is known of a stream; `entries` are in order: each an ID, and field, value, field, value and so on."""

    def __init__(self) -> None:
        self.entries: list[tuple[Id, list[bytes]]] = []
        self.last = NONE
        """The highest ID there ever was."""
        self.highest_deleted = NONE
        self.entries_added = 0
        """How many entries there ever were."""
        self.groups: list[GroupForm] = []

    def first(self) -> Id:
        """Return the ID of the first entry."""
        return self.entries[0][0] if self.entries else NONE


class GroupForm:
    """A group of consumers: what it was given, and what is pending."""

    def __init__(self, name: bytes, last: Id, entries_read: int) -> None:
        """`entries_read` is UNKNOWN where nobody can say it."""
        self.name: Final = name
        self.last: Final = last
        self.entries_read: Final = entries_read
        self.consumers: Final[list[ConsumerForm]] = []


class ConsumerForm:
    """A consumer; times are in milliseconds since 1970."""

    def __init__(self, name: bytes, seen_time: int, active_time: int) -> None:
        self.name: Final = name
        self.seen_time: Final = seen_time
        self.active_time: Final = active_time
        self.pending: Final[list[PendingForm]] = []


class PendingForm:
    """An entry that was given to a consumer and not acknowledged."""

    def __init__(self, entry: Id, delivery_time: int, delivery_count: int) -> None:
        self.entry: Final = entry
        self.delivery_time: Final = delivery_time
        self.delivery_count: Final = delivery_count


# Reading


def stream_at(cursor: Cursor, form: int) -> StreamForm:
    """Return a stream of one of the three forms. Raises PayloadDamaged where anything does not fit the rest."""
    stream = StreamForm()
    for _ in range(cursor.count()):
        read_node(cursor, stream)
    length = cursor.length()
    stream.last = id_at(cursor)
    first = stream.first()
    stream.entries_added = length
    if form != STREAM:
        first = id_at(cursor)
        stream.highest_deleted = id_at(cursor)
        stream.entries_added = cursor.length()
    if length != len(stream.entries) or first != stream.first() or (length and stream.last < stream.entries[-1][0]):
        raise PayloadDamaged("a stream has other entries than it says")
    for _ in range(cursor.count()):
        stream.groups.append(group_at(cursor, form))
    if len({group.name for group in stream.groups}) != len(stream.groups):
        raise PayloadDamaged("a stream has a group twice")
    return stream


def read_node(cursor: Cursor, stream: StreamForm) -> None:
    key = cursor.string()
    if len(key) != ID_BYTES:
        raise PayloadDamaged("a node of a stream has no ID")
    node = NodeItems(items_of(cursor.string()))
    master = (int.from_bytes(key[:8], "big"), int.from_bytes(key[8:], "big"))
    count, deleted, fields_count = node.number(), node.number(), node.number()
    fields = node.take(fields_count)
    node.expect(0)
    last = stream.entries[-1][0] if stream.entries else NONE
    while node.has_more():
        start = node.place
        flags = node.number()
        entry = node.entry_id(master)
        if flags & HAS_SAME_FIELDS:
            items = [item for field in fields for item in (field, node.next())]
        else:
            items = node.take(2 * node.number())
        node.expect(node.place - start)
        if entry <= last:
            raise PayloadDamaged("the entries of a stream are not in order")
        last = entry
        if flags & IS_DELETED:
            deleted -= 1
        else:
            count -= 1
            stream.entries.append((entry, items))
    if count or deleted:
        raise PayloadDamaged("a node of a stream has other entries than it says")


class NodeItems:
    """Reads the items of a node one after the other. Every method raises PayloadDamaged where there are none left."""

    def __init__(self, items: list[bytes]) -> None:
        self._items: Final = items
        self.place = 0

    def has_more(self) -> bool:
        return self.place < len(self._items)

    def next(self) -> bytes:
        if self.place >= len(self._items):
            raise PayloadDamaged("a node of a stream ends too early")
        item = self._items[self.place]
        self.place += 1
        return item

    def take(self, count: int) -> list[bytes]:
        if not 0 <= count <= len(self._items) - self.place:
            raise PayloadDamaged("a node of a stream ends too early")
        start = self.place
        self.place += count
        return self._items[start : self.place]

    def number(self) -> int:
        number = parse_integer(self.next())
        if number is None:
            raise PayloadDamaged("a node of a stream has something else in place of a number")
        return number

    def expect(self, number: int) -> None:
        if self.number() != number:
            raise PayloadDamaged("a node of a stream has another number where its parts end")

    def entry_id(self, master: Id) -> Id:
        """Return the ID that is told as a distance from the node's; the distances go round."""
        return (master[0] + self.number()) % LIMIT, (master[1] + self.number()) % LIMIT


def group_at(cursor: Cursor, form: int) -> GroupForm:
    name, last = cursor.string(), id_at(cursor)
    entries_read = UNKNOWN if form == STREAM else cursor.length()
    group = GroupForm(name, last, UNKNOWN if entries_read == LIMIT - 1 else entries_read)
    unclaimed: dict[Id, PendingForm] = {}
    for _ in range(cursor.count()):
        entry = raw_id_at(cursor)
        pending = PendingForm(entry, cursor.signed(8), cursor.length())
        if entry in unclaimed:
            raise PayloadDamaged("an entry of a stream is pending twice")
        unclaimed[entry] = pending
    for _ in range(cursor.count()):
        group.consumers.append(consumer_at(cursor, form, unclaimed))
    if unclaimed:
        raise PayloadDamaged("an entry of a stream is pending with nobody")
    if len({consumer.name for consumer in group.consumers}) != len(group.consumers):
        raise PayloadDamaged("a group of a stream has a consumer twice")
    return group


def consumer_at(cursor: Cursor, form: int, unclaimed: dict[Id, PendingForm]) -> ConsumerForm:
    name, seen_time = cursor.string(), cursor.signed(8)
    consumer = ConsumerForm(name, seen_time, cursor.signed(8) if form == STREAM_3 else seen_time)
    for _ in range(cursor.count()):
        pending = unclaimed.pop(raw_id_at(cursor), None)
        if pending is None:
            raise PayloadDamaged("a consumer of a stream has what is not pending")
        consumer.pending.append(pending)
    return consumer


def id_at(cursor: Cursor) -> Id:
    return cursor.length(), cursor.length()


def raw_id_at(cursor: Cursor) -> Id:
    return int.from_bytes(cursor.take(8), "big"), int.from_bytes(cursor.take(8), "big")


# Writing


def write_stream(stream: StreamForm, out: BytesWriter) -> None:
    """Append a stream in Redis 7.0's form, without the number of that."""
    nodes = nodes_of(stream.entries)
    write_length(len(nodes), out)
    for node in nodes:
        write_string(raw_id(node[0][0]), out)
        write_string(listpack_of(items_of_node(node)), out)
    write_length(len(stream.entries), out)
    for entry in (stream.last, stream.first(), stream.highest_deleted):
        write_id(entry, out)
    write_length(stream.entries_added, out)
    write_length(len(stream.groups), out)
    for group in stream.groups:
        write_group(group, out)


def nodes_of(entries: list[tuple[Id, list[bytes]]]) -> list[list[tuple[Id, list[bytes]]]]:
    """Return the entries in rows of at most NODE_ENTRIES and, roughly, NODE_BYTES."""
    nodes: list[list[tuple[Id, list[bytes]]]] = []
    size = 0
    for entry in entries:
        length = sum([len(item) for item in entry[1]])
        if not nodes or len(nodes[-1]) == NODE_ENTRIES or size + length > NODE_BYTES:
            nodes.append([])
            size = 0
        nodes[-1].append(entry)
        size += length
    return nodes


def items_of_node(entries: list[tuple[Id, list[bytes]]]) -> list[bytes]:
    master, first = entries[0]
    fields = first[::2]
    items = [b"%d" % len(entries), b"0", b"%d" % len(fields), *fields, b"0"]
    for entry, pairs in entries:
        has_same = pairs[::2] == fields
        items.append(b"%d" % HAS_SAME_FIELDS if has_same else b"0")
        items.append(b"%d" % signed(entry[0] - master[0]))
        items.append(b"%d" % signed(entry[1] - master[1]))
        if has_same:
            items += pairs[1::2]
            items.append(b"%d" % (len(fields) + 3))
        else:
            items.append(b"%d" % (len(pairs) // 2))
            items += pairs
            items.append(b"%d" % (len(pairs) + 4))
    return items


def signed(number: int) -> int:
    """Return a difference of two numbers of 64 bits as one of 64 bits with a sign: it goes round."""
    return (number + LIMIT // 2) % LIMIT - LIMIT // 2


def write_group(group: GroupForm, out: BytesWriter) -> None:
    write_string(group.name, out)
    write_id(group.last, out)
    write_length(group.entries_read % LIMIT, out)
    pending = [each for consumer in group.consumers for each in consumer.pending]
    pending.sort(key=entry_of)
    write_length(len(pending), out)
    for each in pending:
        out.write(raw_id(each.entry))
        out.write(each.delivery_time.to_bytes(8, "little", signed=True))
        write_length(each.delivery_count, out)
    write_length(len(group.consumers), out)
    for consumer in group.consumers:
        write_string(consumer.name, out)
        out.write(consumer.seen_time.to_bytes(8, "little", signed=True))
        write_length(len(consumer.pending), out)
        for each in consumer.pending:
            out.write(raw_id(each.entry))


def entry_of(pending: PendingForm) -> Id:
    return pending.entry


def write_id(entry: Id, out: BytesWriter) -> None:
    write_length(entry[0], out)
    write_length(entry[1], out)


def raw_id(entry: Id) -> bytes:
    return entry[0].to_bytes(8, "big") + entry[1].to_bytes(8, "big")
