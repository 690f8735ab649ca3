"""A snapshot is the data of one moment, whatever happens while it is given away."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvik.clock import ManualClock
from kvik.journal.journal import Journal
from kvik.store.databases import Databases
from kvik.store.keyspace import Keyspace
from kvik.store.set_value import set_of
from kvik.store.snapshot import HELD_BYTES_MAX, Snapshot, Taker
from kvik.store.value import Value
from kvik.waiting import Interest
from tests.properties.requests import limits

Entry = tuple[int, bytes, Value, int]

COUNT = 3
SPLIT = 65_537
"""A map that holds so many keys has split."""
MANY = 1 << 60


class Basket(Taker):
    """Keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []

    def take(self, database: int, key: bytes, value: Value, deadline: int) -> int:
        self.entries.append((database, key, value, deadline))
        return len(key)


class Room:
    """Databases under one observer, and a snapshot of them."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.interest = Interest(Journal())
        self.databases = Databases(self.clock, self.interest, COUNT)
        self.interest.attach(self.databases)
        self.spaces = self.databases.spaces
        self.basket = Basket()

    def begin(self) -> Snapshot:
        """Start the snapshot; `expected` is a plain copy of the same moment."""
        self.expected = list(self.copy())
        self.snapshot = Snapshot(self.databases, self.clock.now)
        self.interest.begin_snapshot(self.snapshot)
        return self.snapshot

    def copy(self) -> Iterator[Entry]:
        now = self.clock.now
        for space in self.spaces:
            _values, deadlines = space.maps()
            for key, value in space.items():
                deadline = deadlines.get(key)
                assert deadline is None or deadline > now
                yield space.number, key, value, -1 if deadline is None else deadline

    def give(self, keys: int = 100, size: int = MANY) -> None:
        """Give one slice."""
        self.snapshot.give(self.basket, keys, size)

    def finish(self) -> list[Entry]:
        """Give all that is left, which changes nothing; return everything that was given."""
        live = list(self.copy())
        for _ in range(1_000_000):
            if self.snapshot.is_over():
                break
            self.give()
        assert self.snapshot.is_over()
        self.interest.end_snapshot(self.snapshot)
        assert list(self.copy()) == live
        return self.basket.entries

    def fill(self, number: int, count: int) -> None:
        for index in range(count):
            self.spaces[number].put(b"key:%d" % index, b"old:%d" % index)


def keys_of(space: Keyspace) -> list[bytes]:
    """Return the keys as of now, for changing them one by one."""
    return list(space.keys())


def in_any_order(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry[:2])


def test_without_writes_everything_is_given_once_in_order() -> None:
    room = Room()
    room.spaces[1].put(b"b", b"1")
    room.spaces[1].put(b"a", 2)
    room.spaces[1].set_deadline(b"a", room.clock.now + 5)
    room.spaces[0].put(b"c", b"3")
    room.begin()
    assert room.finish() == room.expected
    assert room.expected == [(0, b"c", b"3", -1), (1, b"b", b"1", -1), (1, b"a", 2, room.clock.now + 5)]


def test_a_slice_gives_no_more_keys_and_bytes_than_it_may() -> None:
    room = Room()
    room.fill(0, 100)
    room.begin()
    room.give(keys=7)
    assert len(room.basket.entries) == 7
    room.give(keys=100, size=10)
    assert len(room.basket.entries) == 9, "two keys make 10 bytes"


def put(room: Room) -> None:
    room.spaces[0].put(b"b", b"new")


def remove_and_put(room: Room) -> None:
    room.spaces[0].remove(b"b")
    put(room)


def die(room: Room) -> None:
    room.clock.advance(1_000)
    assert not room.spaces[0].contains(b"b")


def swap_and_put(room: Room) -> None:
    room.spaces[0].swap_with(room.spaces[2])
    room.spaces[2].put(b"b", b"new")


def swap_about_and_clear(room: Room) -> None:
    room.spaces[0].swap_with(room.spaces[1])
    room.spaces[1].swap_with(room.spaces[2])
    put(room)
    room.spaces[1].clear()
    room.spaces[2].remove(b"a")


CHANGES: dict[str, Callable[[Room], object]] = {
    "put": put,
    "replace": lambda room: room.spaces[0].replace(b"b", b"new"),
    "remove": lambda room: room.spaces[0].remove(b"b"),
    "remove and put": remove_and_put,
    "take": lambda room: room.spaces[0].take(b"b", 0),
    "set a deadline": lambda room: room.spaces[0].set_deadline(b"b", room.clock.now + 5),
    "set a deadline that has passed": lambda room: room.spaces[0].set_deadline(b"b", room.clock.now),
    "clear its deadline": lambda room: room.spaces[0].clear_deadline(b"b"),
    "rename": lambda room: room.spaces[0].rename(b"b", b"z"),
    "rename over it": lambda room: room.spaces[0].rename(b"a", b"b"),
    "move": lambda room: room.spaces[0].move(b"b", room.spaces[1]),
    "copy over it": lambda room: room.spaces[0].copy(b"a", room.spaces[0], b"b"),
    "die": die,
    "die unseen": lambda room: room.clock.advance(1_000),
    "clear": lambda room: room.spaces[0].clear(),
    "clear all": lambda room: room.databases.clear(),
    "swap": lambda room: room.spaces[0].swap_with(room.spaces[1]),
    "swap and put": swap_and_put,
    "swap about and clear": swap_about_and_clear,
}


@pytest.mark.parametrize(("is_split", "given_before"), [(False, 0), (False, 1), (False, 4), (True, 0)])
@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_change_is_not_seen(change: Callable[[Room], object], given_before: int, is_split: bool) -> None:
    room = Room()
    if is_split:
        room.fill(0, SPLIT)
    for key in (b"a", b"b", b"c"):
        room.spaces[0].put(key, key * 2)
    room.spaces[0].set_deadline(b"b", room.clock.now + 1_000)
    room.begin()
    room.give(keys=given_before)
    change(room)
    given = room.finish()
    assert in_any_order(given) == in_any_order(room.expected)
    if not is_split:
        assert given == room.expected, "the order is kept"


def test_what_was_dead_at_the_moment_is_not_given() -> None:
    room = Room()
    for key in (b"a", b"b", b"c"):
        room.spaces[0].put(key, b"1")
        room.spaces[0].set_deadline(key, room.clock.now + 5)
    room.spaces[0].set_deadline(b"c", room.clock.now + 6)
    room.clock.advance(5)
    room.begin()
    room.spaces[0].put(b"a", b"2")
    assert room.finish() == [(0, b"c", b"1", room.clock.now + 1)] == room.expected


def test_large_databases_that_are_swapped_are_given_as_they_were_and_stay() -> None:
    room = Room()
    room.fill(0, SPLIT)
    room.fill(1, SPLIT + 1)
    room.begin()
    room.spaces[0].swap_with(room.spaces[1])
    room.spaces[0].put(b"key:1", b"new")
    assert in_any_order(room.finish()) == in_any_order(room.expected)
    assert (len(room.spaces[0].keys()), len(room.spaces[1].keys())) == (SPLIT + 1, SPLIT)


def test_a_map_that_splits_and_becomes_one_again_is_given_as_it_was() -> None:
    room = Room()
    room.fill(0, SPLIT - 1)
    room.begin()
    room.give(keys=1_000)
    room.spaces[0].put(b"one more", b"")
    assert room.spaces[0].maps()[0].is_split()
    room.give(keys=1_000)
    for key in keys_of(room.spaces[0]):
        room.spaces[0].remove(key)
    room.spaces[0].put(b"key:70", b"new")
    assert not room.spaces[0].maps()[0].is_split()
    assert room.finish() == room.expected


def test_a_split_map_that_becomes_one_and_splits_again_is_given_as_it_was() -> None:
    room = Room()
    room.fill(0, SPLIT)
    room.begin()
    room.give(keys=1_000)
    for key in keys_of(room.spaces[0]):
        room.spaces[0].remove(key)
    for _ in range(20):
        room.give()
    room.fill(0, SPLIT + 5)
    assert in_any_order(room.finish()) == in_any_order(room.expected)


def test_a_cleared_content_is_let_go_of_as_it_is_walked() -> None:
    room = Room()
    room.fill(0, SPLIT)
    room.begin()
    values = room.spaces[0].maps()[0]
    room.databases.clear()
    while room.databases.free_some():
        pass
    assert room.snapshot.keys_held() == SPLIT
    for _ in range(100):
        room.give()
    assert 0 < room.snapshot.keys_held() < SPLIT
    assert room.finish() and in_any_order(room.basket.entries) == in_any_order(room.expected)
    assert values.keys() == []


def test_a_snapshot_that_is_closed_early_leaves_its_content_to_be_freed_in_slices() -> None:
    room = Room()
    room.fill(0, SPLIT)
    room.begin()
    room.databases.clear()
    while room.databases.free_some():
        pass
    room.interest.end_snapshot(room.snapshot)
    assert room.databases.free_some()
    assert room.snapshot.is_over()


@pytest.mark.parametrize("others", [0, SPLIT])
def test_large_values_that_only_a_snapshot_holds_are_freed_in_slices_when_it_is_closed_early(others: int) -> None:
    room = Room()
    room.fill(0, others)
    names = [b"large:%d" % number for number in range(5)]
    for name in names:
        room.spaces[0].put(name, set_of([b"%d" % number for number in range(20_000)]))
    room.begin()
    for name in names:
        room.spaces[0].remove(name)
    while room.databases.free_some():
        pass
    room.interest.end_snapshot(room.snapshot)
    assert room.databases.free_some()
    assert room.snapshot.is_over()
    assert room.snapshot.values_held() == 0


def test_nothing_is_asked_for_before_and_after_a_snapshot() -> None:
    room = Room()
    wanted = [room.interest.wants_before]
    snapshot = room.begin()
    other = Snapshot(room.databases, room.clock.now)
    room.interest.begin_snapshot(other)
    wanted.append(room.interest.wants_before)
    for ended in (snapshot, other, other):
        room.interest.end_snapshot(ended)
        wanted.append(room.interest.wants_before)
    assert wanted == [False, True, True, False, False]


def test_held_values_are_counted_until_they_are_given() -> None:
    room = Room()
    room.fill(0, 3)
    snapshot = room.begin()
    room.spaces[0].put(b"key:1", b"new")
    held = snapshot.bytes_held()
    room.spaces[0].put(b"key:1", b"newer")
    assert snapshot.bytes_held() == held, "a key is held once"
    room.spaces[0].put(b"new", b"")
    room.spaces[0].put(b"new", b"newer")
    assert snapshot.bytes_held() == held, "a new key is not held"
    assert room.finish() == room.expected
    assert snapshot.bytes_held() == 0
    assert snapshot.values_held() == 0


def test_more_than_may_be_held_leaves_with_the_next_slice() -> None:
    room = Room()
    size = HELD_BYTES_MAX // 8
    for index in range(20):
        room.spaces[0].put(b"key:%d" % index, bytes(size))
    snapshot = room.begin()
    for index in range(20):
        room.spaces[0].put(b"key:%d" % index, b"")
    assert snapshot.values_held() > 2 * HELD_BYTES_MAX
    room.give(keys=0)
    assert snapshot.values_held() < HELD_BYTES_MAX + size
    assert in_any_order(room.finish()) == in_any_order(room.expected)
    assert snapshot.values_held() == 0


def test_progress_reaches_its_total() -> None:
    room = Room()
    room.fill(0, SPLIT)
    room.fill(1, 10)
    snapshot = room.begin()
    assert (snapshot.keys_given(), snapshot.keys_total) == (0, SPLIT + 10)
    before = 0
    for index in range(50):
        room.spaces[0].put(b"key:%d" % index, b"new")
        room.give()
        assert before <= snapshot.keys_given() <= snapshot.keys_total
        before = snapshot.keys_given()
    for _ in range(10_000):
        room.give()
    assert snapshot.is_over()
    assert snapshot.keys_given() == snapshot.keys_total


# Any interleaving

KEYS = st.sampled_from([b"key:%d" % index for index in range(5)] + [b"a", b"b"])
NUMBERS = st.integers(0, COUNT - 1)
STEPS = st.one_of(
    st.tuples(st.just("put"), NUMBERS, KEYS, NUMBERS, KEYS),
    st.tuples(
        st.sampled_from(
            ["put", "replace", "remove", "deadline", "persist", "rename", "move", "copy", "find"]
            + ["give", "give one", "clear", "swap", "wait", "expire", "empty", "grow"]
        ),
        NUMBERS,
        KEYS,
        NUMBERS,
        KEYS,
    ),
)
Step = tuple[str, int, bytes, int, bytes]
SMALL_SPLIT = 65_530
"""A few keys fewer than a map that splits, so that `grow` splits it."""


def change(room: Room, step: Step, counter: int) -> None:
    name, number, key, other_number, other = step
    space, destination = room.spaces[number], room.spaces[other_number]
    later = room.clock.now + counter % 7
    if name == "put":
        space.put(key, b"%d" % counter)
    elif name == "replace":
        space.replace(key, counter)
    elif name == "remove":
        space.remove(key)
    elif name == "deadline" and space.contains(key):
        space.set_deadline(key, later)
    elif name == "persist":
        space.clear_deadline(key)
    elif name == "rename":
        space.rename(key, other)
    elif name == "move" and space is not destination:
        space.move(key, destination)
    elif name == "copy":
        space.copy(key, destination, other)
    elif name == "find":
        space.find(key)
    else:
        change_much(room, step)


def change_much(room: Room, step: Step) -> None:
    name, number, _, other_number, _ = step
    space = room.spaces[number]
    if name == "clear":
        space.clear()
    elif name == "swap":
        space.swap_with(room.spaces[other_number])
    elif name == "wait":
        room.clock.advance(2)
    elif name == "expire":
        room.databases.expire_due(10)
    elif name == "empty":
        for present in keys_of(space):
            space.remove(present)
    elif name == "grow":
        for index in range(len(space), SPLIT + 3):
            space.put(b"grown:%d" % index, b"")


def run(room: Room, steps: list[Step], start: int) -> None:
    for counter, step in enumerate(steps, start):
        if step[0] == "give":
            room.give(keys=1_000)
        elif step[0] == "give one":
            room.give(keys=1)
        else:
            change(room, step, counter)


@limits(400)
@given(
    st.lists(STEPS.filter(lambda step: not step[0].startswith(("give", "grow"))), max_size=20),
    st.lists(STEPS.filter(lambda step: step[0] != "grow"), max_size=40),
)
def test_small_databases_are_given_as_they_were_in_their_order(before: list[Step], during: list[Step]) -> None:
    room = Room()
    run(room, before, 0)
    room.begin()
    run(room, during, 1_000)
    assert room.finish() == room.expected


@limits(40)
@given(
    st.lists(STEPS.filter(lambda step: not step[0].startswith("give")), max_size=8),
    st.sampled_from([0, SMALL_SPLIT, SPLIT]),
    st.lists(STEPS, max_size=40),
)
def test_large_databases_are_given_as_they_were(before: list[Step], size: int, during: list[Step]) -> None:
    room = Room()
    room.fill(0, size)
    run(room, before, 0)
    room.begin()
    run(room, during, 1_000)
    assert in_any_order(room.finish()) == in_any_order(room.expected)
    assert room.snapshot.values_held() == 0
