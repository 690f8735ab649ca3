"""Setting, reading and taking whole strings. Knows how SET's options combine, not how a value is kept."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.dying import key_dying
from kvik.commands.family import Family
from kvik.declaration import (
    ALL,
    ANY,
    COUNTED_PAIRS,
    DENYOOM,
    EVERY_SECOND,
    FAST,
    FIRST,
    MOVABLE_KEYS,
    READONLY,
    WRITE,
)
from kvik.errors import ReplyError, not_an_integer, syntax_error, wrong_arity
from kvik.events import EXPIRED, GENERIC
from kvik.events import STRING as STRING_EVENT
from kvik.numbers import INTEGER_MAX, decimal, parse_integer
from kvik.replies import OK, Reply, Stored
from kvik.session import Session
from kvik.store.container import STRING
from kvik.store.value import Value, as_bytes, kind_of

family = Family("string")

SECONDS: Final = b"EX"
MILLISECONDS: Final = b"PX"
SECONDS_SINCE_1970: Final = b"EXAT"
MILLISECONDS_SINCE_1970: Final = b"PXAT"
COUNT_MAX: Final = (1 << 31) - 1


class Lifetime:
    """How long a key shall live, as EX, PX, EXAT and PXAT say it. Nothing is said while `unit` is empty."""

    def __init__(self, unit: bytes = b"", amount: bytes = b"") -> None:
        self.unit = unit
        self.amount = amount

    def reads(self, word: bytes, args: Args) -> bool:
        """Take `word` (upper case) and the amount behind it; False if it is no unit, or a second one.

        As in Redis, the same unit may be said again: the last amount counts.
        """
        if word != SECONDS and word != MILLISECONDS and word != SECONDS_SINCE_1970 and word != MILLISECONDS_SINCE_1970:
            return False
        if self.unit and self.unit != word:
            return False
        self.unit = word
        self.amount = args.next()
        return True

    def deadline(self, now: int, command: str) -> int:
        """Return the deadline in milliseconds since 1970. Raises where Redis finds the amount invalid."""
        number = parse_integer(self.amount)
        if number is None:
            raise not_an_integer()
        deadline = number
        if self.unit == SECONDS or self.unit == SECONDS_SINCE_1970:
            deadline *= 1000
        if self.unit == SECONDS or self.unit == MILLISECONDS:
            deadline += now
        if number <= 0 or deadline > INTEGER_MAX:
            raise ReplyError("ERR", f"invalid expire time in '{command}' command")
        return deadline


class SetOptions:
    """What SET was asked besides storing a value."""

    def __init__(self) -> None:
        self.lifetime: Final = Lifetime()
        self.only_if_missing = False
        self.only_if_present = False
        self.compares = False
        self.only_if_equal = False
        self.other = b""
        self.returns_old = False
        self.keeps_deadline = False

    def read(self, args: Args) -> None:
        """Read all options. Raises Redis' syntax error for unknown ones and for those that exclude each other."""
        while args.more():
            word = args.next().upper()
            if word == b"NX" and not self.only_if_present and not self.compares:
                self.only_if_missing = True
            elif word == b"XX" and not self.only_if_missing and not self.compares:
                self.only_if_present = True
            elif (word == b"IFEQ" or word == b"IFNE") and not self._has_condition():
                self.compares = True
                self.only_if_equal = word == b"IFEQ"
                self.other = args.next()
            elif word == b"GET":
                self.returns_old = True
            elif word == b"KEEPTTL" and not self.lifetime.unit:
                self.keeps_deadline = True
            elif self.keeps_deadline or not self.lifetime.reads(word, args):
                raise syntax_error()

    def forbid(self, is_there: bool, old: bytes | None) -> bool:
        """Return whether a condition forbids to set a key that is there, or is not, with this value."""
        if self.compares:
            return (old == self.other) != self.only_if_equal
        return self.only_if_missing if is_there else self.only_if_present

    def _has_condition(self) -> bool:
        return self.only_if_missing or self.only_if_present or self.compares


