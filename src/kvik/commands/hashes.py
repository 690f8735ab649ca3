"""Hashes: fields with a value each behind one key. Knows what commands say of them, not how they are kept."""

from collections.abc import Iterator
from typing import Final

from kvik.commands.args import Args
from kvik.commands.dying import fields_dying, key_dying
from kvik.commands.family import Family
from kvik.commands.sampling import chosen, count_argument, pairs_option
from kvik.commands.scan_options import ScanOptions, cursor_argument
from kvik.declaration import ANY, DENYOOM, FAST, FIRST, READONLY, WRITE
from kvik.errors import ReplyError, wrong_arity
from kvik.long_double import parse_long_double
from kvik.numbers import INTEGER_MAX, INTEGER_MIN, decimal, parse_integer
from kvik.replies import OK, Map, Pairs, Reply
from kvik.session import Session
from kvik.store.container import HASH
from kvik.store.hash_value import HashValue, hash_at, hash_to_edit
from kvik.store.value import Value

family = Family("hash")

SETTING: Final = WRITE | DENYOOM | FAST
READING: Final = READONLY | FAST
REBUILT_FIELDS: Final = 64
"""How many fields one command makes again."""


@family.rebuilds(HASH)
def rebuild(key: bytes, value: Value, deadline: int) -> Iterator[list[bytes]]:
    assert isinstance(value, HashValue)
    for page in value.pages():
        for start in range(0, len(page), 2 * REBUILT_FIELDS):
            yield [b"HSET", key, *page[start : start + 2 * REBUILT_FIELDS]]
        for moment, names in value.deadlines_of(page[::2]).items():
            for start in range(0, len(names), REBUILT_FIELDS):
                yield fields_dying(key, moment, names[start : start + REBUILT_FIELDS])
    if deadline >= 0:
        yield key_dying(key, deadline)


# Setting


@family.command(
    "HSET",
    args=(3, ANY),
    flags=SETTING,
    keys=FIRST,
    summary="Sets the values of one or more fields of a hash and returns how many are new.",
    syntax="key field value [field value ...]",
    since="2.0.0",
)
def hset(session: Session, args: Args) -> Reply:
    return set_all(session, args, "hset")


@family.command(
    "HMSET",
    args=(3, ANY),
    flags=SETTING,
    keys=FIRST,
    summary="Sets the values of multiple fields of a hash.",
    syntax="key field value [field value ...]",
    since="2.0.0",
    event="hset",
)
def hmset(session: Session, args: Args) -> Reply:
    set_all(session, args, "hmset")
    return OK


def set_all(session: Session, args: Args, command: str) -> int:
    """Set fields and values to the end of the arguments; return how many fields are new."""
    key = args.key()
    if args.left() % 2:
        raise wrong_arity(command)
    fields = hash_to_edit(session.keys, key)
    if fields is None:
        fields = HashValue()
    created = 0
    while args.more():
        if fields.set(args.next(), args.next()):
            created += 1
    session.keys.edited(key, fields)
    return created


@family.command(
    "HSETNX",
    args=(3, 3),
    flags=SETTING,
    keys=FIRST,
    summary="Sets the value of a field of a hash only where the field is not there.",
    syntax="key field value",
    since="2.0.0",
    event="hset",
)
def hsetnx(session: Session, args: Args) -> Reply:
    key, field = args.key(), args.next()
    fields = hash_to_edit(session.keys, key)
    if fields is None:
        fields = HashValue()
    elif fields.get(field) is not None:
        return 0
    fields.set(field, args.next())
    session.keys.edited(key, fields)
    return 1


@family.command(
    "HDEL",
    args=(2, ANY),
    flags=WRITE | FAST,
    keys=FIRST,
    summary="Deletes fields of a hash and returns how many were there; a hash without fields goes.",
    syntax="key field [field ...]",
    since="2.0.0",
)
def hdel(session: Session, args: Args) -> Reply:
    key = args.key()
    fields = hash_to_edit(session.keys, key)
    if fields is None:
        return 0
    deleted = 0
    while args.more() and len(fields) > 0:
        if fields.delete(args.next()):
            deleted += 1
    if deleted:
        session.keys.edited(key, fields)
    return deleted


# Counting


@family.command(
    "HINCRBY",
    args=(3, 3),
    flags=SETTING,
    keys=FIRST,
    summary="Adds an integer to the one in a field, 0 where there is none, and returns the sum.",
    syntax="key field increment",
    since="2.0.0",
)
def hincrby(session: Session, args: Args) -> Reply:
    key, field = args.key(), args.next()
    amount = args.integer()
    fields = hash_to_edit(session.keys, key)
    if fields is None:
        fields = HashValue()
    before = fields.get(field)
    number = 0 if before is None else parse_integer(before)
    if number is None:
        raise ReplyError("ERR", "hash value is not an integer")
    total = number + amount
    if total > INTEGER_MAX or total < INTEGER_MIN:
        raise ReplyError("ERR", "increment or decrement would overflow")
    fields.replace(field, decimal(total))
    session.keys.edited(key, fields)
    return total


