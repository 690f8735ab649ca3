"""CLIENT: who is connected, under which name, and how to end it."""

from collections.abc import Iterable
from typing import Final

from kvik.commands.args import Args
from kvik.commands.client_name import check_name
from kvik.commands.family import Family
from kvik.commands.help_text import help_text
from kvik.declaration import ADMIN, ANY, LOADING, NOSCRIPT, STALE
from kvik.errors import ReplyError, not_an_integer, printed, shown, syntax_error
from kvik.numbers import INTEGER_MAX, parse_integer
from kvik.pause import WaitForPause
from kvik.replies import OK, Reply, Verbatim
from kvik.session import (
    CHANNELS,
    DEFAULT_USER,
    PATTERNS,
    REPLY_OFF,
    REPLY_ON,
    REPLY_SKIP,
    SHARD_CHANNELS,
    UNIX_PORT,
    Session,
)

family = Family("connection")

ONESELF: Final = NOSCRIPT | LOADING | STALE
OTHERS: Final = ADMIN | NOSCRIPT | LOADING | STALE
NORMAL: Final = b"normal"
LISTENER: Final = b"pubsub"
TYPES: Final = {
    b"normal": NORMAL,
    b"master": b"master",
    b"replica": b"replica",
    b"slave": b"replica",
    b"pubsub": LISTENER,
}


@family.command("CLIENT", args=(1, ANY), flags=0, summary="A container for client connection commands.", since="2.4.0")
def client(session: Session, args: Args) -> Reply:
    return help_text(session, "CLIENT")


# About oneself


@family.command(
    "CLIENT ID",
    args=(0, 0),
    flags=ONESELF,
    summary="Returns the unique client ID of the connection.",
    since="5.0.0",
)
def id_(session: Session, args: Args) -> Reply:
    return session.id


@family.command(
    "CLIENT INFO",
    args=(0, 0),
    flags=ONESELF,
    summary="Returns information about the connection.",
    since="6.2.0",
)
def info(session: Session, args: Args) -> Reply:
    return Verbatim(described(session))


@family.command(
    "CLIENT GETNAME",
    args=(0, 0),
    flags=ONESELF,
    summary="Returns the name of the connection.",
    since="2.6.9",
)
def getname(session: Session, args: Args) -> Reply:
    return session.name or None


@family.command(
    "CLIENT SETNAME",
    args=(1, 1),
    flags=ONESELF,
    summary="Sets the connection name.",
    syntax="<name>",
    since="2.6.9",
)
def setname(session: Session, args: Args) -> Reply:
    name = args.next()
    check_name(name, "Client names")
    session.name = name
    return OK


@family.command(
    "CLIENT SETINFO",
    args=(2, 2),
    flags=ONESELF,
    summary="Sets information specific to the client or connection.",
    syntax="(LIB-NAME|LIB-VER) <value>",
    since="7.2.0",
)
def setinfo(session: Session, args: Args) -> Reply:
    attribute = args.next()
    value = args.next()
    kind = attribute.lower()
    if kind not in (b"lib-name", b"lib-ver"):
        raise ReplyError("ERR", f"Unrecognized option '{printed(attribute)}'")
    check_name(value, kind.decode())
    if kind == b"lib-name":
        session.library_name = value
    else:
        session.library_version = value
    return OK


@family.command(
    "CLIENT NO-EVICT",
    args=(1, 1),
    flags=OTHERS,
    summary="Sets the client eviction mode of the connection.",
    syntax="(ON|OFF)",
    since="7.0.0",
)
def no_evict(session: Session, args: Args) -> Reply:
    session.no_evict = on_or_off(args)
    return OK


@family.command(
    "CLIENT NO-TOUCH",
    args=(1, 1),
    flags=ONESELF,
    summary="Controls whether commands sent by the client affect the time of last access of keys.",
    syntax="(ON|OFF)",
    since="7.2.0",
)
def no_touch(session: Session, args: Args) -> Reply:
    session.no_touch = on_or_off(args)
    return OK


@family.command(
    "CLIENT REPLY",
    args=(1, 1),
    flags=ONESELF,
    summary="Instructs the server whether to reply to commands.",
    syntax="(ON|OFF|SKIP)",
    since="3.2.0",
)
def reply(session: Session, args: Args) -> Reply:
    """The caller's connection reads `reply_mode` after each request; the answer to OFF and SKIP is not sent either."""
    if args.option(b"ON"):
        session.reply_mode = REPLY_ON
    elif args.option(b"OFF"):
        session.reply_mode = REPLY_OFF
    elif args.option(b"SKIP"):
        if session.reply_mode != REPLY_OFF:
            session.reply_mode = REPLY_SKIP
    else:
        raise syntax_error()
    return OK


