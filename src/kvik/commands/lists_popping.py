"""Taking values from the ends of lists, at once or as soon as there are some. Knows nothing of other lists' ends."""

from kvik.commands.args import Args
from kvik.commands.blocking import MultiplePop, deadline_after, ready_key, wait_for
from kvik.commands.family import Family
from kvik.declaration import (
    ANY,
    BLOCKING,
    COUNTED,
    COUNTED_BEHIND_TIMEOUT,
    FAST,
    FIRST,
    MOVABLE_KEYS,
    NOSCRIPT,
    WRITE,
    Keys,
)
from kvik.errors import wrong_arity
from kvik.events import LIST as LIST_EVENT
from kvik.replies import NULL_ARRAY, Reply
from kvik.session import Session
from kvik.store.container import LIST
from kvik.store.list_value import list_to_edit

family = Family("list")


@family.command(
    "LPOP",
    args=(1, ANY),
    flags=WRITE | FAST,
    keys=FIRST,
    summary="Removes the first value of a list, or so many, and returns it; null where there is no list.",
    syntax="key [count]",
)
def lpop(session: Session, args: Args) -> Reply:
    return pop(session, args, True)


@family.command(
    "RPOP",
    args=(1, ANY),
    flags=WRITE | FAST,
    keys=FIRST,
    summary="Removes the last value of a list, or so many, and returns it; null where there is no list.",
    syntax="key [count]",
)
def rpop(session: Session, args: Args) -> Reply:
    return pop(session, args, False)


def pop(session: Session, args: Args, is_left: bool) -> Reply:
    """Do what LPOP or RPOP does; as in Redis, a word too many is found here and not before."""
    if args.left() > 2:
        raise wrong_arity("lpop" if is_left else "rpop")
    key = args.key()
    if not args.more():
        return pop_one(session, key, is_left)
    count = args.at_least(0, "value is out of range, must be positive")
    popped = pop_some(session, key, count, is_left)
    return NULL_ARRAY if popped is None else popped


def pop_one(session: Session, key: bytes, is_left: bool) -> bytes | None:
    """Return the value that was at an end of a list, None where there is no list."""
    values = list_to_edit(session.keys, key)
    if values is None:
        return None
    value = values.pop_left() if is_left else values.pop_right()
    session.keys.edited(key, values)
    return value


def pop_some(session: Session, key: bytes, count: int, is_left: bool) -> list[bytes] | None:
    """Return up to `count` values that were at an end of a list, the outermost first; None where there is no list."""
    values = list_to_edit(session.keys, key)
    if values is None:
        return None
    count = min(count, len(values))
    if count == 0:
        return []
    start = 0 if is_left else len(values) - count
    popped = values.slice(start, start + count)
    if not is_left:
        popped.reverse()
    if count == len(values):
        session.keys.remove(key)
    else:
        values.delete(start, count)
        session.keys.edited(key, values)
    return popped


@family.command(
    "LMPOP",
    args=(3, ANY),
    flags=WRITE | MOVABLE_KEYS,
    keys=COUNTED,
    summary="Removes a value, or up to so many, from the first list there is among some keys; returns key and values.",
    syntax="numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
    since="7.0.0",
)
def lmpop(session: Session, args: Args) -> Reply:
    return pop_from_one(session, MultiplePop(args, b"LEFT", b"RIGHT"))


@family.command(
    "BLMPOP",
    args=(4, ANY),
    flags=WRITE | BLOCKING | MOVABLE_KEYS,
    keys=COUNTED_BEHIND_TIMEOUT,
    summary="As LMPOP, but waits for a list where there is none; null after so many seconds, 0: never.",
    syntax="timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
    since="7.0.0",
)
def blmpop(session: Session, args: Args) -> Reply:
    timeout = args.next()
    request = MultiplePop(args, b"LEFT", b"RIGHT")
    deadline = deadline_after(session, timeout)
    popped = pop_from_one(session, request)
    return wait_for(session, request.keys, deadline, popped) if popped is NULL_ARRAY else popped


def pop_from_one(session: Session, request: MultiplePop) -> Reply:
    """Return a key and what was popped there; the null array where nothing is."""
    is_left = request.is_first
    key = ready_key(session, request.keys, LIST)
    popped = None if key is None else pop_some(session, key, request.count, is_left)
    if key is None or popped is None:
        return NULL_ARRAY
    tell(session, key, is_left)
    session.effect([name_of_pop(is_left), key, b"%d" % len(popped)])
    return [key, popped]


@family.command(
    "BLPOP",
    args=(2, ANY),
    flags=WRITE | NOSCRIPT | BLOCKING,
    keys=Keys(1, -2, 1),
    summary="Removes the first value of the first list there is, returns it with its key; waits where there is none.",
    syntax="key [key ...] timeout",
    since="2.0.0",
)
def blpop(session: Session, args: Args) -> Reply:
    return pop_or_wait(session, args, True)


@family.command(
    "BRPOP",
    args=(2, ANY),
    flags=WRITE | NOSCRIPT | BLOCKING,
    keys=Keys(1, -2, 1),
    summary="Removes the last value of the first list there is, returns it with its key; waits where there is none.",
    syntax="key [key ...] timeout",
    since="2.0.0",
)
def brpop(session: Session, args: Args) -> Reply:
    return pop_or_wait(session, args, False)


def pop_or_wait(session: Session, args: Args, is_left: bool) -> Reply:
    keys = args.rest()
    deadline = deadline_after(session, keys.pop())
    key = ready_key(session, keys, LIST)
    if key is None:
        return wait_for(session, keys, deadline, NULL_ARRAY)
    value = pop_one(session, key, is_left)
    tell(session, key, is_left)
    session.effect([name_of_pop(is_left), key])
    return [key, value]


def name_of_pop(is_left: bool) -> bytes:
    return b"LPOP" if is_left else b"RPOP"


def tell(session: Session, key: bytes, is_left: bool) -> None:
    """Say which event it was, of those whose name does not say it."""
    session.event(LIST_EVENT, b"lpop" if is_left else b"rpop", key)
