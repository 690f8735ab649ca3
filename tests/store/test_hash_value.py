"""A hash behaves as a dict does, packed or not; its costs stay where they are promised."""

from collections.abc import Callable
from random import Random

import pytest

from kvik.clock import ManualClock
from kvik.store.hash_value import HASH_BYTES, SPLIT_AT, HashValue, hash_at, hash_of, hash_to_edit
from kvik.store.keyspace import Keyspace
from kvik.store.observer import Observer
from kvik.store.packed import ITEM_BYTES_MAX, PACKED_BYTES_MAX
from tests.store import growing, stalls
from tests.store.chances import check_fair

STEPS = 600
MANY = 200_000


def filled(count: int) -> HashValue:
    return hash_of([word for number in range(count) for word in (b"field:%d" % number, b"%d" % number)])


class Twin:
    """A hash and the dict it has to equal."""

    def __init__(self, made: HashValue, plain: dict[bytes, bytes]) -> None:
        self.made = made
        self.plain = plain

    def copy(self) -> "Twin":
        made = self.made.copy()
        assert isinstance(made, HashValue)
        return Twin(made, dict(self.plain))

    def step(self, random: Random, fields: int, longest: int) -> None:
        field = b"%d" % random.randrange(fields)
        if random.random() < 0.45:
            assert self.made.delete(field) == (self.plain.pop(field, None) is not None)
        else:
            value = b"v" * random.randrange(longest)
            assert self.made.set(field, value) == (field not in self.plain)
            self.plain[field] = value
        assert self.made.get(field) == self.plain.get(field)

    def check(self) -> None:
        assert len(self.made) == len(self.plain)
        assert self.made.fields() == list(self.plain)
        assert self.made.values() == list(self.plain.values())
        assert self.made.flat() == [word for pair in self.plain.items() for word in pair]
        assert sorted(scanned(self.made)) == sorted(self.plain)
        assert self.made.fields_at(list(range(len(self.plain)))) == list(self.plain)


def scanned(made: HashValue) -> list[bytes]:
    cursor, found = made.scan(0, 10)
    while cursor:
        cursor, some = made.scan(cursor, 10)
        found += some
    return found


@pytest.mark.parametrize(("fields", "longest"), [(5, 20), (60, 30), (300, 20), (20, ITEM_BYTES_MAX + 20)])
def test_a_hash_and_its_copies_equal_dicts_after_any_steps(fields: int, longest: int) -> None:
    random = Random(fields)
    twin = Twin(HashValue(), {})
    others: list[Twin] = []
    for _ in range(STEPS):
        twin.step(random, fields, longest)
        if random.random() < 0.03:
            others = [*others[-2:], twin.copy()]
            twin, others[0] = others[0], twin
            for each in (twin, *others):
                each.check()
    twin.check()


def test_a_hash_is_packed_while_its_items_are_short_and_few() -> None:
    small = hash_of([b"f", b"x" * ITEM_BYTES_MAX])
    assert small.parts() == [] and small.encoding() == b"listpack"
    assert hash_of([b"f", b"x" * (ITEM_BYTES_MAX + 1)]).parts() != []
    assert hash_of([b"x" * (ITEM_BYTES_MAX + 1), b""]).encoding() == b"hashtable"
    grown = filled(PACKED_BYTES_MAX // 8)
    assert grown.parts() != []


def test_a_hash_weighs_the_same_however_it_came_about() -> None:
    random = Random(3)
    made = HashValue()
    for _ in range(2_000):
        field = b"field:%d" % random.randrange(300)
        if random.random() < 0.4:
            made.delete(field)
        else:
            made.set(field, b"x" * random.randrange(20))
    names = made.fields()
    remade = filled(300)
    for field in remade.fields():
        remade.delete(field)
    for field in names:
        value = made.get(field)
        assert value is not None
        remade.set(field, value)
    assert made.weight == remade.weight
    assert HashValue().weight == hash_of([]).weight >= HASH_BYTES


@pytest.mark.parametrize(
    ("hashes", "count", "size"), [(30_000, 3, 8), (20_000, 20, 8), (1_000, 300, 20), (2, 100_000, 20), (3_000, 5, 100)]
)
def test_the_weight_is_what_the_process_grows_by(hashes: int, count: int, size: int) -> None:
    growing.check(
        "from kvik.store.hash_value import HashValue", "HashValue()", "made.set(name, name[1:])", hashes, count, size
    )


def test_parts_are_of_bounded_size_and_hold_every_field() -> None:
    made = filled(3 * SPLIT_AT)
    parts = made.parts()
    assert len(parts) > 10
    assert all(isinstance(part, dict) and len(part) <= SPLIT_AT for part in parts)
    assert sum([len(part) for part in parts if isinstance(part, dict)]) == len(made)


def test_a_large_hash_never_stalls() -> None:
    made = filled(MANY)
    random = Random(1)
    steps: list[Callable[[], object]] = [
        lambda: made.set(b"new:%d" % random.randrange(MANY), b"v"),
        lambda: made.set(b"field:%d" % random.randrange(MANY), b"w"),
        lambda: made.get(b"field:%d" % random.randrange(MANY)),
        lambda: made.delete(b"field:%d" % random.randrange(MANY)),
        lambda: made.random(random),
        lambda: made.scan(0, 10),
        lambda: (made.copy(), made.set(b"after a copy:%d" % random.randrange(MANY), b"v")),
    ]
    stalls.check(steps)


@pytest.mark.parametrize("count", [10, 300, 2 * SPLIT_AT])
def test_every_field_is_as_likely_to_be_chosen_as_any_other(count: int) -> None:
    made, random = filled(count), Random(5)
    check_fair(lambda: made.random(random), made.fields())


# In a keyspace


@pytest.fixture
def space() -> Keyspace:
    return Keyspace(0, ManualClock(), Observer())


def test_a_hash_is_read_and_changed_through_its_keyspace(space: Keyspace) -> None:
    assert hash_at(space, b"h") is None and hash_to_edit(space, b"h") is None
    made = hash_of([b"f", b"v"])
    space.edited(b"h", made)
    assert hash_at(space, b"h") is made and hash_to_edit(space, b"h") is made
    made.delete(b"f")
    space.edited(b"h", made)
    assert not space.contains(b"h")


def test_another_kind_of_value_is_no_hash(space: Keyspace) -> None:
    space.put(b"s", b"v")
    for ask in (hash_at, hash_to_edit):
        with pytest.raises(Exception, match="WRONGTYPE"):
            ask(space, b"s")
