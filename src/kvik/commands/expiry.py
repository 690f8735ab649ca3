"""Commands on the time keys have to live: the EXPIRE and TTL families and PERSIST.

The journal hears of moments, never of spans: a time to live becomes PEXPIREAT, or DEL where the
moment has passed already, as Redis propagates it.
"""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.dying import CONDITIONS, GT, LT, MILLISECOND, NO_DEADLINE, NX, SECOND, is_allowed, key_dying
from kvik.commands.family import Family
from kvik.declaration import ANY, FAST, FIRST, READONLY, WRITE
from kvik.errors import ReplyError, printed
from kvik.events import GENERIC
from kvik.numbers import INTEGER_MAX, INTEGER_MIN
from kvik.replies import Reply
from kvik.session import Session

family = Family("generic")

CHANGE: Final = WRITE | FAST
LOOK: Final = READONLY | FAST

NO_KEY: Final = -2


# Setting


@family.command(
    "EXPIRE",
    args=(2, ANY),
    flags=CHANGE,
    keys=FIRST,
    summary="Sets the time to live of a key in seconds.",
    syntax="key seconds [NX | XX | GT | LT]",
    event="expire",
)
def expire(session: Session, args: Args) -> Reply:
    return expire_at(session, args, "expire", session.services.clock.now, SECOND)


@family.command(
    "PEXPIRE",
    args=(2, ANY),
    flags=CHANGE,
    keys=FIRST,
    summary="Sets the time to live of a key in milliseconds.",
    syntax="key milliseconds [NX | XX | GT | LT]",
    since="2.6.0",
    event="expire",
)
def pexpire(session: Session, args: Args) -> Reply:
    return expire_at(session, args, "pexpire", session.services.clock.now, MILLISECOND)


@family.command(
    "EXPIREAT",
    args=(2, ANY),
    flags=CHANGE,
    keys=FIRST,
    summary="Sets when a key expires, in seconds since 1970.",
    syntax="key unix-time-seconds [NX | XX | GT | LT]",
    since="1.2.0",
    event="expire",
)
def expireat(session: Session, args: Args) -> Reply:
    return expire_at(session, args, "expireat", 0, SECOND)


@family.command(
    "PEXPIREAT",
    args=(2, ANY),
    flags=CHANGE,
    keys=FIRST,
    summary="Sets when a key expires, in milliseconds since 1970.",
    syntax="key unix-time-milliseconds [NX | XX | GT | LT]",
    since="2.6.0",
    event="expire",
)
def pexpireat(session: Session, args: Args) -> Reply:
    return expire_at(session, args, "pexpireat", 0, MILLISECOND)


def expire_at(session: Session, args: Args, name: str, base: int, unit: int) -> Reply:
    """Give the key a deadline `base` + the amount of `unit` milliseconds that the arguments name."""
    key = args.key()
    amount_at = args.position
    args.next()
    conditions = read_conditions(args)
    args.position = amount_at
    moment = moment_in_range(args.integer(), name, base, unit)
    if not session.keys.contains(key) or not is_allowed(conditions, session.keys.deadline(key), moment):
        return 0
    session.keys.set_deadline(key, moment)
    if session.keys.contains(key):
        session.effect(key_dying(key, moment))
    else:
        session.effect([b"DEL", key])
        session.event(GENERIC, b"del", key)
    return 1


def read_conditions(args: Args) -> int:
    """Read all words that are left; return the conditions they set."""
    conditions = 0
    while args.more():
        word = args.next()
        flag = condition_named(word.upper())
        if flag == 0:
            raise ReplyError("ERR", f"Unsupported option {printed(word)}")
        conditions |= flag
    if conditions & NX and conditions != NX:
        raise ReplyError("ERR", "NX and XX, GT or LT options at the same time are not compatible")
    if conditions & GT and conditions & LT:
        raise ReplyError("ERR", "GT and LT options at the same time are not compatible")
    return conditions


def condition_named(name: bytes) -> int:
    for known, flag in CONDITIONS:
        if known == name:
            return flag
    return 0


def moment_in_range(amount: int, name: str, base: int, unit: int) -> int:
    """Return the moment in milliseconds. Raises where Redis' 64-bit arithmetic would overflow."""
    moment = amount * unit
    if moment > INTEGER_MAX - base or moment < INTEGER_MIN:
        raise ReplyError("ERR", f"invalid expire time in '{name}' command")
    return moment + base


@family.command(
    "PERSIST",
    args=(1, 1),
    flags=CHANGE,
    keys=FIRST,
    summary="Removes the time to live of a key.",
    syntax="key",
    since="2.2.0",
)
def persist(session: Session, args: Args) -> Reply:
    return 1 if session.keys.clear_deadline(args.key()) else 0


# Asking


@family.command(
    "TTL", args=(1, 1), flags=LOOK, keys=FIRST, summary="Returns the time to live of a key in seconds.", syntax="key"
)
def ttl(session: Session, args: Args) -> Reply:
    return in_seconds(time_left(session, args))


@family.command(
    "PTTL",
    args=(1, 1),
    flags=LOOK,
    keys=FIRST,
    summary="Returns the time to live of a key in milliseconds.",
    syntax="key",
    since="2.6.0",
)
def pttl(session: Session, args: Args) -> Reply:
    return time_left(session, args)


@family.command(
    "EXPIRETIME",
    args=(1, 1),
    flags=LOOK,
    keys=FIRST,
    summary="Returns when a key expires, in seconds since 1970.",
    syntax="key",
    since="7.0.0",
)
def expiretime(session: Session, args: Args) -> Reply:
    return in_seconds(death(session, args))


@family.command(
    "PEXPIRETIME",
    args=(1, 1),
    flags=LOOK,
    keys=FIRST,
    summary="Returns when a key expires, in milliseconds since 1970.",
    syntax="key",
    since="7.0.0",
)
def pexpiretime(session: Session, args: Args) -> Reply:
    return death(session, args)


def death(session: Session, args: Args) -> int:
    """Return when the key dies in milliseconds, NO_DEADLINE or NO_KEY."""
    key = args.key()
    if session.keys.look(key) is None:
        return NO_KEY
    deadline = session.keys.deadline(key)
    return NO_DEADLINE if deadline is None else deadline


def time_left(session: Session, args: Args) -> int:
    moment = death(session, args)
    return moment if moment < 0 else max(moment - session.services.clock.now, 0)


def in_seconds(milliseconds: int) -> int:
    """Round to whole seconds as Redis does; NO_KEY and NO_DEADLINE stay what they are."""
    return milliseconds if milliseconds < 0 else (milliseconds + 500) // 1000