@family.rebuilds(STRING)
def rebuild(key: bytes, value: Value, deadline: int) -> list[list[bytes]]:
    if deadline < 0:
        return [[b"SET", key, as_bytes(value)]]
    return [set_until(key, as_bytes(value), deadline)]


def set_until(key: bytes, value: bytes, deadline: int) -> list[bytes]:
    """Return the command that sets a key which dies at `deadline`, in milliseconds since 1970."""
    return [b"SET", key, value, b"PXAT", decimal(deadline)]


@family.command(
    "SET",
    args=(2, ANY),
    flags=WRITE | DENYOOM,
    keys=FIRST,
    summary="Sets the string value of a key; the key is created where there is none.",
    syntax="key value [NX | XX | IFEQ comparison-value | IFNE comparison-value] [GET] "
    "[EX seconds | PX milliseconds | EXAT unix-seconds | PXAT unix-ms | KEEPTTL]",
)
def set_(session: Session, args: Args) -> Reply:
    key = args.key()
    value = args.next()
    if args.more():
        options = SetOptions()
        options.read(args)
        return set_with_options(session, key, value, options)
    session.keys.put(key, value)
    # Only there the stored value is of interest; an answer object for each SET costs a tenth of it.
    return Stored(value) if session.is_executing else OK


def set_with_options(session: Session, key: bytes, value: bytes, options: SetOptions) -> Reply:
    """Do what SET does with options: with GET the answer is the old value, else OK, or null where they forbid it.

    IFEQ and IFNE are not journalled: redis-server 7.0 knows no such options.
    """
    keys = session.keys
    deadline = -1
    if options.lifetime.unit:
        deadline = options.lifetime.deadline(session.services.clock.now, "set")
    old = keys.string(key) if options.returns_old or options.compares else None
    if options.forbid(keys.contains(key), old):
        return old if options.returns_old else None
    if deadline >= 0:
        put_until(session, key, value, deadline)
    elif options.keeps_deadline:
        keys.replace(key, value)
        if options.compares:
            session.effect([b"SET", key, value, b"KEEPTTL"])
    else:
        keys.put(key, value)
        if options.compares:
            session.effect([b"SET", key, value])
    return old if options.returns_old else OK


def put_until(session: Session, key: bytes, value: bytes, deadline: int) -> None:
    """Set a key that dies at `deadline`; a deadline that has passed leaves no key, and is journalled as DEL."""
    session.keys.replace(key, value)
    session.keys.set_deadline(key, deadline)
    is_over = not session.keys.contains(key)
    session.effect([b"DEL", key] if is_over else set_until(key, value, deadline))
    session.event(STRING_EVENT, b"set", key)
    session.event(GENERIC, b"expire", key)
    if is_over:
        # In Redis it goes at the next look.
        session.event(EXPIRED, b"expired", key)


@family.command(
    "SETNX",
    args=(2, 2),
    flags=WRITE | DENYOOM | FAST,
    keys=FIRST,
    summary="Sets the string value of a key that does not exist; returns 1 if it was set, else 0.",
    syntax="key value",
    event="set",
)
def setnx(session: Session, args: Args) -> Reply:
    key = args.key()
    if session.keys.contains(key):
        return 0
    session.keys.put(key, args.next())
    return 1


@family.command(
    "SETEX",
    args=(3, 3),
    flags=WRITE | DENYOOM,
    keys=FIRST,
    summary="Sets the string value of a key and lets it expire after so many seconds.",
    syntax="key seconds value",
    since="2.0.0",
)
def setex(session: Session, args: Args) -> Reply:
    return set_for(session, args, SECONDS, "setex")


@family.command(
    "PSETEX",
    args=(3, 3),
    flags=WRITE | DENYOOM,
    keys=FIRST,
    summary="Sets the string value of a key and lets it expire after so many milliseconds.",
    syntax="key milliseconds value",
    since="2.6.0",
)
def psetex(session: Session, args: Args) -> Reply:
    return set_for(session, args, MILLISECONDS, "psetex")


