"""Entries of a stream in a row, packed in one bytes object. Knows nothing of the blocks beside it.

An entry is a head, then its items, each behind its length. The head says how long the rest is and whether the
entry has the field names of the block's first one: then only values follow. Milliseconds are told as the distance
from the block's own, and so is the number where that is 0. Finding an entry steps over the heads before it.
"""

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i64, mypyc_attr

from kvik.numbers import NINE, parse_integer
from kvik.store.container import weight_of_bytes
from kvik.store.stream_id import StreamId

# As Redis' stream-node-max-entries and stream-node-max-bytes: `~` trims whole blocks, so they end where Redis' do.
BLOCK_ENTRIES_MAX: Final = 100
BLOCK_BYTES_MAX: Final = 4_096

# Measured on 64-bit CPython 3.11: the object with its numbers and its place, and a list of names.
BLOCK_BYTES: Final = 170
FORM_BYTES: Final = 64
FIELD_BYTES: Final = 16

SMALL_MAX: Final = 127
DIGITS_MAX: Final = 20

# What Redis' listpack takes beside the items of entries: around all, and for the head of an entry and of all.
LISTPACK_BYTES: Final = 7
FLAGS_AND_COUNT_BYTES: Final = 4
COUNTS_BYTES: Final = 6
TWO_63: Final = 2**63
LARGE: Final = 2**31


@mypyc_attr(acyclic=True)
class Entry:
    """An entry taken out: its ID, and field, value, field, value and so on."""

    def __init__(self, ms: int, seq: int, fields: list[bytes]) -> None:
        self.ms: Final = ms
        self.seq: Final = seq
        self.fields: Final = fields

    def id(self) -> StreamId:
        return StreamId(self.ms, self.seq)


