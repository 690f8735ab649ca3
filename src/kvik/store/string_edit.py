"""How a part of a string is changed: by a new string while it is short, in place when it is long. Knows no command.

before = space.edit(key)
overwrite(space, key, before, offset, patch)
"""

from kvik.store.keyspace import Keyspace
from kvik.store.long_string import LONG_MIN, LongString
from kvik.store.value import Value, as_bytes


def append(space: Keyspace, key: bytes, before: Value, addition: bytes) -> None:
    """Put bytes behind the string that `edit` has found."""
    if not isinstance(before, LongString):
        text = as_bytes(before)
        if len(text) + len(addition) < LONG_MIN:
            space.replace(key, text + addition)
            return
        before = LongString(text)
    before.append(addition)
    space.edited(key, before)


def overwrite(space: Keyspace, key: bytes, before: Value | None, offset: int, patch: bytes) -> None:
    """Put `patch` over what stands at `offset` of the string that `edit` has found; a gap becomes zeros."""
    if not isinstance(before, LongString):
        text = b"" if before is None else as_bytes(before)
        end = offset + len(patch)
        if end < LONG_MIN and len(text) < LONG_MIN:
            start = text[:offset] if offset <= len(text) else text.ljust(offset, b"\x00")
            space.replace(key, b"".join((start, patch, text[end:])))
            return
        before = LongString(text)
    before.write(offset, patch)
    space.edited(key, before)
