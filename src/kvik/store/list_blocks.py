"""Values in blocks: what a list is that is not small. Knows no key and no command.

While it is short it is one plain list, `_last`. Beyond BLOCK_LENGTH values, blocks of up to so many stand before
it; a position is found by stepping over them from the nearer end. A block that lost values is joined with its
neighbour where both are small.

A copy shares the blocks: making one is a step per block. So a block is changed in place only by the list whose
generation it carries, and both lists get a new one at every copy; any other block is copied first.
"""

from typing import Final

from mypy_extensions import i64, mypyc_attr

from kvik.store.container import ALIGNMENT, BYTES_OBJECT_BYTES

BLOCK_LENGTH: Final = 256
# A block that grows to the left moves all it has at each step, 20 ns at this length.
LEFT_BLOCK_LENGTH: Final = 128
# Neighbours that hold no more together become one block.
JOINED_LENGTH_MAX: Final = 128
BLOCKS_IN_A_PART: Final = 16

# Measured on 64-bit CPython 3.11: an object of each kind with its list, and a place in a list with bytes in it.
BLOCKS_BYTES: Final = 130
BLOCK_BYTES: Final = 160
SLOT_BYTES: Final = 8


@mypyc_attr(acyclic=True)
class Block:
    """Some values in a row, and the generation of the list that may change them."""

    def __init__(self, values: list[bytes], generation: i64) -> None:
        self.values: Final = values
        self.generation: Final[i64] = generation


NO_BLOCKS: Final[list[Block]] = []
"""What a short list has: replaced, never changed."""


