"""Members in the order of their scores and, where these are equal, of their bytes: the large form of a sorted set.

1. A map that splits when it is large tells the score of a member: O(1).
2. A tree holds the members in their order. Its leaves are two lists, of scores and of members; an inner node knows
   of each child its first entry and, by `count`, how many members are below. So adding, removing, the rank of a
   member, the member of a rank and the number of members below a score are O(log n), with nodes of up to NODE_LENGTH.

A leaf that is full is split in the middle; a node that becomes small is joined with its neighbour.

A copy shares the nodes and the dicts of the map: making one is a step per dict. So a node is changed only by the
tree whose generation it carries, and both get a new one at every copy; any other node is copied first.
"""

from typing import Final

from librt.vecs import append, extend, pop, vec
from mypy_extensions import i64

from kvik.store.sharded_map import ShardedMap

SPLIT_AT: Final = 4_096
NODE_LENGTH: Final = 64
JOINED_LENGTH_MAX: Final = 32


class Node:
    """A leaf, which has no children, or an inner node, whose entries are the first ones of its children."""

    def __init__(
        self, scores: vec[float], members: list[bytes], children: "list[Node]", count: i64, generation: i64
    ) -> None:
        # An array of floats, not of objects: a search touches a few cache lines.
        self.scores: vec[float] = scores
        self.members: Final = members
        self.children: Final = children
        self.count: i64 = count
        self.generation: Final[i64] = generation


NO_CHILDREN: Final[list[Node]] = []
"""Every leaf's, and never changed: a list each would be memory and time for nothing."""


class ScoreTree:
    """Scores are floats, infinities among them, never NaN. Ranks count from 0."""

    def __init__(self) -> None:
        self._generation: i64 = 0
        self._root = Node(vec[float](), [], NO_CHILDREN, 0, 0)
        self._scores: ShardedMap[float] = ShardedMap(SPLIT_AT)

    def __len__(self) -> int:
        return self._root.count

    def copy(self) -> "ScoreTree":
        self._generation += 1
        twin = ScoreTree()
        twin._generation = self._generation
        twin._root = self._root
        twin._scores = self._scores.copy()
        return twin

    def parts(self) -> list[object]:
        """Return what it is made of in parts of a few thousand members each."""
        parts = self._scores.parts()
        for child in self._root.children:
            parts += child.children if child.children else [child]
        return parts

    # One member

    def score(self, member: bytes) -> float | None:
        """Return the score of a member, None where it is not there."""
        return self._scores.get(member)

    def add(self, member: bytes, score: float) -> None:
        """Put a member in that is not there."""
        self._insert(member, score)
        self._scores.set(member, score)

    def change(self, member: bytes, before: float, score: float) -> None:
        """Give a member that has the score `before` another one."""
        self._remove(member, before)
        self._insert(member, score)
        self._scores.set(member, score)

    def remove(self, member: bytes, score: float) -> None:
        """Take out a member that has this score."""
        self._remove(member, score)
        self._scores.pop(member)

    def rank(self, member: bytes, score: float) -> int:
        """Return how many members stand before one that has this score."""
        node = self._root
        rank: i64 = 0
        while len(node.children) > 0:
            place = child_for(node, score, member)
            rank += count_before(node, place)
            node = node.children[place]
        return rank + place_in(node, score, member)

    # Several members

    def slice(self, start: int, stop: int) -> tuple[list[bytes], list[float]]:
        """Return the members from rank `start` up to and without `stop`, and their scores."""
        members: list[bytes] = []
        scores: list[float] = []
        collect(self._root, start, stop, members, scores)
        return members, scores

    def count_below(self, score: float, or_equal: bool) -> int:
        """Return how many members have a lower score, or one that is equal where `or_equal`."""
        node = self._root
        count: i64 = 0
        while True:
            place = first_above(node.scores, score, or_equal)
            if len(node.children) == 0:
                return count + place
            if place > 0:
                place -= 1
            count += count_before(node, place)
            node = node.children[place]

    def count_before_member(self, member: bytes, or_equal: bool) -> int:
        """Return how many members are lower as bytes, or equal where `or_equal`; all scores have to be the same."""
        node = self._root
        count: i64 = 0
        while True:
            place = first_after(node.members, member, or_equal)
            if len(node.children) == 0:
                return count + place
            if place > 0:
                place -= 1
            count += count_before(node, place)
            node = node.children[place]

    def scan(self, cursor: int, count: int) -> tuple[int, list[bytes]]:
        """Return the next cursor (0 at the end) and some members."""
        return self._scores.scan(cursor, count)

    # Steps

    def _insert(self, member: bytes, score: float) -> None:
        left = self._own_root()
        right = insert(left, score, member)
        if right is not None:
            scores = vec[float]([left.scores[0], right.scores[0]])
            members = [left.members[0], right.members[0]]
            self._root = Node(scores, members, [left, right], left.count + right.count, self._generation)

    def _remove(self, member: bytes, score: float) -> None:
        remove(self._own_root(), score, member)
        while len(self._root.children) == 1:
            self._root = self._root.children[0]

    def _own_root(self) -> Node:
        """Return the root, for changing it."""
        if self._root.generation != self._generation:
            self._root = copy_of_node(self._root, self._generation)
        return self._root


# Finding a place in a node


def place_in(node: Node, score: float, member: bytes) -> i64:
    """Return the number of entries of a node that are lower than this one."""
    scores = node.scores
    members = node.members
    low: i64 = 0
    high: i64 = len(scores)
    while low < high:
        middle = (low + high) >> 1
        here = scores[middle]
        if here < score or (here == score and members[middle] < member):
            low = middle + 1
        else:
            high = middle
    return low


