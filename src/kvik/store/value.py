"""What can stand behind a key, and what kind it is."""

from typing import Final, TypeAlias

STRING: Final = 0

KIND_NAMES: Final = (b"string",)
"""Redis' name of each kind, by its number."""

Value: TypeAlias = "bytes | int"
"""A string is bare bytes, or a bare int when a counter made it: a wrapper would double its size."""


def kind_of(value: Value) -> int:
    """Return the kind of a value, an index into KIND_NAMES."""
    return STRING


def as_bytes(value: Value) -> bytes:
    """Return a string value as bytes."""
    if isinstance(value, bytes):
        return value
    return b"%d" % value
