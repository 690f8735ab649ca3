"""When the fields of one hash die. Knows fields and milliseconds, nothing of values and of who asks.

A hash whose fields do not die has none of this. A few deadlines are a dict that is gone through; many wait in spans
of time as those of keys do (see deadlines.py). `soonest` says until when nobody has to look at all.
"""

from collections.abc import Iterator
from typing import Final

from mypy_extensions import i64

from kvik.store.container import weight_of_bytes
from kvik.store.deadlines import Deadlines

MOMENT_MAX: Final = (1 << 46) - 1
"""The last moment a field can die, as in Redis."""
FEW_MAX: Final = 64
"""So many are gone through in two microseconds."""
NONE: Final = -1
AT_ONCE: Final = 0

# Measured on 64-bit CPython 3.11: this object with its dict and the key's place among those whose fields die; a field's
# place in the dict with its int; what the spans of time take, and a field in them.
FEW_BYTES: Final = 480
FEW_FIELD_BYTES: Final = 58
MANY_BYTES: Final = 2_400
MANY_FIELD_BYTES: Final = 132


class FieldDeadlines:
    """Deadlines of fields in wall-clock milliseconds; never empty for long: its owner drops it then."""

    def __init__(self) -> None:
        self.soonest: i64 = NONE
        """No deadline passes before this moment; NONE where there is no deadline, AT_ONCE where some have passed."""
        self.weight: i64 = FEW_BYTES
        self._few: dict[bytes, int] = {}
        self._many: Deadlines | None = None

    def __len__(self) -> int:
        many = self._many
        return len(self._few) if many is None else len(many.at)

    def get(self, field: bytes) -> int:
        """Return when a field dies, NONE where it does not."""
        many = self._many
        deadline = self._few.get(field) if many is None else many.at.get(field)
        return NONE if deadline is None else deadline

    def set(self, field: bytes, deadline: int) -> None:
        if self.soonest == NONE or deadline < self.soonest:
            self.soonest = deadline
        before = len(self)
        many = self._many
        if many is not None:
            many.set(field, deadline)
        else:
            self._few[field] = deadline
        if len(self) != before:
            self.weight += self._field_weight(field)
            if many is None and before == FEW_MAX:
                self._become_many()

    def drop(self, field: bytes) -> bool:
        """Let a field live; return whether it had a deadline. `soonest` may be too early then."""
        many = self._many
        was_there = self._few.pop(field, None) is not None if many is None else many.drop(field)
        if was_there:
            self.weight -= self._field_weight(field)
        return was_there

    def over(self, now: int, most: int) -> list[bytes]:
        """Return up to `most` fields whose deadline has passed, and forget those deadlines."""
        many = self._many
        fields = self._few_over(now, most) if many is None else many.over(now, most)
        for field in fields:
            self.weight -= self._field_weight(field)
        if len(fields) >= most:
            self.soonest = AT_ONCE
        else:
            self.soonest = self._soonest_of_few() if many is None else many.soonest(now)
        return fields

    def items(self) -> Iterator[tuple[bytes, int]]:
        """Yield fields and their deadlines; nothing may change meanwhile."""
        many = self._many
        return iter(self._few.items()) if many is None else many.at.items()

    def copy(self) -> "FieldDeadlines":
        """Return equal deadlines: many are shared until they are changed."""
        twin = FieldDeadlines()
        twin.soonest = self.soonest
        twin.weight = self.weight
        twin._few = self._few.copy()
        if self._many is not None:
            twin._many = self._many.copy()
        return twin

    def parts(self) -> list[object]:
        """Return what this is made of, for freeing it part by part."""
        return [] if self._many is None else self._many.parts()

    def _field_weight(self, field: bytes) -> i64:
        return (FEW_FIELD_BYTES if self._many is None else MANY_FIELD_BYTES) + weight_of_bytes(len(field))

    def _become_many(self) -> None:
        many = Deadlines()
        for field, deadline in self._few.items():
            many.set(field, deadline)
        self.weight += MANY_BYTES + len(self._few) * (MANY_FIELD_BYTES - FEW_FIELD_BYTES)
        self._few = {}
        self._many = many

    def _few_over(self, now: int, most: int) -> list[bytes]:
        fields = [field for field, deadline in self._few.items() if deadline <= now][:most]
        for field in fields:
            del self._few[field]
        return fields

    def _soonest_of_few(self) -> int:
        soonest = NONE
        for deadline in self._few.values():
            if soonest == NONE or deadline < soonest:
                soonest = deadline
        return soonest