@mypyc_attr(acyclic=True)
class ListBlocks:
    """Values in order. Positions count from 0 and have to be there; ends are O(1), the middle O(blocks)."""

    def __init__(self, values: list[bytes]) -> None:
        """Begin with up to BLOCK_LENGTH values, in a list that is its own from now on."""
        self.weight: i64 = BLOCKS_BYTES
        """Bytes of memory it takes with its values."""
        self._length: i64 = 0
        self._generation: i64 = 0
        self._blocks = NO_BLOCKS
        self._last = values
        for value in values:
            self._count_in(value)

    def __len__(self) -> int:
        return self._length

    def copy(self) -> "ListBlocks":
        self._generation += 1
        twin = ListBlocks([])
        twin.weight = self.weight
        twin._length = self._length
        twin._generation = self._generation
        if len(self._blocks) > 0:
            twin._blocks = self._blocks[:]
        twin._last = self._last[:]
        return twin

    def parts(self) -> list[object]:
        blocks = self._blocks
        parts: list[object] = [self._last]
        for start in range(0, len(blocks), BLOCKS_IN_A_PART):
            parts.append(blocks[start : start + BLOCKS_IN_A_PART])
        return parts

    # At the ends

    def push_left(self, value: bytes) -> None:
        """Put a value before all others."""
        values = self._own(0)
        if len(values) < LEFT_BLOCK_LENGTH:
            values.insert(0, value)
        else:
            self._add_block(0, [value])
        self._count_in(value)

    def push_right(self, value: bytes) -> None:
        """Put a value behind all others."""
        values = self._last
        if len(values) < BLOCK_LENGTH:
            values.append(value)
        else:
            self._add_block(len(self._blocks), values)
            self._last = [value]
        self._count_in(value)

    def pop_left(self) -> bytes:
        """Take the first value away; there is one."""
        values = self._own(0)
        value = values.pop(0)
        if len(values) == 0 and len(self._blocks) > 0:
            self._blocks.pop(0)
            self.weight -= BLOCK_BYTES
        self._count_out(value)
        return value

    def pop_right(self) -> bytes:
        """Take the last value away; there is one."""
        value = self._last.pop()
        if len(self._last) == 0:
            self._refill_last()
        self._count_out(value)
        return value

    # By position

    def get(self, position: int) -> bytes:
        number, place = self._locate(position)
        return self._values_in(number)[place]

    def set(self, position: int, value: bytes) -> None:
        number, place = self._locate(position)
        values = self._own(number)
        self.weight += weight_of_slot(value) - weight_of_slot(values[place])
        values[place] = value

    def slice(self, start: int, end: int) -> list[bytes]:
        """Return the values from `start` up to, not including, `end`, which is greater."""
        number, place = self._locate(start)
        found = self._values_in(number)[place : place + end - start]
        while len(found) < end - start:
            number += 1
            found += self._values_in(number)[: end - start - len(found)]
        return found

    def rows(self) -> list[list[bytes]]:
        """Return all values, for reading only, in rows of up to BLOCK_LENGTH."""
        rows = [block.values for block in self._blocks]
        rows.append(self._last)
        return rows

    def insert(self, position: int, value: bytes) -> None:
        """Put a value before the one at `position`; the length is a position too."""
        if position == self._length:
            self.push_right(value)
            return
        number, place = self._locate(position)
        values = self._own(number)
        if len(values) >= BLOCK_LENGTH:
            self._split(number)
            number, place = self._locate(position)
            values = self._own(number)
        values.insert(place, value)
        self._count_in(value)

    def delete(self, start: int, count: int) -> None:
        """Take `count` values away from `start` on, at least one: O(count + blocks)."""
        first, place = self._locate(start)
        last, end = self._locate(start + count - 1)
        if first == last:
            self._cut(first, place, end + 1)
        else:
            self._cut(last, 0, end + 1)
            self._drop_blocks(first + 1, last)
            self._cut(first, place, BLOCK_LENGTH)
        self._mend(max(first - 1, 0), first + 2)

    # By value

    def find(self, wanted: bytes) -> int:
        """Return the first position of a value, -1 where it is not there."""
        before = 0
        for number in range(len(self._blocks) + 1):
            values = self._values_in(number)
            if wanted in values:
                return before + values.index(wanted)
            before += len(values)
        return -1

    def find_all(self, wanted: bytes, rank: int, most: int, compared_max: int) -> list[int]:
        """Return up to `most` positions of a value, from the match number `rank` on (negative: from the right).

        0 is no limit, for `compared_max` too: how many values are looked at.
        """
        step = 1 if rank > 0 else -1
        passed = abs(rank) - 1
        number, position = (0, 0) if rank > 0 else (len(self._blocks), len(self) - 1)
        left = compared_max or len(self)
        found: list[int] = []
        while left > 0 and 0 <= number <= len(self._blocks):
            values = self._values_in(number)
            place = 0 if rank > 0 else len(values) - 1
            while left > 0 and 0 <= place < len(values):
                if values[place] == wanted:
                    passed -= 1
                    if passed < 0:
                        found.append(position)
                        if len(found) == most:
                            return found
                place += step
                position += step
                left -= 1
            number += step
        return found

    def remove(self, wanted: bytes, most: int, from_right: bool) -> int:
        """Take up to `most` values away that equal `wanted`, 0: all of them; return how many went."""
        numbers = list(range(len(self._blocks) + 1))
        if from_right:
            numbers.reverse()
        left = most or len(self)
        removed = 0
        for number in numbers:
            there = self._values_in(number).count(wanted)
            if there > 0 and left > 0:
                gone = min(there, left)
                without(self._own(number), wanted, gone, from_right)
                left -= gone
                removed += gone
        if removed > 0:
            self._length -= removed
            self.weight -= weight_of_slot(wanted) * removed
            self._mend(0, len(self._blocks))
        return removed

    # Steps

    def _values_in(self, number: int) -> list[bytes]:
        """Return the values of a block for reading; the number behind the last block's stands for `_last`."""
        return self._blocks[number].values if number < len(self._blocks) else self._last

    def _own(self, number: int) -> list[bytes]:
        """Return the values of a block for changing them."""
        blocks = self._blocks
        if number == len(blocks):
            return self._last
        block = blocks[number]
        if block.generation != self._generation:
            block = Block(block.values[:], self._generation)
            blocks[number] = block
        return block.values

    def _locate(self, position: int) -> tuple[int, int]:
        """Return the number of the block a position is in, and its place there."""
        blocks = self._blocks
        if position < self._length >> 1:
            number = 0
            while number < len(blocks) and position >= len(blocks[number].values):
                position -= len(blocks[number].values)
                number += 1
            return number, position
        number = len(blocks)
        position -= self._length - len(self._last)
        while position < 0:
            number -= 1
            position += len(blocks[number].values)
        return number, position

    def _add_block(self, number: int, values: list[bytes]) -> None:
        block = Block(values, self._generation)
        if self._blocks is NO_BLOCKS:
            self._blocks = [block]
        else:
            self._blocks.insert(number, block)
        self.weight += BLOCK_BYTES

    def _split(self, number: int) -> None:
        """Make two blocks of one."""
        values = self._own(number)
        half = len(values) // 2
        if number == len(self._blocks):
            self._add_block(number, values[:half])
            self._last = values[half:]
        else:
            self._add_block(number + 1, values[half:])
            del values[half:]

    def _cut(self, number: int, start: int, end: int) -> None:
        """Take the values between two places of a block away; the block stays, even empty."""
        values = self._own(number)
        for value in values[start:end]:
            self._count_out(value)
        del values[start:end]

    def _drop_blocks(self, first: int, beyond: int) -> None:
        """Take whole blocks away: a copy may still have them, so they are let go of as they are."""
        for block in self._blocks[first:beyond]:
            for value in block.values:
                self._count_out(value)
            self.weight -= BLOCK_BYTES
        del self._blocks[first:beyond]

    def _mend(self, first: int, beyond: int) -> None:
        """Blocks between these numbers have lost values: let empty ones go, and join small neighbours."""
        whole: list[Block] = []
        for block in self._blocks[first:beyond]:
            if len(whole) > 0 and len(whole[-1].values) + len(block.values) <= JOINED_LENGTH_MAX:
                whole[-1] = Block(whole[-1].values + block.values, self._generation)
                self.weight -= BLOCK_BYTES
            elif len(block.values) > 0:
                whole.append(block)
            else:
                self.weight -= BLOCK_BYTES
        if len(self._blocks) > 0:
            self._blocks[first:beyond] = whole
        if len(self._last) == 0:
            self._refill_last()

    def _refill_last(self) -> None:
        """Nothing is left in `_last`: the block before takes its place."""
        if len(self._blocks) > 0:
            self._last = self._own(len(self._blocks) - 1)
            self._blocks.pop()
            self.weight -= BLOCK_BYTES

    def _count_in(self, value: bytes) -> None:
        self._length += 1
        self.weight += weight_of_slot(value)

    def _count_out(self, value: bytes) -> None:
        self._length -= 1
        self.weight -= weight_of_slot(value)


def weight_of_slot(value: bytes) -> i64:
    """Return how many bytes of memory a value takes in a list, its place there included."""
    # As weight_of_bytes: a call of it costs 0.7 % of an LPUSH.
    size: i64 = len(value)
    return ((size + (BYTES_OBJECT_BYTES + ALIGNMENT - 1)) & -ALIGNMENT) + SLOT_BYTES


def without(values: list[bytes], wanted: bytes, count: int, from_right: bool) -> None:
    """Take the first, or last, `count` values equal to `wanted` out of a plain list."""
    if from_right:
        values.reverse()
    kept: list[bytes] = []
    for value in values:
        if count > 0 and value == wanted:
            count -= 1
        else:
            kept.append(value)
    if from_right:
        kept.reverse()
    values[:] = kept
