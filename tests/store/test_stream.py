"""A stream behaves as a list of entries does, whatever blocks it is made of; its costs stay where they are promised."""

import gc
from collections.abc import Callable
from random import Random

import pytest

from kvik.store.consumer_group import ConsumerGroup
from kvik.store.pending_list import ROW_LENGTH, Pending, PendingList
from kvik.store.stream import BLOCKS_IN_A_PART, StreamValue, Trimming
from kvik.store.stream_block import BLOCK_ENTRIES_MAX, Entry
from kvik.store.stream_id import HIGHEST, LOWEST, NUMBER_MAX, StreamId, parse_id
from tests.store import growing, stalls

STEPS = 1_500
ALL = 1 << 62
MANY = 200_000
LETTERS = [b"a", b"b", b"", b"temperature"]

Row = tuple[tuple[int, int], list[bytes]]


def row(entry: Entry) -> Row:
    return (entry.ms, entry.seq), entry.fields


def rows(made: StreamValue, start: StreamId = LOWEST, end: StreamId = HIGHEST, most: int = ALL) -> list[Row]:
    return [row(entry) for entry in made.range(start, end, most)]


def filled(count: int) -> StreamValue:
    made = StreamValue()
    for number in range(count):
        made.append(StreamId(1_700_000_000_000 + number, 0), [b"field", b"%d" % number])
    return made


class Twin:
    """A stream and the plain list of entries it has to equal."""

    def __init__(self, random: Random, made: StreamValue, plain: list[Row], size: int) -> None:
        self.random = random
        self.made = made
        self.plain = plain
        self.size = size

    def copy(self) -> "Twin":
        return Twin(self.random, self.made.copy(), self.plain[:], self.size)

    def step(self) -> None:
        choice = self.random.random()
        if choice < 0.8:
            self.append()
        elif choice < 0.97:
            self.delete()
        else:
            self.trim()

    def append(self) -> None:
        last = self.made.last
        ms = last.ms + self.random.choice([0, 0, 1, 7, 1 << 20])
        seq = last.seq + self.random.choice([1, 1, 300]) if ms == last.ms else self.random.randrange(3)
        fields = [b"a", b"1", b"b", b"%d" % seq]
        if self.random.random() < 0.2:
            fields = [self.random.choice(LETTERS) for _ in range(2 * self.random.randint(1, 3))]
        fields[1] = b"v" * self.random.randrange(self.size)
        self.made.append(StreamId(ms, seq), fields)
        self.plain.append(((ms, seq), fields))

    def id(self) -> tuple[int, int]:
        """Return the ID of an entry, or one beside it."""
        ms, seq = self.random.choice(self.plain)[0] if self.plain else (1, 1)
        return ms, seq + self.random.choice([0, 0, 0, 1])

    def delete(self) -> None:
        ms, seq = self.id()
        is_there = any(entry == (ms, seq) for entry, _ in self.plain)
        assert self.made.contains(StreamId(ms, seq)) == is_there
        assert self.made.delete(StreamId(ms, seq)) == is_there
        self.plain = [each for each in self.plain if each[0] != (ms, seq)]

    def trim(self) -> None:
        before = len(self.plain)
        if self.random.random() < 0.5:
            most = max(before - self.random.randrange(20), 0)
            removed = self.made.trim(Trimming(most, None, False, 0))
            self.plain = self.plain[before - most :]
        else:
            ms, seq = self.plain[self.random.randrange(min(20, before))][0] if before else (0, 0)
            removed = self.made.trim(Trimming(0, StreamId(ms, seq), False, 0))
            self.plain = [each for each in self.plain if each[0] >= (ms, seq)]
        assert removed == before - len(self.plain)

    def check(self) -> None:
        assert len(self.made) == len(self.plain)
        assert rows(self.made) == self.plain
        assert [row(entry) for entry in self.made.range_back(LOWEST, HIGHEST, ALL)] == self.plain[::-1]
        assert self.made.first_id().text() == (b"%d-%d" % self.plain[0][0] if self.plain else b"0-0")
        assert self.made.top_id().text() == (b"%d-%d" % self.plain[-1][0] if self.plain else b"0-0")
        for _ in range(10):
            self.check_range()

    def check_range(self) -> None:
        start, end = self.id(), self.id()
        most = self.random.choice([1, 3, ALL])
        expected = [each for each in self.plain if start <= each[0] <= end]
        first, last = StreamId(*start), StreamId(*end)
        assert rows(self.made, first, last, most) == expected[:most]
        assert [row(entry) for entry in self.made.range_back(first, last, most)] == expected[::-1][:most]


