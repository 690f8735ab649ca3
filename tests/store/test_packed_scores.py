"""Members with their scores in one bytes object: they stand in the order of a sorted list of pairs."""

from bisect import bisect_left, bisect_right

from hypothesis import given
from hypothesis import strategies as st

from kvik.store.packed import ITEM_BYTES_MAX
from kvik.store.packed_scores import (
    entries_before,
    entries_below,
    find_member,
    place_for,
    rank_of_place,
    score_at,
    slice_of,
    with_entry,
    with_score,
    without_entry,
)
from tests.properties.requests import limits

MEMBER = st.one_of(st.binary(max_size=ITEM_BYTES_MAX), st.sampled_from([b"", b"a", b"b", b"\x01a", b"\x08", b"\x00"]))
SCORE = st.one_of(st.floats(allow_nan=False), st.sampled_from([0.0, -0.0, 1.0, float("inf"), float("-inf")]))
SCORES = st.dictionaries(MEMBER, SCORE, max_size=30)


def packed_of(scores: dict[bytes, float]) -> bytes:
    items = b""
    for member, score in scores.items():
        items = with_entry(items, score, member)
    return items


def pairs_of(items: bytes) -> list[tuple[float, bytes]]:
    members, scores = slice_of(items, 0, len(items))
    return list(zip(scores, members, strict=True))


@limits(200)
@given(SCORES)
def test_entries_stand_in_the_order_of_their_scores_and_their_members(scores: dict[bytes, float]) -> None:
    items = packed_of(scores)
    pairs = sorted([(score, member) for member, score in scores.items()])
    assert pairs_of(items) == pairs
    for rank, (score, member) in enumerate(pairs):
        place = find_member(items, member)
        assert place == place_for(items, score, member)
        assert str(score_at(items, place)) == str(score), "a negative zero stays one"
        assert rank_of_place(items, place) == rank


@limits(200)
@given(SCORES, SCORE, st.booleans())
def test_the_entries_below_a_score_are_counted(scores: dict[bytes, float], bound: float, or_equal: bool) -> None:
    count = (bisect_right if or_equal else bisect_left)(sorted(scores.values()), bound)
    assert entries_below(packed_of(scores), bound, or_equal) == count


@limits(200)
@given(st.sets(MEMBER, max_size=30), MEMBER, st.booleans())
def test_the_members_of_one_score_that_are_lower_are_counted(members: set[bytes], bound: bytes, or_equal: bool) -> None:
    count = (bisect_right if or_equal else bisect_left)(sorted(members), bound)
    assert entries_before(packed_of(dict.fromkeys(members, 1.5)), bound, or_equal) == count


@limits(200)
@given(SCORES, st.integers(0, 31), st.integers(0, 31))
def test_a_slice_is_the_entries_between_two_ranks(scores: dict[bytes, float], start: int, stop: int) -> None:
    items = packed_of(scores)
    members, _ = slice_of(items, start, stop)
    assert members == [member for _, member in pairs_of(items)[start:stop]]


@limits(200)
@given(SCORES)
def test_what_is_taken_out_leaves_the_others_as_they_were(scores: dict[bytes, float]) -> None:
    items = packed_of(scores)
    for member in scores:
        left = without_entry(items, find_member(items, member))
        assert pairs_of(left) == [pair for pair in pairs_of(items) if pair[1] != member]
        assert with_entry(left, scores[member], member) == items


@limits(200)
@given(SCORES, SCORE)
def test_an_entry_with_another_score_stands_where_it_would_have_been_put(
    scores: dict[bytes, float], new: float
) -> None:
    items = packed_of(scores)
    for member in scores:
        moved = with_score(items, find_member(items, member), new, member)
        assert pairs_of(moved) == sorted([(new if each == member else scores[each], each) for each in scores])


@limits(200)
@given(SCORES, MEMBER)
def test_a_member_is_found_only_where_it_is(scores: dict[bytes, float], wanted: bytes) -> None:
    assert (find_member(packed_of(scores), wanted) >= 0) == (wanted in scores)