class Block:
    """Entries whose IDs rise from that of the first one, which may have gone; `last` is the last it ever had.

    `generation` is that of the stream which may change it; see StreamValue.
    """

    __slots__ = ("first", "last", "form", "form_weight", "generation", "data", "count", "given", "listpack_bytes")

    def __init__(self, first: StreamId, form: list[bytes], form_weight: i64, generation: i64) -> None:
        self.first: Final = first
        self.last = first
        self.form: Final = form
        """The field names of the first entry, each before an empty value: others are copies of it, filled in."""
        self.form_weight: Final[i64] = form_weight
        self.generation: Final[i64] = generation
        self.data = b""
        self.count: i64 = 0
        self.given: i64 = 0
        """How many entries it ever had."""
        self.listpack_bytes: i64 = 0
        """How large Redis' listpack of all it ever had would be."""

    def copy(self, generation: i64) -> "Block":
        twin = Block(self.first, self.form, self.form_weight, generation)
        twin.last = self.last
        twin.data = self.data
        twin.count = self.count
        twin.given = self.given
        twin.listpack_bytes = self.listpack_bytes
        return twin

    def weight(self) -> i64:
        """Return how many bytes of memory it takes."""
        return BLOCK_BYTES + self.form_weight + weight_of_bytes(len(self.data))

    def is_full(self, length: i64) -> bool:
        """Return whether an entry with items of so many bytes belongs into another block."""
        is_full = self.given >= BLOCK_ENTRIES_MAX or self.listpack_bytes + length >= BLOCK_BYTES_MAX
        return is_full and self.given > 0

    def append(self, entry_id: StreamId, fields: list[bytes]) -> None:
        """Add an entry, its ID higher than any it ever had."""
        has_same_names = self._has_names(fields)
        if self.given == 0:
            self.listpack_bytes = LISTPACK_BYTES + COUNTS_BYTES + integer_bytes(len(self.form) // 2)
            for index in range(0, len(self.form), 2):
                self.listpack_bytes += item_bytes(self.form[index])
        self.listpack_bytes += self._entry_bytes(entry_id, fields, has_same_names)
        self.data = self.data + self._packed(entry_id, fields, has_same_names)
        self.last = entry_id
        self.count += 1
        self.given += 1

    # Reading

    def read(self, start: StreamId, end: StreamId, most: i64, found: list[Entry]) -> None:
        """Add entries from `start` to `end` to what was found, until there are `most`."""
        at: i64 = 0
        size: i64 = len(self.data)
        is_behind_start = not self.first.is_before(start)
        while at < size and len(found) < most:
            after, body, has_same_names, ms, seq = self._head(at)
            if not is_behind_start:
                is_behind_start = ms > start.ms or (ms == start.ms and seq >= start.seq)
            if is_behind_start:
                if ms > end.ms or (ms == end.ms and seq > end.seq):
                    return
                found.append(Entry(ms, seq, self._fields(body, after, has_same_names)))
            at = after

    def read_back(self, start: StreamId, end: StreamId, most: i64, found: list[Entry]) -> None:
        """As `read`, the last entry first."""
        places: list[i64] = []
        at: i64 = 0
        size: i64 = len(self.data)
        while at < size:
            after, _body, _has_same_names, ms, seq = self._head(at)
            if ms > end.ms or (ms == end.ms and seq > end.seq):
                at = size
            else:
                if ms > start.ms or (ms == start.ms and seq >= start.seq):
                    places.append(at)
                at = after
        while places and len(found) < most:
            after, body, has_same_names, ms, seq = self._head(places.pop())
            found.append(Entry(ms, seq, self._fields(body, after, has_same_names)))

    def contains(self, entry_id: StreamId) -> bool:
        return self._find(entry_id) >= 0

    def ids(self) -> set[tuple[int, int]]:
        """Return the IDs of all entries."""
        found: set[tuple[int, int]] = set()
        at: i64 = 0
        size: i64 = len(self.data)
        while at < size:
            at, _body, _has_same_names, ms, seq = self._head(at)
            found.add((ms, seq))
        return found

    # Taking away

    def delete(self, entry_id: StreamId) -> bool:
        """Take an entry away; return whether it was there."""
        at = self._find(entry_id)
        if at < 0:
            return False
        after = self._after(at)
        self.data = self.data[:at] + self.data[after:]
        self.count -= 1
        return True

    def cut(self, count: i64) -> None:
        """Take so many of the first entries away; there are as many."""
        at: i64 = 0
        for _ in range(count):
            at = self._after(at)
        self.data = self.data[at:]
        self.count -= count

    def count_before(self, entry_id: StreamId) -> i64:
        """Return how many entries have a lower ID."""
        at: i64 = 0
        size: i64 = len(self.data)
        count: i64 = 0
        while at < size:
            after, _body, _has_same_names, ms, seq = self._head(at)
            if ms > entry_id.ms or (ms == entry_id.ms and seq >= entry_id.seq):
                return count
            count += 1
            at = after
        return count

    # Steps

    def _has_names(self, fields: list[bytes]) -> bool:
        form = self.form
        count = len(form)
        index = 0 if count == len(fields) else -1
        while 0 <= index < count:
            index = index + 2 if form[index] == fields[index] else -1
        return index == count

    def _packed(self, entry_id: StreamId, fields: list[bytes], has_same_names: bool) -> bytes:
        """Return an entry as it stands in the block."""
        ms = entry_id.ms - self.first.ms
        seq = entry_id.seq if ms else entry_id.seq - self.first.seq
        step = 2 if has_same_names else 1
        size = number_bytes(ms) + number_bytes(seq)
        index = step - 1
        while index < len(fields):
            length = len(fields[index])
            size += number_bytes(length) + length
            index += step
        out = BytesWriter()
        write_number(2 * size + step - 1, out)
        write_number(ms, out)
        write_number(seq, out)
        index = step - 1
        while index < len(fields):
            item = fields[index]
            write_number(len(item), out)
            out.write(item)
            index += step
        return out.getvalue()

    def _entry_bytes(self, entry_id: StreamId, fields: list[bytes], has_same_names: bool) -> i64:
        """Return how many bytes an entry takes in Redis' listpack."""
        size: i64 = FLAGS_AND_COUNT_BYTES
        size += integer_bytes(entry_id.ms - self.first.ms) + integer_bytes(entry_id.seq - self.first.seq)
        step = 2
        if not has_same_names:
            step = 1
            size += integer_bytes(len(fields) // 2)
        index = step - 1
        while index < len(fields):
            size += item_bytes(fields[index])
            index += step
        return size

    def _head(self, at: i64) -> tuple[i64, i64, bool, int, int]:
        """Return where the entry ends, where its items begin, whether it has the block's names, and its ID."""
        head, at = length_at(self.data, at)
        after = at + (head >> 1)
        ms, at = number_at(self.data, at)
        seq, at = number_at(self.data, at)
        if ms == 0:
            seq += self.first.seq
        return after, at, head & 1 == 1, self.first.ms + ms, seq

    def _after(self, at: i64) -> i64:
        """Return where the entry at a place ends."""
        head, at = length_at(self.data, at)
        return at + (head >> 1)

    def _fields(self, at: i64, after: i64, has_same_names: bool) -> list[bytes]:
        data = self.data
        if has_same_names:
            filled = self.form.copy()
            place = 1
            while place < len(filled):
                length, at = length_at(data, at)
                filled[place] = data[at : at + length]
                at += length
                place += 2
            return filled
        found: list[bytes] = []
        while at < after:
            length, at = length_at(data, at)
            found.append(data[at : at + length])
            at += length
        return found

    def _find(self, entry_id: StreamId) -> i64:
        """Return where an entry is, -1 where it is not."""
        at: i64 = 0
        size: i64 = len(self.data)
        while at < size:
            after, _body, _has_same_names, ms, seq = self._head(at)
            if ms == entry_id.ms and seq == entry_id.seq:
                return at
            if ms > entry_id.ms or (ms == entry_id.ms and seq > entry_id.seq):
                return -1
            at = after
        return -1


# Numbers: seven bits in a byte, the lowest first; the last byte is below 128.


def number_bytes(number: int) -> int:
    """Return how many bytes a number takes."""
    size = 1
    while number > SMALL_MAX:
        number >>= 7
        size += 1
    return size


def write_number(number: int, out: BytesWriter) -> None:
    while number > SMALL_MAX:
        out.append(number & SMALL_MAX | SMALL_MAX + 1)
        number >>= 7
    out.append(number)


def number_at(data: bytes, at: i64) -> tuple[int, i64]:
    """Return a number of up to 64 bits, and where it ends."""
    byte: i64 = data[at]
    if byte <= SMALL_MAX:
        return byte, at + 1
    number = 0
    shift = 0
    # Not as i64: the highest of 64 bits is no sign.
    part: int = byte & SMALL_MAX
    while byte > SMALL_MAX:
        number |= part << shift
        shift += 7
        at += 1
        byte = data[at]
        part = byte & SMALL_MAX
    return number | part << shift, at + 1


def length_at(data: bytes, at: i64) -> tuple[i64, i64]:
    """As `number_at`, for a number that is no larger than memory."""
    byte: i64 = data[at]
    if byte <= SMALL_MAX:
        return byte, at + 1
    length: i64 = 0
    shift: i64 = 0
    while byte > SMALL_MAX:
        length |= (byte & SMALL_MAX) << shift
        shift += 7
        at += 1
        byte = data[at]
    return length | byte << shift, at + 1


# What Redis' listpack takes


def integer_bytes(number: int) -> i64:
    """Return how many bytes an integer takes; as the difference of two numbers of 64 bits it may go round."""
    if 0 <= number <= 127:
        return 2
    if not -LARGE < number < LARGE:
        number = (number + TWO_63) % (2 * TWO_63) - TWO_63
    size = number if number >= 0 else -number - 1
    if size < 1 << 12:
        return 3
    if size < 1 << 15:
        return 4
    if size < 1 << 23:
        return 5
    return 6 if size < 1 << 31 else 10


def item_bytes(item: bytes) -> i64:
    """Return how many bytes a string takes; one that is an integer is kept as that."""
    length: i64 = len(item)
    if 0 < length <= DIGITS_MAX and item[0] <= NINE:
        number = parse_integer(item)
        if number is not None:
            return integer_bytes(number)
    length += 1 if length < 64 else 2 if length < 4096 else 5
    if length <= 127:
        return length + 1
    if length < 16_383:
        return length + 2
    if length < 2_097_151:
        return length + 3
    return length + 4 if length < 268_435_455 else length + 5


def form_of(fields: list[bytes]) -> list[bytes]:
    """Return the field names of an entry, each before an empty value."""
    form: list[bytes] = []
    for index in range(0, len(fields), 2):
        form.append(fields[index])
        form.append(b"")
    return form


def weight_of_form(form: list[bytes]) -> i64:
    weight: i64 = FORM_BYTES
    for index in range(0, len(form), 2):
        weight += weight_of_bytes(len(form[index])) + FIELD_BYTES
    return weight
