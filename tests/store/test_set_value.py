"""A set behaves as Python's does, packed or not; its costs stay where they are promised."""

from collections.abc import Callable
from random import Random

import pytest

from kvik.clock import ManualClock
from kvik.store.keyspace import Keyspace
from kvik.store.observer import Observer
from kvik.store.packed import ITEM_BYTES_MAX
from kvik.store.set_value import INTSET_MEMBERS_MAX, SPLIT_AT, SetValue, set_at, set_of, set_to_edit
from tests.store import growing, stalls
from tests.store.chances import check_fair

STEPS = 600
MANY = 200_000


def filled(count: int) -> SetValue:
    return set_of([b"member:%d" % number for number in range(count)])


class Twin:
    """A set and the dict of members in their order that it has to equal."""

    def __init__(self, made: SetValue, plain: dict[bytes, None]) -> None:
        self.made = made
        self.plain = plain

    def copy(self) -> "Twin":
        made = self.made.copy()
        assert isinstance(made, SetValue)
        return Twin(made, dict(self.plain))

    def step(self, random: Random, members: int, prefix: bytes) -> None:
        member = prefix + b"%d" % random.randrange(members)
        is_there = member in self.plain
        assert self.made.contains(member) == is_there
        if random.random() < 0.45:
            assert self.made.remove(member) == is_there
            self.plain.pop(member, None)
        else:
            assert self.made.add(member) == (not is_there)
            self.plain[member] = None

    def check(self) -> None:
        assert len(self.made) == len(self.plain)
        assert self.made.members() == list(self.plain)
        assert sorted(scanned(self.made)) == sorted(self.plain)
        assert self.made.members_at(list(range(len(self.plain)))) == list(self.plain)


def scanned(made: SetValue) -> list[bytes]:
    cursor, found = made.scan(0, 10)
    while cursor:
        cursor, some = made.scan(cursor, 10)
        found += some
    return found


@pytest.mark.parametrize(
    ("members", "prefix"), [(5, b""), (60, b"m"), (400, b"member:"), (20, b"x" * ITEM_BYTES_MAX)], ids=str
)
def test_a_set_and_its_copies_equal_plain_ones_after_any_steps(members: int, prefix: bytes) -> None:
    random = Random(members)
    twin = Twin(SetValue(), {})
    others: list[Twin] = []
    for _ in range(STEPS):
        twin.step(random, members, prefix)
        if random.random() < 0.03:
            others = [*others[-2:], twin.copy()]
            twin, others[0] = others[0], twin
            for each in (twin, *others):
                each.check()
    twin.check()


def test_integers_alone_are_an_intset_while_they_are_few() -> None:
    integers = [b"%d" % number for number in range(INTSET_MEMBERS_MAX)]
    assert set_of(integers).encoding() == b"intset"
    assert set_of([*integers, b"-1"]).encoding() == b"hashtable"
    for other in (b"a", b"01", b"1.0", b"", b"9223372036854775808"):
        assert set_of([b"1", other]).encoding() == b"hashtable", other


def test_a_set_weighs_the_same_however_it_came_about() -> None:
    random = Random(3)
    made = filled(500)
    for _ in range(2_000):
        member = b"member:%d" % random.randrange(600)
        made.remove(member) if random.random() < 0.5 else made.add(member)
    again = filled(500)
    for member in again.members():
        again.remove(member)
    for member in made.members():
        again.add(member)
    assert made.weight == again.weight
    copied = made.copy()
    assert copied.weight == made.weight


@pytest.mark.parametrize(
    ("sets", "count", "size"), [(30_000, 3, 8), (20_000, 20, 8), (1_000, 300, 20), (2, 100_000, 20), (3_000, 5, 100)]
)
def test_the_weight_is_what_the_process_grows_by(sets: int, count: int, size: int) -> None:
    growing.check("from kvik.store.set_value import SetValue", "SetValue()", "made.add(name)", sets, count, size)


def test_parts_are_of_bounded_size_and_hold_every_member() -> None:
    made = filled(3 * SPLIT_AT)
    parts = made.parts()
    assert all(isinstance(part, dict) and len(part) <= SPLIT_AT for part in parts)
    assert sum([len(part) for part in parts if isinstance(part, dict)]) == len(made)
    assert filled(3).parts() == []


def test_a_large_set_never_stalls() -> None:
    made, random = filled(MANY), Random(1)
    steps: list[Callable[[], object]] = [
        lambda: made.add(b"new:%d" % random.randrange(MANY)),
        lambda: made.contains(b"member:%d" % random.randrange(MANY)),
        lambda: made.remove(b"member:%d" % random.randrange(MANY)),
        lambda: made.random(random),
        lambda: made.scan(0, 10),
        lambda: (made.copy(), made.add(b"after a copy:%d" % random.randrange(MANY))),
    ]
    stalls.check(steps)


@pytest.mark.parametrize("count", [10, 300, 2 * SPLIT_AT])
def test_every_member_is_as_likely_to_be_chosen_as_any_other(count: int) -> None:
    made, random = filled(count), Random(5)
    check_fair(lambda: made.random(random), made.members())


def test_a_set_is_read_and_changed_through_its_keyspace() -> None:
    space = Keyspace(0, ManualClock(), Observer())
    assert set_at(space, b"s") is None and set_to_edit(space, b"s") is None
    made = set_of([b"m"])
    space.edited(b"s", made)
    assert set_at(space, b"s") is made and set_to_edit(space, b"s") is made
    made.remove(b"m")
    space.edited(b"s", made)
    assert not space.contains(b"s")
    space.put(b"k", b"v")
    for ask in (set_at, set_to_edit):
        with pytest.raises(Exception, match="WRONGTYPE"):
            ask(space, b"k")
