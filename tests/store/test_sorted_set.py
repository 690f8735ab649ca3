"""A sorted set behaves as a sorted list of pairs does, whatever its size; its costs stay where they are promised."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from random import Random

import pytest

from kvik.clock import ManualClock
from kvik.store.keyspace import Keyspace
from kvik.store.observer import Observer
from kvik.store.packed import ITEM_BYTES_MAX, PACKED_BYTES_MAX
from kvik.store.packed_scores import ENTRY_BYTES
from kvik.store.score_tree import NODE_LENGTH, SPLIT_AT
from kvik.store.sorted_set import (
    ADDED,
    CHANGED,
    LISTPACK_BYTES_MAX,
    LISTPACK_MEMBERS_MAX,
    PACKED_MEMBERS_MAX,
    SAME,
    SortedSet,
    sorted_set_at,
    sorted_set_of,
    sorted_set_to_edit,
)
from tests.store import growing, stalls

MANY = 200_000
SCORES = [float(number) for number in range(-5, 6)] + [0.5, 1e300, float("inf"), float("-inf")]


def filled(count: int) -> SortedSet:
    return sorted_set_of({b"member:%d" % number: float(number) for number in range(count)})


class Twin:
    """A sorted set and the dict of scores it has to equal; its members are some of a pool."""

    def __init__(self, random: Random, pool: list[bytes], made: SortedSet, plain: dict[bytes, float]) -> None:
        self.random = random
        self.pool = pool
        self.made = made
        self.plain = plain

    def copy(self) -> "Twin":
        made = self.made.copy()
        assert isinstance(made, SortedSet)
        return Twin(self.random, self.pool, made, dict(self.plain))

    def ordered(self) -> list[tuple[float, bytes]]:
        return sorted([(score, member) for member, score in self.plain.items()])

    def put(self) -> None:
        member, score = self.random.choice(self.pool), self.score()
        before = self.plain.get(member)
        assert self.made.put(member, score) == (ADDED if before is None else SAME if before == score else CHANGED)
        self.plain[member] = score
        assert self.made.score(member) == score

    def remove(self) -> None:
        member = self.random.choice(self.pool)
        assert self.made.remove(member) == (self.plain.pop(member, None) is not None)

    def take(self) -> None:
        count, from_the_top = self.random.choice([1, 2, len(self.pool) // 4]), self.random.random() < 0.5
        pairs = self.ordered()
        gone = pairs[::-1][:count] if from_the_top else pairs[:count]
        found, scores = self.made.take(count, from_the_top)
        assert list(zip(scores, found, strict=True)) == gone
        for _, member in gone:
            del self.plain[member]

    def score(self) -> float:
        return self.random.choice(SCORES) if self.random.random() < 0.5 else self.random.uniform(-100, 100)

    def check(self) -> None:
        pairs = self.ordered()
        assert len(self.made) == len(pairs)
        members, scores = self.made.slice(0, len(pairs))
        assert list(zip(scores, members, strict=True)) == pairs
        assert sorted(scanned(self.made)) == sorted(self.plain)
        for place in self.random.sample(range(len(pairs)), min(len(pairs), 10)):
            assert self.made.rank(pairs[place][1]) == place
            assert self.made.nth(place) == pairs[place][1]
            start, stop = sorted((place, self.random.randrange(len(pairs) + 1)))
            assert self.made.slice(start, stop)[0] == [member for _, member in pairs[start:stop]]
        only = [score for score, _ in pairs]
        for score in [*SCORES, *only[:3]]:
            assert self.made.count_below(score, False) == bisect_left(only, score)
            assert self.made.count_below(score, True) == bisect_right(only, score)
        assert self.made.rank(b"nobody") == -1 and self.made.score(b"nobody") is None


def scanned(made: SortedSet) -> list[bytes]:
    cursor, found = made.scan(0, 10)
    while cursor:
        cursor, some = made.scan(cursor, 10)
        found += some
    return found


def numbers(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


def alike(count: int, length_max: int) -> list[bytes]:
    """Return members that begin alike, of all lengths: what is before one of them may be a part of it."""
    random = Random(count)
    return list({bytes(random.choices(b"\x00\x08a", k=random.randint(0, length_max))) for _ in range(count)})


@pytest.mark.parametrize(
    ("pool", "steps"),
    [
        (numbers(5), 400),
        (numbers(PACKED_MEMBERS_MAX), 1_000),
        (numbers(PACKED_MEMBERS_MAX * 2), 3_000),
        (numbers(6_000), 20_000),
        (alike(40, 4), 2_000),
        (alike(100, ITEM_BYTES_MAX), 2_000),
        (alike(20, ITEM_BYTES_MAX + 1), 1_000),
    ],
    ids=["few", "packed", "unpacked", "many", "alike", "long", "too long"],
)
def test_a_sorted_set_and_its_copies_equal_plain_ones_after_any_steps(pool: list[bytes], steps: int) -> None:
    random = Random(len(pool))
    twin = Twin(random, pool, SortedSet(), {})
    others: list[Twin] = []
    for number in range(steps):
        # It grows first and shrinks at the end, so that nodes are split and joined.
        draw = random.random() * (1.6 if number < steps // 2 else 0.9)
        if draw < 0.5:
            twin.remove()
        elif draw < 0.5005:
            twin.take()
        else:
            twin.put()
        if number % (steps // 8) == 0:
            others = [*others[-1:], twin.copy()]
            twin, others[0] = others[0], twin
            for each in (twin, *others):
                each.check()
    twin.check()


def test_copies_on_both_sides_of_the_small_form_keep_what_they_had() -> None:
    random = Random(3)
    twin = Twin(random, alike(200, ITEM_BYTES_MAX), SortedSet(), {})
    copies: list[Twin] = []
    while is_packed(twin.made) or len(copies) < 150:
        copies.append(twin.copy())
        twin.put()
    for each in copies:
        each.check()
        each.put()
        each.remove()
    for each in (twin, *copies):
        each.check()


def is_packed(made: SortedSet) -> bool:
    """Return whether it has the small form, which has no parts."""
    return not made.parts()


@pytest.mark.parametrize(
    ("size", "fitting"), [(3, PACKED_MEMBERS_MAX), (ITEM_BYTES_MAX, PACKED_BYTES_MAX // (ITEM_BYTES_MAX + ENTRY_BYTES))]
)
def test_a_sorted_set_is_packed_up_to_a_size_and_never_again(size: int, fitting: int) -> None:
    made, members = SortedSet(), [b"%0*d" % (size, number) for number in range(fitting + 1)]
    for number in range(fitting):
        made.put(members[number], float(-number))
    made.put(members[0], 1.0)
    assert is_packed(made)
    made.put(members[fitting], 2.0)
    assert not is_packed(made)
    assert made.slice(0, fitting)[0] == members[:fitting][::-1]
    made.take(fitting, False)
    assert not is_packed(made) and made.slice(0, 9) == ([members[fitting]], [2.0])


def test_a_member_that_is_long_is_not_packed() -> None:
    made = sorted_set_of({b"x" * ITEM_BYTES_MAX: 1.0, b"": 2.0})
    assert is_packed(made)
    made.put(b"x" * (ITEM_BYTES_MAX + 1), -1.0)
    assert not is_packed(made)
    assert made.slice(0, 9)[1] == [-1.0, 1.0, 2.0]


@pytest.mark.parametrize("count", [3, 300])
def test_a_slice_that_begins_beyond_everything_is_empty(count: int) -> None:
    made = filled(count)
    assert made.slice(1 << 70, count) == made.slice(count, count) == made.slice(2, 1) == ([], [])


def test_members_of_one_score_stand_in_the_order_of_their_bytes() -> None:
    random = Random(2)
    members = sorted({random.randbytes(random.randrange(4)) for _ in range(2_000)})
    made = sorted_set_of(dict.fromkeys(random.sample(members, len(members)), 1.0))
    assert made.slice(0, len(members))[0] == members
    for member in random.sample(members, 50):
        assert made.count_before_member(member, False) == members.index(member)
        assert made.count_before_member(member, True) == members.index(member) + 1
        between = member + b"\x00x"
        assert made.count_before_member(between, True) == bisect_right(members, between)


def test_a_small_set_has_no_negative_zero_and_a_large_one_has() -> None:
    small, large = SortedSet(), SortedSet(True)
    small.put(b"m", -0.0)
    large.put(b"m", -0.0)
    assert (str(small.score(b"m")), str(large.score(b"m"))) == ("0.0", "-0.0")


def test_the_encoding_is_that_of_redis() -> None:
    assert filled(LISTPACK_MEMBERS_MAX).encoding() == b"listpack"
    grown = filled(LISTPACK_MEMBERS_MAX + 1)
    assert grown.encoding() == b"skiplist"
    grown.remove(b"member:1")
    assert grown.encoding() == b"skiplist", "it does not go back"
    assert sorted_set_of({b"x" * (LISTPACK_BYTES_MAX + 1): 1.0}).encoding() == b"skiplist"


@pytest.mark.parametrize(
    ("sets", "count", "size"),
    [(30_000, 3, 8), (10_000, 20, 8), (10_000, 50, 10), (300, 300, 20), (2, 100_000, 20), (3_000, 5, 100)],
)
def test_the_weight_is_what_the_process_grows_by(sets: int, count: int, size: int) -> None:
    growing.check(
        "from kvik.store.sorted_set import SortedSet",
        "SortedSet()",
        "made.put(name, number * 1.5)",
        sets,
        count,
        size,
    )


def test_a_set_that_was_emptied_weighs_what_its_members_did_less() -> None:
    made = filled(1_000)
    before = made.weight
    for number in range(500):
        made.put(b"more:%d" % number, 0.0)
    for number in range(500):
        made.remove(b"more:%d" % number)
    assert made.weight == before == filled(1_000).copy().weight


def test_parts_are_of_bounded_size() -> None:
    parts = filled(50_000).parts()
    assert 20 < len(parts) < 5_000
    assert all(not isinstance(part, dict) or len(part) <= SPLIT_AT for part in parts)


def test_a_large_sorted_set_never_stalls() -> None:
    made, random = filled(MANY), Random(1)
    steps: list[Callable[[], object]] = [
        lambda: made.put(b"new:%d" % random.randrange(MANY), random.random() * MANY),
        lambda: made.put(b"member:%d" % random.randrange(MANY), random.random() * MANY),
        lambda: made.remove(b"member:%d" % random.randrange(MANY)),
        lambda: made.rank(b"member:%d" % random.randrange(MANY)),
        lambda: made.nth(random.randrange(MANY // 2)),
        lambda: made.slice(MANY // 3, MANY // 3 + 100),
        lambda: made.count_below(random.random() * MANY, True),
        lambda: made.take(1, True),
        lambda: made.take(1, False),
        lambda: (made.copy(), made.put(b"after a copy:%d" % random.randrange(MANY), random.random())),
    ]
    stalls.check(steps)


def test_a_tree_stays_shallow_while_members_come_in_order_and_go_in_order() -> None:
    made = SortedSet()
    for number in range(20_000):
        made.put(b"%06d" % number, float(number))
    assert len(made.parts()) < 6 * 20_000 / NODE_LENGTH
    for number in range(19_900):
        assert made.take(1, False)[0] == [b"%06d" % number]
    assert made.slice(0, 100)[0] == [b"%06d" % number for number in range(19_900, 20_000)]


def test_a_sorted_set_is_read_and_changed_through_its_keyspace() -> None:
    space = Keyspace(0, ManualClock(), Observer())
    assert sorted_set_at(space, b"z") is None and sorted_set_to_edit(space, b"z") is None
    made = sorted_set_of({b"m": 1.0})
    space.edited(b"z", made)
    assert sorted_set_at(space, b"z") is made and sorted_set_to_edit(space, b"z") is made
    made.remove(b"m")
    space.edited(b"z", made)
    assert not space.contains(b"z")
    space.put(b"k", b"v")
    for ask in (sorted_set_at, sorted_set_to_edit):
        with pytest.raises(Exception, match="WRONGTYPE"):
            ask(space, b"k")
