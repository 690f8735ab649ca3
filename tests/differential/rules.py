"""What kvik may answer otherwise than redis-server 7.0, and nothing else: each rule with its reason."""

import re

import hiredis

from kvik.commands import BUILT_IN
from kvik.commands.family import CommandTable
from kvik.rdb.reading import is_genuine, value_in
from kvik.store.stream import StreamValue
from kvik.store.stream_id import HIGHEST, LOWEST
from tests.differential.draw import Request

UNORDERED = {
    *[b"SMEMBERS", b"SINTER", b"SUNION", b"SDIFF", b"SSCAN", b"HKEYS", b"HVALS", b"HSCAN", b"KEYS", b"SCAN"],
    *[b"SPOP", b"ZSCAN"],
}
"""Redis' order of these comes from its hash tables: the same elements in another order are the same answer."""

UNORDERED_PAIRS = {b"HGETALL"}
"""As above; field and value stay together."""

RANDOM = {b"SRANDMEMBER", b"HRANDFIELD", b"ZRANDMEMBER", b"RANDOMKEY"}
"""The answer is a random choice: its shape has to be the same."""

CURSORS = {b"SCAN", b"SSCAN", b"HSCAN", b"ZSCAN"}
"""Cursors are each server's own; the generators ask for everything at once, so both end with 0."""

PUSH = b">4\r\n"

SORTS = {b"SORT", b"SORT_RO"}
"""BY something that is the same for all elements leaves a set in the order of Redis' hash table."""

CLOCKS = {b"TTL": 5, b"EXPIRETIME": 5, b"PTTL": 5_000, b"PEXPIRETIME": 5_000}
"""Both count from their own now: so far may they be apart. Times to live are far longer."""

USED_UP = (b"Elements are too large to be stored", b"is equal or smaller than the target stream top item")
"""Where the numbers of one millisecond are used up, Redis 7.0 answers either, by what failed before it."""

STREAM_CLOCKS = {b"XPENDING", b"XINFO"}
STREAM_CLOCKS_APART = 5_000
LOOSE_NAMES = {b"idle", b"seen-time", b"radix-tree-nodes"}
"""As above: when a consumer last asked, in milliseconds; so may nodes be apart, of a tree that kvik does not have."""

BEHIND_ZERO = re.compile(rb"\0.*?(?='|\r\n)", re.DOTALL)

MADE_OF_MORE = {b"intset", b"hashtable"}
"""Redis' SDIFFSTORE may put members in and take them out again, and remembers that they were no integers."""

MADE = (b"raw", b"embstr")
BY_CONTENT = (b"embstr", b"int")
"""A string that APPEND, SETRANGE or INCRBYFLOAT made has the first encodings in Redis; kvik goes by its bytes."""


def is_allowed(request: Request, expected: bytes, found: bytes) -> bool:
    """Return whether two replies that differ mean the same."""
    name = request[0].upper()
    if name in CLOCKS:
        return is_near(expected, found, CLOCKS[name])
    if name == b"XADD" and USED_UP[0] in expected and USED_UP[1] in found:
        return True
    ours, theirs = value_of(found), value_of(expected)
    if name in STREAM_CLOCKS and isinstance(ours, list | dict):
        return is_alike_but_for_times(ours, theirs)
    if name in RANDOM:
        return shape_of(ours) == shape_of(theirs)
    if name in CURSORS:
        return is_same_page(name, ours, theirs)
    if name == b"DUMP" and isinstance(ours, bytes) and isinstance(theirs, bytes):
        return is_alike_but_for_times(content_of(ours), content_of(theirs))
    if name in UNORDERED_PAIRS:
        return found[:1] == expected[:1] and pairs_of(ours) == pairs_of(theirs)
    if name in UNORDERED:
        return found[:1] == expected[:1] and sorted_elements(ours) == sorted_elements(theirs)
    if name in SORTS and b"BY" in [word.upper() for word in request]:
        return found[:1] == expected[:1] and sorted_elements(ours) == sorted_elements(theirs)
    if name == b"OBJECT" and {ours, theirs} == MADE_OF_MORE:
        return True
    if name == b"OBJECT" and theirs in MADE:
        return ours in BY_CONTENT
    return is_cut(expected, found)


