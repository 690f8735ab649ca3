"""Sorted sets: adding, removing and asking for members with their scores. Ranges have a file of their own."""

import math
from collections.abc import Iterator
from typing import Final

from librt.vecs import append, vec
from mypy_extensions import mypyc_attr

from kvik.commands.args import Args
from kvik.commands.dying import key_dying
from kvik.commands.family import Family
from kvik.commands.sampling import chosen, count_argument, pairs_option
from kvik.commands.scan_options import ScanOptions, cursor_argument
from kvik.declaration import ANY, DENYOOM, FAST, FIRST, READONLY, WRITE
from kvik.errors import ReplyError, syntax_error
from kvik.events import ZSET as ZSET_EVENT
from kvik.numbers import float_text
from kvik.replies import NULL_ARRAY, Pairs, Reply
from kvik.session import Session
from kvik.store.container import ZSET
from kvik.store.sorted_set import ADDED, CHANGED, SortedSet, sorted_set_at, sorted_set_to_edit
from kvik.store.value import Value

family = Family("sorted-set")

ADDING: Final = WRITE | DENYOOM | FAST
READING: Final = READONLY | FAST
REBUILT_MEMBERS: Final = 64
"""How many members one command makes again."""
LETTERS: Final = 65


@family.rebuilds(ZSET)
def rebuild(key: bytes, value: Value, deadline: int) -> Iterator[list[bytes]]:
    assert isinstance(value, SortedSet)
    for start in range(0, len(value), REBUILT_MEMBERS):
        words = [b"ZADD", key]
        members, scores = value.slice(start, start + REBUILT_MEMBERS)
        for index in range(len(members)):
            words.append(float_text(scores[index]))
            words.append(members[index])
        yield words
    if deadline >= 0:
        yield key_dying(key, deadline)


# Adding


@mypyc_attr(acyclic=True, free_list_len=1)
class AddOptions:
    """What ZADD was asked besides adding."""

    def __init__(self) -> None:
        self.only_new = False
        self.only_present = False
        self.only_greater = False
        self.only_less = False
        self.counts_changed = False
        self.increments = False
        self.is_conditional = False
        """Whether a member may have to stay as it is."""

    def read(self, args: Args) -> None:
        while args.more() and may_be_option(args.words[args.position]):
            if args.option(b"NX"):
                self.only_new = True
            elif args.option(b"XX"):
                self.only_present = True
            elif args.option(b"CH"):
                self.counts_changed = True
            elif args.option(b"INCR"):
                self.increments = True
            elif args.option(b"GT"):
                self.only_greater = True
            elif args.option(b"LT"):
                self.only_less = True
            else:
                break
        self.is_conditional = self.only_new or self.only_present or self.only_greater or self.only_less

    def check(self, words: int) -> None:
        """Raise for options that exclude each other, in Redis' order. `words` counts the scores and members."""
        if words == 0 or words % 2:
            raise syntax_error()
        if self.only_new and self.only_present:
            raise ReplyError("ERR", "XX and NX options at the same time are not compatible")
        if (self.only_new and (self.only_greater or self.only_less)) or (self.only_greater and self.only_less):
            raise ReplyError("ERR", "GT, LT, and/or NX options at the same time are not compatible")
        if self.increments and words > 2:
            raise ReplyError("ERR", "INCR option supports a single increment-element pair")

    def forbid(self, before: float | None, score: float) -> bool:
        """Return whether a member that has the score `before` may not get `score`."""
        if before is None:
            return self.only_present
        return self.only_new or (self.only_greater and score <= before) or (self.only_less and score >= before)


def may_be_option(word: bytes) -> bool:
    """Return whether a word can be an option at all: six comparisons less for each score."""
    return len(word) > 1 and word[0] >= LETTERS


@family.command(
    "ZADD",
    args=(3, ANY),
    flags=ADDING,
    keys=FIRST,
    summary="Adds members to a sorted set, or changes their scores.",
    syntax="key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]",
    since="1.2.0",
)
def zadd(session: Session, args: Args) -> Reply:
    key = args.key()
    options = AddOptions()
    options.read(args)
    options.check(args.left())
    if options.increments:
        amount = args.number()
        return increment(session, key, options, amount, args.next())
    return add_all(session, key, options, args)


def add_all(session: Session, key: bytes, options: AddOptions, args: Args) -> Reply:
    """Put members in to the end of the arguments. As in Redis all scores are read before anything else."""
    words = args.words
    place = args.position
    scores = vec[float]()
    while args.more():
        scores = append(scores, args.number())
        args.next()
    held = sorted_set_to_edit(session.keys, key)
    if held is None:
        if options.only_present:
            return 0
        held = SortedSet()
    added = 0
    updated = 0
    for score in scores:
        member = words[place + 1]
        place += 2
        if options.is_conditional and options.forbid(held.score(member), score):
            continue
        outcome = held.put(member, score)
        if outcome == ADDED:
            added += 1
        elif outcome == CHANGED:
            updated += 1
    if added or updated:
        session.keys.edited(key, held)
    return added + updated if options.counts_changed else added


