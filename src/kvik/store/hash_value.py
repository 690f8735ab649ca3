"""A hash: fields with a value each. Knows no command.

While it is small it is packed in one bytes object (see packed.py): reading a field steps over those before it, a
change copies some hundred bytes. Beyond that it is a map that splits when it is large: every step is O(1), a
random field a step per entry of one shard. Fields may have deadlines (see field_deadlines.py); those whose
deadline has passed are removed by the keyspace before anybody gets to see the hash.
"""

from collections.abc import Iterator
from random import Random
from typing import Final

from mypy_extensions import i64

from kvik.errors import wrong_type
from kvik.store.container import HASH, Container, weight_of_bytes
from kvik.store.field_deadlines import NONE, FieldDeadlines
from kvik.store.keyspace import Keyspace
from kvik.store.packed import (
    ITEM_BYTES_MAX,
    PACKED_BYTES_MAX,
    after,
    find,
    fits,
    item_at,
    packed,
    unpacked,
    weight_of_packed,
)
from kvik.store.sharded_map import ShardedMap

# A large hash splits early: its order means nothing, and a random field is found in a small shard.
SPLIT_AT: Final = 4_096
# As Redis' hash-max-listpack-entries: how many fields OBJECT ENCODING calls a listpack.
LISTPACK_FIELDS_MAX: Final = 512

# Measured on 64-bit CPython 3.11: the object, the map's own, and a field's place with two bytes objects in it.
HASH_BYTES: Final = 130
MAP_BYTES: Final = 560
FIELD_BYTES: Final = 40


def hash_at(space: Keyspace, key: bytes) -> "HashValue | None":
    """Return the hash at `key` for reading, None where there is no key. Raises WRONGTYPE for another kind."""
    value = space.read(key)
    if value is None or isinstance(value, HashValue):
        return value
    raise wrong_type()


def hash_to_edit(space: Keyspace, key: bytes) -> "HashValue | None":
    """As `hash_at`, for a caller that changes the hash and then says so: `space.edited(key, fields)`."""
    value = space.edit(key)
    if value is None or isinstance(value, HashValue):
        return value
    raise wrong_type()