def on_or_off(args: Args) -> bool:
    """Return whether the next word is ON. Raises a syntax error for anything but ON and OFF."""
    if args.option(b"ON"):
        return True
    if args.option(b"OFF"):
        return False
    raise syntax_error()


# About all


@family.command(
    "CLIENT LIST",
    args=(0, ANY),
    flags=OTHERS,
    summary="Lists open connections.",
    syntax="[TYPE (NORMAL|MASTER|REPLICA|PUBSUB)] [ID <client-id> [<client-id> ...]]",
    since="2.4.0",
)
def list_(session: Session, args: Args) -> Reply:
    sessions = session.services.sessions
    if not args.more():
        return Verbatim(listed(sessions.values()))
    if args.left() == 2 and args.option(b"TYPE"):
        kind = client_type(args)
        return Verbatim(listed([other for other in sessions.values() if type_of(other) == kind]))
    if args.left() > 1 and args.option(b"ID"):
        numbers: list[int] = []
        while args.more():
            numbers.append(args.at_least(1, "Invalid client ID"))
        return Verbatim(listed([sessions[number] for number in numbers if number in sessions]))
    raise syntax_error()


@family.command(
    "CLIENT KILL",
    args=(1, ANY),
    flags=OTHERS,
    summary="Terminates open connections.",
    syntax="(<ip:port> | <option> <value> [<option> <value> ...])",
    since="2.4.0",
)
def kill(session: Session, args: Args) -> Reply:
    """One address alone kills that one and answers OK; filters kill all that fit and answer how many."""
    if args.left() == 1:
        address = shown(args.next())
        for other in session.services.sessions.values():
            if other.address == address:
                end(session, other)
                return OK
        raise ReplyError("ERR", "No such client")
    victims = Filter(args).matching(session)
    for victim in victims:
        end(session, victim)
    return len(victims)