def set_for(session: Session, args: Args, unit: bytes, command: str) -> Reply:
    """Set a key for a time given in `unit`: SETEX and PSETEX."""
    key = args.key()
    deadline = Lifetime(unit, args.next()).deadline(session.services.clock.now, command)
    put_until(session, key, args.next(), deadline)
    return OK


@family.command(
    "GETSET",
    args=(2, 2),
    flags=WRITE | DENYOOM | FAST,
    keys=FIRST,
    summary="Sets the string value of a key and returns the value it had.",
    syntax="key value",
    event="set",
)
def getset(session: Session, args: Args) -> Reply:
    key = args.key()
    old = session.keys.string(key)
    session.keys.put(key, args.next())
    return old


@family.command(
    "GETDEL",
    args=(1, 1),
    flags=WRITE | FAST,
    keys=FIRST,
    summary="Returns the string value of a key and removes the key.",
    syntax="key",
    since="6.2.0",
)
def getdel(session: Session, args: Args) -> Reply:
    key = args.key()
    value = session.keys.take(key, STRING)
    if value is None:
        return None
    session.effect([b"DEL", key])
    session.event(GENERIC, b"del", key)
    return as_bytes(value)


@family.command(
    "GETEX",
    args=(1, ANY),
    flags=WRITE | FAST,
    keys=FIRST,
    summary="Returns the string value of a key and sets, changes or removes its time to live.",
    syntax="key [EX seconds | PX milliseconds | EXAT unix-seconds | PXAT unix-ms | PERSIST]",
    since="6.2.0",
)
def getex(session: Session, args: Args) -> Reply:
    key = args.key()
    lifetime = Lifetime()
    persists = False
    while args.more():
        word = args.next().upper()
        if word == b"PERSIST" and not lifetime.unit:
            persists = True
        elif persists or not lifetime.reads(word, args):
            raise syntax_error()
    value = session.keys.string(key)
    if value is None:
        return None
    if lifetime.unit:
        expire_at(session, key, lifetime.deadline(session.services.clock.now, "getex"))
    elif persists and session.keys.clear_deadline(key):
        session.effect([b"PERSIST", key])
        session.event(GENERIC, b"persist", key)
    return value


def expire_at(session: Session, key: bytes, deadline: int) -> None:
    """Let an existing key die at `deadline`: at once if that has passed."""
    if deadline <= session.services.clock.now:
        session.keys.remove(key)
        session.effect([b"DEL", key])
        session.event(GENERIC, b"del", key)
    else:
        session.keys.set_deadline(key, deadline)
        session.effect(key_dying(key, deadline))
        session.event(GENERIC, b"expire", key)


@family.command(
    "GET",
    args=(1, 1),
    flags=READONLY | FAST,
    keys=FIRST,
    summary="Returns the string value of a key, null where there is none.",
    syntax="key",
)
def get(session: Session, args: Args) -> Reply:
    return session.keys.string(args.key())


@family.command(
    "MGET",
    args=(1, ANY),
    flags=READONLY | FAST,
    keys=ALL,
    summary="Returns the string values of keys, null for each that holds none.",
    syntax="key [key ...]",
)
def mget(session: Session, args: Args) -> Reply:
    keys = session.keys
    found: list[Reply] = []
    for key in args.rest():
        value = keys.read(key)
        if isinstance(value, bytes):
            found.append(value)
        elif value is None or kind_of(value) != STRING:
            found.append(None)
        else:
            found.append(as_bytes(value))
    return found


@family.command(
    "MSET",
    args=(2, ANY),
    flags=WRITE | DENYOOM,
    keys=EVERY_SECOND,
    summary="Sets the string values of several keys at once.",
    syntax="key value [key value ...]",
    since="1.0.1",
    event="set",
)
def mset(session: Session, args: Args) -> Reply:
    if args.left() % 2:
        raise wrong_arity("mset")
    put_all(session, args)
    return OK


@family.command(
    "MSETNX",
    args=(2, ANY),
    flags=WRITE | DENYOOM,
    keys=EVERY_SECOND,
    summary="Sets the string values of several keys if none of them exists; returns 1 if they were set, else 0.",
    syntax="key value [key value ...]",
    since="1.0.1",
    event="set",
)
def msetnx(session: Session, args: Args) -> Reply:
    if args.left() % 2:
        raise wrong_arity("msetnx")
    for index in range(args.position, len(args.words), 2):
        if session.keys.contains(args.words[index]):
            return 0
    put_all(session, args)
    return 1


