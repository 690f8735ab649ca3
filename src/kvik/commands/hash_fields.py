"""Fields of hashes that die: the HEXPIRE and HTTL families, and what reads or sets fields with their deadlines.

As Redis 7.4 and 8.0. The journal hears of moments, never of spans, and of HSET, HDEL, HPEXPIREAT and HPERSIST only:
whoever knows Redis 7.4's commands can read it.
"""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.dying import CONDITIONS, MILLISECOND, NO_DEADLINE, SECOND, fields_dying, is_allowed
from kvik.commands.family import Family
from kvik.declaration import ANY, DENYOOM, FAST, FIRST, READONLY, WRITE
from kvik.errors import ReplyError, printed, wrong_arity
from kvik.events import HASH
from kvik.replies import Reply
from kvik.session import Session
from kvik.store.field_deadlines import MOMENT_MAX
from kvik.store.hash_value import HashValue, hash_at, hash_to_edit

family = Family("hash")

EXPIRING: Final = WRITE | DENYOOM | FAST
TAKING: Final = WRITE | FAST
ASKING: Final = READONLY | FAST

# What is answered for each field.
NO_FIELD: Final = -2
REFUSED: Final = 0
DONE: Final = 1
DELETED: Final = 2

COUNT_MAX: Final = (1 << 31) - 1

UNITS: Final = (
    (b"EX", SECOND, True),
    (b"PX", MILLISECOND, True),
    (b"EXAT", SECOND, False),
    (b"PXAT", MILLISECOND, False),
)
"""Each option with its unit in milliseconds, and whether it counts from now."""


# Giving deadlines


@family.command(
    "HEXPIRE",
    args=(5, ANY),
    flags=EXPIRING,
    keys=FIRST,
    summary="Sets the time to live of fields of a hash in seconds.",
    syntax="key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
    since="7.4.0",
)
def hexpire(session: Session, args: Args) -> Reply:
    return expire_fields(session, args, "hexpire", SECOND, True)


@family.command(
    "HPEXPIRE",
    args=(5, ANY),
    flags=EXPIRING,
    keys=FIRST,
    summary="Sets the time to live of fields of a hash in milliseconds.",
    syntax="key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
    since="7.4.0",
)
def hpexpire(session: Session, args: Args) -> Reply:
    return expire_fields(session, args, "hpexpire", MILLISECOND, True)


@family.command(
    "HEXPIREAT",
    args=(5, ANY),
    flags=EXPIRING,
    keys=FIRST,
    summary="Sets when fields of a hash expire, in seconds since 1970.",
    syntax="key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
    since="7.4.0",
)
def hexpireat(session: Session, args: Args) -> Reply:
    return expire_fields(session, args, "hexpireat", SECOND, False)


@family.command(
    "HPEXPIREAT",
    args=(5, ANY),
    flags=EXPIRING,
    keys=FIRST,
    summary="Sets when fields of a hash expire, in milliseconds since 1970.",
    syntax="key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
    since="7.4.0",
)
def hpexpireat(session: Session, args: Args) -> Reply:
    return expire_fields(session, args, "hpexpireat", MILLISECOND, False)


def expire_fields(session: Session, args: Args, name: str, unit: int, is_relative: bool) -> Reply:
    """Let fields die; answer for each how that went. Conditions come first, then a moment that has passed deletes."""
    key = args.key()
    fields = hash_to_edit(session.keys, key)
    moment = moment_argument(session, args, name, unit, is_relative)
    condition = 0
    for word, flag in CONDITIONS:
        if not condition and args.option(word):
            condition = flag
    names = fields_argument(args, "Parameter `numFields` should be greater than 0")
    if fields is None:
        return [NO_FIELD for _ in names]
    change = Change(session, key, fields)
    found: list[Reply] = [change.expire(field, moment, condition) for field in names]
    change.end(moment)
    return found


