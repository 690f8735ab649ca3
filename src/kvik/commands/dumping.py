"""DUMP and RESTORE: the value of a key as bytes that a redis-server takes and gives as well."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.declaration import ANY, DANGEROUS, DENYOOM, FIRST, READONLY, WRITE
from kvik.errors import PayloadDamaged, ReplyError, syntax_error
from kvik.events import GENERIC
from kvik.numbers import INTEGER_MAX, decimal
from kvik.rdb.kinds import VERSION
from kvik.rdb.reading import is_genuine, value_in, version_of
from kvik.rdb.writing import payload_of
from kvik.replies import OK, Reply
from kvik.session import Session
from kvik.store.value import Value

family = Family("generic")

FREQUENCY_MAX: Final = 255
NO_DEADLINE: Final = -1


@family.command(
    "DUMP",
    args=(1, 1),
    flags=READONLY,
    keys=FIRST,
    summary="Returns the value of a key as bytes that RESTORE takes.",
    syntax="key",
    since="2.6.0",
)
def dump(session: Session, args: Args) -> Reply:
    value = session.keys.read(args.key())
    return None if value is None else payload_of(value)


class RestoreOptions:
    """What RESTORE was asked besides the value. How lately and often a key was used elsewhere is read and forgotten."""

    def __init__(self) -> None:
        self.replaces = False
        self.is_moment = False

    def read(self, args: Args) -> None:
        has_idle_time = has_frequency = False
        while args.more():
            if args.option(b"REPLACE"):
                self.replaces = True
            elif args.option(b"ABSTTL"):
                self.is_moment = True
            elif args.left() > 1 and not has_frequency and args.option(b"IDLETIME"):
                has_idle_time = True
                if args.integer() < 0:
                    raise ReplyError("ERR", "Invalid IDLETIME value, must be >= 0")
            elif args.left() > 1 and not has_idle_time and args.option(b"FREQ"):
                has_frequency = True
                if not 0 <= args.integer() <= FREQUENCY_MAX:
                    raise ReplyError("ERR", "Invalid FREQ value, must be >= 0 and <= 255")
            else:
                raise syntax_error()


@family.command(
    "RESTORE",
    args=(3, ANY),
    flags=WRITE | DENYOOM | DANGEROUS,
    keys=FIRST,
    summary="Makes a key of what DUMP has returned.",
    syntax="key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]",
    since="2.6.0",
)
def restore(session: Session, args: Args) -> Reply:
    """The order of the errors is Redis'. What is restored with a moment that has passed is not there at all."""
    key, ttl_at = args.key(), args.position
    args.next()
    payload = args.next()
    options = RestoreOptions()
    options.read(args)
    space = session.keys
    if not options.replaces and space.contains(key):
        raise ReplyError("BUSYKEY", "Target key name already exists.")
    ttl = Args(args.words, ttl_at).integer()
    if ttl < 0:
        raise ReplyError("ERR", "Invalid TTL value, must be >= 0")
    value = value_of(payload)
    moment = ttl if options.is_moment or ttl == 0 else ttl + session.services.clock.now
    # As Redis, which adds 64-bit numbers: what is too far in the future has passed.
    if ttl and not session.services.clock.now < moment <= INTEGER_MAX:
        if space.remove(key):
            session.effect([b"DEL", key])
            session.event(GENERIC, b"del", key)
        return OK
    # What was there is gone before the new key comes.
    is_replaced = options.replaces and space.remove(key)
    space.put(key, value)
    if ttl:
        space.set_deadline(key, moment)
    if version_of(payload) <= VERSION:
        replace = [b"REPLACE"] if is_replaced else []
        session.effect([b"RESTORE", key, decimal(moment), payload, b"ABSTTL", *replace])
    else:
        tell_in_commands(session, key, value, moment if ttl else NO_DEADLINE, is_replaced)
    session.event(GENERIC, b"restore", key)
    return OK


def tell_in_commands(session: Session, key: bytes, value: Value, deadline: int, is_replaced: bool) -> None:
    """Tell the journal what was restored without its payload: Redis 7.0 would not take it."""
    if is_replaced:
        session.effect([b"DEL", key])
    for words in session.services.rebuild_key(key, value, deadline):
        session.effect(words)


def value_of(payload: bytes) -> Value:
    if not is_genuine(payload):
        raise ReplyError("ERR", "DUMP payload version or checksum are wrong")
    try:
        return value_in(payload)
    except PayloadDamaged:
        raise ReplyError("ERR", "Bad data format") from None