@pytest.mark.parametrize("size", [1, 40, 3_000])
def test_a_stream_and_its_copies_equal_plain_ones_after_any_steps(size: int) -> None:
    random = Random(size)
    twin = Twin(random, StreamValue(), [], size)
    others: list[Twin] = []
    for number in range(STEPS):
        twin.step()
        if random.random() < 0.02:
            others = [*others[-2:], twin.copy()]
            twin, others[0] = others[0], twin
        if number % 50 == 0:
            for each in (twin, *others):
                each.check()
    twin.check()


def test_ids_of_64_bits_come_back_as_they_were() -> None:
    numbers = [0, 1, 127, 128, 2**31, 2**62 - 1, 2**62, 2**63 - 1, 2**63, NUMBER_MAX]
    made = StreamValue()
    expected = []
    for ms in numbers:
        for seq in numbers:
            if ms or seq:
                made.append(StreamId(ms, seq), [b"f", b"%d" % seq])
                expected.append(((ms, seq), [b"f", b"%d" % seq]))
    assert rows(made) == expected
    for (ms, seq), _ in expected:
        assert made.delete(StreamId(ms, seq))
    assert len(made) == 0


def test_rough_trimming_takes_whole_blocks_only() -> None:
    made = filled(3 * BLOCK_ENTRIES_MAX + 50)
    assert made.trim(Trimming(2 * BLOCK_ENTRIES_MAX, None, True, 0)) == BLOCK_ENTRIES_MAX
    assert made.trim(Trimming(0, None, True, BLOCK_ENTRIES_MAX)) == BLOCK_ENTRIES_MAX
    assert made.trim(Trimming(0, None, True, BLOCK_ENTRIES_MAX - 1)) == 0
    assert made.trim(Trimming(0, None, True, 0)) == BLOCK_ENTRIES_MAX + 50


def test_a_stream_weighs_the_same_again_when_all_has_gone() -> None:
    made = StreamValue()
    empty = made.weight
    for number in range(500):
        made.append(StreamId(number + 1, 0), [b"field", b"%d" % number])
    group = ConsumerGroup(b"g", LOWEST, 0)
    made.add_group(group)
    consumer = group.create_consumer(b"c", 0)
    for number in range(500):
        group.give(StreamId(number + 1, 0), consumer, 0, 1)
        assert group.acknowledge(StreamId(number + 1, 0))
    group.give(StreamId(1, 0), consumer, 0, 1)
    made.weigh_group(group)
    group.delete_consumer(consumer)
    made.weigh_group(group)
    for number in range(500):
        made.delete(StreamId(number + 1, 0))
    made.remove_group(b"g")
    assert made.weight == empty


ADD = "made.append(StreamId(1700000000000 + number, 0), [b'sensor', name, b'value', name])"
GIVE = """
        group = made.groups[b'g']
        group.give(StreamId(1700000000000 + number, 0), group.consumers[b'c'], 0, 1)
        made.weigh_group(group)
"""
GIVE_TO_ANOTHER = """
        group = made.groups[b'g']
        group.give(StreamId(1700000000000 + number, 0), group.create_consumer(name + b'%d' % place, 0), 0, 1)
        made.weigh_group(group)
"""
GIVE_A_HUNDRED = """
        group = made.groups[b'g']
        ids = [StreamId(1700000000000 + number * 100 + each, 0) for each in range(100)]
        group.give_first(ids, group.consumers[b'c'], 1700000000000)
        made.weigh_group(group)
"""
IMPORTS = """
from kvik.store.consumer_group import ConsumerGroup
from kvik.store.stream import StreamValue
from kvik.store.stream_id import LOWEST, StreamId

def with_group():
    made = StreamValue()
    made.add_group(ConsumerGroup(b'g', LOWEST, 0))
    return made

def with_consumer():
    made = with_group()
    made.groups[b'g'].create_consumer(b'c', 0)
    return made
"""


