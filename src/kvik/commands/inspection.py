"""OBJECT: how the value of a key is kept."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.help_text import help_text
from kvik.declaration import ANY, LOADING, READONLY, SECOND, STALE
from kvik.errors import ReplyError
from kvik.replies import Reply
from kvik.session import Session
from kvik.store.limit import FREQUENCY, Limit
from kvik.store.value import encoding_of

family = Family("generic")

SWITCHING: Final = (
    "Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."
)
# Redis' counter begins at 5 and, with its default factor, after so many hits stands at the root of a fifth of them.
FREQUENCY_AT_FIRST: Final = 5
HITS_PER_SQUARE: Final = 5.0
FREQUENCY_MAX: Final = 255


@family.command(
    "OBJECT", args=(1, ANY), flags=0, summary="A container for commands that look into values.", since="2.2.3"
)
def object_(session: Session, args: Args) -> Reply:
    return help_text(session, "OBJECT")


@family.command(
    "OBJECT ENCODING",
    args=(1, 1),
    flags=READONLY,
    keys=SECOND,
    summary="Returns how Redis would represent the value of a key in memory.",
    syntax="<key>",
    since="2.2.3",
)
def encoding(session: Session, args: Args) -> Reply:
    value = session.keys.inspect(args.key())
    return None if value is None else encoding_of(value)


@family.command(
    "OBJECT FREQ",
    args=(1, 1),
    flags=READONLY,
    keys=SECOND,
    summary="Returns the access frequency index of a key, where an LFU policy counts accesses.",
    syntax="<key>",
    since="4.0.0",
)
def freq(session: Session, args: Args) -> Reply:
    """As Redis the logarithmic counter, here worked out from the uses that the policy remembers."""
    key = args.key()
    if session.keys.inspect(key) is None:
        return None
    limit = limit_of(session)
    if limit is None or limit.marks is None or limit.by != FREQUENCY:
        raise ReplyError("ERR", f"An LFU maxmemory policy is not selected, access frequency not tracked. {SWITCHING}")
    uses = max(limit.marks.uses(key) - 1, 0.0)
    return min(FREQUENCY_AT_FIRST + int((uses / HITS_PER_SQUARE) ** 0.5), FREQUENCY_MAX)


@family.command(
    "OBJECT IDLETIME",
    args=(1, 1),
    flags=READONLY,
    keys=SECOND,
    summary="Returns the seconds since the last access to a key; 0 where no eviction policy needs them.",
    syntax="<key>",
    since="2.2.3",
)
def idletime(session: Session, args: Args) -> Reply:
    key = args.key()
    if session.keys.inspect(key) is None:
        return None
    limit = limit_of(session)
    if limit is None or limit.marks is None:
        return 0
    if limit.by == FREQUENCY:
        raise ReplyError("ERR", f"An LFU maxmemory policy is selected, idle time not tracked. {SWITCHING}")
    return limit.marks.idle_seconds(key)


@family.command(
    "OBJECT REFCOUNT",
    args=(1, 1),
    flags=READONLY,
    keys=SECOND,
    summary="Returns the number of references to the value of a key; values are never shared here.",
    syntax="<key>",
    since="2.2.3",
)
def refcount(session: Session, args: Args) -> Reply:
    return None if session.keys.inspect(args.key()) is None else 1


@family.command(
    "OBJECT HELP",
    args=(0, 0),
    flags=LOADING | STALE,
    summary="Prints this help.",
    since="6.2.0",
)
def help_(session: Session, args: Args) -> Reply:
    return help_text(session, "OBJECT")


def limit_of(session: Session) -> Limit | None:
    evictor = session.services.databases.evictor
    return None if evictor is None else evictor.limit