@family.command(
    "CLIENT UNBLOCK",
    args=(1, ANY),
    flags=OTHERS,
    summary="Lets a client that waits for a key wait no longer: as if its time were up, or with an error.",
    syntax="<client-id> [TIMEOUT | ERROR]",
    since="5.0.0",
)
def unblock(session: Session, args: Args) -> Reply:
    word = args.next()
    is_error = args.more() and not args.option(b"TIMEOUT")
    if is_error and not args.option(b"ERROR"):
        raise ReplyError("ERR", "CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
    number = parse_integer(word)
    if number is None:
        raise not_an_integer()
    if args.more():
        raise wrong_use("UNBLOCK")
    other = session.services.sessions.get(number)
    if other is None or other.wait is None or isinstance(other.wait, WaitForPause):
        return 0
    reason = ReplyError("UNBLOCKED", "client unblocked via CLIENT UNBLOCK")
    session.services.answer_waiting(other, reason if is_error else other.wait.otherwise)
    return 1


@family.command(
    "CLIENT PAUSE",
    args=(1, ANY),
    flags=OTHERS,
    summary="Lets all requests wait for so many milliseconds, or those that write.",
    syntax="<timeout> [WRITE | ALL]",
    since="3.0.0",
)
def pause(session: Session, args: Args) -> Reply:
    if args.left() > 2:
        raise wrong_use("PAUSE")
    word = args.next()
    is_for_all = not args.option(b"WRITE")
    if args.more() and not args.option(b"ALL"):
        raise ReplyError("ERR", "CLIENT PAUSE mode must be WRITE or ALL")
    span = parse_integer(word)
    if span is None:
        raise ReplyError("ERR", "timeout is not an integer or out of range")
    if span < 0:
        raise ReplyError("ERR", "timeout is negative")
    session.services.pause.begin(min(session.services.clock.now + span, INTEGER_MAX), is_for_all)
    return OK


@family.command(
    "CLIENT UNPAUSE",
    args=(0, 0),
    flags=OTHERS,
    summary="Lets the requests go on that a pause holds up.",
    since="6.2.0",
)
def unpause(session: Session, args: Args) -> Reply:
    session.services.pause.end()
    return OK


def wrong_use(name: str) -> ReplyError:
    """As Redis 7.0, for a word too many."""
    return ReplyError("ERR", f"unknown subcommand or wrong number of arguments for '{name}'. Try CLIENT HELP.")


class Filter:
    """Which sessions CLIENT KILL means; a session has to fit all that is given."""

    def __init__(self, args: Args) -> None:
        self.number = 0
        self.user = b""
        self.kind = b""
        self.address = ""
        self.local_address = ""
        self.age_seconds = 0
        self.skips_oneself = True
        while args.more():
            if args.left() < 2:
                raise syntax_error()
            self._read(args)

    def matching(self, session: Session) -> list[Session]:
        return [other for other in session.services.sessions.values() if self._fits(session, other)]

    def _read(self, args: Args) -> None:
        if args.option(b"ID"):
            self.number = args.at_least(1, "client-id should be greater than 0")
        elif args.option(b"TYPE"):
            self.kind = client_type(args)
        elif args.option(b"ADDR"):
            self.address = shown(args.next())
        elif args.option(b"LADDR"):
            self.local_address = shown(args.next())
        elif args.option(b"USER"):
            self.user = existing_user(args.next())
        elif args.option(b"SKIPME"):
            self.skips_oneself = yes_or_no(args)
        elif args.option(b"MAXAGE"):
            self.age_seconds = args.at_least(1, "maxage should be greater than 0")
        else:
            raise syntax_error()

    def _fits(self, session: Session, other: Session) -> bool:
        age_ms = session.services.clock.now - other.created
        return (
            (not self.number or other.id == self.number)
            and (not self.kind or type_of(other) == self.kind)
            and (not self.address or other.address == self.address)
            and (not self.local_address or other.local_address == self.local_address)
            and (not self.user or (other.authenticated and other.user == self.user))
            and age_ms >= self.age_seconds * 1_000
            and not (self.skips_oneself and other is session)
        )


def end(session: Session, victim: Session) -> None:
    """Close a connection; one's own is closed after the answer."""
    victim.is_closing = True
    if victim is not session:
        victim.outlet.close()


def client_type(args: Args) -> bytes:
    word = args.next()
    kind = TYPES.get(word.lower())
    if kind is None:
        raise ReplyError("ERR", f"Unknown client type '{printed(word)}'")
    return kind


def type_of(session: Session) -> bytes:
    """Return the type of a session: nobody replicates, so it is normal or listens."""
    return LISTENER if session.is_listening else NORMAL


def existing_user(name: bytes) -> bytes:
    if name != DEFAULT_USER:
        raise ReplyError("ERR", f"No such user '{printed(name)}'")
    return name


def yes_or_no(args: Args) -> bool:
    if args.option(b"YES"):
        return True
    if args.option(b"NO"):
        return False
    raise syntax_error()


# How a session looks


def listed(sessions: Iterable[Session]) -> bytes:
    return b"".join([described(session) for session in sessions])


def described(session: Session) -> bytes:
    """Return the line of a session, with the fields of Redis 7.2 in its order.

    Fields about buffers that kvik has not are 0.
    """
    now = session.services.clock.now
    queue = session.queue
    queue_bytes = sum([len(word) for request in queue or () for word in request.words])
    input_bytes = session.outlet.input_bytes()
    output_bytes = session.outlet.output_bytes()
    command = session.last_command
    fields = (
        f"id={session.id} addr={session.address} laddr={session.local_address} fd={session.descriptor}"
        f" name={shown(session.name)} age={(now - session.created) // 1_000}"
        f" idle={(now - session.last_active) // 1_000} flags={flags_of(session)} db={session.keys.number}"
        f" sub={len(session.subscriptions[CHANNELS])} psub={len(session.subscriptions[PATTERNS])}"
        f" ssub={len(session.subscriptions[SHARD_CHANNELS])} multi={-1 if queue is None else len(queue)}"
        f" qbuf={input_bytes} qbuf-free=0"
        f" argv-mem=0 multi-mem={queue_bytes} rbs=0 rbp=0 obl=0 oll=0 omem={output_bytes}"
        f" tot-mem={input_bytes + queue_bytes + output_bytes} events=r"
        f" cmd={'NULL' if command is None else command.full_name()} user={shown(session.user)} redir=-1"
        f" resp={session.protocol} lib-name={shown(session.library_name)} lib-ver={shown(session.library_version)}\n"
    )
    return fields.encode("utf-8", "surrogateescape")


def flags_of(session: Session) -> str:
    """Return Redis' letters for the state of a session, N where there is nothing to say."""
    states = (
        (session.is_listening, "P"),
        (session.wait is not None, "b"),
        (session.queue is not None, "x"),
        (session.is_dirty, "d"),
        (session.is_closing, "c"),
        (session.no_evict, "e"),
        (session.no_touch, "T"),
        (session.address.endswith(UNIX_PORT), "U"),
    )
    return "".join([letter for is_so, letter in states if is_so]) or "N"


@family.command("CLIENT HELP", args=(0, 0), flags=LOADING | STALE, summary="Prints this help.", since="5.0.0")
def help_(session: Session, args: Args) -> Reply:
    return help_text(session, "CLIENT")
