"""A sorted set: members, each with a score, in the order of the scores and, where these are equal, of their bytes.

While it is small it is packed in one bytes object (see packed_scores.py): a member is found by stepping over those
before it, a change copies some hundred bytes. Beyond that it is a map and a tree (see score_tree.py): the score of a
member is O(1), everything else O(log n).
"""

from typing import Final

from mypy_extensions import i64

from kvik.errors import wrong_type
from kvik.store.container import ZSET, Container, weight_of_bytes
from kvik.store.keyspace import Keyspace
from kvik.store.packed import PACKED_BYTES_MAX, fits, weight_of_packed
from kvik.store.packed_scores import (
    ENTRY_BYTES,
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
from kvik.store.score_tree import ScoreTree

# A tree would change more of them faster: 60 members of 13 bytes cost 0.4 us a change here and 0.2 us there.
PACKED_MEMBERS_MAX: Final = 64
# As Redis' zset-max-listpack-entries and -value: what OBJECT ENCODING calls a listpack.
LISTPACK_MEMBERS_MAX: Final = 128
LISTPACK_BYTES_MAX: Final = 64

# Measured on 64-bit CPython 3.11: the object, the tree with its map, and a score with its two places and a
# member's place in the map with its share of a leaf.
SORTED_SET_BYTES: Final = 96
TREE_BYTES: Final = 640
MEMBER_BYTES: Final = 96


SAME: Final = 0
CHANGED: Final = 1
ADDED: Final = 2


def sorted_set_at(space: Keyspace, key: bytes) -> "SortedSet | None":
    """Return the sorted set at `key` for reading, None where there is no key. Raises WRONGTYPE for another kind."""
    value = space.read(key)
    if value is None or isinstance(value, SortedSet):
        return value
    raise wrong_type()


def sorted_set_to_edit(space: Keyspace, key: bytes) -> "SortedSet | None":
    """As `sorted_set_at`, for a caller that changes the set and then says so: `space.edited(key, members)`."""
    value = space.edit(key)
    if value is None or isinstance(value, SortedSet):
        return value
    raise wrong_type()


class SortedSet(Container):
    """Scores are floats, infinities among them, never NaN. Ranks count from 0."""

    def __init__(self, is_large: bool = False) -> None:
        """`is_large` says beforehand that Redis would not keep it in a listpack."""
        super().__init__()
        self.weight = SORTED_SET_BYTES + weight_of_bytes(0)
        self._packed = b""
        self._count: i64 = 0
        self._tree: ScoreTree | None = None
        # Whether it has ever been more than Redis keeps in a listpack.
        self._is_large = is_large

    # What every container does

    def kind(self) -> int:
        return ZSET

    def __len__(self) -> int:
        return self._count if self._tree is None else len(self._tree)

    def copy(self) -> Container:
        twin = SortedSet(self._is_large)
        twin.weight = self.weight
        twin._packed = self._packed
        twin._count = self._count
        if self._tree is not None:
            twin._tree = self._tree.copy()
        return twin

    def parts(self) -> list[object]:
        return [] if self._tree is None else self._tree.parts()

    def encoding(self) -> bytes:
        return b"skiplist" if self._is_large else b"listpack"

    # One member

    def score(self, member: bytes) -> float | None:
        """Return the score of a member, None where it is not there."""
        if self._tree is not None:
            return self._tree.score(member)
        place = find_member(self._packed, member)
        return None if place < 0 else score_at(self._packed, place)

    def put(self, member: bytes, score: float) -> int:
        """Give a member this score; return ADDED, CHANGED or SAME. As in Redis a small set has no negative zero."""
        tree = self._tree
        if tree is None:
            return self._put_packed(member, score)
        before = tree.score(member)
        if before is None:
            self._add_to_tree(tree, member, score)
            return ADDED
        score = self._kept(score)
        if before == score:
            return SAME
        tree.change(member, before, score)
        return CHANGED

    def remove(self, member: bytes) -> bool:
        """Take a member out; return whether it was there."""
        score = self.score(member)
        if score is None:
            return False
        self._take_out(member, score)
        return True

    def rank(self, member: bytes) -> int:
        """Return how many members stand before this one, -1 where it is not there."""
        tree = self._tree
        if tree is None:
            place = find_member(self._packed, member)
            return -1 if place < 0 else rank_of_place(self._packed, place)
        score = tree.score(member)
        return -1 if score is None else tree.rank(member, score)

    # By rank

    def slice(self, start: int, stop: int) -> tuple[list[bytes], list[float]]:
        """Return the members from rank `start` up to and without `stop`, and their scores."""
        # Asked first: a start that is beyond everything may be too large for an i64.
        if start >= stop:
            return [], []
        return slice_of(self._packed, start, stop) if self._tree is None else self._tree.slice(start, stop)

    def nth(self, rank: int) -> bytes:
        """Return the member of a rank."""
        members, _ = self.slice(rank, rank + 1)
        return members[0]

    def take(self, count: int, from_the_top: bool) -> tuple[list[bytes], list[float]]:
        """Take out up to `count` members with the lowest scores, or the highest; return them, the outermost first."""
        size = len(self)
        if from_the_top:
            members, scores = self.slice(max(size - count, 0), size)
            members.reverse()
            scores.reverse()
        else:
            members, scores = self.slice(0, min(count, size))
        for index in range(len(members)):
            self._take_out(members[index], scores[index])
        return members, scores

    # By score and by bytes

    def count_below(self, score: float, or_equal: bool) -> int:
        """Return how many members have a lower score, or one that is equal where `or_equal`."""
        if self._tree is not None:
            return self._tree.count_below(score, or_equal)
        return entries_below(self._packed, score, or_equal)

    def count_before_member(self, member: bytes, or_equal: bool) -> int:
        """Return how many members are lower as bytes, or equal where `or_equal`; all scores have to be the same."""
        if self._tree is not None:
            return self._tree.count_before_member(member, or_equal)
        return entries_before(self._packed, member, or_equal)

    # All members

    def scan(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """Return the next cursor (0 at the end) and some members, all of them where there are few."""
        if self._tree is None:
            members, _ = self.slice(0, len(self))
            return 0, members
        return self._tree.scan(cursor, count)

    # Steps

    def _kept(self, score: float) -> float:
        """Return a score as it is kept."""
        return 0.0 if score == 0.0 and not self._is_large else score

    def _put_packed(self, member: bytes, score: float) -> int:
        items = self._packed
        place = find_member(items, member)
        if place >= 0:
            if score_at(items, place) == score:
                return SAME
            self._packed = with_score(items, place, self._kept(score), member)
            return CHANGED
        if (
            not fits(member)
            or self._count == PACKED_MEMBERS_MAX
            or len(items) + ENTRY_BYTES + len(member) > PACKED_BYTES_MAX
        ):
            self._add_to_tree(self._unpack(), member, score)
            return ADDED
        self._repack(with_entry(items, self._kept(score), member))
        self._count += 1
        return ADDED

    def _take_out(self, member: bytes, score: float) -> None:
        """Remove a member that has this score."""
        if self._tree is None:
            self._repack(without_entry(self._packed, place_for(self._packed, score, member)))
            self._count -= 1
        else:
            self._tree.remove(member, score)
            self.weight -= MEMBER_BYTES + weight_of_bytes(len(member))

    def _repack(self, items: bytes) -> None:
        self.weight += weight_of_packed(len(items)) - weight_of_packed(len(self._packed))
        self._packed = items

    def _unpack(self) -> ScoreTree:
        """Go over to a map and a tree, for good."""
        tree = ScoreTree()
        members, scores = self.slice(0, len(self))
        self._repack(b"")
        self._tree = tree
        self.weight += TREE_BYTES
        for index in range(len(members)):
            self._add_to_tree(tree, members[index], scores[index])
        return tree

    def _add_to_tree(self, tree: ScoreTree, member: bytes, score: float) -> None:
        if len(member) > LISTPACK_BYTES_MAX or len(tree) >= LISTPACK_MEMBERS_MAX:
            self._is_large = True
        tree.add(member, self._kept(score))
        self.weight += MEMBER_BYTES + weight_of_bytes(len(member))


def sorted_set_of(scores: dict[bytes, float]) -> SortedSet:
    """Return a sorted set of these members."""
    made = SortedSet(len(scores) > LISTPACK_MEMBERS_MAX or any(len(member) > LISTPACK_BYTES_MAX for member in scores))
    for member, score in scores.items():
        made.put(member, score)
    return made
