"""The keyspace: who is told of what, and that the dead are never seen."""

from collections.abc import Callable

import pytest

from kvik.clock import ManualClock
from kvik.store.databases import Databases
from kvik.store.keyspace import Keyspace
from kvik.store.observer import Observer


class Notebook(Observer):
    """Writes down what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[tuple[str, int, bytes]] = []

    def changed(self, database: int, key: bytes) -> None:
        self.changes += 1
        self.notes.append(("changed", database, key))

    def expired(self, database: int, key: bytes) -> None:
        self.notes.append(("expired", database, key))


class Room:
    """Two databases, a clock and a notebook."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.notebook = Notebook()
        self.databases = Databases(self.clock, self.notebook, 2)
        self.space, self.other = self.databases.spaces

    def with_a_dead_key(self) -> Keyspace:
        self.space.put(b"dead", b"1")
        self.space.set_deadline(b"dead", self.clock.now + 10)
        self.clock.advance(10)
        self.notebook.notes.clear()
        return self.space


LOOKS: dict[str, Callable[[Keyspace], object]] = {
    "find": lambda space: space.find(b"dead"),
    "read": lambda space: space.read(b"dead"),
    "string": lambda space: space.string(b"dead"),
    "contains": lambda space: space.contains(b"dead"),
    "deadline": lambda space: space.deadline(b"dead"),
    "random_key": lambda space: space.random_key(7),
    "keys": lambda space: space.keys(),
    "items": lambda space: list(space.items()),
    "scan": lambda space: space.scan(0, 10)[1],
    "remove": lambda space: space.remove(b"dead"),
    "take": lambda space: space.take(b"dead", 0),
    "clear_deadline": lambda space: space.clear_deadline(b"dead"),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=list(LOOKS))
def test_a_dead_key_is_never_seen(look: Callable[[Keyspace], object]) -> None:
    room = Room()
    space = room.with_a_dead_key()
    assert not look(space)
    assert ("changed", 0, b"dead") not in room.notebook.notes
    assert room.notebook.notes.count(("expired", 0, b"dead")) <= 1


def test_death_is_told_once_and_counted() -> None:
    room = Room()
    space = room.with_a_dead_key()
    assert len(space) == 1, "as Redis' DBSIZE: nobody has looked yet"
    space.find(b"dead")
    room.clock.advance(1_000)
    room.databases.expire_due(100)
    assert room.notebook.notes == [("expired", 0, b"dead")]
    assert (space.expired_keys, len(space), space.with_deadline()) == (1, 0, 0)


def test_keys_die_in_time_though_nobody_looks() -> None:
    room = Room()
    room.with_a_dead_key()
    room.clock.now = room.databases.next_expiry()
    while room.databases.next_expiry() >= 0:
        room.clock.now = max(room.clock.now, room.databases.next_expiry())
        room.databases.expire_due(100)
    assert room.notebook.notes == [("expired", 0, b"dead")]


def test_put_takes_the_deadline_away_and_replace_keeps_it() -> None:
    room = Room()
    later = room.clock.now + 1_000
    room.space.put(b"k", b"1")
    room.space.set_deadline(b"k", later)
    room.space.replace(b"k", b"2")
    assert room.space.deadline(b"k") == later
    room.space.put(b"k", b"3")
    assert room.space.deadline(b"k") is None


@pytest.mark.parametrize("has_deadline", [True, False])
@pytest.mark.parametrize("overwrites", [True, False])
@pytest.mark.parametrize("how", ["rename", "move", "copy"])
def test_a_value_is_carried_with_its_deadline(how: str, overwrites: bool, has_deadline: bool) -> None:
    room = Room()
    destination = room.other if how == "move" else room.space
    name = b"a" if how == "move" else b"b"
    later = room.clock.now + 1_000 if has_deadline else None
    room.space.put(b"a", b"1")
    if later is not None:
        room.space.set_deadline(b"a", later)
    if overwrites:
        destination.put(name, b"old")
        destination.set_deadline(name, room.clock.now + 77)
    room.notebook.notes.clear()
    if how == "rename":
        room.space.rename(b"a", b"b")
    elif how == "move":
        room.space.move(b"a", room.other)
    else:
        room.space.copy(b"a", room.space, b"b")
    assert (destination.find(name), destination.deadline(name)) == (b"1", later)
    assert room.space.contains(b"a") == (how == "copy")
    assert room.notebook.notes[-1] == ("changed", destination.number, name)
    assert len(room.notebook.notes) == (1 if how == "copy" else 2)


def test_a_key_renamed_to_itself_is_left_alone() -> None:
    room = Room()
    room.space.put(b"a", b"1")
    room.notebook.notes.clear()
    room.space.rename(b"a", b"a")
    assert room.space.find(b"a") == b"1"
    assert room.notebook.notes == []


def test_databases_swap_values_and_deadlines() -> None:
    room = Room()
    room.space.put(b"a", b"1")
    room.space.set_deadline(b"a", room.clock.now + 1_000)
    room.other.put(b"b", b"2")
    room.space.swap_with(room.other)
    assert (room.space.keys(), room.other.keys()) == ([b"b"], [b"a"])
    assert room.other.deadline(b"a") == room.clock.now + 1_000
    assert room.space.with_deadline() == 0


def test_swapping_a_database_with_itself_changes_nothing() -> None:
    room = Room()
    room.space.put(b"a", b"1")
    before = room.notebook.changes
    room.space.swap_with(room.space)
    assert room.space.keys() == [b"a"]
    assert room.notebook.changes == before


def test_a_large_content_is_freed_in_slices_after_it_was_cleared() -> None:
    room = Room()
    for number in range(70_000):
        room.space.put(b"key:%d" % number, b"value")
    room.databases.clear()
    assert len(room.space) == 0
    slices = 1
    while room.databases.free_some():
        slices += 1
    assert slices > 100
    assert not room.databases.free_some()


def test_clearing_a_small_content_leaves_nothing_to_free() -> None:
    room = Room()
    room.space.put(b"k", b"v")
    room.databases.clear()
    assert not room.databases.free_some()
    assert room.space.keys() == []


def test_hits_and_misses_are_counted_and_reset() -> None:
    room = Room()
    room.space.put(b"k", b"v")
    room.space.read(b"k")
    room.space.read(b"nothing")
    assert (room.space.hits, room.space.misses) == (1, 1)
    room.space.reset_statistics()
    assert (room.space.hits, room.space.misses, room.space.expired_keys) == (0, 0, 0)