def moment_argument(session: Session, args: Args, name: str, unit: int, is_relative: bool) -> int:
    """Return the moment that the next word names, in milliseconds. Raises where Redis finds it invalid."""
    amount = args.integer()
    if amount < 0:
        raise ReplyError("ERR", "invalid expire time, must be >= 0")
    moment = amount * unit + (session.services.clock.now if is_relative else 0)
    if moment > MOMENT_MAX:
        raise ReplyError("ERR", f"invalid expire time in '{name}' command")
    return moment


def fields_argument(args: Args, not_a_count: str = "Number of fields must be a positive integer") -> list[bytes]:
    """Return the fields behind FIELDS and their number, which end the arguments. Raises `not_a_count`, or what fits."""
    if not args.option(b"FIELDS"):
        raise ReplyError("ERR", "Mandatory argument FIELDS is missing or not at the right position")
    if args.at_least(1, not_a_count) != args.left():
        raise ReplyError("ERR", "The `numfields` parameter must match the number of arguments")
    return args.rest()


class Change:
    """What becomes of the deadlines of one hash's fields: `end` stores it, and says what happened."""

    def __init__(self, session: Session, key: bytes, fields: HashValue) -> None:
        self._session: Final = session
        self._key: Final = key
        self._fields: Final = fields
        self._dying: list[bytes] = []
        self._deleted: list[bytes] = []
        self._living: list[bytes] = []

    def expire(self, field: bytes, moment: int, condition: int = 0) -> int:
        """Let a field die at `moment`, at once if that has passed; return how that went."""
        fields = self._fields
        if fields.get(field) is None:
            return NO_FIELD
        deadline = fields.deadline(field)
        if not is_allowed(condition, None if deadline < 0 else deadline, moment):
            return REFUSED
        if moment <= self._session.services.clock.now:
            self.delete(field)
            return DELETED
        fields.set_deadline(field, moment)
        self._dying.append(field)
        return DONE

    def delete(self, field: bytes) -> None:
        if self._fields.delete(field):
            self._deleted.append(field)

    def persist(self, field: bytes) -> int:
        """Let a field live on; return how that went."""
        if self._fields.get(field) is None:
            return NO_FIELD
        if not self._fields.clear_deadline(field):
            return NO_DEADLINE
        self._living.append(field)
        return DONE

    def end(self, moment: int = 0) -> None:
        """Say what has happened, where anything has; `moment` is when fields die now."""
        if not (self._dying or self._deleted or self._living):
            return
        session, key = self._session, self._key
        session.keys.edited(key, self._fields)
        if self._dying:
            session.effect(fields_dying(key, moment, self._dying))
            session.event(HASH, b"hexpire", key)
        if self._deleted:
            session.effect([b"HDEL", key, *self._deleted])
            session.event(HASH, b"hdel", key)
        if self._living:
            session.effect([b"HPERSIST", key, b"FIELDS", b"%d" % len(self._living), *self._living])
            session.event(HASH, b"hpersist", key)


@family.command(
    "HPERSIST",
    args=(4, ANY),
    flags=TAKING,
    keys=FIRST,
    summary="Removes the time to live of fields of a hash.",
    syntax="key FIELDS numfields field [field ...]",
    since="7.4.0",
)
def hpersist(session: Session, args: Args) -> Reply:
    key = args.key()
    fields = hash_to_edit(session.keys, key)
    names = fields_argument(args)
    if fields is None:
        return [NO_FIELD for _ in names]
    change = Change(session, key, fields)
    found: list[Reply] = [change.persist(field) for field in names]
    change.end()
    return found


# Asking


@family.command(
    "HTTL",
    args=(4, ANY),
    flags=ASKING,
    keys=FIRST,
    summary="Returns the time to live of fields of a hash in seconds.",
    syntax="key FIELDS numfields field [field ...]",
    since="7.4.0",
)
def httl(session: Session, args: Args) -> Reply:
    return deaths(session, args, session.services.clock.now, SECOND)


