"""A list behaves as a plain list does, packed or in blocks; its costs stay where they are promised."""

from collections.abc import Callable
from random import Random

import pytest

from kvik.clock import ManualClock
from kvik.store.keyspace import Keyspace
from kvik.store.list_blocks import BLOCK_BYTES, BLOCK_LENGTH, BLOCKS_BYTES, weight_of_slot
from kvik.store.list_value import (
    LIST_BYTES,
    PACKED_BYTES_MAX,
    PACKED_VALUES_MAX,
    ListValue,
    list_at,
    list_to_edit,
)
from kvik.store.observer import Observer
from kvik.store.packed import LENGTH_MAX, weight_of_packed
from tests.store import growing, stalls

MILLION = 1_000_000
STEPS = 250


def filled(values: list[bytes]) -> ListValue:
    made = ListValue()
    made.extend(values)
    return made


def numbers(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


def values_of(made: ListValue) -> list[bytes]:
    return [value for row in made.rows() for value in row]


def is_packed(made: ListValue) -> bool:
    return not made.parts()


class Twin:
    """A list and the plain list it has to equal; up to `most` values come at a time, half as many go."""

    def __init__(self, random: Random, most: int, made: ListValue, plain: list[bytes]) -> None:
        self.random = random
        self.most = most
        self.made = made
        self.plain = plain

    def value(self) -> bytes:
        number = self.random.randrange(30)
        return b"%0*d" % (number, number)

    def copy(self) -> "Twin":
        made = self.made.copy()
        assert isinstance(made, ListValue)
        return Twin(self.random, self.most, made, self.plain[:])

    def push(self) -> None:
        for _ in range(self.random.randrange(self.most)):
            value = self.value()
            self.made.push_left(value)
            self.plain.insert(0, value)

    def extend(self) -> None:
        values = [self.value() for _ in range(self.random.randrange(self.most))]
        self.made.extend(values)
        self.plain += values

    def pop_left(self) -> None:
        for _ in range(min(len(self.plain), self.random.randrange(self.most // 2 + self.most // 5))):
            assert self.made.pop_left() == self.plain.pop(0)

    def pop_right(self) -> None:
        for _ in range(min(len(self.plain), self.random.randrange(self.most // 2 + self.most // 5))):
            assert self.made.pop_right() == self.plain.pop()

    def set(self) -> None:
        if self.plain:
            position, value = self.random.randrange(len(self.plain)), self.value()
            assert self.made.get(position) == self.plain[position]
            self.made.set(position, value)
            self.plain[position] = value

    def insert(self) -> None:
        for _ in range(self.random.randrange(self.most // 5)):
            position, value = self.random.randrange(len(self.plain) + 1), self.value()
            self.made.insert(position, value)
            self.plain.insert(position, value)

    def delete(self) -> None:
        if self.plain:
            start = self.random.randrange(len(self.plain))
            count = self.random.choice((1, 5, self.most // 10, self.most // 2, len(self.plain)))
            count = min(count, len(self.plain) - start)
            self.made.delete(start, count)
            del self.plain[start : start + count]

    def remove(self) -> None:
        value, most, from_right = self.value(), self.random.choice((0, 1, 2, 50)), self.random.random() < 0.5
        places = [place for place, each in enumerate(self.plain) if each == value]
        if from_right:
            places.reverse()
        gone = places[: most or None]
        assert self.made.remove(value, most, from_right) == len(gone)
        for place in sorted(gone, reverse=True):
            del self.plain[place]

    def find(self) -> None:
        value, rank = self.value(), self.random.choice((1, 2, -1, -3))
        most, compared_max = self.random.choice((0, 1, 5)), self.random.choice((0, 1, 300, 5000))
        places = list(enumerate(self.plain))
        if rank < 0:
            places.reverse()
        found = [place for place, each in places[: compared_max or None] if each == value][abs(rank) - 1 :]
        assert self.made.find_all(value, rank, most, compared_max) == found[: most or None]
        assert self.made.find(value) == (self.plain.index(value) if value in self.plain else -1)

    def slice(self) -> None:
        if self.plain:
            start = self.random.randrange(len(self.plain))
            end = self.random.randrange(start, len(self.plain)) + 1
            assert self.made.slice(start, end) == self.plain[start:end]

    def check(self) -> None:
        assert len(self.made) == len(self.plain)
        assert values_of(self.made) == self.plain
        rows = self.made.rows()
        assert all(0 < len(row) <= BLOCK_LENGTH for row in rows) or not self.plain
        if is_packed(self.made):
            size = sum([1 + len(value) for value in self.plain])
            assert size <= PACKED_BYTES_MAX and len(self.plain) <= PACKED_VALUES_MAX
            assert self.made.weight == LIST_BYTES + weight_of_packed(size)
        else:
            values = sum([weight_of_slot(value) for value in self.plain])
            assert self.made.weight == LIST_BYTES + BLOCKS_BYTES + BLOCK_BYTES * (len(rows) - 1) + values

    STEPS = (push, extend, pop_left, pop_right, set, insert, delete, remove, find, slice)


def lived(random: Random, most: int, steps: int) -> Twin:
    """Let a list and its copies go through random steps, and compare them all the way."""
    twin = Twin(random, most, ListValue(), [])
    others: list[Twin] = []
    for _ in range(steps):
        random.choice(Twin.STEPS)(twin)
        twin.slice()
        draw = random.random()
        if draw < 0.05:
            others = [*others[-2:], twin.copy()]
        elif draw < 0.1 and others:
            others.append(twin)
            twin = others.pop(0)
        if draw < 0.2:
            for each in (twin, *others):
                each.check()
    return twin


@pytest.mark.parametrize("seed", range(12))
def test_a_list_and_its_copies_equal_plain_lists_after_any_steps(seed: int) -> None:
    assert not is_packed(lived(Random(seed), 2 * BLOCK_LENGTH, STEPS).made)


@pytest.mark.parametrize("most", [12, 30, 60])
def test_a_small_list_and_its_copies_equal_plain_lists_when_they_grow_out_of_it_too(most: int) -> None:
    ends = [is_packed(lived(Random(seed), most, STEPS // 5).made) for seed in range(40)]
    assert any(ends) and not all(ends)


def test_what_is_in_blocks_weighs_the_same_however_it_came_about() -> None:
    made = filled(numbers(5_000))
    for _ in range(4_999):
        made.pop_left()
    assert made.weight == LIST_BYTES + BLOCKS_BYTES + weight_of_slot(b"4999")
    made.pop_right()
    assert made.weight == LIST_BYTES + BLOCKS_BYTES


# What is packed

FULL = [b"x" * 31] * (PACKED_BYTES_MAX // 32)


@pytest.mark.parametrize("full", [FULL, [b"x"] * PACKED_VALUES_MAX], ids=["bytes", "values"])
@pytest.mark.parametrize(
    "grow",
    [
        lambda made: made.push_left(b""),
        lambda made: made.push_right(b""),
        lambda made: made.insert(1, b""),
        lambda made: made.extend([b""]),
    ],
    ids=["left", "right", "middle", "extend"],
)
def test_one_value_more_than_is_packed_makes_it_blocks_for_good(
    full: list[bytes], grow: Callable[[ListValue], None]
) -> None:
    made = filled(full)
    assert is_packed(made) and values_of(made) == full
    grow(made)
    assert not is_packed(made) and sorted(values_of(made)) == [b"", *full]
    made.delete(0, len(full))
    assert not is_packed(made) and len(made) == 1


@pytest.mark.parametrize(
    "put",
    [
        lambda made, value: made.push_left(value),
        lambda made, value: made.push_right(value),
        lambda made, value: made.insert(1, value),
        lambda made, value: made.set(1, value),
        lambda made, value: made.extend([value]),
    ],
    ids=["left", "right", "middle", "set", "extend"],
)
def test_one_long_value_makes_blocks_of_what_was_packed(put: Callable[[ListValue, bytes], None]) -> None:
    made = filled([b"a", b"b"])
    put(made, b"x" * LENGTH_MAX)
    assert is_packed(made)
    put(made, b"y" * (LENGTH_MAX + 1))
    assert not is_packed(made) and b"y" * (LENGTH_MAX + 1) in values_of(made)


def test_a_copy_of_what_is_packed_stays_when_the_other_grows_out_of_it() -> None:
    made = filled([b"a", b"b"])
    twin = made.copy()
    made.extend(FULL)
    assert not is_packed(made) and is_packed(twin)
    assert values_of(twin) == [b"a", b"b"] and twin.weight == filled([b"a", b"b"]).weight


def test_removing_here_and_there_leaves_no_long_row_of_nearly_empty_blocks() -> None:
    made = filled(numbers(20_000))
    random = Random(1)
    while len(made) > 400:
        made.delete(random.randrange(len(made)), 1)
    assert len(made.rows()) <= 2 + 2 * 400 // 128
    made = filled(numbers(20_000) + [b"x"] * 20_000)
    made.remove(b"x", 0, False)
    assert len(made.rows()) <= 20_000 // BLOCK_LENGTH + 2


def test_parts_hold_every_value_and_are_of_bounded_size() -> None:
    made = filled(numbers(50_000))
    rows = made.rows()
    parts = made.parts()
    assert 10 < len(parts) <= len(rows)
    assert all(isinstance(part, list) and len(part) <= 4_096 for part in parts)


@pytest.mark.parametrize(
    ("lists", "count", "size"),
    [
        (20_000, 8, 10),
        (20_000, 20, 10),
        (20_000, 120, 6),
        (10_000, 4, 200),
        (10_000, 10, 300),
        (2, 100_000, 20),
        (100, 300, 1_000),
    ],
)
def test_the_weight_is_what_the_process_grows_by(lists: int, count: int, size: int) -> None:
    growing.check(
        "from kvik.store.list_value import ListValue", "ListValue()", "made.push_right(name)", lists, count, size
    )


# Costs


def test_a_list_of_a_million_never_stalls() -> None:
    made = filled([b"v"] * MILLION)
    random = Random(1)
    steps: list[Callable[[], object]] = [
        lambda: made.push_left(b"v"),
        made.pop_right,
        lambda: made.push_right(b"v"),
        made.pop_left,
        lambda: made.get(random.randrange(MILLION)),
        lambda: made.set(random.randrange(MILLION), b"w"),
        lambda: made.insert(random.randrange(MILLION), b"w"),
        lambda: made.delete(random.randrange(MILLION), 1),
        lambda: made.slice(MILLION // 2, MILLION // 2 + 100),
        made.copy,
    ]
    stalls.check(steps)


# In a keyspace


@pytest.fixture
def space() -> Keyspace:
    return Keyspace(0, ManualClock(), Observer())


def test_a_list_is_read_and_changed_through_its_keyspace(space: Keyspace) -> None:
    assert list_at(space, b"l") is None and list_to_edit(space, b"l") is None
    made = filled([b"a"])
    space.edited(b"l", made)
    assert list_at(space, b"l") is made and list_to_edit(space, b"l") is made
    made.pop_left()
    space.edited(b"l", made)
    assert not space.contains(b"l")


def test_another_kind_of_value_is_no_list(space: Keyspace) -> None:
    space.put(b"s", b"v")
    for ask in (list_at, list_to_edit):
        with pytest.raises(Exception, match="WRONGTYPE"):
            ask(space, b"s")
