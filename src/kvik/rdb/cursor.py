"""Reads a payload from its beginning to its end and no byte beyond. Knows the numbers and strings of RDB, no value."""

from typing import Final

from librt.strings import read_f64_le
from mypy_extensions import i64

from kvik.errors import PayloadDamaged
from kvik.rdb.compression import expanded

# The two high bits of a length say what it is; these lengths fill the whole byte.
SHORT: Final = 0
MIDDLING: Final = 1
LENGTH_OF_4_BYTES: Final = 0x80
LENGTH_OF_8_BYTES: Final = 0x81
# What stands in place of a length before what is no plain string.
INTEGER_OF_1_BYTE: Final = 0xC0
INTEGER_OF_2_BYTES: Final = 0xC1
INTEGER_OF_4_BYTES: Final = 0xC2
COMPRESSED: Final = 0xC3


class Cursor:
    """Every method raises PayloadDamaged where the payload ends too early, or is not what it should be."""

    def __init__(self, data: bytes, end: int) -> None:
        """Read from the beginning of `data` up to, not including, `end`."""
        self.data: Final = data
        self.place: i64 = 0
        self._end: Final[i64] = end

    def is_at_end(self) -> bool:
        return self.place == self._end

    def left(self) -> int:
        """Return how many bytes are left."""
        return self._end - self.place

    def byte(self) -> i64:
        place = self.place
        if place >= self._end:
            raise PayloadDamaged("it ends too early")
        self.place = place + 1
        return self.data[place]

    def take(self, count: int) -> bytes:
        """Return the next bytes; `count` may be any number that is not negative."""
        if count > self.left():
            raise PayloadDamaged("it ends too early")
        place = self.place
        self.place = place + count
        return self.data[place : place + count]

    def unsigned(self, size: int) -> int:
        """Return a number of so many bytes, the lowest first."""
        return int.from_bytes(self.take(size), "little")

    def signed(self, size: int) -> int:
        """Return a number of so many bytes, the lowest first, which may be negative."""
        return int.from_bytes(self.take(size), "little", signed=True)

    def double(self) -> float:
        """Return a float of 8 bytes."""
        return read_f64_le(self.take(8), 0)

    def length(self) -> int:
        """Return a length, or a count of what follows; nothing says yet that so much is there."""
        return self._length(self.byte())

    def count(self) -> int:
        """Return how many things follow: each takes a byte at least, so there are no more than bytes."""
        count = self.length()
        if count > self.left():
            raise PayloadDamaged("it ends too early")
        return count

    def string(self) -> bytes:
        """Return a string, whichever way it is kept."""
        first = self.byte()
        if first == INTEGER_OF_1_BYTE:
            return b"%d" % self.signed(1)
        if first == INTEGER_OF_2_BYTES:
            return b"%d" % self.signed(2)
        if first == INTEGER_OF_4_BYTES:
            return b"%d" % self.signed(4)
        if first == COMPRESSED:
            packed_size, size = self.length(), self.length()
            return expanded(self.take(packed_size), size)
        return self.take(self._length(first))

    def _length(self, first: i64) -> int:
        form = first >> 6
        if form == SHORT:
            return first
        if form == MIDDLING:
            return ((first & 63) << 8) | self.byte()
        if first == LENGTH_OF_4_BYTES:
            return int.from_bytes(self.take(4), "big")
        if first == LENGTH_OF_8_BYTES:
            return int.from_bytes(self.take(8), "big")
        raise PayloadDamaged("it has an unknown kind of length")
