"""A map that splits: like a dict in everything, and no scan misses what was there all the time."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kvik.store.sharded_map import SHARDS, ShardedMap

SMALL = 8
KEYS = [b"key:%d" % number for number in range(60)]
# Put, remove, or take one step of a scan by so many keys.
STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "pop", "scan"]), st.integers(0, 59), st.integers(1, 12)), max_size=150
)


def filled(count: int, split_at: int = SMALL) -> ShardedMap[int]:
    made: ShardedMap[int] = ShardedMap(split_at)
    for number in range(count):
        made.set(b"key:%d" % number, number)
    return made


def scanned(source: ShardedMap[int], count: int) -> list[bytes]:
    cursor, found = source.scan(0, count)
    while cursor:
        cursor, some = source.scan(cursor, count)
        found += some
    return found


@given(steps=STEPS)
def test_it_holds_what_a_dict_holds_before_and_after_the_split(steps: list[tuple[str, int, int]]) -> None:
    own: ShardedMap[int] = ShardedMap(SMALL)
    model: dict[bytes, int] = {}
    for what, number, value in steps:
        key = KEYS[number]
        if what == "pop":
            assert own.pop(key) == model.pop(key, None)
        else:
            own.set(key, value)
            model[key] = value
        assert own.get(key) == model.get(key)
        assert (key in own) == (key in model)
        assert len(own) == len(model)
    assert dict(own.items()) == model
    assert sorted(own.keys()) == sorted(model)
    assert sorted(own.nth(index) for index in range(len(model))) == sorted(model)


@pytest.mark.parametrize("indexes", [[], [999], [5, 0, 999, 5], list(range(999, -1, -1))])
def test_few_indexes_and_many_give_the_keys_in_the_order_of_all(indexes: list[int]) -> None:
    own: ShardedMap[int] = ShardedMap(SMALL)
    for number in range(1_000):
        own.set(b"%d" % number, number)
    keys = own.keys()
    assert own.keys_at(indexes) == [keys[index] for index in indexes]


@given(before=st.sets(st.integers(0, 59)), steps=STEPS)
def test_a_scan_returns_every_key_that_was_there_from_its_first_call_to_its_last(
    before: set[int], steps: list[tuple[str, int, int]]
) -> None:
    own: ShardedMap[int] = ShardedMap(SMALL)
    for number in before:
        own.set(KEYS[number], number)
    cursor = 0
    constant: set[bytes] = set()
    found: set[bytes] = set()
    for what, number, count in steps:
        if what == "put":
            own.set(KEYS[number], number)
        elif what == "pop":
            own.pop(KEYS[number])
            constant.discard(KEYS[number])
        else:
            if cursor == 0:
                constant, found = set(own.keys()), set()
            cursor, some = own.scan(cursor, count)
            found.update(some)
            assert cursor or constant <= found
    while cursor:
        cursor, some = own.scan(cursor, 5)
        found.update(some)
    assert constant <= found


@given(steps=st.lists(st.tuples(st.integers(0, 59), st.booleans(), st.integers(0, 2)), min_size=20, max_size=120))
def test_scans_of_several_callers_do_not_disturb_one_another(steps: list[tuple[int, bool, int]]) -> None:
    own: ShardedMap[int] = ShardedMap(SMALL)
    own.set(b"always", 1)
    cursors = [0, 0, 0]
    seen = [True, True, True]
    for number, is_put, caller in steps:
        if is_put:
            own.set(KEYS[number], number)
        else:
            own.pop(KEYS[number])
        if cursors[caller] == 0:
            assert seen[caller]
            seen[caller] = False
        cursors[caller], some = own.scan(cursors[caller], 2)
        seen[caller] = seen[caller] or b"always" in some
        assert cursors[caller] or seen[caller]


def rest_of_scan(source: ShardedMap[int], cursor: int) -> list[bytes]:
    found: list[bytes] = []
    while cursor:
        cursor, some = source.scan(cursor, 50)
        found += some
    return found


def test_a_scan_sees_what_came_in_after_another_scan_was_given_up() -> None:
    for split_at in (SMALL, 100_000):
        own = filled(400, split_at)
        own.scan(0, 10)
        for number in range(400, 500):
            own.set(b"key:%d" % number, number)
        assert sorted(scanned(own, 10)) == sorted(own.keys())


def test_a_scan_goes_on_through_the_split() -> None:
    own = filled(20_000, split_at=20_000)
    there = own.keys()
    cursor, found = own.scan(0, 1)
    own.set(b"one more", 1)
    assert len(own.parts()) == SHARDS
    found += rest_of_scan(own, cursor)
    assert set(there) <= set(found)


def test_a_scan_goes_on_when_the_map_becomes_one_dict_again() -> None:
    own = filled(1_000)
    cursor, _ = own.scan(0, 500)
    everything = own.keys()
    for key in everything:
        own.pop(key)
    own.set(b"new", 1)
    assert set(rest_of_scan(own, cursor)) <= {b"new"}
    assert scanned(own, 10) == [b"new"]


def test_keys_keep_their_order_until_the_split() -> None:
    own = filled(SMALL)
    own.set(b"key:0", 100)
    own.pop(b"key:1")
    own.set(b"key:1", 1)
    assert own.keys() == [b"key:0", *(b"key:%d" % number for number in range(2, SMALL)), b"key:1"]


def test_a_map_that_has_become_empty_is_one_ordered_dict_again() -> None:
    own = filled(100)
    for number in range(100):
        own.pop(b"key:%d" % number)
    own.set(b"b", 1)
    own.set(b"a", 2)
    assert own.keys() == [b"b", b"a"]
    assert len(own.parts()) == 1


def test_a_map_that_was_large_gives_its_room_back() -> None:
    for split_at in (100_000, SMALL):
        own = filled(90_000, split_at)
        large = sum(sys.getsizeof(part) for part in own.parts())
        for number in range(89_900):
            own.pop(b"key:%d" % number)
        small = sum(sys.getsizeof(part) for part in own.parts())
        assert small < large / 3
        assert sorted(own.keys()) == [b"key:%d" % number for number in range(89_900, 90_000)]


def test_a_scan_returns_about_as_many_keys_as_it_is_asked_for() -> None:
    for split_at in (SMALL, 100_000):
        own = filled(5_000, split_at)
        for count in (1, 10, 1_000):
            cursor, some = own.scan(0, count)
            assert cursor > 0
            assert count <= len(some) <= count + 30
        assert sorted(scanned(own, 7)) == sorted(own.keys())


def test_a_whole_map_is_scanned_in_one_call_when_the_count_is_large() -> None:
    cursor, some = filled(3_000).scan(0, 10**18)
    assert cursor == 0
    assert len(set(some)) == 3_000


def test_cursors_nobody_was_given_are_harmless() -> None:
    own = filled(100)
    for cursor in (-1, 1, 12345, 2**32 - 1, 2**32, 2**63, 2**64 - 1):
        after, some = own.scan(cursor, 10)
        assert 0 <= after < 2**32
        assert set(some) <= set(own.keys())


def test_the_scan_of_an_empty_map_ends_at_once() -> None:
    own: ShardedMap[int] = ShardedMap()
    assert own.scan(0, 10) == (0, [])
    assert own.scan(77, 10) == (0, [])


def test_a_large_map_spreads_its_keys_over_all_shards() -> None:
    own = filled(50_000, 1_000)
    sizes = [len(part) for part in own.parts() if isinstance(part, dict)]
    assert len(sizes) == SHARDS
    assert max(sizes) < 3 * 50_000 / SHARDS


@given(
    before=st.integers(0, 30),
    steps=st.lists(st.tuples(st.integers(0, 59), st.booleans(), st.integers(0, 9)), max_size=99),
)
def test_a_map_and_its_copies_change_each_for_itself(before: int, steps: list[tuple[int, bool, int]]) -> None:
    maps = [filled(before)]
    models = [{KEYS[number]: number for number in range(before)}]
    for number, is_put, choice in steps:
        at = choice % len(maps)
        if choice > 6 and len(maps) < 4:
            maps.append(maps[at].copy())
            models.append(dict(models[at]))
        elif is_put:
            maps[at].set(KEYS[number], choice)
            models[at][KEYS[number]] = choice
        else:
            assert maps[at].pop(KEYS[number]) == models[at].pop(KEYS[number], None)
    for own, model in zip(maps, models, strict=True):
        assert dict(own.items()) == model
        assert len(own) == len(model)
        assert sorted(scanned(own, 7)) == sorted(model)
