"""What kvik may answer otherwise than redis-server 7.0, and nothing else: each rule with its reason."""

import hiredis

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


def is_allowed(request: Request, expected: bytes, found: bytes) -> bool:
    """Return whether two replies that differ mean the same."""
    name = request[0].upper()
    ours, theirs = value_of(found), value_of(expected)
    if name in RANDOM:
        return shape_of(ours) == shape_of(theirs)
    if name in CURSORS:
        return is_same_page(name, ours, theirs)
    if name in UNORDERED_PAIRS:
        return found[:1] == expected[:1] and pairs_of(ours) == pairs_of(theirs)
    if name in UNORDERED:
        return found[:1] == expected[:1] and sorted_elements(ours) == sorted_elements(theirs)
    return False


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
