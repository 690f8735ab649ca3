"""Sets: members, each once, behind one key. Knows what commands say of them, not how they are kept."""

from collections.abc import Iterator
from typing import Final

from kvik.commands.args import Args
from kvik.commands.dying import key_dying
from kvik.commands.family import Family
from kvik.commands.sampling import chosen, count_argument
from kvik.commands.scan_options import ScanOptions, cursor_argument
from kvik.declaration import ANY, DENYOOM, FAST, FIRST, FIRST_TWO, READONLY, WRITE
from kvik.errors import syntax_error
from kvik.events import SET as SET_EVENT
from kvik.replies import Reply, Set
from kvik.session import Session
from kvik.store.container import SET
from kvik.store.set_value import SetValue, set_at, set_to_edit
from kvik.store.value import Value

family = Family("set")

READING: Final = READONLY | FAST
REBUILT_MEMBERS: Final = 128
"""How many members one command makes again."""


@family.rebuilds(SET)
def rebuild(key: bytes, value: Value, deadline: int) -> Iterator[list[bytes]]:
    assert isinstance(value, SetValue)
    for page in value.pages():
        for start in range(0, len(page), REBUILT_MEMBERS):
            yield [b"SADD", key, *page[start : start + REBUILT_MEMBERS]]
    if deadline >= 0:
        yield key_dying(key, deadline)


# Changing


@family.command(
    "SADD",
    args=(2, ANY),
    flags=WRITE | DENYOOM | FAST,
    keys=FIRST,
    summary="Adds members to a set and returns how many are new.",
    syntax="key member [member ...]",
)
def sadd(session: Session, args: Args) -> Reply:
    key = args.key()
    members = set_to_edit(session.keys, key)
    if members is None:
        members = SetValue()
    added = 0
    while args.more():
        if members.add(args.next()):
            added += 1
    if added:
        session.keys.edited(key, members)
    return added


@family.command(
    "SREM",
    args=(2, ANY),
    flags=WRITE | FAST,
    keys=FIRST,
    summary="Removes members of a set and returns how many were there; a set without members goes.",
    syntax="key member [member ...]",
)
def srem(session: Session, args: Args) -> Reply:
    key = args.key()
    members = set_to_edit(session.keys, key)
    if members is None:
        return 0
    removed = 0
    while args.more() and len(members) > 0:
        if members.remove(args.next()):
            removed += 1
    if removed:
        session.keys.edited(key, members)
    return removed


@family.command(
    "SMOVE",
    args=(3, 3),
    flags=WRITE | FAST,
    keys=FIRST_TWO,
    summary="Moves a member from one set to another.",
    syntax="source destination member",
)
def smove(session: Session, args: Args) -> Reply:
    source, destination, member = args.key(), args.key(), args.next()
    here = set_to_edit(session.keys, source)
    if here is None:
        return 0
    there = set_to_edit(session.keys, destination)
    if here is there:
        return int(here.contains(member))
    if not here.remove(member):
        return 0
    session.keys.edited(source, here)
    session.event(SET_EVENT, b"srem", source)
    if there is None:
        there = SetValue()
    if there.add(member):
        session.keys.edited(destination, there)
        session.event(SET_EVENT, b"sadd", destination)
    return 1


@family.command(
    "SPOP",
    args=(1, ANY),
    flags=WRITE | FAST,
    keys=FIRST,
    summary="Removes and returns one or more random members of a set.",
    syntax="key [count]",
)
def spop(session: Session, args: Args) -> Reply:
    key = args.key()
    count = 1
    is_counted = args.more()
    if is_counted:
        if args.left() > 1:
            raise syntax_error()
        count = args.at_least(0, "value is out of range, must be positive")
    members = set_to_edit(session.keys, key)
    if members is None:
        return Set([]) if is_counted else None
    if not is_counted:
        return pop_one(session, key, members)
    taken = members.members_at(chosen(session.services.random, len(members), count))
    if taken:
        for member in taken:
            members.remove(member)
        session.effect([b"SREM", key, *taken])
        session.keys.edited(key, members)
    return Set(taken)


def pop_one(session: Session, key: bytes, members: SetValue) -> bytes:
    member = members.random(session.services.random)
    members.remove(member)
    session.effect([b"SREM", key, member])
    session.keys.edited(key, members)
    return member


# Reading


@family.command(
    "SISMEMBER",
    args=(2, 2),
    flags=READING,
    keys=FIRST,
    summary="Determines whether a member belongs to a set.",
    syntax="key member",
)
def sismember(session: Session, args: Args) -> Reply:
    members = set_at(session.keys, args.key())
    return int(members is not None and members.contains(args.next()))


@family.command(
    "SMISMEMBER",
    args=(2, ANY),
    flags=READING,
    keys=FIRST,
    summary="Determines whether multiple members belong to a set.",
    syntax="key member [member ...]",
    since="6.2.0",
)
def smismember(session: Session, args: Args) -> Reply:
    members = set_at(session.keys, args.key())
    found: list[Reply] = []
    for member in args.rest():
        found.append(int(members is not None and members.contains(member)))
    return found


@family.command(
    "SCARD",
    args=(1, 1),
    flags=READING,
    keys=FIRST,
    summary="Returns the number of members in a set.",
    syntax="key",
)
def scard(session: Session, args: Args) -> Reply:
    members = set_at(session.keys, args.key())
    return 0 if members is None else len(members)


@family.command(
    "SMEMBERS",
    args=(1, 1),
    flags=READONLY,
    keys=FIRST,
    summary="Returns all members of a set.",
    syntax="key",
)
def smembers(session: Session, args: Args) -> Reply:
    members = set_at(session.keys, args.key())
    return Set([] if members is None else members.members())


@family.command(
    "SRANDMEMBER",
    args=(1, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns one or more random members of a set.",
    syntax="key [count]",
)
def srandmember(session: Session, args: Args) -> Reply:
    key = args.key()
    random = session.services.random
    if not args.more():
        members = set_at(session.keys, key)
        return None if members is None else members.random(random)
    if args.left() > 1:
        raise syntax_error()
    count = count_argument(args)
    members = set_at(session.keys, key)
    return [] if members is None else members.members_at(chosen(random, len(members), count))


@family.command(
    "SSCAN",
    args=(2, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Iterates over the members of a set.",
    syntax="key cursor [MATCH pattern] [COUNT count]",
    since="2.8.0",
)
def sscan(session: Session, args: Args) -> Reply:
    key = args.key()
    cursor = cursor_argument(args)
    members = set_at(session.keys, key)
    if members is None:
        return [b"0", []]
    options = ScanOptions()
    options.read(args)
    after, found = members.scan(cursor, options.count)
    return [b"%d" % after, options.matching(found)]
