"""Commands about the server itself: its time, its end, what its memory holds, and DEBUG."""

import gc
import sys
from typing import Final

from kvik.build_info import VERSION
from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.help_text import help_text
from kvik.declaration import ADMIN, ALLOW_BUSY, ANY, FAST, LOADING, NO_MULTI, NOSCRIPT, READONLY, SECOND, STALE
from kvik.errors import ReplyError, printed, syntax_error
from kvik.numbers import parse_float
from kvik.replies import OK, Figures, Reply, Status, Verbatim
from kvik.session import REPLY_OFF, UNIX_PORT, Session
from kvik.store.memory import weight_of_entry

family = Family("server")

OPERATING: Final = ADMIN | NOSCRIPT | LOADING | STALE
MICROSECONDS: Final = 1_000_000
DEBUG_SLEEP_SECONDS_MAX: Final = 60.0
SHUTDOWN_WORDS: Final = (b"NOSAVE", b"SAVE", b"NOW", b"FORCE", b"ABORT")
LOOPBACK: Final = ("127.", "[::1]:", "[::ffff:127.")


@family.command(
    "LOLWUT",
    args=(0, ANY),
    flags=READONLY | FAST,
    summary="Says which version this is.",
    syntax="[VERSION version]",
    since="5.0.0",
)
def lolwut(session: Session, args: Args) -> Reply:
    """As Redis for a version without a picture of its own."""
    if args.left() > 1 and args.option(b"VERSION"):
        args.integer()
    return Verbatim(f"kvik ver. {VERSION}\n".encode())


@family.command("TIME", args=(0, 0), flags=LOADING | STALE | FAST, summary="Returns the server time.", since="2.6.0")
def time_(session: Session, args: Args) -> Reply:
    now = session.services.clock.microseconds()
    return [b"%d" % (now // MICROSECONDS), b"%d" % (now % MICROSECONDS)]


@family.command(
    "SHUTDOWN",
    args=(0, ANY),
    flags=OPERATING | NO_MULTI | ALLOW_BUSY,
    summary="Ends the server in order and closes every connection.",
    syntax="[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
)
def shutdown(session: Session, args: Args) -> Reply:
    """As Redis 7: who asks hears nothing but the end of the connection. The end cannot be taken back."""
    if wants_abort(args):
        raise ReplyError("ERR", "No shutdown in progress.")
    session.services.house.shutdown()
    session.reply_mode = REPLY_OFF
    session.is_closing = True
    return OK


def wants_abort(args: Args) -> bool:
    """Read SHUTDOWN's options; return whether ABORT was one. Raises a syntax error for what contradicts."""
    options = {word.upper() for word in args.rest()}
    if not options.issubset(SHUTDOWN_WORDS):
        raise syntax_error()
    if b"SAVE" in options and b"NOSAVE" in options:
        raise syntax_error()
    if b"ABORT" in options and len(options) > 1:
        raise syntax_error()
    return b"ABORT" in options


# Memory


@family.command("MEMORY", args=(1, ANY), flags=0, summary="A container for memory diagnostics commands.", since="4.0.0")
def memory(session: Session, args: Args) -> Reply:
    return help_text(session, "MEMORY")


@family.command(
    "MEMORY USAGE",
    args=(1, ANY),
    flags=READONLY,
    keys=SECOND,
    summary="Estimates the memory usage of a key, in bytes.",
    syntax="<key> [SAMPLES <count>]",
    since="4.0.0",
)
def memory_usage(session: Session, args: Args) -> Reply:
    key = args.key()
    while args.more():
        if not args.option(b"SAMPLES"):
            raise syntax_error()
        if args.integer() < 0:
            raise syntax_error()
    value = session.keys.find(key)
    if value is None:
        return None
    return weight_of_entry(key, value, session.keys.deadline(key) is not None)


@family.command("MEMORY HELP", args=(0, 0), flags=LOADING | STALE, summary="Prints this help.", since="4.0.0")
def memory_help(session: Session, args: Args) -> Reply:
    return help_text(session, "MEMORY")


@family.command(
    "MEMSTATS",
    args=(0, 0),
    flags=LOADING | STALE,
    summary="Returns figures about memory: bytes of data, bytes resident, objects, garbage collections, callers.",
    since="kvik",
)
def memstats(session: Session, args: Args) -> Reply:
    """S24. Alloc is the weight of all data; TotalAlloc what callers have sent, at least Alloc; Sys is resident.

    Python does not count every allocation: Frees are the objects its collector freed, Mallocs those
    and the blocks that live.
    """
    services = session.services
    alloc = services.databases.weight()
    live = sys.getallocatedblocks()
    collections = 0
    freed = 0
    for generation in gc.get_stats():
        collections += generation["collections"]
        freed += generation["collected"]
    return Figures(
        [
            ("Alloc", alloc),
            ("TotalAlloc", max(services.statistics.bytes_read, alloc)),
            ("Sys", services.house.resident_bytes()),
            ("Mallocs", live + freed),
            ("Frees", freed),
            ("LiveObjects", live),
            ("PauseTotalNs", services.house.collector_pause_nanoseconds()),
            ("NumGC", collections),
            ("NumTasks", len(services.sessions)),
        ]
    )


# DEBUG


@family.command(
    "DEBUG",
    args=(1, ANY),
    flags=OPERATING,
    summary="Holds the server up, to try what callers do then.",
    syntax="SLEEP seconds | HELP",
)
def debug(session: Session, args: Args) -> Reply:
    check_may_debug(session)
    if args.left() == 2 and args.option(b"SLEEP"):
        session.services.clock.sleep(pause_argument(args))
        return OK
    if args.left() == 1 and args.option(b"HELP"):
        return debug_help()
    raise ReplyError(
        "ERR", f"unknown subcommand or wrong number of arguments for '{printed(args.next()[:128])}'. Try DEBUG HELP."
    )


def pause_argument(args: Args) -> float:
    """Return the seconds to sleep: as in Redis what is not a number is 0, but nobody sleeps for ever."""
    seconds = parse_float(args.next())
    return 0.0 if seconds is None else min(max(seconds, 0.0), DEBUG_SLEEP_SECONDS_MAX)


def check_may_debug(session: Session) -> None:
    """Refuse DEBUG where the setting does; as Redis 7, `local` allows callers on this machine."""
    allowed = session.services.settings.enable_debug_command
    if allowed == "yes" or (allowed == "local" and is_local(session.address)):
        return
    raise ReplyError(
        "ERR",
        'DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it from a local '
        "connection, otherwise you need to set this option in the configuration file, and then restart the server.",
    )


def is_local(address: str) -> bool:
    """Return whether a caller is on this machine; one without an address is in this very program."""
    return not address or address.startswith(LOOPBACK) or address.endswith(UNIX_PORT)


def debug_help() -> Reply:
    lines = (
        b"DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
        b"SLEEP <seconds>",
        b"    Stop the server for <seconds>. Decimals allowed.",
        b"HELP",
        b"    Prints this help.",
    )
    replies: list[Reply] = [Status(line) for line in lines]
    return replies
