"""Publish and subscribe: messages to whoever listens at the moment. Nothing of it is kept."""

from typing import Final

from kvik.commands.args import Args
from kvik.commands.family import Family
from kvik.commands.help_text import help_text
from kvik.declaration import ALL, ANY, FAST, FIRST, LOADING, MAY_REPLICATE, NOSCRIPT, PUBSUB, STALE, SUBSCRIBED
from kvik.errors import ReplyError, shown
from kvik.glob import Glob
from kvik.replies import Push, Reply, Series
from kvik.session import CHANNELS, PATTERNS, SHARD_CHANNELS, Session

family = Family("pubsub")

LISTENING: Final = PUBSUB | NOSCRIPT | LOADING | STALE | SUBSCRIBED
PUBLISHING: Final = PUBSUB | LOADING | STALE | FAST | MAY_REPLICATE
ASKING: Final = PUBSUB | LOADING | STALE


def join(session: Session, args: Args, kind: int, word: bytes) -> Reply:
    """Answer one message for each name, with how many the caller listens to now."""
    if not session.outlet.takes_messages():
        asked = word.decode().upper()
        raise ReplyError("ERR", f"{asked} needs a connection to a server: messages come to its clients only")
    channels = session.services.channels
    told: list[Reply] = []
    for name in args.rest():
        channels.join(session, kind, name)
        told.append(Push([word, name, subscription_count(session, kind)]))
    return Series(told)


def leave(session: Session, args: Args, kind: int, word: bytes) -> Reply:
    """As `join`; without a name it is all of them, and one message with null where there are none."""
    channels = session.services.channels
    names = args.rest() or list(session.subscriptions[kind])
    told: list[Reply] = []
    for name in names:
        channels.leave(session, kind, name)
        told.append(Push([word, name, subscription_count(session, kind)]))
    if not told:
        told.append(Push([word, None, subscription_count(session, kind)]))
    return Series(told)


def subscription_count(session: Session, kind: int) -> int:
    """Return what SUBSCRIBE and its kin count: channels and patterns together, shard channels alone."""
    if kind == SHARD_CHANNELS:
        return len(session.subscriptions[SHARD_CHANNELS])
    return len(session.subscriptions[CHANNELS]) + len(session.subscriptions[PATTERNS])


# Listening


@family.command(
    "SUBSCRIBE",
    args=(1, ANY),
    flags=LISTENING,
    summary="Listens for messages published to channels.",
    syntax="channel [channel ...]",
    since="2.0.0",
)
def subscribe(session: Session, args: Args) -> Reply:
    return join(session, args, CHANNELS, b"subscribe")


@family.command(
    "PSUBSCRIBE",
    args=(1, ANY),
    flags=LISTENING,
    summary="Listens for messages published to channels that match one or more patterns.",
    syntax="pattern [pattern ...]",
    since="2.0.0",
)
def psubscribe(session: Session, args: Args) -> Reply:
    return join(session, args, PATTERNS, b"psubscribe")


@family.command(
    "SSUBSCRIBE",
    args=(1, ANY),
    flags=LISTENING,
    keys=ALL,
    summary="Listens for messages published to shard channels.",
    syntax="shardchannel [shardchannel ...]",
    since="7.0.0",
)
def ssubscribe(session: Session, args: Args) -> Reply:
    if session.is_executing:
        raise ReplyError("ERR", "SSUBSCRIBE isn't allowed for a DENY BLOCKING client")
    return join(session, args, SHARD_CHANNELS, b"ssubscribe")


@family.command(
    "UNSUBSCRIBE",
    args=(0, ANY),
    flags=LISTENING,
    summary="Stops listening to messages posted to channels.",
    syntax="[channel [channel ...]]",
    since="2.0.0",
)
def unsubscribe(session: Session, args: Args) -> Reply:
    return leave(session, args, CHANNELS, b"unsubscribe")


@family.command(
    "PUNSUBSCRIBE",
    args=(0, ANY),
    flags=LISTENING,
    summary="Stops listening to messages published to channels that match one or more patterns.",
    syntax="[pattern [pattern ...]]",
    since="2.0.0",
)
def punsubscribe(session: Session, args: Args) -> Reply:
    return leave(session, args, PATTERNS, b"punsubscribe")


