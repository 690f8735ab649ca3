"""One numbered database: keys to values. The only place that changes data.

Everything a command alters goes through a method here, which tells the observer. So WATCH, expiry,
waiting clients and the journal need no line in any command.
"""

from collections.abc import Iterator
from typing import Final

from mypy_extensions import i64

from kvik.clock import Clock
from kvik.errors import wrong_type
from kvik.store.container import FREED_AT_ONCE_MAX, Container
from kvik.store.deaths import Deaths
from kvik.store.graveyard import Graveyard
from kvik.store.limit import Limit
from kvik.store.marks import Marks
from kvik.store.memory import DEADLINE_BYTES, weight_of
from kvik.store.observer import Observer
from kvik.store.sharded_map import ShardedMap
from kvik.store.value import Value, as_bytes, copy_of, kind_of

UNLIMITED: Final = 1 << 62
AT_ONCE: Final = 0


class Keyspace:
    """Keys, their values and their deadlines. A key whose deadline has passed is never seen, nor is such a member.

    Deadlines are wall-clock milliseconds, compared with `clock.now`. Members are removed before the value they are
    in is handed out, all that are over: a step for each.
    """

    def __init__(self, number: int, clock: Clock, observer: Observer, graveyard: Graveyard | None = None) -> None:
        self.number: Final = number
        self.hits = 0
        self.misses = 0
        self.expired_keys = 0
        self.expired_members = 0
        self.evicted_keys = 0
        self.weight: i64 = 0
        """What all keys weigh with their values and deadlines, while there is a limit; else 0."""
        self._limit: Limit | None = None
        self._marks: Marks | None = None
        self._clock: Final = clock
        self._observer: Final = observer
        self._graveyard: Final = graveyard if graveyard is not None else Graveyard()
        self._values: ShardedMap[Value] = ShardedMap()
        self._deaths = Deaths()
        # Whether there has been a container that takes long to free: only then is what is overwritten looked at.
        self._has_large = False

    def __len__(self) -> int:
        """Return how many keys are held, those that have expired unseen included."""
        return len(self._values)

    # Reading

    def find(self, key: bytes) -> Value | None:
        """Return the value of `key`, None where there is none."""
        if self._deaths.are_possible:
            self._drop_if_over(key)
        return self._values.get(key)

    def read(self, key: bytes) -> Value | None:
        """As `find`, for a command that reads: it counts as a hit or a miss, and as a use of the key."""
        value = self.find(key)
        if value is None:
            self.misses += 1
            self._observer.missed(self.number, key)
            return None
        self.hits += 1
        if self._marks is not None:
            self._marks.touch(key)
        return value

    def look(self, key: bytes) -> Value | None:
        """As `read`, for a command that asks about a key and not for what it holds: that is no use of it."""
        value = self.find(key)
        if value is None:
            self.misses += 1
            self._observer.missed(self.number, key)
        else:
            self.hits += 1
        return value

    def inspect(self, key: bytes) -> Value | None:
        """As `look`, for a command that asks how a value is kept: as in Redis nobody is told of a miss."""
        value = self.find(key)
        if value is None:
            self.misses += 1
        else:
            self.hits += 1
        return value

    def string(self, key: bytes) -> bytes | None:
        """Return the string at `key` for reading. Raises WRONGTYPE for another kind."""
        value = self.read(key)
        if value is None:
            return None
        return as_bytes(value)

    def contains(self, key: bytes) -> bool:
        return self.find(key) is not None

    def deadline(self, key: bytes) -> int | None:
        """Return when `key` dies, None where it does not."""
        if len(self._deaths.keys.at) == 0:
            return None
        self._drop_if_over(key)
        return self._deaths.keys.at.get(key)

    def random_key(self, draw: int) -> bytes | None:
        """Return a key chosen by `draw`, any non-negative number; None where there is no key."""
        while len(self._values) > 0:
            key = self._values.nth(draw % len(self._values))
            if self.contains(key):
                return key
        return None

    def keys(self) -> list[bytes]:
        """Return all keys: in insertion order in a database of up to 65,536."""
        names = self._values.keys()
        if self._deaths.are_none():
            return names
        return [key for key in names if self.contains(key)]

    def items(self) -> Iterator[tuple[bytes, Value]]:
        """Yield keys and values in the order of `keys`; nothing may change meanwhile."""
        now = self._clock.now
        at = self._deaths.keys.at
        for key, value in self._values.items():
            deadline = at.get(key)
            if deadline is None or deadline > now:
                yield key, value

    def scan(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """Return the next cursor (0 at the end) and some keys; see ShardedMap.scan."""
        after, keys = self._values.scan(cursor, count)
        if not self._deaths.are_none():
            keys = [key for key in keys if self.contains(key)]
        return after, keys

    def with_deadline(self) -> int:
        """Return how many keys have a deadline."""
        return len(self._deaths.keys.at)

    def with_member_deadline(self) -> int:
        """Return how many keys have members that die."""
        return len(self._deaths.members.at)

    def some_keys(self, number: int, are_volatile: bool) -> list[bytes]:
        """Return the keys of the dict of this number, of the deadlines' where `are_volatile`; see ShardedMap."""
        return self._deaths.keys.at.keys_of_shard(number) if are_volatile else self._values.keys_of_shard(number)

    def count_of_dicts(self, are_volatile: bool) -> int:
        """Return how many numbers `some_keys` knows: 0 where there are no keys."""
        if are_volatile:
            return self._deaths.keys.at.count_of_shards() if len(self._deaths.keys.at) > 0 else 0
        return self._values.count_of_shards() if len(self._values) > 0 else 0

    def maps(self) -> tuple[ShardedMap[Value], ShardedMap[int]]:
        """Return the values and the deadlines themselves, for a snapshot: it reads and changes nothing."""
        return self._values, self._deaths.keys.at

    def reset_statistics(self) -> None:
        """Count hits, misses, expired and evicted keys from 0 again."""
        self.hits = 0
        self.misses = 0
        self.expired_keys = 0
        self.expired_members = 0
        self.evicted_keys = 0

    def next_expiry(self) -> int:
        """Return the moment `expire_due` should run again, -1 when nothing has a deadline."""
        return self._deaths.next_due()

    # Changing

    def put(self, key: bytes, value: Value) -> None:
        """Set `key`, and drop the deadline it had."""
        if self._observer.wants_before:
            self._observer.changing(self.number, key)
        self._store(key, value)
        if self._deaths.are_possible:
            self._let_live(key)
        self._observer.changed(self.number, key)

    def replace(self, key: bytes, value: Value) -> None:
        """Set `key` and keep the deadline it has."""
        if self._deaths.are_possible:
            self._drop_if_over(key)
        if self._observer.wants_before:
            self._observer.changing(self.number, key)
        self._store(key, value)
        self._observer.changed(self.number, key)

    def remove(self, key: bytes) -> bool:
        """Remove `key`; return whether it was there."""
        self._drop_if_over(key)
        if self._observer.wants_before:
            self._observer.changing(self.number, key)
        if not self._drop(key):
            return False
        self._observer.changed(self.number, key)
        return True

    def take(self, key: bytes, kind: int) -> Value | None:
        """Remove `key` and return the value it had. Raises WRONGTYPE for another kind."""
        value = self.read(key)
        if value is None:
            return None
        if kind_of(value) != kind:
            raise wrong_type()
        self.remove(key)
        return value

    def set_deadline(self, key: bytes, deadline: int) -> None:
        """Let an existing `key` die at `deadline`; one that has passed removes it now."""
        if deadline <= self._clock.now:
            self.remove(key)
            return
        if self._observer.wants_before:
            self._observer.changing(self.number, key)
        self._let_die(key, deadline)
        self._observer.changed(self.number, key)

    def clear_deadline(self, key: bytes) -> bool:
        """Let `key` live on; return whether it had a deadline."""
        self._drop_if_over(key)
        if self._observer.wants_before:
            self._observer.changing(self.number, key)
        if not self._let_live(key):
            return False
        self._observer.changed(self.number, key)
        return True

    # Changing what a container holds

    def edit(self, key: bytes) -> Value | None:
        """Return the value at `key` for a caller that is about to change the members it has, or to make it.

        Where the caller does change it, `edited` says so; where it does not, nothing has to be said.
        """
        value = self.find(key)
        if self._observer.wants_before:
            self._observer.changing(self.number, key)
        return value

    def edited(self, key: bytes, container: Container) -> None:
        """End what `edit` began: `container` is stored where it is new, and its key goes where it is empty."""
        length = len(container)
        if length > FREED_AT_ONCE_MAX:
            self._has_large = True
        if length == 0 and not container.keeps_empty():
            self._drop(key)
        elif not container.is_kept:
            self._store(key, container)
        else:
            self._deaths.keep_members(key, container.next_expiry())
            if self._limit is not None:
                self._count_change(container)
            if self._marks is not None:
                self._use(key)
        self._observer.changed(self.number, key)

    def recorded(self, key: bytes, container: Container, wakes: bool = False) -> None:
        """As `edited`, for what Redis tells no watcher and no listener, and who waits only where it `wakes` them."""
        self._count_change(container)
        self._use(key)
        self._observer.recorded(self.number, key, wakes)

    # Carrying values about

    def rename(self, key: bytes, destination: bytes) -> None:
        """Give an existing `key` another name, its deadline moves along; what was there is overwritten."""
        if key != destination:
            self._carry(key, self, destination)

    def move(self, key: bytes, space: "Keyspace") -> None:
        """Move an existing `key` with its deadline to another database."""
        self._carry(key, space, key)

    def copy(self, key: bytes, space: "Keyspace", destination: bytes) -> None:
        """Copy an existing `key` with its deadline; what was at the destination is overwritten."""
        value = self.find(key)
        if value is not None:
            space._adopt(destination, copy_of(value), self.deadline(key))

    def _carry(self, key: bytes, space: "Keyspace", destination: bytes) -> None:
        value = self.find(key)
        if value is not None:
            deadline = self.deadline(key)
            self.remove(key)
            space._adopt(destination, value, deadline)

    def _adopt(self, key: bytes, value: Value, deadline: int | None) -> None:
        if self._observer.wants_before:
            self._observer.changing(self.number, key)
        if self._observer.wants_added and self.contains(key):
            # As in Redis: what is overwritten by a whole key with its deadline is gone before that comes.
            self._observer.added(self.number, key)
        self._store(key, value)
        if deadline is None:
            self._let_live(key)
        else:
            self._let_die(key, deadline)
        self._observer.changed(self.number, key)

    # All at once

    def clear(self) -> None:
        """Remove every key. What is freed takes its time: see Databases.free_some."""
        self._observer.replacing(self.number)
        if self._limit is not None:
            self._limit.keys -= len(self._values)
            self._count(self._limit, -self.weight)
        if len(self._values) > FREED_AT_ONCE_MAX or self._has_large:
            self._graveyard.bury(self._deaths.parts())
            self._graveyard.bury_values(self._values.parts())
        self._values = ShardedMap()
        self._deaths = Deaths()
        self._observer.replaced(self.number)

    def swap_with(self, other: "Keyspace") -> None:
        """Exchange the whole content with another database; with itself nothing happens, as in Redis."""
        if other is self:
            return
        self._observer.replacing(self.number)
        self._observer.replacing(other.number)
        self._values, other._values = other._values, self._values
        self._deaths, other._deaths = other._deaths, self._deaths
        self._has_large, other._has_large = other._has_large, self._has_large
        self.weight, other.weight = other.weight, self.weight
        self._observer.replaced(self.number)
        self._observer.replaced(other.number)

    # A limit

    def use_limit(self, limit: Limit | None) -> None:
        """From now on have everything counted in `limit`: all keys are weighed once, which takes a step for each."""
        self.weight = 0
        self._limit = limit
        self._marks = None if limit is None else limit.marks
        if limit is None:
            return
        for key, value in self._values.items():
            self._count(limit, limit.key_weight(key) + weight_of(value))
            if isinstance(value, Container):
                value.counted = value.weight
        self._count(limit, DEADLINE_BYTES * len(self._deaths.keys.at))
        limit.keys += len(self._values)

    def evict(self, key: bytes) -> None:
        """Remove `key` to make room for others."""
        if self._observer.wants_before:
            self._observer.changing(self.number, key)
        if self._drop(key):
            self.evicted_keys += 1
            self._observer.evicted(self.number, key)

    def _count(self, limit: Limit, change: i64) -> None:
        """The data weigh so much more."""
        self.weight += change
        limit.bytes += change

    def _count_change(self, container: Container) -> None:
        """A container that is kept weighs something else than was counted for it."""
        if self._limit is not None:
            self._count(self._limit, container.weight - container.counted)
            container.counted = container.weight

    def _use(self, key: bytes) -> None:
        if self._marks is not None:
            self._marks.touch(key)

    # Expiring

    def expire_due(self, most: int) -> int:
        """Remove up to `most` keys whose deadline has passed, and as many members; return how many."""
        keys = self._deaths.keys.due(self._clock.now, most)
        for key in keys:
            self._drop_if_over(key)
        members = self._expire_members_due(most) if len(self._deaths.members.at) > 0 else 0
        return len(keys) + members

    def expire_all_members(self) -> None:
        """Remove every member whose deadline has passed: for whoever looks at values without asking for their keys."""
        if len(self._deaths.members.at) > 0:
            for key in self._deaths.members.over(self._clock.now, UNLIMITED):
                self._expire_members(key, UNLIMITED)

    def _expire_members_due(self, most: int) -> int:
        done = 0
        for key in self._deaths.members.due(self._clock.now, most):
            if done < most:
                done += self._expire_members(key, most - done)
            else:
                # It was taken out of its span: back to where it is found at once.
                self._deaths.members.set(key, AT_ONCE)
        return done

    def _drop_if_over(self, key: bytes) -> None:
        """Remove `key` if its deadline has passed, else those of its members that are over."""
        if self._deaths.are_none():
            return
        deadline = self._deaths.keys.at.get(key)
        if deadline is not None and deadline <= self._clock.now:
            self._expire(key)
        elif len(self._deaths.members.at) > 0:
            moment = self._deaths.members.at.get(key)
            if moment is not None and moment <= self._clock.now:
                self._expire_members(key, UNLIMITED)

    def _expire_members(self, key: bytes, most: int) -> int:
        """Remove up to `most` members of `key` that are over, and the key with the last one; return how many."""
        value = self._values.get(key)
        if not isinstance(value, Container):
            return 0
        if self._observer.wants_before:
            self._observer.changing(self.number, key)
        members = value.expire_members(self._clock.now, most)
        is_empty = len(value) == 0
        if is_empty:
            self._drop(key)
        else:
            self._count_change(value)
            # It may have been taken out of its span already.
            self._deaths.members.drop(key)
            self._deaths.keep_members(key, value.next_expiry())
        if members:
            self.expired_members += len(members)
            self._observer.members_expired(self.number, key, members, is_empty)
        return len(members)

    def _expire(self, key: bytes) -> None:
        if self._observer.wants_before:
            self._observer.changing(self.number, key)
        self._drop(key)
        self.expired_keys += 1
        self._observer.expired(self.number, key)

    # The steps every change of a key is made of

    def _store(self, key: bytes, value: Value) -> None:
        """Let `value` stand behind `key`; a deadline is the caller's affair."""
        if self._observer.wants_added and not self.contains(key):
            self._observer.added(self.number, key)
        if self._limit is not None:
            self._count_stored(self._limit, key, value)
        if self._has_large:
            self._release(self._values.get(key))
        moment: i64 = -1
        if not isinstance(value, bytes) and isinstance(value, Container):
            value.is_kept = True
            moment = value.next_expiry()
            if value.is_large():
                self._has_large = True
        self._deaths.keep_members(key, moment)
        self._values.set(key, value)

    def _drop(self, key: bytes) -> bool:
        """Take `key` away with its deadline; return whether it was there."""
        if len(self._deaths.keys.at) > 0:
            self._let_live(key)
        if len(self._deaths.members.at) > 0:
            self._deaths.members.drop(key)
        value = self._values.pop(key)
        if value is None:
            return False
        if self._limit is not None:
            self._limit.keys -= 1
            self._count(self._limit, -(self._limit.key_weight(key) + counted_weight(value)))
        self._release(value)
        return True

    def _let_die(self, key: bytes, deadline: int) -> None:
        """Let `key` die at `deadline`."""
        self._deaths.are_possible = True
        before = len(self._deaths.keys.at)
        self._deaths.keys.set(key, deadline)
        if self._limit is not None and len(self._deaths.keys.at) != before:
            self._count(self._limit, DEADLINE_BYTES)

    def _let_live(self, key: bytes) -> bool:
        """Take the deadline of `key` away; return whether it had one."""
        if not self._deaths.keys.drop(key):
            return False
        if self._limit is not None:
            self._count(self._limit, -DEADLINE_BYTES)
        return True

    def _count_stored(self, limit: Limit, key: bytes, value: Value) -> None:
        """`value` is about to stand behind `key`: count the difference that makes."""
        before = self._values.get(key)
        if before is None:
            limit.keys += 1
            limit.make_room_for_marks()
            self._count(limit, limit.key_weight(key) + weight_of(value))
        else:
            self._count(limit, weight_of(value) - counted_weight(before))
        if isinstance(value, Container):
            value.counted = value.weight
        self._use(key)

    def _release(self, value: Value | None) -> None:
        """`value` stands behind its key no more: a large one is freed in slices."""
        if not isinstance(value, Container):
            return
        value.is_kept = False
        if value.is_large():
            self._graveyard.bury(value.parts())


def counted_weight(value: Value) -> int:
    """Return what was counted for a value: a container that is being changed may weigh something else already."""
    return value.counted if isinstance(value, Container) else weight_of(value)
