"""Ranges of sorted sets: by rank, by score and by bytes, read, counted, stored and removed."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.index_range import index_range
from kvik.commands.results import store_result
from kvik.declaration import ANY, DENYOOM, FAST, FIRST, FIRST_TWO, READONLY, WRITE
from kvik.errors import ReplyError, syntax_error
from kvik.replies import Pairs, Reply
from kvik.session import Session
from kvik.store.score_range import Bounds, parse_byte_bounds, parse_score_bounds
from kvik.store.sorted_set import SortedSet, sorted_set_at, sorted_set_to_edit

family = Family("sorted-set")

UNDECIDED: Final = 0
BY_RANK: Final = 1
BY_SCORE: Final = 2
BY_BYTES: Final = 3
NO_LIMIT: Final = -1


class Range:
    """Which members are asked for, in which order and how many of them: all forms of ZRANGE."""

    def __init__(self, way: int = UNDECIDED, is_reverse: bool = False, has_direction: bool = False) -> None:
        """`way` and direction are what the command's name says already."""
        self.has_scores = False
        self.is_reverse = is_reverse
        self._way = way
        self._has_direction = has_direction
        self._offset = 0
        self._limit = NO_LIMIT
        self._start = 0
        self._stop = 0
        self._bounds: Bounds | None = None

    def read(self, args: Args, takes_scores: bool) -> None:
        """Read two ends and the options behind them. Raises Redis' errors, in its order."""
        low, high = args.next(), args.next()
        while args.more():
            self._read_option(args, takes_scores)
        if self._way == UNDECIDED:
            self._way = BY_RANK
        if self._limit != NO_LIMIT and self._way == BY_RANK:
            raise ReplyError("ERR", "syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
        if self.has_scores and self._way == BY_BYTES:
            raise ReplyError("ERR", "syntax error, WITHSCORES not supported in combination with BYLEX")
        if self._way == BY_RANK:
            self._start, self._stop = Args([low], 0).integer(), Args([high], 0).integer()
        elif self.is_reverse:
            self._bounds = bounds_of(self._way, high, low)
        else:
            self._bounds = bounds_of(self._way, low, high)

    def select(self, held: SortedSet) -> tuple[list[bytes], list[float]]:
        """Return the members of the range and their scores, in the order that was asked for."""
        first, end = self._ranks(held)
        members, scores = held.slice(first, end)
        if self.is_reverse:
            members.reverse()
            scores.reverse()
        return members, scores

    def _read_option(self, args: Args, takes_scores: bool) -> None:
        if takes_scores and args.option(b"WITHSCORES"):
            self.has_scores = True
        elif args.left() >= 3 and args.option(b"LIMIT"):
            self._offset, self._limit = args.integer(), args.integer()
        elif not self._has_direction and args.option(b"REV"):
            self.is_reverse = self._has_direction = True
        elif self._way == UNDECIDED and args.option(b"BYLEX"):
            self._way = BY_BYTES
        elif self._way == UNDECIDED and args.option(b"BYSCORE"):
            self._way = BY_SCORE
        else:
            raise syntax_error()

    def _ranks(self, held: SortedSet) -> tuple[int, int]:
        """Return the rank of the lowest member of the range and that behind its highest."""
        size = len(held)
        if self._bounds is None:
            first, end = index_range(self._start, self._stop, size)
            return (size - end, size - first) if self.is_reverse else (first, end)
        first, end = self._bounds.first(held), self._bounds.end(held)
        if self._offset < 0 or first >= end:
            return 0, 0
        if self.is_reverse:
            end -= self._offset
            return (first if self._limit < 0 else max(first, end - self._limit)), end
        first += self._offset
        return first, (end if self._limit < 0 else min(end, first + self._limit))


def bounds_of(way: int, low: bytes, high: bytes) -> Bounds:
    """Return a range by score or by bytes. Raises Redis' errors for ends that are none."""
    if way == BY_SCORE:
        by_score = parse_score_bounds(low, high)
        if by_score is None:
            raise ReplyError("ERR", "min or max is not a float")
        return by_score
    by_bytes = parse_byte_bounds(low, high)
    if by_bytes is None:
        raise ReplyError("ERR", "min or max not valid string range item")
    return by_bytes


def answer(session: Session, args: Args, wanted: Range) -> Reply:
    """Return the members of the range that the arguments say, with scores where they are asked for."""
    key = args.key()
    wanted.read(args, takes_scores=True)
    held = sorted_set_at(session.keys, key)
    if held is None:
        return []
    members, scores = wanted.select(held)
    if not wanted.has_scores:
        return members
    return Pairs([(members[index], scores[index]) for index in range(len(members))])


# Reading


@family.command(
    "ZRANGE",
    args=(3, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns members of a sorted set within a range of ranks, scores or bytes.",
    syntax="key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]",
    since="1.2.0",
)
def zrange(session: Session, args: Args) -> Reply:
    return answer(session, args, Range())


@family.command(
    "ZREVRANGE",
    args=(3, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns members of a sorted set within a range of ranks, the highest first.",
    syntax="key start stop [WITHSCORES]",
    since="1.2.0",
)
def zrevrange(session: Session, args: Args) -> Reply:
    return answer(session, args, Range(BY_RANK, True, True))


@family.command(
    "ZRANGEBYSCORE",
    args=(3, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns members of a sorted set within a range of scores.",
    syntax="key min max [WITHSCORES] [LIMIT offset count]",
    since="1.0.5",
)
def zrangebyscore(session: Session, args: Args) -> Reply:
    return answer(session, args, Range(BY_SCORE, False, True))


@family.command(
    "ZREVRANGEBYSCORE",
    args=(3, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns members of a sorted set within a range of scores, the highest first.",
    syntax="key max min [WITHSCORES] [LIMIT offset count]",
    since="2.2.0",
)
def zrevrangebyscore(session: Session, args: Args) -> Reply:
    return answer(session, args, Range(BY_SCORE, True, True))


@family.command(
    "ZRANGEBYLEX",
    args=(3, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns members of a sorted set of equal scores within a range of bytes.",
    syntax="key min max [LIMIT offset count]",
    since="2.8.9",
)
def zrangebylex(session: Session, args: Args) -> Reply:
    return answer(session, args, Range(BY_BYTES, False, True))


@family.command(
    "ZREVRANGEBYLEX",
    args=(3, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns members of a sorted set of equal scores within a range of bytes, the highest first.",
    syntax="key max min [LIMIT offset count]",
    since="2.8.9",
)
def zrevrangebylex(session: Session, args: Args) -> Reply:
    return answer(session, args, Range(BY_BYTES, True, True))


@family.command(
    "ZCOUNT",
    args=(3, 3),
    flags=READONLY | FAST,
    keys=FIRST,
    summary="Returns how many members have a score within a range.",
    syntax="key min max",
    since="2.0.0",
)
def zcount(session: Session, args: Args) -> Reply:
    return count(session, args, BY_SCORE)


@family.command(
    "ZLEXCOUNT",
    args=(3, 3),
    flags=READONLY | FAST,
    keys=FIRST,
    summary="Returns how many members of a sorted set of equal scores are within a range of bytes.",
    syntax="key min max",
    since="2.8.9",
)
def zlexcount(session: Session, args: Args) -> Reply:
    return count(session, args, BY_BYTES)


def count(session: Session, args: Args, way: int) -> Reply:
    key = args.key()
    bounds = bounds_of(way, args.next(), args.next())
    held = sorted_set_at(session.keys, key)
    return 0 if held is None else bounds.size(held)


# Changing


@family.command(
    "ZRANGESTORE",
    args=(4, ANY),
    flags=WRITE | DENYOOM,
    keys=FIRST_TWO,
    summary="Stores a range of members of a sorted set in a key.",
    syntax="dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]",
    since="6.2.0",
)
def zrangestore(session: Session, args: Args) -> Reply:
    destination, source = args.key(), args.key()
    wanted = Range()
    wanted.read(args, takes_scores=False)
    held = sorted_set_at(session.keys, source)
    made = SortedSet()
    if held is not None:
        members, scores = wanted.select(held)
        for index in range(len(members)):
            made.put(members[index], scores[index])
    return store_result(session, destination, made)


@family.command(
    "ZREMRANGEBYRANK",
    args=(3, 3),
    flags=WRITE,
    keys=FIRST,
    summary="Removes members of a sorted set within a range of ranks.",
    syntax="key start stop",
    since="2.0.0",
)
def zremrangebyrank(session: Session, args: Args) -> Reply:
    key = args.key()
    start, stop = args.integer(), args.integer()
    held = sorted_set_to_edit(session.keys, key)
    if held is None:
        return 0
    first, end = index_range(start, stop, len(held))
    return remove_ranks(session, key, held, first, end)


@family.command(
    "ZREMRANGEBYSCORE",
    args=(3, 3),
    flags=WRITE,
    keys=FIRST,
    summary="Removes members of a sorted set within a range of scores.",
    syntax="key min max",
    since="1.2.0",
)
def zremrangebyscore(session: Session, args: Args) -> Reply:
    return remove_range(session, args, BY_SCORE)


@family.command(
    "ZREMRANGEBYLEX",
    args=(3, 3),
    flags=WRITE,
    keys=FIRST,
    summary="Removes members of a sorted set of equal scores within a range of bytes.",
    syntax="key min max",
    since="2.8.9",
)
def zremrangebylex(session: Session, args: Args) -> Reply:
    return remove_range(session, args, BY_BYTES)


def remove_range(session: Session, args: Args, way: int) -> Reply:
    key = args.key()
    bounds = bounds_of(way, args.next(), args.next())
    held = sorted_set_to_edit(session.keys, key)
    return 0 if held is None else remove_ranks(session, key, held, bounds.first(held), bounds.end(held))


def remove_ranks(session: Session, key: bytes, held: SortedSet, first: int, end: int) -> int:
    members, _ = held.slice(first, end)
    for member in members:
        held.remove(member)
    if members:
        session.keys.edited(key, held)
    return len(members)