@family.command(
    "SUNSUBSCRIBE",
    args=(0, ANY),
    flags=LISTENING,
    keys=ALL,
    summary="Stops listening to messages posted to shard channels.",
    syntax="[shardchannel [shardchannel ...]]",
    since="7.0.0",
)
def sunsubscribe(session: Session, args: Args) -> Reply:
    return leave(session, args, SHARD_CHANNELS, b"sunsubscribe")


# Publishing


@family.command(
    "PUBLISH",
    args=(2, 2),
    flags=PUBLISHING,
    summary="Posts a message to a channel and returns how often it was received.",
    syntax="channel message",
    since="2.0.0",
)
def publish(session: Session, args: Args) -> Reply:
    return session.services.channels.publish(args.next(), args.next())


@family.command(
    "SPUBLISH",
    args=(2, 2),
    flags=PUBLISHING,
    keys=FIRST,
    summary="Posts a message to a shard channel and returns how many received it.",
    syntax="shardchannel message",
    since="7.0.0",
)
def spublish(session: Session, args: Args) -> Reply:
    return session.services.channels.publish_in_shard(args.next(), args.next())


# Asking


@family.command("PUBSUB", args=(1, ANY), flags=0, summary="A container for Pub/Sub commands.", since="2.8.0")
def pubsub(session: Session, args: Args) -> Reply:
    return help_text(session, "PUBSUB")


@family.command(
    "PUBSUB CHANNELS",
    args=(0, ANY),
    flags=ASKING,
    summary="Returns the currently active channels matching a <pattern> (default: '*').",
    syntax="[<pattern>]",
    since="2.8.0",
)
def active_channels(session: Session, args: Args) -> Reply:
    return matching(session, args, CHANNELS)


@family.command(
    "PUBSUB SHARDCHANNELS",
    args=(0, ANY),
    flags=ASKING,
    summary="Returns the currently active shard level channels matching a <pattern> (default: '*').",
    syntax="[<pattern>]",
    since="7.0.0",
)
def active_shard_channels(session: Session, args: Args) -> Reply:
    return matching(session, args, SHARD_CHANNELS)


def matching(session: Session, args: Args, kind: int) -> Reply:
    names = session.services.channels.names(kind)
    if not args.more():
        return list[Reply](names)
    glob = Glob(args.next())
    if args.more():
        name = shown(args.words[1])
        raise ReplyError("ERR", f"unknown subcommand or wrong number of arguments for '{name}'. Try PUBSUB HELP.")
    return [name for name in names if glob.matches(name)]


@family.command(
    "PUBSUB NUMSUB",
    args=(0, ANY),
    flags=ASKING,
    summary="Returns the number of subscribers for the specified channels, excluding pattern subscriptions.",
    syntax="[<channel> ...]",
    since="2.8.0",
)
def numsub(session: Session, args: Args) -> Reply:
    return counted(session, args, CHANNELS)


@family.command(
    "PUBSUB SHARDNUMSUB",
    args=(0, ANY),
    flags=ASKING,
    summary="Returns the number of subscribers for the specified shard level channel(s).",
    syntax="[<shardchannel> ...]",
    since="7.0.0",
)
def shardnumsub(session: Session, args: Args) -> Reply:
    return counted(session, args, SHARD_CHANNELS)


def counted(session: Session, args: Args, kind: int) -> Reply:
    """Return each name with how many listen to it: a flat array in both protocols, as in Redis."""
    found: list[Reply] = []
    for name in args.rest():
        found.append(name)
        found.append(session.services.channels.count(kind, name))
    return found


@family.command(
    "PUBSUB NUMPAT",
    args=(0, 0),
    flags=ASKING,
    summary="Returns the number of patterns anybody listens to.",
    since="2.8.0",
)
def numpat(session: Session, args: Args) -> Reply:
    return len(session.services.channels.names(PATTERNS))


@family.command("PUBSUB HELP", args=(0, 0), flags=LOADING | STALE, summary="Prints this help.", since="6.2.0")
def help_(session: Session, args: Args) -> Reply:
    return help_text(session, "PUBSUB")
