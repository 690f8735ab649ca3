"""A stream: entries in the order of their IDs, and the groups that read it. Knows no command.

Entries are in blocks (see stream_block.py), as many in one as in a node of Redis: a block is found by binary search,
an entry in it by stepping. Adding one copies what its block has, 4 KB at most; taking away at the front is a step per
block.

A copy shares the blocks: making one is a step per block. So a block is changed only by the stream whose generation it
carries, and both streams get a new one at every copy; any other block is copied first.
"""

from typing import Final

from mypy_extensions import i64

from kvik.errors import ReplyError, wrong_type
from kvik.numbers import counted_on
from kvik.store.consumer_group import UNKNOWN, ConsumerGroup
from kvik.store.container import FREED_AT_ONCE_MAX, STREAM, Container
from kvik.store.keyspace import Keyspace
from kvik.store.stream_block import Block, Entry, form_of, weight_of_form
from kvik.store.stream_id import HIGHEST, LOWEST, StreamId
from kvik.store.value import Value

ENTRY_BYTES_MAX: Final = 1 << 30
"""As Redis."""
BLOCKS_IN_A_PART: Final = 16
# Measured on 64-bit CPython 3.11: the object with its empty lists and IDs.
STREAM_BYTES: Final = 300


def stream_at(space: Keyspace, key: bytes) -> "StreamValue | None":
    """Return the stream at `key` for reading, None where there is no key. Raises WRONGTYPE for another kind."""
    return as_stream(space.read(key))


def as_stream(value: Value | None) -> "StreamValue | None":
    """Return a value that is a stream, or none. Raises WRONGTYPE for another kind."""
    if value is None or isinstance(value, StreamValue):
        return value
    raise wrong_type()


def stream_to_edit(space: Keyspace, key: bytes) -> "StreamValue | None":
    """As `stream_at`, for a caller that changes the stream and then says so: `space.edited(key, stream)`."""
    return as_stream(space.edit(key))


class Trimming:
    """How a stream is to be trimmed: to `most` entries, or to those from the ID `least` on.

    Where it `is_rough` only whole blocks go, and with a `limit` above 0 no more entries than that.
    """

    def __init__(self, most: i64, least: StreamId | None, is_rough: bool, limit: int) -> None:
        self.most: Final[i64] = most
        self.least: Final = least
        self.is_rough: Final = is_rough
        self.limit: Final = limit


class Presence:
    """Says which entries a stream has that does not change meanwhile; asked in their order it reads each block once."""

    def __init__(self, stream: "StreamValue") -> None:
        self._stream: Final = stream
        self._number = -1
        self._ids: set[tuple[int, int]] = set()

    def contains(self, entry_id: StreamId) -> bool:
        number = self._stream.block_of(entry_id)
        if number < 0:
            return False
        if number != self._number:
            self._number = number
            self._ids = self._stream.blocks()[number].ids()
        return (entry_id.ms, entry_id.seq) in self._ids


