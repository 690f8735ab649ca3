"""A list of bytes. Knows no command.

While it is small it is packed in one bytes object (see packed.py): a position is found by stepping over the values
before it, a change copies some hundred bytes. Beyond that it is made of blocks (see list_blocks.py): fast at both
ends, and in the middle by steps of a block.
"""

from typing import Final

from mypy_extensions import i64

from kvik.errors import wrong_type
from kvik.store.container import LIST, Container
from kvik.store.keyspace import Keyspace
from kvik.store.list_blocks import ListBlocks
from kvik.store.packed import LENGTH_MAX, beyond, item_at, packed, positions, unpacked, weight_of_packed

PACKED_BYTES_MAX: Final = 1_024
# To pop the last of so many takes 0.1 us more than from a block; they have to fit into one.
PACKED_VALUES_MAX: Final = 128

# Measured on 64-bit CPython 3.11: the object alone, with a share of the holes that lists leave as they come and go.
LIST_BYTES: Final = 112


def list_at(space: Keyspace, key: bytes) -> "ListValue | None":
    """Return the list at `key` for reading, None where there is no key. Raises WRONGTYPE for another kind."""
    value = space.read(key)
    if value is None or isinstance(value, ListValue):
        return value
    raise wrong_type()


def list_to_edit(space: Keyspace, key: bytes) -> "ListValue | None":
    """As `list_at`, for a caller that changes the list and then says so: `space.edited(key, values)`."""
    value = space.edit(key)
    if value is None or isinstance(value, ListValue):
        return value
    raise wrong_type()


