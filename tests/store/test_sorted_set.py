"""A sorted set behaves as a sorted list of pairs does, whatever its size; its costs stay where they are promised."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from random import Random

import pytest

from kvik.clock import ManualClock
from kvik.store.keyspace import Keyspace
from kvik.store.observer import Observer
from kvik.store.sorted_set import (
    LISTPACK_BYTES_MAX,
    LISTPACK_MEMBERS_MAX,
    NODE_LENGTH,
    SMALL_MEMBERS,
    SPLIT_AT,
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
    """A sorted set and the dict of scores it has to equal."""

    def __init__(self, random: Random, made: SortedSet, plain: dict[bytes, float]) -> None:
        self.random = random
        self.made = made
        self.plain = plain

    def copy(self) -> "Twin":
        made = self.made.copy()
        assert isinstance(made, SortedSet)
        return Twin(self.random, made, dict(self.plain))

    def ordered(self) -> list[tuple[float, bytes]]:
        return sorted([(score, member) for member, score in self.plain.items()])

    def put(self, members: int) -> None:
        member, score = b"%d" % self.random.randrange(members), self.score()
        self.made.put(member, score)
        self.plain[member] = score
        assert self.made.score(member) == score

    def remove(self, members: int) -> None:
        member = b"%d" % self.random.randrange(members)
        assert self.made.remove(member) == (self.plain.pop(member, None) is not None)

    def take(self, members: int) -> None:
        count, from_the_top = self.random.choice([1, 2, members // 4]), self.random.random() < 0.5
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


@pytest.mark.parametrize(("members", "steps"), [(5, 400), (SMALL_MEMBERS + 8, 1_000), (400, 3_000), (6_000, 20_000)])
def test_a_sorted_set_and_its_copies_equal_plain_ones_after_any_steps(members: int, steps: int) -> None:
    random = Random(members)
    twin = Twin(random, SortedSet(), {})
    others: list[Twin] = []
    for number in range(steps):
        # It grows first and shrinks at the end, so that nodes are split and joined.
        draw = random.random() * (1.6 if number < steps // 2 else 0.9)
        if draw < 0.5:
            twin.remove(members)
        elif draw < 0.5005:
            twin.take(members)
        else:
            twin.put(members)
        if number % (steps // 8) == 0:
            others = [*others[-1:], twin.copy()]
            twin, others[0] = others[0], twin
            for each in (twin, *others):
                each.check()
    twin.check()


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
    ("sets", "count", "size"), [(30_000, 3, 8), (10_000, 20, 8), (300, 300, 20), (2, 100_000, 20), (3_000, 5, 100)]
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
    assert filled(SMALL_MEMBERS).parts() == []


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