@family.command(
    "HPTTL",
    args=(4, ANY),
    flags=ASKING,
    keys=FIRST,
    summary="Returns the time to live of fields of a hash in milliseconds.",
    syntax="key FIELDS numfields field [field ...]",
    since="7.4.0",
)
def hpttl(session: Session, args: Args) -> Reply:
    return deaths(session, args, session.services.clock.now, MILLISECOND)


@family.command(
    "HEXPIRETIME",
    args=(4, ANY),
    flags=ASKING,
    keys=FIRST,
    summary="Returns when fields of a hash expire, in seconds since 1970.",
    syntax="key FIELDS numfields field [field ...]",
    since="7.4.0",
)
def hexpiretime(session: Session, args: Args) -> Reply:
    return deaths(session, args, 0, SECOND)


@family.command(
    "HPEXPIRETIME",
    args=(4, ANY),
    flags=ASKING,
    keys=FIRST,
    summary="Returns when fields of a hash expire, in milliseconds since 1970.",
    syntax="key FIELDS numfields field [field ...]",
    since="7.4.0",
)
def hpexpiretime(session: Session, args: Args) -> Reply:
    return deaths(session, args, 0, MILLISECOND)


def deaths(session: Session, args: Args, base: int, unit: int) -> Reply:
    """Answer for each field when it dies, counted from `base` in `unit` milliseconds; what is begun counts whole."""
    fields = hash_at(session.keys, args.key())
    found: list[Reply] = []
    for field in fields_argument(args):
        if fields is None or fields.get(field) is None:
            found.append(NO_FIELD)
            continue
        moment = fields.deadline(field)
        found.append(NO_DEADLINE if moment < 0 else (moment - base + unit - 1) // unit)
    return found


# Together with values


@family.command(
    "HGETDEL",
    args=(4, ANY),
    flags=TAKING,
    keys=FIRST,
    summary="Returns the values of fields of a hash and deletes the fields.",
    syntax="key FIELDS numfields field [field ...]",
    since="8.0.0",
)
def hgetdel(session: Session, args: Args) -> Reply:
    key = args.key()
    fields = hash_to_edit(session.keys, key)
    names = fields_argument(args)
    if fields is None:
        return [None for _ in names]
    change = Change(session, key, fields)
    found: list[Reply] = []
    for field in names:
        found.append(fields.get(field))
        change.delete(field)
    change.end()
    return found


@family.command(
    "HGETEX",
    args=(4, ANY),
    flags=TAKING,
    keys=FIRST,
    summary="Returns the values of fields of a hash and sets, changes or removes their time to live.",
    syntax="key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] "
    "FIELDS numfields field [field ...]",
    since="8.0.0",
)
def hgetex(session: Session, args: Args) -> Reply:
    key = args.key()
    fields = hash_to_edit(session.keys, key)
    moment = lifetime_argument(session, args, "hgetex")
    persists = moment < 0 and args.option(b"PERSIST")
    names = fields_argument(args)
    if fields is None:
        return [None for _ in names]
    change = Change(session, key, fields)
    found: list[Reply] = []
    for field in names:
        found.append(fields.get(field))
        if persists:
            change.persist(field)
        elif moment >= 0:
            change.expire(field, moment)
    change.end(moment)
    return found


def lifetime_argument(session: Session, args: Args, name: str) -> int:
    """Return the moment that EX, PX, EXAT or PXAT and the word behind it name, -1 where none of them comes next."""
    for word, unit, is_relative in UNITS:
        if args.option(word):
            if not args.more():
                raise ReplyError("ERR", "missing expire time")
            return moment_argument(session, args, name, unit, is_relative)
    return NO_DEADLINE


class SetOptions:
    """What HSETEX was asked besides setting fields, and which ones it is to set."""

    def __init__(self) -> None:
        self.moment = NO_DEADLINE
        self.keeps_deadlines = False
        self.only_if_missing = False
        self.only_if_present = False
        self.pairs: list[bytes] = []

    def read(self, session: Session, args: Args) -> None:
        """Read all arguments behind the key, FIELDS last. Raises as Redis 8.0 does, in its order."""
        while not args.option(b"FIELDS"):
            self._read_option(session, args)
        if args.left() < 3:
            raise wrong_arity("hsetex")
        count = args.at_least(1, "invalid number of fields")
        if count > COUNT_MAX:
            raise ReplyError("ERR", "invalid number of fields")
        if args.left() != 2 * count:
            raise wrong_arity("hsetex")
        self.pairs = args.rest()

    def forbid(self, fields: HashValue) -> bool:
        """Return whether FNX or FXX forbids to set the fields."""
        if not self.only_if_missing and not self.only_if_present:
            return False
        return self.only_if_missing in [fields.get(field) is not None for field in self.pairs[::2]]

    def _read_option(self, session: Session, args: Args) -> None:
        if not args.more():
            raise wrong_arity("hsetex")
        word = args.words[args.position]
        name = word.upper()
        if name in (b"FNX", b"FXX"):
            if self.only_if_missing or self.only_if_present:
                raise ReplyError("ERR", "Only one of FXX or FNX arguments can be specified")
            self.only_if_missing = name == b"FNX"
            self.only_if_present = name == b"FXX"
            args.next()
        elif name in (b"EX", b"PX", b"EXAT", b"PXAT", b"KEEPTTL"):
            if self.moment >= 0 or self.keeps_deadlines:
                raise ReplyError("ERR", "Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified")
            self.moment = lifetime_argument(session, args, "hsetex")
            self.keeps_deadlines = self.moment < 0 and args.option(b"KEEPTTL")
        else:
            raise ReplyError("ERR", f"unknown argument: {printed(word)}")


@family.command(
    "HSETEX",
    args=(5, ANY),
    flags=EXPIRING,
    keys=FIRST,
    summary="Sets the values of fields of a hash and, optionally, their time to live.",
    syntax="key [FNX | FXX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | "
    "KEEPTTL] FIELDS numfields field value [field value ...]",
    since="8.0.0",
)
def hsetex(session: Session, args: Args) -> Reply:
    """Where the moment has passed, the fields are set and deleted at once: the answer is 1 in any case, as in Redis."""
    key = args.key()
    options = SetOptions()
    options.read(session, args)
    fields = hash_to_edit(session.keys, key)
    if fields is None:
        fields = HashValue()
    if options.forbid(fields):
        return 0
    if 0 <= options.moment <= session.services.clock.now:
        drop_fields(session, key, fields, options.pairs[::2])
    else:
        set_fields(session, key, fields, options)
    return 1


def drop_fields(session: Session, key: bytes, fields: HashValue, names: list[bytes]) -> None:
    for field in names:
        fields.delete(field)
    session.keys.edited(key, fields)
    session.effect([b"HDEL", key, *names])
    session.event(HASH, b"hset", key)
    session.event(HASH, b"hdel", key)


def set_fields(session: Session, key: bytes, fields: HashValue, options: SetOptions) -> None:
    """Set fields, then let them die: at the moment asked for, or when they had to before."""
    pairs = options.pairs
    by_moment: dict[int, list[bytes]] = {}
    for index in range(0, len(pairs), 2):
        field = pairs[index]
        moment = fields.deadline(field) if options.keeps_deadlines else options.moment
        fields.replace(field, pairs[index + 1])
        if moment >= 0:
            fields.set_deadline(field, moment)
            by_moment.setdefault(moment, []).append(field)
        else:
            fields.clear_deadline(field)
    session.keys.edited(key, fields)
    session.event(HASH, b"hset", key)
    session.effect([b"HSET", key, *pairs])
    for moment, names in by_moment.items():
        session.effect(fields_dying(key, moment, names))
    if options.moment >= 0:
        session.event(HASH, b"hexpire", key)
