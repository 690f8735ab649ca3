"""The data of one moment, given away in slices while writes go on. Knows neither commands nor files.

How it stays the data of that moment. A content is one dict in order, or SHARDS dicts (see
sharded_map). The dicts are walked one after the other; which keys are still to come is in `_left`, a
copy of the dict being walked. Before a key changes:

1. It is in the dict being walked: what it was is put into its place there, by reference.
2. Its dict has been walked, or it came after the moment: nothing has to be done.
3. Its dict is still to come: what it was is given away next, out of order (`early`), and the key is
   remembered, to be passed over later. A key that is new is remembered too.

A content that is one dict is copied before its first change, so that 1 holds for it from then on
and its order is kept. A content that is cleared or swapped away changes no more: it is walked on.
"""

from collections.abc import Iterator
from typing import Final

from mypy_extensions import mypyc_attr

from kvik.store.container import Container
from kvik.store.databases import Databases
from kvik.store.keyspace import Keyspace
from kvik.store.sharded_map import SHARDS, ShardedMap, shard_of
from kvik.store.value import Value, copy_of

SLICE_KEYS: Final = 32
SLICE_BYTES: Final = 64 << 10
"""What is given between two looks at the clock: some 50 microseconds' work."""
HELD_BYTES_MAX: Final = 64 << 20
"""Old values are held in their place, for the sake of the order, up to so many bytes; then they leave early."""
# Measured on 64-bit CPython 3.11: a key in a set, and what is held in place of one that changes.
REMEMBERED_BYTES: Final = 100
HELD_BYTES: Final = 120

NO_DEADLINE: Final = -1
DEAD: Final = -2
DETACHED: Final = -1


@mypyc_attr(allow_interpreted_subclasses=True)
class Taker:
    """Whoever a snapshot gives its keys to."""

    def take(self, database: int, key: bytes, value: Value, deadline: int) -> int:
        """Take a key of a database, its deadline in milliseconds or -1; return how many bytes it made."""
        raise NotImplementedError

    def is_within_a_key(self) -> bool:
        """Return whether it has taken a part of a key only: the slice is over then, the next one goes on with it."""
        return False

    def go_on(self, size: int) -> int:
        """Take about `size` bytes more of the key it is within; return how many bytes that made."""
        raise NotImplementedError


@mypyc_attr(acyclic=True)
class Held:
    """What a key was before it changed."""

    def __init__(self, value: Value, deadline: int) -> None:
        self.value: Final = value
        self.deadline: Final = deadline


GIVEN: Final = Held(0, NO_DEADLINE)
"""In place of a key that was given away, or that was dead at the moment."""
NO_KEYS: Final[set[bytes]] = set()


def size_of(value: Value) -> int:
    """Return how many bytes holding this value keeps from being freed."""
    if isinstance(value, bytes):
        return HELD_BYTES + len(value)
    return HELD_BYTES + value.weight if isinstance(value, Container) else HELD_BYTES


