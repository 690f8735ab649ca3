"""Commands that look for keys: KEYS, SCAN, RANDOMKEY, and kvik's own FIND."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.scan_options import ScanOptions, cursor_argument
from kvik.declaration import ANY, DANGEROUS, READONLY
from kvik.glob import Glob
from kvik.replies import Reply
from kvik.session import Session
from kvik.store.keyspace import Keyspace
from kvik.store.value import KIND_NAMES, kind_of

family = Family("generic")

RANDOM_BITS: Final = 62


@family.command(
    "KEYS",
    args=(1, 1),
    flags=READONLY | DANGEROUS,
    summary="Returns all key names that match a pattern.",
    syntax="pattern",
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
    cursor = cursor_argument(args)
    options = ScanOptions()
    options.read(args, takes_type=True)
    after, names = session.keys.scan(cursor, options.count)
    names = options.matching(names)
    kind = options.kind
    if kind is not None:
        names = [name for name in names if is_of_kind(session.keys, name, kind)]
    return [b"%d" % after, names]


def is_of_kind(space: Keyspace, key: bytes, kind: bytes) -> bool:
    value = space.find(key)
    return value is not None and KIND_NAMES[kind_of(value)] == kind


@family.command("RANDOMKEY", args=(0, 0), flags=READONLY, summary="Returns a random key name from the database.")
def randomkey(session: Session, args: Args) -> Reply:
    return session.keys.random_key(session.services.random.getrandbits(RANDOM_BITS))