class ListValue(Container):
    """Values in order. Positions count from 0 and have to be there."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = LIST_BYTES + weight_of_packed(0)
        self._packed = b""
        self._count: i64 = 0
        self._blocks: ListBlocks | None = None

    # What every container does

    def kind(self) -> int:
        return LIST

    def __len__(self) -> int:
        if self._blocks is not None:
            return len(self._blocks)
        return self._count

    def copy(self) -> "ListValue":
        twin = ListValue()
        twin.weight = self.weight
        twin._packed = self._packed
        twin._count = self._count
        if self._blocks is not None:
            twin._blocks = self._blocks.copy()
        return twin

    def parts(self) -> list[object]:
        return [] if self._blocks is None else self._blocks.parts()

    def encoding(self) -> bytes:
        return b"quicklist"

    # At the ends

    def push_left(self, value: bytes) -> None:
        """Put a value before all others."""
        if self._blocks is None and len(value) <= LENGTH_MAX:
            self._repack(packed(value) + self._packed, 1)
            return
        blocks = self._in_blocks()
        blocks.push_left(value)
        self.weight = LIST_BYTES + blocks.weight

    def push_right(self, value: bytes) -> None:
        """Put a value behind all others."""
        if self._blocks is None and len(value) <= LENGTH_MAX:
            self._repack(self._packed + packed(value), 1)
            return
        blocks = self._in_blocks()
        blocks.push_right(value)
        self.weight = LIST_BYTES + blocks.weight

    def extend(self, values: list[bytes]) -> None:
        """Put values behind all others, in their order."""
        for value in values:
            self.push_right(value)

    def pop_left(self) -> bytes:
        """Take the first value away; there is one."""
        blocks = self._blocks
        if blocks is None:
            value = item_at(self._packed, 0)
            self._repack(self._packed[1 + len(value) :], -1)
        else:
            value = blocks.pop_left()
            self.weight = LIST_BYTES + blocks.weight
        return value

    def pop_right(self) -> bytes:
        """Take the last value away; there is one."""
        blocks = self._blocks
        if blocks is None:
            place = beyond(self._packed, 0, self._count - 1)
            value = item_at(self._packed, place)
            self._repack(self._packed[:place], -1)
        else:
            value = blocks.pop_right()
            self.weight = LIST_BYTES + blocks.weight
        return value

    # By position

    def get(self, position: int) -> bytes:
        if self._blocks is not None:
            return self._blocks.get(position)
        return item_at(self._packed, beyond(self._packed, 0, position))

    def set(self, position: int, value: bytes) -> None:
        if self._blocks is None and len(value) <= LENGTH_MAX:
            self._splice(position, 1, packed(value), 0)
            return
        blocks = self._in_blocks()
        blocks.set(position, value)
        self.weight = LIST_BYTES + blocks.weight

    def slice(self, start: int, end: int) -> list[bytes]:
        """Return the values from `start` up to, not including, `end`, which is greater."""
        if self._blocks is not None:
            return self._blocks.slice(start, end)
        items = self._packed
        first = beyond(items, 0, start)
        return unpacked(items[first : beyond(items, first, end - start)])

    def rows(self) -> list[list[bytes]]:
        """Return all values, for reading only, in rows of bounded length."""
        return [unpacked(self._packed)] if self._blocks is None else self._blocks.rows()

    def insert(self, position: int, value: bytes) -> None:
        """Put a value before the one at `position`; the length is a position too."""
        if self._blocks is None and len(value) <= LENGTH_MAX:
            self._splice(position, 0, packed(value), 1)
            return
        blocks = self._in_blocks()
        blocks.insert(position, value)
        self.weight = LIST_BYTES + blocks.weight

    def delete(self, start: int, count: int) -> None:
        """Take `count` values away from `start` on, at least one: O(count + blocks)."""
        if self._blocks is None:
            self._splice(start, count, b"", -count)
            return
        self._blocks.delete(start, count)
        self.weight = LIST_BYTES + self._blocks.weight

    # By value

    def find(self, wanted: bytes) -> int:
        """Return the first position of a value, -1 where it is not there."""
        if self._blocks is not None:
            return self._blocks.find(wanted)
        found = positions(self._packed, wanted)
        return found[0] if found else -1

    def find_all(self, wanted: bytes, rank: int, most: int, compared_max: int) -> list[int]:
        """Return up to `most` positions of a value, from the match number `rank` on (negative: from the right).

        0 is no limit, for `compared_max` too: how many values are looked at.
        """
        if self._blocks is not None:
            return self._blocks.find_all(wanted, rank, most, compared_max)
        found = positions(self._packed, wanted)
        compared = compared_max or len(self)
        if rank > 0:
            found = [position for position in found if position < compared]
        else:
            found = [position for position in reversed(found) if position >= len(self) - compared]
        found = found[abs(rank) - 1 :]
        return found[:most] if most > 0 else found

    def remove(self, wanted: bytes, most: int, from_right: bool) -> int:
        """Take up to `most` values away that equal `wanted`, 0: all of them; return how many went."""
        blocks = self._blocks
        if blocks is not None:
            removed = blocks.remove(wanted, most, from_right)
            self.weight = LIST_BYTES + blocks.weight
            return removed
        found = self.find_all(wanted, -1 if from_right else 1, most, 0)
        for position in sorted(found, reverse=True):
            self._splice(position, 1, b"", -1)
        return len(found)

    # Steps

    def _splice(self, position: i64, count: i64, put: bytes, change: i64) -> None:
        """Put something packed in the place of `count` values from a position on; there are `change` values more."""
        items = self._packed
        place = beyond(items, 0, position)
        self._repack(items[:place] + put + items[beyond(items, place, count) :], change)

    def _repack(self, items: bytes, change: i64) -> None:
        """Keep what is packed now, `change` values more; go over to blocks, for good, where it is no longer small."""
        self._packed = items
        self._count += change
        self.weight = LIST_BYTES + weight_of_packed(len(items))
        if len(items) > PACKED_BYTES_MAX or self._count > PACKED_VALUES_MAX:
            self._in_blocks()

    def _in_blocks(self) -> ListBlocks:
        """Return the blocks; what was packed goes over to them, for good."""
        blocks = self._blocks
        if blocks is None:
            blocks = ListBlocks(unpacked(self._packed))
            self._blocks = blocks
            self._packed = b""
            self._count = 0
            self.weight = LIST_BYTES + blocks.weight
        return blocks