def is_cut(expected: bytes, found: bytes) -> bool:
    """Return whether two errors differ in a word alone that Redis repeats up to its first zero byte, kvik whole."""
    return found[:1] == b"-" and BEHIND_ZERO.sub(b"", found) == expected


def is_near(expected: bytes, found: bytes, most: int) -> bool:
    """Return whether two integers are both moments or spans, and near each other."""
    if expected[:1] != b":" or found[:1] != b":" or min(int(expected[1:]), int(found[1:])) < 0:
        return False
    return abs(int(expected[1:]) - int(found[1:])) <= most


def is_alike_but_for_times(ours: object, theirs: object) -> bool:
    """Return whether two answers are equal but for times near each other: named, or beside the ID that is pending."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return is_alike_but_for_times(flat(ours), flat(theirs))
    if not isinstance(ours, list) or not isinstance(theirs, list) or len(ours) != len(theirs):
        return ours == theirs and type(ours) is type(theirs)
    times = {index + 1 for index, each in enumerate(ours[:-1]) if isinstance(each, bytes) and each in LOOSE_NAMES}
    kinds = [type(each) for each in ours]
    if kinds in ([bytes, bytes, int, int], [bytes, int, int]):
        times.add(len(kinds) - 2)
    return all(
        isinstance(other, int) and abs(each - other) <= STREAM_CLOCKS_APART
        if index in times and isinstance(each, int)
        else is_alike_but_for_times(each, other)
        for index, (each, other) in enumerate(zip(ours, theirs, strict=True))
    )


def flat(pairs: dict[object, object]) -> list[object]:
    return [item for pair in pairs.items() for item in pair]


def content_of(payload: bytes) -> list[object]:
    """Return what a payload holds, as the commands that make it; Redis compresses some, and has an order of its own."""
    assert is_genuine(payload)
    value = value_in(payload)
    if isinstance(value, StreamValue):
        return content_of_stream(value)
    commands = list(CommandTable(BUILT_IN).rebuild(b"", value, -1))
    words = [word for command in commands for word in command[1:]]
    return [commands[0][0], *(words if commands[0][0] in (b"RPUSH", b"SET") else sorted(words))]


def content_of_stream(stream: StreamValue) -> list[object]:
    """Return everything about a stream, its times where `is_alike_but_for_times` knows them."""
    content: list[object] = [stream.last.text(), stream.highest_deleted.text(), stream.entries_added]
    for entry in stream.range(LOWEST, HIGHEST, len(stream)):
        content.append([entry.id().text(), *entry.fields])
    for group in stream.sorted_groups():
        content.append([group.name, group.last.text(), group.entries_read])
        for row in group.pending.rows():
            content += [[each.id.text(), each.consumer, each.time, each.count] for each in row]
        for consumer in group.sorted_consumers():
            content.append([consumer.name, b"seen-time", consumer.seen_time])
    return content


def is_other_order(request: Request, expected: bytes, heard: bytes) -> bool:
    """Return whether two rows of events are the same in another order: SORT looks keys up in that of a hash table."""
    return request[0].upper() in SORTS and sorted(expected.split(PUSH)) == sorted(heard.split(PUSH))


def value_of(reply: bytes) -> object:
    reader = hiredis.Reader()
    reader.feed(reply)
    return reader.gets()


def sorted_elements(value: object) -> object:
    return sorted(map(repr, value)) if isinstance(value, list | set | tuple) else repr(value)


def pairs_of(value: object) -> object:
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return dict(zip(value[::2], value[1::2], strict=True))
    return repr(value)


def is_same_page(name: bytes, ours: object, theirs: object) -> bool:
    if not isinstance(ours, list) or not isinstance(theirs, list):
        return repr(ours) == repr(theirs)
    if name in (b"HSCAN", b"ZSCAN"):
        return ours[0] == theirs[0] and pairs_of(ours[1]) == pairs_of(theirs[1])
    return ours[0] == theirs[0] and sorted_elements(ours[1]) == sorted_elements(theirs[1])


def shape_of(value: object) -> object:
    """Return what a random answer looks like: its type, and how many elements of which shape it has."""
    if isinstance(value, list):
        return [shape_of(each) for each in value]
    return type(value).__name__
