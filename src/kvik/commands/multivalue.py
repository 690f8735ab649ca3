"""Keys with several values: put one more, see them all, replace one. Knows that they are an ordinary list."""

from kvik.commands.args import Args
from kvik.commands.dying import key_dying
from kvik.commands.family import Family
from kvik.declaration import DENYOOM, FAST, FIRST, READONLY, WRITE
from kvik.events import LIST as LIST_EVENT
from kvik.replies import Reply
from kvik.session import Session
from kvik.store.list_value import ListValue
from kvik.store.value import as_bytes

family = Family("multivalue")


@family.command(
    "PUT",
    args=(2, 2),
    flags=WRITE | DENYOOM | FAST,
    keys=FIRST,
    summary="Gives a key one more value, behind those it has; returns how many it has then. A string becomes a list.",
    syntax="key value",
    since="kvik",
)
def put(session: Session, args: Args) -> Reply:
    key = args.key()
    values = values_to_edit(session, key)
    push(session, key, values, args.next())
    session.keys.edited(key, values)
    session.event(LIST_EVENT, b"rpush", key)
    return len(values)


@family.command(
    "VALUES",
    args=(1, 1),
    flags=READONLY,
    keys=FIRST,
    summary="Returns all values of a key in their order; a string is one value, a key that is not there has none.",
    syntax="key",
    since="kvik",
)
def values_(session: Session, args: Args) -> Reply:
    value = session.keys.read(args.key())
    if value is None:
        return []
    if isinstance(value, ListValue):
        return value.slice(0, len(value))
    return [as_bytes(value)]


@family.command(
    "UPDATE",
    args=(3, 3),
    flags=WRITE | DENYOOM,
    keys=FIRST,
    summary="Removes the first value that equals old and puts new behind all others; returns how many were removed.",
    syntax="key old new",
    since="kvik",
)
def update(session: Session, args: Args) -> Reply:
    key = args.key()
    values = values_to_edit(session, key)
    old = args.next()
    removed = values.remove(old, 1, False)
    push(session, key, values, args.next())
    if removed > 0:
        # Told last: so the key is never empty on the way, in a replay either, and keeps its time to live.
        session.effect([b"LREM", key, b"1", old])
    session.keys.edited(key, values)
    session.event(LIST_EVENT, b"rpush", key)
    if removed > 0:
        session.event(LIST_EVENT, b"lrem", key)
    return removed


def values_to_edit(session: Session, key: bytes) -> ListValue:
    """Return what a key has as a list that may be changed: a string makes a list of one, nothing an empty one."""
    value = session.keys.edit(key)
    if isinstance(value, ListValue):
        return value
    values = ListValue()
    if value is not None:
        text = as_bytes(value)
        session.effect([b"DEL", key])
        push(session, key, values, text)
        deadline = session.keys.deadline(key)
        if deadline is not None:
            session.effect(key_dying(key, deadline))
    return values


def push(session: Session, key: bytes, values: ListValue, value: bytes) -> None:
    """Put a value behind all others, and say so in Redis' words: what is journalled can be loaded there."""
    values.push_right(value)
    session.effect([b"RPUSH", key, value])