class StreamValue(Container):
    """Entries, and what is known of those that have gone.

    `last` is the highest ID it ever gave out, `highest_deleted` that of an entry which was deleted, both 0-0 where
    there is none; `entries_added` is how many entries it ever had, INTEGER_MAX at the most: XSETID takes no more.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weight = STREAM_BYTES
        self.last = LOWEST
        self.highest_deleted = LOWEST
        self.entries_added = 0
        self.groups: Final[dict[bytes, ConsumerGroup]] = {}
        self._length: i64 = 0
        self._generation: i64 = 0
        self._blocks: list[Block] = []

    # What every container does

    def kind(self) -> int:
        return STREAM

    def __len__(self) -> int:
        return self._length

    def keeps_empty(self) -> bool:
        return True

    def is_large(self) -> bool:
        sizes = [len(group.pending) for group in self.groups.values()]
        return max([self._length, *sizes]) > FREED_AT_ONCE_MAX

    def copy(self) -> "StreamValue":
        self._generation += 1
        twin = StreamValue()
        twin._generation = self._generation
        twin.last = self.last
        twin.highest_deleted = self.highest_deleted
        twin.entries_added = self.entries_added
        twin._length = self._length
        twin._blocks = self._blocks[:]
        twin.weight = self.weight
        for name in self.groups:
            twin.groups[name] = self.groups[name].copy()
        return twin

    def parts(self) -> list[object]:
        parts: list[object] = []
        for start in range(0, len(self._blocks), BLOCKS_IN_A_PART):
            parts.append(self._blocks[start : start + BLOCKS_IN_A_PART])
        for group in self.groups.values():
            parts += group.parts()
        return parts

    def encoding(self) -> bytes:
        return b"stream"

    # Entries

    def append(self, entry_id: StreamId, fields: list[bytes]) -> None:
        """Add an entry of field, value, field, value and so on; its ID is higher than `last`. Raises for a huge one."""
        length: i64 = 0
        for item in fields:
            length += len(item)
        if length > ENTRY_BYTES_MAX:
            raise ReplyError("ERR", "Elements are too large to be stored")
        blocks = self._blocks
        if blocks and entry_id.is_before(blocks[-1].first):
            # XSETID went back behind entries that have gone: nothing is left in this block.
            self.weight -= blocks.pop().weight()
        if not blocks or blocks[-1].is_full(length):
            self.begin_block(entry_id, fields)
        block = self._own(len(blocks) - 1)
        before = block.weight()
        block.append(entry_id, fields)
        self.weight += block.weight() - before
        self._length += 1
        self.last = entry_id
        self.entries_added = counted_on(self.entries_added)

    def delete(self, entry_id: StreamId) -> bool:
        """Take an entry away; return whether it was there."""
        number = self.block_of(entry_id)
        if number < 0 or not self._blocks[number].contains(entry_id):
            return False
        block = self._own(number)
        before = block.weight()
        block.delete(entry_id)
        self._length -= 1
        self.weight += block.weight() - before
        if block.count == 0:
            self.weight -= block.weight()
            self._blocks.pop(number)
        if self.highest_deleted.is_before(entry_id):
            self.highest_deleted = entry_id
        return True

    def trim(self, trimming: Trimming) -> int:
        """Take entries away from the front; return how many."""
        blocks = self._blocks
        removed = 0
        whole = 0
        while whole < len(blocks) and (trimming.least is not None or self._length > trimming.most):
            block = blocks[whole]
            if trimming.limit and removed + block.count > trimming.limit:
                break
            if not self._goes_whole(block, trimming):
                if not trimming.is_rough:
                    removed += self._cut(whole, trimming)
                break
            self._length -= block.count
            self.weight -= block.weight()
            removed += block.count
            whole += 1
        del blocks[:whole]
        return removed

    def contains(self, entry_id: StreamId) -> bool:
        number = self.block_of(entry_id)
        return number >= 0 and self._blocks[number].contains(entry_id)

    def range(self, start: StreamId, end: StreamId, most: i64) -> list[Entry]:
        """Return up to `most` entries from `start` to `end`, both included."""
        found: list[Entry] = []
        blocks = self._blocks
        number = max(self.block_of(start), 0)
        while number < len(blocks) and len(found) < most and not end.is_before(blocks[number].first):
            blocks[number].read(start, end, most, found)
            number += 1
        return found

    def range_back(self, start: StreamId, end: StreamId, most: i64) -> list[Entry]:
        """As `range`, from the end to the start."""
        found: list[Entry] = []
        blocks = self._blocks
        number = self.block_of(end)
        while number >= 0 and len(found) < most and not blocks[number].last.is_before(start):
            blocks[number].read_back(start, end, most, found)
            number -= 1
        return found

    def first_id(self) -> StreamId:
        """Return the ID of the first entry, 0-0 where there is none."""
        found = self.range(LOWEST, HIGHEST, 1)
        return found[0].id() if found else LOWEST

    def top_id(self) -> StreamId:
        """Return the ID of the last entry, 0-0 where there is none."""
        if self._length == 0:
            return LOWEST
        block = self._blocks[-1]
        if block.contains(block.last):
            return block.last
        return self.range_back(LOWEST, HIGHEST, 1)[0].id()

    # Groups

    def group(self, name: bytes) -> ConsumerGroup | None:
        return self.groups.get(name)

    def sorted_groups(self) -> list[ConsumerGroup]:
        """Return the groups in the order of their names, as Redis keeps them."""
        return [self.groups[name] for name in sorted(self.groups)]

    def add_group(self, group: ConsumerGroup) -> None:
        """Add a group whose name is not there."""
        self.groups[group.name] = group
        self.weigh_group(group)

    def remove_group(self, name: bytes) -> ConsumerGroup | None:
        """Remove a group and return it, None where there is none."""
        group = self.groups.pop(name, None)
        if group is not None:
            self.weight -= group.counted
        return group

    def weigh_group(self, group: ConsumerGroup) -> None:
        """Count what a group that has changed weighs now."""
        self.weight += group.weight - group.counted
        group.counted = group.weight

    def count_up_to(self, entry_id: StreamId) -> int:
        """Return how many entries there ever were up to an ID, UNKNOWN where that cannot be said; as Redis 7.0."""
        if self.entries_added == 0:
            return 0
        if entry_id.equals(self.last) or (self._length == 0 and entry_id.is_before(self.last)):
            return self.entries_added
        if self.last.is_before(entry_id):
            return UNKNOWN
        first = self.first_id()
        if self.highest_deleted.is_zero() or self.highest_deleted.is_before(first):
            if entry_id.is_before(first):
                return self.entries_added - len(self)
            if entry_id.equals(first):
                return self.entries_added - len(self) + 1
        return UNKNOWN

    def has_gap_from(self, start: StreamId) -> bool:
        """Return whether an entry was deleted at or behind an ID, where entries are left before it; as Redis 7.0."""
        highest = self.highest_deleted
        if self._length == 0 or highest.is_zero() or highest.is_before(self.first_id()):
            return False
        return not highest.is_before(start)

    # Blocks

    def blocks(self) -> list[Block]:
        """Return all blocks, for reading only; one may be empty."""
        return self._blocks

    def begin_block(self, first: StreamId, fields: list[bytes]) -> None:
        """Let the next entry begin a block; where its names are those of the block before they are kept once."""
        form = form_of(fields)
        weight = weight_of_form(form)
        if self._blocks and self._blocks[-1].form == form:
            form = self._blocks[-1].form
            weight = 0
        block = Block(first, form, weight, self._generation)
        self._blocks.append(block)
        self.weight += block.weight()

    def block_of(self, entry_id: StreamId) -> int:
        """Return the number of the last block that does not begin behind an ID, -1 where all do."""
        blocks = self._blocks
        low, high = 0, len(blocks)
        if high and not entry_id.is_before(blocks[high - 1].first):
            return high - 1
        while low < high:
            middle = (low + high) >> 1
            if entry_id.is_before(blocks[middle].first):
                high = middle
            else:
                low = middle + 1
        return low - 1

    # Steps

    def _own(self, number: int) -> Block:
        """Return a block for changing it."""
        block = self._blocks[number]
        if block.generation != self._generation:
            block = block.copy(self._generation)
            self._blocks[number] = block
        return block

    def _goes_whole(self, block: Block, trimming: Trimming) -> bool:
        if trimming.least is not None:
            return block.last.is_before(trimming.least)
        return self._length - block.count >= trimming.most

    def _cut(self, number: int, trimming: Trimming) -> i64:
        """Take the first entries of a block away, return how many; where none are left it stays, as in Redis."""
        block = self._own(number)
        before = block.weight()
        count = self._length - trimming.most
        if trimming.least is not None:
            count = block.count_before(trimming.least)
        block.cut(count)
        self._length -= count
        self.weight += block.weight() - before
        return count
