"""Marks: how lately and how often, without keeping a key."""

from kvik.clock import ManualClock
from kvik.store.marks import NEVER, SMALLEST, Marks


def marks(keys: int, half_life: float) -> Marks:
    return Marks(keys, 2, half_life, 1.0, ManualClock(), True)


def test_a_key_that_was_never_used_has_the_lowest_mark() -> None:
    table = marks(10, 1.0)
    table.touch(b"used")
    assert table.mark(b"other") == NEVER < table.mark(b"used")


def test_with_a_short_memory_the_latest_use_is_highest() -> None:
    table = marks(100, 0.01)
    for _ in range(50):
        table.touch(b"often")
    for number in range(20):
        table.touch(b"%d" % number)
    order = sorted([b"often", *[b"%d" % number for number in range(20)]], key=table.mark)
    assert order == [b"often", *[b"%d" % number for number in range(20)]]


def test_with_a_long_memory_the_most_used_is_highest() -> None:
    table = marks(1000, 10.0)
    for _ in range(50):
        table.touch(b"often")
    for number in range(500):
        table.touch(b"%d" % number)
    assert table.mark(b"often") > max(table.mark(b"%d" % number) for number in range(500))
    assert table.uses(b"often") > 40


def test_a_use_counts_half_after_each_half_life() -> None:
    table = marks(1000, 1.0)
    for _ in range(64):
        table.touch(b"key")
    before = table.uses(b"key")
    for number in range(1000):
        table.touch(b"%d" % (number % 50))
    assert abs(table.uses(b"key") - before / 2) < 1
    for number in range(2000):
        table.touch(b"%d" % (number % 50))
    assert abs(table.uses(b"key") - before / 8) < 0.5


def test_the_marks_of_as_many_keys_as_it_was_made_for_are_kept() -> None:
    table = marks(5000, 1.0)
    keys = [b"key:%d" % number for number in range(5000)]
    for key in keys:
        table.touch(key)
    assert sum(table.mark(key) != NEVER for key in keys) > 4700


def test_what_was_used_most_stays_when_there_are_too_many_keys() -> None:
    table = marks(SMALLEST // 2, 10.0)
    for _ in range(30):
        for number in range(100):
            table.touch(b"hot:%d" % number)
    for number in range(10_000):
        table.touch(b"once:%d" % number)
    assert sum(table.mark(b"hot:%d" % number) != NEVER for number in range(100)) >= 90
    assert sum(table.mark(b"once:%d" % number) != NEVER for number in range(10_000)) < SMALLEST


def test_a_table_that_grows_keeps_its_marks() -> None:
    table = marks(100, 1.0)
    keys = [b"key:%d" % number for number in range(300)]
    for key in keys:
        table.touch(key)
    before = [table.mark(key) for key in keys]
    assert not table.has_room(20_000)
    table.adjust(20_000)
    assert table.has_room(20_000)
    assert [table.mark(key) for key in keys] == before


def test_the_idle_time_is_that_of_the_last_use() -> None:
    clock = ManualClock()
    table = Marks(10, 2, 1.0, 1.0, clock, True)
    clock.advance(5_000)
    table.touch(b"key")
    clock.advance(3_999)
    assert table.idle_seconds(b"key") == 3
    assert table.idle_seconds(b"unknown") == 8


def test_time_that_is_moved_back_changes_no_order() -> None:
    table = marks(100, 0.01)
    for number in range(100):
        table.touch(b"%d" % number)
    before = [table.mark(b"%d" % number) for number in range(100)]
    uses = 0
    while table.mark(b"99") >= before[99]:
        table.touch(b"busy")
        uses += 1
        assert uses < 10_000
        before[99] = max(before[99], table.mark(b"99"))
    table.touch(b"after")
    assert table.mark(b"after") > 0
    assert table.uses(b"busy") > 0.5
