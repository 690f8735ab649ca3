"""A set of members. Knows no command.

While it is small it is packed in one bytes object (see packed.py): a test steps over the members, a change copies
some hundred bytes. Beyond that it is a map that splits when it is large: every step is O(1), a random member a step
per entry of one shard.
"""

from collections.abc import Iterator
from random import Random
from typing import Final

from mypy_extensions import i64

from kvik.errors import wrong_type
from kvik.numbers import parse_integer
from kvik.store.container import SET, Container, weight_of_bytes
from kvik.store.keyspace import Keyspace
from kvik.store.packed import after, find, fits, packed, unpacked, weight_of_packed
from kvik.store.sharded_map import ShardedMap

# A large set splits early: its order means nothing, and a random member is found in a small shard.
SPLIT_AT: Final = 4_096
# Half of what a hash packs: every member is stepped over, and sets are asked for members they do not have.
PACKED_BYTES_MAX: Final = 1_024
# As Redis' set-max-intset-entries: how many integers OBJECT ENCODING calls an intset.
INTSET_MEMBERS_MAX: Final = 512

# Measured on 64-bit CPython 3.11: the object, the map's own, and a member's place with its bytes object.
SET_BYTES: Final = 116
MAP_BYTES: Final = 560
MEMBER_BYTES: Final = 40


def set_at(space: Keyspace, key: bytes) -> "SetValue | None":
    """Return the set at `key` for reading, None where there is no key. Raises WRONGTYPE for another kind."""
    value = space.read(key)
    if value is None or isinstance(value, SetValue):
        return value
    raise wrong_type()


def set_to_edit(space: Keyspace, key: bytes) -> "SetValue | None":
    """As `set_at`, for a caller that changes the set and then says so: `space.edited(key, members)`."""
    value = space.edit(key)
    if value is None or isinstance(value, SetValue):
        return value
    raise wrong_type()


class SetValue(Container):
    """Members, each once; they are any bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = SET_BYTES + weight_of_bytes(0)
        self._packed = b""
        self._count: i64 = 0
        self._map: ShardedMap[bool] | None = None
        self._is_intset = True

    # What every container does

    def kind(self) -> int:
        return SET

    def __len__(self) -> int:
        if self._map is not None:
            return len(self._map)
        return self._count

    def copy(self) -> Container:
        twin = SetValue()
        twin.weight = self.weight
        twin._packed = self._packed
        twin._count = self._count
        twin._is_intset = self._is_intset
        if self._map is not None:
            twin._map = self._map.copy()
        return twin

    def parts(self) -> list[object]:
        return [] if self._map is None else self._map.parts()

    def encoding(self) -> bytes:
        return b"intset" if self._is_intset else b"hashtable"

    # One member

    def contains(self, member: bytes) -> bool:
        """Return whether `member` is in the set."""
        if self._map is not None:
            return member in self._map
        return find(self._packed, member, 1) >= 0

    def add(self, member: bytes) -> bool:
        """Put a member in; return whether it is new."""
        is_new = self._add_packed(member) if self._map is None and fits(member) else self._add_to_map(member)
        if not is_new:
            return False
        if self._is_intset and (parse_integer(member) is None or len(self) > INTSET_MEMBERS_MAX):
            self._is_intset = False
        return True

    def remove(self, member: bytes) -> bool:
        """Take a member out; return whether it was there."""
        if self._map is not None:
            if self._map.pop(member) is None:
                return False
            self.weight -= MEMBER_BYTES + weight_of_bytes(len(member))
            return True
        items = self._packed
        place = find(items, member, 1)
        if place < 0:
            return False
        self._repack(items[:place] + items[after(items, place) :])
        self._count -= 1
        return True

    # All members

    def members(self) -> list[bytes]:
        """Return all members: in the order in which they came while there are few."""
        return unpacked(self._packed) if self._map is None else self._map.keys()

    def pages(self) -> Iterator[list[bytes]]:
        """Yield what `members` returns in parts of some thousand; nothing may change meanwhile."""
        members = self._map
        if members is None:
            yield unpacked(self._packed)
            return
        for number in range(members.count_of_shards()):
            yield members.keys_of_shard(number)

    def scan(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """Return the next cursor (0 at the end) and some members, all of them where there are few."""
        if self._map is None:
            return 0, self.members()
        return self._map.scan(cursor, count)

    def random(self, random: Random) -> bytes:
        """Return a member chosen at random, of one that is not empty."""
        return random.choice(self.members()) if self._map is None else self._map.random_key(random)

    def members_at(self, indexes: list[int]) -> list[bytes]:
        """Return the members at these indexes in the order of `members`: for choosing some at random."""
        if self._map is not None:
            return self._map.keys_at(indexes)
        members = self.members()
        return [members[index] for index in indexes]

    # Steps

    def _add_packed(self, member: bytes) -> bool:
        if find(self._packed, member, 1) >= 0:
            return False
        self._repack(self._packed + packed(member))
        self._count += 1
        if len(self._packed) > PACKED_BYTES_MAX:
            self._unpack()
        return True

    def _repack(self, items: bytes) -> None:
        self.weight += weight_of_packed(len(items)) - weight_of_packed(len(self._packed))
        self._packed = items

    def _unpack(self) -> ShardedMap[bool]:
        """Go over to a map, for good."""
        members: ShardedMap[bool] = ShardedMap(SPLIT_AT)
        items = unpacked(self._packed)
        self._repack(b"")
        self._map = members
        self.weight += MAP_BYTES
        for member in items:
            self._add_to_map(member)
        return members

    def _add_to_map(self, member: bytes) -> bool:
        members = self._map
        if members is None:
            members = self._unpack()
        if not members.set(member, True):
            return False
        self.weight += MEMBER_BYTES + weight_of_bytes(len(member))
        return True


def set_of(members: list[bytes]) -> SetValue:
    """Return a set of these members."""
    made = SetValue()
    for member in members:
        made.add(member)
    return made