@pytest.mark.parametrize(
    ("streams", "count", "size"), [(20_000, 1, 8), (300, 1_000, 8), (1, 150_000, 60), (1, 20_000, 300)]
)
def test_the_weight_is_what_the_process_grows_by(streams: int, count: int, size: int) -> None:
    growing.check(IMPORTS, "StreamValue()", ADD, streams, count, size)


@pytest.mark.parametrize(
    ("make", "add", "streams", "count"),
    [
        ("with_consumer()", GIVE, 1, 100_000),
        ("with_consumer()", GIVE_A_HUNDRED, 1, 1_000),
        ("with_group()", GIVE_TO_ANOTHER, 5_000, 1),
        ("with_group()", GIVE_TO_ANOTHER, 200, 50),
    ],
    ids=["one by one", "a hundred at once", "a consumer", "many consumers"],
)
def test_the_weight_of_what_is_pending_is_what_the_process_grows_by(
    make: str, add: str, streams: int, count: int
) -> None:
    growing.check(IMPORTS, make, add, streams, count, 8)


def test_a_stream_with_groups_goes_when_it_is_let_go_of() -> None:
    """Nobody collects cycles among old objects."""
    gc.collect()
    made = filled(10)
    group = ConsumerGroup(b"g", LOWEST, 0)
    made.add_group(group)
    group.give_first([StreamId(1, 0), StreamId(2, 0)], group.create_consumer(b"c", 0), 0)
    twin = made.copy()
    del made, group, twin
    assert gc.collect() == 0


def test_parts_are_of_bounded_size_and_hold_every_block() -> None:
    made = filled(50 * BLOCK_ENTRIES_MAX)
    parts = made.parts()
    assert all(isinstance(part, list) and len(part) <= BLOCKS_IN_A_PART for part in parts)
    assert sum([len(part) for part in parts if isinstance(part, list)]) == 50


# What is pending


def test_pending_entries_stay_in_their_order_whatever_comes_and_goes() -> None:
    random = Random(5)
    made, plain = PendingList(), set[int]()
    for step in range(6 * ROW_LENGTH):
        number = step if random.random() < 0.5 else random.randrange(3 * ROW_LENGTH)
        entry = StreamId(number, 0)
        found = made.find(entry)
        assert (found is not None) == (number in plain)
        if number in plain and random.random() < 0.6:
            assert made.remove(entry) is found
            plain.discard(number)
        elif number not in plain:
            made.add(Pending(entry, b"c", 0, 1))
            plain.add(number)
    ordered = sorted(plain)
    assert [each.id.ms for each in made.page(LOWEST, ALL)] == ordered
    assert [each.id.ms for each in made.page(StreamId(ROW_LENGTH, 0), 9)] == [n for n in ordered if n >= ROW_LENGTH][:9]
    assert len(made) == len(plain) and made.first().id.ms == ordered[0] and made.last().id.ms == ordered[-1]
    assert made.remove(StreamId(NUMBER_MAX, 0)) is None


def test_a_copied_list_keeps_what_it_had() -> None:
    random = Random(6)
    made, plain = PendingList(), set[int]()
    copies: list[tuple[PendingList, list[int]]] = []
    for step in range(20 * ROW_LENGTH):
        number = random.randrange(8 * ROW_LENGTH)
        entry = Pending(StreamId(number, 0), b"c", step, 1)
        if number not in plain:
            made.add(entry)
            plain.add(number)
        elif random.random() < 0.5:
            made.replace(entry)
        else:
            made.remove(entry.id)
            plain.discard(number)
        if step % ROW_LENGTH == 0:
            copies.append((made.copy(), times_in(made)))
    assert [times_in(copy) for copy, _ in copies] == [times for _, times in copies]


