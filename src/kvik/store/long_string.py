"""A string of many bytes that is changed in place. Knows no command.

A string is bare bytes (see value.py) until a change makes, or meets, one of LONG_MIN bytes or more: copying it whole
for each change would cost a step per byte. From then on it is a row of blocks of BLOCK_BYTES, the last one shorter:
changing or reading some bytes costs no more than those bytes, growing by zeros a step per block, for such blocks are
one and the same. It becomes bare bytes again when it is set anew.

A copy shares the blocks: making one is a step per block. So a block is changed in place only by the string whose
generation it carries, and both strings get a new one at every copy; any other block is copied first.
"""

from typing import Final

from mypy_extensions import i64, mypyc_attr

from kvik.store.container import STRING, Container

# Measured at this length, a whole SETBIT takes 0.57 us by copying and 0.29 us in place, a GET 0.23 and 0.37 us.
LONG_MIN: Final = 4_096

BLOCK_BITS: Final[i64] = 16
BLOCK_BYTES: Final[i64] = 1 << 16
BLOCKS_IN_A_PART: Final = 64
# Comparing the first bytes of a bytearray takes a fifth of a PFADD: so many are kept as bytes beside it.
HEAD_BYTES: Final = 8

# Measured on 64-bit CPython 3.11: the string with its list; what a block has beside its bytes; its place in the list.
LONG_STRING_BYTES: Final = 240
BLOCK_OBJECTS_BYTES: Final = 128
SLOT_BYTES: Final = 8


@mypyc_attr(acyclic=True)
class Block:
    """Some bytes in a row, and the generation of the string that may change them."""

    def __init__(self, data: bytearray, generation: i64) -> None:
        self.data: Final = data
        self.generation: Final[i64] = generation


ZEROS: Final = Block(bytearray(1 << 16), -1)
"""A whole block of zeros: every string shares it, none may change it."""


class LongString(Container):
    """Bytes that change in place. Positions count from 0; its length only grows."""

    def __init__(self, text: bytes) -> None:
        super().__init__()
        self._length: i64 = len(text)
        self._generation: i64 = 0
        # How many blocks take memory of their own: all but the shared zeros.
        self._owned: i64 = 0
        self._blocks: list[Block] = []
        # The first HEAD_BYTES bytes, or None where they have to be read anew.
        self._head: bytes | None = None
        for start in range(0, len(text), 1 << 16):
            self._add(bytearray(text[start : start + (1 << 16)]))
        self._weigh()

    # What every container does

    def kind(self) -> int:
        return STRING

    def __len__(self) -> int:
        """Return how many bytes there are."""
        return self._length

    def copy(self) -> "LongString":
        self._generation += 1
        twin = LongString(b"")
        twin._length = self._length
        twin._generation = self._generation
        twin._owned = self._owned
        twin._blocks = self._blocks[:]
        twin.weight = self.weight
        return twin

    def parts(self) -> list[object]:
        blocks = self._blocks
        parts: list[object] = []
        for start in range(0, len(blocks), BLOCKS_IN_A_PART):
            parts.append(blocks[start : start + BLOCKS_IN_A_PART])
        return parts

    def encoding(self) -> bytes:
        return b"raw"

    # Reading

    def text(self) -> bytes:
        """Return all bytes, copied."""
        return b"".join([block.data for block in self._blocks])

    def byte(self, position: i64) -> i64:
        """Return one byte; the position has to be there."""
        return self._blocks[position >> BLOCK_BITS].data[position & (BLOCK_BYTES - 1)]

    def begins_with(self, head: bytes) -> bool:
        """Return whether the first bytes are these, HEAD_BYTES at most; there are as many."""
        if self._head is None:
            self._head = bytes(self._blocks[0].data[:HEAD_BYTES])
        return self._head.startswith(head)

    def slice(self, start: i64, end: i64) -> bytes:
        """Return the bytes from `start` up to, not including, `end`; both are there and `end` is greater."""
        first = start >> BLOCK_BITS
        last = (end - 1) >> BLOCK_BITS
        place = start & (BLOCK_BYTES - 1)
        if first == last:
            return bytes(self._blocks[first].data[place : place + end - start])
        pieces = [self._blocks[first].data[place:]]
        for number in range(first + 1, last):
            pieces.append(self._blocks[number].data)
        pieces.append(self._blocks[last].data[: end - (last << BLOCK_BITS)])
        return b"".join(pieces)

    # Changing

    def set_byte(self, position: i64, byte: i64) -> None:
        """Change one byte; the position has to be there."""
        if position < HEAD_BYTES:
            self._head = None
        self._own(position >> BLOCK_BITS)[position & (BLOCK_BYTES - 1)] = byte

    def write(self, offset: i64, patch: bytes) -> None:
        """Put bytes at `offset`; what is missing before them becomes zeros."""
        if offset < HEAD_BYTES:
            self._head = None
        end: i64 = offset + len(patch)
        if end > self._length:
            self._grow(end)
        at: i64 = 0
        while offset < end:
            place = offset & (BLOCK_BYTES - 1)
            count = end - offset if end - offset < BLOCK_BYTES - place else BLOCK_BYTES - place
            self._own(offset >> BLOCK_BITS)[place : place + count] = patch[at : at + count]
            offset += count
            at += count

    def append(self, addition: bytes) -> None:
        """Put bytes behind all others."""
        last: i64 = len(self._blocks) - 1
        if last >= 0 and len(self._blocks[last].data) + len(addition) <= BLOCK_BYTES:
            self._own(last).extend(addition)
            self._length += len(addition)
            self._weigh()
        else:
            self.write(self._length, addition)

    # Steps

    def _own(self, number: i64) -> bytearray:
        """Return the bytes of a block for changing them."""
        block = self._blocks[number]
        if block.generation != self._generation:
            if block is ZEROS:
                self._owned += 1
            block = Block(bytearray(block.data), self._generation)
            self._blocks[number] = block
            self._weigh()
        return block.data

    def _grow(self, length: i64) -> None:
        """Become so long with zeros behind what there is."""
        if len(self._blocks) > 0:
            last: i64 = len(self._blocks) - 1
            there: i64 = len(self._blocks[last].data)
            missing = length - self._length if length - self._length < BLOCK_BYTES - there else BLOCK_BYTES - there
            if missing > 0:
                self._own(last).extend(bytes(missing))
        while (len(self._blocks) << BLOCK_BITS) + BLOCK_BYTES <= length:
            self._blocks.append(ZEROS)
        rest = length - (len(self._blocks) << BLOCK_BITS)
        if rest > 0:
            self._add(bytearray(bytes(rest)))
        self._length = length
        self._weigh()

    def _add(self, data: bytearray) -> None:
        self._blocks.append(Block(data, self._generation))
        self._owned += 1

    def _weigh(self) -> None:
        """Work the weight out anew. A last block that grows has up to an eighth too much: half of that is counted."""
        blocks: i64 = len(self._blocks)
        last = self._length - ((blocks - 1) << BLOCK_BITS) if blocks > 0 else 0
        whole = self._owned - 1 if last < BLOCK_BYTES and self._owned > 0 else self._owned
        size = whole << BLOCK_BITS
        if last < BLOCK_BYTES:
            size += last + (last >> 4)
        self.weight = LONG_STRING_BYTES + size + self._owned * BLOCK_OBJECTS_BYTES + blocks * SLOT_BYTES