def child_for(node: Node, score: float, member: bytes) -> i64:
    """Return which child holds this entry, or would: the last one whose first entry is not higher."""
    place = place_in(node, score, member)
    if place < len(node.scores) and node.scores[place] == score and node.members[place] == member:
        return place
    return place - 1 if place > 0 else 0


def first_above(scores: vec[float], score: float, or_equal: bool) -> i64:
    """Return the number of scores that are lower, or equal where `or_equal`."""
    low: i64 = 0
    high: i64 = len(scores)
    while low < high:
        middle = (low + high) >> 1
        here = scores[middle]
        if here < score or (or_equal and here == score):
            low = middle + 1
        else:
            high = middle
    return low


def first_after(members: list[bytes], member: bytes, or_equal: bool) -> i64:
    """Return the number of members that are lower as bytes, or equal where `or_equal`."""
    low: i64 = 0
    high: i64 = len(members)
    while low < high:
        middle = (low + high) >> 1
        here = members[middle]
        if here < member or (or_equal and here == member):
            low = middle + 1
        else:
            high = middle
    return low


def count_before(node: Node, place: i64) -> i64:
    """Return how many members are below the children before this one."""
    count: i64 = 0
    children = node.children
    index: i64 = 0
    while index < place:
        count += children[index].count
        index += 1
    return count


# Changing a tree


def own_child(node: Node, place: i64) -> Node:
    """Return a child for changing it: one that is not of its parent's generation is copied first."""
    child = node.children[place]
    if child.generation != node.generation:
        child = copy_of_node(child, node.generation)
        node.children[place] = child
    return child


def copy_of_node(node: Node, generation: i64) -> Node:
    """Return an equal node; its children are the same."""
    children = NO_CHILDREN if len(node.children) == 0 else node.children[:]
    return Node(node.scores[:], node.members[:], children, node.count, generation)


def insert(node: Node, score: float, member: bytes) -> Node | None:
    """Put an entry below a node; return the node's new right neighbour where it had to be split."""
    node.count += 1
    if len(node.children) == 0:
        add_entry(node, place_in(node, score, member), score, member)
    else:
        place = child_for(node, score, member)
        child = own_child(node, place)
        right = insert(child, score, member)
        if place == 0:
            node.scores[0] = child.scores[0]
            node.members[0] = child.members[0]
        if right is not None:
            add_entry(node, place + 1, right.scores[0], right.members[0])
            node.children.insert(place + 1, right)
    return split(node) if len(node.scores) > NODE_LENGTH else None


def add_entry(node: Node, place: i64, score: float, member: bytes) -> None:
    scores = append(node.scores, score)
    index: i64 = len(scores) - 1
    while index > place:
        scores[index] = scores[index - 1]
        index -= 1
    scores[place] = score
    node.scores = scores
    node.members.insert(place, member)


def drop_entry(node: Node, place: i64) -> None:
    node.scores, _ = pop(node.scores, place)
    node.members.pop(place)


def split(node: Node) -> Node:
    """Move the upper half of a node to a new one; return that."""
    half = len(node.scores) // 2
    is_leaf = len(node.children) == 0
    children = NO_CHILDREN if is_leaf else node.children[half:]
    right = Node(node.scores[half:], node.members[half:], children, 0, node.generation)
    node.scores = node.scores[:half]
    del node.members[half:]
    if is_leaf:
        right.count = len(right.members)
    else:
        del node.children[half:]
        right.count = count_before(right, len(right.children))
    node.count -= right.count
    return right


def remove(node: Node, score: float, member: bytes) -> None:
    """Take an entry that is there from below a node."""
    node.count -= 1
    if len(node.children) == 0:
        drop_entry(node, place_in(node, score, member))
        return
    place = child_for(node, score, member)
    child = own_child(node, place)
    was_first = node.scores[place] == score and node.members[place] == member
    remove(child, score, member)
    if child.count == 0:
        forget_child(node, place)
        return
    if was_first:
        node.scores[place] = child.scores[0]
        node.members[place] = child.members[0]
    if len(child.scores) < JOINED_LENGTH_MAX // 2:
        join_small(node, place)


def forget_child(node: Node, place: i64) -> None:
    drop_entry(node, place)
    node.children.pop(place)


def join_small(node: Node, place: i64) -> None:
    """Join a child that has become small with a neighbour, where the two are small together."""
    last: i64 = len(node.children) - 1
    first = place if place < last else place - 1
    if first < 0:
        return
    right = node.children[first + 1]
    if len(node.children[first].scores) + len(right.scores) > JOINED_LENGTH_MAX:
        return
    left = own_child(node, first)
    left.scores = extend(left.scores, right.scores)
    left.members.extend(right.members)
    if len(right.children) > 0:
        left.children.extend(right.children)
    left.count += right.count
    forget_child(node, first + 1)


# Reading a tree


def collect(node: Node, start: i64, stop: i64, members: list[bytes], scores: list[float]) -> None:
    """Append the entries below a node from the `start`-th up to and without the `stop`-th."""
    if len(node.children) == 0:
        members.extend(node.members[start:stop])
        scores.extend(node.scores[start:stop])
        return
    for child in node.children:
        if stop <= 0:
            return
        if start < child.count:
            collect(child, start if start > 0 else 0, stop, members, scores)
        start -= child.count
        stop -= child.count