def put_all(session: Session, args: Args) -> None:
    """Set each key to the value behind it."""
    keys = session.keys
    while args.more():
        key = args.key()
        keys.put(key, args.next())


@family.command(
    "MSETEX",
    args=(3, ANY),
    flags=WRITE | DENYOOM | MOVABLE_KEYS,
    keys=COUNTED_PAIRS,
    summary="Sets the string values of several keys at once, all of them or none, with a time to live.",
    syntax="numkeys key value [key value ...] [NX | XX] "
    "[EX seconds | PX milliseconds | EXAT unix-seconds | PXAT unix-ms | KEEPTTL]",
    since="8.4.0",
)
def msetex(session: Session, args: Args) -> Reply:
    """Journalled as SET of each key: redis-server 7.0 knows no such command."""
    count = args.at_least(1, "invalid numkeys value")
    if count > COUNT_MAX:
        raise ReplyError("ERR", "invalid numkeys value")
    if 2 * count > args.left():
        raise ReplyError("ERR", "wrong number of key-value pairs")
    pairs = args.keys(2 * count)
    options = SetOptions()
    options.read(args)
    if options.returns_old or options.compares:
        raise syntax_error()
    deadline = options.lifetime.deadline(session.services.clock.now, "msetex") if options.lifetime.unit else -1
    for index in range(0, len(pairs), 2):
        if options.forbid(session.keys.contains(pairs[index]), None):
            return 0
    for index in range(0, len(pairs), 2):
        put_one(session, pairs[index], pairs[index + 1], deadline, options.keeps_deadline)
    return 1


def put_one(session: Session, key: bytes, value: bytes, deadline: int, keeps_deadline: bool) -> None:
    """Set one of the keys of MSETEX; a deadline of -1 is none."""
    if deadline >= 0:
        put_until(session, key, value, deadline)
        return
    if keeps_deadline:
        session.keys.replace(key, value)
    else:
        session.keys.put(key, value)
    session.effect([b"SET", key, value, b"KEEPTTL"] if keeps_deadline else [b"SET", key, value])
    session.event(STRING_EVENT, b"set", key)


@family.command(
    "DELIFEQ",
    args=(2, 2),
    flags=WRITE | FAST,
    keys=FIRST,
    summary="Deletes a key if its string value is the given one; returns 1 if it was deleted, else 0.",
    syntax="key value",
    since="9.0.0",
)
def delifeq(session: Session, args: Args) -> Reply:
    """As Valkey 9."""
    key = args.key()
    old = session.keys.string(key)
    return delete(session, key) if old is not None and old == args.next() else 0


@family.command(
    "DELEX",
    args=(1, 3),
    flags=WRITE | FAST,
    keys=FIRST,
    summary="Deletes a key, on a condition if there is one; returns 1 if it was deleted, else 0.",
    syntax="key [IFEQ comparison-value | IFNE comparison-value]",
    since="8.4.0",
)
def delex(session: Session, args: Args) -> Reply:
    """As Redis 8.4, but for its conditions on digests. Without a condition any kind of value goes."""
    if args.left() == 2:
        raise wrong_arity("delex")
    key = args.key()
    value = session.keys.find(key)
    if value is None:
        return 0
    if not args.more():
        return delete(session, key)
    if kind_of(value) != STRING:
        raise ReplyError("ERR", "Key should be of string type if conditions are specified")
    wants_equal = args.option(b"IFEQ")
    if not wants_equal and not args.option(b"IFNE"):
        raise ReplyError("ERR", "Invalid condition. Use IFEQ or IFNE")
    return delete(session, key) if (as_bytes(value) == args.next()) == wants_equal else 0


def delete(session: Session, key: bytes) -> int:
    session.keys.remove(key)
    session.effect([b"DEL", key])
    session.event(GENERIC, b"del", key)
    return 1
