"""Makes a payload of a value, as Redis 7.0 has it, though never compressed. Knows no key."""

from typing import Final

from librt.strings import BytesWriter, write_f64_le

from kvik.rdb.checksum import crc64
from kvik.rdb.kinds import (
    HASH,
    HASH_DYING,
    HASH_LISTPACK,
    LIST_OF_LISTPACKS,
    PACKED_NODE,
    SET,
    SET_INTSET,
    STREAM_2,
    STRING,
    VERSION,
    VERSION_OF_DYING,
    ZSET,
    ZSET_LISTPACK,
)
from kvik.rdb.listpack import listpack_of
from kvik.rdb.old_packs import intset_of
from kvik.rdb.stream_form import write_stream
from kvik.rdb.strings import write_length, write_string
from kvik.store.hash_value import HashValue
from kvik.store.list_value import ListValue
from kvik.store.set_value import SetValue
from kvik.store.sorted_set import SortedSet
from kvik.store.stream import StreamValue
from kvik.store.value import Value, as_bytes

# As Redis' list-max-listpack-size: how many bytes a node of a list has.
NODE_BYTES: Final = 8_192
# What is written of a sorted set in one step.
WRITTEN_MEMBERS: Final = 512


def payload_of(value: Value) -> bytes:
    """Return a value with its form before it, and behind it version and checksum."""
    out = BytesWriter()
    version = VERSION
    if isinstance(value, HashValue):
        version = write_hash(value, out)
    elif isinstance(value, SetValue):
        write_set(value, out)
    elif isinstance(value, SortedSet):
        write_sorted_set(value, out)
    elif isinstance(value, ListValue):
        write_list(value, out)
    elif isinstance(value, StreamValue):
        out.append(STREAM_2)
        write_stream(value, out)
    else:
        out.append(STRING)
        write_string(as_bytes(value), out)
    out.write(version.to_bytes(2, "little"))
    data = out.getvalue()
    return data + crc64(data, len(data)).to_bytes(8, "little")


def write_list(value: ListValue, out: BytesWriter) -> None:
    nodes = nodes_of(value)
    out.append(LIST_OF_LISTPACKS)
    write_length(len(nodes), out)
    for node in nodes:
        write_length(PACKED_NODE, out)
        write_string(listpack_of(node), out)


def nodes_of(value: ListValue) -> list[list[bytes]]:
    """Return the values in rows of about NODE_BYTES."""
    nodes: list[list[bytes]] = []
    node: list[bytes] = []
    size = 0
    for row in value.rows():
        for item in row:
            if node and size + len(item) > NODE_BYTES:
                nodes.append(node)
                node, size = [], 0
            node.append(item)
            size += len(item)
    nodes.append(node)
    return nodes


def write_set(value: SetValue, out: BytesWriter) -> None:
    members = value.members()
    if value.encoding() == b"intset":
        out.append(SET_INTSET)
        write_string(intset_of(sorted([int(member) for member in members])), out)
        return
    out.append(SET)
    write_length(len(members), out)
    for member in members:
        write_string(member, out)


def write_hash(value: HashValue, out: BytesWriter) -> int:
    """Append a hash; return the version it needs."""
    dying = value.deadlines()
    if dying:
        write_dying_hash(value, dying, out)
        return VERSION_OF_DYING
    items = value.flat()
    if value.encoding() == b"listpack":
        out.append(HASH_LISTPACK)
        write_string(listpack_of(items), out)
        return VERSION
    out.append(HASH)
    write_length(len(value), out)
    for item in items:
        write_string(item, out)
    return VERSION


def write_dying_hash(value: HashValue, dying: dict[int, list[bytes]], out: BytesWriter) -> None:
    """Append a hash with the deadlines of its fields: each as its distance from the first one, and one more."""
    first = min(dying)
    distances = {field: moment - first + 1 for moment, fields in dying.items() for field in fields}
    items = value.flat()
    out.append(HASH_DYING)
    out.write(first.to_bytes(8, "little"))
    write_length(len(value), out)
    for index in range(0, len(items), 2):
        write_length(distances.get(items[index], 0), out)
        write_string(items[index], out)
        write_string(items[index + 1], out)


def write_sorted_set(value: SortedSet, out: BytesWriter) -> None:
    if value.encoding() == b"listpack":
        out.append(ZSET_LISTPACK)
        members, scores = value.slice(0, len(value))
        items: list[bytes] = []
        for index in range(len(members)):
            items += [members[index], b"%.17g" % scores[index]]
        write_string(listpack_of(items), out)
        return
    out.append(ZSET)
    write_length(len(value), out)
    for start in range(0, len(value), WRITTEN_MEMBERS):
        members, scores = value.slice(start, start + WRITTEN_MEMBERS)
        for index in range(len(members)):
            write_string(members[index], out)
            write_f64_le(out, scores[index])