class HashValue(Container):
    """Fields and values; both are any bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = HASH_BYTES + weight_of_bytes(0)
        self._packed = b""
        self._count: i64 = 0
        self._map: ShardedMap[bytes] | None = None
        self._has_long_items = False
        self._deadlines: FieldDeadlines | None = None

    # What every container does

    def kind(self) -> int:
        return HASH

    def __len__(self) -> int:
        if self._map is not None:
            return len(self._map)
        return self._count

    def copy(self) -> Container:
        twin = HashValue()
        twin.weight = self.weight
        twin._packed = self._packed
        twin._count = self._count
        twin._has_long_items = self._has_long_items
        if self._map is not None:
            twin._map = self._map.copy()
        if self._deadlines is not None:
            twin._deadlines = self._deadlines.copy()
        return twin

    def parts(self) -> list[object]:
        parts = [] if self._map is None else self._map.parts()
        return parts if self._deadlines is None else parts + self._deadlines.parts()

    def encoding(self) -> bytes:
        if self._has_long_items or len(self) > LISTPACK_FIELDS_MAX:
            return b"hashtable"
        return b"listpack" if self._deadlines is None else b"listpackex"

    def next_expiry(self) -> i64:
        return NONE if self._deadlines is None else self._deadlines.soonest

    def expire_members(self, now: int, most: int) -> list[bytes]:
        deadlines = self._deadlines
        if deadlines is None:
            return []
        before = deadlines.weight
        fields = deadlines.over(now, most)
        self._weigh_deadlines(deadlines, before)
        for field in fields:
            self._remove(field)
        return fields

    # One field

    def get(self, field: bytes) -> bytes | None:
        """Return the value of a field, None where there is none."""
        if self._map is not None:
            return self._map.get(field)
        place = find(self._packed, field, 2)
        return None if place < 0 else item_at(self._packed, after(self._packed, place))

    def set(self, field: bytes, value: bytes) -> bool:
        """Set a field, and drop the deadline it had; return whether it is new."""
        if self._deadlines is not None:
            self.clear_deadline(field)
        return self.replace(field, value)

    def replace(self, field: bytes, value: bytes) -> bool:
        """Set a field and keep the deadline it has; return whether it is new."""
        if self._map is None and fits(field) and fits(value):
            is_new = self._set_packed(field, value)
            if len(self._packed) > PACKED_BYTES_MAX:
                self._unpack()
            return is_new
        return self._set_in_map(field, value)

    def delete(self, field: bytes) -> bool:
        """Remove a field; return whether it was there."""
        if self._deadlines is not None:
            self.clear_deadline(field)
        return self._remove(field)

    # The deadlines of fields

    def deadline(self, field: bytes) -> int:
        """Return when a field dies in milliseconds, -1 where it does not."""
        return NONE if self._deadlines is None else self._deadlines.get(field)

    def set_deadline(self, field: bytes, deadline: int) -> None:
        """Let a field that is there die at `deadline`, in milliseconds."""
        deadlines = self._deadlines
        before: i64 = 0
        if deadlines is None:
            deadlines = FieldDeadlines()
            self._deadlines = deadlines
        else:
            before = deadlines.weight
        deadlines.set(field, deadline)
        self.weight += deadlines.weight - before

    def clear_deadline(self, field: bytes) -> bool:
        """Let a field live; return whether it had a deadline."""
        deadlines = self._deadlines
        if deadlines is None:
            return False
        before = deadlines.weight
        if not deadlines.drop(field):
            return False
        self._weigh_deadlines(deadlines, before)
        return True

    def deadlines(self) -> dict[int, list[bytes]]:
        """Return the fields that die by their deadlines, in the order of `fields`."""
        return {} if self._deadlines is None else self.deadlines_of(self.fields())

    def deadlines_of(self, fields: list[bytes]) -> dict[int, list[bytes]]:
        """Return those of the fields that die by their deadlines, in their order."""
        found: dict[int, list[bytes]] = {}
        deadlines = self._deadlines
        if deadlines is None:
            return found
        for field in fields:
            deadline = deadlines.get(field)
            if deadline >= 0:
                dying = found.get(deadline)
                if dying is None:
                    found[deadline] = [field]
                else:
                    dying.append(field)
        return found

    def _weigh_deadlines(self, deadlines: FieldDeadlines, before: i64) -> None:
        """Fields have lost their deadlines: without any there is nothing to keep them in."""
        after: i64 = 0
        if len(deadlines) == 0:
            self._deadlines = None
        else:
            after = deadlines.weight
        self.weight += after - before

    def _remove(self, field: bytes) -> bool:
        if self._map is not None:
            value = self._map.pop(field)
            if value is None:
                return False
            self.weight -= FIELD_BYTES + weight_of_bytes(len(field)) + weight_of_bytes(len(value))
            return True
        items = self._packed
        place = find(items, field, 2)
        if place < 0:
            return False
        self._repack(items[:place] + items[after(items, after(items, place)) :])
        self._count -= 1
        return True

    # All fields

    def fields(self) -> list[bytes]:
        """Return the fields: in the order in which they came while there are few."""
        return self.flat()[::2] if self._map is None else self._map.keys()

    def values(self) -> list[bytes]:
        """Return the values in the order of `fields`."""
        return self.flat()[1::2]

    def flat(self) -> list[bytes]:
        """Return field, value, field, value and so on."""
        found: list[bytes] = []
        for page in self.pages():
            found += page
        return found

    def pages(self) -> Iterator[list[bytes]]:
        """Yield what `flat` returns in parts of some thousand fields; nothing may change meanwhile."""
        fields = self._map
        if fields is None:
            yield unpacked(self._packed)
            return
        for number in range(fields.count_of_shards()):
            page: list[bytes] = []
            for field, value in fields.copy_of_shard(number).items():
                page.append(field)
                page.append(value)
            yield page

    def scan(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """Return the next cursor (0 at the end) and some fields, all of them where there are few."""
        if self._map is None:
            return 0, self.fields()
        return self._map.scan(cursor, count)

    def random(self, random: Random) -> bytes:
        """Return a field chosen at random, of one that is not empty."""
        return random.choice(self.fields()) if self._map is None else self._map.random_key(random)

    def fields_at(self, indexes: list[int]) -> list[bytes]:
        """Return the fields at these indexes in the order of `fields`: for choosing some at random."""
        if self._map is not None:
            return self._map.keys_at(indexes)
        fields = self.fields()
        return [fields[index] for index in indexes]

    # Steps

    def _set_packed(self, field: bytes, value: bytes) -> bool:
        items = self._packed
        place = find(items, field, 2)
        if place < 0:
            self._repack(items + packed(field) + packed(value))
            self._count += 1
            return True
        at = after(items, place)
        self._repack(items[:at] + packed(value) + items[after(items, at) :])
        return False

    def _repack(self, items: bytes) -> None:
        self.weight += weight_of_packed(len(items)) - weight_of_packed(len(self._packed))
        self._packed = items

    def _unpack(self) -> ShardedMap[bytes]:
        """Go over to a map, for good."""
        fields: ShardedMap[bytes] = ShardedMap(SPLIT_AT)
        items = unpacked(self._packed)
        self._repack(b"")
        self._map = fields
        self.weight += MAP_BYTES
        for index in range(0, len(items), 2):
            self._set_in_map(items[index], items[index + 1])
        return fields

    def _set_in_map(self, field: bytes, value: bytes) -> bool:
        if len(value) > ITEM_BYTES_MAX or len(field) > ITEM_BYTES_MAX:
            self._has_long_items = True
        fields = self._map
        if fields is None:
            fields = self._unpack()
        before = fields.exchange(field, value)
        if before is None:
            self.weight += FIELD_BYTES + weight_of_bytes(len(field)) + weight_of_bytes(len(value))
            return True
        self.weight += weight_of_bytes(len(value)) - weight_of_bytes(len(before))
        return False


def hash_of(items: list[bytes]) -> HashValue:
    """Return a hash of field, value, field, value and so on; of two equal fields the last one counts."""
    made = HashValue()
    fields = dict(zip(items[::2], items[1::2], strict=True))
    size = sum([len(item) + 1 for item in items])
    if size <= PACKED_BYTES_MAX and all(fits(item) for item in items):
        made._repack(b"".join([packed(item) for pair in fields.items() for item in pair]))
        made._count = len(fields)
        return made
    for field, value in fields.items():
        made.set(field, value)
    return made
