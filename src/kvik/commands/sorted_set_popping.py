"""Taking the lowest or the highest members of sorted sets, at once or as soon as there are some."""

from kvik.commands.args import Args
from kvik.commands.blocking import MultiplePop, deadline_after, ready_key, wait_for
from kvik.commands.family import Family
from kvik.declaration import (
    ANY,
    BLOCKING,
    COUNTED,
    COUNTED_BEHIND_TIMEOUT,
    FAST,
    FIRST,
    MOVABLE_KEYS,
    NOSCRIPT,
    WRITE,
    Keys,
)
from kvik.errors import syntax_error
from kvik.events import ZSET as ZSET_EVENT
from kvik.replies import NULL_ARRAY, Pairs, Reply
from kvik.session import Session
from kvik.store.container import ZSET
from kvik.store.sorted_set import sorted_set_to_edit

family = Family("sorted-set")


@family.command(
    "ZPOPMIN",
    args=(1, ANY),
    flags=WRITE | FAST,
    keys=FIRST,
    summary="Removes and returns the members with the lowest scores.",
    syntax="key [count]",
    since="5.0.0",
)
def zpopmin(session: Session, args: Args) -> Reply:
    return pop(session, args, False)


@family.command(
    "ZPOPMAX",
    args=(1, ANY),
    flags=WRITE | FAST,
    keys=FIRST,
    summary="Removes and returns the members with the highest scores.",
    syntax="key [count]",
    since="5.0.0",
)
def zpopmax(session: Session, args: Args) -> Reply:
    return pop(session, args, True)


def pop(session: Session, args: Args, from_the_top: bool) -> Reply:
    """As Redis: with a count RESP3 has pairs, without one the member and its score."""
    key = args.key()
    if not args.more():
        pairs = pop_some(session, key, 1, from_the_top)
        return [pairs[0][0], pairs[0][1]] if pairs else []
    if args.left() > 1:
        raise syntax_error()
    count = args.at_least(0, "value is out of range, must be positive")
    return Pairs(pop_some(session, key, count, from_the_top))


def pop_some(session: Session, key: bytes, count: int, from_the_top: bool) -> list[tuple[Reply, Reply]]:
    """Take up to `count` members out of a sorted set; return them with their scores, the outermost first."""
    held = sorted_set_to_edit(session.keys, key)
    if held is None or count == 0:
        return []
    members, scores = held.take(count, from_the_top)
    session.keys.edited(key, held)
    return [(members[index], scores[index]) for index in range(len(members))]


@family.command(
    "ZMPOP",
    args=(3, ANY),
    flags=WRITE | MOVABLE_KEYS,
    keys=COUNTED,
    summary="Removes the lowest or highest members of the first sorted set there is; returns key and members.",
    syntax="numkeys key [key ...] <MIN | MAX> [COUNT count]",
    since="7.0.0",
)
def zmpop(session: Session, args: Args) -> Reply:
    return pop_from_one(session, MultiplePop(args, b"MIN", b"MAX"))


@family.command(
    "BZMPOP",
    args=(4, ANY),
    flags=WRITE | BLOCKING | MOVABLE_KEYS,
    keys=COUNTED_BEHIND_TIMEOUT,
    summary="As ZMPOP, but waits for a sorted set where there is none; null after so many seconds, 0: never.",
    syntax="timeout numkeys key [key ...] <MIN | MAX> [COUNT count]",
    since="7.0.0",
)
def bzmpop(session: Session, args: Args) -> Reply:
    timeout = args.next()
    request = MultiplePop(args, b"MIN", b"MAX")
    deadline = deadline_after(session, timeout)
    popped = pop_from_one(session, request)
    return wait_for(session, request.keys, deadline, popped) if popped is NULL_ARRAY else popped


def pop_from_one(session: Session, request: MultiplePop) -> Reply:
    """Return a key and what was popped there, in pairs for both protocols; the null array where nothing is."""
    from_the_top = not request.is_first
    key = ready_key(session, request.keys, ZSET)
    if key is None:
        return NULL_ARRAY
    popped = pop_some(session, key, request.count, from_the_top)
    tell(session, key, from_the_top)
    session.effect([name_of_pop(from_the_top), key, b"%d" % len(popped)])
    pairs: list[Reply] = [[member, score] for member, score in popped]
    return [key, pairs]


@family.command(
    "BZPOPMIN",
    args=(2, ANY),
    flags=WRITE | NOSCRIPT | BLOCKING | FAST,
    keys=Keys(1, -2, 1),
    summary="Removes the lowest member of the first sorted set there is; returns key, member and score. May wait.",
    syntax="key [key ...] timeout",
    since="5.0.0",
)
def bzpopmin(session: Session, args: Args) -> Reply:
    return pop_or_wait(session, args, False)


@family.command(
    "BZPOPMAX",
    args=(2, ANY),
    flags=WRITE | NOSCRIPT | BLOCKING | FAST,
    keys=Keys(1, -2, 1),
    summary="Removes the highest member of the first sorted set there is; returns key, member and score. May wait.",
    syntax="key [key ...] timeout",
    since="5.0.0",
)
def bzpopmax(session: Session, args: Args) -> Reply:
    return pop_or_wait(session, args, True)


def pop_or_wait(session: Session, args: Args, from_the_top: bool) -> Reply:
    keys = args.rest()
    deadline = deadline_after(session, keys.pop())
    key = ready_key(session, keys, ZSET)
    if key is None:
        return wait_for(session, keys, deadline, NULL_ARRAY)
    popped = pop_some(session, key, 1, from_the_top)
    tell(session, key, from_the_top)
    session.effect([name_of_pop(from_the_top), key])
    return [key, popped[0][0], popped[0][1]]


def name_of_pop(from_the_top: bool) -> bytes:
    return b"ZPOPMAX" if from_the_top else b"ZPOPMIN"


def tell(session: Session, key: bytes, from_the_top: bool) -> None:
    """Say which event it was, of those whose name does not say it."""
    session.event(ZSET_EVENT, b"zpopmax" if from_the_top else b"zpopmin", key)
