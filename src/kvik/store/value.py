"""What can stand behind a key, what kind it is, and how Redis would call its representation."""

from typing import Final, TypeAlias

from kvik.errors import wrong_type
from kvik.numbers import decimal, parse_integer
from kvik.store.container import STRING, Container
from kvik.store.long_string import LongString

KIND_NAMES: Final = (b"string", b"list", b"set", b"zset", b"hash", b"stream")
"""Redis' name of each kind, by its number."""

StringValue: TypeAlias = bytes | int
"""A string is bare bytes, or a bare int when a counter made it: a wrapper would double its size.

One that is long and was changed in place is a LongString: see there.
"""

Value: TypeAlias = bytes | int | Container

# Redis keeps a string of up to so many bytes in one allocation with its header.
EMBEDDED_MAX: Final = 44


def kind_of(value: Value) -> int:
    """Return the kind of a value, an index into KIND_NAMES."""
    return value.kind() if isinstance(value, Container) else STRING


def as_bytes(value: Value) -> bytes:
    """Return a string value as bytes: a long one is copied. Raises WRONGTYPE for another kind."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, Container):
        if isinstance(value, LongString):
            return value.text()
        raise wrong_type()
    return decimal(value)


def length_of(value: Value) -> int:
    """Return how many bytes a string value has. Raises WRONGTYPE for another kind."""
    if isinstance(value, LongString):
        return len(value)
    return len(as_bytes(value))


def part_of(value: Value, start: int, end: int) -> bytes:
    """Return the bytes of a string value from `start` up to, not including, `end`, as far as they are there.

    `start` is at least 0 and not greater than `end`. Raises WRONGTYPE for another kind.
    """
    if isinstance(value, LongString):
        end = min(end, len(value))
        return value.slice(start, end) if start < end else b""
    return as_bytes(value)[start:end]


def copy_of(value: Value) -> Value:
    """Return an equal value that shares nothing which can change."""
    return value.copy() if isinstance(value, Container) else value


def encoding_of(value: Value) -> bytes:
    """Return the name OBJECT ENCODING gives: Redis 7's for a value that was set to these bytes.

    A short string that APPEND or SETRANGE made is `raw` in Redis; nothing here remembers that.
    """
    if isinstance(value, Container):
        return value.encoding()
    if not isinstance(value, bytes) or parse_integer(value) is not None:
        return b"int"
    return b"embstr" if len(value) <= EMBEDDED_MAX else b"raw"
