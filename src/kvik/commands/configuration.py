"""CONFIG: read and change the settings while the server runs."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.help_text import help_text
from kvik.declaration import ADMIN, ANY, LOADING, NOSCRIPT, STALE
from kvik.errors import ReplyError, shown, syntax_error
from kvik.glob import Glob
from kvik.replies import OK, Map, Reply
from kvik.session import Session
from kvik.settings import SETTINGS

family = Family("server")

OPERATING: Final = ADMIN | NOSCRIPT | LOADING | STALE
FIXED: Final = {
    "save": "",
    "appendonly": "no",
    "appendfilename": "appendonly.aof",
    "appenddirname": "appendonlydir",
    "dir": "",
    "cluster-enabled": "no",
}
"""What Redis lets choose and clients ask for, while kvik has one answer; CONFIG SET takes only that one.

`appendonly` and `dir` are of a server in memory; one that has a directory says so instead.
"""


@family.command(
    "CONFIG", args=(1, ANY), flags=0, summary="A container for server configuration commands.", since="2.0.0"
)
def config(session: Session, args: Args) -> Reply:
    return help_text(session, "CONFIG")


@family.command(
    "CONFIG GET",
    args=(1, ANY),
    flags=OPERATING,
    summary="Returns the effective values of configuration parameters.",
    syntax="<pattern> [<pattern> ...]",
    since="2.0.0",
)
def get(session: Session, args: Args) -> Reply:
    globs = [Glob(pattern.lower()) for pattern in args.rest()]
    found: list[tuple[Reply, Reply]] = []
    for name in [*SETTINGS, *FIXED]:
        key = name.encode()
        for glob in globs:
            if glob.matches(key):
                found.append((key, current(session, name).encode("utf-8", "surrogateescape")))
                break
    return Map(found)


def current(session: Session, name: str) -> str:
    """Return the value of a setting as CONFIG shows it."""
    return fixed(session, name) if name in FIXED else session.services.settings.shown(name)


def fixed(session: Session, name: str) -> str:
    """Return what cannot be chosen while the server runs."""
    persistence = session.services.persistence
    if persistence.is_kept() and name == "appendonly":
        return "yes"
    return persistence.directory if name == "dir" else FIXED[name]


@family.command(
    "CONFIG SET",
    args=(2, ANY),
    flags=OPERATING,
    summary="Sets configuration parameters in-flight, all of them or none.",
    syntax="<directive> <value> [<directive> <value> ...]",
    since="2.0.0",
)
def set_(session: Session, args: Args) -> Reply:
    wanted = wanted_changes(session, args)
    settings = session.services.settings
    before = [(name, settings.value(name)) for name in wanted]
    name = ""
    try:
        for name, text in wanted.items():
            settings.put(name, text)
        for name in wanted:
            session.services.apply_setting(name)
    except ValueError as error:
        for changed, value in before:
            settings.restore(changed, value)
        raise refused(name, str(error)) from None
    return OK


def wanted_changes(session: Session, args: Args) -> dict[str, str]:
    """Return the values to set by name. Raises for what is unknown, said twice, or not to be changed."""
    if args.left() % 2:
        raise syntax_error()
    names: set[str] = set()
    wanted: dict[str, str] = {}
    while args.more():
        given = shown(args.next())
        text = shown(args.next())
        name = given.lower()
        if name not in SETTINGS and name not in FIXED:
            raise ReplyError("ERR", f"Unknown option or number of arguments for CONFIG SET - '{given}'")
        if name in names:
            raise refused(name, "duplicate parameter")
        names.add(name)
        if must_be_set(session, name, text):
            wanted[name] = text
    return wanted


def must_be_set(session: Session, name: str, text: str) -> bool:
    """Return whether there is something to do, which there is not for a value that is fixed anyway."""
    if name in FIXED:
        if text != fixed(session, name):
            raise refused(name, "can't set immutable config")
        return False
    if not SETTINGS[name].is_live:
        raise refused(name, "can't set immutable config")
    return True


def refused(name: str, reason: str) -> ReplyError:
    return ReplyError("ERR", f"CONFIG SET failed (possibly related to argument '{name}') - {reason}")


@family.command(
    "CONFIG RESETSTAT",
    args=(0, 0),
    flags=OPERATING,
    summary="Resets the server's statistics.",
    since="2.0.0",
)
def resetstat(session: Session, args: Args) -> Reply:
    services = session.services
    services.statistics.reset()
    services.reset_usage()
    services.databases.reset_statistics()
    return OK


@family.command(
    "CONFIG REWRITE",
    args=(0, 0),
    flags=OPERATING,
    summary="Refused: the settings file is never written by the server.",
    since="2.8.0",
)
def rewrite(session: Session, args: Args) -> Reply:
    raise ReplyError("ERR", "CONFIG REWRITE is refused: the settings file is yours alone; change it there")


@family.command("CONFIG HELP", args=(0, 0), flags=LOADING | STALE, summary="Prints this help.", since="5.0.0")
def help_(session: Session, args: Args) -> Reply:
    return help_text(session, "CONFIG")
