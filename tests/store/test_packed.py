"""Short items in one bytes object: they come back as they went in, wherever they stand."""

from hypothesis import given
from hypothesis import strategies as st

from kvik.store.packed import (
    ITEM_BYTES_MAX,
    LENGTH_MAX,
    after,
    beyond,
    find,
    fits,
    item_at,
    packed,
    positions,
    unpacked,
)
from tests.properties.requests import limits

ITEM = st.one_of(st.binary(max_size=ITEM_BYTES_MAX), st.sampled_from([b"", b"a", b"b", b"\x01a", b"\x00"]))


def joined(items: list[bytes]) -> bytes:
    return b"".join([packed(item) for item in items])


@limits(200)
@given(st.lists(ITEM, max_size=40))
def test_what_is_packed_is_unpacked_again(items: list[bytes]) -> None:
    whole = joined(items)
    assert unpacked(whole) == items
    place = 0
    for item in items:
        assert item_at(whole, place) == item
        place = after(whole, place)
    assert place == len(whole)


@limits(200)
@given(st.lists(ITEM, max_size=40), st.lists(ITEM, max_size=40), st.lists(ITEM, max_size=40))
def test_the_place_beyond_so_many_items_is_where_the_next_one_stands(
    before: list[bytes], some: list[bytes], others: list[bytes]
) -> None:
    whole = joined(before) + joined(some) + joined(others)
    assert beyond(whole, len(joined(before)), len(some)) == len(joined(before + some))


@limits(300)
@given(st.lists(ITEM, max_size=20), ITEM, st.sampled_from([1, 2]))
def test_an_item_is_found_where_it_first_stands(items: list[bytes], wanted: bytes, step: int) -> None:
    if len(items) % step:
        items = items[:-1]
    whole = joined(items)
    candidates = items[::step]
    place = find(whole, wanted, step)
    if wanted in candidates:
        assert place == len(joined(items[: candidates.index(wanted) * step]))
    else:
        assert place == -1


@limits(300)
@given(st.lists(ITEM, max_size=20), ITEM)
def test_all_equal_items_are_found_by_their_numbers(items: list[bytes], wanted: bytes) -> None:
    assert positions(joined(items), wanted) == [number for number, item in enumerate(items) if item == wanted]


def test_the_bytes_of_one_item_are_not_taken_for_another() -> None:
    assert find(joined([b"\x01a", b"b"]), b"a", 1) == -1
    assert find(joined([b"x", b"a", b"y", b"b"]), b"a", 2) == -1
    assert find(b"", b"", 1) == -1
    assert find(joined([b""]), b"", 1) == 0


def test_only_items_whose_length_fits_a_byte_are_packed() -> None:
    longest = b"x" * ITEM_BYTES_MAX
    assert fits(longest) and not fits(longest + b"x") and fits(b"")
    for item in (longest, b"x" * LENGTH_MAX):
        assert unpacked(packed(item) + packed(b"")) == [item, b""]
