"""Commands on strings."""

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.declaration import FAST, FIRST, READONLY, WRITE
from kvik.replies import Reply, Stored
from kvik.session import Session
from kvik.store.value import STRING, Value, as_bytes

family = Family("string")


@family.rebuilds(STRING)
def rebuild(key: bytes, value: Value, deadline: int) -> list[list[bytes]]:
    words = [b"SET", key, as_bytes(value)]
    if deadline >= 0:
        words += [b"PXAT", b"%d" % deadline]
    return [words]


@family.command("GET", args=(1, 1), flags=READONLY | FAST, keys=FIRST, summary="Returns the string value of a key.")
def get(session: Session, args: Args) -> Reply:
    return session.keys.string(args.key())


@family.command("SET", args=(2, -1), flags=WRITE | FAST, keys=FIRST, summary="Sets the string value of a key.")
def set_(session: Session, args: Args) -> Reply:
    key = args.key()
    value = args.next()
    session.keys.put(key, value)
    return Stored(value)
