"""Fields that die: few and many of them, to the millisecond, in slices, and what that weighs."""

from collections.abc import Callable
from random import Random

import pytest

from kvik.clock import ManualClock
from kvik.store.databases import Databases
from kvik.store.deadlines import Deadlines
from kvik.store.field_deadlines import FEW_MAX, FieldDeadlines
from kvik.store.hash_value import HashValue
from kvik.store.keyspace import Keyspace
from kvik.store.observer import Observer

START = 1_700_000_000_000
EVERYTHING = 1 << 62
# Which field dies how many milliseconds after the beginning: near, in the next spans, in hours and in years.
SPREAD = [0, 1, 5, 31, 32, 33, 900, 1_024, 5_000, 65_536, 70_000, 4_194_304, 9_000_000, 40_000_000_000]


def filled(count: int, seed: int = 1) -> tuple[FieldDeadlines, dict[bytes, int]]:
    random = Random(seed)
    deadlines = FieldDeadlines()
    model = {b"f%d" % number: START + random.choice(SPREAD) + random.randrange(3) for number in range(count)}
    for field, deadline in model.items():
        deadlines.set(field, deadline)
    return deadlines, model


@pytest.mark.parametrize("count", [1, 5, FEW_MAX, FEW_MAX + 1, 500])
def test_what_is_over_is_handed_out_to_the_millisecond(count: int) -> None:
    deadlines, model = filled(count)
    for now in sorted({START + moment + more for moment in SPREAD for more in range(-1, 4)}):
        expected = {field for field, deadline in model.items() if deadline <= now}
        if expected:
            assert 0 <= deadlines.soonest <= now, "nobody would have looked"
        assert set(deadlines.over(now, EVERYTHING)) == expected
        for field in expected:
            del model[field]
        assert len(deadlines) == len(model)
        assert deadlines.soonest <= min(model.values(), default=-1)
        assert (deadlines.soonest == -1) == (not model)


@pytest.mark.parametrize("count", [10, 500])
def test_it_is_handed_out_in_slices_and_the_rest_is_known_to_be_over(count: int) -> None:
    deadlines, model = filled(count)
    now = START + 100_000
    found: list[bytes] = []
    for _ in range(1_000):
        if deadlines.soonest > now:
            break
        fields = deadlines.over(now, 3)
        assert len(fields) <= 3
        found += fields
    assert sorted(found) == sorted(field for field, deadline in model.items() if deadline <= now)


@pytest.mark.parametrize("count", [5, FEW_MAX + 1, 300])
def test_dropped_and_moved_deadlines_leave_nothing_behind(count: int) -> None:
    deadlines, model = filled(count)
    for number, field in enumerate(sorted(model)):
        if number % 3 == 0:
            assert deadlines.drop(field) and not deadlines.drop(field)
            del model[field]
        elif number % 3 == 1:
            model[field] = START + 77
            deadlines.set(field, START + 77)
    assert {field: deadlines.get(field) for field in model} == model
    assert dict(deadlines.items()) == model == dict(deadlines.copy().items())
    assert deadlines.get(b"nobody") == -1
    assert set(deadlines.over(EVERYTHING, EVERYTHING)) == set(model)
    assert deadlines.soonest == -1 and len(deadlines) == 0


@pytest.mark.parametrize("count", [5, FEW_MAX + 1, 3_000])
def test_a_copy_and_its_original_change_without_each_other(count: int) -> None:
    deadlines, model = filled(count)
    copy, before = deadlines.copy(), dict(model)
    for number, field in enumerate(sorted(model)):
        if number % 3 == 0:
            deadlines.drop(field)
            del model[field]
        elif number % 3 == 1:
            deadlines.set(field, START + 77)
            model[field] = START + 77
    assert dict(deadlines.items()) == model
    assert dict(copy.items()) == before
    assert set(copy.over(EVERYTHING, EVERYTHING)) == set(before)
    assert set(deadlines.over(EVERYTHING, EVERYTHING)) == set(model)
    assert len(copy) == len(deadlines) == 0


def test_the_weight_is_that_of_what_is_there() -> None:
    deadlines = FieldDeadlines()
    empty = deadlines.weight
    for number in range(FEW_MAX):
        deadlines.set(b"%04d" % number, START)
    for number in range(FEW_MAX):
        deadlines.drop(b"%04d" % number)
    assert deadlines.weight == empty
    for number in range(2 * FEW_MAX):
        deadlines.set(b"%04d" % number, START)
    before = deadlines.weight
    deadlines.set(b"0000", START + 1)
    assert deadlines.weight == before == deadlines.copy().weight


def test_many_fields_of_one_span_are_not_looked_through_again_and_again() -> None:
    deadlines = Deadlines()
    for number in range(2_000):
        deadlines.set(b"%d" % number, START + 1)
    assert deadlines.over(START, EVERYTHING) == []
    assert deadlines.soonest(START) == START + 1, "until then nobody looks"


class Notebook(Observer):
    def __init__(self) -> None:
        super().__init__()
        self.notes: list[tuple[int, bytes, list[bytes], bool]] = []

    def members_expired(self, database: int, key: bytes, members: list[bytes], is_empty: bool) -> None:
        self.notes.append((database, key, sorted(members), is_empty))


