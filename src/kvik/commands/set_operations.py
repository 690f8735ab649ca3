"""Intersections, unions and differences of sets."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.results import store_result
from kvik.declaration import ALL, ANY, COUNTED, DENYOOM, MOVABLE_KEYS, READONLY, WRITE
from kvik.errors import ReplyError, syntax_error
from kvik.replies import Reply, Set
from kvik.session import Session
from kvik.store.keyspace import Keyspace
from kvik.store.set_value import SetValue, set_at, set_of

family = Family("set")

STORING: Final = WRITE | DENYOOM
KEYS_SYNTAX: Final = "key [key ...]"
STORE_SYNTAX: Final = "destination key [key ...]"

INTERSECTION: Final = 0
UNION: Final = 1
DIFFERENCE: Final = 2


def sets_at(space: Keyspace, keys: list[bytes]) -> list[SetValue | None]:
    """Return the sets at `keys`. Raises WRONGTYPE if any of them is of another kind, as Redis looks at all first."""
    return [set_at(space, key) for key in keys]


def combined(operation: int, sets: list[SetValue | None]) -> list[bytes]:
    """Return the members of the combination; a set that is missing is empty."""
    if operation == INTERSECTION:
        return intersection(sets, 0)
    if operation == UNION:
        return union(sets)
    return difference(sets)


def intersection(sets: list[SetValue | None], limit: int) -> list[bytes]:
    """Return what is in all of them, at most `limit` (0: all): a test in the others per member of the smallest."""
    present: list[SetValue] = []
    for each in sets:
        if each is None:
            return []
        present.append(each)
    present.sort(key=len)
    found: list[bytes] = []
    others = present[1:]
    for member in present[0].members():
        if is_in_all(member, others):
            found.append(member)
            if len(found) == limit:
                break
    return found


def is_in_all(member: bytes, sets: list[SetValue]) -> bool:
    return all(each.contains(member) for each in sets)


def union(sets: list[SetValue | None]) -> list[bytes]:
    found: dict[bytes, None] = {}
    for each in sets:
        if each is not None:
            for member in each.members():
                found[member] = None
    return list(found)


def difference(sets: list[SetValue | None]) -> list[bytes]:
    """Return what is in the first and in no other: a test per member of the first, or of the smaller others."""
    first = sets[0]
    if first is None:
        return []
    others = [each for each in sets[1:] if each is not None]
    if first in others:
        return []
    if len(first) * len(others) <= sum([len(each) for each in others]):
        return [member for member in first.members() if not is_in_any(member, others)]
    left = dict.fromkeys(first.members())
    for each in others:
        for member in each.members():
            left.pop(member, None)
    return list(left)


def is_in_any(member: bytes, sets: list[SetValue]) -> bool:
    return any(each.contains(member) for each in sets)


def store(session: Session, args: Args, operation: int) -> Reply:
    """Put the combination at the destination; return how many members it has."""
    destination = args.key()
    return store_result(session, destination, set_of(combined(operation, sets_at(session.keys, args.rest()))))


@family.command(
    "SINTER",
    args=(1, ANY),
    flags=READONLY,
    keys=ALL,
    summary="Returns the intersection of sets.",
    syntax=KEYS_SYNTAX,
)
def sinter(session: Session, args: Args) -> Reply:
    return Set(combined(INTERSECTION, sets_at(session.keys, args.rest())))


@family.command(
    "SINTERSTORE",
    args=(2, ANY),
    flags=STORING,
    keys=ALL,
    summary="Stores the intersection of sets in a key.",
    syntax=STORE_SYNTAX,
)
def sinterstore(session: Session, args: Args) -> Reply:
    return store(session, args, INTERSECTION)


@family.command(
    "SINTERCARD",
    args=(2, ANY),
    flags=READONLY | MOVABLE_KEYS,
    keys=COUNTED,
    summary="Returns the number of members of the intersection of sets.",
    syntax="numkeys key [key ...] [LIMIT limit]",
    since="7.0.0",
)
def sintercard(session: Session, args: Args) -> Reply:
    keys = counted_keys(args)
    limit = 0
    while args.more():
        if args.left() < 2 or not args.option(b"LIMIT"):
            raise syntax_error()
        limit = args.at_least(0, "LIMIT can't be negative")
    return len(intersection(sets_at(session.keys, keys), limit))


def counted_keys(args: Args) -> list[bytes]:
    count = args.at_least(1, "numkeys should be greater than 0")
    if count > args.left():
        raise ReplyError("ERR", "Number of keys can't be greater than number of args")
    return args.keys(count)


@family.command(
    "SUNION",
    args=(1, ANY),
    flags=READONLY,
    keys=ALL,
    summary="Returns the union of sets.",
    syntax=KEYS_SYNTAX,
)
def sunion(session: Session, args: Args) -> Reply:
    return Set(combined(UNION, sets_at(session.keys, args.rest())))


@family.command(
    "SUNIONSTORE",
    args=(2, ANY),
    flags=STORING,
    keys=ALL,
    summary="Stores the union of sets in a key.",
    syntax=STORE_SYNTAX,
)
def sunionstore(session: Session, args: Args) -> Reply:
    return store(session, args, UNION)


@family.command(
    "SDIFF",
    args=(1, ANY),
    flags=READONLY,
    keys=ALL,
    summary="Returns the difference of the first set and the others.",
    syntax=KEYS_SYNTAX,
)
def sdiff(session: Session, args: Args) -> Reply:
    return Set(combined(DIFFERENCE, sets_at(session.keys, args.rest())))


@family.command(
    "SDIFFSTORE",
    args=(2, ANY),
    flags=STORING,
    keys=ALL,
    summary="Stores the difference of the first set and the others in a key.",
    syntax=STORE_SYNTAX,
)
def sdiffstore(session: Session, args: Args) -> Reply:
    return store(session, args, DIFFERENCE)
