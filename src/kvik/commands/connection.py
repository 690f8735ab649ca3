"""Commands about one's own connection: greet, authenticate, reset, leave."""

import hashlib
import hmac
from typing import Final

from kvik.commands.args import Args
from kvik.commands.client_name import check_name
from kvik.commands.family import Family
from kvik.declaration import ALLOW_BUSY, ANY, FAST, IMMEDIATE, LOADING, NO_AUTH, NOSCRIPT, STALE, SUBSCRIBED
from kvik.errors import ReplyError, printed, syntax_error
from kvik.numbers import parse_integer
from kvik.replies import OK, PONG, Map, Reply, Status
from kvik.services import REDIS_VERSION
from kvik.session import DEFAULT_USER, REPLY_OFF, REPLY_ON, Session

family = Family("connection")

ANYONE: Final = NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY
LEAVING: Final = ANYONE | IMMEDIATE | SUBSCRIBED
PROTOCOLS: Final = (2, 3)


@family.command(
    "PING",
    args=(0, 1),
    flags=FAST | SUBSCRIBED,
    summary="Returns the server's liveliness response.",
    syntax="[message]",
)
def ping(session: Session, args: Args) -> Reply:
    """As Redis: a RESP2 caller that listens is answered like a message."""
    if session.is_listening and session.protocol == 2:
        return [b"pong", args.next() if args.more() else b""]
    return args.next() if args.more() else PONG


@family.command(
    "ECHO", args=(1, 1), flags=LOADING | STALE | FAST, summary="Returns the given string.", syntax="message"
)
def echo(session: Session, args: Args) -> Reply:
    return args.next()


# Who is there


@family.command(
    "AUTH",
    args=(1, ANY),
    flags=ANYONE,
    summary="Authenticates the connection.",
    syntax="[username] password",
)
def auth(session: Session, args: Args) -> Reply:
    if args.left() > 2:
        raise syntax_error()
    if args.left() == 1:
        if not session.services.settings.requirepass:
            raise ReplyError(
                "ERR",
                "AUTH <password> called without any password configured for the default user. "
                "Are you sure your configuration is correct?",
            )
        authenticate(session, DEFAULT_USER, args.next())
    else:
        authenticate(session, args.next(), args.next())
    return OK


@family.command(
    "HELLO",
    args=(0, ANY),
    flags=ANYONE,
    summary="Handshakes with the server.",
    syntax="[protover [AUTH username password] [SETNAME clientname]]",
    since="6.0.0",
)
def hello(session: Session, args: Args) -> Reply:
    """As Redis 7: everything is checked before anything is changed; the answer is in the new protocol."""
    protocol = protocol_argument(args) if args.more() else session.protocol
    credentials: tuple[bytes, bytes] | None = None
    name: bytes | None = None
    while args.more():
        if args.left() >= 3 and args.option(b"AUTH"):
            credentials = (args.next(), args.next())
        elif args.left() >= 2 and args.option(b"SETNAME"):
            name = args.next()
            check_name(name, "Client names")
        else:
            raise ReplyError("ERR", f"Syntax error in HELLO option '{printed(args.next())}'")
    if credentials is not None:
        authenticate(session, credentials[0], credentials[1])
    elif not session.authenticated:
        raise not_greeted()
    if name is not None:
        session.name = name
    session.protocol = protocol
    return greeting(session)


def protocol_argument(args: Args) -> int:
    """Return the protocol a client wants. Raises NOPROTO for one that is not known."""
    protocol = parse_integer(args.next())
    if protocol is None:
        raise ReplyError("ERR", "Protocol version is not an integer or out of range")
    if protocol not in PROTOCOLS:
        raise ReplyError("NOPROTO", "unsupported protocol version")
    return protocol


def greeting(session: Session) -> Map:
    """Return what HELLO tells. The name is Redis', for clients choose what they may use by it."""
    modules: list[Reply] = []
    return Map(
        [
            (b"server", b"redis"),
            (b"version", REDIS_VERSION.encode()),
            (b"proto", session.protocol),
            (b"id", session.id),
            (b"mode", b"standalone"),
            (b"role", b"master"),
            (b"modules", modules),
        ]
    )


def authenticate(session: Session, user: bytes, password: bytes) -> None:
    """Let the session in. Raises WRONGPASS; without a password set, `default` comes in with any."""
    wanted = session.services.settings.requirepass
    is_right = not wanted or is_same_secret(wanted.encode("utf-8", "surrogateescape"), password)
    if user != DEFAULT_USER or not is_right:
        raise ReplyError("WRONGPASS", "invalid username-password pair or user is disabled.")
    session.user = user
    session.authenticated = True


def is_same_secret(wanted: bytes, given: bytes) -> bool:
    """Compare in a time that tells neither content nor length."""
    return hmac.compare_digest(hashlib.sha256(wanted).digest(), hashlib.sha256(given).digest())


def not_greeted() -> ReplyError:
    return ReplyError(
        "NOAUTH",
        "HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> "
        "option can be used to authenticate the client and select the RESP protocol version at the same time",
    )


# Beginning anew, and leaving


@family.command("RESET", args=(0, 0), flags=LEAVING, summary="Resets the connection.", since="6.2.0")
def reset(session: Session, args: Args) -> Reply:
    """As Redis 7.2: as if just connected, but for the library's name, which is still the same library."""
    session.end_transaction()
    session.services.channels.leave_all(session)
    session.services.readings.close(session.id)
    session.select(0)
    session.protocol = 2
    if session.reply_mode == REPLY_OFF:
        session.reply_mode = REPLY_ON
    session.name = b""
    session.no_evict = False
    session.no_touch = False
    session.user = DEFAULT_USER
    session.authenticated = not session.services.settings.requirepass
    return Status(b"RESET")


@family.command("QUIT", args=(0, ANY), flags=LEAVING, summary="Closes the connection.")
def quit_(session: Session, args: Args) -> Reply:
    return leave(session)


@family.command(
    "DISCONNECT", args=(0, ANY), flags=LEAVING, summary="Closes the connection, as QUIT does.", since="kvik"
)
def disconnect(session: Session, args: Args) -> Reply:
    return leave(session)


@family.command("EXIT", args=(0, ANY), flags=LEAVING, summary="Closes the connection, as QUIT does.", since="kvik")
def exit_(session: Session, args: Args) -> Reply:
    return leave(session)


def leave(session: Session) -> Reply:
    session.is_closing = True
    return OK
