"""OBJECT: how the value of a key is kept."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.help_text import help_text
from kvik.declaration import ANY, LOADING, READONLY, STALE, Keys
from kvik.errors import ReplyError
from kvik.replies import Reply
from kvik.session import Session
from kvik.store.value import encoding_of

family = Family("generic")

SECOND_WORD: Final = Keys(2, 2, 1)


@family.command(
    "OBJECT", args=(1, ANY), flags=0, summary="A container for commands that look into values.", since="2.2.3"
)
def object_(session: Session, args: Args) -> Reply:
    return help_text(session, "OBJECT")


@family.command(
    "OBJECT ENCODING",
    args=(1, 1),
    flags=READONLY,
    keys=SECOND_WORD,
    summary="Returns how Redis would represent the value of a key in memory.",
    syntax="<key>",
    since="2.2.3",
)
def encoding(session: Session, args: Args) -> Reply:
    value = session.keys.read(args.key())
    return None if value is None else encoding_of(value)


@family.command(
    "OBJECT FREQ",
    args=(1, 1),
    flags=READONLY,
    keys=SECOND_WORD,
    summary="Returns the access frequency index of a key, where an LFU policy counts accesses.",
    syntax="<key>",
    since="4.0.0",
)
def freq(session: Session, args: Args) -> Reply:
    if session.keys.read(args.key()) is None:
        return None
    raise ReplyError(
        "ERR",
        "An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching "
        "between policies at runtime LRU and LFU data will take some time to adjust.",
    )


@family.command(
    "OBJECT IDLETIME",
    args=(1, 1),
    flags=READONLY,
    keys=SECOND_WORD,
    summary="Returns the seconds since the last access to a key; 0 where no eviction policy needs them.",
    syntax="<key>",
    since="2.2.3",
)
def idletime(session: Session, args: Args) -> Reply:
    return existing(session, args.key(), 0)


@family.command(
    "OBJECT REFCOUNT",
    args=(1, 1),
    flags=READONLY,
    keys=SECOND_WORD,
    summary="Returns the number of references to the value of a key; values are never shared here.",
    syntax="<key>",
    since="2.2.3",
)
def refcount(session: Session, args: Args) -> Reply:
    return existing(session, args.key(), 1)


@family.command(
    "OBJECT HELP",
    args=(0, 0),
    flags=LOADING | STALE,
    summary="Prints this help.",
    since="6.2.0",
)
def help_(session: Session, args: Args) -> Reply:
    return help_text(session, "OBJECT")


def existing(session: Session, key: bytes, answer: int) -> Reply:
    """Return `answer` where `key` exists, else null."""
    return None if session.keys.read(key) is None else answer