def increment(session: Session, key: bytes, options: AddOptions, amount: float, member: bytes) -> Reply:
    """Add to the score of a member, 0 where there is none; return the new score, None where an option forbids it."""
    held = sorted_set_to_edit(session.keys, key)
    if held is None:
        if options.only_present:
            return None
        held = SortedSet()
    before = held.score(member)
    score = amount if before is None else before + amount
    if before is None:
        if options.only_present:
            return None
    elif options.only_new:
        return None
    if math.isnan(score):
        raise ReplyError("ERR", "resulting score is not a number (NaN)")
    if options.forbid(before, score):
        return None
    if before is None or before != score:
        held.put(member, score)
        session.effect([b"ZADD", key, float_text(score), member])
        session.keys.edited(key, held)
        session.event(ZSET_EVENT, b"zincr", key)
    return score


@family.command(
    "ZINCRBY",
    args=(3, 3),
    flags=ADDING,
    keys=FIRST,
    summary="Adds to the score of a member of a sorted set and returns the sum.",
    syntax="key increment member",
    since="1.2.0",
)
def zincrby(session: Session, args: Args) -> Reply:
    key = args.key()
    amount = args.number()
    return increment(session, key, AddOptions(), amount, args.next())


# Removing


@family.command(
    "ZREM",
    args=(2, ANY),
    flags=WRITE | FAST,
    keys=FIRST,
    summary="Removes members of a sorted set and returns how many were there.",
    syntax="key member [member ...]",
    since="1.2.0",
)
def zrem(session: Session, args: Args) -> Reply:
    key = args.key()
    held = sorted_set_to_edit(session.keys, key)
    if held is None:
        return 0
    removed = 0
    while args.more() and len(held) > 0:
        if held.remove(args.next()):
            removed += 1
    if removed:
        session.keys.edited(key, held)
    return removed


# Asking


@family.command(
    "ZSCORE",
    args=(2, 2),
    flags=READING,
    keys=FIRST,
    summary="Returns the score of a member of a sorted set.",
    syntax="key member",
    since="1.2.0",
)
def zscore(session: Session, args: Args) -> Reply:
    held = sorted_set_at(session.keys, args.key())
    return None if held is None else held.score(args.next())


@family.command(
    "ZMSCORE",
    args=(2, ANY),
    flags=READING,
    keys=FIRST,
    summary="Returns the scores of members of a sorted set, null for each that is not there.",
    syntax="key member [member ...]",
    since="6.2.0",
)
def zmscore(session: Session, args: Args) -> Reply:
    held = sorted_set_at(session.keys, args.key())
    found: list[Reply] = []
    for member in args.rest():
        found.append(None if held is None else held.score(member))
    return found


@family.command(
    "ZCARD",
    args=(1, 1),
    flags=READING,
    keys=FIRST,
    summary="Returns the number of members in a sorted set.",
    syntax="key",
    since="1.2.0",
)
def zcard(session: Session, args: Args) -> Reply:
    held = sorted_set_at(session.keys, args.key())
    return 0 if held is None else len(held)


@family.command(
    "ZRANK",
    args=(2, 3),
    flags=READING,
    keys=FIRST,
    summary="Returns how many members have a lower score than this one.",
    syntax="key member [WITHSCORE]",
    since="2.0.0",
)
def zrank(session: Session, args: Args) -> Reply:
    return rank(session, args, False)


@family.command(
    "ZREVRANK",
    args=(2, 3),
    flags=READING,
    keys=FIRST,
    summary="Returns how many members have a higher score than this one.",
    syntax="key member [WITHSCORE]",
    since="2.0.0",
)
def zrevrank(session: Session, args: Args) -> Reply:
    return rank(session, args, True)


def rank(session: Session, args: Args, from_the_top: bool) -> Reply:
    """Answer the rank, with its score where that is asked for (as Redis 7.2), or null of the kind that fits."""
    key, member = args.key(), args.next()
    has_score = args.option(b"WITHSCORE")
    args.end()
    held = sorted_set_at(session.keys, key)
    place = -1 if held is None else held.rank(member)
    if held is None or place < 0:
        return NULL_ARRAY if has_score else None
    if from_the_top:
        place = len(held) - 1 - place
    return [place, held.score(member)] if has_score else place


@family.command(
    "ZRANDMEMBER",
    args=(1, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns one or more random members of a sorted set.",
    syntax="key [count [WITHSCORES]]",
    since="6.2.0",
)
def zrandmember(session: Session, args: Args) -> Reply:
    key = args.key()
    random = session.services.random
    if not args.more():
        held = sorted_set_at(session.keys, key)
        return None if held is None else held.nth(random.randrange(len(held)))
    count = count_argument(args)
    has_scores = pairs_option(args, b"WITHSCORES", count)
    held = sorted_set_at(session.keys, key)
    if held is None:
        return []
    members = [held.nth(number) for number in chosen(random, len(held), count)]
    return Pairs([(member, held.score(member)) for member in members]) if has_scores else members


@family.command(
    "ZSCAN",
    args=(2, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Iterates over the members and scores of a sorted set.",
    syntax="key cursor [MATCH pattern] [COUNT count]",
    since="2.8.0",
)
def zscan(session: Session, args: Args) -> Reply:
    key = args.key()
    cursor = cursor_argument(args)
    held = sorted_set_at(session.keys, key)
    if held is None:
        return [b"0", []]
    options = ScanOptions()
    options.read(args)
    after, members = held.scan(cursor, options.count)
    found: list[Reply] = []
    for member in options.matching(members):
        score = held.score(member)
        if score is not None:
            found.append(member)
            found.append(float_text(score))
    return [b"%d" % after, found]
