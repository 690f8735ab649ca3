"""Patterns of SORT: which other key's value, or hash field, stands for an element. Knows no command."""

from typing import Final

from kvik.store.container import STRING
from kvik.store.hash_value import HashValue
from kvik.store.keyspace import Keyspace
from kvik.store.value import as_bytes, kind_of


class Pattern:
    """What BY or GET names: `#` is the element itself, `key_*` a string, `key_*->field` a field of a hash.

    As Redis a pattern ends at its first zero byte where a sign is looked for, and without `*` it stands for nothing.
    """

    def __init__(self, text: bytes) -> None:
        head, zero, _ = text.partition(b"\0")
        star = head.find(b"*")
        arrow = head.find(b"->", star + 1)
        has_field = star >= 0 and 0 <= arrow < len(head) - 2
        self.is_element: Final = head == b"#"
        self.has_star: Final = star >= 0
        self._before: Final = text[:star]
        self._behind: Final = text[star + 1 : arrow] if has_field else text[star + 1 :]
        self._field: Final = text[arrow + 2 :] if has_field else None

    def value(self, space: Keyspace, element: bytes) -> bytes | None:
        """Return what stands for an element, None where it is not there or of another kind."""
        if self.is_element:
            return element
        if not self.has_star:
            return None
        held = space.read(self._before + element + self._behind)
        field = self._field
        if field is not None:
            return held.get(field) if isinstance(held, HashValue) else None
        return as_bytes(held) if held is not None and kind_of(held) == STRING else None