@family.command(
    "HINCRBYFLOAT",
    args=(3, 3),
    flags=SETTING,
    keys=FIRST,
    summary="Adds a number to the one in a field, 0 where there is none, and returns the sum.",
    syntax="key field increment",
    since="2.6.0",
)
def hincrbyfloat(session: Session, args: Args) -> Reply:
    key, field = args.key(), args.next()
    amount = args.long_double()
    if amount.is_infinite:
        raise ReplyError("ERR", "value is NaN or Infinity")
    fields = hash_to_edit(session.keys, key)
    if fields is None:
        fields = HashValue()
    before = fields.get(field)
    number = parse_long_double(b"0" if before is None else before)
    if number is None:
        raise ReplyError("ERR", "hash value is not a float")
    total = number.plus(amount)
    if total is None:
        raise ReplyError("ERR", "increment would produce NaN or Infinity")
    value = total.text()
    fields.replace(field, value)
    session.keys.edited(key, fields)
    session.effect([b"HSET", key, field, value])
    moment = fields.deadline(field)
    if moment >= 0:
        session.effect(fields_dying(key, moment, [field]))
    return value


# Reading


@family.command(
    "HGET",
    args=(2, 2),
    flags=READING,
    keys=FIRST,
    summary="Returns the value of a field of a hash.",
    syntax="key field",
    since="2.0.0",
)
def hget(session: Session, args: Args) -> Reply:
    fields = hash_at(session.keys, args.key())
    return None if fields is None else fields.get(args.next())


@family.command(
    "HMGET",
    args=(2, ANY),
    flags=READING,
    keys=FIRST,
    summary="Returns the values of fields of a hash, null for each that is not there.",
    syntax="key field [field ...]",
    since="2.0.0",
)
def hmget(session: Session, args: Args) -> Reply:
    fields = hash_at(session.keys, args.key())
    found: list[Reply] = []
    while args.more():
        field = args.next()
        found.append(None if fields is None else fields.get(field))
    return found


@family.command(
    "HGETALL",
    args=(1, 1),
    flags=READONLY,
    keys=FIRST,
    summary="Returns all fields and values of a hash.",
    syntax="key",
    since="2.0.0",
)
def hgetall(session: Session, args: Args) -> Reply:
    fields = hash_at(session.keys, args.key())
    return Map([] if fields is None else pairs_of(fields.flat()))


def pairs_of(flat: list[bytes]) -> list[tuple[Reply, Reply]]:
    return [(flat[index], flat[index + 1]) for index in range(0, len(flat), 2)]


@family.command(
    "HKEYS",
    args=(1, 1),
    flags=READONLY,
    keys=FIRST,
    summary="Returns all fields of a hash.",
    syntax="key",
    since="2.0.0",
)
def hkeys(session: Session, args: Args) -> Reply:
    fields = hash_at(session.keys, args.key())
    return [] if fields is None else fields.fields()


@family.command(
    "HVALS",
    args=(1, 1),
    flags=READONLY,
    keys=FIRST,
    summary="Returns all values of a hash.",
    syntax="key",
    since="2.0.0",
)
def hvals(session: Session, args: Args) -> Reply:
    fields = hash_at(session.keys, args.key())
    return [] if fields is None else fields.values()


@family.command(
    "HLEN",
    args=(1, 1),
    flags=READING,
    keys=FIRST,
    summary="Returns how many fields a hash has.",
    syntax="key",
    since="2.0.0",
)
def hlen(session: Session, args: Args) -> Reply:
    fields = hash_at(session.keys, args.key())
    return 0 if fields is None else len(fields)


@family.command(
    "HSTRLEN",
    args=(2, 2),
    flags=READING,
    keys=FIRST,
    summary="Returns the length of the value of a field.",
    syntax="key field",
    since="3.2.0",
)
def hstrlen(session: Session, args: Args) -> Reply:
    fields = hash_at(session.keys, args.key())
    value = None if fields is None else fields.get(args.next())
    return 0 if value is None else len(value)


@family.command(
    "HEXISTS",
    args=(2, 2),
    flags=READING,
    keys=FIRST,
    summary="Determines whether a field exists in a hash.",
    syntax="key field",
    since="2.0.0",
)
def hexists(session: Session, args: Args) -> Reply:
    fields = hash_at(session.keys, args.key())
    return int(fields is not None and fields.get(args.next()) is not None)


@family.command(
    "HSCAN",
    args=(2, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Iterates over the fields and values of a hash.",
    syntax="key cursor [MATCH pattern] [COUNT count] [NOVALUES]",
    since="2.8.0",
)
def hscan(session: Session, args: Args) -> Reply:
    key = args.key()
    cursor = cursor_argument(args)
    fields = hash_at(session.keys, key)
    if fields is None:
        return [b"0", []]
    options = ScanOptions()
    options.read(args, takes_novalues=True)
    after, names = fields.scan(cursor, options.count)
    found: list[Reply] = []
    for field in options.matching(names):
        found.append(field)
        if options.has_values:
            found.append(fields.get(field))
    return [b"%d" % after, found]


@family.command(
    "HRANDFIELD",
    args=(1, ANY),
    flags=READONLY,
    keys=FIRST,
    summary="Returns one or more random fields of a hash.",
    syntax="key [count [WITHVALUES]]",
    since="6.2.0",
)
def hrandfield(session: Session, args: Args) -> Reply:
    key = args.key()
    random = session.services.random
    if not args.more():
        fields = hash_at(session.keys, key)
        return None if fields is None else fields.random(random)
    count = count_argument(args)
    has_values = pairs_option(args, b"WITHVALUES", count)
    fields = hash_at(session.keys, key)
    if fields is None:
        return []
    names = fields.fields_at(chosen(random, len(fields), count))
    return Pairs([(name, fields.get(name)) for name in names]) if has_values else names
