"""Commands that look for keys: KEYS, SCAN, RANDOMKEY, and kvik's own FIND."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.declaration import ANY, READONLY
from kvik.errors import ReplyError, syntax_error
from kvik.glob import Glob
from kvik.replies import Reply
from kvik.session import Session
from kvik.store.keyspace import Keyspace
from kvik.store.value import KIND_NAMES, kind_of

family = Family("generic")

SCAN_COUNT: Final = 10
CURSOR_MAX: Final = 2**64 - 1
CURSOR_LENGTH_MAX: Final = 64
RANDOM_BITS: Final = 62


@family.command(
    "KEYS", args=(1, 1), flags=READONLY, summary="Returns all key names that match a pattern.", syntax="pattern"
)
def keys(session: Session, args: Args) -> Reply:
    return matching(session, args.next())


@family.command(
    "FIND",
    args=(1, 1),
    flags=READONLY,
    summary="Lists the keys that match a pattern, as KEYS does.",
    syntax="pattern",
    since="kvik",
)
def find(session: Session, args: Args) -> Reply:
    return matching(session, args.next())


def matching(session: Session, pattern: bytes) -> Reply:
    names = session.keys.keys()
    if pattern == b"*":
        return names
    glob = Glob(pattern)
    return [name for name in names if glob.matches(name)]


@family.command(
    "SCAN",
    args=(1, ANY),
    flags=READONLY,
    summary="Iterates over the key names in the database.",
    syntax="cursor [MATCH pattern] [COUNT count] [TYPE type]",
    since="2.8.0",
)
def scan(session: Session, args: Args) -> Reply:
    cursor = parse_cursor(args.next())
    pattern = b"*"
    kind: bytes | None = None
    count = SCAN_COUNT
    while args.more():
        if args.option(b"MATCH"):
            pattern = args.next()
        elif args.option(b"COUNT"):
            count = positive_count(args)
        elif args.option(b"TYPE"):
            kind = args.next().lower()
        else:
            raise syntax_error()
    after, names = session.keys.scan(cursor, count)
    if pattern != b"*":
        glob = Glob(pattern)
        names = [name for name in names if glob.matches(name)]
    if kind is not None:
        names = [name for name in names if is_of_kind(session.keys, name, kind)]
    return [b"%d" % after, names]


def positive_count(args: Args) -> int:
    """Return the next word, the COUNT of a scan. Raises a syntax error for less than one."""
    count = args.integer()
    if count < 1:
        raise syntax_error()
    return count


def parse_cursor(text: bytes) -> int:
    """Return the cursor `text` is: what C's strtoul reads to the end, as in Redis. Raises `invalid cursor`."""
    digits = text[1:] if text[:1] in (b"+", b"-") else text
    if text == b"":
        return 0
    if not digits.isdigit() or len(digits) > CURSOR_LENGTH_MAX:
        raise ReplyError("ERR", "invalid cursor")
    cursor = int(digits)
    if cursor > CURSOR_MAX:
        raise ReplyError("ERR", "invalid cursor")
    return -cursor & CURSOR_MAX if text[:1] == b"-" else cursor


def is_of_kind(space: Keyspace, key: bytes, kind: bytes) -> bool:
    value = space.find(key)
    return value is not None and KIND_NAMES[kind_of(value)] == kind


@family.command("RANDOMKEY", args=(0, 0), flags=READONLY, summary="Returns a random key name from the database.")
def randomkey(session: Session, args: Args) -> Reply:
    return session.keys.random_key(session.services.random.getrandbits(RANDOM_BITS))