class Early:
    """What leaves out of order, and how much old data is held altogether."""

    def __init__(self) -> None:
        self.bytes_held = 0
        self._waiting: Final[list[tuple[int, bytes, Held]]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def has_room(self) -> bool:
        """Return whether more may be held in its place."""
        return self.bytes_held < HELD_BYTES_MAX

    def hold(self, held: Held) -> None:
        """Count what is held in its place."""
        self.bytes_held += size_of(held.value)

    def release(self, held: Held) -> None:
        self.bytes_held -= size_of(held.value)

    def add(self, database: int, key: bytes, held: Held) -> None:
        """Hold a key that leaves next."""
        self.hold(held)
        self._waiting.append((database, key, held))

    def forget(self) -> list[Value]:
        """Hold nothing any more; return what waited to leave."""
        values = [held.value for _database, _key, held in self._waiting]
        self._waiting.clear()
        self.bytes_held = 0
        return values

    def give(self, taker: Taker) -> int:
        """Give one key; return how many bytes it made."""
        database, key, held = self._waiting.pop()
        self.release(held)
        return taker.take(database, key, held.value, held.deadline)


class Content:
    """What one database held at the moment, of which some is given away already.

    `database` is the number it has now, DETACHED when it was cleared.
    """

    def __init__(
        self,
        number: int,
        values: ShardedMap[Value],
        deadlines: ShardedMap[int],
        moment: int,
        early: Early,
        databases: Databases,
    ) -> None:
        self.number: Final = number
        self.database = number
        self.values: Final = values
        self.total: Final = len(values)
        self.given = 0
        self.is_over = False
        self._deadlines: Final = deadlines
        self._moment: Final = moment
        self._early: Final = early
        self._databases: Final = databases
        self._is_one: Final = not values.is_split()
        # The dict being walked: its number (-1: none yet), what it held, where the walk stands.
        self._shard = -1
        self._left: dict[bytes, Value | Held] = {}
        self._walk: Iterator[bytes] = iter(self._left)
        # The keys to pass over in each dict that is still to come.
        self._passed: Final[dict[int, set[bytes]]] = {}

    def changing(self, key: bytes) -> None:
        """`key` is about to change."""
        if self.is_over:
            return
        if self._is_one:
            if self._shard < 0:
                self._enter(0)
            self._hold(key)
            return
        number = shard_of(key)
        if number == self._shard:
            self._hold(key)
        elif number > self._shard:
            self._give_early(number, key)

    def give(self, taker: Taker, keys: int, size: int) -> int:
        """Give keys of one dict, up to `keys` or until they made `size` bytes; return how many bytes they made."""
        if self._shard < 0:
            self._enter(0)
        made = 0
        while keys > 0 and made < size and not taker.is_within_a_key():
            key = next(self._walk, None)
            if key is None:
                self._leave()
                break
            made += self._give_in_place(taker, key)
            keys -= 1
        return made

    def remembered(self) -> int:
        """Return how many keys are remembered, to be walked or passed over."""
        return sum([len(keys) for keys in self._passed.values()]) + len(self._left)

    def parts(self) -> list[object]:
        """Return what is left of a content that was cleared, for freeing it part by part."""
        return self.values.parts() + self._deadlines.parts() if self.database == DETACHED else []

    def values_held(self) -> list[Value]:
        """Return what is held in its place."""
        return [value.value for value in self._left.values() if isinstance(value, Held)]

    def has_grown(self) -> bool:
        """Return whether the map has split since the moment."""
        return self._is_one and self.values.is_split()

    def _give_in_place(self, taker: Taker, key: bytes) -> int:
        value = self._left[key]
        if isinstance(value, Held):
            if value is GIVEN:
                return 0
            deadline = value.deadline
            self._early.release(value)
            value = value.value
        else:
            deadline = self._deadline(key)
        self._left[key] = GIVEN
        if deadline == DEAD:
            return 0
        self.given += 1
        return taker.take(self.number, key, value, deadline)

    def _hold(self, key: bytes) -> None:
        """Put what a key of the dict being walked was into its place, or give it early where too much is held."""
        value = self._left.get(key)
        if value is None or isinstance(value, Held):
            return
        if self._early.has_room():
            held = self._as_it_was(key, value)
            self._left[key] = held
            if held is not GIVEN:
                self._early.hold(held)
        else:
            self._left[key] = GIVEN
            self._leave_early(key, value)

    def _give_early(self, number: int, key: bytes) -> None:
        passed = self._passed.get(number)
        if passed is None:
            passed = set()
            self._passed[number] = passed
        if key not in passed:
            passed.add(key)
            value = self.values.get(key)
            if value is not None:
                self._leave_early(key, value)

    def _leave_early(self, key: bytes, value: Value) -> None:
        held = self._as_it_was(key, value)
        if held is not GIVEN:
            self.given += 1
            self._early.add(self.number, key, held)

    def _as_it_was(self, key: bytes, value: Value) -> Held:
        """Return what to hold of a key that has not changed yet."""
        deadline = self._deadline(key)
        return GIVEN if deadline == DEAD else Held(copy_of(value), deadline)

    def _deadline(self, key: bytes) -> int:
        """Return the deadline of a key that has not changed yet; DEAD where it had passed at the moment."""
        if len(self._deadlines) == 0:
            return NO_DEADLINE
        deadline = self._deadlines.get(key)
        if deadline is None:
            return NO_DEADLINE
        return DEAD if deadline <= self._moment else deadline

    def _enter(self, number: int) -> None:
        """Begin with a dict. Of a map that has become one again, nothing is left that was there at the moment."""
        self._shard = number
        self._left = {}
        if self._is_one or self.values.is_split():
            self._left.update(self.values.copy_of_shard(number))
        for key in self._passed.pop(number, NO_KEYS):
            self._left.pop(key, None)
        self._walk = iter(self._left)

    def _leave(self) -> None:
        """A dict is done: go on with the next one, or end."""
        # Another snapshot may still have to give what this one is done with.
        is_alone = self._databases.snapshots == 1
        if is_alone and self.database == DETACHED and self.values.is_split() and not self._is_one:
            self.values.forget_shard(self._shard)
            if self._deadlines.is_split():
                self._deadlines.forget_shard(self._shard)
        if self._is_one or self._shard == SHARDS - 1:
            self.is_over = True
            self._left = {}
            self._walk = iter(self._left)
        else:
            self._enter(self._shard + 1)


class Snapshot:
    """All databases as of the moment this was made, in milliseconds `moment`.

    From then on it must be told before a key changes and after a content was replaced, and closed
    at the end. What it holds meanwhile is bounded: values that were overwritten, up to
    HELD_BYTES_MAX and what changes between two slices; a key for each that changed; and contents
    that were cleared.
    """

    def __init__(self, databases: Databases, moment: int) -> None:
        self.moment: Final = moment
        self._databases: Final = databases
        self._early: Final = Early()
        self._contents: Final[list[Content]] = []
        self._by_values: Final[dict[ShardedMap[Value], Content]] = {}
        self._is_closed = False
        self._is_within_a_key = False
        databases.snapshots += 1
        # The content of the moment that a database has now, by the number of the database.
        self._now: Final[list[Content | None]] = [None] * len(databases.spaces)
        for space in databases.spaces:
            if len(space) > 0:
                self._add(space)
        self._next = 0
        self.keys_total: Final = sum([content.total for content in self._contents])

    # What the observer tells

    def changing(self, database: int, key: bytes) -> None:
        """`key` is about to change in a database."""
        content = self._now[database]
        if content is not None:
            content.changing(key)

    def replaced(self, database: int) -> None:
        """A database has got another content: an empty one, or that of another database."""
        values, _deadlines = self._databases.spaces[database].maps()
        before = self._now[database]
        if before is not None and before.database == database:
            before.database = DETACHED
        now = self._by_values.get(values)
        if now is not None:
            now.database = database
        self._now[database] = now

    def _add(self, space: Keyspace) -> None:
        values, deadlines = space.maps()
        content = Content(space.number, values, deadlines, self.moment, self._early, self._databases)
        self._contents.append(content)
        self._by_values[values] = content
        self._now[space.number] = content

    # Giving

    def give(self, taker: Taker, keys: int, size: int) -> int:
        """Give up to `keys` keys that make about `size` bytes; return how many bytes they made.

        What is held beyond HELD_BYTES_MAX is given in any case: that is no more than has changed since
        the last slice.
        """
        made = taker.go_on(size) if self._is_within_a_key else 0
        early = self._early
        is_enough = made >= size or taker.is_within_a_key()
        while len(early) > 0 and (not early.has_room() or (keys > 0 and not is_enough)):
            made += early.give(taker)
            keys -= 1
            is_enough = made >= size or taker.is_within_a_key()
        if keys > 0 and not is_enough and self._next < len(self._contents):
            made += self._give_in_order(taker, keys, size - made)
        self._is_within_a_key = taker.is_within_a_key()
        return made

    def is_over(self) -> bool:
        """Return whether everything has been given."""
        return self._next == len(self._contents) and len(self._early) == 0 and not self._is_within_a_key

    def close(self) -> None:
        """Let go of everything: what only the snapshot still had is freed in slices. A second time does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        self._databases.snapshots -= 1
        parts: list[object] = []
        held = self._early.forget()
        for content in self._contents[self._next :]:
            parts += content.parts()
            held += content.values_held()
        for value in held:
            if isinstance(value, Container) and value.is_large():
                self._databases.bury_value(value)
        self._contents.clear()
        self._by_values.clear()
        self._now.clear()
        self._next = 0
        if parts:
            self._databases.bury(parts)

    # For INFO

    def keys_given(self) -> int:
        """Return how many keys are given away, or about to be: at most `keys_total`."""
        return sum([content.given for content in self._contents])

    def bytes_held(self) -> int:
        """Return about how many bytes of memory the snapshot takes, contents that were cleared not counted."""
        remembered = sum([content.remembered() for content in self._contents])
        return self._early.bytes_held + REMEMBERED_BYTES * remembered

    def values_held(self) -> int:
        """Return about how many bytes are held for values that were overwritten."""
        return self._early.bytes_held

    def keys_held(self) -> int:
        """Return how many keys are held that no database has any more."""
        left = [content.total - content.given for content in self._contents if content.database == DETACHED]
        return len(self._early) + sum(left)

    def _give_in_order(self, taker: Taker, keys: int, size: int) -> int:
        content = self._contents[self._next]
        made = content.give(taker, keys, size)
        if content.is_over:
            if content.database == DETACHED and content.has_grown():
                self._databases.bury(content.parts())
            self._next += 1
        return made