class Room:
    """A database with a hash of which some fields die after 10 ms."""

    def __init__(self, dying: int = 2, living: int = 1) -> None:
        self.clock = ManualClock()
        self.notebook = Notebook()
        self.databases = Databases(self.clock, self.notebook, 2)
        self.space: Keyspace = self.databases.spaces[0]
        fields = HashValue()
        for number in range(dying):
            fields.set(b"d%d" % number, b"1")
            fields.set_deadline(b"d%d" % number, self.clock.now + 10)
        for number in range(living):
            fields.set(b"l%d" % number, b"1")
        self.space.edited(b"h", fields)


LOOKS: dict[str, Callable[[Keyspace], object]] = {
    "find": lambda space: space.find(b"h"),
    "read": lambda space: space.read(b"h"),
    "edit": lambda space: space.edit(b"h"),
    "contains": lambda space: space.contains(b"h"),
    "keys": lambda space: space.keys(),
    "scan": lambda space: space.scan(0, 10),
    "random_key": lambda space: space.random_key(3),
    "deadline": lambda space: space.clear_deadline(b"h"),
    "expire_all_members": lambda space: space.expire_all_members(),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_who_looks_at_a_hash_never_sees_a_dead_field(look: Callable[[Keyspace], object]) -> None:
    room = Room()
    look(room.space)
    assert room.notebook.notes == []
    room.clock.advance(10)
    look(room.space)
    assert room.notebook.notes == [(0, b"h", [b"d0", b"d1"], False)]
    fields = room.space.find(b"h")
    assert isinstance(fields, HashValue) and fields.fields() == [b"l0"]
    assert room.space.expired_members == 2 and room.notebook.changes == 1, "nobody has changed anything"


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_hash_whose_last_field_is_dead_is_no_key(look: Callable[[Keyspace], object]) -> None:
    room = Room(living=0)
    room.clock.advance(10)
    look(room.space)
    assert room.notebook.notes == [(0, b"h", [b"d0", b"d1"], True)]
    assert len(room.space) == 0 and room.space.with_member_deadline() == 0
    assert room.databases.next_expiry() == -1


def test_fields_are_removed_without_being_asked_for_in_slices() -> None:
    room = Room(dying=300)
    now = room.clock.now
    assert room.databases.expire_due(128) == 0
    assert now + 10 <= room.databases.next_expiry() <= now + 42
    room.clock.advance(50)
    rounds = 0
    while room.databases.next_expiry() >= 0:
        assert room.databases.expire_due(128) <= 128
        rounds += 1
        assert rounds < 10
    assert [len(note[2]) for note in room.notebook.notes] == [128, 128, 44]
    assert len(room.space) == 1


def test_many_hashes_die_in_slices_too() -> None:
    room = Room()
    for number in range(500):
        fields = HashValue()
        fields.set(b"f", b"1")
        fields.set_deadline(b"f", room.clock.now + 10)
        room.space.edited(b"%d" % number, fields)
    room.clock.advance(100)
    removed = [room.databases.expire_due(100) for _ in range(8)]
    assert sum(removed) == 502 and max(removed) <= 101
    assert room.space.keys() == [b"h"]


@pytest.mark.parametrize("way", ["rename", "move", "copy", "swap"])
def test_deadlines_of_fields_go_where_the_hash_goes(way: str) -> None:
    room = Room()
    space, other = room.databases.spaces
    place, name = (other, b"h") if way in ("move", "swap") else (space, b"h2")
    if way == "swap":
        space.swap_with(other)
    elif way == "move":
        space.move(b"h", other)
    elif way == "copy":
        space.copy(b"h", space, b"h2")
    else:
        space.rename(b"h", b"h2")
    room.clock.advance(100)
    room.databases.expire_due(100)
    fields = place.find(name)
    assert isinstance(fields, HashValue) and fields.fields() == [b"l0"]
    assert (place.number, name, [b"d0", b"d1"], False) in room.notebook.notes
    assert space.with_member_deadline() == other.with_member_deadline() == 0


@pytest.mark.parametrize("way", ["put", "remove", "clear", "persist"])
def test_a_hash_that_is_no_more_has_no_deadlines(way: str) -> None:
    room = Room()
    if way == "put":
        room.space.put(b"h", b"1")
    elif way == "remove":
        room.space.remove(b"h")
    elif way == "clear":
        room.space.clear()
    else:
        fields = room.space.edit(b"h")
        assert isinstance(fields, HashValue)
        assert fields.clear_deadline(b"d0") and fields.clear_deadline(b"d1")
        room.space.edited(b"h", fields)
    assert room.space.with_member_deadline() == 0
    room.clock.advance(100)
    assert room.databases.expire_due(100) == 0 and room.notebook.notes == []


def test_what_dies_is_counted_no_more() -> None:
    room = Room(dying=200, living=5)
    room.databases.limit(1 << 40, 0, "noeviction", Random(1))
    room.clock.advance(10)
    room.space.find(b"h")
    counted = room.databases.weight()
    room.databases.limit(0, 0, "noeviction", Random(1))
    room.databases.limit(1 << 40, 0, "noeviction", Random(1))
    assert room.databases.weight() == counted