def times_in(pending: PendingList) -> list[int]:
    return [each.time for each in pending.page(LOWEST, ALL)]


@pytest.mark.parametrize("share", [0.02, 0.5, 1])
def test_a_consumer_who_goes_takes_what_is_pending_with_it_along(share: float) -> None:
    random = Random(7)
    group = ConsumerGroup(b"g", LOWEST, 0)
    one, other = group.create_consumer(b"one", 0), group.create_consumer(b"other", 0)
    empty = group.weight
    for number in range(10 * ROW_LENGTH):
        group.give(StreamId(number, 0), one if random.random() < share else other, 0, 1)
    group.delete_consumer(one)
    assert [each.id.ms for each in group.pending.page(LOWEST, ALL)] == [
        each.id.ms for each in other.pending.page(LOWEST, ALL)
    ]
    assert len(group.pending) == len(other.pending) and len(one.pending) > 0
    for pending in other.pending.page(LOWEST, ALL):
        assert group.acknowledge(pending.id)
    group.create_consumer(b"one", 0)
    assert group.weight == empty


# Costs


@pytest.fixture(scope="module")
def large() -> StreamValue:
    made = filled(MANY)
    group = ConsumerGroup(b"g", LOWEST, 0)
    made.add_group(group)
    ids = [StreamId(1_700_000_000_000 + number, 0) for number in range(MANY)]
    group.give_first(ids, group.create_consumer(b"c", 0), 0)
    gc.collect()
    return made


@pytest.mark.parametrize(
    "step",
    [
        lambda made, number: made.append(StreamId(made.last.ms + 1, 0), [b"f", b"v"]),
        lambda made, number: made.range(StreamId(1_700_000_000_000 + number, 0), HIGHEST, 10),
        lambda made, number: made.range_back(LOWEST, StreamId(1_700_000_000_000 + number, 0), 10),
        lambda made, number: made.delete(StreamId(1_700_000_000_000 + number, 0)),
        lambda made, number: made.trim(Trimming(len(made) - 1, None, False, 0)),
        lambda made, number: (made.copy(), made.append(StreamId(made.last.ms + 1, 0), [b"f", b"v"])),
        lambda made, number: made.groups[b"g"].acknowledge(StreamId(1_700_000_000_000 + number, 0)),
    ],
    ids=["append", "range", "range back", "delete", "trim", "copy and change", "acknowledge"],
)
def test_no_step_on_a_large_stream_holds_everybody_up(
    large: StreamValue, step: Callable[[StreamValue, int], object]
) -> None:
    made, random = large.copy(), Random(4)
    stalls.check([lambda: step(made, random.randrange(MANY))])


# IDs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"5", b"5-9"),
        (b"5-3", b"5-3"),
        (b"05- 3", b"5-3"),
        (b"+5-+3", b"5-3"),
        (b"5- -1", b"5-18446744073709551615"),
        (b"5-3\0x", b"5-3"),
        (b"18446744073709551615-0", b"18446744073709551615-0"),
        *[(text, None) for text in (b"", b"-", b"+", b"5-", b"-5", b"5--1", b"1-2-3", b"x", b"5-*", b"1" * 128)],
        *[(text, None) for text in (b"18446744073709551616", b"5-18446744073709551616", b"5-3 ", b"0x5")],
    ],
)
def test_an_id_is_read_as_redis_does(text: bytes, expected: bytes | None) -> None:
    entry = parse_id(text, 9)
    assert (None if entry is None else entry.text()) == expected


def test_the_ends_of_all_ids_have_nothing_beyond() -> None:
    assert LOWEST.preceding() is None and HIGHEST.following() is None
    for ms, seq in ((0, 1), (1, 0), (1, NUMBER_MAX), (NUMBER_MAX, 0)):
        entry = StreamId(ms, seq)
        before, after = entry.preceding(), entry.following()
        assert before is not None and before.is_before(entry)
        assert after is not None and entry.is_before(after)
        assert (after.preceding() or LOWEST).equals(entry) and (before.following() or LOWEST).equals(entry)
