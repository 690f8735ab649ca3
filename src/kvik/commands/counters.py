"""Strings that count: INCR and its relatives. A counter is kept as a bare int, so that counting does not parse."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.declaration import DENYOOM, FAST, FIRST, WRITE
from kvik.errors import ReplyError, not_a_float, not_an_integer
from kvik.long_double import parse_long_double
from kvik.numbers import INTEGER_MAX, INTEGER_MIN, parse_integer
from kvik.replies import Reply
from kvik.session import Session
from kvik.store.value import StringValue, Value, as_bytes

family = Family("string")

COUNTING: Final = WRITE | DENYOOM | FAST

# Up to here compiled code compares integers in one step; those near 2**63 are objects to it.
NEAR: Final = 1 << 60


def count(session: Session, key: bytes, amount: int) -> Reply:
    """Add `amount` to the integer at `key`, 0 where there is none, and return the sum."""
    keys = session.keys
    value = keys.find(key)
    total = amount if value is None else integer_in(value) + amount
    if total > NEAR or total < -NEAR:
        check_range(total)
    counter = as_value(total)
    keys.replace(key, counter)
    return counter


def check_range(total: int) -> None:
    """Refuse a sum that does not fit 64 bits."""
    if total > INTEGER_MAX or total < INTEGER_MIN:
        raise ReplyError("ERR", "increment or decrement would overflow")


def as_value(number: int) -> StringValue:
    """Return the integer as one object, so that compiled code makes one for store and answer together."""
    return number


def integer_in(value: Value) -> int:
    """Return the 64-bit integer a value holds. Raises WRONGTYPE, or Redis' error for another string."""
    if isinstance(value, int):
        return value
    number = parse_integer(as_bytes(value))
    if number is None:
        raise not_an_integer()
    return number


@family.command(
    "INCR",
    args=(1, 1),
    flags=COUNTING,
    keys=FIRST,
    summary="Adds one to the integer at a key, 0 where there is none, and returns the sum.",
    syntax="key",
    event="incrby",
)
def incr(session: Session, args: Args) -> Reply:
    return count(session, args.key(), 1)


@family.command(
    "DECR",
    args=(1, 1),
    flags=COUNTING,
    keys=FIRST,
    summary="Takes one from the integer at a key, 0 where there is none, and returns what is left.",
    syntax="key",
    event="incrby",
)
def decr(session: Session, args: Args) -> Reply:
    return count(session, args.key(), -1)


@family.command(
    "INCRBY",
    args=(2, 2),
    flags=COUNTING,
    keys=FIRST,
    summary="Adds a number to the integer at a key, 0 where there is none, and returns the sum.",
    syntax="key increment",
)
def incrby(session: Session, args: Args) -> Reply:
    key = args.key()
    return count(session, key, args.integer())


@family.command(
    "DECRBY",
    args=(2, 2),
    flags=COUNTING,
    keys=FIRST,
    summary="Takes a number from the integer at a key, 0 where there is none, and returns what is left.",
    syntax="key decrement",
    event="incrby",
)
def decrby(session: Session, args: Args) -> Reply:
    key = args.key()
    amount = args.integer()
    if amount == INTEGER_MIN:
        raise ReplyError("ERR", "decrement would overflow")
    return count(session, key, -amount)


@family.command(
    "INCRBYFLOAT",
    args=(2, 2),
    flags=COUNTING,
    keys=FIRST,
    summary="Adds a number to the one at a key, 0 where there is none, and returns the sum.",
    syntax="key increment",
    since="2.6.0",
)
def incrbyfloat(session: Session, args: Args) -> Reply:
    key = args.key()
    before = session.keys.find(key)
    number = parse_long_double(b"0" if before is None else as_bytes(before))
    if number is None:
        raise not_a_float()
    total = number.plus(args.long_double())
    if total is None:
        raise ReplyError("ERR", "increment would produce NaN or Infinity")
    value = total.text()
    session.keys.replace(key, value)
    session.effect([b"SET", key, value, b"KEEPTTL"])
    return value
